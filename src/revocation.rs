//! Revoking sessions: what is made known of it to all servers, and whether a session that opened
//! was revoked.

mod entry;
mod file;
mod read;

use self::entry::{Entry, SUBJECT_MAX_LEN};
pub use self::file::RevocationFile;
pub use self::read::RevocationEntry;
use crate::clock::MAX_AHEAD_MS;
use crate::config::{Config, Inner};
use crate::id::Id;
use crate::json::{self, Unescaped};
use crate::keyring::Key;
use crate::options::{Revocation, Stale};
use crate::record::Record;
use crate::replica::{Kind, REFUSED_FOR_EVER, Revocations};
use crate::seal::{Fate, Refusal};
use crate::{Error, Rejection, clock};

const IS_OFF: &str = "the options have no \"revocation\": set it, {} for the defaults";

/// Revoking from outside a session. Each gives an entry: a line of text without its end, to be made
/// known to all servers, and to be applied here.
impl Config {
    /// An entry that revokes the session of an id.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use h3s::{Config, Options, RevocationOptions};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// # let options = options.max_age(Duration::from_secs(60));
    /// # let options = options.revocation(RevocationOptions::new());
    /// let config = Config::new(options)?;
    /// let entry = config.revoke_session("0b5c1f6e-of-a-table", 1_800_000_000_000)?;
    /// assert!(entry.starts_with("h3r1."));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the options have no `revocation`,
    /// [`Data`](crate::ErrorKind::Data) for what is no id,
    /// [`Argument`](crate::ErrorKind::Argument) for what is no time,
    /// [`Random`](crate::ErrorKind::Random) or [`Memory`](crate::ErrorKind::Memory). So for each.
    pub fn revoke_session(&self, id: &str, now_ms: i64) -> Result<String, Error> {
        let id = Id::try_from(id.as_bytes())?;
        let now = clock::check(now_ms)?;
        // When it was made is not known here: it was before now.
        let record = Record {
            id,
            created_at: now,
            ..Record::empty()
        };
        self.inner().seal_session(&record, now)
    }

    /// An entry that revokes all sessions of a subject that were made before a moment, in
    /// milliseconds since 1970: now, as a rule. What the subject of a session is,
    /// [`RevocationOptions::subject`](crate::RevocationOptions::subject) says.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use h3s::{Config, Options, RevocationOptions};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// # let revocation = RevocationOptions::new().subject("/user/id");
    /// # let options = options.max_age(Duration::from_secs(60)).revocation(revocation);
    /// let config = Config::new(options)?;
    /// let now = 1_800_000_000_000;
    /// let entry = config.revoke_subject("ada", now, now)?;
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Config::revoke_session`]; also `Config` where the options do not say what the subject
    /// is, `Data` for one that is empty or longer than 1,024 bytes, and `Argument` for a moment
    /// that is still to come.
    pub fn revoke_subject(
        &self,
        subject: &str,
        before_ms: i64,
        now_ms: i64,
    ) -> Result<String, Error> {
        self.inner()
            .seal_subject(subject.as_bytes(), before_ms, clock::check(now_ms)?)
    }

    /// An entry that revokes all sessions of this cookie's name that were made before a moment, in
    /// milliseconds since 1970.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use h3s::{Config, Options, RevocationOptions};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// # let options = options.max_age(Duration::from_secs(60));
    /// # let options = options.revocation(RevocationOptions::new());
    /// let config = Config::new(options)?;
    /// let now = 1_800_000_000_000;
    /// let entry = config.revoke_everybody(now, now)?;
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Config::revoke_session`]; also `Argument` for a moment that is still to come.
    pub fn revoke_everybody(&self, before_ms: i64, now_ms: i64) -> Result<String, Error> {
        let now = clock::check(now_ms)?;
        self.inner()
            .seal_before(Kind::Everybody, b"", before_ms, now)
    }

    /// For how long an entry matters at most, in milliseconds: what is older may be trimmed from a
    /// store. None where the options have no `revocation`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use h3s::{Config, Options, RevocationOptions};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// # let options = options.max_age(Duration::from_secs(60));
    /// # let options = options.revocation(RevocationOptions::new());
    /// let config = Config::new(options)?;
    /// // By clocks that may differ by ten minutes, and to the minute.
    /// assert_eq!(config.revocations_matter_ms(), Some(60_000 + 11 * 60_000));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn revocations_matter_ms(&self) -> Option<i64> {
        let inner = self.inner();
        inner.revocation.as_ref()?;
        Some(inner.limits.longest()? + MAX_AHEAD_MS + 60_000)
    }
}

