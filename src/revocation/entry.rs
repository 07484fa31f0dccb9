//! An entry of what is revoked, as a line of text that is sealed under the password, so that who
//! stores and carries it need not be trusted, and learns no user. `docs/REVOCATION.md` is its
//! specification.
//!
//! ```text
//! entry     = "h3r1." kid "." until "." base64url( nonce || ciphertext || tag )
//! plaintext = kind:u8  before:u48  len:u16  text  padding
//! ```

use std::io::Write;

use crate::buffer::Buffer;
use crate::keyring::{Key, Keyring};
use crate::replica::Kind;
use crate::seal::{Refusal, base64url, sealed};
use crate::xaes::{NONCE_LEN, TAG_LEN};
use crate::{Error, Rejection};

const PREFIX: &[u8] = b"h3r1.";
/// The longest line that is taken for one.
const LINE_MAX_LEN: usize = 2048;
pub(super) const SUBJECT_MAX_LEN: usize = 1024;
const UNTIL_MAX_DIGITS: usize = 12;
const MINUTE_SEC: i64 = 60;
/// Kind, moment, and length.
const HEAD_LEN: usize = 1 + 6 + 2;
/// A plaintext is a multiple of this long, so that its length says little of a subject.
const BLOCK_LEN: usize = 32;

/// What is revoked, before it is sealed.
pub(super) struct Entry<'a> {
    pub(super) kind: Kind,
    /// The id or the subject; empty for everybody.
    pub(super) text: &'a [u8],
    /// The moment before which sessions are refused that were made; 0 of a session.
    pub(super) before: i64,
    /// From when on it no longer matters.
    pub(super) until: i64,
}

/// An entry that was opened.
pub(super) struct Opened {
    pub(super) kind: Kind,
    /// As in [`Entry`].
    pub(super) before: i64,
    pub(super) until: i64,
    /// The plaintext with what is around it.
    buffer: Buffer,
    text_len: usize,
}

impl Opened {
    pub(super) fn text(&self) -> &[u8] {
        let start = NONCE_LEN + HEAD_LEN;
        self.buffer
            .get(start..start + self.text_len)
            .unwrap_or_default()
    }
}

/// When a line says that it no longer matters, in milliseconds since 1970; None for what is no
/// entry by its outer form. Nothing proves it: only who has the password can tell an entry from a
/// forgery.
pub(super) fn until_of(line: &[u8]) -> Option<i64> {
    split(line).map(|parts| parts.until)
}

/// Seals an entry into a line with room for one byte more. The nonce must never be used twice.
pub(super) fn seal(
    key: &Key,
    entry: &Entry<'_>,
    nonce: &[u8; NONCE_LEN],
) -> Result<Vec<u8>, Error> {
    let cipher = key.revocation.as_ref().ok_or_else(Error::internal)?;
    let text_len = u16::try_from(entry.text.len()).map_err(|_| Error::internal())?;
    let plain_len = (HEAD_LEN + entry.text.len()).next_multiple_of(BLOCK_LEN);
    let mut sealed = Buffer::with_room(NONCE_LEN + plain_len + TAG_LEN)?;
    sealed.extend_from_slice(nonce);
    sealed.push(entry.kind as u8);
    let [_, _, before @ ..] = entry.before.to_be_bytes();
    sealed.extend_from_slice(&before);
    sealed.extend_from_slice(&text_len.to_be_bytes());
    sealed.extend_from_slice(entry.text);
    sealed.resize(NONCE_LEN + plain_len + TAG_LEN, 0);

    let minutes = -(-entry.until).div_euclid(1000 * MINUTE_SEC);
    // Also for the NUL that C wants behind it.
    let len = PREFIX.len() + key.id.len() + 1 + UNTIL_MAX_DIGITS + 1;
    let len = len + base64url::encoded_len(sealed.len()) + 1;
    let mut line = Vec::new();
    line.try_reserve_exact(len).map_err(|_| Error::memory())?;
    line.extend_from_slice(PREFIX);
    write!(line, "{}.{}.", key.id, minutes * MINUTE_SEC).map_err(|_| Error::internal())?;
    sealed::encrypt(cipher, &line, &mut sealed)?;
    let start = line.len();
    line.resize(start + base64url::encoded_len(sealed.len()), 0);
    base64url::encode(&sealed, line.get_mut(start..).unwrap_or_default())?;
    Ok(line)
}

/// Opens a line. Nothing of it is looked at, but for its outer form, before it is authenticated.
pub(super) fn open(keyring: &Keyring, line: &[u8]) -> Result<Opened, Refusal> {
    let parts = split(line).ok_or(Rejection::Malformed)?;
    let least = NONCE_LEN + BLOCK_LEN + TAG_LEN;
    if base64url::decoded_len(parts.body.len()) < least {
        return Err(Rejection::Malformed.into());
    }
    let Parts {
        key_id, aad, body, ..
    } = parts;
    let (_, buffer) = sealed::open(keyring, |key| key.revocation.as_ref(), key_id, aad, body, 0)?;
    // Else it is authentic: of a later version, say.
    parse(buffer, parts.until).ok_or_else(|| Rejection::Malformed.of_foreign())
}

/// The parts of a line.
struct Parts<'a> {
    key_id: &'a [u8],
    until: i64,
    /// All that stands before the body.
    aad: &'a [u8],
    body: &'a [u8],
}

fn split(line: &[u8]) -> Option<Parts<'_>> {
    if line.len() > LINE_MAX_LEN {
        return None;
    }
    let (key_id, rest) = sealed::split_key_id(line.strip_prefix(PREFIX)?)?;
    let dot = rest
        .iter()
        .take(UNTIL_MAX_DIGITS + 1)
        .position(|byte| *byte == b'.')?;
    let (digits, body) = (rest.get(..dot)?, rest.get(dot + 1..)?);
    let is_number = digits.iter().all(u8::is_ascii_digit) && !digits.starts_with(b"0");
    let until: i64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (is_number && until % MINUTE_SEC == 0).then_some(Parts {
        key_id,
        until: until * 1000,
        aad: line.get(..line.len() - body.len())?,
        body,
    })
}

/// Reads the plaintext that stands in `buffer` between nonce and tag.
fn parse(buffer: Buffer, until: i64) -> Option<Opened> {
    let plain = buffer.get(NONCE_LEN..buffer.len().checked_sub(TAG_LEN)?)?;
    let ([kind], rest) = plain.split_first_chunk()?;
    let (before, rest) = rest.split_first_chunk::<6>()?;
    let (len, rest) = rest.split_first_chunk()?;
    let text_len = usize::from(u16::from_be_bytes(*len));
    let (text, padding) = rest.split_at_checked(text_len)?;
    let is_padded = plain.len() == (HEAD_LEN + text_len).next_multiple_of(BLOCK_LEN)
        && padding.iter().all(|byte| *byte == 0);
    let before = before
        .iter()
        .fold(0, |time, byte| time << 8 | i64::from(*byte));
    let (kind, is_right) = match kind {
        0 => {
            let is_id = (1..=255).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic);
            (Kind::Session, is_id && before == 0)
        }
        1 => {
            let is_text = std::str::from_utf8(text).is_ok();
            let fits = (1..=SUBJECT_MAX_LEN).contains(&text.len());
            (Kind::Subject, is_text && fits)
        }
        2 => (Kind::Everybody, text.is_empty()),
        _ => return None,
    };
    (is_right && is_padded).then_some(Opened {
        kind,
        before,
        until,
        buffer,
        text_len,
    })
}

#[cfg(test)]
mod tests;
