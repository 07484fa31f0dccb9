//! Which formats a config seals and opens.

use super::fe26;
use super::format::Format;

/// The formats of a config: checked options.
pub(crate) struct Formats {
    /// What seals.
    pub(crate) seals: Format,
    pub(crate) h3s1: bool,
    /// There if h3's Fe26.2 is accepted.
    pub(crate) fe26: Option<fe26::Options>,
    /// There if iron-session's is.
    pub(crate) iron_session: Option<fe26::Options>,
}

impl Formats {
    pub(crate) fn has_fe26(&self) -> bool {
        self.fe26.is_some() || self.iron_session.is_some()
    }

    /// Whether a token may come in chunks that are numbered from 0, without one that counts them.
    pub(crate) fn has_chunks_from_zero(&self) -> bool {
        self.iron_session.is_some()
    }
}
