//! From a request to its session: which token is tried, what a refusal means, and when a session that was only read is sealed again.

use tinyvec::ArrayVec;

use crate::config::{Config, Inner};
use crate::cookie::{Carried, ChunkSet, MAX_CANDIDATES, Token};
use crate::record::Id;
use crate::seal::fe26::Caller;
use crate::seal::{Fate, Format, Looks, Opened, Refusal, h3s1, looks};
use crate::session::{Request, Session, Source};
use crate::{Error, ErrorKind, Rejection, clock};

/// Opening sessions.
impl Config {
    /// Finds the session in the header, else in the cookie; makes one where there is none or none valid, and has a Set-Cookie for it at once.
    ///
    /// It has none if each of the request's tokens may well be valid elsewhere, or if the header's session had ended: then only once something
    /// is written. Valid elsewhere may be what is of an unsupported format, under an unknown key, from the future, longer or in other chunks than
    /// can be read here, or, in Fe26.2, under a number of iterations that the options do not open.
    ///
    /// Of several cookies, at most four are tried, and the newest of those that open is the session. At most one slow key derivation is made.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Random`](crate::ErrorKind::Random) or [`Memory`](crate::ErrorKind::Memory); where no other token opens,
    /// [`Cold`](crate::ErrorKind::Cold) under [`Request::warm_only`] and [`Busy`](crate::ErrorKind::Busy) for a [`Request::peer`] with too many slow
    /// derivations, in both of which no session is made. A token that is refused is no error: see [`Session::rejection`].
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

    /// Opens a bare token, as a header client, a WebSocket or another service would send it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) with [`Error::rejection`], or [`ErrorKind::Memory`](crate::ErrorKind::Memory).
    pub fn unseal(&self, token: impl AsRef<[u8]>, now_ms: i64) -> Result<Session, Error> {
        unseal(self, token.as_ref(), now_ms)
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
    let now = clock::check(request.now_ms)?;
    let carried = inner
        .cookies
        .then(|| Carried::scan(request.cookie, config.cookie_name()));
    let chunks = carried
        .as_ref()
        .map_or(ChunkSet::default(), Carried::chunks);
    // A cookie that the browser did not send is not to be replaced or deleted.
    let spares_cookies = request.cross_site && !carried.as_ref().is_some_and(Carried::is_any);
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
        is_cold: false,
    };
    let found = match search.header(header_token(config, request))? {
        Some(opened) => Some(opened),
        None => match carried.filter(|_| !search.refused.header_ended) {
            Some(carried) => search.cookies(&carried)?,
            None => None,
        },
    };
    let has_opened = found.is_some();
    let mut session = match found {
        Some(found) => {
            let due = reseal_due(inner, &found, verb, now);
            let mut session = Session::opened(config, found.opened, found.source, now, chunks);
            if found.has_twins {
                session.has_twins();
            }
            if let Some(format) = due {
                session.owe_cookies(format);
            }
            session
        }
        None if search.is_cold => return Err(Error::cold()),
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
    if spares_cookies {
        session.spare_cookies();
    }
    Ok(session)
}

/// Opens a bare token.
fn unseal(config: &Config, token: &[u8], now: i64) -> Result<Session, Error> {
    let now = clock::check(now)?;
    if token.len() > config.inner().max_token_len {
        return Err(Rejection::TooLarge.into());
    }
    let opened = unseal_record(config.inner(), token, now, Caller::of_bare_token())??;
    Ok(Session::opened(
        config,
        opened,
        Source::Token,
        now,
        ChunkSet::default(),
    ))
}

/// The session header's value without the white space around it; an empty one is none.
fn header_token<'a>(config: &Config, request: &Request<'a>) -> Option<&'a [u8]> {
    config.header_name()?;
    Some(request.header.trim_ascii()).filter(|token| !token.is_empty())
}

