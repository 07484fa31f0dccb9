//! What tokens are sealed in: the options under `seal`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::json::one_of;
use crate::Error;

mod check;
mod derivation;
mod effects;
mod format;

pub use self::format::Format;

/// How Fe26.2 encrypts.
///
/// ```
/// use h3s::{Encryption, Format, KeyDerivation, SealOptions};
///
/// let seal = SealOptions::new(Format::H3v2)
///     .encryption(Encryption::Aes128Ctr, KeyDerivation::new())
///     .integrity(KeyDerivation::new());
/// # let _ = seal;
/// assert_eq!("aes-128-ctr".parse(), Ok(Encryption::Aes128Ctr));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encryption {
    /// `aes-256-cbc`, h3's default.
    Aes256Cbc,
    /// `aes-128-ctr`.
    Aes128Ctr,
}

/// How Fe26.2 makes a key of a password: by PBKDF2 with a random salt.
///
/// ```
/// let derivation = h3s::KeyDerivation::new().iterations(1);
/// # let _ = derivation;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct KeyDerivation {
    salt_bits: usize,
    iterations: u32,
    min_password_len: usize,
}

/// Which formats seal and open tokens. All but `format`, `accept` and `migrate` are for Fe26.2, and
/// h3's own options.
///
/// ```
/// use h3s::{Config, Format, Options, SealOptions};
///
/// // A Nuxt application beside reads what is written here, and h3s1 tokens stay valid.
/// let seal = SealOptions::new(Format::H3v1).accept([Format::H3v1, Format::H3s1]);
/// let options = Options::new("correct horse battery staple, and more of it").seal(seal);
/// let config = Config::new(options)?;
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SealOptions {
    format: Format,
    accept: Option<Vec<Format>>,
    migrate: bool,
    iterations: Option<u32>,
    /// Some(None): for ever.
    ttl: Option<Option<Duration>>,
    timestamp_skew: Option<Duration>,
    localtime_offset_ms: Option<i64>,
    encryption: Option<(Encryption, KeyDerivation)>,
    integrity: Option<KeyDerivation>,
}

impl Encryption {
    const WORDS: &[(&str, Encryption)] = &[
        ("aes-256-cbc", Encryption::Aes256Cbc),
        ("aes-128-ctr", Encryption::Aes128Ctr),
    ];
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encryption::Aes256Cbc => "aes-256-cbc",
            Encryption::Aes128Ctr => "aes-128-ctr",
        })
    }
}

/// In upper or lower case.
impl FromStr for Encryption {
    type Err = Error;

    fn from_str(text: &str) -> Result<Encryption, Error> {
        one_of(Encryption::WORDS, text)
            .map_err(|message| Error::config("seal.encryption.algorithm", message))
    }
}

impl KeyDerivation {
    /// The defaults of h3 2: 256 bits of salt, 8,192 iterations, 32 characters of password.
    ///
    /// ```
    /// let derivation = h3s::KeyDerivation::new();
    /// # let _ = derivation;
    /// ```
    pub fn new() -> KeyDerivation {
        KeyDerivation {
            salt_bits: 256,
            iterations: 8192,
            min_password_len: 32,
        }
    }

    /// How many random bits the salt has, 1 to 512. `saltBits` in JSON.
    ///
    /// ```
    /// let derivation = h3s::KeyDerivation::new().salt_bits(128);
    /// # let _ = derivation;
    /// ```
    pub fn salt_bits(self, salt_bits: usize) -> Self {
        KeyDerivation { salt_bits, ..self }
    }

    /// The iterations of PBKDF2, 1 to 10,000,000. `iterations` in JSON.
    ///
    /// ```
    /// let derivation = h3s::KeyDerivation::new().iterations(100_000);
    /// # let _ = derivation;
    /// ```
    pub fn iterations(self, iterations: u32) -> Self {
        KeyDerivation { iterations, ..self }
    }

    /// The shortest password in UTF-16 code units, which is how h3 counts, 1 to 1,024.
    /// `minPasswordlength` in JSON.
    ///
    /// ```
    /// let derivation = h3s::KeyDerivation::new().min_password_len(64);
    /// # let _ = derivation;
    /// ```
    pub fn min_password_len(self, min_password_len: usize) -> Self {
        KeyDerivation {
            min_password_len,
            ..self
        }
    }
}

impl Default for KeyDerivation {
    fn default() -> KeyDerivation {
        KeyDerivation::new()
    }
}

/// Each is `seal.…` in JSON, in camel case.
impl SealOptions {
    /// A format that seals, and alone opens.
    ///
    /// ```
    /// let seal = h3s::SealOptions::new(h3s::Format::H3v2);
    /// # let _ = seal;
    /// ```
    pub fn new(format: Format) -> SealOptions {
        SealOptions {
            format,
            accept: None,
            migrate: false,
            iterations: None,
            ttl: None,
            timestamp_skew: None,
            localtime_offset_ms: None,
            encryption: None,
            integrity: None,
        }
    }

