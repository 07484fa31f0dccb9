//! The Cookie header in, Set-Cookie values out; chunks.

mod chunks;
mod end;
mod pairs;
mod request;
mod response;
mod values;

pub(crate) use chunks::{MAX_CHUNKS, MAX_COOKIE_LEN, Names, Received};
pub(crate) use end::{CookieEnd, MAX_AGE_LIMIT_SEC};
pub(crate) use pairs::is_of_shorter_name;
pub(crate) use request::{MAX_CANDIDATES, Mark, SessionCookies, Token, strip, strip_others};
pub(crate) use response::Attributes;
pub use values::{Cookies, CookiesIter};
