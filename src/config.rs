//! A config: the options, checked once, with their keys derived. Immutable, cheap to clone, shared
//! by any number of threads.

use std::fmt;
use std::sync::Arc;

use crate::buffer::leaving_no_trace;
use crate::cookie::{self, Attributes, Names};
use crate::counts::{Counters, Counts};
use crate::id::Id;
use crate::keyring::{Keyring, Needs};
use crate::limits::Limits;
use crate::options::{Checked, Options, Revocation};
use crate::random::fork;
use crate::record::Record;
use crate::seal::Seals;
use crate::{Error, clock};

/// Options and keys for the sessions of one cookie.
///
/// ```
/// let config = h3s::Config::from_json(r#"{
///     "password": "correct horse battery staple, and more of it",
///     "maxAge": 604800
/// }"#)?;
/// assert_eq!(config.cookie_name(), "h3");
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone)]
pub struct Config(Arc<Inner>);

/// Policy: which format a token is in is the seals' affair.
pub(crate) struct Inner {
    pub(crate) seals: Seals,
    /// Whether a read moves a session to the format that seals.
    pub(crate) migrate: bool,
    pub(crate) limits: Limits,
    pub(crate) refresh: bool,
    pub(crate) max_token_len: usize,
    /// Whether cookies are read and set at all.
    pub(crate) cookies: bool,
    pub(crate) attributes: Attributes,
    /// There if sessions can be revoked.
    pub(crate) revocation: Option<Revocation>,
    pub(crate) counters: Counters,
    /// These four end with a NUL, for C.
    cookie_name: String,
    header_name: String,
    vary: String,
    revocation_file: String,
}

impl Config {
    /// Checks the options, and derives the keys, which takes some 10 ms a password.
    ///
    /// ```
    /// use h3s::{Config, Options};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// assert_eq!(config.header_name(), Some("x-h3-session"));
    ///
    /// let error = Config::new(Options::new("too short")).unwrap_err();
    /// assert_eq!(error.key(), Some("password"));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config); [`Error::key`] names the option as it is
    /// called in JSON, e.g. `cookie.sameSite`.
    pub fn new(options: Options) -> Result<Config, Error> {
        let checked = options.check()?;
        let passwords = options.into_passwords()?;
        fork::watch();
        let name = &checked.attributes.name;
        let needs = Needs {
            passwords: checked.formats.need_passwords(),
            revocation: checked.revocation.is_some(),
        };
        let keyring = leaving_no_trace(|| Keyring::new(passwords, name, needs))?;
        Ok(Config(Arc::new(Inner::new(checked, keyring)?)))
    }

    /// [`Options::from_json`] and [`Config::new`] in one.
    ///
    /// ```
    /// let options = r#"{"password": "correct horse battery staple, and more of it"}"#;
    /// let config = h3s::Config::from_json(options)?;
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As these two.
    pub fn from_json(options: impl AsRef<[u8]>) -> Result<Config, Error> {
        Config::new(Options::from_json(options)?)
    }

