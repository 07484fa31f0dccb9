//! JSON Web Encryption (RFC 7516), as Auth.js 5, NextAuth.js 4, nextjs-auth0 4 and better-auth have
//! it: compact, with a key that is used directly. `docs/FORMATS.md` says what each of them does.
//!
//! ```text
//! token = base64url(header) "." "" "." base64url(iv) "." base64url(ciphertext) "." base64url(tag)
//! ```
//!
//! No token chooses how it is opened: each format has its cipher and its keys, and a header must
//! say the same. Nothing else is looked at before the token is authenticated.

mod cipher;
mod claims;
mod date;
mod header;
mod keys;

use self::cipher::Parts;
use self::claims::TOLERANCE_SEC;
use self::header::Header;
use self::keys::Key;
use super::kind::Kind;
use super::{Around, Format, Opened, Refusal, Stamp, base64url};
use crate::buffer::Buffer;
use crate::data::Data;
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::record::Record;
use crate::seal::token_id;
use crate::{Error, Rejection};

/// What a compact token of a JSON header begins with.
pub(super) const PREFIX: &[u8] = b"eyJ";
/// How long a session lives that Auth.js seals, unless the options say.
const USUAL_LIFE_MS: i64 = 30 * 24 * 3600 * 1000;

/// The formats that a config accepts, with their keys.
pub(super) struct Jwe {
    /// Of each format and password; of the same format, the first seals.
    keys: Vec<Key>,
}

impl Jwe {
    /// `name` is the cookie's, on which Auth.js' keys depend.
    pub(super) fn new(kinds: &[Kind], keyring: &Keyring, name: &str) -> Result<Jwe, Error> {
        let mut keys = Vec::new();
        for kind in kinds {
            for (position, key) in keyring.all() {
                keys.try_reserve(2).map_err(|_| Error::memory())?;
                let password = key.password().unwrap_or_default();
                Key::push_all(*kind, position, password, name, &mut keys)?;
            }
        }
        Ok(Jwe { keys })
    }

    /// Opens a session's token.
    pub(super) fn open(
        &self,
        keyring: &Keyring,
        token: &[u8],
        now: i64,
    ) -> Result<Opened, Refusal> {
        let parts = Parts::of(token).filter(|parts| parts.header.len() <= header::MAX_LEN);
        // Others begin so as well, such as a JSON Web Token that is signed.
        let parts = parts.ok_or_else(|| Rejection::Malformed.of_foreign())?;
        let header = base64url::decode(parts.header)?.ok_or(Rejection::Malformed)?;
        let header = Header::parse(&header)?;
        let (key, text) = self.decrypt(&header, &parts)?;
        let foreign = || Rejection::Malformed.of_foreign();
        let claims = claims::parse(text, key.kind)?.ok_or_else(foreign)?;
        if claims.is_not_yet(now) {
            return Err(foreign());
        }
        let id = match claims.id {
            Some(id) => id,
            None => {
                let password = keyring.at(key.position).ok_or_else(Error::internal)?;
                token_id::of(password, token)?
            }
        };
        let record = Record {
            id,
            created_at: claims.created_at,
            has_own_end: true,
            expires_at: claims.end.map(|end| end + TOLERANCE_SEC * 1000 - 1),
            data: claims.data,
            ..Record::empty()
        };
        Ok(Opened {
            seen_at_there: record.created_at,
            sealed_order: record.expires_at,
            record,
            format: Format::Jwe(key.kind),
            position: key.position,
            lacked_id: false,
        })
    }

    /// The key under which a token is authentic, and its plaintext.
    fn decrypt(&self, header: &Header<'_>, parts: &Parts<'_>) -> Result<(&Key, Buffer), Refusal> {
        let of_cipher = || self.keys.iter().filter(|key| key.has_header(header));
        if of_cipher().next().is_none() {
            return Err(Rejection::UnsupportedFormat.into());
        }
        let sealed = parts.decode(header.enc)?.ok_or(Rejection::Malformed)?;
        let mut named = of_cipher()
            .filter(|key| key.is_meant_by(header.kid))
            .peekable();
        if named.peek().is_none() {
            return Err(Rejection::UnknownKey.into());
        }
        for key in named {
            if let Some(text) = sealed.decrypt(key)? {
                return Ok((key, text));
            }
        }
        Err(match header.kid {
            Some(_) => Rejection::BadSeal.into(),
            // It may be another server's.
            None => Rejection::BadSeal.of_foreign(),
        })
    }

    /// Seals a session, in a format that is also written.
    pub(super) fn seal(
        &self,
        kind: Kind,
        stamp: &Stamp<'_>,
        data: &Data,
        around: Around<'_>,
    ) -> Result<Vec<u8>, Error> {
        let key = self.first(kind)?;
        let text_len = claims::len(stamp, data.len());
        let mut text = Buffer::with_room(text_len + cipher::BLOCK_LEN)?;
        claims::write(stamp, data, &mut text);
        debug_assert_eq!(text.len(), text_len);
        let token_len = cipher::token_len(key, text_len);
        let mut out = around.begin(token_len, 0)?;
        cipher::encrypt(key, text, &mut out)?;
        debug_assert_eq!(out.len(), around.before_len() + token_len);
        Ok(out)
    }

    /// How long [`Jwe::seal`] makes a token with data of this length.
    pub(super) fn token_len(&self, kind: Kind, stamp: &Stamp<'_>, data_len: usize) -> usize {
        let text_len = claims::len(stamp, data_len);
        self.first(kind)
            .map_or(0, |key| cipher::token_len(key, text_len))
    }

    fn first(&self, kind: Kind) -> Result<&Key, Error> {
        let mut keys = self.keys.iter();
        keys.find(|key| key.kind == kind)
            .ok_or_else(Error::internal)
    }
}

/// The `exp` of a session that is sealed: as it came, or sooner by today's limits, which count from
/// when the session was made. So no write extends it. One without an end has from now on that of
/// Auth.js.
pub(super) fn exp(record: &Record, limits: &Limits, now: i64) -> i64 {
    let own = limits
        .of(record.lifetime)
        .max_age_end(record.created_at)
        .filter(|own| record.expires_at.is_none_or(|end| *own <= end));
    match (own, record.expires_at) {
        (Some(own), _) => own / 1000,
        (None, Some(end)) => (end + 1) / 1000 - TOLERANCE_SEC,
        (None, None) => (now + USUAL_LIFE_MS) / 1000,
    }
}

/// The last moment at which a token of this `exp` opens.
pub(super) fn last_moment(exp: i64) -> i64 {
    (exp + TOLERANCE_SEC) * 1000 - 1
}

/// Whether data has nothing in it that a token says by itself, or that could keep it from opening.
pub(super) fn holds(data: &Data, now: i64) -> bool {
    let own: [&[u8]; 3] = [b"/iat", b"/exp", b"/jti"];
    let begin = data.find(b"/nbf");
    own.iter().all(|pointer| data.find(pointer).is_none())
        && begin.is_none_or(|value| claims::has_begun(value, now))
}
