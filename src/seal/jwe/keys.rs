//! The keys of a format: HKDF-SHA256 of a password.

use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::header::{Enc, Header};
use crate::Error;
use crate::buffer::leaving_no_trace;
use crate::keyring::derive;
use crate::seal::base64url;
use crate::seal::kind::Kind;

/// What opens the tokens of one format under one password.
pub(super) struct Key {
    pub(super) kind: Kind,
    /// The password's place in the keyring.
    pub(super) position: usize,
    pub(super) enc: Enc,
    /// What a token calls it, in the formats that do: its thumbprint (RFC 7638).
    pub(super) kid: Option<String>,
    /// The header of what it seals, in base64url.
    pub(super) header: String,
    /// In a place that it never leaves; of `A256GCM` the first half.
    pub(super) bytes: Box<Zeroizing<[u8; 64]>>,
}

impl Key {
    /// The keys of a format under a password.
    pub(super) fn push_all(
        kind: Kind,
        position: usize,
        password: &[u8],
        name: &str,
        keys: &mut Vec<Key>,
    ) -> Result<(), Error> {
        let encs: &[Enc] = match kind {
            Kind::AuthJs => &[Enc::CbcHmac, Enc::Gcm],
            Kind::BetterAuth => &[Enc::CbcHmac],
            Kind::NextAuth | Kind::Auth0 => &[Enc::Gcm],
        };
        for enc in encs {
            keys.push(Key::new(kind, position, *enc, password, name)?);
        }
        Ok(())
    }

    fn new(
        kind: Kind,
        position: usize,
        enc: Enc,
        password: &[u8],
        name: &str,
    ) -> Result<Key, Error> {
        let (salt, info) = match kind {
            Kind::AuthJs => (name, format!("Auth.js Generated Encryption Key ({name})")),
            Kind::NextAuth => ("", "NextAuth.js Generated Encryption Key".into()),
            Kind::Auth0 => ("", "JWE CEK".into()),
            Kind::BetterAuth => (
                "better-auth-session",
                "BetterAuth.js Generated Encryption Key".into(),
            ),
        };
        let mut bytes = Box::new(Zeroizing::new([0; 64]));
        let len = match enc {
            Enc::CbcHmac => 64,
            Enc::Gcm => 32,
        };
        let place = bytes.get_mut(..len).ok_or_else(Error::internal)?;
        leaving_no_trace(|| derive(password, salt.as_bytes(), info.as_bytes(), place));
        let by_sha512 = kind == Kind::AuthJs && enc == Enc::CbcHmac;
        let kid = match kind {
            Kind::AuthJs | Kind::BetterAuth => Some(thumbprint(place, by_sha512)?),
            Kind::NextAuth | Kind::Auth0 => None,
        };
        let header = match &kid {
            Some(kid) => format!(r#"{{"alg":"dir","enc":"A256CBC-HS512","kid":"{kid}"}}"#),
            None => String::new(),
        };
        Ok(Key {
            kind,
            position,
            enc,
            kid,
            header: text(header.as_bytes())?,
            bytes,
        })
    }

    /// Whether its format has tokens with such a header.
    pub(super) fn has_header(&self, header: &Header<'_>) -> bool {
        self.enc == header.enc && (header.kid.is_none() || self.kid.is_some())
    }

    /// Whether a token with this `kid` may be under it. Where Auth.js finds none, it is the first
    /// password's; where others do, it may be any one's.
    pub(super) fn is_meant_by(&self, kid: Option<&[u8]>) -> bool {
        match (&self.kid, kid) {
            (Some(own), Some(kid)) => own.as_bytes() == kid,
            (Some(_), None) => self.kind != Kind::AuthJs || self.position == 0,
            (None, _) => true,
        }
    }
}

/// The hash of a key as a JSON Web Key, in base64url.
fn thumbprint(key: &[u8], by_sha512: bool) -> Result<String, Error> {
    let encoded = Zeroizing::new(text(key)?);
    let pieces = [br#"{"k":""#, encoded.as_bytes(), br#"","kty":"oct"}"#];
    leaving_no_trace(|| match by_sha512 {
        true => text(
            &pieces
                .iter()
                .fold(Sha512::new(), Digest::chain_update)
                .finalize(),
        ),
        false => text(
            &pieces
                .iter()
                .fold(Sha256::new(), Digest::chain_update)
                .finalize(),
        ),
    })
}

fn text(bytes: &[u8]) -> Result<String, Error> {
    let mut out = vec![0; base64url::encoded_len(bytes.len())];
    base64url::encode(bytes, &mut out)?;
    String::from_utf8(out).map_err(|_| Error::internal())
}
