//! Reads the options under `seal`, and decides what depends on several of them.

use super::{Encryption, Format, KeyDerivation, SealOptions};
use crate::Error;
use crate::clock::LONGEST_LIFETIME_SEC;
use crate::cookie::MAX_CHUNKS;
use crate::limits::Limits;
use crate::options::json::{Reader, Value};
use crate::options::span::Span;
use crate::seal::{self, Iterations, fe26};

const TTL: Span = Span::new(0, LONGEST_LIFETIME_SEC as i64 * 1000).of(" of milliseconds");
const SKEW: Span = Span::new(0, 365 * 86_400).of(" of seconds");
const OFFSET: Span = Span::new(-10 * 365 * 86_400 * 1000, 10 * 365 * 86_400 * 1000);
const ITERATIONS: Span = Span::new(1, 10_000_000);
/// Salts are hexadecimal, and have at most 128 digits.
const SALT_BITS: Span = Span::new(1, 512);
const MIN_PASSWORD_LEN: Span = Span::new(1, 1024);

const ACCEPTED: &str = "a list of formats, e.g. [\"h3s1\", \"h3-2\"], each once";
const FE26_ONLY: &str = "this option is for the formats \"h3-1\" and \"h3-2\": set seal.format \
     to one, list it in seal.accept, or remove this option";
/// What seals and opens at h3 1.x, iron-session and @hapi/iron: no slow step at all.
const H3_1_ITERATIONS: u32 = 1;
const H3_2_ITERATIONS: u32 = 8192;
/// The password that h3s1 wants at least, in UTF-16 units.
const MIN_PASSWORD_UNITS: usize = 32;

/// Checked options of seals.
pub(in crate::options) struct Seal {
    pub(in crate::options) format: seal::Format,
    pub(in crate::options) accepts_h3s1: bool,
    /// There if Fe26.2 is accepted.
    pub(in crate::options) fe26: Option<fe26::Options>,
    /// How many cookies a write may make, unless the options say.
    pub(in crate::options) max_chunks: usize,
}

const READERS: &[Reader<SealOptions>] = &[
    ("format", |seal, value| {
        format(value).map(|format| seal.format = format)
    }),
    ("accept", |seal, value| {
        formats(value).map(|formats| seal.accept = Some(formats))
    }),
    ("migrate", |seal, value| {
        value.boolean().map(|migrate| seal.migrate = migrate)
    }),
    ("iterations", |seal, value| {
        value
            .integer(&ITERATIONS)
            .map(|iterations| seal.iterations = Some(iterations))
    }),
    ("ttl", |seal, value| {
        let ttl = value.milliseconds(&TTL)?;
        seal.ttl = Some(Some(ttl).filter(|ttl| !ttl.is_zero()));
        Ok(())
    }),
    ("timestampSkewSec", |seal, value| {
        value
            .seconds(&SKEW)
            .map(|skew| seal.timestamp_skew = Some(skew))
    }),
    ("localtimeOffsetMsec", |seal, value| {
        value
            .integer(&OFFSET)
            .map(|offset| seal.localtime_offset_ms = Some(offset))
    }),
    ("encryption", |seal, value| {
        let encryption = derivation(value, Encryption::WORDS)?;
        seal.encryption = Some(encryption);
        Ok(())
    }),
    ("integrity", |seal, value| {
        let (_, integrity) = derivation(value, &[("sha256", ())])?;
        seal.integrity = Some(integrity);
        Ok(())
    }),
];

impl SealOptions {
    pub(in crate::options) fn from_value(value: &Value<'_>) -> Result<SealOptions, Error> {
        if value.is_string() {
            return format(value).map(SealOptions::new);
        }
        let mut seal = SealOptions::default();
        value.read_into(&mut seal, READERS, "the name of a format, or an object")?;
        Ok(seal)
    }

    /// `legacy` is `legacySealFallback`.
    pub(in crate::options) fn check(&self, legacy: Option<bool>) -> Result<Seal, Error> {
        self.check_accept()?;
        let is_fe26 = self.accepts(Format::H3v1) || self.accepts(Format::H3v2);
        if !is_fe26 && let Some(key) = self.first_of_fe26(legacy) {
            return Err(Error::config(key, FE26_ONLY));
        }
        Ok(Seal {
            format: match self.format {
                Format::H3s1 => seal::Format::H3s1,
                Format::H3v1 | Format::H3v2 => seal::Format::Fe26(Iterations::Own),
            },
            accepts_h3s1: self.accepts(Format::H3s1),
            fe26: is_fe26.then(|| self.fe26(legacy)).transpose()?,
            max_chunks: match self.format {
                Format::H3s1 => 3,
                // What h3 1 can read.
                Format::H3v1 => 1,
                // As in h3 2.
                Format::H3v2 => MAX_CHUNKS,
            },
        })
    }

    pub(in crate::options) fn migrates(&self) -> bool {
        self.migrate
    }

