//! Seals anything at all as JSON Web Encryption under the right keys. It shares no code with the
//! library.

use std::sync::LazyLock;

use aes::Aes256;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha512};

use crate::PASSWORD;

const IV: [u8; 16] = *b"always the same.";

/// Whose tokens they are.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    AuthJs,
    NextAuth,
    Auth0,
    BetterAuth,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::AuthJs, Kind::NextAuth, Kind::Auth0, Kind::BetterAuth];

    pub fn name(self) -> &'static str {
        match self {
            Kind::AuthJs => "authjs",
            Kind::NextAuth => "next-auth",
            Kind::Auth0 => "auth0",
            Kind::BetterAuth => "better-auth",
        }
    }

    /// The usual header, but without a key id.
    pub fn header(self) -> &'static [u8] {
        match self {
            Kind::AuthJs | Kind::BetterAuth => br#"{"alg":"dir","enc":"A256CBC-HS512"}"#,
            Kind::NextAuth | Kind::Auth0 => br#"{"alg":"dir","enc":"A256GCM"}"#,
        }
    }

    /// For the cookie name `h3`.
    fn key<const N: usize>(self) -> [u8; N] {
        let (salt, info) = match self {
            Kind::AuthJs => ("h3", "Auth.js Generated Encryption Key (h3)"),
            Kind::NextAuth => ("", "NextAuth.js Generated Encryption Key"),
            Kind::Auth0 => ("", "JWE CEK"),
            Kind::BetterAuth => (
                "better-auth-session",
                "BetterAuth.js Generated Encryption Key",
            ),
        };
        let mut key = [0; N];
        Hkdf::<Sha256>::new(Some(salt.as_bytes()), PASSWORD.as_bytes())
            .expand(info.as_bytes(), &mut key)
            .expect("64 bytes are few enough");
        key
    }
}

static CBC_KEYS: LazyLock<[[u8; 64]; 4]> = LazyLock::new(|| Kind::ALL.map(Kind::key));
static GCM_KEYS: LazyLock<[[u8; 32]; 4]> = LazyLock::new(|| Kind::ALL.map(Kind::key));

/// A token of this header and this plaintext, whatever they are.
pub fn seal(kind: Kind, header: &[u8], plaintext: &[u8]) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let aad = encode(header);
    let (iv, sealed, tag) = match kind {
        Kind::AuthJs | Kind::BetterAuth => {
            let (mac_key, key) = CBC_KEYS[kind as usize].split_at(32);
            let cipher = cbc::Encryptor::<Aes256>::new_from_slices(key, &IV).expect("lengths");
            let sealed = cipher.encrypt_padded_vec::<Pkcs7>(plaintext);
            let mac = Hmac::<Sha512>::new_from_slice(mac_key).expect("any length is a key");
            let bits = (aad.len() as u64 * 8).to_be_bytes();
            let mac = [aad.as_bytes(), &IV, &sealed, &bits]
                .iter()
                .fold(mac, |mac, part| mac.chain_update(part));
            (&IV[..], sealed, mac.finalize().into_bytes()[..32].to_vec())
        }
        Kind::NextAuth | Kind::Auth0 => {
            let cipher = Aes256Gcm::new(&GCM_KEYS[kind as usize].into());
            let payload = Payload {
                msg: plaintext,
                aad: aad.as_bytes(),
            };
            let nonce = Nonce::try_from(&IV[..12]).expect("a nonce");
            let mut sealed = cipher.encrypt(&nonce, payload).expect("it is short enough");
            let tag = sealed.split_off(sealed.len() - 16);
            (&IV[..12], sealed, tag)
        }
    };
    format!("{aad}..{}.{}.{}", encode(iv), encode(&sealed), encode(&tag))
}