/// A token's record, if it is in an accepted format, authentic, and its session has not ended.
fn unseal_record(
    config: &Inner,
    token: &[u8],
    now: i64,
    caller: Caller<'_>,
) -> Result<Result<Opened, Refusal>, Error> {
    let opened = match (looks(token), &config.fe26) {
        (Looks::H3s1, _) if config.accepts_h3s1 => h3s1::open(&config.keyring, token)?,
        (Looks::Fe26, Some(fe26)) => fe26.open(&config.keyring, token, now, caller)?,
        (Looks::Unlike, _) => Err(Rejection::Malformed.into()),
        _ => Err(Rejection::UnsupportedFormat.into()),
    };
    let mut opened = match opened {
        Ok(opened) => opened,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if opened.record.is_from_the_future(now) {
        // This clock may be the wrong one.
        return Ok(Err(Rejection::Malformed.of_foreign()));
    }
    opened.record.bring_back_to(now);
    if let Err(reason) = opened.record.check(&config.limits, now) {
        return Ok(Err(reason.into()));
    }
    if opened.lacked_id {
        opened.record.id = Id::random()?;
        opened.record.created_at = now;
    }
    Ok(Ok(opened))
}

/// The way from a request's tokens to the session.
struct Search<'a> {
    config: &'a Inner,
    now: i64,
    caller: Caller<'a>,
    refused: Refused,
    /// The one slow derivation that a request may cost was made.
    has_derived: bool,
    /// Some token was not tried, because of its peer, or because it takes a slow derivation that the caller does not want.
    is_busy: bool,
    is_cold: bool,
}

/// A token that opened.
struct Found {
    opened: Opened,
    source: Source,
    /// In how many cookies it came.
    cookies: usize,
    /// Another session opened as well.
    has_twins: bool,
}

/// What came of one token.
enum Tried {
    Opened(Opened),
    Refused(Refusal),
    /// It takes a slow derivation to tell.
    Cold,
    /// It would, and its peer has to wait.
    Busy,
}

