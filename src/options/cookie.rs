//! How cookies are set: the options under `cookie`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::json::one_of;
use crate::Error;

mod check;

/// The attributes of the session's cookies, and how many there may be.
///
/// ```
/// use h3s::{Config, CookieOptions, Options, SameSite};
///
/// let cookie = CookieOptions::new().path("/app").same_site(SameSite::Strict);
/// let options = Options::new("correct horse battery staple, and more of it").cookie(cookie);
/// let mut session = Config::new(options)?.use_session(&h3s::Request::new(""))?;
/// let cookies = session.set_cookies()?;
/// let cookie = cookies.iter().next().unwrap();
/// assert!(cookie.ends_with("; Path=/app; HttpOnly; Secure; SameSite=Strict"));
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct CookieOptions {
    path: String,
    domain: Option<String>,
    secure: bool,
    http_only: bool,
    same_site: Option<SameSite>,
    partitioned: bool,
    priority: Option<Priority>,
    max_age: Option<Duration>,
    chunk_max_len: Option<usize>,
    /// Where it is not given, the format decides.
    max_chunks: Option<usize>,
}

/// Which requests of other sites bring the cookie.
///
/// ```
/// use h3s::{CookieOptions, SameSite};
///
/// let strict = CookieOptions::new().same_site(SameSite::Strict);
/// let without = CookieOptions::new().same_site(None);
/// # let _ = (strict, without);
/// assert_eq!("lax".parse(), Ok(SameSite::Lax));
/// assert_eq!(SameSite::Lax.to_string(), "Lax");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SameSite {
    /// Links from other sites do, forms and scripts do not. The default.
    Lax,
    /// None does, not even a link.
    Strict,
    /// All do. Browsers want [`CookieOptions::secure`] with it.
    None,
}

/// Which cookies a browser keeps longer where a site has set too many (Chromium only).
///
/// ```
/// use h3s::{CookieOptions, Priority};
///
/// let options = CookieOptions::new().priority(Priority::High);
/// # let _ = options;
/// assert_eq!("high".parse(), Ok(Priority::High));
/// assert_eq!(Priority::High.to_string(), "High");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// Dropped first.
    Low,
    /// What a cookie has without the attribute.
    Medium,
    /// Dropped last.
    High,
}

impl SameSite {
    const WORDS: &[(&str, SameSite)] = &[
        ("lax", SameSite::Lax),
        ("strict", SameSite::Strict),
        ("none", SameSite::None),
    ];

    /// As the attribute has it.
    fn name(self) -> &'static str {
        match self {
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
            SameSite::None => "None",
        }
    }
}

impl fmt::Display for SameSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// In upper or lower case.
impl FromStr for SameSite {
    type Err = Error;

    fn from_str(text: &str) -> Result<SameSite, Error> {
        one_of(SameSite::WORDS, text).map_err(|message| Error::config("cookie.sameSite", message))
    }
}

impl Priority {
    const WORDS: &[(&str, Priority)] = &[
        ("low", Priority::Low),
        ("medium", Priority::Medium),
        ("high", Priority::High),
    ];

