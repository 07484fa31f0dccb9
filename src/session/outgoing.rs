//! What was sealed of a session, and what is still to be set.

use crate::cookie::Cookies;

/// What a response has to set of a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// When it was last seen, beside the token that the request brought.
    Seen,
    /// All of it: it was written to, or is sealed again.
    Session,
}

/// How far a session is on its way out.
pub(super) enum Outgoing {
    /// It was not sealed since it came or was changed last. Its id may be set while it is new or
    /// just rotated.
    Unsealed { due: Due, id_is_open: bool },
    /// It has a token, with a NUL after it, but the cookies that may be due were not taken.
    Sealed { token: Vec<u8>, due: Due },
    /// What was due was taken. After `clear`, and where only that it was seen was due, there is no
    /// token.
    Taken {
        token: Option<Vec<u8>>,
        cookies: Cookies,
        due: Due,
    },
}

impl Outgoing {
    /// What the response has to set, be it taken already or not.
    pub(super) fn due(&self) -> Due {
        match self {
            Outgoing::Unsealed { due, .. }
            | Outgoing::Sealed { due, .. }
            | Outgoing::Taken { due, .. } => *due,
        }
    }

    pub(super) fn is_due(&self) -> bool {
        self.due() != Due::Nothing
    }

    pub(super) fn is_taken(&self) -> bool {
        matches!(self, Outgoing::Taken { .. })
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
            due: self.due(),
            id_is_open: self.id_is_open(),
        };
        match std::mem::replace(self, unsealed) {
            Outgoing::Unsealed { .. } => None,
            Outgoing::Sealed { token, .. } => Some(token),
            Outgoing::Taken { token, .. } => token,
        }
    }
}
