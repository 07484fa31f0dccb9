//! The ciphers of the format, and its mac.

use aes::{Aes128Enc, Aes256Dec, Aes256Enc};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::keys::DerivedKey;
use super::options::Cipher;
use crate::Error;
use crate::buffer::{Buffer, leaving_no_trace};

pub(super) const IV_LEN: usize = 16;
pub(super) const MAC_LEN: usize = 32;
/// The room that padding may take.
pub(super) const BLOCK_LEN: usize = 16;

impl Cipher {
    pub(super) fn key_len(self) -> usize {
        match self {
            Cipher::Aes256Cbc => 32,
            Cipher::Aes128Ctr => 16,
        }
    }

    pub(super) fn sealed_len(self, len: usize) -> usize {
        match self {
            Cipher::Aes256Cbc => (len / BLOCK_LEN + 1) * BLOCK_LEN,
            Cipher::Aes128Ctr => len,
        }
    }

    /// Encrypts a text, which is in a buffer with room for a block of padding.
    #[inline(never)]
    pub(crate) fn encrypt(
        self,
        key: &[u8; 32],
        iv: &[u8; IV_LEN],
        text: &mut Buffer,
    ) -> Result<(), Error> {
        let len = text.len();
        let done = match self {
            Cipher::Aes256Cbc => {
                text.resize(self.sealed_len(len), 0);
                leaving_no_trace(|| {
                    cbc::Encryptor::<Aes256Enc>::new(key.into(), iv.into())
                        .encrypt_padded::<Pkcs7>(text, len)
                        .is_ok()
                })
            }
            Cipher::Aes128Ctr => apply_ctr(key, iv, text),
        };
        if done { Ok(()) } else { Err(Error::internal()) }
    }

    /// Decrypts what is authentic: the plaintext stands at the start of the buffer, and is so long.
    /// None if the key's cipher was another one.
    #[inline(never)]
    pub(crate) fn decrypt(
        self,
        key: &[u8; 32],
        iv: &[u8; IV_LEN],
        mut text: Buffer,
    ) -> Option<(Buffer, usize)> {
        let len = match self {
            Cipher::Aes256Cbc => leaving_no_trace(|| {
                cbc::Decryptor::<Aes256Dec>::new(key.into(), iv.into())
                    .decrypt_padded::<Pkcs7>(&mut text)
                    .map(<[u8]>::len)
                    .ok()
            })?,
            Cipher::Aes128Ctr => apply_ctr(key, iv, &mut text).then_some(text.len())?,
        };
        Some((text, len))
    }
}

pub(super) fn mac(key: &DerivedKey, text: &[u8]) -> [u8; MAC_LEN] {
    leaving_no_trace(|| mac_of(key, text).finalize().into_bytes().into())
}

/// Compares in constant time.
pub(super) fn is_mac(key: &DerivedKey, text: &[u8], mac: &[u8; MAC_LEN]) -> bool {
    leaving_no_trace(|| mac_of(key, text).verify(mac.into()).is_ok())
}

fn mac_of(key: &DerivedKey, text: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(&***key)
        .expect("HMAC takes a key of any length")
        .chain_update(text)
}

/// Encrypts or decrypts; false if the text is longer than the counter allows, which no text is.
fn apply_ctr(key: &[u8; 32], iv: &[u8; IV_LEN], text: &mut [u8]) -> bool {
    let Some(key) = key.first_chunk::<16>() else {
        return false;
    };
    leaving_no_trace(|| {
        ctr::Ctr128BE::<Aes128Enc>::new(key.into(), iv.into())
            .try_apply_keystream(text)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn ctr_is_what_nist_sp_800_38a_says() {
        let mut key = [0; 32];
        key[..16].copy_from_slice(&0x2b7e1516_28aed2a6_abf71588_09cf4f3c_u128.to_be_bytes());
        let key: DerivedKey = Arc::new(Zeroizing::new(key));
        let iv = 0xf0f1f2f3_f4f5f6f7_f8f9fafb_fcfdfeff_u128.to_be_bytes();
        let plaintext = 0x6bc1bee2_2e409f96_e93d7e11_7393172a_u128.to_be_bytes();
        let ciphertext = 0x874d6191_b620e326_1bef6864_990db6ce_u128.to_be_bytes();

        let mut text = Buffer::with_room(16).unwrap();
        text.extend_from_slice(&plaintext);
        Cipher::Aes128Ctr.encrypt(&key, &iv, &mut text).unwrap();
        assert_eq!(**text, ciphertext);
        let (text, len) = Cipher::Aes128Ctr.decrypt(&key, &iv, text).unwrap();
        assert_eq!(text[..len], plaintext);
    }
}