    /// The formats that open, the one that seals among them.
    ///
    /// ```
    /// use h3s::{Format, SealOptions};
    ///
    /// let seal = SealOptions::new(Format::H3s1).accept([Format::H3s1, Format::H3v2]);
    /// # let _ = seal;
    /// ```
    pub fn accept(self, formats: impl IntoIterator<Item = Format>) -> Self {
        let accept = Some(formats.into_iter().collect());
        SealOptions { accept, ..self }
    }

    /// Whether reads move a session to the format that seals; else its next write does.
    ///
    /// ```
    /// use h3s::{Format, SealOptions};
    ///
    /// let formats = [Format::H3s1, Format::H3v2];
    /// let seal = SealOptions::new(Format::H3s1).accept(formats).migrate(true);
    /// # let _ = seal;
    /// ```
    pub fn migrate(self, migrate: bool) -> Self {
        SealOptions { migrate, ..self }
    }

    /// The iterations of PBKDF2 in [`Format::H3v2`]; 8,192 by default. [`Format::H3v1`] always has
    /// 1. In place of [`SealOptions::encryption`] and [`SealOptions::integrity`].
    ///
    /// ```
    /// use h3s::{Format, SealOptions};
    ///
    /// let seal = SealOptions::new(Format::H3v2).iterations(1);
    /// # let _ = seal;
    /// ```
    pub fn iterations(self, iterations: u32) -> Self {
        let iterations = Some(iterations);
        SealOptions { iterations, ..self }
    }

    /// How long a token lives from when it is sealed, in whole milliseconds; None: for ever. By
    /// default as long as [`Options::max_age`](crate::Options::max_age), else
    /// [`Options::idle_timeout`](crate::Options::idle_timeout).
    ///
    /// ```
    /// use h3s::{Format, SealOptions};
    ///
    /// let seal = SealOptions::new(Format::H3v1).ttl(None);
    /// # let _ = seal;
    /// ```
    pub fn ttl(self, ttl: impl Into<Option<Duration>>) -> Self {
        let ttl = Some(ttl.into());
        SealOptions { ttl, ..self }
    }

    /// How much the clocks of machines may differ, in whole seconds; a minute by default.
    /// `timestampSkewSec` in JSON.
    ///
    /// ```
    /// use std::time::Duration;
    /// use h3s::{Format, SealOptions};
    ///
    /// let seal = SealOptions::new(Format::H3v1).timestamp_skew(Duration::from_secs(5));
    /// # let _ = seal;
    /// ```
    pub fn timestamp_skew(self, skew: Duration) -> Self {
        let timestamp_skew = Some(skew);
        SealOptions {
            timestamp_skew,
            ..self
        }
    }

    /// What is added to this machine's clock, in milliseconds. `localtimeOffsetMsec` in JSON.
    ///
    /// ```
    /// use h3s::{Format, SealOptions};
    ///
    /// let seal = SealOptions::new(Format::H3v1).localtime_offset_ms(-1_500);
    /// # let _ = seal;
    /// ```
    pub fn localtime_offset_ms(self, offset_ms: i64) -> Self {
        let localtime_offset_ms = Some(offset_ms);
        SealOptions {
            localtime_offset_ms,
            ..self
        }
    }

    /// How tokens are encrypted, and how the key for it is derived.
    ///
    /// ```
    /// use h3s::{Encryption, Format, KeyDerivation, SealOptions};
    ///
    /// let seal = SealOptions::new(Format::H3v2)
    ///     .encryption(Encryption::Aes256Cbc, KeyDerivation::new().iterations(1))
    ///     .integrity(KeyDerivation::new().iterations(1));
    /// # let _ = seal;
    /// ```
    pub fn encryption(self, encryption: Encryption, derivation: KeyDerivation) -> Self {
        let encryption = Some((encryption, derivation));
        SealOptions { encryption, ..self }
    }

    /// How the key is derived that authenticates tokens.
    ///
    /// ```
    /// use h3s::{Format, KeyDerivation, SealOptions};
    ///
    /// let seal = SealOptions::new(Format::H3v2).integrity(KeyDerivation::new());
    /// # let _ = seal;
    /// ```
    pub fn integrity(self, derivation: KeyDerivation) -> Self {
        let integrity = Some(derivation);
        SealOptions { integrity, ..self }
    }
}

impl Default for SealOptions {
    fn default() -> SealOptions {
        SealOptions::new(Format::H3s1)
    }
}

impl From<Format> for SealOptions {
    fn from(format: Format) -> SealOptions {
        SealOptions::new(format)
    }
}
