// ring wipes none of its keys, and lets nobody else do so by safe means.
#![allow(unsafe_code)]

use std::mem::{MaybeUninit, needs_drop};

use ::ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroize;

use super::{NONCE_LEN, TAG_LEN};
use crate::buffer::wiping_stack;

/// ring copies the last block of a text, and what goes into its tag, to the stack.
const STACK: usize = 2 * 1024;

pub(crate) struct Gcm {
    /// Initialised from `new` on, until it is dropped.
    key: MaybeUninit<LessSafeKey>,
}

// All of a key is in it, and it has nothing to free.
const _: () = assert!(!needs_drop::<LessSafeKey>());

impl Gcm {
    pub(crate) fn new(key: &[u8; 32]) -> Gcm {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("AES-256 has keys of 32 bytes");
        Gcm {
            key: MaybeUninit::new(LessSafeKey::new(key)),
        }
    }

    /// Encrypts in place, and gives the tag. None for a text that is too long.
    pub(crate) fn encrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        text: &mut [u8],
    ) -> Option<[u8; TAG_LEN]> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let tag = wiping_stack::<STACK, _>(|| {
            self.key()
                .seal_in_place_separate_tag(nonce, Aad::from(aad), text)
        });
        tag.ok()?.as_ref().try_into().ok()
    }

    /// Decrypts in place. False if it is not authentic: then the text is lost, since ring decrypts
    /// before it knows, and wipes what came of it.
    pub(crate) fn decrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> bool {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        wiping_stack::<STACK, bool>(|| {
            self.key()
                .open_in_place_separate_tag(nonce, Aad::from(aad), (*tag).into(), text, 0..)
                .is_ok()
        })
    }

    fn key(&self) -> &LessSafeKey {
        // SAFETY: `new` initialised it, and nothing but `drop` wipes it.
        unsafe { self.key.assume_init_ref() }
    }
}

impl Drop for Gcm {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}
