//! From a request to its session: which token is tried, what a refusal means, and when a session that was only read is sealed again.

use std::cmp::Ordering;

use tinyvec::ArrayVec;

use crate::config::{Config, Inner};
use crate::cookie::{ChunkSet, MAX_CANDIDATES, SessionCookies, Token};
use crate::id::Id;
use crate::request::{Request, Source};
use crate::seal::fe26::Caller;
use crate::seal::{Fate, Format, Looks, Opened, Refusal, h3s1, looks};
use crate::session::Session;
use crate::{Error, ErrorKind, Rejection};

/// Opening sessions.
impl Config {
    /// Finds the session in the header, else in the cookie; makes one where there is none or none valid, and has a Set-Cookie for it at once.
    ///
    /// It has none if each of the request's tokens may well be valid elsewhere, or if the header's
    /// session had ended: then only once something is written. Valid elsewhere may be what is of an
    /// unsupported format, under an unknown key, from the future, longer or in other chunks than
    /// can be read here, or, in Fe26.2, under a number of iterations that the options do not open.
    ///
    /// Of several cookies, at most four are tried, and the newest of those that open is the
    /// session. At most one slow key derivation is made.
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

    /// As [`Config::use_session`], but a session that it had to make costs no Set-Cookie until something is written.
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
    let carried = inner
        .cookies
        .then(|| SessionCookies::scan(request.cookie, config.cookie_name()));
    let chunks = carried
        .as_ref()
        .map_or(ChunkSet::default(), SessionCookies::chunks);
    // A cookie that the browser did not send is not to be replaced or deleted.
    let spares_cookies =
        request.cross_site && !carried.as_ref().is_some_and(SessionCookies::is_any);
    let verb = if spares_cookies { Verb::Get } else { verb };

    let mut search = Search {
        config: inner,
        now,
        caller: Caller {
            peer: request.peer,
            warm_only: request.warm_only,
            tries_all: false,
        },
        refused: Refused::default(),
        has_derived: false,
        is_busy: false,
        opened: 0,
        dead: 0,
        twins: Twins::default(),
    };
    let found = match search.header(config.header_name().and(request.header_token()))? {
        Some(opened) => Some(opened),
        None => match carried.as_ref().filter(|_| !search.refused.header_ended) {
            Some(carried) => search.cookies(carried)?,
            None => None,
        },
    };
    let has_opened = found.is_some();
    let mut session = match found {
        Some(found) => {
            let due = search.reseal_due(&found, verb);
            let (cookies, token_len) = (found.cookies, found.token_len);
            let mut session = Session::opened(config, found.opened, found.source, now, chunks);
            session.came_in(cookies, token_len);
            if let Some(format) = due {
                session.owe_cookies(format);
            }
            session
        }
        None if search.is_busy => return Err(Error::busy()),
        None => {
            let mut session = Session::made(config, now, chunks)?;
            if verb == Verb::Use && !search.refused.may_be_valid_elsewhere() {
                session.owe_cookies(inner.format);
            }
            session
        }
    };
    session.refused_before(search.refused.reason(has_opened));
    if let Some((count, _)) = carried.map(|carried| carried.count())
        && count > 1
    {
        session.has_twins(Twins {
            some_unknown: count > search.opened + search.dead,
            ..search.twins
        });
    }
    if spares_cookies {
        session.spare_cookies();
    }
    Ok(session)
}

/// Opens a bare token.
fn unseal(config: &Config, request: &Request<'_>) -> Result<Session, Error> {
    let (now, token) = (request.now()?, request.bare_token());
    if token.len() > config.inner().max_token_len {
        return Err(Rejection::TooLarge.into());
    }
    let opened = unseal_record(config.inner(), token, now, Caller::of_bare_token(request))?;
    Ok(Session::opened(
        config,
        opened,
        Source::Token,
        now,
        ChunkSet::default(),
    ))
}

