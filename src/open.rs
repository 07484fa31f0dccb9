//! From a request to its session: what a refusal means, and when a session that was only read is
//! sealed again.

mod refused;
mod search;

use self::search::{Found, Search, admit};
use crate::config::{Config, Inner};
use crate::cookie::{Received, SessionCookies};
use crate::counts::Count;
use crate::request::{Request, Source};
use crate::revocation::Check;
use crate::seal::{Caller, Format, Refusal};
use crate::session::{Beginning, Origin, Renewal, Session};
use crate::{Error, Rejection};

/// Opening sessions.
impl Config {
    /// Finds the session in the header, else in the cookie; makes one where there is none or none
    /// valid, and has a Set-Cookie for it at once.
    ///
    /// It has none if each of the request's tokens may well be valid elsewhere or was revoked, or
    /// if the header's session had ended: then only once something is written. (A late answer to a
    /// request from before a logout must not replace the cookie of the next login.) Valid elsewhere
    /// may be what is of an unsupported format, under an unknown key, from the future, longer or in
    /// other chunks than can be read here, or, in Fe26.2, under a number of iterations that the
    /// options do not open.
    ///
    /// Of several cookies, at most four are tried, and the newest of those that open is the
    /// session. At most one slow key derivation is made.
    ///
    /// ```
    /// use h3s::{Config, Options, Request};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new("theme=dark"))?;
    /// assert!(session.is_new());
    /// assert_eq!(session.set_cookies()?.len(), 1);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Random`](crate::ErrorKind::Random) or [`Memory`](crate::ErrorKind::Memory);
    /// [`Cold`](crate::ErrorKind::Cold) under [`Request::warm_only`], and, where no other token
    /// opens, [`Busy`](crate::ErrorKind::Busy) for a [`Request::peer`] with too many slow
    /// derivations, in both of which no session is made. A token that is refused is no error: see
    /// [`Session::rejection`].
    pub fn use_session(&self, request: &Request<'_>) -> Result<Session, Error> {
        open(self, request, Verb::Use)
    }

    /// As [`Config::use_session`], but a session that it had to make costs no Set-Cookie until
    /// something is written.
    ///
    /// ```
    /// use h3s::{Config, Options, Request};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.get_session(&Request::new("theme=dark"))?;
    /// assert!(session.set_cookies()?.is_empty());
    /// session.set_int("visits", 1)?;
    /// assert_eq!(session.set_cookies()?.len(), 1);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Config::use_session`].
    pub fn get_session(&self, request: &Request<'_>) -> Result<Session, Error> {
        open(self, request, Verb::Get)
    }

    /// Opens the request's header as a bare token, as a header client, a WebSocket or another
    /// service would send it. Its cookies are not looked at.
    ///
    /// A Fe26.2 token without a key id costs a slow derivation for each password that it may be
    /// under: name the peer, whose derivations are limited, where strangers send them.
    ///
    /// ```
    /// use h3s::{Config, Options, Rejection, Request};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let token = config.use_session(&Request::new(""))?.seal()?.to_owned();
    /// let session = config.unseal(&Request::from_token(&token).peer("192.0.2.1"))?;
    /// assert!(!session.is_new());
    /// let error = config.unseal(&Request::from_token(&token[1..])).unwrap_err();
    /// assert_eq!(error.rejection(), Some(Rejection::Malformed));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) with [`Error::rejection`],
    /// [`Cold`](crate::ErrorKind::Cold) under [`Request::warm_only`],
    /// [`Busy`](crate::ErrorKind::Busy) for a [`Request::peer`] with too many slow derivations,
    /// [`Argument`](crate::ErrorKind::Argument) for what is no time, or
    /// [`Memory`](crate::ErrorKind::Memory).
    pub fn unseal(&self, request: &Request<'_>) -> Result<Session, Error> {
        unseal(self, request)
    }
}

/// What a session that had to be made costs at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    /// A Set-Cookie.
    Use,
    /// Nothing.
    Get,
}

/// Finds the session in the header, else in the cookie, else makes one.
fn open(config: &Config, request: &Request<'_>, verb: Verb) -> Result<Session, Error> {
    let inner = config.inner();
    let now = request.now()?;
    let mut cookies = inner
        .cookies
        .then(|| SessionCookies::new(request.cookie, config.cookie_names()));
    if let Some(cookies) = &mut cookies {
        cookies.scan();
    }
    let received = cookies
        .as_ref()
        .map_or(Received::default(), SessionCookies::received);
    // A cookie that the browser did not send is not to be replaced or deleted.
    let spares_cookies =
        request.cross_site && !cookies.as_ref().is_some_and(SessionCookies::is_any);

    let check = Check::new(config, request.revocations, now)?;
    let mut search = Search::new(inner, now, Caller::new(request), check);
    let mut found = None;
    search
        .find(
            config.header_name().and(request.header_token()),
            cookies.as_ref(),
            &mut found,
        )
        .inspect_err(|error| inner.counters.failed(error))?;
    let mut origin = Origin {
        received,
        spares_cookies,
        rejection: search.rejection(found.is_some()),
        others: (cookies.as_ref()).and_then(|cookies| search.others(cookies.count().0)),
        unopened: search.unopened(
            found.is_some(),
            cookies.as_ref().is_some_and(SessionCookies::is_any),
        ),
        is_stale: check.is_some_and(|check| check.is_stale()),
        ..Origin::new(Source::None)
    };
    let begins = |origin, due| Beginning {
        config,
        revocations: request.revocations,
        now,
        by_system_clock: request.now_ms.is_none(),
        origin,
        due,
    };
    match found {
        Some(found) => {
            origin.due_to_use = renewal(&search, &found, spares_cookies);
            // What lacked an id is to `get` as what it had to make.
            let is_set = verb == Verb::Use || !found.opened.lacked_id;
            origin.source = found.source;
            (origin.cookies, origin.token_len) = (found.cookies, found.token_len);
            origin.position = found.opened.position;
            origin.mark = found.mark;
            let due = origin.due_to_use.filter(|_| is_set);
            count(inner, &origin, found.opened.format);
            Ok(Session::from_token(begins(origin, due), found.opened))
        }
        None if search.is_busy() => {
            inner.counters.add(Count::Busy);
            Err(Error::busy())
        }
        None => {
            let format = inner.seals.format();
            let is_set = !spares_cookies && !search.spares_cookies() && format.sets_empty();
            origin.due_to_use = is_set.then_some(Renewal::Token(format));
            let due = origin.due_to_use.filter(|_| verb == Verb::Use);
            let session = Session::new(begins(origin, due))?;
            count(inner, &origin, format);
            Ok(session)
        }
    }
}

