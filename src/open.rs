//! From a request to its session: which token is tried, what a refusal means, and when a session that was only read is sealed again.

use crate::config::{Config, Inner};
use crate::cookie::{Carried, ChunkSet};
use crate::seal::h3s1::{self, Opened};
use crate::seal::{Format, Looks, looks};
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
    /// [`ErrorKind::Random`](crate::ErrorKind::Random) or [`ErrorKind::Memory`](crate::ErrorKind::Memory). A token that is refused is no error: see
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
    let mut refused = Refused::default();

    if let Some(token) = header_token(config, request) {
        let opened = if token.len() > inner.max_token_len {
            Err(Rejection::TooLarge)
        } else {
            unseal_record(inner, token, now)?
        };
        match opened {
            Ok(Opened { record, .. }) => {
                return Ok(Session::opened(config, record, Source::Header, now, chunks));
            }
            Err(reason) => refused.header(reason),
        }
    }
    if let Some(carried) = carried.filter(|_| !refused.header_ended) {
        for token in carried.tokens(inner.attributes.max_chunks) {
            let opened = match token? {
                Ok(token) => unseal_record(inner, &token, now)?,
                Err(reason) => Err(reason),
            };
            match opened {
                Ok(opened) => {
                    let due = is_reseal_due(inner, &opened, now);
                    let mut session =
                        Session::opened(config, opened.record, Source::Cookie, now, chunks);
                    session.refused_before(refused.first);
                    if due {
                        session.owe_cookies();
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
        session.owe_cookies();
    }
    Ok(session)
}

/// Opens a bare token.
fn unseal(config: &Config, token: &[u8], now: i64) -> Result<Session, Error> {
    let now = clock::check(now)?;
    if token.len() > config.inner().max_token_len {
        return Err(Rejection::TooLarge.into());
    }
    let opened = unseal_record(config.inner(), token, now)??;
    Ok(Session::opened(
        config,
        opened.record,
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
) -> Result<Result<Opened, Rejection>, Error> {
    let opened = match looks(token) {
        Looks::Like(Format::H3s1) => h3s1::open(&config.keyring, token)?,
        Looks::Foreign => Err(Rejection::UnsupportedFormat),
        Looks::Unlike => Err(Rejection::Malformed),
    };
    Ok(opened.and_then(|opened| opened.record.check(&config.limits, now).map(|()| opened)))
}

/// Whether a session that is only read shall be sealed again: it slides, or was sealed with an older password. Never if it
/// would then no longer fit, as with options that have changed since: a read must not fail for that.
fn is_reseal_due(config: &Inner, opened: &Opened, now: i64) -> bool {
    let Opened { record, first_key } = opened;
    config.refresh
        && (!first_key || record.slides(&config.limits, now))
        && config
            .check_fits(&record.id, record.last_seen_at, record.data.len())
            .is_ok()
}

/// What was refused on the way to a session.
#[derive(Default)]
struct Refused {
    first: Option<Rejection>,
    /// The header's token opened, but its session had ended. The client named a session, and it must not silently become another.
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
