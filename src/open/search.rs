//! The search for the session among a request's tokens: which are tried, in what order, and what is
//! known of those that did not open.

use std::cmp::Ordering;

use tinyvec::ArrayVec;

use super::refused::Refused;
use crate::config::Inner;
use crate::cookie::{MAX_CANDIDATES, Mark, SessionCookies, Token};
use crate::request::Source;
use crate::revocation::Check;
use crate::seal::{Caller, Fate, Opened, Refusal};
use crate::session::{Others, Unopened};
use crate::{Error, ErrorKind, Rejection};

/// The way from a request's tokens to the session.
pub(super) struct Search<'a> {
    pub(super) config: &'a Inner,
    pub(super) now: i64,
    caller: Caller<'a>,
    /// There where sessions can be revoked.
    check: Option<Check<'a>>,
    /// What may say when the cookies' session was last seen.
    seen: ArrayVec<[&'a [u8]; MAX_CANDIDATES]>,
    refused: Refused,
    /// The one slow derivation that a request may cost was made.
    has_derived: bool,
    /// Some token was not tried, because of its peer.
    is_busy: bool,
    /// How many cookies opened, and how many open nowhere.
    opened: usize,
    dead: usize,
    others: Others,
}

/// A token that opened.
pub(super) struct Found {
    pub(super) opened: Opened,
    pub(super) source: Source,
    /// In how many cookies it came.
    pub(super) cookies: usize,
    pub(super) token_len: usize,
    /// Which of the cookies' tokens it is.
    pub(super) mark: Option<Mark>,
}

/// What came of one token. It is long, and so looked at where it is, and not passed on from result
/// to result.
pub(super) type Tried = Result<Opened, Refusal>;

/// The cookies that take a slow derivation, each by its place among the candidates.
type ColdTokens<'a> = ArrayVec<[Option<(usize, Token<'a>)>; MAX_CANDIDATES]>;

