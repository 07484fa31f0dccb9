//! PBKDF2 that derives each key once: most of the tests' time would go into deriving the same few
//! keys again and again.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

static KEPT: LazyLock<Mutex<HashMap<Arguments, Vec<u8>>>> = LazyLock::new(Mutex::default);

#[derive(PartialEq, Eq, Hash)]
struct Arguments {
    hash: &'static str,
    password: Vec<u8>,
    salt: Vec<u8>,
    rounds: u32,
    len: usize,
}

/// As the function of that name in the crate `pbkdf2`.
pub fn pbkdf2_hmac<H: Derive>(password: &[u8], salt: &[u8], rounds: u32, key: &mut [u8]) {
    let arguments = Arguments {
        hash: H::NAME,
        password: password.to_vec(),
        salt: salt.to_vec(),
        rounds,
        len: key.len(),
    };
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let derived = kept.entry(arguments).or_insert_with(|| {
        let mut derived = vec![0; key.len()];
        H::derive(password, salt, rounds, &mut derived);
        derived
    });
    key.copy_from_slice(derived);
}

/// Not generic, so that it is optimised as this crate is, and not as the one that calls it.
pub trait Derive {
    const NAME: &str;
    fn derive(password: &[u8], salt: &[u8], rounds: u32, key: &mut [u8]);
}

impl Derive for sha1::Sha1 {
    const NAME: &str = "SHA-1";

    #[inline(never)]
    fn derive(password: &[u8], salt: &[u8], rounds: u32, key: &mut [u8]) {
        original::pbkdf2_hmac::<sha1::Sha1>(password, salt, rounds, key);
    }
}

impl Derive for sha2::Sha256 {
    const NAME: &str = "SHA-256";

    #[inline(never)]
    fn derive(password: &[u8], salt: &[u8], rounds: u32, key: &mut [u8]) {
        original::pbkdf2_hmac::<sha2::Sha256>(password, salt, rounds, key);
    }
}