    /// Refuses a `ttl` by which a token ends before a read may slide its session.
    pub(in crate::options) fn check_outlives(
        &self,
        limits: &Limits,
        refresh: bool,
    ) -> Result<(), Error> {
        match (self.ttl_ms()?, limits.idle_timeout) {
            (Some(ttl @ 1..), Some(idle)) if refresh && ttl <= idle / 2 => Err(Error::config(
                "seal.ttl",
                "the token ends before a read may slide the session, which takes more than half \
                 of idleTimeout: make it longer, or remove it",
            )),
            _ => Ok(()),
        }
    }

    /// The shortest password, in UTF-16 units as h3 counts them: 32, unless only Fe26.2 is used and
    /// its options, which may also ask for more, ask for less.
    pub(in crate::options) fn min_password_units(&self) -> usize {
        let default = KeyDerivation::new();
        let encryption = self.encryption.as_ref().map(|(_, derivation)| derivation);
        let fe26 = [encryption, self.integrity.as_ref()]
            .map(|given| given.unwrap_or(&default).min_password_len)
            .into_iter()
            .max();
        let fe26 = fe26.filter(|_| self.accepts(Format::H3v1) || self.accepts(Format::H3v2));
        let h3s1 = Some(MIN_PASSWORD_UNITS).filter(|_| self.accepts(Format::H3s1));
        fe26.max(h3s1).unwrap_or(MIN_PASSWORD_UNITS)
    }

    fn accepts(&self, format: Format) -> bool {
        match &self.accept {
            Some(formats) => formats.contains(&format),
            None => self.format == format,
        }
    }

    fn check_accept(&self) -> Result<(), Error> {
        let Some(formats) = &self.accept else {
            return Ok(());
        };
        let is_twice =
            |format: &Format| formats.iter().filter(|other| *other == format).count() > 1;
        if formats.iter().any(is_twice) {
            return Err(Error::config("seal.accept", ACCEPTED));
        }
        if !self.accepts(self.format) {
            return Err(Error::config(
                "seal.accept",
                "the format that seals (seal.format) must be among them",
            ));
        }
        Ok(())
    }

    /// An option that is given, and that other formats have no use for.
    fn first_of_fe26(&self, legacy: Option<bool>) -> Option<&'static str> {
        let given = [
            ("seal.iterations", self.iterations.is_some()),
            ("seal.ttl", self.ttl.is_some()),
            ("seal.timestampSkewSec", self.timestamp_skew.is_some()),
            (
                "seal.localtimeOffsetMsec",
                self.localtime_offset_ms.is_some(),
            ),
            ("seal.encryption", self.encryption.is_some()),
            ("seal.integrity", self.integrity.is_some()),
            ("legacySealFallback", legacy.is_some()),
        ];
        given
            .iter()
            .find(|(_, is_given)| *is_given)
            .map(|(key, _)| *key)
    }

    /// Fe26.2's options where one or both of h3's formats are accepted.
    fn fe26(&self, legacy: Option<bool>) -> Result<fe26::Options, Error> {
        let default = fe26::Options::default();
        let own = self.own();
        let iterations = self.own_iterations(own)?;
        let cipher = match self.encryption {
            Some((Encryption::Aes128Ctr, _)) => fe26::Cipher::Aes128Ctr,
            _ => fe26::Cipher::Aes256Cbc,
        };
        let encryption = self.encryption.as_ref().map(|(_, derivation)| derivation);
        let encryption = checked("seal.encryption", encryption, iterations)?;
        let integrity = checked("seal.integrity", self.integrity.as_ref(), iterations)?;
        let other = self.other_iterations(own, legacy, integrity.iterations)?;
        let skew = self.timestamp_skew;
        let skew = skew.map(|skew| SKEW.check_seconds("seal.timestampSkewSec", skew));
        let offset = self.localtime_offset_ms;
        let offset = offset.map(|offset| OFFSET.check("seal.localtimeOffsetMsec", offset));
        Ok(fe26::Options {
            ttl_ms: self.ttl_ms()?,
            skew_ms: skew.transpose()?.map_or(default.skew_ms, |sec| sec * 1000),
            offset_ms: offset.transpose()?.unwrap_or(default.offset_ms),
            cipher,
            encryption,
            integrity,
            other,
        })
    }

    /// The format whose number of iterations is Fe26.2's own; the other's opens too.
    fn own(&self) -> Format {
        if self.format == Format::H3v1 || !self.accepts(Format::H3v2) {
            Format::H3v1
        } else {
            Format::H3v2
        }
    }

    fn own_iterations(&self, own: Format) -> Result<u32, Error> {
        let key = "seal.iterations";
        let Some(given) = self.iterations else {
            return Ok(match own {
                Format::H3v1 => H3_1_ITERATIONS,
                _ => H3_2_ITERATIONS,
            });
        };
        ITERATIONS.check(key, given)?;
        if self.encryption.is_some() || self.integrity.is_some() {
            return Err(Error::config(
                key,
                "seal.encryption and seal.integrity say it already: remove it, or them",
            ));
        }
        if own == Format::H3v1 && given != H3_1_ITERATIONS {
            return Err(Error::config(
                key,
                "\"h3-1\" has 1 iteration: use \"h3-2\" for another number, or remove this option",
            ));
        }
        Ok(given)
    }

    /// Another number of iterations that opens beside the own one.
    fn other_iterations(
        &self,
        own: Format,
        legacy: Option<bool>,
        integrity: u32,
    ) -> Result<Option<u32>, Error> {
        let refused = |message| Err(Error::config("legacySealFallback", message));
        let other = match (own, legacy) {
            (Format::H3v1, Some(_)) => {
                return refused(
                    "\"h3-1\" itself has 1 iteration, so there is nothing to fall back to: remove \
                     this option",
                );
            }
            (Format::H3v1, None) => self.accepts(Format::H3v2).then_some(H3_2_ITERATIONS),
            (_, Some(false)) if self.accepts(Format::H3v1) => {
                return refused("false refuses what seal.accept lists as \"h3-1\": remove one");
            }
            (_, Some(false)) => None,
            _ => Some(H3_1_ITERATIONS),
        };
        let other = other.filter(|other| *other != integrity);
        match other {
            Some(other @ 2..) if integrity > 1 => Err(Error::config(
                "seal.integrity.iterations",
                format!(
                    "one request makes one slow derivation, so only one number of iterations may \
                     be above 1, and seal.accept asks for {other} as well"
                ),
            )),
            other => Ok(other),
        }
    }

    fn ttl_ms(&self) -> Result<Option<i64>, Error> {
        let milliseconds = |ttl: Option<_>| match ttl {
            Some(ttl) => TTL.check_milliseconds("seal.ttl", ttl),
            None => Ok(0),
        };
        self.ttl.map(milliseconds).transpose()
    }
}