impl<'a> Search<'a> {
    pub(super) fn new(
        config: &'a Inner,
        now: i64,
        caller: Caller<'a>,
        check: Option<Check<'a>>,
    ) -> Search<'a> {
        Search {
            config,
            now,
            caller,
            check,
            seen: ArrayVec::new(),
            refused: Refused::default(),
            has_derived: false,
            is_busy: false,
            opened: 0,
            dead: 0,
            others: Others::default(),
        }
    }

    /// The session of the header, else that of the cookies.
    pub(super) fn find(
        &mut self,
        header: Option<&[u8]>,
        cookies: Option<&SessionCookies<'a>>,
        found: &mut Option<Found>,
    ) -> Result<(), Error> {
        self.header(header, found)?;
        match cookies.filter(|_| found.is_none() && !self.refused.header_ended) {
            Some(cookies) => self.cookies(cookies, found),
            None => Ok(()),
        }
    }

    /// Why the first candidate was refused; where none opened, why the first was of which that is
    /// known.
    pub(super) fn rejection(&self, has_opened: bool) -> Option<Rejection> {
        self.refused.reason(has_opened)
    }

    /// What is known of so many cookies, if there are several.
    pub(super) fn others(&self, count: usize) -> Option<Others> {
        (count > 1).then_some(Others {
            some_unknown: count > self.opened + self.dead,
            ..self.others
        })
    }

    /// Some token would have taken a slow derivation that its peer may not have made now.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Some token was not tried, for whatever reason.
    pub(super) fn has_left_some(&self) -> bool {
        self.refused.untried || self.refused.surplus || self.is_busy
    }

    /// What may be the request's session, though it did not open here.
    pub(super) fn unopened(&self, has_opened: bool, has_cookies: bool) -> Option<Unopened> {
        if self.refused.untried || self.is_busy {
            return Some(Unopened::Untried);
        }
        let reason = self.refused.may_be_session(has_opened, has_cookies);
        reason.map(Unopened::Foreign)
    }

    /// Whether a mere visit sets no cookie. A roll-out or a wrong password, as a rule: what cannot
    /// be read must not be destroyed by it; nor may what has come after a logout.
    pub(super) fn spares_cookies(&self) -> bool {
        let refused = &self.refused;
        refused.header_ended
            || refused.untried
            || refused.surplus
            || refused.revoked
            || (refused.foreign.is_some() && !refused.dead)
    }

    /// The header's session. A cold token is the one that gets the derivation, since the header
    /// wins.
    fn header(&mut self, token: Option<&[u8]>, found: &mut Option<Found>) -> Result<(), Error> {
        let Some(token) = token else {
            return Ok(());
        };
        let mut tried = match token.len() > self.config.max_token_len {
            true => Err(Rejection::TooLarge.into()),
            false => self.try_warm(token),
        };
        if has_failed(&tried, ErrorKind::Cold) {
            if self.caller.warm_only {
                return Err(Error::cold());
            }
            tried = self.try_cold(token);
        }
        self.admit(&mut tried);
        match tried {
            Ok(opened) => {
                *found = Some(Found {
                    opened,
                    source: Source::Header,
                    cookies: 0,
                    token_len: token.len(),
                    mark: None,
                });
                return Ok(());
            }
            Err(Refusal::Token(reason, fate)) => self.refused.header(reason, fate),
            Err(Refusal::Failed(error)) if waits(&error) => self.is_busy = true,
            Err(Refusal::Failed(error)) => return Err(error),
        }
        self.refused.candidates += 1;
        Ok(())
    }

    /// The newest session among the cookies: the others are stale ones, of another path or domain.
    ///
    /// Which is the newest shows only once all were opened. So whoever wants no slow derivation is
    /// told that there is one to be made, also where some cookie has opened without: else a stale
    /// cookie that is warm would pass for the session for ever.
    fn cookies(
        &mut self,
        cookies: &SessionCookies<'a>,
        newest: &mut Option<Found>,
    ) -> Result<(), Error> {
        self.seen = cookies.seen().collect();
        let mut cold = ColdTokens::new();
        let (_, has_more) = cookies.count();
        self.refused.surplus |= has_more;
        if cookies.is_nonsense() {
            self.refuse(self.refused.candidates, Rejection::Malformed, Fate::Dead);
            self.refused.candidates += 1;
        }
        for token in cookies.tokens() {
            let candidate = self.refused.candidates;
            self.refused.candidates += 1;
            match token {
                Ok(token) => self.try_cookie(candidate, token, newest, &mut cold)?,
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
            let tried = self.try_cold(&token.text);
            self.take(candidate, token, tried, newest)?;
            // With that key, others may open as well.
            for (candidate, token) in std::mem::take(&mut cold).into_iter().flatten() {
                self.try_cookie(candidate, token, newest, &mut cold)?;
            }
        }
        self.refused.untried |= !cold.is_empty();
        Ok(())
    }

    /// Opens a cookie's token if that takes no slow derivation.
    fn try_cookie<'c>(
        &mut self,
        candidate: usize,
        token: Token<'c>,
        newest: &mut Option<Found>,
        cold: &mut ColdTokens<'c>,
    ) -> Result<(), Error> {
        let tried = self.try_warm(&token.text);
        if has_failed(&tried, ErrorKind::Cold) {
            cold.push(Some((candidate, token)));
            return Ok(());
        }
        self.take(candidate, token, tried, newest)
    }

    fn take(
        &mut self,
        candidate: usize,
        token: Token<'_>,
        mut tried: Tried,
        newest: &mut Option<Found>,
    ) -> Result<(), Error> {
        self.admit(&mut tried);
        match tried {
            Ok(opened) => {
                self.others.seen_at = self.others.seen_at.max(opened.seen_at_there);
                let end = opened.record.end(&self.config.limits);
                self.others.end = self.others.end.max(end);
                self.others.some_endless |= end.is_none();
                self.opened += 1;
                if newest
                    .as_ref()
                    .is_none_or(|before| !before.is_newer_than(&opened))
                {
                    *newest = Some(Found {
                        opened,
                        source: Source::Cookie,
                        cookies: token.cookies(),
                        token_len: token.text.len(),
                        mark: Some(token.mark()),
                    });
                }
            }
            Err(Refusal::Token(reason, fate)) => self.refuse(candidate, reason, fate),
            Err(Refusal::Failed(error)) if !waits(&error) => return Err(error),
            // It would have had to wait for the next request anyway.
            Err(Refusal::Failed(_)) if self.has_derived => self.refused.untried = true,
            Err(Refusal::Failed(_)) => self.is_busy = true,
        }
        Ok(())
    }

    fn refuse(&mut self, candidate: usize, reason: Rejection, fate: Fate) {
        self.dead += usize::from(matches!(fate, Fate::Dead | Fate::Revoked));
        self.refused.token(candidate, reason, fate);
    }

    /// Opens a token if that takes no slow derivation.
    fn try_warm(&self, token: &[u8]) -> Tried {
        let caller = Caller {
            warm_only: true,
            ..self.caller
        };
        self.config.seals.open(token, self.now, caller)
    }

    fn try_cold(&mut self, token: &[u8]) -> Tried {
        let tried = self.config.seals.open(token, self.now, self.caller);
        self.has_derived = !has_failed(&tried, ErrorKind::Busy);
        tried
    }

    fn admit(&self, tried: &mut Tried) {
        let seen = self.seen.iter().copied();
        admit(self.config, tried, seen, self.now, self.check);
    }
}

