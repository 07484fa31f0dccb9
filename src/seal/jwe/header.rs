//! The header of a token. What it says has to be what its format says anyway.

use crate::Rejection;
use crate::json::{self, slice};
use crate::seal::Refusal;

/// How long one may be in base64url: longer than any of those that are written.
pub(super) const MAX_LEN: usize = 512;

/// How a token is encrypted and authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enc {
    /// `A256CBC-HS512`: a key of 64 bytes, the first half for HMAC-SHA512.
    CbcHmac,
    /// `A256GCM`: a key of 32 bytes.
    Gcm,
}

/// A header with nothing in it that would change what the token means.
pub(super) struct Header<'a> {
    pub(super) enc: Enc,
    /// As it is spelled. None is written with an escape.
    pub(super) kid: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Result<Header<'a>, Refusal> {
        let malformed = || Refusal::from(Rejection::Malformed);
        // No name is in it twice, however it is spelled.
        let is_object =
            json::check_sealed(text, 2)?.is_some() && text.trim_ascii().first() == Some(&b'{');
        if !is_object {
            return Err(malformed());
        }
        let (mut alg, mut enc, mut kid) = (None, None, None);
        let mut is_known = true;
        for member in json::members(text) {
            let value = json::unquoted(slice(text, member.value.clone()));
            let take = |place: &mut Option<&'a [u8]>| {
                *place = Some(value.ok_or_else(malformed)?);
                Ok::<_, Refusal>(())
            };
            match slice(text, member.name.clone()) {
                b"alg" => take(&mut alg)?,
                b"enc" => take(&mut enc)?,
                b"kid" => take(&mut kid)?,
                // Compressed, say, or with something that has to be understood.
                _ => is_known = false,
            }
        }
        let (alg, enc) = alg.zip(enc).ok_or_else(malformed)?;
        let enc = match enc {
            b"A256CBC-HS512" => Some(Enc::CbcHmac),
            b"A256GCM" => Some(Enc::Gcm),
            _ => None,
        };
        match enc.filter(|_| is_known && alg == b"dir") {
            Some(enc) => Ok(Header { enc, kid }),
            None => Err(Rejection::UnsupportedFormat.into()),
        }
    }
}