/// A token's record, if it is in an accepted format, authentic, and its session has not ended.
fn unseal_record(
    config: &Inner,
    token: &[u8],
    now: i64,
    caller: Caller<'_>,
) -> Result<Opened, Refusal> {
    let mut opened = match (looks(token), &config.fe26) {
        (Looks::H3s1, _) if config.accepts_h3s1 => h3s1::open(&config.keyring, token)?,
        (Looks::Fe26, Some(fe26)) => fe26.open(&config.keyring, token, now, caller)?,
        (Looks::Unlike, _) => return Err(Rejection::Malformed.into()),
        _ => return Err(Rejection::UnsupportedFormat.into()),
    };
    if opened.record.is_from_the_future(now) {
        // This clock may be the wrong one.
        return Err(Rejection::Malformed.of_foreign());
    }
    opened.record.bring_back_to(now);
    opened.record.check(&config.limits, now)?;
    if opened.lacked_id {
        opened.record.id = Id::random()?;
        opened.record.created_at = now;
    }
    Ok(opened)
}

/// The way from a request's tokens to the session.
struct Search<'a> {
    config: &'a Inner,
    now: i64,
    caller: Caller<'a>,
    refused: Refused,
    /// The one slow derivation that a request may cost was made.
    has_derived: bool,
    /// Some token was not tried, because of its peer.
    is_busy: bool,
    /// How many cookies opened, and how many open nowhere.
    opened: usize,
    dead: usize,
    twins: Twins,
}

/// What is known of a request's cookies, where there are several of the session's name.
#[derive(Clone, Copy, Default)]
pub(crate) struct Twins {
    /// When the newest that opened was last seen, or made, by the clock of whoever sealed it.
    pub(crate) seen_at: i64,
    /// The latest end of those that opened and have one.
    pub(crate) end: Option<i64>,
    /// Some that opened has no end.
    pub(crate) some_endless: bool,
    /// Some did not open here, but may at another request or elsewhere.
    pub(crate) some_unknown: bool,
}

/// A token that opened.
struct Found {
    opened: Opened,
    source: Source,
    /// In how many cookies it came.
    cookies: usize,
    token_len: usize,
}

/// What came of one token.
enum Tried {
    Opened(Opened),
    Refused(Rejection, Fate),
    /// It takes a slow derivation to tell.
    Cold,
    /// It would, and its peer has to wait.
    Busy,
}

/// The cookies that take a slow derivation, each by its place among the candidates.
type ColdTokens<'a> = ArrayVec<[Option<(usize, Token<'a>)>; MAX_CANDIDATES]>;

