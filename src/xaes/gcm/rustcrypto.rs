use aes::Aes256Enc;
use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};

use super::{NONCE_LEN, TAG_LEN};
use crate::buffer::wiping_stack;

pub(crate) struct Gcm(AesGcm<Aes256Enc, U12>);

impl Gcm {
    // Once in the library, and not wherever it is called: it is long.
    #[inline(never)]
    pub(crate) fn new(key: &[u8; 32]) -> Gcm {
        Gcm(AesGcm::new(key.into()))
    }

    /// Encrypts in place, and gives the tag. None for a text that is too long.
    pub(crate) fn encrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        text: &mut [u8],
    ) -> Option<[u8; TAG_LEN]> {
        let tag = self
            .0
            .encrypt_inout_detached(nonce.into(), aad, InOutBuf::from(text));
        Some(tag.ok()?.into())
    }

    /// Decrypts in place. False if it is not authentic: then the text is lost.
    #[inline(never)]
    pub(crate) fn decrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
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
