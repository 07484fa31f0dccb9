//! One request's session: what it holds, what is written to it, and the cookies and tokens that
//! come of it.

mod origin;
mod outgoing;
mod seal;
mod values;
mod write;

use std::fmt;

pub(crate) use self::origin::{Origin, Others};
use self::outgoing::Outgoing;
pub(crate) use self::values::Container;
pub use self::values::{Entry, Iter};
use crate::buffer::Buffer;
use crate::config::Config;
use crate::cookie;
use crate::record::Record;
use crate::request::Source;
use crate::seal::{Format, Opened};
use crate::{Error, Rejection};

/// One request's session.
///
/// Writes are sealed once, when [`Session::set_cookies`] is called. After any error the session is
/// as it was.
pub struct Session {
    config: Config,
    record: Record,
    now: i64,
    state: State,
    origin: Origin,
    /// What it will be sealed in: today's format once something was written, else the one that it
    /// came in, which may be all that another server can read.
    format: Format,
    outgoing: Outgoing,
    /// Unescaped strings that were handed out, by where they stand in the data, so that asking
    /// again costs no memory.
    texts: Vec<(usize, Buffer)>,
    log_id: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A token brought it.
    Opened,
    /// This request made it.
    New,
    Cleared,
}

impl Session {
    /// A new session.
    pub(crate) fn new(config: &Config, now: i64, origin: Origin) -> Result<Session, Error> {
        let (record, format) = (Record::new(now)?, config.inner().seals.format());
        Ok(Session::from_record(
            config,
            record,
            format,
            now,
            State::New,
            origin,
        ))
    }

    /// A session that a token brought. (Where that lacked an id, the session begins now.)
    pub(crate) fn from_token(config: &Config, opened: Opened, now: i64, origin: Origin) -> Session {
        let state = match opened.lacked_id {
            true => State::New,
            false => State::Opened,
        };
        Session::from_record(config, opened.record, opened.format, now, state, origin)
    }

    fn from_record(
        config: &Config,
        record: Record,
        format: Format,
        now: i64,
        state: State,
        origin: Origin,
    ) -> Session {
        Session {
            config: config.clone(),
            record,
            now,
            state,
            origin,
            format,
            outgoing: Outgoing::Unsealed {
                is_due: false,
                id_is_open: state == State::New,
            },
            texts: Vec::new(),
            log_id: None,
        }
    }

    /// Cookies are due although nothing was written, in this format.
    pub(crate) fn set_due(&mut self, format: Format) {
        self.format = format;
        self.outgoing = Outgoing::Unsealed {
            is_due: true,
            id_is_open: self.outgoing.id_is_open(),
        };
    }
}

/// Reading.
impl Session {
    /// Its id; empty after [`Session::clear`].
    pub fn id(&self) -> &str {
        self.record.id.as_str()
    }

    /// Its data: the text of a JSON object without insignificant white space.
    pub fn data(&self) -> &str {
        self.record.data.as_str()
    }

    /// The value that an [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901) JSON Pointer names, as
    /// JSON text.
    pub fn find(&self, pointer: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.record.data.find(pointer.as_ref())
    }

    /// When it was made or last rotated, in milliseconds since 1970; 0 after [`Session::clear`].
    pub fn created_at(&self) -> i64 {
        self.record.created_at
    }

    /// When it was last sealed under `idleTimeout`, in milliseconds since 1970: by a write, or by a
    /// read once more than half of it was used.
    pub fn last_seen_at(&self) -> Option<i64> {
        self.record.last_seen_at
    }

    /// When it ends if nothing more comes, by the earliest of its limits, in milliseconds since
    /// 1970.
    pub fn expires_at(&self) -> Option<i64> {
        let inner = self.config.inner();
        match self.state {
            State::Cleared => None,
            _ if self.is_dirty() => {
                let seals = &inner.seals;
                let stamp = seals.stamp(self.format, &self.record, &inner.limits, self.now);
                stamp.expires_at
            }
            _ => self.record.end(&inner.limits),
        }
    }

    /// Whether this request made it.
    pub fn is_new(&self) -> bool {
        self.state == State::New
    }

    /// Whether it was cleared, and nothing written since.
    pub fn is_cleared(&self) -> bool {
        self.state == State::Cleared
    }

    /// Whether [`Session::set_cookies`] (or, with `"cookie": false`, [`Session::seal`]) has
    /// something to give that was not yet taken.
    pub fn is_dirty(&self) -> bool {
        self.outgoing.is_due() && !self.outgoing.is_taken()
    }

    /// Where it came from.
    pub fn source(&self) -> Source {
        self.origin.source
    }

    /// Why the request's first candidate was refused, even if another one opened; None if that one
    /// opened. (Where none opened and the first was not looked at: the first of those that were
    /// refused.)
    ///
    /// Candidates are the header's token, unless it is empty, and after it the first four cookies
    /// of the session's name that begin like a token: with `h3s` and a number, `Fe26.` and a
    /// number, or `__chunked__`, or with a percent sign among the first eleven bytes. The same
    /// cookie twice counts once. Where none of the cookies does, and one is not empty, they are one
    /// candidate together, which is malformed.
    pub fn rejection(&self) -> Option<Rejection> {
        self.origin.rejection
    }

    /// The pieces of the request's Cookie header without the session's cookies, but for those that
    /// this one was opened from: what may go upstream to a server that reads the session, too, and
    /// might take another of several. Together they are never longer than the header.
    ///
    /// In a header that is not the request's, none is kept.
    pub fn strip_other_cookies<'a>(&'a self, cookie: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        cookie::strip_others(cookie, self.config.cookie_name(), self.origin.mark)
    }

    /// A keyed hash of the id, 32 hexadecimal digits, to be written to logs in place of the id;
    /// None after [`Session::clear`].
    pub fn log_id(&mut self) -> Option<&str> {
        self.log_id_z()
            .and_then(|text| std::str::from_utf8(text.strip_suffix(b"\0")?).ok())
    }

    pub(crate) fn id_z(&self) -> &[u8] {
        self.record.id.as_z()
    }

    pub(crate) fn data_z(&self) -> &[u8] {
        self.record.data.as_z()
    }

    pub(crate) fn log_id_z(&mut self) -> Option<&[u8]> {
        let id = self.record.id.as_bytes();
        if id.is_empty() {
            return None;
        }
        let seals = &self.config.inner().seals;
        Some(
            self.log_id
                .get_or_insert_with(|| seals.log_id(id) + "\0")
                .as_bytes(),
        )
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("source", &self.origin.source)
            .field("rejection", &self.origin.rejection)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
