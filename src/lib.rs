//! The sessions of [h3](https://h3.dev), the framework under Nitro and Nuxt, for every program: a
//! Rust core behind a C ABI.
//!
//! A session is a small JSON object that travels in an encrypted cookie (or in a request
//! header), so no server keeps anything, and any number of machines share it with nothing but a
//! password. This crate takes the raw `Cookie` header and gives back `Set-Cookie` values; it
//! does no input or output of its own, but for the file of revocations ([`RevocationFile`]).
//!
//! ```
//! use std::time::Duration;
//!
//! use h3s::{Config, Options, Request};
//!
//! let options = Options::new("correct horse battery staple, and more of it")
//!     .max_age(Duration::from_secs(604_800));
//! let config = Config::new(options)?;
//!
//! // A first visit: no cookie, a new session.
//! let mut session = config.use_session(&Request::new("theme=dark"))?;
//! session.set("visits", "1")?;
//! let cookie = session.set_cookies()?.iter().next().unwrap().to_owned();
//! assert!(cookie.starts_with("h3=h3s1."));
//!
//! // The browser sends it back.
//! let header = cookie.split(';').next().unwrap();
//! let session = config.use_session(&Request::new(header))?;
//! assert_eq!(session.data(), r#"{"visits":1}"#);
//! # Ok::<(), h3s::Error>(())
//! ```
//!
//! # Features
//!
//! None is on by default.
//!
//! - `serde`: values as Rust's own types: `Session::get`, `get_at`, `data_as`, `insert`,
//!   `insert_at`, `replace_with`.
//! - `cookie`: Set-Cookie values as `cookie::Cookie`: `Cookies::to_cookies`.
//! - `time`: times as `time::OffsetDateTime`: `Session::created_at_utc` and its like.
//! - `ring`: AES-256-GCM by ring, which is faster, in place of RustCrypto's; needs a C compiler.
//! - `capi`: the functions of the C ABI, as `ffi`. C programs want `include/h3s.h`.
//!
//! # Where to begin
//!
//! [`Options`] and [`Config::new`] once, at start; [`Request`] and [`Config::use_session`] or
//! [`Config::get_session`] for each request; [`Session`] to read and write;
//! [`Session::set_cookies`], and [`cache`], for the response. `examples/rust` does all of it in
//! axum. `docs/OPTIONS.md` has each option, `docs/SECURITY.md` what is promised, and
//! `docs/FORMAT.md` the format of tokens.

#![deny(unsafe_code)]
#![warn(missing_debug_implementations, missing_docs)]
#![warn(clippy::missing_errors_doc, clippy::must_use_candidate)]
#![warn(clippy::return_self_not_must_use)]

mod buffer;
pub mod cache;
mod clock;
mod config;
mod cookie;
mod counts;
mod data;
mod error;
#[cfg(any(feature = "cookie", feature = "serde", feature = "time"))]
mod features;
#[cfg(feature = "capi")]
// The header has its own manual, and C its own marks and no Debug.
#[allow(missing_debug_implementations, missing_docs)]
#[allow(clippy::missing_safety_doc, clippy::must_use_candidate)]
pub mod ffi;
mod id;
mod iron;
mod json;
mod keyring;
mod limits;
mod once;
mod open;
mod options;
mod random;
mod record;
mod replica;
mod request;
mod revocation;
mod seal;
mod session;
mod site;
mod table;
mod throttle;
mod xaes;

pub use config::Config;
pub use cookie::{Cookies, CookiesIter};
pub use counts::Counts;
pub use data::value::ValueType;
pub use error::{Error, ErrorKind, Rejection};
pub use limits::Lifetime;
pub use options::{
    CookieOptions, Encryption, Format, KeyDerivation, Options, Priority, RevocationOptions,
    SameSite, SealOptions, Stale,
};
pub use replica::{Kind as RevocationKind, Revocations, RevocationsView};
pub use request::{Request, Source};
pub use revocation::{RevocationEntry, RevocationFile};
pub use session::{Entries, Entry, Session};
pub use site::Site;
