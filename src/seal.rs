//! The formats of a token: the only room that knows which one a token is in.
//!
//! A format is added here: a variant of [`Format`], its prefix in [`Prefix::of`], and an arm in
//! each of [`Seals`]' functions. Who calls these sees records, stamps and bytes alone.

use self::fe26::Fe26;
pub(crate) use self::format::{Around, Format, Iterations, Opened, Stamp};
pub(crate) use self::formats::{ChunkNames, Formats};
pub(crate) use self::h3s1::SEEN_LEN;
use self::jwe::Jwe;
pub(crate) use self::kind::Kind;
pub(crate) use self::refusal::{Caller, Fate, Refusal};
use crate::buffer::Buffer;
use crate::clock::MAX_AHEAD_MS;
use crate::data::Data;
use crate::id::Id;
use crate::keyring::Keyring;
use crate::limits::{Limits, earlier};
use crate::record::Record;
use crate::{Error, Rejection};

pub(crate) mod base64url;
pub(crate) mod fe26;
mod format;
mod formats;
mod h3s1;
mod jwe;
mod kind;
mod refusal;
pub(crate) mod sealed;
mod token_id;

/// What seals and opens the tokens of one config.
pub(crate) struct Seals {
    keyring: Keyring,
    /// What seals.
    format: Format,
    accepts_h3s1: bool,
    /// There if h3's Fe26.2 is accepted.
    fe26: Option<Fe26>,
    /// There if iron-session's is.
    iron_session: Option<Fe26>,
    /// There if a format of JSON Web Encryption is.
    jwe: Option<Jwe>,
}

