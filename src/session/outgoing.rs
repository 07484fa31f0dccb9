//! What was sealed of a session, and what is still to be set.

use std::ops::Range;

use crate::Error;
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
    /// It has a token, but the cookies that may be due were not taken.
    Sealed { token: Token, due: Due },
    /// What was due was taken. After `clear`, and where only that it was seen was due, there is no
    /// token.
    Taken {
        token: Option<Token>,
        cookies: Cookies,
        due: Due,
    },
}

/// Where a token is.
pub(super) enum Token {
    /// With a NUL after it.
    Own(Vec<u8>),
    /// At a place in the text of the one cookie that there is.
    InCookie(Range<usize>),
}

impl Token {
    /// With its NUL.
    pub(super) fn own(&self) -> Option<&[u8]> {
        match self {
            Token::Own(token) => Some(token),
            Token::InCookie(_) => None,
        }
    }
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

    pub(super) fn is_sealed(&self) -> bool {
        match self {
            Outgoing::Unsealed { .. } => false,
            Outgoing::Sealed { .. } => true,
            Outgoing::Taken { token, .. } => token.is_some(),
        }
    }

    /// The token with its NUL, if it has one of its own.
    pub(super) fn token(&self) -> Option<&[u8]> {
        match self {
            Outgoing::Unsealed { .. } => None,
            Outgoing::Sealed { token, .. } => token.own(),
            Outgoing::Taken { token, .. } => token.as_ref()?.own(),
        }
    }

    /// Gives a token that stands in a cookie a place of its own, with a NUL after it.
    pub(super) fn copy_token(&mut self) -> Result<(), Error> {
        if let Outgoing::Taken {
            token: Some(token),
            cookies,
            ..
        } = self
            && let Token::InCookie(place) = token
        {
            let within = cookies.text(place.clone());
            let mut own = Vec::new();
            own.try_reserve_exact(within.len() + 1)
                .map_err(|_| Error::memory())?;
            own.extend_from_slice(within);
            own.push(0);
            *token = Token::Own(own);
        }
        Ok(())
    }

    /// Takes it back to what was not yet sealed, and gives the token away, if it is no cookie's.
    pub(super) fn take_token(&mut self) -> Option<Token> {
        let unsealed = Outgoing::Unsealed {
            due: self.due(),
            id_is_open: self.id_is_open(),
        };
        let token = match std::mem::replace(self, unsealed) {
            Outgoing::Unsealed { .. } => None,
            Outgoing::Sealed { token, .. } => Some(token),
            Outgoing::Taken { token, .. } => token,
        };
        token.filter(|token| token.own().is_some())
    }
}