impl Search<'_> {
    /// The header's session. A cold token is the one that gets the derivation, since the header wins.
    fn header(&mut self, token: Option<&[u8]>) -> Result<Option<Found>, Error> {
        let Some(token) = token else {
            return Ok(None);
        };
        let tried = if token.len() > self.config.max_token_len {
            Tried::Refused(Rejection::TooLarge.into())
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
                    has_twins: false,
                }));
            }
            Tried::Refused(refusal) => self.refused.header(refusal),
            Tried::Cold | Tried::Busy => self.is_busy = true,
        }
        self.refused.candidates += 1;
        Ok(None)
    }

    /// The newest session among the cookies: the others are stale ones, of another path or domain.
    fn cookies(&mut self, carried: &Carried<'_>) -> Result<Option<Found>, Error> {
        let mut newest: Option<Found> = None;
        let mut cold = ArrayVec::<[Option<(usize, Token<'_>)>; MAX_CANDIDATES]>::new();
        for token in carried.tokens() {
            let candidate = self.refused.candidates;
            self.refused.candidates += 1;
            let token = match token? {
                Ok(token) => token,
                Err(refusal) => {
                    self.refused.cookie(candidate, refusal);
                    continue;
                }
            };
            match self.try_warm(&token.text)? {
                Tried::Opened(opened) => newest = Some(newer(newest, opened, token.cookies)),
                Tried::Refused(refusal) => self.refused.cookie(candidate, refusal),
                // It would have had to wait for the next request anyway.
                Tried::Busy if self.has_derived => self.refused.untried = true,
                Tried::Busy => self.is_busy = true,
                Tried::Cold => cold.push(Some((candidate, token))),
            }
        }
        self.is_cold = self.caller.warm_only && !cold.is_empty();
        let mut cold = cold.into_iter().flatten();
        if !self.is_cold
            && !self.has_derived
            && let Some((candidate, token)) = cold.next()
        {
            match self.try_cold(&token.text)? {
                Tried::Opened(opened) => newest = Some(newer(newest, opened, token.cookies)),
                Tried::Refused(refusal) => self.refused.cookie(candidate, refusal),
                Tried::Cold | Tried::Busy => self.is_busy = true,
            }
        }
        // Whatever is left was not looked at.
        self.refused.untried |= cold.next().is_some();
        Ok(newest)
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
        self.has_derived = true;
        self.try_as(token, self.caller)
    }

    fn try_as(&self, token: &[u8], caller: Caller<'_>) -> Result<Tried, Error> {
        match unseal_record(self.config, token, self.now, caller) {
            Ok(Ok(opened)) => Ok(Tried::Opened(opened)),
            Ok(Err(refusal)) => Ok(Tried::Refused(refusal)),
            Err(error) if error.kind() == ErrorKind::Cold => Ok(Tried::Cold),
            Err(error) if error.kind() == ErrorKind::Busy => Ok(Tried::Busy),
            Err(error) => Err(error),
        }
    }
}

/// The newer of two cookies' sessions. At a tie that which is to end later, as the later seal of a Fe26.2 token is; else the later one in the
/// header, since browsers send the older cookie of one path first.
fn newer(before: Option<Found>, opened: Opened, cookies: usize) -> Found {
    let age = |opened: &Opened| {
        let record = &opened.record;
        (record.seen_at(), record.expires_at)
    };
    let found = Found {
        opened,
        source: Source::Cookie,
        cookies,
        has_twins: before.is_some(),
    };
    match before {
        Some(before) if age(&before.opened) > age(&found.opened) => Found {
            has_twins: true,
            ..before
        },
        _ => found,
    }
}

/// Whether a session that is only read shall be sealed again, and in what format: it slides, it was sealed with an older password, or it moves to
/// today's format. Without `migrate` it keeps its format and its number of iterations, which may be all that another server can read. Never if it would then
/// take more cookies than it came in, for the same reason. What came in the header is sealed again on a write alone.
fn reseal_due(config: &Inner, found: &Found, verb: Verb, now: i64) -> Option<Format> {
    let (opened, record) = (&found.opened, &found.opened.record);
    if opened.lacked_id {
        let fits = || config.check_fits(config.format, record.shape(), record.data.len(), now);
        return (verb == Verb::Use && fits().is_ok()).then_some(config.format);
    }
    let moves = config.migrate && opened.format != config.format;
    let slides = record.slides(&config.limits, now);
    let due = config.refresh && (moves || !opened.current || slides);
    if !due || found.source != Source::Cookie {
        return None;
    }
    let format = if moves { config.format } else { opened.format };
    let token_len = config.token_len(format, record.shape(), record.data.len(), now);
    (config.attributes.cookies_for(token_len) <= found.cookies).then_some(format)
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
    fn header(&mut self, refusal: Refusal) {
        self.header_ended = matches!(
            refusal.reason,
            Rejection::Expired | Rejection::Idle | Rejection::Revoked
        );
        self.cookie(self.candidates, refusal);
    }

    fn cookie(&mut self, candidate: usize, refusal: Refusal) {
        if self.first.is_none_or(|(first, _)| candidate < first) {
            self.first = Some((candidate, refusal.reason));
        }
        match refusal.fate {
            Fate::Dead => self.dead = true,
            Fate::Foreign => self.foreign = true,
            Fate::Untried => self.untried = true,
        }
    }

    /// Why the first candidate was refused; where none opened, why the first was of which that is known.
    fn reason(&self, has_opened: bool) -> Option<Rejection> {
        let (candidate, reason) = self.first?;
        (candidate == 0 || !has_opened).then_some(reason)
    }

    /// A roll-out or a wrong password, as a rule: what cannot be read must not be destroyed by a mere visit.
    fn may_be_valid_elsewhere(&self) -> bool {
        self.header_ended || self.untried || (self.foreign && !self.dead)
    }
}
