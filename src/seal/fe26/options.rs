//! h3's options of the format.

use crate::seal::Iterations;

/// How long a salt may be, in random bytes and in characters.
pub(super) const SALT_MAX_BYTES: usize = 64;
pub(super) const SALT_MAX_LEN: usize = 2 * SALT_MAX_BYTES;

/// h3's `seal` options, with its defaults.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// How long a token lives from when it is sealed, 0 for ever; None: as long as `maxAge`, else
    /// `idleTimeout`.
    pub(crate) ttl_ms: Option<i64>,
    /// How long after its end a token is still taken.
    pub(crate) skew_ms: i64,
    /// Added to the clock.
    pub(crate) offset_ms: i64,
    pub(crate) cipher: Cipher,
    pub(crate) encryption: Derivation,
    pub(crate) integrity: Derivation,
    /// Another number of iterations that opens too, for both keys. At most one of the two is slow.
    pub(crate) other: Option<u32>,
    /// Sessions are as iron-session has them: the payload is the data itself, a password without an
    /// id is called `1`, and `~2` follows the token.
    pub(crate) is_iron_session: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes256Cbc,
    Aes128Ctr,
}

/// How one of the two keys comes from the password.
#[derive(Clone, Debug)]
pub(crate) struct Derivation {
    /// Hexadecimal digits.
    pub(crate) salt_len: usize,
    pub(crate) iterations: u32,
}

impl Options {
    /// What iron-session leaves to choose: how long a token lives, 0 for ever.
    pub(crate) fn iron_session(ttl_ms: i64) -> Options {
        let derivation = || Derivation {
            iterations: 1,
            ..Derivation::default()
        };
        Options {
            ttl_ms: Some(ttl_ms),
            encryption: derivation(),
            integrity: derivation(),
            is_iron_session: true,
            ..Options::default()
        }
    }

    /// The other number of iterations, where that is meant.
    pub(super) fn other_if(&self, iterations: Iterations) -> Option<u32> {
        self.other.filter(|_| iterations == Iterations::Other)
    }

    /// Whether one of both keys takes a slow derivation.
    pub(super) fn is_slow(&self, iterations: Iterations) -> bool {
        let other = self.other_if(iterations);
        [&self.encryption, &self.integrity]
            .into_iter()
            .any(|derivation| other.unwrap_or(derivation.iterations) > 1)
    }

    /// Whether any token may take a slow derivation.
    pub(super) fn may_be_cold(&self) -> bool {
        let numbers = [self.encryption.iterations, self.integrity.iterations];
        numbers
            .into_iter()
            .chain(self.other)
            .any(|number| number > 1)
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            ttl_ms: None,
            skew_ms: 60_000,
            offset_ms: 0,
            cipher: Cipher::Aes256Cbc,
            encryption: Derivation::default(),
            integrity: Derivation::default(),
            other: None,
            is_iron_session: false,
        }
    }
}

impl Default for Derivation {
    fn default() -> Derivation {
        Derivation {
            salt_len: 64,
            iterations: 8192,
        }
    }
}
