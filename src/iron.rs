//! Fe26.2 tokens of any JSON value, without a session around it, as @hapi/iron, iron-webcrypto and
//! iron-session make them.

use zeroize::Zeroizing;

use crate::config::Config;
use crate::request::Request;
use crate::seal::Caller;
use crate::{Error, Rejection, clock, json};

/// Raw seals.
impl Config {
    /// Seals a JSON value as a Fe26.2 token. It lives for `seal.ttl`, else `maxAge`, else
    /// `idleTimeout`.
    ///
    /// @hapi/iron, iron-webcrypto 1 and iron-session open tokens of one PBKDF2 iteration alone:
    /// `"seal": "h3-1"`. iron-session also wants the number of its password in the token,
    /// `"password": {"1": "…"}`, and `~2` after it: append that.
    ///
    /// An object with a member `id` or `data` is refused. Sealed, it would open as that session
    /// under the same options, so that whoever chooses what an application seals would choose its
    /// session: see [`Config::iron_seal_session`]. (Any other object would open as a new session
    /// without data.)
    ///
    /// ```
    /// use h3s::{Config, Format, Options, Request};
    ///
    /// let password = "correct horse battery staple, and more of it";
    /// let config = Config::new(Options::new(password).seal(Format::H3v1))?;
    /// let now_ms = 1_800_000_000_000;
    /// let token = config.iron_seal(r#"{"back": "/cart"}"#, now_ms)?;
    /// assert!(token.starts_with("Fe26.2*"));
    /// let json = config.iron_unseal(&Request::from_token(&token).at(now_ms))?;
    /// assert_eq!(*json, r#"{"back":"/cart"}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for what is no JSON or would be a session,
    /// [`TooLarge`](crate::ErrorKind::TooLarge) for a token longer than `maxTokenLength`,
    /// [`Config`](crate::ErrorKind::Config) if `seal.accept` has no `"h3-1"` or `"h3-2"`,
    /// [`Random`](crate::ErrorKind::Random), [`Memory`](crate::ErrorKind::Memory).
    pub fn iron_seal(&self, json: impl AsRef<[u8]>, now_ms: i64) -> Result<String, Error> {
        self.seal_raw(json.as_ref(), now_ms, false)
    }

    /// As [`Config::iron_seal`], but what is sealed may well be a session: for what no client has a
    /// say in.
    ///
    /// ```
    /// # use h3s::{Config, Format, Options};
    /// # let password = "correct horse battery staple, and more of it";
    /// # let config = Config::new(Options::new(password).seal(Format::H3v1))?;
    /// let session = r#"{"id": "1", "createdAt": 1800000000000, "data": {}}"#;
    /// assert!(config.iron_seal(session, 1_800_000_000_000).is_err());
    /// assert!(config.iron_seal_session(session, 1_800_000_000_000).is_ok());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Config::iron_seal`].
    pub fn iron_seal_session(&self, json: impl AsRef<[u8]>, now_ms: i64) -> Result<String, Error> {
        self.seal_raw(json.as_ref(), now_ms, true)
    }

    fn seal_raw(&self, json: &[u8], now_ms: i64, may_be_session: bool) -> Result<String, Error> {
        let now = clock::check(now_ms)?;
        let inner = self.inner();
        inner.seals.check_raw()?;
        inner.check_token_len(json::least_len(json))?;
        json::check(json, json::MAX_DEPTH)?;
        if !may_be_session && let Some(at) = member_of_a_session(json) {
            return Err(Error::data(
                "an object with a member `id` or `data` would open as a session: rename it, or say that it may be one",
            )
            .at(at));
        }
        let json = json::compact(json)?;
        let token = inner.seals.seal_raw(&json, &inner.limits, now)?;
        inner.check_token_len(token.len())?;
        String::from_utf8(token).map_err(|_| Error::internal())
    }

    /// Opens the request's header as a Fe26.2 token, and gives the JSON value in it without
    /// insignificant white space; it is wiped when dropped. A `~2` after the token, as iron-session
    /// puts it, is passed over.
    ///
    /// ```
    /// # use h3s::{Config, Format, Options, Request};
    /// # let password = "correct horse battery staple, and more of it";
    /// # let config = Config::new(Options::new(password).seal(Format::H3v1))?;
    /// let token = config.iron_seal("[1, 2]", 1_800_000_000_000)?;
    /// let request = Request::from_token(&token).peer("192.0.2.1").at(1_800_000_000_000);
    /// assert_eq!(*config.iron_unseal(&request)?, "[1,2]");
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if `seal.accept` has no `"h3-1"` or
    /// `"h3-2"`; the rest as [`Config::unseal`].
    pub fn iron_unseal(&self, request: &Request<'_>) -> Result<Zeroizing<String>, Error> {
        let (now, token) = (request.now()?, request.bare_token());
        let inner = self.inner();
        inner.seals.check_raw()?;
        if token.len() > inner.max_token_len {
            return Err(Rejection::TooLarge.into());
        }
        let caller = Caller::of_bare_token(request);
        let json = inner.seals.open_raw(token, now, caller)?;
        let text = std::str::from_utf8(&json).map_err(|_| Error::internal())?;
        let mut out = Zeroizing::new(String::new());
        out.try_reserve_exact(text.len())
            .map_err(|_| Error::memory())?;
        out.push_str(text);
        Ok(out)
    }
}

/// Where in a checked text an object has a member by which it would pass as a session.
fn member_of_a_session(json: &[u8]) -> Option<usize> {
    json::members(json)
        .find(|member| {
            let name = json::slice(json, member.name.clone());
            json::stands_for(name, b"id") || json::stands_for(name, b"data")
        })
        .map(|member| member.name.start)
}
