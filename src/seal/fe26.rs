//! Fe26.2, the format of h3, Nitro, Nuxt, iron-webcrypto, iron-session and @hapi/iron: AES and HMAC-SHA256 under keys of PBKDF2.
//!
//! ```text
//! token = "Fe26.2" * kid * salt * iv * ciphertext * expiration * salt' * mac     mac: of all before its own salt
//! ```
//!
//! The cookie's name is not part of it: under one password, a token of one session can be replayed as another's.

mod keys;
mod payload;
mod refused;

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use aes::{Aes128Enc, Aes256Dec, Aes256Enc};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use self::keys::{Name, Purpose, Remembered, Salts, Sealing};
use self::refused::Refused;
use super::{Fate, Format, Iterations, Opened, Refusal, base64url};
use crate::buffer::{Buffer, leaving_no_trace};
use crate::json;
use crate::keyring::{Key, Keyring};
use crate::limits::Limits;
use crate::record::{Record, Shape};
use crate::request::Request;
use crate::throttle::{self, RateLimit};
use crate::{Error, Rejection, random};

pub(crate) const PREFIX: &[u8] = b"Fe26.2*";

/// What iron-session puts after a token, in which there is no session as h3 has it.
const IRON_SESSION: &[u8] = b"~2";
const SALT_MAX_LEN: usize = 128;
const IV_LEN: usize = 16;
const IV_TEXT_LEN: usize = 22;
const MAC_LEN: usize = 32;
const MAC_TEXT_LEN: usize = 43;
const BLOCK_LEN: usize = 16;
/// More digits than any time that JavaScript prints without an exponent.
const EXPIRATION_MAX_LEN: usize = 21;
/// The numbers of iterations that h3 uses: in 1.x (as iron-session and @hapi/iron do), which is no
/// slow step at all, and in 2.x.
const USUAL_ITERATIONS: [u32; 2] = [1, 8192];

/// h3's `seal` options, with its defaults.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// How long a token lives from when it is sealed, 0 for ever; None: as long as `maxAge`, else `idleTimeout`.
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

/// Who wants a token opened, and what it may cost.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) peer: &'a [u8],
    pub(crate) warm_only: bool,
    /// A slow derivation may be made for each password that a token without an id may be under, and
    /// not only for one.
    pub(crate) tries_all: bool,
}

impl<'a> Caller<'a> {
    /// A bare token has no other turn: there is no session to be made in its place.
    pub(crate) fn of_bare_token(request: &Request<'a>) -> Self {
        Caller {
            peer: request.peer,
            warm_only: request.warm_only,
            tries_all: true,
        }
    }
}

/// The format with its options and what is remembered to make it cheap.
pub(crate) struct Fe26 {
    options: Options,
    remembered: Remembered,
    own: Sealing,
    other: Sealing,
    /// Of derivations in vain, and of those for authentic tokens.
    forgeries: RateLimit,
    cold: RateLimit,
    refused: Refused,
    /// One more than the position of the password that was right for the last token without an id;
    /// 0 before the first.
    hint: AtomicUsize,
}

impl Fe26 {
    pub(crate) fn new(options: Options, keyring: &Keyring) -> Result<Fe26, Error> {
        let hash_key = keyring.hash_key();
        Ok(Fe26 {
            options,
            remembered: Remembered::new()?,
            own: Sealing::new(),
            other: Sealing::new(),
            forgeries: RateLimit::new(hash_key, throttle::FORGERIES)?,
            cold: RateLimit::new(hash_key, throttle::COLD)?,
            refused: Refused::new(hash_key)?,
            hint: AtomicUsize::new(0),
        })
    }

    /// Whether any token may take a slow derivation.
    pub(crate) fn may_be_cold(&self) -> bool {
        let Options {
            encryption,
            integrity,
            other,
            ..
        } = &self.options;
        let numbers = [encryption.iterations, integrity.iterations];
        numbers.into_iter().chain(*other).any(|number| number > 1)
    }

