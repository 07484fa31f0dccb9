//! XAES-256-GCM, as C2SP specifies it: AES-256-GCM with the last 12 bytes of a nonce, under a key
//! that is derived from the first 12.
//!
//! A derivation costs as much as sealing several hundred bytes. So the first 12 bytes, the prefix,
//! stay the same for many seals, and the keys of the last few prefixes are kept (`kept`). Within a
//! prefix a token has a random nonce of AES-GCM, of which 2^20 are far from any that repeats.

mod gcm;
mod kept;

use aes::Aes256Enc;
use cmac::{Cmac, KeyInit, Mac};
use zeroize::Zeroizing;

pub(crate) use self::gcm::Gcm;
use self::kept::{Kept, PREFIX_LEN, Prefix};
use crate::{Error, random};

pub(crate) const NONCE_LEN: usize = PREFIX_LEN + 12;
pub(crate) const TAG_LEN: usize = 16;

/// A key of XAES-256-GCM. Wiped when dropped, and what was derived of it.
pub(crate) struct Xaes {
    /// In a place of its own, which it never leaves.
    key: Box<Cmac<Aes256Enc>>,
    kept: Kept,
}

impl Xaes {
    pub(crate) fn new(key: &[u8; 32]) -> Xaes {
        Xaes {
            key: Box::new(Cmac::new(key.into())),
            kept: Kept::default(),
        }
    }

    /// A nonce that nothing was encrypted with, at a time in milliseconds since 1970.
    pub(crate) fn nonce(&self, now: i64) -> Result<[u8; NONCE_LEN], Error> {
        let Some(prefix) = self.kept.prefix(now)? else {
            return random::array();
        };
        let mut nonce = [0; NONCE_LEN];
        let (first, last) = nonce.split_at_mut(PREFIX_LEN);
        first.copy_from_slice(&prefix);
        last.copy_from_slice(&random::array::<{ NONCE_LEN - PREFIX_LEN }>()?);
        Ok(nonce)
    }

    /// Encrypts in place, and gives the tag. None for a text that is too long.
    pub(crate) fn encrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        text: &mut [u8],
    ) -> Option<[u8; TAG_LEN]> {
        let (prefix, nonce) = split(nonce)?;
        let derived = || self.derived(prefix);
        self.kept.with(
            prefix,
            derived,
            |gcm| gcm.encrypt(nonce, aad, text),
            Option::is_some,
        )
    }

    /// Decrypts in place. False if it is not authentic: then the text is lost.
    pub(crate) fn decrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> bool {
        let Some((prefix, nonce)) = split(nonce) else {
            return false;
        };
        let derived = || self.derived(prefix);
        // What is forged has no key kept, or it would push out those in use.
        self.kept.with(
            prefix,
            derived,
            |gcm| gcm.decrypt(nonce, aad, text, tag),
            |is| *is,
        )
    }

    /// The key of a prefix, by the key derivation of NIST SP 800-108 in counter mode with CMAC.
    fn derived(&self, prefix: &Prefix) -> Gcm {
        let mut key = Zeroizing::new([0; 32]);
        for (number, half) in (1..).zip(key.chunks_exact_mut(16)) {
            let mut mac = (*self.key).clone();
            mac.update(&[0, number, b'X', 0]);
            mac.update(prefix);
            half.copy_from_slice(&mac.finalize().into_bytes());
        }
        Gcm::new(&key)
    }
}

fn split(nonce: &[u8; NONCE_LEN]) -> Option<(&Prefix, &[u8; NONCE_LEN - PREFIX_LEN])> {
    let (prefix, nonce) = nonce.split_first_chunk()?;
    Some((prefix, nonce.try_into().ok()?))
}

#[cfg(test)]
mod tests;