impl Search<'_> {
    /// The header's session. A cold token is the one that gets the derivation, since the header
    /// wins.
    fn header(&mut self, token: Option<&[u8]>) -> Result<Option<Found>, Error> {
        let Some(token) = token else {
            return Ok(None);
        };
        let tried = if token.len() > self.config.max_token_len {
            Tried::Refused(Rejection::TooLarge, Fate::Foreign)
        } else {
            match self.try_warm(token)? {
                Tried::Cold if self.caller.warm_only => return Err(Error::cold()),
                Tried::Cold => self.try_cold(token)?,
                tried => tried,
            }
        };
        match tried {
            Tried::Opened(opened) => {
                return Ok(Some(Found {
                    opened,
                    source: Source::Header,
                    cookies: 0,
                    token_len: token.len(),
                }));
            }
            Tried::Refused(reason, fate) => self.refused.header(reason, fate),
            Tried::Cold | Tried::Busy => self.is_busy = true,
        }
        self.refused.candidates += 1;
        Ok(None)
    }

    /// The newest session among the cookies: the others are stale ones, of another path or domain.
    ///
    /// Which is the newest shows only once all were opened. So whoever wants no slow derivation is
    /// told that there is one to be made, also where some cookie has opened without: else a stale
    /// cookie that is warm would pass for the session for ever.
    fn cookies(&mut self, carried: &SessionCookies<'_>) -> Result<Option<Found>, Error> {
        let mut newest = None;
        let mut cold = ColdTokens::new();
        let (_, has_more) = carried.count();
        self.refused.untried |= has_more;
        for token in carried.tokens() {
            let candidate = self.refused.candidates;
            self.refused.candidates += 1;
            match token {
                Ok(token) => self.try_cookie(candidate, token, &mut newest, &mut cold)?,
                Err(Refusal::Token(reason, fate)) => self.refuse(candidate, reason, fate),
                Err(Refusal::Failed(error)) => return Err(error),
            }
        }
        if !cold.is_empty() && self.caller.warm_only {
            return Err(Error::cold());
        }
        // The last one, as where two are as old as each other.
        if !self.has_derived
            && let Some((candidate, token)) = cold.pop().flatten()
        {
            let tried = self.try_cold(&token.text)?;
            self.take(candidate, token, tried, &mut newest);
            // With that key, others may open as well.
            for (candidate, token) in std::mem::take(&mut cold).into_iter().flatten() {
                self.try_cookie(candidate, token, &mut newest, &mut cold)?;
            }
        }
        self.refused.untried |= !cold.is_empty();
        Ok(newest)
    }

    /// Opens a cookie's token if that takes no slow derivation.
    fn try_cookie<'c>(
        &mut self,
        candidate: usize,
        token: Token<'c>,
        newest: &mut Option<Found>,
        cold: &mut ColdTokens<'c>,
    ) -> Result<(), Error> {
        match self.try_warm(&token.text)? {
            Tried::Cold => cold.push(Some((candidate, token))),
            tried => self.take(candidate, token, tried, newest),
        }
        Ok(())
    }

    fn take(
        &mut self,
        candidate: usize,
        token: Token<'_>,
        tried: Tried,
        newest: &mut Option<Found>,
    ) {
        match tried {
            Tried::Opened(opened) => {
                self.twins.seen_at = self.twins.seen_at.max(opened.seen_at_there);
                let end = opened.record.end(&self.config.limits);
                self.twins.end = self.twins.end.max(end);
                self.twins.some_endless |= end.is_none();
                self.opened += 1;
                let found = Found {
                    opened,
                    source: Source::Cookie,
                    cookies: token.cookies,
                    token_len: token.text.len(),
                };
                if newest
                    .as_ref()
                    .is_none_or(|before| !before.is_newer_than(&found))
                {
                    *newest = Some(found);
                }
            }
            Tried::Refused(reason, fate) => self.refuse(candidate, reason, fate),
            // It would have had to wait for the next request anyway.
            Tried::Cold | Tried::Busy if self.has_derived => self.refused.untried = true,
            Tried::Cold | Tried::Busy => self.is_busy = true,
        }
    }

    fn refuse(&mut self, candidate: usize, reason: Rejection, fate: Fate) {
        self.dead += usize::from(fate == Fate::Dead);
        self.refused.token(candidate, reason, fate);
    }

    /// Opens a token if that takes no slow derivation.
    fn try_warm(&self, token: &[u8]) -> Result<Tried, Error> {
        self.try_as(
            token,
            Caller {
                warm_only: true,
                ..self.caller
            },
        )
    }

    fn try_cold(&mut self, token: &[u8]) -> Result<Tried, Error> {
        let tried = self.try_as(token, self.caller)?;
        self.has_derived = !matches!(tried, Tried::Busy);
        Ok(tried)
    }

    fn try_as(&self, token: &[u8], caller: Caller<'_>) -> Result<Tried, Error> {
        match unseal_record(self.config, token, self.now, caller) {
            Ok(opened) => Ok(Tried::Opened(opened)),
            Err(Refusal::Token(reason, fate)) => Ok(Tried::Refused(reason, fate)),
            Err(Refusal::Failed(error)) => match error.kind() {
                ErrorKind::Cold => Ok(Tried::Cold),
                ErrorKind::Busy => Ok(Tried::Busy),
                _ => Err(error),
            },
        }
    }

    /// Whether a session that is only read shall be sealed again, and in what format: it slides, it
    /// was sealed with an older password, or it moves to today's format. Without `migrate` it keeps
    /// its format and its number of iterations, which may be all that another server can read.
    ///
    /// Never if another cookie may be the newer one. What came in the header is sealed again on a
    /// write alone.
    fn reseal_due(&self, found: &Found, verb: Verb) -> Option<Format> {
        let (config, opened) = (self.config, &found.opened);
        if self.refused.untried || self.is_busy {
            return None;
        }
        let (may, renews) = if opened.lacked_id {
            // It has to be set, to be the same session at the next request.
            (verb == Verb::Use, true)
        } else {
            let slides = opened.record.slides(&config.limits, self.now);
            let may = config.refresh && found.source == Source::Cookie;
            (may, !opened.current || slides)
        };
        let moves = config.migrate && opened.format != config.format;
        // Where it would not travel in today's format, it may still slide in its own.
        if may && moves && self.may_travel(found, config.format) {
            Some(config.format)
        } else if may && renews && self.may_travel(found, opened.format) {
            Some(opened.format)
        } else {
            None
        }
    }

    /// Whether a seal on read makes a token that whoever read the former one can read: h3 1 knows
    /// no cookies that belong together.
    fn may_travel(&self, found: &Found, format: Format) -> bool {
        let record = &found.opened.record;
        let config = self.config;
        let token_len = config.token_len(format, record.shape(), record.data.len(), self.now);
        if !config.cookies {
            return token_len <= config.max_token_len;
        }
        let cookies = config.attributes.cookies_for(token_len);
        match format {
            Format::H3s1 => cookies <= found.cookies.max(config.attributes.max_chunks),
            Format::Fe26(_) => cookies <= found.cookies.max(1),
        }
    }
}

