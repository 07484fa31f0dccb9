//! One request's session: what it holds, what is written to it, and the cookies and tokens that
//! come of it.

mod counted;
mod end;
mod entries;
mod lifetime;
mod origin;
mod outgoing;
mod owed;
#[cfg(feature = "capi")]
mod places;
mod revoke;
mod seal;
mod values;
mod write;

use std::fmt;
use std::sync::OnceLock;

pub use self::entries::{Entries, Entry};
pub(crate) use self::origin::{Beginning, Origin, Others, Renewal, Unopened};
use self::outgoing::{Due, Outgoing};
use self::owed::Owed;
use crate::buffer::Buffer;
use crate::config::Config;
use crate::cookie;
use crate::record::Record;
use crate::replica::Revocations;
use crate::request::Source;
use crate::seal::{Format, Opened};
use crate::{Error, Rejection};

/// One request's session.
///
/// Writes are sealed once, when [`Session::set_cookies`] is called. After any error the session is
/// as it was.
///
/// ```
/// use h3s::{Config, Options, Request};
///
/// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
/// let mut session = config.use_session(&Request::new("theme=dark"))?;
/// session.set_text("user", "ada")?;
/// for set_cookie in session.set_cookies()? {
///     println!("Set-Cookie: {set_cookie}");
/// }
/// # Ok::<(), h3s::Error>(())
/// ```
pub struct Session {
    config: Config,
    record: Record,
    now: i64,
    /// Whether its clock began by the system's: that stands still, but for a logout.
    by_system_clock: bool,
    state: State,
    origin: Origin,
    /// What it will be sealed in: today's format once something was written, else the one that it
    /// came in, which may be all that another server can read.
    format: Format,
    /// What its token was sealed in.
    came_in: Format,
    outgoing: Outgoing,
    /// Whether anything was written since it was opened or made.
    is_written: bool,
    /// Unescaped strings that were handed out, by where they stand in the data, so that asking
    /// again costs no memory.
    texts: Vec<(usize, Buffer)>,
    log_id: OnceLock<String>,
    /// What it was checked against when it was opened, where sessions can be revoked.
    revocations: Option<Revocations>,
    /// What `clear` has ended and may be in a token, by id; None if there was no memory for it.
    ended: Option<Vec<Record>>,
    /// Entries of what was revoked.
    owed: Vec<Owed>,
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
    pub(crate) fn new(begins: Beginning<'_>) -> Result<Session, Error> {
        let (record, format) = (
            Record::new(begins.now)?,
            begins.config.inner().seals.format(),
        );
        Ok(Session::from_record(begins, record, format, State::New))
    }

    /// A session that a token brought. (Where that lacked an id, the session begins now.)
    pub(crate) fn from_token(begins: Beginning<'_>, opened: Opened) -> Session {
        let state = match opened.lacked_id {
            true => State::New,
            false => State::Opened,
        };
        Session::from_record(begins, opened.record, opened.format, state)
    }

    fn from_record(begins: Beginning<'_>, record: Record, format: Format, state: State) -> Session {
        let came_in = format;
        let (format, due) = match begins.due {
            Some(Renewal::Token(format)) => (format, Due::Session),
            Some(Renewal::Seen) => (format, Due::Seen),
            None => (format, Due::Nothing),
        };
        Session {
            config: begins.config.clone(),
            record,
            now: begins.now,
            by_system_clock: begins.by_system_clock,
            state,
            origin: begins.origin,
            format,
            came_in,
            outgoing: Outgoing::Unsealed {
                due,
                id_is_open: begins.origin.source == Source::None,
            },
            is_written: false,
            texts: Vec::new(),
            log_id: OnceLock::new(),
            revocations: begins.revocations.cloned(),
            ended: Some(Vec::new()),
            owed: Vec::new(),
        }
    }

    /// Cookies are due although nothing was written.
    pub(crate) fn set_due(&mut self, renewal: Renewal) {
        let due = match renewal {
            Renewal::Token(format) => {
                self.format = format;
                Due::Session
            }
            Renewal::Seen => Due::Seen,
        };
        self.outgoing = Outgoing::Unsealed {
            due,
            id_is_open: self.outgoing.id_is_open(),
        };
    }
}

