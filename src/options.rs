//! The options: what a session is sealed with, how long it lives and how it travels.
//!
//! They are typed, and their JSON has h3's own names. Both are checked by the same rules, as a
//! whole, before anything is made of them. An error names the option and says what is allowed; it
//! quotes no value, which might be a password in the wrong place.

use std::time::{Duration, SystemTime};

mod check;
mod cookie;
mod json;
mod password;
mod revocation;
mod seal;
mod span;
#[cfg(test)]
mod tests;

pub(crate) use check::Checked;
pub use cookie::{CookieOptions, Priority, SameSite};
pub(crate) use revocation::Revocation;
pub use revocation::{RevocationOptions, Stale};
pub use seal::{Encryption, Format, KeyDerivation, SealOptions};

use password::Passwords;

/// The options of a [`Config`](crate::Config): a password, and what is not to be as by default.
///
/// They are checked when the config is made. The passwords are wiped when they are dropped, and no
/// error or debug output shows one.
///
/// ```
/// use std::time::Duration;
/// use h3s::{Config, CookieOptions, Options, SameSite};
///
/// let password = "correct horse battery staple, and more of it"; // from the environment, say
/// let options = Options::new(password)
///     .name("__Host-session")
///     .max_age(Duration::from_secs(7 * 86_400))
///     .session_header("x-session")
///     .cookie(CookieOptions::new().same_site(SameSite::Strict));
/// let config = Config::new(options)?;
/// assert_eq!(config.cookie_name(), "__Host-session");
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(test, derive(PartialEq))]
#[must_use]
pub struct Options {
    password: Passwords,
    name: String,
    max_age: Option<Duration>,
    idle_timeout: Option<Duration>,
    not_before: Option<SystemTime>,
    refresh: Option<bool>,
    max_token_len: usize,
    /// None: named after the cookie; Some(None): off.
    session_header: Option<Option<String>>,
    cookie: Option<CookieOptions>,
    seal: SealOptions,
    legacy_seal_fallback: Option<bool>,
    revocation: Option<RevocationOptions>,
    development: bool,
}

impl Default for Options {
    /// Without a password, which has to be set.
    fn default() -> Options {
        Options {
            password: Passwords::Missing,
            name: "h3".into(),
            max_age: None,
            idle_timeout: None,
            not_before: None,
            refresh: None,
            max_token_len: 16_384,
            session_header: None,
            cookie: Some(CookieOptions::default()),
            seal: SealOptions::default(),
            legacy_seal_fallback: None,
            revocation: None,
            development: false,
        }
    }
}