    /// Checks options as [`Config::new`] does, but derives no keys, and needs no password. One that
    /// is there is checked.
    ///
    /// ```
    /// use h3s::{Config, CookieOptions, Options};
    ///
    /// let options = Options::default().cookie(CookieOptions::new().chunk_max_len(10));
    /// let error = Config::check(&options).unwrap_err();
    /// assert_eq!(error.key(), Some("cookie.chunkMaxLength"));
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Config::new`].
    pub fn check(options: &Options) -> Result<(), Error> {
        let checked = options.check()?;
        let keyring = Keyring::without_keys(options.password_ids())?;
        Inner::new(checked, keyring).map(drop)
    }

    /// The name of the session cookie.
    ///
    /// ```
    /// # use h3s::{Config, Options};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// let config = Config::new(options.name("__Host-session"))?;
    /// assert_eq!(config.cookie_name(), "__Host-session");
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        cut(&self.0.cookie_name)
    }

    /// The name of the session header, in lower case; None when it is off.
    ///
    /// ```
    /// # use h3s::{Config, Options};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// let config = Config::new(options.session_header("X-Session"))?;
    /// assert_eq!(config.header_name(), Some("x-session"));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn header_name(&self) -> Option<&str> {
        Some(cut(&self.0.header_name)).filter(|name| !name.is_empty())
    }

    /// What a cache must vary on wherever a session was looked at; None if on nothing. The value of
    /// a response's Vary header is made of it by [`cache::vary`](crate::cache::vary).
    ///
    /// ```
    /// # use h3s::{Config, Options};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// assert_eq!(config.vary(), Some("Cookie, x-h3-session"));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn vary(&self) -> Option<&str> {
        Some(cut(&self.0.vary)).filter(|names| !names.is_empty())
    }

    /// Whether cookies are read and set; else sessions travel in the header alone.
    ///
    /// ```
    /// # use h3s::{Config, Options};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// assert!(!Config::new(options.cookie(None))?.has_cookies());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn has_cookies(&self) -> bool {
        self.0.cookies
    }

    /// Whether browsers send the session's cookie over HTTPS alone.
    ///
    /// ```
    /// # use h3s::{Config, Options};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// assert!(config.is_secure());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn is_secure(&self) -> bool {
        let mut attributes = self.0.attributes.fixed.split("; ");
        self.0.cookies && attributes.any(|attribute| attribute == "Secure")
    }

    /// Whether opening a session may take a slow key derivation: see [`Request::warm_only`].
    ///
    /// ```
    /// # use h3s::{Config, Format, Options};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// assert!(!Config::new(options.clone())?.may_be_cold());
    /// assert!(Config::new(options.seal(Format::H3v2))?.may_be_cold());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// [`Request::warm_only`]: crate::Request::warm_only
    #[must_use]
    pub fn may_be_cold(&self) -> bool {
        self.0.seals.may_be_cold()
    }

    /// Whether sessions can be revoked: the options have `revocation`. Then each request needs
    /// [`Revocations`](crate::Revocations).
    ///
    /// ```
    /// # use h3s::{Config, Options};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// assert!(!config.has_revocation());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn has_revocation(&self) -> bool {
        self.0.revocation.is_some()
    }

    /// The path of the file through which the processes of one machine make known what they revoke;
    /// None where the options have none.
    ///
    /// ```
    /// # use h3s::{Config, Options};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// assert_eq!(config.revocation_file(), None);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn revocation_file(&self) -> Option<&str> {
        Some(cut(&self.0.revocation_file)).filter(|path| !path.is_empty())
    }

    /// The pieces of a Cookie header without the session's cookies: what may go upstream. Together
    /// they are never longer than the header.
    ///
    /// ```
    /// # let options = h3s::Options::new("correct horse battery staple, and more of it");
    /// # let config = h3s::Config::new(options)?;
    /// let kept: Vec<&[u8]> = config.strip_cookies("a=1; h3=secret; b=2").collect();
    /// assert_eq!(kept.concat(), b"a=1; b=2");
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn strip_cookies<'a>(
        &'a self,
        cookie: &'a (impl AsRef<[u8]> + ?Sized),
    ) -> impl Iterator<Item = &'a [u8]> {
        cookie::strip(cookie.as_ref(), self.cookie_names())
    }

    /// What was opened, made, refused and sealed with this config and its clones, by all threads of
    /// this process, since it was made. A forked child goes on from what its parent had counted.
    ///
    /// "Why is everybody logged out?" is answered by the reasons for which tokens are refused: many
    /// of `unknown_key` or `bad_seal`, say, after a roll-out with another password.
    ///
    /// ```
    /// use h3s::{Config, Options, Request};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let cookies = config.use_session(&Request::new(""))?.set_cookies()?.len();
    /// let counts = config.counts();
    /// assert_eq!((counts.made, counts.sealed, cookies), (1, 1, 1));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.counters.read()
    }

    /// What the session's cookies are called.
    pub(crate) fn cookie_names(&self) -> Names<'_> {
        self.0.attributes.names()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    #[cfg(feature = "capi")]
    pub(crate) fn cookie_name_z(&self) -> &[u8] {
        self.0.cookie_name.as_bytes()
    }

    #[cfg(feature = "capi")]
    pub(crate) fn header_name_z(&self) -> &[u8] {
        self.0.header_name.as_bytes()
    }

    /// As [`Config::vary`]; empty for None.
    pub(crate) fn vary_names(&self) -> &[u8] {
        cut(&self.0.vary).as_bytes()
    }

    #[cfg(feature = "capi")]
    pub(crate) fn revocation_file_z(&self) -> &[u8] {
        self.0.revocation_file.as_bytes()
    }

    #[cfg(feature = "capi")]
    pub(crate) fn vary_z(&self) -> &[u8] {
        self.0.vary.as_bytes()
    }
}

impl Inner {
    fn new(options: Checked, keyring: Keyring) -> Result<Inner, Error> {
        let name = &options.attributes.name;
        let seals = Seals::new(keyring, options.formats, name)?;
        let vary = match (options.cookies, &*options.header_name) {
            (true, "") => "Cookie\0".to_owned(),
            (true, header) => format!("Cookie, {header}\0"),
            (false, header) => format!("{header}\0"),
        };
        let inner = Inner {
            seals,
            migrate: options.migrate,
            limits: options.limits,
            refresh: options.refresh,
            max_token_len: options.max_token_len,
            cookies: options.cookies,
            cookie_name: format!("{}\0", options.attributes.name),
            header_name: format!("{}\0", options.header_name),
            vary,
            revocation_file: match &options.revocation {
                Some(revocation) => format!("{}\0", revocation.file),
                None => "\0".to_owned(),
            },
            attributes: options.attributes,
            revocation: options.revocation,
            counters: Counters::new(),
        };
        inner.check_room()?;
        Ok(inner)
    }

    /// Refuses a token of a length with which it could not travel.
    pub(crate) fn check_fits(&self, token_len: usize) -> Result<(), Error> {
        if self.cookies {
            self.attributes.check_fits(token_len)
        } else {
            self.check_token_len(token_len)
        }
    }

    /// Refuses a token that would itself be refused when it comes back in the header.
    pub(crate) fn check_token_len(&self, len: usize) -> Result<(), Error> {
        let most = self.max_token_len;
        if len <= most {
            return Ok(());
        }
        Err(Error::too_large(format!(
            "the token would take {len} characters or more; maxTokenLength is {most}"
        )))
    }

    /// Refuses limits that leave no room for even an empty session.
    fn check_room(&self) -> Result<(), Error> {
        if !self.seals.format().is_written() {
            return Ok(());
        }
        let now = clock::system();
        let empty = Record {
            id: Id::from_random([0; 16])?,
            created_at: now,
            ..Record::empty()
        };
        let format = self.seals.format();
        let stamp = self.seals.stamp(format, &empty, &self.limits, now);
        self.check_fits(self.seals.token_len(&stamp, empty.data.len()))
            .map_err(|error| {
                let key = if self.cookies {
                    "cookie.chunkMaxLength"
                } else {
                    "maxTokenLength"
                };
                Error::config(
                    key,
                    format!("too small for even an empty session: {}", error.message()),
                )
            })
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("cookie_name", &self.cookie_name())
            .finish_non_exhaustive()
    }
}

/// A text without its NUL.
#[inline]
fn cut(text: &str) -> &str {
    text.trim_end_matches('\0')
}

#[cfg(test)]
mod tests;
