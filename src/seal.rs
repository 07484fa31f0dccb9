//! The formats of a token, and which one a token is in.

use crate::record::Record;
use crate::{Error, Rejection};

pub(crate) mod base64url;
pub(crate) mod fe26;
pub(crate) mod h3s1;

/// What a token is sealed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    H3s1,
    Fe26(Iterations),
}

/// Which number of PBKDF2 iterations a Fe26.2 token has. Servers that know only one of them cannot
/// open the others' tokens, so each token keeps its own until it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Iterations {
    /// What the options say.
    Own,
    /// The other one that is accepted as well.
    Other,
}

/// What an opened token held.
pub(crate) struct Opened {
    pub(crate) record: Record,
    pub(crate) format: Format,
    /// Its password is the one that seals today.
    pub(crate) current: bool,
    /// It had no id (Fe26.2 only): the record has a new one and begins now, as in h3.
    pub(crate) lacked_id: bool,
    /// When it was last seen, else made, by the clock of whoever sealed it, which may be ahead.
    pub(crate) seen_at_there: i64,
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

/// What the start of a token says of its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    /// Like a token of the native format.
    H3s1,
    /// Like a Fe26.2 token.
    Fe26,
    /// Like a token of another version of h3s or Fe26.
    Foreign,
    /// Like no token at all.
    Unlike,
}

/// Tells the format of a token by its prefix alone.
pub(crate) fn looks(token: &[u8]) -> Looks {
    if token.starts_with(h3s1::PREFIX) {
        Looks::H3s1
    } else if token.starts_with(fe26::PREFIX) {
        Looks::Fe26
    } else if versioned(token, b"h3s", b'.') || versioned(token, b"Fe26.", b'*') {
        Looks::Foreign
    } else {
        Looks::Unlike
    }
}

/// A prefix, digits, and a delimiter.
fn versioned(token: &[u8], prefix: &[u8], delimiter: u8) -> bool {
    let Some(rest) = token.strip_prefix(prefix) else {
        return false;
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && rest.get(digits) == Some(&delimiter)
}