/// In JSON each has the same name in camel case.
impl Options {
    /// The defaults, with a password of at least 32 characters, at random:
    /// `openssl rand -base64 32` makes a good one.
    ///
    /// ```
    /// let options = h3s::Options::new("correct horse battery staple, and more of it");
    /// assert!(!format!("{options:?}").contains("horse"));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn new(password: impl Into<String>) -> Options {
        Options::default().password(password)
    }

    /// The defaults, with several passwords by id, see [`Options::passwords`].
    ///
    /// ```
    /// let new = "a new password of 32 characters or more";
    /// let old = "correct horse battery staple, and more of it";
    /// let config = h3s::Config::new(h3s::Options::with_passwords([("2", new), ("1", old)]))?;
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn with_passwords<I: Into<String>, P: Into<String>>(
        passwords: impl IntoIterator<Item = (I, P)>,
    ) -> Options {
        Options::default().passwords(passwords)
    }

    /// A password in place of those before.
    ///
    /// ```
    /// let password = "correct horse battery staple, and more of it";
    /// let config = h3s::Config::new(h3s::Options::default().password(password))?;
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn password(self, password: impl Into<String>) -> Self {
        let password = Passwords::plain(password);
        Options { password, ..self }
    }

    /// Several passwords, each with the id that its tokens bear, 1 to 32 of `A-Z a-z 0-9 _`, in
    /// place of those before. The first seals and all open; if all ids are numbers, the highest
    /// seals. To change a password, add a new one first, everywhere; drop the old one once its last
    /// sessions have ended.
    ///
    /// ```
    /// let new = "a new password of 32 characters or more";
    /// let old = "correct horse battery staple, and more of it";
    /// let options = h3s::Options::default().passwords([("b", new), ("a", old)]);
    /// # let _ = options;
    /// ```
    pub fn passwords<I: Into<String>, P: Into<String>>(
        self,
        passwords: impl IntoIterator<Item = (I, P)>,
    ) -> Self {
        let password = Passwords::by_id(passwords);
        Options { password, ..self }
    }

    /// The cookie's name; `h3` by default. `__Host-` before it keeps other hosts from setting it.
    ///
    /// ```
    /// let options = h3s::Options::default().name("__Host-session");
    /// # let _ = options;
    /// ```
    pub fn name(self, name: impl Into<String>) -> Self {
        let name = name.into();
        Options { name, ..self }
    }

    /// How long a session lives from when it was made or last rotated, in whole seconds.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let options = h3s::Options::default().max_age(Duration::from_secs(604_800));
    /// # let _ = options;
    /// ```
    pub fn max_age(self, max_age: impl Into<Option<Duration>>) -> Self {
        let max_age = max_age.into();
        Options { max_age, ..self }
    }

    /// How long a session lives from when it was last seen, in whole seconds. A read slides it only
    /// once more than half of it is used: of an hour, a read after 29 minutes leaves 31.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let options = h3s::Options::default().idle_timeout(Duration::from_secs(3_600));
    /// # let _ = options;
    /// ```
    pub fn idle_timeout(self, idle_timeout: impl Into<Option<Duration>>) -> Self {
        let idle_timeout = idle_timeout.into();
        Options {
            idle_timeout,
            ..self
        }
    }

    /// Refuses all sessions that were made before a moment, which logs everybody out. In JSON it is
    /// in milliseconds since 1970.
    ///
    /// ```
    /// let options = h3s::Options::default().not_before(std::time::SystemTime::now());
    /// # let _ = options;
    /// ```
    pub fn not_before(self, not_before: impl Into<Option<SystemTime>>) -> Self {
        let not_before = not_before.into();
        Options { not_before, ..self }
    }

    /// Whether reads may seal a session again, to slide or under today's password; they do by
    /// default.
    ///
    /// ```
    /// let options = h3s::Options::default().refresh(false);
    /// # let _ = options;
    /// ```
    pub fn refresh(self, refresh: bool) -> Self {
        let refresh = Some(refresh);
        Options { refresh, ..self }
    }

    /// The longest token in a header, in bytes, 128 to 16 Mi; 16,384 by default.
    /// `maxTokenLength` in JSON.
    ///
    /// ```
    /// let options = h3s::Options::default().max_token_len(4_096);
    /// # let _ = options;
    /// ```
    pub fn max_token_len(self, max_token_len: usize) -> Self {
        Options {
            max_token_len,
            ..self
        }
    }

    /// The request header that may carry a token in place of the cookie, `x-{name}-session` by
    /// default; None turns it off. Many servers drop headers with an underscore in their name, so
    /// beside a name such as `__Host-session` give one of your own.
    ///
    /// ```
    /// let named = h3s::Options::default().session_header("x-session");
    /// let off = h3s::Options::default().session_header(None);
    /// # let _ = (named, off);
    /// ```
    pub fn session_header<'a>(self, name: impl Into<Option<&'a str>>) -> Self {
        let session_header = Some(name.into().map(str::to_owned));
        Options {
            session_header,
            ..self
        }
    }

    /// How cookies are set; None: sessions travel in the header alone.
    ///
    /// ```
    /// use h3s::{CookieOptions, Options};
    ///
    /// let insecure = Options::default().cookie(CookieOptions::new().secure(false));
    /// let none = Options::default().cookie(None);
    /// # let _ = (insecure, none);
    /// ```
    pub fn cookie(self, cookie: impl Into<Option<CookieOptions>>) -> Self {
        let cookie = cookie.into();
        Options { cookie, ..self }
    }

    /// Which formats seal and open tokens: a [`Format`], or [`SealOptions`].
    ///
    /// ```
    /// use h3s::{Format, Options, SealOptions};
    ///
    /// let nuxt = Options::default().seal(Format::H3v1);
    /// let both = SealOptions::new(Format::H3s1).accept([Format::H3s1, Format::H3v1]);
    /// let moving = Options::default().seal(both.migrate(true));
    /// # let _ = (nuxt, moving);
    /// ```
    pub fn seal(self, seal: impl Into<SealOptions>) -> Self {
        let seal = seal.into();
        Options { seal, ..self }
    }

    /// Whether, and how, sessions are revoked, so that a logout is final whoever has a copy of the
    /// cookie; None, as by default: they are not. Needs `max_age` or `idle_timeout`, and each
    /// request needs [`Revocations`](crate::Revocations).
    ///
    /// ```
    /// use h3s::{Options, RevocationOptions};
    ///
    /// let options = Options::default().revocation(RevocationOptions::new().subject("/user/id"));
    /// # let _ = options;
    /// ```
    pub fn revocation(self, revocation: impl Into<Option<RevocationOptions>>) -> Self {
        let revocation = revocation.into();
        Options { revocation, ..self }
    }

    /// Whether browsers reach this server by plain HTTP, as they do while one develops. They keep a
    /// cookie that is `Secure`, or has a name with `__Host-` or a prefix of that kind, over HTTPS
    /// alone (some: and for localhost). So the cookie then has neither, nor what needs them:
    /// `SameSite=None` becomes `Lax`, and `Partitioned` goes. What fails without it fails with it,
    /// too. Never in production.
    ///
    /// ```
    /// let password = "correct horse battery staple, and more of it";
    /// let options = h3s::Options::new(password).name("__Host-session").development(true);
    /// let config = h3s::Config::new(options)?;
    /// assert_eq!((config.cookie_name(), config.is_secure()), ("session", false));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn development(self, development: bool) -> Self {
        Options {
            development,
            ..self
        }
    }

    /// Whether a Fe26.2 token of h3 1.x opens under [`Format::H3v2`], as it does by default.
    ///
    /// ```
    /// use h3s::{Format, Options};
    ///
    /// let options = Options::default().seal(Format::H3v2).legacy_seal_fallback(false);
    /// # let _ = options;
    /// ```
    pub fn legacy_seal_fallback(self, opens: bool) -> Self {
        let legacy_seal_fallback = Some(opens);
        Options {
            legacy_seal_fallback,
            ..self
        }
    }
}
