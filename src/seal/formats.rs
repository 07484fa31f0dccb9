//! Which formats a config seals and opens.

use super::fe26;
use super::format::Format;
use super::kind::Kind;

/// What the chunks of a session's cookie are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChunkNames {
    /// `name.1` to `name.100`, as in h3.
    FromOne,
    /// `name.0` as well, as in iron-session and Auth.js.
    FromZero,
    /// `name__0` and so on as well, as in nextjs-auth0.
    Auth0,
}

/// The formats of a config: checked options.
pub(crate) struct Formats {
    /// What seals.
    pub(crate) seals: Format,
    pub(crate) h3s1: bool,
    /// There if h3's Fe26.2 is accepted.
    pub(crate) fe26: Option<fe26::Options>,
    /// There if iron-session's is.
    pub(crate) iron_session: Option<fe26::Options>,
    /// Which of the others' are.
    pub(crate) jwe: Vec<Kind>,
}

impl Formats {
    /// Whether the passwords themselves are needed, and not only keys that are derived of all.
    pub(crate) fn need_passwords(&self) -> bool {
        self.fe26.is_some() || self.iron_session.is_some() || !self.jwe.is_empty()
    }

    /// Whether sessions have the same id in each of their tokens.
    pub(crate) fn keep_ids(&self) -> bool {
        self.iron_session.is_none() && self.jwe.iter().all(|kind| kind.keeps_id())
    }

    /// What chunks are called that a request may bring.
    pub(crate) fn chunk_names(&self) -> ChunkNames {
        if self.jwe.contains(&Kind::Auth0) {
            ChunkNames::Auth0
        } else if self.iron_session.is_some() || !self.jwe.is_empty() {
            ChunkNames::FromZero
        } else {
            ChunkNames::FromOne
        }
    }
}