/// A derivation as it is given, or h3's with another number of iterations.
fn checked(
    key: &str,
    given: Option<&KeyDerivation>,
    iterations: u32,
) -> Result<fe26::Derivation, Error> {
    let default = KeyDerivation::new().iterations(iterations);
    let given = given.unwrap_or(&default);
    let key = |name| format!("{key}.{name}");
    SALT_BITS.check(&key("saltBits"), given.salt_bits)?;
    ITERATIONS.check(&key("iterations"), given.iterations)?;
    MIN_PASSWORD_LEN.check(&key("minPasswordlength"), given.min_password_len)?;
    Ok(fe26::Derivation {
        salt_len: given.salt_bits.div_ceil(8) * 2,
        iterations: given.iterations,
    })
}

fn format(value: &Value<'_>) -> Result<Format, Error> {
    let format = Format::named(&value.text(super::FORMATS)?);
    format.ok_or_else(|| value.error(super::no_such_format()))
}

fn formats(value: &Value<'_>) -> Result<Vec<Format>, Error> {
    value.array(ACCEPTED)?.iter().map(format).collect()
}

/// `encryption` with its algorithm, or `integrity`, whose algorithm can only be `sha256`.
fn derivation<A: Copy>(
    value: &Value<'_>,
    algorithms: &[(&'static str, A)],
) -> Result<(A, KeyDerivation), Error> {
    struct Read<'a, A> {
        algorithms: &'a [(&'static str, A)],
        algorithm: Option<A>,
        derivation: KeyDerivation,
    }
    let readers: [Reader<Read<'_, A>>; 4] = [
        ("algorithm", |read, value| {
            read.algorithm = Some(value.one_of(read.algorithms)?);
            Ok(())
        }),
        ("saltBits", |read, value| {
            value
                .integer(&SALT_BITS)
                .map(|bits| read.derivation.salt_bits = bits)
        }),
        ("iterations", |read, value| {
            value
                .integer(&ITERATIONS)
                .map(|iterations| read.derivation.iterations = iterations)
        }),
        ("minPasswordlength", |read, value| {
            value
                .integer(&MIN_PASSWORD_LEN)
                .map(|len| read.derivation.min_password_len = len)
        }),
    ];
    let mut read = Read {
        algorithms,
        algorithm: None,
        derivation: KeyDerivation::new(),
    };
    value.read_into(&mut read, &readers, "an object")?;
    // h3 takes the object as it is and fills nothing in.
    let missing = readers.iter().find(|(name, _)| !value.has(name));
    match (missing, read.algorithm) {
        (None, Some(algorithm)) => Ok((algorithm, read.derivation)),
        (missing, _) => Err(value.missing(
            missing.map_or("algorithm", |(name, _)| name),
            "missing: h3 needs algorithm, saltBits, iterations and minPasswordlength, all four",
        )),
    }
}
