//! The formats of a token: the only room that knows which one a token is in.
//!
//! A format is added here: a variant of [`Format`], its prefix in [`Prefix::of`], and an arm in
//! each of [`Seals`]' functions. Who calls these sees records, stamps and bytes alone.

use self::fe26::Fe26;
pub(crate) use self::format::{Around, Format, Iterations, Opened, Stamp};
pub(crate) use self::h3s1::SEEN_LEN;
pub(crate) use self::refusal::{Caller, Fate, Refusal};
use crate::buffer::Buffer;
use crate::clock::MAX_AHEAD_MS;
use crate::data::Data;
use crate::keyring::Keyring;
use crate::limits::{Limits, earlier};
use crate::record::Record;
use crate::{Error, Rejection};

pub(crate) mod base64url;
pub(crate) mod fe26;
mod format;
mod h3s1;
mod refusal;
pub(crate) mod sealed;

/// What seals and opens the tokens of one config.
pub(crate) struct Seals {
    keyring: Keyring,
    /// What seals.
    format: Format,
    accepts_h3s1: bool,
    /// There if Fe26.2 is accepted.
    fe26: Option<Fe26>,
}

impl Seals {
    pub(crate) fn new(
        keyring: Keyring,
        format: Format,
        accepts_h3s1: bool,
        fe26: Option<fe26::Options>,
    ) -> Result<Seals, Error> {
        base64url::make_ready();
        let fe26 = match fe26 {
            Some(options) => Some(Fe26::new(options, &keyring)?),
            None => None,
        };
        Ok(Seals {
            keyring,
            format,
            accepts_h3s1,
            fe26,
        })
    }

    /// The format that seals what was written.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// The passwords' keys, for what is no token.
    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Whether opening a token may take a slow key derivation.
    pub(crate) fn may_be_cold(&self) -> bool {
        self.fe26.as_ref().is_some_and(Fe26::may_be_cold)
    }

    /// A keyed hash of a session's id: 32 hexadecimal digits.
    pub(crate) fn log_id(&self, id: &[u8]) -> String {
        self.keyring.log_id(id)
    }

    /// Opens a token, if it is in an accepted format and authentic. Of its session's life nothing
    /// is checked, but for an end that stands outside the encryption.
    pub(crate) fn open(
        &self,
        token: &[u8],
        now: i64,
        caller: Caller<'_>,
    ) -> Result<Opened, Refusal> {
        match (Prefix::of(token), &self.fe26) {
            (Prefix::H3s1, _) if self.accepts_h3s1 => h3s1::open(&self.keyring, token),
            (Prefix::Fe26, Some(fe26)) => fe26.open(&self.keyring, token, now, caller),
            (Prefix::None, _) => Err(Rejection::Malformed.into()),
            _ => Err(Rejection::UnsupportedFormat.into()),
        }
    }

