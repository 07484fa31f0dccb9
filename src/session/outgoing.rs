//! What was sealed of a session, and what is still to be set.

use crate::cookie::Cookies;

/// How far a session is on its way out. Something is due once it was written to, or where a read
/// seals it again.
pub(super) enum Outgoing {
    /// It was not sealed since it came or was changed last. Its id may be set while it is new or
    /// just rotated.
    Unsealed { is_due: bool, id_is_open: bool },
    /// It has a token, with a NUL after it, but the cookies that may be due were not taken.
    Sealed { token: Vec<u8>, is_due: bool },
    /// What was due was taken. After `clear` there is no token.
    Taken {
        token: Option<Vec<u8>>,
        cookies: Cookies,
    },
}

impl Outgoing {
    /// Whether the response has to set something, be it taken already or not.
    pub(super) fn is_due(&self) -> bool {
        match self {
            Outgoing::Unsealed { is_due, .. } | Outgoing::Sealed { is_due, .. } => *is_due,
            Outgoing::Taken { .. } => true,
        }
    }

    pub(super) fn is_taken(&self) -> bool {
        matches!(self, Outgoing::Taken { .. })
    }

    pub(super) fn is_unsealed(&self) -> bool {
        matches!(self, Outgoing::Unsealed { .. })
    }

    pub(super) fn id_is_open(&self) -> bool {
        match self {
            Outgoing::Unsealed { id_is_open, .. } => *id_is_open,
            _ => false,
        }
    }

    /// The token, with its NUL.
    pub(super) fn token(&self) -> Option<&[u8]> {
        match self {
            Outgoing::Unsealed { .. } => None,
            Outgoing::Sealed { token, .. } => Some(token),
            Outgoing::Taken { token, .. } => token.as_deref(),
        }
    }

    /// Takes it back to what was not yet sealed, and gives the token away.
    pub(super) fn take_token(&mut self) -> Option<Vec<u8>> {
        let unsealed = Outgoing::Unsealed {
            is_due: self.is_due(),
            id_is_open: self.id_is_open(),
        };
        match std::mem::replace(self, unsealed) {
            Outgoing::Unsealed { .. } => None,
            Outgoing::Sealed { token, .. } => Some(token),
            Outgoing::Taken { token, .. } => token,
        }
    }
}