/// Opens a bare token.
fn unseal(config: &Config, request: &Request<'_>) -> Result<Session, Error> {
    let (now, token) = (request.now()?, request.bare_token());
    let inner = config.inner();
    if token.len() > inner.max_token_len {
        inner.counters.refused(Rejection::TooLarge);
        return Err(Rejection::TooLarge.into());
    }
    let caller = Caller::of_bare_token(request);
    let check = Check::new(config, request.revocations, now)?;
    let mut tried = inner.seals.open(token, now, caller);
    admit(inner, &mut tried, std::iter::empty(), now, check);
    match &tried {
        Ok(_) => {}
        Err(Refusal::Token(reason, _)) => inner.counters.refused(*reason),
        Err(Refusal::Failed(error)) => inner.counters.failed(error),
    }
    let mut begins = Beginning {
        config,
        revocations: request.revocations,
        now,
        by_system_clock: request.now_ms.is_none(),
        origin: Origin {
            is_stale: check.is_some_and(|check| check.is_stale()),
            ..Origin::new(Source::Token)
        },
        due: None,
    };
    let opened = tried?;
    begins.origin.position = opened.position;
    count(inner, &begins.origin, opened.format);
    Ok(Session::from_token(begins, opened))
}

/// Counts a session that was opened or made.
fn count(inner: &Inner, origin: &Origin, format: Format) {
    let counters = &inner.counters;
    counters.add(match origin.source {
        Source::None => Count::Made,
        Source::Cookie => Count::OpenedCookie,
        Source::Header => Count::OpenedHeader,
        Source::Token => Count::OpenedToken,
    });
    if origin.position != 0 {
        counters.add(Count::OpenedOldPassword);
    }
    if format != inner.seals.format() {
        counters.add(Count::OpenedOtherFormat);
    }
    if let Some(reason) = origin.rejection {
        counters.refused(reason);
    }
}

/// What a session that is only read has due: it is sealed again if it was sealed with an older
/// password, or moves to today's format; it slides, beside its token where its format can. Without
/// `migrate` it keeps its format and its number of iterations, which may be all that another server
/// can read.
///
/// Nothing if another cookie may be the newer one. What came in the header is sealed again on a
/// write alone.
fn renewal(search: &Search<'_>, found: &Found, spares_cookies: bool) -> Option<Renewal> {
    let (config, opened) = (search.config, &found.opened);
    if search.has_left_some() {
        return None;
    }
    let is_current = opened.position == 0;
    let slides = opened.record.slides(&config.limits, search.now);
    let beside = slides && opened.format.slides_beside();
    let (may, renews) = if opened.lacked_id {
        // It has to be set, to be the same session at the next request.
        (!spares_cookies, true)
    } else {
        let may = config.refresh && found.source == Source::Cookie;
        let renews = !is_current || (slides && !beside);
        (may, renews && opened.format.is_renewed())
    };
    let today = config.seals.format();
    // Where any session is a login, an empty one must not become one by a visit.
    let may_be_set = today.sets_empty() || !opened.record.data.is_empty();
    let moves = config.migrate && opened.format != today && may_be_set;
    let may_travel = |format| may_travel(config, found, format, search.now);
    // Where it would not travel in today's format, it may still slide in its own.
    if may && moves && may_travel(today) {
        Some(Renewal::Token(today))
    } else if may && renews && may_travel(opened.format) {
        Some(Renewal::Token(opened.format))
    } else {
        (may && beside).then_some(Renewal::Seen)
    }
}

/// Whether a seal on read makes a token that whoever read the former one can read.
fn may_travel(config: &Inner, found: &Found, format: Format, now: i64) -> bool {
    let record = &found.opened.record;
    let stamp = config.seals.stamp(format, record, &config.limits, now);
    let has_ended = stamp.expires_at.is_some_and(|end| now > end);
    if !stamp.is_held() || !format.is_written() || has_ended {
        return false;
    }
    if !config.seals.keep_end(&stamp, record, &config.limits) {
        return false;
    }
    if config.seals.check_holds(&stamp, &record.data, now).is_err() {
        return false;
    }
    let token_len = config.seals.token_len(&stamp, record.data.len());
    if !config.cookies {
        return token_len <= config.max_token_len;
    }
    let most = match format.is_read_in_chunks() {
        true => config.attributes.max_chunks,
        false => 1,
    };
    config.attributes.cookies_for(token_len) <= found.cookies.max(most)
}