    /// What sealing a record now would say of it.
    pub(crate) fn stamp<'a>(
        &self,
        format: Format,
        record: &'a Record,
        limits: &Limits,
        now: i64,
    ) -> Stamp<'a> {
        let created_at = record.created_at;
        let last_seen_at = limits.idle_timeout.map(|_| now).or(record.last_seen_at);
        let of_this = limits.of(record.lifetime);
        let end = match format.slides_beside() {
            true => of_this.max_age_end(created_at),
            false => of_this.end(created_at, last_seen_at.unwrap_or(created_at)),
        };
        let (expiration, token_end) = match (format, &self.fe26) {
            (Format::Fe26(_), Some(fe26)) => fe26.expiration(limits, now).unzip(),
            _ => (None, None),
        };
        Stamp {
            format,
            id: record.id(),
            created_at,
            last_seen_at,
            expires_at: earlier(end, token_end),
            lifetime: record.lifetime,
            expiration,
            extra: &record.extra,
        }
    }

    /// When the session of a token was last seen, by what its request brought beside that: the
    /// latest of the authentic ones that this clock can believe.
    pub(crate) fn seen_beside<'v>(
        &self,
        opened: &Opened,
        values: impl IntoIterator<Item = &'v [u8]>,
        now: i64,
    ) -> Result<Option<i64>, Error> {
        let key = self.keyring.at(opened.position);
        let Some(key) = key.filter(|_| opened.format.slides_beside()) else {
            return Ok(None);
        };
        let mut latest = None;
        for value in values {
            let at = h3s1::open_seen(key, &opened.record, value)?;
            latest = latest.max(at.filter(|at| *at <= now + MAX_AHEAD_MS));
        }
        Ok(latest)
    }

    /// What says, beside the token that was sealed with the password at a position, that its
    /// session is seen now.
    pub(crate) fn seal_seen(
        &self,
        position: usize,
        record: &Record,
        now: i64,
    ) -> Result<[u8; SEEN_LEN], Error> {
        let key = self.keyring.at(position).ok_or_else(Error::internal)?;
        h3s1::seal_seen(key, record, now)
    }

    /// How long the token would be with data of this length.
    pub(crate) fn token_len(&self, stamp: &Stamp<'_>, data_len: usize) -> usize {
        match (stamp.format, &self.fe26) {
            (Format::Fe26(_), Some(fe26)) => fe26.token_len(&self.keyring, stamp, data_len),
            _ => h3s1::token_len(&self.keyring, stamp, data_len),
        }
    }

    /// Seals what was stamped with its data, now.
    pub(crate) fn seal(
        &self,
        stamp: &Stamp<'_>,
        data: &Data,
        now: i64,
        around: Around<'_>,
    ) -> Result<Vec<u8>, Error> {
        match (stamp.format, &self.fe26) {
            (Format::H3s1, _) => {
                let nonce = self.keyring.first().seal.nonce(now)?;
                h3s1::seal(&self.keyring, stamp, data, &nonce, around)
            }
            (Format::Fe26(iterations), Some(fe26)) => {
                fe26.seal(&self.keyring, stamp, data, iterations, now, around)
            }
            (Format::Fe26(_), None) => Err(Error::internal()),
        }
    }
}

/// Any JSON value, without a session around it.
impl Seals {
    /// Opens a token, and gives its JSON value without insignificant white space.
    pub(crate) fn open_raw(
        &self,
        token: &[u8],
        now: i64,
        caller: Caller<'_>,
    ) -> Result<Buffer, Refusal> {
        let fe26 = self.raw()?;
        match Prefix::of(token) {
            Prefix::Fe26 => fe26.open_raw(&self.keyring, token, now, caller),
            Prefix::H3s1 | Prefix::Foreign => Err(Rejection::UnsupportedFormat.into()),
            Prefix::None => Err(Rejection::Malformed.into()),
        }
    }

    /// Seals a checked JSON value.
    pub(crate) fn seal_raw(
        &self,
        json: &[u8],
        limits: &Limits,
        now: i64,
    ) -> Result<Vec<u8>, Error> {
        self.raw()?.seal_raw(&self.keyring, json, limits, now)
    }

    /// Refuses raw seals where the options accept no format of theirs.
    pub(crate) fn check_raw(&self) -> Result<(), Error> {
        self.raw().map(drop)
    }

    fn raw(&self) -> Result<&Fe26, Error> {
        self.fe26.as_ref().ok_or_else(|| {
            Error::config(
                "seal.accept",
                "raw seals are Fe26.2 tokens: list \"h3-1\" or \"h3-2\" in seal.accept",
            )
        })
    }
}

/// Whether a value begins like a token, of an accepted format or not.
pub(crate) fn is_token_like(value: &[u8]) -> bool {
    !matches!(Prefix::of(value), Prefix::None)
}

/// What the start of a token says of its format.
enum Prefix {
    H3s1,
    Fe26,
    /// Another version of either.
    Foreign,
    None,
}

impl Prefix {
    fn of(token: &[u8]) -> Prefix {
        if token.starts_with(h3s1::PREFIX) {
            Prefix::H3s1
        } else if token.starts_with(fe26::PREFIX) {
            Prefix::Fe26
        } else if is_versioned(token, b"h3s", b'.') || is_versioned(token, b"Fe26.", b'*') {
            Prefix::Foreign
        } else {
            Prefix::None
        }
    }
}

/// A prefix, digits, and a delimiter.
fn is_versioned(token: &[u8], prefix: &[u8], delimiter: u8) -> bool {
    let Some(rest) = token.strip_prefix(prefix) else {
        return false;
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && rest.get(digits) == Some(&delimiter)
}
