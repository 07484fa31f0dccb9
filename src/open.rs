//! From a request to its session: which token is tried, what a refusal means, and when a session that was only read is sealed again.

use crate::config::{Config, Inner};
use crate::cookie::{Carried, ChunkSet};
use crate::record::Id;
use crate::seal::fe26::Caller;
use crate::seal::{Format, Looks, Opened, h3s1, looks};
use crate::session::{Request, Session, Source};
use crate::{Error, Rejection, clock};

/// Opening sessions.
impl Config {
    /// Finds the session in the header, else in the cookie; makes one where there is none or none valid, and has a Set-Cookie for it at once.
    ///
    /// It has none if the request's tokens may well be valid elsewhere, each being of an unsupported format or under an unknown
    /// key, or if the header's session had ended: then only once something is written.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Random`](crate::ErrorKind::Random) or [`Memory`](crate::ErrorKind::Memory); [`Cold`](crate::ErrorKind::Cold) under
    /// [`Request::warm_only`] and [`Busy`](crate::ErrorKind::Busy) for a [`Request::peer`] that forges, in both of which no session is made. A token that is
    /// refused is no error: see [`Session::rejection`].
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
    let caller = Caller {
        peer: request.peer,
        warm_only: request.warm_only,
    };
    let carried = inner
        .cookies
        .then(|| Carried::scan(request.cookie, config.cookie_name()));
    let chunks = carried
        .as_ref()
        .map_or(ChunkSet::default(), Carried::chunks);
    // A cookie that the browser did not send is not to be replaced or deleted.
    let spares_cookies = request.cross_site && !carried.as_ref().is_some_and(Carried::is_any);
    let verb = if spares_cookies { Verb::Get } else { verb };
    let mut session = find(config, request, (verb, now, caller), carried, chunks)?;
    if spares_cookies {
        session.spare_cookies();
    }
    Ok(session)
}

fn find(
    config: &Config,
    request: &Request<'_>,
    (verb, now, caller): (Verb, i64, Caller<'_>),
    carried: Option<Carried<'_>>,
    chunks: ChunkSet,
) -> Result<Session, Error> {
    let inner = config.inner();
    let mut refused = Refused::default();

    if let Some(token) = header_token(config, request) {
        let opened = if token.len() > inner.max_token_len {
            Err(Rejection::TooLarge)
        } else {
            unseal_record(inner, token, now, caller)?
        };
        match opened {
            Ok(opened) => {
                let lacked_id = opened.lacked_id;
                let mut session = Session::opened(config, opened, Source::Header, now, chunks);
                if lacked_id && verb == Verb::Use {
                    session.owe_cookies(inner.format);
                }
                return Ok(session);
            }
            Err(reason) => refused.header(reason),
        }
    }
    if let Some(carried) = carried.filter(|_| !refused.header_ended) {
        for token in carried.tokens(inner.attributes.max_chunks) {
            let opened = match token? {
                Ok(token) => unseal_record(inner, &token, now, caller)?,
                Err(reason) => Err(reason),
            };
            match opened {
                Ok(opened) => {
                    let due = reseal_due(inner, &opened, verb, now);
                    let mut session = Session::opened(config, opened, Source::Cookie, now, chunks);
                    session.refused_before(refused.first);
                    if let Some(format) = due {
                        session.owe_cookies(format);
                    }
                    return Ok(session);
                }
                Err(reason) => refused.cookie(reason),
            }
        }
    }
    let mut session = Session::made(config, now, chunks)?;
    session.refused_before(refused.first);
    if verb == Verb::Use && !refused.may_be_valid_elsewhere() {
        session.owe_cookies(inner.format);
    }
    Ok(session)
}

/// Opens a bare token.
fn unseal(config: &Config, token: &[u8], now: i64) -> Result<Session, Error> {
    let now = clock::check(now)?;
    if token.len() > config.inner().max_token_len {
        return Err(Rejection::TooLarge.into());
    }
    let opened = unseal_record(config.inner(), token, now, Caller::default())??;
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
) -> Result<Result<Opened, Rejection>, Error> {
    let opened = match (looks(token), &config.fe26) {
        (Looks::Like(Format::H3s1), _) if config.accepts_h3s1 => {
            h3s1::open(&config.keyring, token)?
        }
        (Looks::Like(Format::Fe26), Some(fe26)) => {
            fe26.open(&config.keyring, token, now, caller)?
        }
        (Looks::Like(_) | Looks::Foreign, _) => Err(Rejection::UnsupportedFormat),
        (Looks::Unlike, _) => Err(Rejection::Malformed),
    };
    let mut opened = match opened {
        Ok(opened) => opened,
        Err(reason) => return Ok(Err(reason)),
    };
    if let Err(reason) = opened.record.check(&config.limits, now) {
        return Ok(Err(reason));
    }
    if opened.lacked_id {
        opened.record.id = Id::random()?;
        opened.record.created_at = now;
    }
    Ok(Ok(opened))
}

/// Whether a session that is only read shall be sealed again, and in what format: it slides, it was sealed with an older password or with
/// h3's former number of iterations, or it moves to today's format. Without `migrate` it keeps its own, which may be all
/// that another server can read. Never if it would then no longer fit, as with options that have changed since: a read must not fail for that.
fn reseal_due(config: &Inner, opened: &Opened, verb: Verb, now: i64) -> Option<Format> {
    let record = &opened.record;
    let moves = config.migrate && opened.format != config.format;
    let due = if opened.lacked_id {
        verb == Verb::Use
    } else {
        config.refresh && (moves || !opened.current || record.slides(&config.limits, now))
    };
    let format = if moves || opened.lacked_id {
        config.format
    } else {
        opened.format
    };
    let fits = || config.check_fits(format, record.shape(), record.data.len(), now);
    (due && fits().is_ok()).then_some(format)
}

/// What was refused on the way to a session.
#[derive(Default)]
struct Refused {
    first: Option<Rejection>,
    /// The header named a session that has ended, and it must not silently become another. (The end of a Fe26.2 token stands outside its seal,
    /// so it may be forged: then whoever forged it is the one without a session.)
    header_ended: bool,
    /// Some token was refused for good.
    for_good: bool,
}

impl Refused {
    fn header(&mut self, reason: Rejection) {
        self.header_ended = matches!(
            reason,
            Rejection::Expired | Rejection::Idle | Rejection::Revoked
        );
        self.cookie(reason);
    }

    fn cookie(&mut self, reason: Rejection) {
        self.first.get_or_insert(reason);
        self.for_good |= !matches!(reason, Rejection::UnsupportedFormat | Rejection::UnknownKey);
    }

    /// A roll-out or a wrong password, as a rule: what cannot be read must not be destroyed by a mere visit.
    fn may_be_valid_elsewhere(&self) -> bool {
        self.header_ended || (self.first.is_some() && !self.for_good)
    }
}
