//! What a caller brings: a request's headers, and who sent it when. And where a session came from.

use std::fmt;

use crate::replica::Revocations;
use crate::{Error, clock};

/// What a request brings that can hold a session, and who sent it.
///
/// ```
/// use h3s::Request;
///
/// # let (cookie, authorization, address) = ("h3=…", "Bearer …", "192.0.2.1");
/// let request = Request::new(cookie)
///     .header(authorization)
///     .peer(address)
///     .at(1_800_000_000_000);
/// # let _ = request;
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct Request<'a> {
    pub(crate) cookie: &'a [u8],
    pub(crate) header: &'a [u8],
    pub(crate) peer: &'a [u8],
    pub(crate) warm_only: bool,
    pub(crate) cross_site: bool,
    /// In milliseconds since 1970; None for the system clock.
    pub(crate) now_ms: Option<i64>,
    /// Needed where the options have `revocation`.
    pub(crate) revocations: Option<&'a Revocations>,
}

impl<'a> Request<'a> {
    /// A request with this value of the Cookie header, which may be empty. Several Cookie lines:
    /// joined with `"; "`. Headers are text or, here and below, any bytes.
    ///
    /// ```
    /// use h3s::Request;
    ///
    /// let cookie = ["theme=dark", "h3=h3s1..AAAA"].join("; ");
    /// let request = Request::new(&cookie);
    /// # let _ = request;
    /// ```
    pub fn new(cookie: &'a (impl AsRef<[u8]> + ?Sized)) -> Request<'a> {
        Request {
            cookie: cookie.as_ref(),
            header: b"",
            peer: b"",
            warm_only: false,
            cross_site: false,
            now_ms: None,
            revocations: None,
        }
    }

    /// A bare token, for [`Config::unseal`](crate::Config::unseal) and
    /// [`iron_unseal`](crate::Config::iron_unseal): a request with this header and no cookie.
    ///
    /// ```
    /// use h3s::{Config, Request};
    ///
    /// # let options = h3s::Options::new("correct horse battery staple, and more of it");
    /// # let config = Config::new(options)?;
    /// let token = config.use_session(&Request::new(""))?.seal()?.to_owned();
    /// let session = config.unseal(&Request::from_token(&token))?;
    /// assert_eq!(session.data(), "{}");
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn from_token(token: &'a (impl AsRef<[u8]> + ?Sized)) -> Request<'a> {
        Request::new("").header(token)
    }

    /// The value of the session header; an empty one is none. A leading `Bearer ` is passed over.
    ///
    /// ```
    /// use h3s::{Config, Options, Request, Source};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let token = config.use_session(&Request::new(""))?.seal()?.to_owned();
    /// let session = config.use_session(&Request::new("").header(&token))?;
    /// assert_eq!(session.source(), Source::Header);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn header(self, header: &'a (impl AsRef<[u8]> + ?Sized)) -> Request<'a> {
        Request {
            header: header.as_ref(),
            ..self
        }
    }

    /// Who asks: the client's address as text or as its 4 or 16 bytes, of which in IPv6 the first
    /// 64 bits count, or anything else that tells clients apart; an empty one is none.
    ///
    /// A peer that sends many forged Fe26.2 tokens gets [`ErrorKind::Busy`](crate::ErrorKind::Busy)
    /// for those that would take a slow key derivation.
    ///
    /// ```
    /// use std::net::{IpAddr, Ipv4Addr};
    ///
    /// let address = IpAddr::V4(Ipv4Addr::LOCALHOST).to_string();
    /// let request = h3s::Request::new("").peer(&address);
    /// # let _ = request;
    /// ```
    pub fn peer(self, peer: &'a (impl AsRef<[u8]> + ?Sized)) -> Request<'a> {
        Request {
            peer: peer.as_ref(),
            ..self
        }
    }

    /// Whether [`ErrorKind::Cold`](crate::ErrorKind::Cold) shall come in place of a slow key
    /// derivation: for event loops, which can repeat the call in a thread. So also where another
    /// cookie opens without: which is the newer one shows only then.
    ///
    /// ```
    /// use h3s::{Config, ErrorKind, Options, Request, Session};
    ///
    /// fn open(config: &Config, cookie: &str) -> Result<Session, h3s::Error> {
    ///     let request = Request::new(cookie);
    ///     match config.use_session(&request.warm_only(true)) {
    ///         Err(error) if error.kind() == ErrorKind::Cold => {
    ///             // In an event loop: in a thread that may block.
    ///             config.use_session(&request)
    ///         }
    ///         opened => opened,
    ///     }
    /// }
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// # assert!(open(&config, "")?.is_new());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn warm_only(self, warm_only: bool) -> Request<'a> {
        Request { warm_only, ..self }
    }

    /// Whether another site has sent the browser here, so that a cookie with SameSite stayed
    /// behind: see [`Site::is_another`](crate::Site::is_another).
    ///
    /// Where the request brought no cookie of the session,
    /// [`Config::use_session`](crate::Config::use_session) is then
    /// [`get_session`](crate::Config::get_session), and
    /// [`Session::clear`](crate::Session::clear) deletes nothing.
    ///
    /// ```
    /// use h3s::{Config, Options, Request, Site};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let site = Site::new().sec_fetch_site("cross-site");
    /// let request = Request::new("").cross_site(site.is_another());
    /// assert!(config.use_session(&request)?.set_cookies()?.is_empty());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn cross_site(self, cross_site: bool) -> Request<'a> {
        Request { cross_site, ..self }
    }