    /// Opens a session's token. What can be refused without a key derivation is, and nothing is decrypted before it is authenticated.
    pub(crate) fn open(
        &self,
        keyring: &Keyring,
        token: &[u8],
        now: i64,
        caller: Caller<'_>,
    ) -> Result<Opened, Refusal> {
        if token.ends_with(IRON_SESSION) {
            return Err(Rejection::UnsupportedFormat.into());
        }
        let opened = self.open_text(keyring, token, now, caller)?;
        // It is authentic, so somebody has a use for it.
        let payload = payload::parse(opened.text, opened.len)?
            .ok_or_else(|| Rejection::Malformed.of_foreign())?;
        let expires_at = opened.expiration.map(|end| self.last_moment(end));
        Ok(Opened {
            seen_at_there: payload.record.seen_at(),
            record: Record {
                expires_at,
                ..payload.record
            },
            format: Format::Fe26(opened.iterations),
            current: opened.position == 0,
            lacked_id: payload.lacked_id,
        })
    }

    /// Opens a token of any JSON value, which comes back without insignificant white space. A `~2` after the token, as iron-session puts
    /// it, is passed over.
    pub(crate) fn open_raw(
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

    /// Seals a session, with a NUL after the token.
    pub(crate) fn seal(
        &self,
        keyring: &Keyring,
        record: &Record,
        iterations: Iterations,
        limits: &Limits,
        now: i64,
    ) -> Result<Vec<u8>, Error> {
        let len = payload::len(record.shape(), record.data.len());
        let mut text = Buffer::with_room(len + BLOCK_LEN)?;
        payload::write(record, &mut text);
        debug_assert_eq!(text.len(), len);
        self.seal_text(keyring, text, iterations, limits, now)
    }

    /// Seals a checked JSON value, with a NUL after the token.
    pub(crate) fn seal_raw(
        &self,
        keyring: &Keyring,
        json: &[u8],
        limits: &Limits,
        now: i64,
    ) -> Result<Vec<u8>, Error> {
        let mut text = Buffer::with_room(json.len() + BLOCK_LEN)?;
        text.extend_from_slice(json);
        self.seal_text(keyring, text, Iterations::Own, limits, now)
    }

    /// How long a session's token would be.
    pub(crate) fn token_len(
        &self,
        keyring: &Keyring,
        shape: Shape<'_>,
        data_len: usize,
        limits: &Limits,
        now: i64,
    ) -> usize {
        // Sealing stamps it.
        let last_seen_at = limits.idle_timeout.map(|_| now).or(shape.last_seen_at);
        let shape = Shape {
            last_seen_at,
            ..shape
        };
        self.len_of(
            keyring.first(),
            payload::len(shape, data_len),
            self.expiration(limits, now),
        )
    }

    /// The last moment at which a token that is sealed now would open.
    pub(crate) fn end(&self, limits: &Limits, now: i64) -> Option<i64> {
        let end = self.expiration(limits, now)?;
        Some(self.last_moment(end))
    }
}

/// Opening.
impl Fe26 {
    fn open_text(
        &self,
        keyring: &Keyring,
        token: &[u8],
        now: i64,
        caller: Caller<'_>,
    ) -> Result<OpenedText, Refusal> {
        let parts = Parts::of(token).ok_or(Rejection::Malformed)?;
        // It is the decoder that knows base64's alphabet, and does so faster than a second look
        // would.
        let ciphertext = base64url::decode(parts.ciphertext)?.ok_or(Rejection::Malformed)?;
        let local_now = now + self.options.offset_ms;
        if parts
            .expiration
            .is_some_and(|end| end <= local_now - self.options.skew_ms)
        {
            return Err(Rejection::Expired.into());
        }
        let mut authentic = self.authenticate(keyring, &parts, now, caller);
        if caller.tries_all {
            // What was tried in vain is remembered, so that it is another password's turn.
            for _ in keyring.by_id(parts.key_id) {
                if matches!(authentic, Err(Refusal::Token(_, Fate::Untried))) {
                    authentic = self.authenticate(keyring, &parts, now, caller);
                }
            }
        }
        let authentic = authentic?;
        let key = self.encryption_key(&authentic, &parts, now, caller)?;
        // Its other key may have another number of iterations, or its cipher be another one.
        let (text, len) = self
            .decrypt(&key, &parts.iv, ciphertext)
            .ok_or_else(|| Rejection::BadSeal.of_foreign())?;
        Ok(OpenedText {
            text,
            len,
            expiration: parts.expiration,
            position: authentic.position,
            iterations: authentic.iterations,
        })
    }

