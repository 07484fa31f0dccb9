//! Base64url as both formats write it: strictly, without padding and without stray bits in the last
//! character.

use std::sync::OnceLock;

use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::NO_PAD;
use base64::engine::{GeneralPurpose, Simd};
use base64::{DecodeSliceError, EncodeSliceError, Engine};

use crate::Error;
use crate::buffer::Buffer;
use crate::once::First;

/// The fast one. It finds out what the processor has, and so cannot be a constant.
static FAST: OnceLock<Simd> = OnceLock::new();
/// Does the same until then.
static PLAIN: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD);

/// Makes the fast one ready. Nobody waits for it, since a fork may leave it half made for ever.
pub(crate) fn make_ready() {
    static FIRST: First = First::new();
    if FIRST.is_this() {
        let _ = FAST.set(Simd::url_safe(NO_PAD));
    }
}

fn encode_slice(bytes: &[u8], out: &mut [u8]) -> Result<usize, EncodeSliceError> {
    match FAST.get() {
        Some(fast) => fast.encode_slice(bytes, out),
        None => PLAIN.encode_slice(bytes, out),
    }
}

#[inline]
fn decode_slice(text: &[u8], out: &mut [u8]) -> Result<usize, DecodeSliceError> {
    match FAST.get() {
        Some(fast) => fast.decode_slice(text, out),
        None => PLAIN.decode_slice(text, out),
    }
}

pub(crate) fn encoded_len(len: usize) -> usize {
    len / 3 * 4 + (len % 3 * 4).div_ceil(3)
}

pub(crate) fn decoded_len(len: usize) -> usize {
    len / 4 * 3 + (len % 4 * 3) / 4
}

/// Fills `out`, which is of the encoded length.
pub(crate) fn encode(bytes: &[u8], out: &mut [u8]) -> Result<(), Error> {
    match encode_slice(bytes, out) {
        Ok(len) if len == out.len() => Ok(()),
        _ => Err(Error::internal()),
    }
}

/// None for what is not strictly base64url.
pub(crate) fn decode(text: &[u8]) -> Result<Option<Buffer>, Error> {
    decode_after(0, text)
}

/// As [`decode`], after so many zeros.
pub(super) fn decode_after(zeros: usize, text: &[u8]) -> Result<Option<Buffer>, Error> {
    let len = decoded_len(text.len());
    let mut bytes = Buffer::with_room(zeros + len)?;
    bytes.resize(zeros + len, 0);
    let place = bytes.get_mut(zeros..).unwrap_or_default();
    let decoded = decode_slice(text, place) == Ok(len);
    Ok(decoded.then_some(bytes))
}

/// As [`decode`], for so many bytes.
pub(super) fn decode_array<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let decoded = text.len() == encoded_len(N) && decode_slice(text, &mut bytes) == Ok(N);
    decoded.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_engine_is_there_once_it_was_made_ready() {
        make_ready();
        assert!(FAST.get().is_some());
    }

    #[test]
    fn nothing_is_encoded_into_less_or_more_room_than_it_takes() {
        for (room, fits) in [(3, false), (4, true), (5, false)] {
            assert_eq!(encode(&[1, 2, 3], &mut vec![0; room]).is_ok(), fits);
        }
    }

    /// Every length around the vectors' lengths, and every byte at every place of a short text.
    #[test]
    fn both_base64_engines_write_and_refuse_the_same() {
        let fast = Simd::url_safe(NO_PAD);
        for len in 0..200_u8 {
            let bytes: Vec<u8> = (0..len).map(|i| i.wrapping_mul(151) ^ len).collect();
            let text = PLAIN.encode(&bytes);
            assert_eq!(fast.encode(&bytes), text);
            assert_eq!(fast.decode(&text).unwrap(), bytes);
        }
        for len in [2, 3, 4, 43, 75] {
            for at in 0..len {
                for byte in 0..=255 {
                    let mut text = vec![b'A'; len];
                    text[at] = byte;
                    assert_eq!(fast.decode(&text).ok(), PLAIN.decode(&text).ok());
                }
            }
        }
    }
}
