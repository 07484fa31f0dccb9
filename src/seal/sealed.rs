//! What is sealed with XAES-256-GCM under one of the passwords: tokens of h3s1, and entries of what
//! is revoked.

use super::base64url;
use crate::buffer::Buffer;
use crate::keyring::{Key, Keyring};
use crate::seal::Refusal;
use crate::xaes::{NONCE_LEN, TAG_LEN, Xaes};
use crate::{Error, Rejection};

const KEY_ID_MAX_LEN: usize = 32;

/// The key id that a text begins with, and what comes after the dot behind it. None if that is not
/// well-formed.
#[inline]
pub(crate) fn split_key_id(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = text
        .iter()
        .take(KEY_ID_MAX_LEN + 1)
        .position(|byte| *byte == b'.')?;
    let (key_id, rest) = (text.get(..dot)?, text.get(dot + 1..)?);
    let well_formed = key_id
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    well_formed.then_some((key_id, rest))
}

/// Opens a body that was sealed under one of the keys that an id may mean, with `cipher` of it:
/// which key's it is, so many zeros, the nonce and the plaintext, which ends [`TAG_LEN`] before the
/// buffer. Nothing of it is looked at before it is authenticated.
pub(crate) fn open(
    keyring: &Keyring,
    cipher: impl Fn(&Key) -> Option<&Xaes>,
    key_id: &[u8],
    aad: &[u8],
    body: &[u8],
    zeros: usize,
) -> Result<(usize, Buffer), Refusal> {
    let malformed = || Refusal::from(Rejection::Malformed);
    let decoded = || base64url::decode_after(zeros, body)?.ok_or_else(malformed);
    let mut buffer = decoded()?;
    let mut keys = keyring.by_id(key_id).peekable();
    loop {
        let (position, key) = keys.next().ok_or_else(|| keyring.refusal(key_id))?;
        let sealed = buffer.get_mut(zeros..).unwrap_or_default();
        if cipher(key).is_some_and(|cipher| decrypt(cipher, aad, sealed)) {
            return Ok((position, buffer));
        }
        // What did not decrypt is lost: the next key has a copy of its own.
        if keys.peek().is_some() {
            buffer = decoded()?;
        }
    }
}

/// Decrypts nonce, ciphertext and tag in place; false if they are not authentic.
fn decrypt(cipher: &Xaes, aad: &[u8], sealed: &mut [u8]) -> bool {
    let Some((nonce, rest)) = sealed.split_first_chunk_mut::<NONCE_LEN>() else {
        return false;
    };
    let Some((text, tag)) = rest.split_last_chunk_mut::<TAG_LEN>() else {
        return false;
    };
    cipher.decrypt(nonce, aad, text, tag)
}

/// Encrypts nonce, plaintext and room for a tag in place.
pub(crate) fn encrypt(cipher: &Xaes, aad: &[u8], sealed: &mut [u8]) -> Result<(), Error> {
    let (nonce, rest) = sealed
        .split_first_chunk_mut::<NONCE_LEN>()
        .ok_or_else(Error::internal)?;
    let (text, tag) = rest
        .split_last_chunk_mut::<TAG_LEN>()
        .ok_or_else(Error::internal)?;
    *tag = cipher
        .encrypt(nonce, aad, text)
        .ok_or_else(Error::internal)?;
    Ok(())
}