    /// Under what the token is authentic, if it is. What can be found out without a slow derivation
    /// is; and at most one is made, though several passwords may still be possible then.
    fn authenticate<'k>(
        &self,
        keyring: &'k Keyring,
        parts: &Parts<'_>,
        now: i64,
        caller: Caller<'_>,
    ) -> Result<Authentic<'k>, Refusal> {
        let salt = parts.integrity_salt;
        let derive = |password, number| keys::derive(password, salt, number, 32);
        let warm = |position, password, iterations| Authentic {
            position,
            password,
            iterations,
            was_cold: false,
        };
        let mut cold: Option<Cold<'_>> = None;
        let mut several_cold = false;
        let hint = self.hint.load(Ordering::Relaxed);
        for (position, key) in keyring.by_id(parts.key_id) {
            let password = password(key)?;
            for iterations in [Iterations::Own, Iterations::Other] {
                let Some(number) = self.integrity_iterations(iterations) else {
                    continue;
                };
                if number == 1 {
                    if parts.is_authentic(&derive(password, number)) {
                        return Ok(warm(position, password, iterations));
                    }
                    continue;
                }
                // Whoever sealed here and forges elsewhere gains nothing: a key says only that its
                // salt was once authentic.
                let name = Name::new(position, Purpose::Integrity, number, salt);
                if let Some(key) = self.known(&name, iterations) {
                    if parts.is_authentic(&key) {
                        return Ok(warm(position, password, iterations));
                    }
                    continue;
                }
                if self
                    .refused
                    .contains(self.refused.place(&name, parts.token))
                {
                    continue;
                }
                several_cold |= cold.is_some();
                // The one that was right for the last token without an id; else the last, which is
                // the oldest and so had none.
                if cold.as_ref().is_none_or(|cold| cold.position + 1 != hint) {
                    cold = Some(Cold {
                        position,
                        password,
                        iterations,
                        number,
                        name,
                    });
                }
            }
        }
        let forged = match (several_cold, keyring.refusal(parts.key_id)) {
            (true, reason) => Refusal::Token(reason, Fate::Untried),
            (_, Rejection::BadSeal) if !self.opens_usual() => Rejection::BadSeal.of_foreign(),
            (_, reason) => reason.into(),
        };
        let Some(cold) = cold else {
            return Err(forged);
        };
        self.check_may_derive(caller, now)?;
        let key = derive(cold.password, cold.number);
        if !parts.is_authentic(&key) {
            self.forgeries.charge(caller.peer, now);
            self.refused
                .insert(self.refused.place(&cold.name, parts.token));
            return Err(forged);
        }
        self.cold.charge(caller.peer, now);
        self.remembered.insert(cold.name, key);
        if parts.key_id.is_empty() {
            self.hint.store(cold.position + 1, Ordering::Relaxed);
        }
        Ok(Authentic {
            was_cold: true,
            ..warm(cold.position, cold.password, cold.iterations)
        })
    }

    /// From here on it is slow.
    fn check_may_derive(&self, caller: Caller<'_>, now: i64) -> Result<(), Error> {
        if self.forgeries.is_exceeded(caller.peer, now) || self.cold.is_exceeded(caller.peer, now) {
            Err(Error::busy())
        } else if caller.warm_only {
            Err(Error::cold())
        } else {
            Ok(())
        }
    }

    /// The key of an authentic token's ciphertext.
    fn encryption_key(
        &self,
        authentic: &Authentic<'_>,
        parts: &Parts<'_>,
        now: i64,
        caller: Caller<'_>,
    ) -> Result<keys::Key, Error> {
        let Authentic {
            position,
            password,
            iterations,
            was_cold,
        } = *authentic;
        let number = match (iterations, self.options.other) {
            (Iterations::Other, Some(other)) => other,
            _ => self.options.encryption.iterations,
        };
        let salt = parts.encryption_salt;
        let derive = || keys::derive(password, salt, number, self.options.cipher.key_len());
        if number == 1 {
            return Ok(derive());
        }
        let name = Name::new(position, Purpose::Encryption, number, salt);
        if let Some(key) = self.known(&name, iterations) {
            return Ok(key);
        }
        if !was_cold {
            self.check_may_derive(caller, now)?;
            self.cold.charge(caller.peer, now);
        }
        let key = derive();
        self.remembered.insert(name, keys::Key::clone(&key));
        Ok(key)
    }

    /// A key that need not be derived: it sealed here, or opened a token before.
    fn known(&self, name: &Name, iterations: Iterations) -> Option<keys::Key> {
        let salts = self.sealing(iterations).present();
        let own = salts.and_then(|salts| salts.key_of(name));
        own.or_else(|| self.remembered.get(name))
    }

    fn integrity_iterations(&self, iterations: Iterations) -> Option<u32> {
        match iterations {
            Iterations::Own => Some(self.options.integrity.iterations),
            Iterations::Other => self.options.other,
        }
    }

    /// Whether it opens tokens of both of h3's numbers of iterations, so that one which does not
    /// open is not just another server's.
    fn opens_usual(&self) -> bool {
        let opened = [Some(self.options.integrity.iterations), self.options.other];
        USUAL_ITERATIONS
            .iter()
            .all(|usual| opened.contains(&Some(*usual)))
    }

    fn sealing(&self, iterations: Iterations) -> &Sealing {
        match iterations {
            Iterations::Own => &self.own,
            Iterations::Other => &self.other,
        }
    }

    /// The plaintext stands at the start of the buffer, and is so long. None if the key's cipher was another one.
    fn decrypt(
        &self,
        key: &keys::Key,
        iv: &[u8; IV_LEN],
        mut text: Buffer,
    ) -> Option<(Buffer, usize)> {
        let len = match self.options.cipher {
            Cipher::Aes256Cbc => leaving_no_trace(|| {
                cbc::Decryptor::<Aes256Dec>::new((&***key).into(), iv.into())
                    .decrypt_padded::<Pkcs7>(&mut text)
                    .map(<[u8]>::len)
                    .ok()
            })?,
            Cipher::Aes128Ctr => apply_ctr(key, iv, &mut text).then_some(text.len())?,
        };
        Some((text, len))
    }

    /// The last moment at which a token of this expiration, which any peer may have written, opens.
    fn last_moment(&self, expiration: i64) -> i64 {
        expiration
            .saturating_sub(self.options.offset_ms)
            .saturating_add(self.options.skew_ms)
            .saturating_sub(1)
    }
}

