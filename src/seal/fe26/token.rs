//! The syntax of a token.
//!
//! ```text
//! token = "Fe26.2" * kid * salt * iv * ciphertext * expiration * salt' * mac
//! ```

use std::io::Write;

use super::cipher::{self, IV_LEN, MAC_LEN};
use super::keys::{DerivedKey, Salts};
use super::options::SALT_MAX_LEN;
use super::payload;
use crate::Error;
use crate::json::slice;
use crate::seal::base64url;

pub(crate) const PREFIX: &[u8] = b"Fe26.2*";
/// What iron-session puts after a token, in which there is no session as h3 has it.
pub(crate) const IRON_SESSION: &[u8] = b"~2";
const IV_TEXT_LEN: usize = 22;
const MAC_TEXT_LEN: usize = 43;
/// More digits than any time that JavaScript prints without an exponent.
const EXPIRATION_MAX_LEN: usize = 21;

/// The parts of a token, each of the right length and, but for the ciphertext, of the right
/// alphabet.
pub(super) struct Parts<'a> {
    pub(super) key_id: &'a [u8],
    pub(super) encryption_salt: &'a [u8],
    pub(super) iv: [u8; IV_LEN],
    pub(super) ciphertext: &'a [u8],
    /// In milliseconds since 1970, by a clock with an offset.
    pub(super) expiration: Option<i64>,
    pub(super) integrity_salt: &'a [u8],
    mac: [u8; MAC_LEN],
    /// What the mac is of.
    authenticated: &'a [u8],
    pub(super) token: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(super) fn of(token: &'a [u8]) -> Option<Parts<'a>> {
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

    pub(super) fn is_authentic(&self, key: &DerivedKey) -> bool {
        cipher::is_mac(key, self.authenticated, &self.mac)
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

/// Writes a token to the end of a text, which has the room for it.
pub(super) fn write(
    key_id: &str,
    salts: &Salts,
    iv: &[u8; IV_LEN],
    ciphertext: &[u8],
    expiration: Option<i64>,
    token: &mut Vec<u8>,
) -> Result<(), Error> {
    let start = token.len();
    token.extend_from_slice(PREFIX);
    token.extend_from_slice(key_id.as_bytes());
    token.push(b'*');
    token.extend_from_slice(&salts.encryption.salt);
    token.push(b'*');
    push_base64(iv, token)?;
    token.push(b'*');
    push_base64(ciphertext, token)?;
    token.push(b'*');
    if let Some(expiration) = expiration {
        // Writing to a vector with room does not fail.
        let _ = write!(token, "{expiration}");
    }
    let mac = cipher::mac(&salts.integrity.key, slice(token, start..token.len()));
    token.push(b'*');
    token.extend_from_slice(&salts.integrity.salt);
    token.push(b'*');
    push_base64(&mac, token)
}

/// How long a token is with these parts.
pub(super) fn len(
    key_id: &str,
    salts_len: usize,
    ciphertext_len: usize,
    expiration: Option<i64>,
) -> usize {
    let stars = 6;
    PREFIX.len()
        + key_id.len()
        + salts_len
        + IV_TEXT_LEN
        + base64url::encoded_len(ciphertext_len)
        + expiration.map_or(0, payload::digits)
        + MAC_TEXT_LEN
        + stars
}

fn push_base64(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let start = out.len();
    out.resize(start + base64url::encoded_len(bytes.len()), 0);
    base64url::encode(bytes, out.get_mut(start..).unwrap_or_default())
}
