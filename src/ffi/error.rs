//! What C learns of an error.

use std::ffi::c_char;

use super::types::H3S_OK;
use crate::Error;

/// What went wrong: 256 bytes that the caller owns. Nothing to free; safe to copy, keep and share.
///
/// Every function that takes one accepts NULL. After a success, `status` is H3S_OK and the rest is
/// empty. No member ever holds a secret or any part of session data.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct h3s_error {
    /// What the function returned, H3S_OK or H3S_ERR_*.
    pub status: i32,
    /// The first byte at fault in the input, or -1.
    pub offset: i32,
    /// With H3S_ERR_REJECTED why, H3S_REJECTION_*; else H3S_REJECTION_NONE.
    pub rejection: i32,
    /// 0.
    pub reserved: i32,
    /// The option (`"cookie.sameSite"`) or argument at fault, or the rejection's name; else empty.
    /// NUL-terminated.
    pub key: [c_char; 48],
    /// One sentence in English that says what is wrong and what would be right. NUL-terminated
    /// UTF-8.
    pub message: [c_char; 192],
}

impl h3s_error {
    /// Fills the caller's, if there is one, and gives the status.
    ///
    /// SAFETY: `err` is NULL or writable.
    pub(super) unsafe fn report(err: *mut h3s_error, result: Result<(), Error>) -> i32 {
        // SAFETY: as this function's.
        let err = unsafe { err.as_mut() };
        match result {
            Ok(()) => {
                if let Some(err) = err {
                    (err.status, err.offset, err.rejection, err.reserved) = (H3S_OK, -1, 0, 0);
                    (err.key[0], err.message[0]) = (0, 0);
                }
                H3S_OK
            }
            Err(error) => {
                if let Some(err) = err {
                    *err = h3s_error::from(&error);
                }
                error.status()
            }
        }
    }
}

impl From<&Error> for h3s_error {
    fn from(error: &Error) -> h3s_error {
        h3s_error {
            status: error.status(),
            offset: error
                .offset()
                .map_or(-1, |offset| i32::try_from(offset).unwrap_or(i32::MAX)),
            rejection: error.rejection().map_or(0, |reason| reason as i32),
            reserved: 0,
            key: cut(error.key().unwrap_or_default()),
            message: cut(error.message()),
        }
    }
}

/// As much of `text` as fits with its NUL, cut between characters.
fn cut<const N: usize>(text: &str) -> [c_char; N] {
    let mut out = [0; N];
    let most = text.len().min(N - 1);
    let end = (0..=most)
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    for (to, from) in out.iter_mut().zip(&text.as_bytes()[..end]) {
        *to = *from as c_char;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rejection;

    #[test]
    fn a_message_is_cut_between_characters() {
        let cut: [c_char; 4] = cut("aé€");
        assert_eq!(cut.map(|c| c as u8), [b'a', 0xC3, 0xA9, 0]);
        let cut: [c_char; 4] = super::cut("abcd");
        assert_eq!(cut.map(|c| c as u8), *b"abc\0");
    }

    #[test]
    fn it_has_256_bytes() {
        assert_eq!(size_of::<h3s_error>(), 256);
    }

    #[test]
    fn a_rejection_has_no_offset_and_an_offset_no_rejection() {
        let rejected = h3s_error::from(&Error::from(Rejection::Idle));
        assert_eq!((rejected.rejection, rejected.offset), (6, -1));
        let wrong = h3s_error::from(&Error::data("").at(7));
        assert_eq!((wrong.rejection, wrong.offset), (0, 7));
        let far = h3s_error::from(&Error::data("").at(usize::MAX));
        assert_eq!(far.offset, i32::MAX);
    }
}
