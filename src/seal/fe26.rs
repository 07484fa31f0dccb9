//! Fe26.2, the format of h3, Nitro, Nuxt, iron-webcrypto, iron-session and @hapi/iron: AES and
//! HMAC-SHA256 under keys of PBKDF2.
//!
//! ```text
//! token = "Fe26.2" * kid * salt * iv * ciphertext * expiration * salt' * mac
//!
//! mac: of all before its own salt
//! ```
//!
//! The cookie's name is not part of it: under one password, a token of one session can be replayed
//! as another's.

mod cipher;
mod iron_session;
mod keys;
mod open;
mod options;
mod payload;
mod refused;
mod token;

use std::sync::atomic::AtomicUsize;

use self::cipher::{BLOCK_LEN, IV_LEN};
use self::keys::{KeyCache, Salts, Sealing};
pub(crate) use self::options::{Cipher, Derivation, Options};
use self::refused::Refused;
pub(super) use self::token::IRON_SESSION;
pub(super) use self::token::PREFIX;
use super::{Around, Caller, Format, Iterations, Opened, Refusal, Stamp, token_id};
use crate::buffer::Buffer;
use crate::data::Data;
use crate::keyring::{Key, Keyring};
use crate::limits::Limits;
use crate::throttle::{self, RateLimit};
use crate::{Error, Rejection, json, random};

/// The format with its options, and with the keys that make it cheap.
pub(super) struct Fe26 {
    options: Options,
    keys: KeyCache,
    /// What seals with the number of iterations of the options, and with the other one.
    own: Sealing,
    other: Sealing,
    /// Of derivations that failed, and of those for authentic tokens.
    forgeries: RateLimit,
    cold: RateLimit,
    refused: Refused,
    /// One more than the position of the password that was right for the last token without an id;
    /// 0 before the first.
    hint: AtomicUsize,
}

impl Fe26 {
    pub(super) fn new(options: Options, keyring: &Keyring) -> Result<Fe26, Error> {
        let hash_key = keyring.hash_key();
        Ok(Fe26 {
            options,
            keys: KeyCache::new()?,
            own: Sealing::new(),
            other: Sealing::new(),
            forgeries: RateLimit::new(hash_key, throttle::FORGERIES)?,
            cold: RateLimit::new(hash_key, throttle::COLD)?,
            refused: Refused::new(hash_key)?,
            hint: AtomicUsize::new(0),
        })
    }

    /// Whether any token may take a slow derivation.
    pub(super) fn may_be_cold(&self) -> bool {
        self.options.may_be_cold()
    }

    /// Opens a session's token. What can be refused without a key derivation is, and nothing is
    /// decrypted before it is authenticated.
    pub(super) fn open(
        &self,
        keyring: &Keyring,
        token: &[u8],
        now: i64,
        caller: Caller<'_>,
    ) -> Result<Opened, Refusal> {
        let opened = self.open_text(keyring, token, now, caller)?;
        // It is authentic, so somebody has a use for it.
        let payload = payload::parse(opened.text, opened.len)?
            .ok_or_else(|| Rejection::Malformed.of_foreign())?;
        let expires_at = opened.expiration.map(|end| self.last_moment(end));
        let mut record = payload.record;
        record.expires_at = expires_at;
        if payload.lacked_id {
            let key = keyring.at(opened.position).ok_or_else(Error::internal)?;
            record.id = token_id::of(key, token)?;
        }
        Ok(Opened {
            sealed_order: expires_at,
            seen_at_there: record.seen_at(),
            record,
            format: Format::Fe26(opened.iterations),
            position: opened.position,
            lacked_id: payload.lacked_id,
        })
    }

    /// Opens a token of any JSON value, which comes back without insignificant white space. A `~2`
    /// after the token, as iron-session puts it, is passed over.
    pub(super) fn open_raw(
        &self,
        keyring: &Keyring,
        token: &[u8],
        now: i64,
        caller: Caller<'_>,
    ) -> Result<Buffer, Refusal> {
        let token = token.strip_suffix(IRON_SESSION).unwrap_or(token);
        let opened = self.open_text(keyring, token, now, caller)?;
        let text = json::slice(&opened.text, 0..opened.len);
        json::check_sealed(text, json::MAX_DEPTH)?.ok_or(Rejection::Malformed)?;
        Ok(json::compact(text)?)
    }

    /// Seals a session.
    pub(super) fn seal(
        &self,
        keyring: &Keyring,
        stamp: &Stamp<'_>,
        data: &Data,
        iterations: Iterations,
        now: i64,
        around: Around<'_>,
    ) -> Result<Vec<u8>, Error> {
        let len = payload::len(stamp, data.len());
        let mut text = Buffer::with_room(len + BLOCK_LEN)?;
        payload::write(stamp, data, &mut text);
        debug_assert_eq!(text.len(), len);
        self.seal_text(keyring, text, iterations, stamp.expiration, now, around)
    }