/// Sealing.
impl Fe26 {
    /// Seals a text, which is in a buffer with room for a block of padding.
    fn seal_text(
        &self,
        keyring: &Keyring,
        mut text: Buffer,
        iterations: Iterations,
        limits: &Limits,
        now: i64,
    ) -> Result<Vec<u8>, Error> {
        let key = keyring.first();
        let other = self
            .options
            .other
            .filter(|_| iterations == Iterations::Other);
        let draw = || {
            let salts = Salts::draw(password(key)?, &self.options, other)?;
            // Tokens under them are still about when others seal.
            for (name, key) in salts.named(&self.options, other) {
                self.remembered.insert(name, key);
            }
            Ok(salts)
        };
        let salts = self.sealing(iterations).salts(now, draw)?;
        let iv: [u8; IV_LEN] = random::array()?;
        let expiration = self.expiration(limits, now);
        let token_len = self.len_of(key, text.len(), expiration);
        self.encrypt(&salts.encryption.key, &iv, &mut text)?;

        let mut token = Vec::new();
        token
            .try_reserve_exact(token_len + 1)
            .map_err(|_| Error::memory())?;
        token.extend_from_slice(PREFIX);
        token.extend_from_slice(key.id.as_bytes());
        token.push(b'*');
        token.extend_from_slice(&salts.encryption.salt);
        token.push(b'*');
        push_base64(&iv, &mut token)?;
        token.push(b'*');
        push_base64(&text, &mut token)?;
        token.push(b'*');
        if let Some(expiration) = expiration {
            // Writing to a vector with room does not fail.
            let _ = write!(token, "{expiration}");
        }
        let mac = mac(&salts.integrity.key)
            .chain_update(&token)
            .finalize()
            .into_bytes();
        token.push(b'*');
        token.extend_from_slice(&salts.integrity.salt);
        token.push(b'*');
        push_base64(&mac, &mut token)?;
        debug_assert_eq!(token.len(), token_len);
        token.push(0);
        Ok(token)
    }