    /// The time of the request, in milliseconds since 1970, in place of the system clock's.
    ///
    /// ```
    /// use h3s::{Config, Options, Request};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let session = config.use_session(&Request::new("").at(1_800_000_000_000))?;
    /// assert_eq!(session.created_at(), Some(1_800_000_000_000));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn at(self, now_ms: i64) -> Request<'a> {
        Request {
            now_ms: Some(now_ms),
            ..self
        }
    }

    /// What is revoked, as this process knows it: needed where the options have `revocation`, and
    /// wrong where they do not.
    ///
    /// ```
    /// use std::time::Duration;
    /// use h3s::{Config, ErrorKind, Options, Request, RevocationOptions, Revocations};
    ///
    /// let options = Options::new("correct horse battery staple, and more of it")
    ///     .max_age(Duration::from_secs(604_800))
    ///     .revocation(RevocationOptions::new());
    /// let (config, revocations) = (Config::new(options)?, Revocations::new(65_536)?);
    /// let session = config.use_session(&Request::new("").revocations(&revocations))?;
    /// let error = config.use_session(&Request::new("")).unwrap_err();
    /// assert_eq!(error.key(), Some("request.revocations"));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn revocations(self, revocations: &'a Revocations) -> Request<'a> {
        Request {
            revocations: Some(revocations),
            ..self
        }
    }

    /// The session header's token: without the white space around it, and without the scheme
    /// `Bearer`, which stands before it in an `Authorization` header. None for an empty one.
    pub(crate) fn header_token(&self) -> Option<&'a [u8]> {
        let token = without_scheme(self.header.trim_ascii());
        Some(token).filter(|token| !token.is_empty())
    }

    /// The bare token that it is: as it is, but for the scheme before it.
    pub(crate) fn bare_token(&self) -> &'a [u8] {
        without_scheme(self.header)
    }

    /// The time that is now for it.
    #[inline]
    pub(crate) fn now(&self) -> Result<i64, Error> {
        match self.now_ms {
            Some(now_ms) => clock::check(now_ms),
            None => Ok(clock::system()),
        }
    }
}

impl fmt::Debug for Request<'_> {
    /// Without what the headers say: whoever has a token has the session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("cookie_len", &self.cookie.len())
            .field("header_len", &self.header.len())
            .field("warm_only", &self.warm_only)
            .field("cross_site", &self.cross_site)
            .field("now_ms", &self.now_ms)
            .finish_non_exhaustive()
    }
}

fn without_scheme(value: &[u8]) -> &[u8] {
    const SCHEME: &[u8] = b"Bearer";
    match value.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => match rest.first() {
            None | Some(b' ') => rest.trim_ascii_start(),
            Some(_) => value,
        },
        _ => value,
    }
}

/// Where a session came from. The discriminants are those of the C ABI.
///
/// ```
/// use h3s::{Config, Options, Request, Source};
///
/// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
/// let session = config.use_session(&Request::new("theme=dark"))?;
/// assert_eq!(session.source(), Source::None);
/// assert_eq!(Source::Cookie.to_string(), "cookie");
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Source {
    /// This request made it.
    None = 0,
    /// A cookie.
    Cookie = 1,
    /// The session header.
    Header = 2,
    /// [`Config::unseal`](crate::Config::unseal).
    Token = 3,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::None => "none",
            Source::Cookie => "cookie",
            Source::Header => "header",
            Source::Token => "token",
        })
    }
}