    /// As the attribute has it.
    fn name(self) -> &'static str {
        match self {
            Priority::Low => "Low",
            Priority::Medium => "Medium",
            Priority::High => "High",
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// In upper or lower case.
impl FromStr for Priority {
    type Err = Error;

    fn from_str(text: &str) -> Result<Priority, Error> {
        one_of(Priority::WORDS, text).map_err(|message| Error::config("cookie.priority", message))
    }
}

impl Default for CookieOptions {
    fn default() -> CookieOptions {
        CookieOptions {
            path: "/".into(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: Some(SameSite::Lax),
            partitioned: false,
            priority: None,
            max_age: None,
            chunk_max_len: None,
            max_chunks: None,
        }
    }
}

/// Each is `cookie.…` in JSON, in camel case.
impl CookieOptions {
    /// The defaults: the path `/`, `Secure`, `HttpOnly`, `SameSite=Lax`.
    ///
    /// ```
    /// let options = h3s::CookieOptions::new();
    /// # let _ = options;
    /// ```
    pub fn new() -> CookieOptions {
        CookieOptions::default()
    }

    /// The path that requests must have, and what is under it.
    ///
    /// ```
    /// let options = h3s::CookieOptions::new().path("/app");
    /// # let _ = options;
    /// ```
    pub fn path(self, path: impl Into<String>) -> Self {
        let path = path.into();
        CookieOptions { path, ..self }
    }

    /// The domain whose hosts all get the cookie; else only the host that set it does.
    ///
    /// ```
    /// let options = h3s::CookieOptions::new().domain("example.com");
    /// # let _ = options;
    /// ```
    pub fn domain(self, domain: impl Into<String>) -> Self {
        let domain = Some(domain.into());
        CookieOptions { domain, ..self }
    }

    /// Whether browsers send the cookie over HTTPS alone. Turn it off for development only.
    ///
    /// ```
    /// let options = h3s::CookieOptions::new().secure(!cfg!(debug_assertions));
    /// # let _ = options;
    /// ```
    pub fn secure(self, secure: bool) -> Self {
        CookieOptions { secure, ..self }
    }

    /// Whether the cookie is hidden from scripts.
    ///
    /// ```
    /// let options = h3s::CookieOptions::new().http_only(true);
    /// # let _ = options;
    /// ```
    pub fn http_only(self, http_only: bool) -> Self {
        CookieOptions { http_only, ..self }
    }

    /// Which requests of other sites bring the cookie; None leaves the attribute out.
    ///
    /// ```
    /// use h3s::{CookieOptions, SameSite};
    ///
    /// let options = CookieOptions::new().same_site(SameSite::Strict);
    /// # let _ = options;
    /// ```
    pub fn same_site(self, same_site: impl Into<Option<SameSite>>) -> Self {
        let same_site = same_site.into();
        CookieOptions { same_site, ..self }
    }

    /// Whether a page that is embedded in others has a cookie of its own in each (CHIPS).
    ///
    /// ```
    /// use h3s::{CookieOptions, SameSite};
    ///
    /// let options = CookieOptions::new().same_site(SameSite::None).partitioned(true);
    /// # let _ = options;
    /// ```
    pub fn partitioned(self, partitioned: bool) -> Self {
        CookieOptions {
            partitioned,
            ..self
        }
    }

    /// Which cookies a browser keeps longer; None leaves the attribute out.
    ///
    /// ```
    /// let options = h3s::CookieOptions::new().priority(h3s::Priority::High);
    /// # let _ = options;
    /// ```
    pub fn priority(self, priority: impl Into<Option<Priority>>) -> Self {
        let priority = priority.into();
        CookieOptions { priority, ..self }
    }

    /// How long browsers keep the cookie, in whole seconds up to 400 days, in place of what remains
    /// of the session.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let options = h3s::CookieOptions::new().max_age(Duration::from_secs(86_400));
    /// # let _ = options;
    /// ```
    pub fn max_age(self, max_age: impl Into<Option<Duration>>) -> Self {
        let max_age = max_age.into();
        CookieOptions { max_age, ..self }
    }

    /// The longest value of one cookie, in bytes; 4,000 by default. Longer tokens go into several.
    /// `chunkMaxLength` in JSON.
    ///
    /// ```
    /// let options = h3s::CookieOptions::new().chunk_max_len(3_000);
    /// # let _ = options;
    /// ```
    pub fn chunk_max_len(self, chunk_max_len: usize) -> Self {
        let chunk_max_len = Some(chunk_max_len);
        CookieOptions {
            chunk_max_len,
            ..self
        }
    }

    /// How many cookies a write may split a token into, 1 to 100. By default 3, if together they
    /// fit into a header line of 8,190 bytes, which is all that many servers take; but 1 in
    /// [`Format::H3v1`](crate::Format::H3v1), as h3 1 can read, and 100 in
    /// [`Format::H3v2`](crate::Format::H3v2), as in h3 2. Reads join up to 100 in any case.
    ///
    /// ```
    /// let options = h3s::CookieOptions::new().max_chunks(1);
    /// # let _ = options;
    /// ```
    pub fn max_chunks(self, max_chunks: impl Into<Option<usize>>) -> Self {
        let max_chunks = max_chunks.into();
        CookieOptions { max_chunks, ..self }
    }
}
