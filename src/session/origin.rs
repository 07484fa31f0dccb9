//! Where a session came from, and what else its request brought.

use crate::Rejection;
use crate::config::Config;
use crate::cookie::{Mark, Received};
use crate::replica::Revocations;
use crate::request::Source;
use crate::seal::Format;

/// What a session begins with, whatever it holds.
pub(crate) struct Beginning<'a> {
    pub(crate) config: &'a Config,
    /// What it is checked against when its clock moves.
    pub(crate) revocations: Option<&'a Revocations>,
    pub(crate) now: i64,
    /// Whether that is the time of the system's clock.
    pub(crate) by_system_clock: bool,
    pub(crate) origin: Origin,
    /// What it has due although nothing was written.
    pub(crate) due: Option<Renewal>,
}

#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) source: Source,
    /// Why the first candidate was refused.
    pub(crate) rejection: Option<Rejection>,
    /// Which of the passwords its token was sealed with.
    pub(crate) position: usize,
    /// In how many cookies its token came, 0 where it came in none, and how long that was.
    pub(crate) cookies: usize,
    pub(crate) token_len: usize,
    /// Which of the cookies' tokens it was.
    pub(crate) mark: Option<Mark>,
    /// What else the request brought of it, some of which a write or `clear` will have to delete.
    pub(crate) received: Received,
    /// What `use` has due at once, be it that the session was asked for by `get`.
    pub(crate) due_to_use: Option<Renewal>,
    /// The browser may have a cookie of the session that it did not send: `clear` must not delete
    /// it.
    pub(crate) spares_cookies: bool,
    /// The request brought several cookies that may be sessions: `clear` must not leave the field
    /// to the others.
    pub(crate) others: Option<Others>,
    /// What may be the request's session, where none opened: a logout would not end it.
    pub(crate) unopened: Option<Unopened>,
    /// What was revoked may not have been known.
    pub(crate) is_stale: bool,
}

impl Origin {
    pub(crate) fn new(source: Source) -> Origin {
        Origin {
            source,
            rejection: None,
            position: 0,
            cookies: 0,
            token_len: 0,
            mark: None,
            received: Received::default(),
            due_to_use: None,
            spares_cookies: false,
            others: None,
            unopened: None,
            is_stale: false,
        }
    }
}

/// What a request brought that may be its session, and did not open.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// It was not tried. It will be, at the next request or the one after it.
    Untried,
    /// It may be valid elsewhere.
    Foreign(Rejection),
}

/// What a session that is only read has due.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// A token, in this format.
    Token(Format),
    /// What says, beside its token, when it was last seen.
    Seen,
}

/// What is known of a request's cookies, where there are several of the session's name.
#[derive(Clone, Copy, Default)]
pub(crate) struct Others {
    /// When the newest that opened was last seen, or made, by the clock of whoever sealed it.
    pub(crate) seen_at: i64,
    /// The latest end of those that opened and have one.
    pub(crate) end: Option<i64>,
    /// Some that opened has no end.
    pub(crate) some_endless: bool,
    /// Some did not open here, but may at another request or elsewhere.
    pub(crate) some_unknown: bool,
}