    fn encrypt(&self, key: &keys::Key, iv: &[u8; IV_LEN], text: &mut Buffer) -> Result<(), Error> {
        let len = text.len();
        let done = match self.options.cipher {
            Cipher::Aes256Cbc => {
                text.resize(self.options.cipher.sealed_len(len), 0);
                leaving_no_trace(|| {
                    cbc::Encryptor::<Aes256Enc>::new((&***key).into(), iv.into())
                        .encrypt_padded::<Pkcs7>(text, len)
                        .is_ok()
                })
            }
            Cipher::Aes128Ctr => apply_ctr(key, iv, text),
        };
        if done { Ok(()) } else { Err(Error::internal()) }
    }

    fn ttl(&self, limits: &Limits) -> Option<i64> {
        let ttl = self.options.ttl_ms.or(limits.max_age);
        ttl.or(limits.idle_timeout).filter(|ttl| *ttl > 0)
    }

    /// What a token that is sealed now says of its end.
    fn expiration(&self, limits: &Limits, now: i64) -> Option<i64> {
        let end = |ttl: i64| (now + ttl + self.options.offset_ms).max(1);
        self.ttl(limits).map(end)
    }

    fn len_of(&self, key: &Key, text_len: usize, expiration: Option<i64>) -> usize {
        let stars = 6;
        PREFIX.len()
            + key.id.len()
            + self.options.encryption.salt_len
            + IV_TEXT_LEN
            + base64url::encoded_len(self.options.cipher.sealed_len(text_len))
            + expiration.map_or(0, payload::digits)
            + self.options.integrity.salt_len
            + MAC_TEXT_LEN
            + stars
    }
}

impl Cipher {
    fn key_len(self) -> usize {
        match self {
            Cipher::Aes256Cbc => 32,
            Cipher::Aes128Ctr => 16,
        }
    }

    fn sealed_len(self, len: usize) -> usize {
        match self {
            Cipher::Aes256Cbc => (len / BLOCK_LEN + 1) * BLOCK_LEN,
            Cipher::Aes128Ctr => len,
        }
    }
}

struct OpenedText {
    text: Buffer,
    len: usize,
    expiration: Option<i64>,
    /// The password's place in the keyring.
    position: usize,
    iterations: Iterations,
}

/// Under what a token is authentic.
struct Authentic<'k> {
    position: usize,
    password: &'k [u8],
    iterations: Iterations,
    /// It took a slow derivation to find that out.
    was_cold: bool,
}

/// What is still to be tried, by a slow derivation.
struct Cold<'k> {
    position: usize,
    password: &'k [u8],
    iterations: Iterations,
    number: u32,
    name: Name,
}