    /// Whether a seal at this time may take a slow derivation.
    pub(super) fn seals_cold(&self, iterations: Iterations, now: i64) -> bool {
        self.options.is_slow(iterations) && !self.sealing(iterations).is_ready(now)
    }

    /// Seals a checked JSON value.
    pub(super) fn seal_raw(
        &self,
        keyring: &Keyring,
        json: &[u8],
        limits: &Limits,
        now: i64,
    ) -> Result<Vec<u8>, Error> {
        let mut text = Buffer::with_room(json.len() + BLOCK_LEN)?;
        text.extend_from_slice(json);
        let expiration = self.expiration(limits, now).map(|(written, _)| written);
        self.seal_text(keyring, text, Iterations::Own, expiration, now, Around::NUL)
    }

    /// How long [`Fe26::seal`] makes a token with data of this length.
    pub(super) fn token_len(&self, keyring: &Keyring, stamp: &Stamp<'_>, data_len: usize) -> usize {
        let text_len = match self.options.is_iron_session {
            true => data_len,
            false => payload::len(stamp, data_len),
        };
        let ciphertext_len = self.options.cipher.sealed_len(text_len);
        self.len_of(keyring.first(), ciphertext_len, stamp.expiration)
    }

    /// What a token that is sealed now says of its end, and the last moment at which it opens; None
    /// if it has no end.
    pub(super) fn expiration(&self, limits: &Limits, now: i64) -> Option<(i64, i64)> {
        let ttl = self.options.ttl_ms.or(limits.max_age);
        let ttl = ttl.or(limits.idle_timeout).filter(|ttl| *ttl > 0)?;
        let written = (now + ttl + self.options.offset_ms).max(1);
        Some((written, self.last_moment(written)))
    }

    /// The last moment at which a token of this expiration, which any peer may have written, opens.
    fn last_moment(&self, expiration: i64) -> i64 {
        expiration
            .saturating_sub(self.options.offset_ms)
            .saturating_add(self.options.skew_ms)
            .saturating_sub(1)
    }

    /// Seals a text, which is in a buffer with room for a block of padding.
    fn seal_text(
        &self,
        keyring: &Keyring,
        mut text: Buffer,
        iterations: Iterations,
        expiration: Option<i64>,
        now: i64,
        around: Around<'_>,
    ) -> Result<Vec<u8>, Error> {
        let key = keyring.first();
        let other = self.options.other_if(iterations);
        let draw = || {
            let password = key.password().ok_or_else(Error::internal)?;
            let salts = Salts::draw(password, &self.options, other)?;
            // Tokens under them are still about when others seal.
            for (name, key) in salts.named(&self.options, other) {
                self.keys.insert(name, key);
            }
            Ok(salts)
        };
        let salts = self.sealing(iterations).salts(now, draw)?;
        let iv: [u8; IV_LEN] = random::array()?;
        let cipher = self.options.cipher;
        cipher.encrypt(&salts.encryption.key, &iv, &mut text)?;
        let token_len = self.len_of(key, text.len(), expiration);
        let mut out = around.begin(token_len, 0)?;
        let key_id = self.key_id(key);
        token::write(key_id, &salts, &iv, &text, expiration, &mut out)?;
        out.extend_from_slice(self.suffix());
        debug_assert_eq!(out.len(), around.before_len() + token_len);
        Ok(out)
    }

    fn sealing(&self, iterations: Iterations) -> &Sealing {
        match iterations {
            Iterations::Own => &self.own,
            Iterations::Other => &self.other,
        }
    }

    fn len_of(&self, key: &Key, ciphertext_len: usize, expiration: Option<i64>) -> usize {
        let salts_len = self.options.encryption.salt_len + self.options.integrity.salt_len;
        token::len(self.key_id(key), salts_len, ciphertext_len, expiration) + self.suffix().len()
    }

    /// What a token calls the password that seals it.
    fn key_id<'k>(&self, key: &'k Key) -> &'k str {
        match self.options.is_iron_session && key.id.is_empty() {
            true => "1",
            false => &key.id,
        }
    }

    /// What follows a token.
    fn suffix(&self) -> &'static [u8] {
        match self.options.is_iron_session {
            true => IRON_SESSION,
            false => b"",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::{Needs, Password};

    #[test]
    fn no_expiration_is_too_far_off_for_any_offset() {
        let password = Password::new("correct horse battery staple, and more of it".into());
        let needs = Needs {
            passwords: true,
            ..Needs::default()
        };
        let keyring = Keyring::new(vec![(String::new(), password)], "h3", needs).unwrap();
        let mut fe26 = Fe26::new(Options::default(), &keyring).unwrap();
        for (offset_ms, expiration) in [(-5, i64::MAX), (5, i64::MAX), (5, 0)] {
            fe26.options.offset_ms = offset_ms;
            let moment = fe26.last_moment(expiration);
            assert_eq!(moment > 1 << 60, expiration > 0, "{offset_ms} {expiration}");
        }
    }
}
