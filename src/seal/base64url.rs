//! Base64url as both formats write it: strictly, without padding and without stray bits in the last character.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::{GeneralPurposeConfig, Simd, general_purpose::NO_PAD};

use crate::Error;
use crate::buffer::Buffer;

static STRICT: LazyLock<Simd> = LazyLock::new(|| {
    const CONFIG: GeneralPurposeConfig = NO_PAD;
    Simd::url_safe(CONFIG)
});

pub(super) fn encoded_len(len: usize) -> usize {
    len / 3 * 4 + (len % 3 * 4).div_ceil(3)
}

pub(super) fn decoded_len(len: usize) -> usize {
    len / 4 * 3 + (len % 4 * 3) / 4
}

/// Fills `out`, which is of the encoded length.
pub(super) fn encode(bytes: &[u8], out: &mut [u8]) -> Result<(), Error> {
    match STRICT.encode_slice(bytes, out) {
        Ok(len) if len == out.len() => Ok(()),
        _ => Err(Error::internal()),
    }
}

/// None for what is not strictly base64url.
pub(super) fn decode(text: &[u8]) -> Result<Option<Buffer>, Error> {
    let len = decoded_len(text.len());
    let mut bytes = Buffer::with_room(len)?;
    bytes.resize(len, 0);
    let decoded = STRICT.decode_slice(text, &mut bytes) == Ok(len);
    Ok(decoded.then_some(bytes))
}

/// As [`decode`], for so many bytes.
pub(super) fn decode_array<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let decoded = text.len() == encoded_len(N) && STRICT.decode_slice(text, &mut bytes) == Ok(N);
    decoded.then_some(bytes)
}