/// The parts of a token, each of the right length and, but for the ciphertext, of the right alphabet.
struct Parts<'a> {
    key_id: &'a [u8],
    encryption_salt: &'a [u8],
    iv: [u8; IV_LEN],
    ciphertext: &'a [u8],
    /// In milliseconds since 1970, by a clock with an offset.
    expiration: Option<i64>,
    integrity_salt: &'a [u8],
    mac: [u8; MAC_LEN],
    /// What the mac is of.
    authenticated: &'a [u8],
    token: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(token: &'a [u8]) -> Option<Parts<'a>> {
        let mut rest = token.strip_prefix(PREFIX)?;
        let mut next = || {
            let (part, after) = rest.split_at_checked(memchr::memchr(b'*', rest)?)?;
            rest = after.get(1..)?;
            Some(part)
        };
        let (key_id, encryption_salt, iv, ciphertext) = (next()?, next()?, next()?, next()?);
        let (expiration, integrity_salt, mac) = (next()?, next()?, rest);
        let salt = |salt: &[u8]| {
            (1..=SALT_MAX_LEN).contains(&salt.len()) && salt.iter().all(u8::is_ascii_alphanumeric)
        };
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let well_formed = key_id.iter().all(word)
            && salt(encryption_salt)
            && salt(integrity_salt)
            && !ciphertext.is_empty();
        let tail = 1 + integrity_salt.len() + 1 + mac.len();
        well_formed.then_some(())?;
        Some(Parts {
            key_id,
            encryption_salt,
            iv: base64url::decode_array(iv)?,
            ciphertext,
            expiration: parse_expiration(expiration)?,
            integrity_salt,
            mac: base64url::decode_array(mac)?,
            authenticated: token.get(..token.len().checked_sub(tail)?)?,
            token,
        })
    }

    fn is_authentic(&self, key: &keys::Key) -> bool {
        mac(key)
            .chain_update(self.authenticated)
            .verify(&self.mac.into())
            .is_ok()
    }
}

/// Digits, or nothing for a token without an end.
fn parse_expiration(text: &[u8]) -> Option<Option<i64>> {
    if text.is_empty() {
        return Some(None);
    }
    if text.len() > EXPIRATION_MAX_LEN || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let time = std::str::from_utf8(text).ok()?.parse();
    Some(Some(time.unwrap_or(i64::MAX)))
}

fn push_base64(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let start = out.len();
    out.resize(start + base64url::encoded_len(bytes.len()), 0);
    base64url::encode(bytes, out.get_mut(start..).unwrap_or_default())
}

fn mac(key: &keys::Key) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(&***key).expect("HMAC takes a key of any length")
}

/// Encrypts or decrypts; false if the text is longer than the counter allows, which no text is.
fn apply_ctr(key: &keys::Key, iv: &[u8; IV_LEN], text: &mut [u8]) -> bool {
    let Some(key) = key.first_chunk::<16>() else {
        return false;
    };
    leaving_no_trace(|| {
        ctr::Ctr128BE::<Aes128Enc>::new(key.into(), iv.into())
            .try_apply_keystream(text)
            .is_ok()
    })
}

fn password(key: &Key) -> Result<&[u8], Error> {
    key.password().ok_or_else(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::Password;

    #[test]
    fn no_expiration_is_too_far_off_for_any_offset() {
        let password = Password::new("correct horse battery staple, and more of it".into());
        let keyring = Keyring::new(vec![(String::new(), password)], "h3", true).unwrap();
        let mut fe26 = Fe26::new(Options::default(), &keyring).unwrap();
        for (offset_ms, expiration) in [(-5, i64::MAX), (5, i64::MAX), (5, 0)] {
            fe26.options.offset_ms = offset_ms;
            let moment = fe26.last_moment(expiration);
            assert_eq!(moment > 1 << 60, expiration > 0, "{offset_ms} {expiration}");
        }
    }
}
