//! How sessions are revoked: the options under `revocation`.

use std::time::Duration;

use super::json::{Reader, Value, one_of};
use super::span::Span;
use crate::Error;
use crate::data;
use crate::limits::Limits;
use crate::replica::Scope;

const MAX_STALE: Span = Span::new(1, 86_400).of(" of seconds");
const WRONG_SUBJECT: &str =
    "the JSON Pointer of what names a session's user in its data, e.g. /user/id";
const WRONG_FILE: &str = "the absolute path of a file, of at most 1024 bytes";
const MAX_PATH_LEN: usize = 1024;

/// What happens to a session where a server may not know of the latest logouts.
///
/// ```
/// use h3s::{RevocationOptions, Stale};
///
/// let options = RevocationOptions::new().stale(Stale::Closed);
/// # let _ = options;
/// assert_eq!("closed".parse(), Ok(Stale::Closed));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stale {
    /// `open`: it is opened all the same, and says so. The default.
    #[default]
    Open,
    /// `closed`: it is an error, [`ErrorKind::Stale`](crate::ErrorKind::Stale).
    Closed,
}

/// How sessions are revoked, so that a logout is final on every server: see
/// [`Options::revocation`](crate::Options::revocation).
///
/// ```
/// use std::time::Duration;
/// use h3s::{Config, Options, RevocationOptions, Stale};
///
/// let revocation = RevocationOptions::new()
///     .subject("/user/id")
///     .max_stale(Duration::from_secs(30))
///     .stale(Stale::Closed);
/// let options = Options::new("correct horse battery staple, and more of it")
///     .max_age(Duration::from_secs(604_800))
///     .revocation(revocation);
/// assert!(Config::new(options)?.has_revocation());
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct RevocationOptions {
    subject: Option<String>,
    max_stale: Duration,
    stale: Stale,
    file: Option<String>,
}

/// Checked options.
#[derive(Debug)]
pub(crate) struct Revocation {
    /// Where in its data a session's subject stands.
    pub(crate) subject: Option<String>,
    pub(crate) max_stale_ms: i64,
    pub(crate) stale: Stale,
    /// Empty for none.
    pub(crate) file: String,
    /// The cookie's name, among whose sessions something is revoked.
    pub(crate) scope: Scope,
}

const READERS: &[Reader<RevocationOptions>] = &[
    ("subject", |options, value| {
        let subject = value.text(WRONG_SUBJECT)?;
        options.subject = Some(subject);
        Ok(())
    }),
    ("maxStale", |options, value| {
        value
            .seconds(&MAX_STALE)
            .map(|time| options.max_stale = time)
    }),
    ("stale", |options, value| {
        value
            .one_of(Stale::WORDS)
            .map(|stale| options.stale = stale)
    }),
    ("file", |options, value| {
        let file = value.text(WRONG_FILE)?;
        options.file = Some(file);
        Ok(())
    }),
];

impl Stale {
    const WORDS: &[(&'static str, Stale)] = &[("open", Stale::Open), ("closed", Stale::Closed)];

    /// Its name in JSON, e.g. `closed`.
    ///
    /// ```
    /// assert_eq!(h3s::Stale::default().name(), "open");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stale::Open => "open",
            Stale::Closed => "closed",
        }
    }
}

impl std::fmt::Display for Stale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Stale {
    type Err = Error;

    fn from_str(text: &str) -> Result<Stale, Error> {
        one_of(Stale::WORDS, text).map_err(|message| Error::config("revocation.stale", message))
    }
}

impl Default for RevocationOptions {
    fn default() -> RevocationOptions {
        RevocationOptions {
            subject: None,
            max_stale: Duration::from_secs(60),
            stale: Stale::Open,
            file: None,
        }
    }
}

impl RevocationOptions {
    /// The defaults.
    ///
    /// ```
    /// assert_eq!(h3s::RevocationOptions::new(), h3s::RevocationOptions::default());
    /// ```
    pub fn new() -> RevocationOptions {
        RevocationOptions::default()
    }

    /// Where in the data it stands whose session it is, as a JSON Pointer: so that all sessions of
    /// one user can be revoked at once. A string's text counts, or a number as it is written.
    ///
    /// ```
    /// let options = h3s::RevocationOptions::new().subject("/user/id");
    /// # let _ = options;
    /// ```
    pub fn subject(self, pointer: impl Into<String>) -> Self {
        let subject = Some(pointer.into());
        RevocationOptions { subject, ..self }
    }

    /// For how long a server may go without word of what is revoked, in whole seconds up to a day;
    /// a minute by default. Then it is stale.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let options = h3s::RevocationOptions::new().max_stale(Duration::from_secs(10));
    /// # let _ = options;
    /// ```
    pub fn max_stale(self, max_stale: Duration) -> Self {
        RevocationOptions { max_stale, ..self }
    }

    /// What happens to a session where the server is stale; by default it is opened.
    ///
    /// ```
    /// let options = h3s::RevocationOptions::new().stale(h3s::Stale::Closed);
    /// # let _ = options;
    /// ```
    pub fn stale(self, stale: Stale) -> Self {
        RevocationOptions { stale, ..self }
    }

    /// The file through which the processes of one machine make known what they revoke, by its
    /// absolute path. A Rust program opens it with [`RevocationFile`](crate::RevocationFile).
    ///
    /// ```
    /// let options = h3s::RevocationOptions::new().file("/var/lib/app/revocations");
    /// # let _ = options;
    /// ```
    pub fn file(self, path: impl Into<String>) -> Self {
        let file = Some(path.into());
        RevocationOptions { file, ..self }
    }

    /// None for `false`.
    pub(super) fn from_value(value: &Value<'_>) -> Result<Option<RevocationOptions>, Error> {
        if value.is_false() {
            return Ok(None);
        }
        let mut options = RevocationOptions::default();
        value.read_into(
            &mut options,
            READERS,
            "an object, {} for the defaults, or false",
        )?;
        Ok(Some(options))
    }

    pub(super) fn check(&self, limits: &Limits, scope: Scope) -> Result<Revocation, Error> {
        if limits.longest().is_none() {
            return Err(Error::config(
                "revocation",
                "set maxAge or idleTimeout: else what is revoked would have to be kept for ever",
            ));
        }
        let subject = self.subject.clone();
        if subject
            .as_deref()
            .is_some_and(|pointer| pointer.is_empty() || data::pointer::check(pointer).is_err())
        {
            return Err(Error::config("revocation.subject", WRONG_SUBJECT));
        }
        let file = self.file.clone().unwrap_or_default();
        let is_path = file.starts_with('/') && file.len() <= MAX_PATH_LEN && !file.contains('\0');
        if self.file.is_some() && !is_path {
            return Err(Error::config("revocation.file", WRONG_FILE));
        }
        let max_stale = MAX_STALE.check_seconds("revocation.maxStale", self.max_stale)?;
        Ok(Revocation {
            subject,
            max_stale_ms: max_stale * 1000,
            stale: self.stale,
            file,
            scope,
        })
    }
}