/// Reading.
impl Session {
    /// Its id; None after [`Session::clear`]. Not for logs: see [`Session::log_id`].
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// assert_eq!(session.id().unwrap().len(), 36); // a UUID
    /// session.clear();
    /// assert_eq!(session.id(), None);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        Some(self.record.id().as_str()).filter(|id| !id.is_empty())
    }

    /// Its data: the text of a JSON object without insignificant white space.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// assert_eq!(session.data(), "{}");
    /// session.update(r#"{ "visits": 1 }"#)?;
    /// assert_eq!(session.data(), r#"{"visits":1}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn data(&self) -> &str {
        self.record.data.as_str()
    }

    /// The value that an [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901) JSON Pointer names, as
    /// JSON text; None where there is none.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set("user", r#"{"name": "Ada", "roles": ["editor"]}"#)?;
    /// assert_eq!(session.find("/user/roles/0"), Some(r#""editor""#));
    /// assert_eq!(session.find("/user/roles/1"), None);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn find(&self, pointer: &str) -> Option<&str> {
        std::str::from_utf8(self.find_json(pointer)?).ok()
    }

    /// When it was made or last rotated, in milliseconds since 1970; None after
    /// [`Session::clear`].
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let session = config.use_session(&Request::new("").at(1_800_000_000_000))?;
    /// assert_eq!(session.created_at(), Some(1_800_000_000_000));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn created_at(&self) -> Option<i64> {
        Some(self.record.created_at).filter(|_| self.state != State::Cleared)
    }

    /// When it was last seen under `idleTimeout`, in milliseconds since 1970: by a write, or by a
    /// read once more than half of it was used.
    ///
    /// ```
    /// use std::time::Duration;
    /// use h3s::{Config, Options, Request};
    ///
    /// let options = Options::new("correct horse battery staple, and more of it");
    /// let config = Config::new(options.idle_timeout(Duration::from_secs(3_600)))?;
    /// let mut session = config.use_session(&Request::new("").at(1_800_000_000_000))?;
    /// assert_eq!(session.last_seen_at(), None);
    /// session.set_cookies()?;
    /// assert_eq!(session.last_seen_at(), Some(1_800_000_000_000));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn last_seen_at(&self) -> Option<i64> {
        self.record.last_seen_at
    }

    /// Whether this request made it.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// assert!(session.is_new());
    /// let cookie = session.set_cookies()?.iter().next().unwrap_or_default();
    /// let came_back = cookie.split(';').next().unwrap_or_default();
    /// assert!(!config.use_session(&Request::new(came_back))?.is_new());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.state == State::New
    }

    /// Whether it was cleared, and nothing written since.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.clear();
    /// assert!(session.is_cleared());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn is_cleared(&self) -> bool {
        self.state == State::Cleared
    }

    /// Whether [`Session::set_cookies`] (or, with `"cookie": false`, [`Session::seal`]) has
    /// something to give that was not yet taken.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.get_session(&Request::new(""))?;
    /// assert!(!session.is_dirty());
    /// session.set_int("visits", 1)?;
    /// assert!(session.is_dirty());
    /// session.set_cookies()?;
    /// assert!(!session.is_dirty());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.outgoing.is_due() && !self.outgoing.is_taken()
    }

    /// Where it came from.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let session = config.use_session(&Request::new(""))?;
    /// assert_eq!(session.source(), h3s::Source::None);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn source(&self) -> Source {
        self.origin.source
    }

    /// Why the request's first candidate was refused, even if another one opened; None if that one
    /// opened. (Where none opened and the first was not looked at: the first of those that were
    /// refused.)
    ///
    /// Candidates are the header's token, unless it is empty, and after it the first four cookies
    /// of the session's name that begin like a token: with `h3s` and a number, `Fe26.` and a
    /// number, `eyJ`, or `__chunked__`, or with a percent sign among the first eleven bytes. The
    /// same cookie twice counts once. Where none of the cookies does, and one is not empty, they
    /// are one candidate together, which is malformed.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let session = config.use_session(&Request::new("h3=h3s1.old.AAAA"))?;
    /// assert_eq!(session.rejection(), Some(h3s::Rejection::Malformed));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        self.origin.rejection
    }

    /// The pieces of the request's Cookie header without the session's cookies, but for those that
    /// this one was opened from: what may go upstream to a server that reads the session, too, and
    /// might take another of several. Together they are never longer than the header.
    ///
    /// In a header that is not the request's, none is kept.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// let cookie = session.set_cookies()?.iter().next().unwrap_or_default();
    /// let own = cookie.split(';').next().unwrap_or_default();
    /// let header = format!("theme=dark; {own}; h3=another");
    /// let session = config.use_session(&Request::new(&header))?;
    /// let kept: Vec<&[u8]> = session.strip_other_cookies(&header).collect();
    /// assert_eq!(kept.concat(), format!("theme=dark; {own}").as_bytes());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn strip_other_cookies<'a>(
        &'a self,
        cookie: &'a (impl AsRef<[u8]> + ?Sized),
    ) -> impl Iterator<Item = &'a [u8]> {
        cookie::strip_others(
            cookie.as_ref(),
            self.config.cookie_names(),
            self.origin.mark,
        )
    }

    /// A keyed hash of the id, 32 hexadecimal digits, to be written to logs in place of the id;
    /// None after [`Session::clear`].
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let session = config.use_session(&Request::new(""))?;
    /// assert_eq!(session.log_id().map(str::len), Some(32));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn log_id(&self) -> Option<&str> {
        let text = self.log_id_z()?;
        std::str::from_utf8(text.strip_suffix(b"\0")?).ok()
    }

    /// As [`Session::find`].
    pub(crate) fn find_json(&self, pointer: &str) -> Option<&[u8]> {
        self.record.data.find(pointer.as_bytes())
    }

    pub(crate) fn log_id_z(&self) -> Option<&[u8]> {
        let id = self.record.id().as_bytes();
        if id.is_empty() {
            return None;
        }
        let seals = &self.config.inner().seals;
        Some(
            self.log_id
                .get_or_init(|| seals.log_id(id) + "\0")
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