/// Sealing entries.
impl Inner {
    /// Of the session of a record.
    pub(crate) fn seal_session(&self, record: &Record, now: i64) -> Result<String, Error> {
        self.seal_id(record.id().as_bytes(), record, now)
    }

    /// Of a session that has, or had, this id.
    pub(crate) fn seal_id(&self, id: &[u8], record: &Record, now: i64) -> Result<String, Error> {
        self.revocation()?;
        let end = self.limits.max_age_end(record.created_at);
        let entry = Entry {
            kind: Kind::Session,
            text: id,
            before: 0,
            until: end.unwrap_or(now + self.longest()) + MAX_AHEAD_MS,
        };
        self.seal_entry(&entry, now)
    }

    /// Of a subject, whose sessions that were made before a moment are revoked.
    pub(crate) fn seal_subject(
        &self,
        subject: &[u8],
        before: i64,
        now: i64,
    ) -> Result<String, Error> {
        self.revocation()?.check_has_subject()?;
        if !(1..=SUBJECT_MAX_LEN).contains(&subject.len()) {
            return Err(Error::data("a subject is of 1 to 1024 bytes"));
        }
        self.seal_before(Kind::Subject, subject, before, now)
    }

    fn seal_before(&self, kind: Kind, text: &[u8], before: i64, now: i64) -> Result<String, Error> {
        self.revocation()?;
        if !(1..=now + MAX_AHEAD_MS).contains(&before) {
            return Err(Error::argument(
                "before_ms",
                "a moment that has come, in milliseconds since 1970: who logs in later is let in",
            ));
        }
        let entry = Entry {
            kind,
            text,
            before,
            until: now.max(before) + self.longest() + MAX_AHEAD_MS,
        };
        self.seal_entry(&entry, now)
    }

    fn seal_entry(&self, entry: &Entry<'_>, now: i64) -> Result<String, Error> {
        let key: &Key = self.seals.keyring().first();
        let cipher = key.revocation.as_ref().ok_or_else(Error::internal)?;
        let line = entry::seal(key, entry, &cipher.nonce(now)?)?;
        String::from_utf8(line).map_err(|_| Error::internal())
    }

    fn longest(&self) -> i64 {
        self.limits.longest().unwrap_or_default()
    }

    /// What the options say of it; an error where they say nothing.
    pub(crate) fn revocation(&self) -> Result<&Revocation, Error> {
        let revocation = self.revocation.as_ref();
        revocation.ok_or_else(|| Error::config("revocation", IS_OFF))
    }
}

/// Taking in what others have revoked.
impl Revocations {
    /// Applies entries, one a line: those that this config's passwords open, that are of its
    /// cookie's name, and that have not ended at a time, in milliseconds since 1970. Others are
    /// passed over. How often, and in which order, makes no difference.
    ///
    /// Gives how many were applied.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use h3s::{Config, Options, RevocationOptions, Revocations};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// # let options = options.max_age(Duration::from_secs(60));
    /// # let options = options.revocation(RevocationOptions::new());
    /// # let (config, now) = (Config::new(options)?, 1_800_000_000_000);
    /// let entry = config.revoke_everybody(now, now)?;
    /// let revocations = Revocations::new(65_536)?;
    /// assert_eq!(revocations.apply(&config, format!("{entry}\nh3r1.unknown\n"), now)?, 1);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Full`](crate::ErrorKind::Full) where some had no room; all others were applied.
    /// [`Config`](crate::ErrorKind::Config) where the options have no `revocation`;
    /// [`Argument`](crate::ErrorKind::Argument) for what is no time, or
    /// [`Memory`](crate::ErrorKind::Memory).
    pub fn apply(
        &self,
        config: &Config,
        lines: impl AsRef<[u8]>,
        now_ms: i64,
    ) -> Result<usize, Error> {
        match self.apply_what_fits(config, lines.as_ref(), now_ms)? {
            (applied, true) => Ok(applied),
            (_, false) => Err(Error::full()),
        }
    }

    /// How many were applied, and whether all had room.
    pub(crate) fn apply_what_fits(
        &self,
        config: &Config,
        lines: &[u8],
        now_ms: i64,
    ) -> Result<(usize, bool), Error> {
        let (inner, now) = (config.inner(), clock::check(now_ms)?);
        let revocation = inner.revocation()?;
        let (mut applied, mut fits) = (0, true);
        for line in lines.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let opened = match entry::open(inner.seals.keyring(), line) {
                Ok(opened) if opened.until >= now => opened,
                Ok(_) | Err(Refusal::Token(..)) => continue,
                Err(Refusal::Failed(error)) => return Err(error),
            };
            let before = match opened.kind {
                Kind::Session => REFUSED_FOR_EVER,
                // Whose clock is far ahead must not lock out who logs in later.
                Kind::Subject | Kind::Everybody => opened.before.min(now + MAX_AHEAD_MS),
            };
            let table = self.table();
            let of = table.fingerprint(opened.kind, revocation.scope, opened.text());
            let has_room = table.insert(opened.kind, of, before, opened.until, now);
            applied += usize::from(has_room);
            fits &= has_room;
        }
        Ok((applied, fits))
    }
}