fn has_failed(tried: &Tried, kind: ErrorKind) -> bool {
    matches!(tried, Err(Refusal::Failed(error)) if error.kind() == kind)
}

/// Whether a token was only not tried, since that takes a slow derivation.
fn waits(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Cold | ErrorKind::Busy)
}

/// Refuses what has opened if its session has ended, and brings its times up to what is known.
///
/// `seen` is what may say that it was seen later than its token does.
pub(super) fn admit<'v>(
    config: &Inner,
    tried: &mut Tried,
    seen: impl Iterator<Item = &'v [u8]>,
    now: i64,
    revoked: Option<Check<'_>>,
) {
    if let Ok(opened) = tried
        && let Err(refusal) = check(config, opened, seen, now, revoked)
    {
        *tried = Err(refusal);
    }
}

fn check<'v>(
    config: &Inner,
    opened: &mut Opened,
    seen: impl Iterator<Item = &'v [u8]>,
    now: i64,
    revoked: Option<Check<'_>>,
) -> Result<(), Refusal> {
    if let Some(at) = config.seals.seen_beside(opened, seen, now)?
        && at > opened.record.seen_at()
    {
        // Which of two tokens is the newer one is still for themselves to tell: else a read whose
        // answer comes late could lift an older one above what has taken its place.
        opened.record.last_seen_at = Some(at);
    }
    if opened.record.is_from_the_future(now) {
        // This clock may be the wrong one.
        return Err(Rejection::Malformed.of_foreign());
    }
    opened.record.bring_back_to(now);
    let of_unknown_age = opened.is_of_unknown_age();
    if let Err(reason) = opened.record.check(&config.limits, now) {
        // Its framework, which asks for no age, may well go on with it until its own end.
        let lives_there = opened.record.expires_at.is_none_or(|end| now <= end);
        return Err(match of_unknown_age && lives_there {
            true => reason.of_foreign(),
            false => reason.into(),
        });
    }
    if let Some(revoked) = revoked {
        let made = opened.format.made_at_latest(opened.record.created_at);
        revoked.check(&opened.record, made, of_unknown_age)?;
    }
    // (Where sessions can be revoked it stays as old as the token says: all that are made of one
    // such token have one id, and what revokes it has to outlast them all.)
    if opened.lacked_id && revoked.is_none() {
        opened.record.created_at = now;
    }
    Ok(())
}

impl Found {
    /// At a tie it is the later one in the header, since browsers send the older cookie of one path
    /// first, unless the tokens tell which was sealed later. What had no id is older than all that
    /// have one.
    fn is_newer_than(&self, later: &Opened) -> bool {
        let age = |opened: &Opened| (!opened.lacked_id, opened.seen_at_there);
        let this = &self.opened;
        match age(this).cmp(&age(later)) {
            Ordering::Equal => (this.sealed_order)
                .zip(later.sealed_order)
                .is_some_and(|(own, other)| own > other),
            older_or_newer => older_or_newer.is_gt(),
        }
    }
}
