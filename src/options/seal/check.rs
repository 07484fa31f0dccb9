//! Reads the options under `seal`, and decides what depends on several of them.

use super::derivation::{ITERATIONS, checked, derivation};
use super::format::ACCEPTED;
use super::{Encryption, Format, KeyDerivation, SealOptions};
use crate::Error;
use crate::clock::LONGEST_LIFETIME_SEC;
use crate::cookie::MAX_CHUNKS;
use crate::limits::Limits;
use crate::options::json::{Reader, Value};
use crate::options::span::Span;
use crate::seal::{self, fe26};

const TTL: Span = Span::new(0, LONGEST_LIFETIME_SEC as i64 * 1000).of(" of milliseconds");
const SKEW: Span = Span::new(0, 365 * 86_400).of(" of seconds");
const OFFSET: Span = Span::new(-10 * 365 * 86_400 * 1000, 10 * 365 * 86_400 * 1000);

const FE26_ONLY: &str = "this option is for the formats \"h3-1\" and \"h3-2\": set seal.format \
     to one, list it in seal.accept, or remove this option";
/// What seals and opens at h3 1.x, iron-session and @hapi/iron: no slow step at all.
const H3_1_ITERATIONS: u32 = 1;
const H3_2_ITERATIONS: u32 = 8192;
/// The password that h3s1 wants at least, in UTF-16 units.
const MIN_PASSWORD_UNITS: usize = 32;
/// How long a token of iron-session lives unless its options say.
const IRON_SESSION_TTL_MS: i64 = 14 * 24 * 3600 * 1000;
/// In how many cookies iron-session 9 finds a token.
const IRON_SESSION_CHUNKS: usize = 4;

/// Checked options of seals.
pub(in crate::options) struct Seal {
    pub(in crate::options) formats: seal::Formats,
    /// How many cookies a write may make: unless the options say, and at most.
    pub(in crate::options) chunks: Chunks,
}

pub(in crate::options) struct Chunks {
    pub(in crate::options) usual: usize,
    pub(in crate::options) most: usize,
}

const READERS: &[Reader<SealOptions>] = &[
    ("format", |seal, value| {
        Format::from_value(value).map(|format| seal.format = format)
    }),
    ("accept", |seal, value| {
        Format::list_from_value(value).map(|formats| seal.accept = Some(formats))
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
            return Format::from_value(value).map(SealOptions::new);
        }
        let mut seal = SealOptions::default();
        value.read_into(&mut seal, READERS, "the name of a format, or an object")?;
        Ok(seal)
    }

    /// `legacy` is `legacySealFallback`.
    pub(in crate::options) fn check(&self, legacy: Option<bool>) -> Result<Seal, Error> {
        self.check_accept()?;
        let is_h3 = self.accepts_any(Format::is_h3);
        if !is_h3 && let Some(key) = self.first_of_fe26(legacy) {
            return Err(Error::config(key, FE26_ONLY));
        }
        let of = |usual, most| Chunks { usual, most };
        let chunks = match self.format {
            // What h3 1 can read.
            Format::H3v1 => of(1, MAX_CHUNKS),
            // As in h3 2.
            Format::H3v2 => of(MAX_CHUNKS, MAX_CHUNKS),
            // What iron-session 8 can read, and 9.
            Format::IronSession => of(1, IRON_SESSION_CHUNKS),
            _ => of(3, MAX_CHUNKS),
        };
        let formats = seal::Formats {
            seals: self.format.sealed(),
            h3s1: self.accepts(Format::H3s1),
            fe26: is_h3.then(|| self.fe26(legacy)).transpose()?,
            iron_session: self.iron_session()?,
            jwe: self.jwe(),
        };
        self.check_migrate(&formats)?;
        Ok(Seal { formats, chunks })
    }

    pub(in crate::options) fn migrates(&self) -> bool {
        self.migrate
    }

    /// Refuses limits that mean nothing in the format that seals, and a `ttl` by which a token ends
    /// before a read may slide its session.
    pub(in crate::options) fn check_limits(
        &self,
        limits: &Limits,
        refresh: bool,
    ) -> Result<(), Error> {
        let is_iron_session = self.format == Format::IronSession;
        if is_iron_session && limits.max_age.is_some() {
            return Err(Error::config(
                "maxAge",
                "a session of iron-session ends seal.ttl after it was sealed last: set that",
            ));
        }
        let is_foreign = is_iron_session || self.format.jwe().is_some();
        if is_foreign && limits.idle_timeout.is_some() {
            return Err(Error::config(
                "idleTimeout",
                "tokens of this seal.format do not say when a session was last seen: remove it",
            ));
        }
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
        let fe26 = fe26.filter(|_| self.accepts_any(Format::is_h3));
        let is_other = |format: Format| matches!(format, Format::H3s1 | Format::IronSession);
        let others = Some(MIN_PASSWORD_UNITS).filter(|_| self.accepts_any(is_other));
        // What reads only others' tokens takes any secret that they take.
        fe26.max(others).unwrap_or(1)
    }

    /// Whether ids of passwords are numbers, as iron-session has it.
    pub(in crate::options) fn wants_numbers(&self) -> bool {
        self.format == Format::IronSession
    }

    /// For how long a token lives at most where each ends by itself.
    pub(in crate::options) fn token_life(&self) -> Result<Option<i64>, Error> {
        let each_ends = !self.accepts_any(|format| format != Format::IronSession);
        let iron_session = self.iron_session()?.filter(|_| each_ends);
        let ttl =
            |options: fe26::Options| Some(options.ttl_ms.filter(|ttl| *ttl > 0)? + options.skew_ms);
        Ok(iron_session.and_then(ttl))
    }

    fn accepts(&self, format: Format) -> bool {
        self.accepts_any(|accepted| accepted == format)
    }

    pub(super) fn accepts_any(&self, mut is_one: impl FnMut(Format) -> bool) -> bool {
        match &self.accept {
            Some(formats) => formats.iter().any(|format| is_one(*format)),
            None => is_one(self.format),
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
            (
                "seal.ttl",
                self.ttl.is_some() && !self.accepts(Format::IronSession),
            ),
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
            ..default
        })
    }

    /// The options of iron-session, where that is accepted.
    fn iron_session(&self) -> Result<Option<fe26::Options>, Error> {
        let ttl_ms = self.ttl_ms()?.unwrap_or(IRON_SESSION_TTL_MS);
        Ok(self
            .accepts(Format::IronSession)
            .then(|| fe26::Options::iron_session(ttl_ms)))
    }

    /// The formats of JSON Web Encryption that are accepted.
    fn jwe(&self) -> Vec<seal::Kind> {
        let accepted = Format::ALL
            .into_iter()
            .filter(|format| self.accepts(*format));
        accepted.filter_map(Format::jwe).collect()
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