impl Seals {
    /// `name` is the cookie's.
    pub(crate) fn new(keyring: Keyring, formats: Formats, name: &str) -> Result<Seals, Error> {
        base64url::make_ready();
        let fe26 = |options: Option<_>| {
            let made = options.map(|options| Fe26::new(options, &keyring));
            made.transpose()
        };
        let jwe = match formats.jwe.as_slice() {
            [] => None,
            kinds => Some(Jwe::new(kinds, &keyring, name)?),
        };
        Ok(Seals {
            format: formats.seals,
            accepts_h3s1: formats.h3s1,
            fe26: fe26(formats.fe26)?,
            iron_session: fe26(formats.iron_session)?,
            jwe,
            keyring,
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
        let keyring = &self.keyring;
        let jwe = self.jwe.as_ref();
        match (Prefix::of(token), &self.fe26, &self.iron_session) {
            (Prefix::H3s1, ..) if self.accepts_h3s1 => h3s1::open(keyring, token),
            (Prefix::Fe26, Some(fe26), _) => fe26.open(keyring, token, now, caller),
            (Prefix::IronSession, _, Some(fe26)) => {
                fe26.open_iron_session(keyring, token, now, caller)
            }
            (Prefix::Jwe, ..) if jwe.is_some() => {
                jwe.ok_or_else(Error::internal)?.open(keyring, token, now)
            }
            (Prefix::None, ..) => Err(Rejection::Malformed.into()),
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
        let lifetime = match format.holds_lifetimes() {
            true => record.lifetime_under(limits),
            false => record.lifetime,
        };
        let of_this = limits.of(lifetime);
        let max_age_end = of_this.max_age_end(created_at);
        let end = match format.slides_beside() {
            true => max_age_end,
            false => of_this.end(created_at, last_seen_at.unwrap_or(created_at)),
        };
        // Where a session slides beside its token, its cookie lives as long as it may slide.
        let slides = format.slides_beside() && of_this.idle_timeout.is_some();
        let (expiration, token_end) = match (format, self.fe26_of(format)) {
            (_, Some(fe26)) => fe26.expiration(limits, now).unzip(),
            (Format::Jwe(_), _) => {
                let exp = jwe::exp(record, limits, now);
                (Some(exp), Some(jwe::last_moment(exp)))
            }
            _ => (None, None),
        };
        let cookie_end = match (format, &self.iron_session) {
            (Format::IronSession, Some(fe26)) => Some(fe26.cookie_end(now)),
            (Format::Jwe(_), _) => expiration.map(|exp| exp * 1000),
            _ if slides => max_age_end.or(Some(i64::MAX)),
            _ => end,
        };
        Stamp {
            format,
            id: record.id(),
            created_at,
            last_seen_at,
            expires_at: earlier(end, token_end),
            lifetime,
            cookie_end,
            expiration,
            extra: &record.extra,
        }
    }

    /// Whether a session that its framework ends has an end as well once it is sealed in another
    /// format. (What h3 says of one is of each token anew.)
    pub(crate) fn keep_end(&self, stamp: &Stamp<'_>, record: &Record, limits: &Limits) -> bool {
        let is_kept = match stamp.format {
            Format::Fe26(_) => limits.max_age.is_some(),
            _ => stamp.expires_at.is_some(),
        };
        is_kept || record.own_end().is_none()
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
        match (stamp.format, &self.jwe, self.fe26_of(stamp.format)) {
            (Format::Jwe(kind), Some(jwe), _) => jwe.token_len(kind, stamp, data_len),
            (.., Some(fe26)) => fe26.token_len(&self.keyring, stamp, data_len),
            _ => h3s1::token_len(&self.keyring, stamp, data_len),
        }
    }

    /// Whether a seal in this format at this time may take a slow key derivation.
    pub(crate) fn seals_cold(&self, format: Format, now: i64) -> bool {
        let iterations = match format {
            Format::Fe26(iterations) => iterations,
            _ => Iterations::Own,
        };
        self.fe26_of(format)
            .is_some_and(|fe26| fe26.seals_cold(iterations, now))
    }

    /// Seals what was stamped with its data, now.
    pub(crate) fn seal(
        &self,
        stamp: &Stamp<'_>,
        data: &Data,
        now: i64,
        around: Around<'_>,
    ) -> Result<Vec<u8>, Error> {
        let keyring = &self.keyring;
        match (stamp.format, self.fe26_of(stamp.format)) {
            (Format::H3s1, _) => {
                let nonce = keyring.first().seal.nonce(now)?;
                h3s1::seal(keyring, stamp, data, &nonce, around)
            }
            (Format::Fe26(iterations), Some(fe26)) => {
                fe26.seal(keyring, stamp, data, iterations, now, around)
            }
            (Format::IronSession, Some(fe26)) => {
                fe26.seal_iron_session(keyring, stamp, data, now, around)
            }
            (Format::Jwe(kind), _) => {
                let jwe = self.jwe.as_ref().ok_or_else(Error::internal)?;
                self.check_holds(stamp, data, now)?;
                jwe.seal(kind, stamp, data, around)
            }
            (Format::Fe26(_) | Format::IronSession, None) => Err(Error::internal()),
        }
    }

    /// Refuses what its format has no place for.
    pub(crate) fn check_holds(
        &self,
        stamp: &Stamp<'_>,
        data: &Data,
        now: i64,
    ) -> Result<(), Error> {
        let Format::Jwe(_) = stamp.format else {
            return Ok(());
        };
        match jwe::holds(data, now) {
            true => Ok(()),
            false => Err(Error::data(
                "\"iat\", \"exp\" and \"jti\" are no data in authjs: a token has its own; \"nbf\" is a time that has come",
            )),
        }
    }

    /// The id that a session has by its token, which was sealed here; None in a format whose tokens
    /// have ids.
    pub(crate) fn id_of_token(&self, format: Format, token: &[u8]) -> Result<Option<Id>, Error> {
        match format.tells_created_at() {
            true => Ok(None),
            false => token_id::of(self.keyring.first(), token).map(Some),
        }
    }

    /// What is Fe26.2 in a format.
    fn fe26_of(&self, format: Format) -> Option<&Fe26> {
        match format {
            Format::H3s1 | Format::Jwe(_) => None,
            Format::Fe26(_) => self.fe26.as_ref(),
            Format::IronSession => self.iron_session.as_ref(),
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
            Prefix::Fe26 | Prefix::IronSession => fe26.open_raw(&self.keyring, token, now, caller),
            Prefix::H3s1 | Prefix::Jwe | Prefix::Foreign => {
                Err(Rejection::UnsupportedFormat.into())
            }
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
        let fe26 = self.fe26.as_ref().or(self.iron_session.as_ref());
        fe26.ok_or_else(|| {
            Error::config(
                "seal.accept",
                "raw seals are Fe26.2 tokens: list \"h3-1\", \"h3-2\" or \"iron-session\" in \
                 seal.accept",
            )
        })
    }
}

/// Whether a value begins like a token, of an accepted format or not.
pub(crate) fn is_token_like(value: &[u8]) -> bool {
    !matches!(Prefix::of(value), Prefix::None)
}

/// What the start and the end of a token say of its format.
enum Prefix {
    H3s1,
    Fe26,
    IronSession,
    Jwe,
    /// Another version of one.
    Foreign,
    None,
}

impl Prefix {
    fn of(token: &[u8]) -> Prefix {
        if token.starts_with(h3s1::PREFIX) {
            Prefix::H3s1
        } else if token.starts_with(fe26::PREFIX) {
            match token.ends_with(fe26::IRON_SESSION) {
                true => Prefix::IronSession,
                false => Prefix::Fe26,
            }
        } else if token.starts_with(jwe::PREFIX) {
            Prefix::Jwe
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
