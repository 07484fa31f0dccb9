//! Seals anything at all under the right keys, so that the fuzzer gets behind the seal. It shares
//! no code with the library.

use std::sync::LazyLock;

use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use xaes_256_gcm::aead::Aead;
use xaes_256_gcm::{Nonce, Xaes256Gcm};

use crate::PASSWORD;

const NONCE: [u8; 24] = *b"always the same nonce...";
const SALT: &[u8] = b"0123456789abcdef";
const IV: [u8; 16] = *b"always the same.";

static MASTER: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let mut master = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(
        PASSWORD.as_bytes(),
        b"libh3s h3s1 password",
        65_536,
        &mut master,
    );
    master
});

/// The key of h3s1 for the cookie name `h3`.
static CIPHER: LazyLock<Xaes256Gcm> = LazyLock::new(|| cipher(b"h3s1 session seal"));

/// That of entries of what is revoked.
static ENTRY_CIPHER: LazyLock<Xaes256Gcm> = LazyLock::new(|| cipher(b"h3s revocation"));

fn cipher(salt: &[u8]) -> Xaes256Gcm {
    let mut key = [0; 32];
    let expanded = Hkdf::<Sha256>::new(Some(salt), MASTER.as_slice()).expand(b"h3", &mut key);
    expanded.expect("32 bytes are few enough");
    Xaes256Gcm::new(&key.into())
}

/// An entry of what is revoked, with this plaintext and this text for its end.
pub fn h3r1(until: &str, plaintext: &[u8]) -> String {
    let head = format!("h3r1..{until}.");
    let payload = xaes_256_gcm::aead::Payload {
        msg: plaintext,
        aad: head.as_bytes(),
    };
    let sealed = ENTRY_CIPHER.encrypt(&Nonce::from(NONCE), payload);
    let sealed = [NONCE.as_slice(), &sealed.expect("it is short enough")].concat();
    head + &URL_SAFE_NO_PAD.encode(sealed)
}

/// An h3s1 token of this plaintext.
pub fn h3s1(plaintext: &[u8]) -> String {
    let payload = xaes_256_gcm::aead::Payload {
        msg: plaintext,
        aad: b"h3s1..",
    };
    let sealed = CIPHER.encrypt(&Nonce::from(NONCE), payload);
    let sealed = [NONCE.as_slice(), &sealed.expect("it is short enough")].concat();
    format!("h3s1..{}", URL_SAFE_NO_PAD.encode(sealed))
}

/// An h3s1 token of a session that was made now and holds this data, whatever it is.
pub fn h3s1_of(data: &[u8]) -> String {
    let head = [&[0], &crate::NOW.to_be_bytes()[2..], &[1, b'x']].concat();
    h3s1(&[head.as_slice(), data].concat())
}

/// The plaintext of an h3s1 token.
pub fn h3s1_plaintext(token: &str) -> Vec<u8> {
    let body = token
        .strip_prefix("h3s1..")
        .expect("a token without a key id");
    let sealed = URL_SAFE_NO_PAD.decode(body).expect("base64url");
    let (nonce, sealed) = sealed.split_first_chunk::<24>().expect("a nonce");
    let payload = xaes_256_gcm::aead::Payload {
        msg: sealed,
        aad: b"h3s1..",
    };
    CIPHER
        .decrypt(&Nonce::from(*nonce), payload)
        .expect("authentic")
}

/// A Fe26.2 token of this payload, whatever it is. With one iteration it is one of h3 before 2.
pub fn iron(payload: &[u8], iterations: u32) -> Vec<u8> {
    let key = derive(SALT, iterations);
    let cipher = cbc::Encryptor::<Aes256>::new(&key.into(), &IV.into());
    let sealed = cipher.encrypt_padded_vec::<Pkcs7>(payload);
    let parts = format!(
        "*{}*{}*{}*",
        String::from_utf8_lossy(SALT),
        URL_SAFE_NO_PAD.encode(IV),
        URL_SAFE_NO_PAD.encode(sealed)
    );
    iron_mac(parts.as_bytes(), iterations)
}

/// A Fe26.2 token of these parts, from the key id to the expiration, whatever they are.
pub fn iron_mac(parts: &[u8], iterations: u32) -> Vec<u8> {
    let base = [b"Fe26.2*", parts].concat();
    let mac =
        Hmac::<Sha256>::new_from_slice(&derive(SALT, iterations)).expect("any length is a key");
    let mac = mac.chain_update(&base).finalize().into_bytes();
    [
        base.as_slice(),
        b"*",
        SALT,
        b"*",
        URL_SAFE_NO_PAD.encode(mac).as_bytes(),
    ]
    .concat()
}

fn derive(salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut key = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha1>(PASSWORD.as_bytes(), salt, iterations, &mut key);
    key
}
