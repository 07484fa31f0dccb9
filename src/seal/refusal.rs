//! Why a token did not open, and for whom it is opened.

use crate::request::Request;
use crate::{Error, Rejection};

/// Who wants a token opened, and what it may cost.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) peer: &'a [u8],
    pub(crate) warm_only: bool,
    /// A slow derivation may be made for each password that a token without an id may be under, and
    /// not only for one.
    pub(crate) tries_all: bool,
}

impl<'a> Caller<'a> {
    /// What is not tried at this request has its turn at the next one.
    pub(crate) fn new(request: &Request<'a>) -> Caller<'a> {
        Caller {
            peer: request.peer,
            warm_only: request.warm_only,
            tries_all: false,
        }
    }

    /// A bare token has no other turn: there is no session to be made in its place.
    pub(crate) fn of_bare_token(request: &Request<'a>) -> Caller<'a> {
        Caller {
            tries_all: true,
            ..Caller::new(request)
        }
    }
}

/// Why a token did not open.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It was refused.
    Token(Rejection, Fate),
    /// The call failed, which says nothing of the token.
    Failed(Error),
}

/// What a token may be good for that was refused. Only a dead one may be replaced by a mere visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// For nothing: it is forged, damaged, or its session has ended.
    Dead,
    /// For a server with another password, format, number of iterations, limit or clock.
    Foreign,
    /// For this one: not every password was tried on it.
    Untried,
    /// For nothing: it was revoked. But its place may be another one's by now: a late answer to a
    /// request from before the logout must not replace the cookie of the next login.
    Revoked,
}

impl Rejection {
    /// A refusal of what may be good elsewhere.
    pub(crate) fn of_foreign(self) -> Refusal {
        Refusal::Token(self, Fate::Foreign)
    }
}

impl From<Rejection> for Refusal {
    fn from(reason: Rejection) -> Refusal {
        match reason {
            Rejection::UnsupportedFormat | Rejection::UnknownKey | Rejection::TooLarge => {
                reason.of_foreign()
            }
            _ => Refusal::Token(reason, Fate::Dead),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Failed(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        match refusal {
            Refusal::Token(reason, _) => reason.into(),
            Refusal::Failed(error) => error,
        }
    }
}
