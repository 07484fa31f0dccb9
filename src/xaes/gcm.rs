//! AES-256-GCM under one derived key.

use aes::Aes256Enc;
use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};

use crate::buffer::wiping_stack;

/// Wiped when dropped.
pub(super) struct Gcm(AesGcm<Aes256Enc, U12>);

impl Gcm {
    pub(super) fn new(key: &[u8; 32]) -> Gcm {
        Gcm(AesGcm::new(key.into()))
    }

    /// Encrypts in place, and gives the tag. None for a text that is too long.
    pub(super) fn encrypt(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        text: &mut [u8],
    ) -> Option<[u8; 16]> {
        let tag = self
            .0
            .encrypt_inout_detached(nonce.into(), aad, InOutBuf::from(text));
        Some(tag.ok()?.into())
    }

    /// Decrypts in place; false, and the text is as it was, if it is not authentic.
    pub(super) fn decrypt(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; 16],
    ) -> bool {
        // The cipher copies each 128 bytes that it decrypts to the stack, 2 to 5 KiB below, and
        // leaves the last ones there.
        wiping_stack::<{ 5 * 1024 }, bool>(|| {
            self.0
                .decrypt_inout_detached(nonce.into(), aad, InOutBuf::from(text), tag.into())
                .is_ok()
        })
    }
}
