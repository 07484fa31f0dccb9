//! What is known of the tokens of a request that did not open.

use crate::Rejection;
use crate::seal::Fate;

/// What was refused on the way to a session.
#[derive(Default)]
pub(super) struct Refused {
    /// How many tokens there were so far, refused or not.
    pub(super) candidates: usize,
    /// The first that was refused, by its place among them.
    first: Option<(usize, Rejection)>,
    /// The header named a session that has ended, and it must not silently become another. (The
    /// end of a Fe26.2 token stands outside its seal, so it may be forged: then whoever forged it
    /// is the one without a session.)
    pub(super) header_ended: bool,
    pub(super) dead: bool,
    /// Why the first was refused that may be valid elsewhere.
    pub(super) foreign: Option<Rejection>,
    /// The same of the header's.
    header_foreign: Option<Rejection>,
    /// Some was not tried that a later request may try.
    pub(super) untried: bool,
    /// There were more than are tried.
    pub(super) surplus: bool,
    pub(super) revoked: bool,
}

impl Refused {
    pub(super) fn header(&mut self, reason: Rejection, fate: Fate) {
        self.header_ended = matches!(
            reason,
            Rejection::Expired | Rejection::Idle | Rejection::Revoked
        );
        self.header_foreign = Some(reason).filter(|_| fate == Fate::Foreign);
        self.token(self.candidates, reason, fate);
    }

    /// Why what was refused may be the request's session all the same.
    pub(super) fn may_be_session(&self, has_opened: bool, has_cookies: bool) -> Option<Rejection> {
        let unseen = (self.header_ended && has_cookies) || (self.surplus && !has_opened);
        let first = self.first.filter(|_| unseen).map(|(_, reason)| reason);
        match has_opened {
            true => self.header_foreign,
            false => self.foreign.or(first),
        }
    }

    pub(super) fn token(&mut self, candidate: usize, reason: Rejection, fate: Fate) {
        if self.first.is_none_or(|(first, _)| candidate < first) {
            self.first = Some((candidate, reason));
        }
        match fate {
            Fate::Dead => self.dead = true,
            Fate::Foreign => self.foreign = self.foreign.or(Some(reason)),
            Fate::Untried => self.untried = true,
            Fate::Revoked => self.revoked = true,
        }
    }

    pub(super) fn reason(&self, has_opened: bool) -> Option<Rejection> {
        let (candidate, reason) = self.first?;
        (candidate == 0 || !has_opened).then_some(reason)
    }
}