/// What a config's sessions are checked against.
#[derive(Clone, Copy)]
pub(crate) struct Check<'a> {
    revocation: &'a Revocation,
    revocations: &'a Revocations,
    is_stale: bool,
}

impl<'a> Check<'a> {
    /// None where nothing can be revoked. What the options say and what the request brings belong
    /// together.
    pub(crate) fn new(
        config: &'a Config,
        revocations: Option<&'a Revocations>,
        now: i64,
    ) -> Result<Option<Check<'a>>, Error> {
        match (&config.inner().revocation, revocations) {
            (None, None) => Ok(None),
            (Some(revocation), Some(revocations)) => Ok(Some(Check {
                revocation,
                revocations,
                is_stale: revocations.table().is_stale(now, revocation.max_stale_ms),
            })),
            (Some(_), None) => Err(Error::argument(
                "request.revocations",
                "the options have \"revocation\", so that each request needs the revocations",
            )),
            (None, Some(_)) => Err(Error::argument("request.revocations", IS_OFF)),
        }
    }

    /// Whether what is revoked may not be known here.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Refuses a session that opened, and was revoked.
    ///
    /// One that may outlive what revokes it is refused in any case, but may be good elsewhere.
    pub(crate) fn check(
        &self,
        record: &Record,
        made: i64,
        may_outlive: bool,
    ) -> Result<(), Refusal> {
        if may_outlive {
            return Err(Rejection::Revoked.of_foreign());
        }
        if self.is_stale && self.revocation.stale == Stale::Closed {
            return Err(Error::stale().into());
        }
        match self.refuses(record, made)? {
            true => Err(Refusal::Token(Rejection::Revoked, Fate::Revoked)),
            false => Ok(()),
        }
    }

    /// Whether a session was revoked that was made at a time, at the latest.
    pub(crate) fn refuses(&self, record: &Record, made: i64) -> Result<bool, Error> {
        if self.refuses_id(record) || self.refuses_text(Kind::Everybody, b"", made) {
            return Ok(true);
        }
        if !self.revocations.table().may_refuse(Kind::Subject, made) {
            return Ok(false);
        }
        let subject = self.revocation.subject_of(record)?;
        Ok(subject.is_some_and(|subject| self.refuses_text(Kind::Subject, &subject, made)))
    }

    /// Whether a session was revoked by its id.
    pub(crate) fn refuses_id(&self, record: &Record) -> bool {
        self.refuses_text(Kind::Session, record.id().as_bytes(), record.created_at)
    }

    fn refuses_text(&self, kind: Kind, text: &[u8], made: i64) -> bool {
        let table = self.revocations.table();
        let of = || table.fingerprint(kind, self.revocation.scope, text);
        table.may_refuse(kind, made) && table.before(of()).is_some_and(|at| made < at)
    }
}

impl Revocation {
    pub(crate) fn check_has_subject(&self) -> Result<(), Error> {
        match self.subject {
            Some(_) => Ok(()),
            None => Err(Error::config(
                "revocation.subject",
                "set it to the JSON Pointer of what names a session's user in its data",
            )),
        }
    }

    /// A session's subject, where its data has one: a string's text, or a number as it is written,
    /// of a length that an entry may have.
    pub(crate) fn subject_of<'r>(
        &self,
        record: &'r Record,
    ) -> Result<Option<Unescaped<'r>>, Error> {
        let subject = self.text_of(record)?;
        Ok(subject.filter(|text| (1..=SUBJECT_MAX_LEN).contains(&text.len())))
    }

    fn text_of<'r>(&self, record: &'r Record) -> Result<Option<Unescaped<'r>>, Error> {
        let pointer = self.subject.as_deref().unwrap_or_default();
        let value = Some(pointer).filter(|pointer| !pointer.is_empty());
        match value.and_then(|pointer| record.data.find(pointer.as_bytes())) {
            Some(value) => match (json::unquoted(value), value.first()) {
                (Some(text), _) if text.contains(&b'\\') => {
                    json::unescape_to_utf8(text).map(|text| Some(Unescaped::Escaped(text)))
                }
                (Some(text), _) => Ok(Some(Unescaped::Plain(text))),
                (None, Some(b'-' | b'0'..=b'9')) => Ok(Some(Unescaped::Plain(value))),
                _ => Ok(None),
            },
            None => Ok(None),
        }
    }
}