impl Found {
    /// At a tie it is the later one in the header, since browsers send the older cookie of one path
    /// first; of two Fe26.2 tokens that which ends later, if they say, since that was sealed later. What
    /// had no id is older than all that have one.
    fn is_newer_than(&self, later: &Found) -> bool {
        let age = |found: &Found| (!found.opened.lacked_id, found.opened.seen_at_there);
        let end = |found: &Found| match found.opened.format {
            Format::Fe26(_) => found.opened.record.expires_at,
            Format::H3s1 => None,
        };
        match age(self).cmp(&age(later)) {
            Ordering::Equal => end(self)
                .zip(end(later))
                .is_some_and(|(own, other)| own > other),
            order => order.is_gt(),
        }
    }
}

/// What was refused on the way to a session.
#[derive(Default)]
struct Refused {
    /// How many tokens there were so far, refused or not.
    candidates: usize,
    /// The first that was refused, by its place among them.
    first: Option<(usize, Rejection)>,
    /// The header named a session that has ended, and it must not silently become another. (The end of a Fe26.2 token stands outside its seal,
    /// so it may be forged: then whoever forged it is the one without a session.)
    header_ended: bool,
    dead: bool,
    foreign: bool,
    untried: bool,
}

impl Refused {
    fn header(&mut self, reason: Rejection, fate: Fate) {
        self.header_ended = matches!(
            reason,
            Rejection::Expired | Rejection::Idle | Rejection::Revoked
        );
        self.token(self.candidates, reason, fate);
    }

    fn token(&mut self, candidate: usize, reason: Rejection, fate: Fate) {
        if self.first.is_none_or(|(first, _)| candidate < first) {
            self.first = Some((candidate, reason));
        }
        match fate {
            Fate::Dead => self.dead = true,
            Fate::Foreign => self.foreign = true,
            Fate::Untried => self.untried = true,
        }
    }

    /// Why the first candidate was refused; where none opened, why the first was of which that is
    /// known.
    fn reason(&self, has_opened: bool) -> Option<Rejection> {
        let (candidate, reason) = self.first?;
        (candidate == 0 || !has_opened).then_some(reason)
    }

    /// A roll-out or a wrong password, as a rule: what cannot be read must not be destroyed by a mere visit.
    fn may_be_valid_elsewhere(&self) -> bool {
        self.header_ended || self.untried || (self.foreign && !self.dead)
    }
}
