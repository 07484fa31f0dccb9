//! Fe26.2 tokens without a session around them.

use std::ffi::c_char;

use super::config::h3s_config;
use super::guard::{Out, guard};
use super::input::{bytes, reference, time};
use super::types::{H3S_IRON_SESSION, h3s_error};
use crate::{Config, Error, Request};

/// @section Raw seals
///
/// Seals any JSON value as a bare Fe26.2 token, as hapi's iron, iron-webcrypto and iron-session's
/// sealData do. It lives for `seal.ttl`, else `maxAge`, else `idleTimeout`.
///
/// By their defaults, all three open tokens of one PBKDF2 iteration alone: give the config
/// `"seal": "h3-1"`. iron-session also wants the number of its password in the token, `"password":
/// {"1": "…"}`, and `~2` after it: append that.
///
/// An object with a member `id` or `data` is refused unless H3S_IRON_SESSION is set. Sealed, it
/// would open as that session of the same config: whoever chooses what a program seals (a form's
/// state, a link's target) would choose a session. (Any other object would open as a new session
/// without data.)
///
/// json, json_len: one JSON value in UTF-8.
/// now_ms: milliseconds since 1970; 0: the system clock.
/// flags: 0, or H3S_IRON_SESSION.
/// out, room: where the token goes, with a NUL. json_len / 3 * 4 + 512 bytes are always enough.
/// out_len: receives the token's length without the NUL; where `room` is too small, the length that it would have had; else 0.
///
/// Returns H3S_OK, H3S_ERR_DATA, H3S_ERR_TOO_LARGE (longer than `maxTokenLength`), H3S_ERR_CONFIG
/// (`seal.accept` has neither `"h3-1"` nor `"h3-2"`), H3S_ERR_ARGUMENT (also where `room` is too
/// small), H3S_ERR_RANDOM or H3S_ERR_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iron_seal(
    config: *const h3s_config,
    json: *const c_char,
    json_len: usize,
    now_ms: i64,
    flags: u32,
    out: *mut c_char,
    room: usize,
    out_len: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    let (input, place) = ((json, json_len, "json"), (out, room, out_len));
    // SAFETY: the caller's contract, passed on.
    unsafe {
        convert(
            config,
            input,
            now_ms,
            place,
            err,
            |config, json, now| match flags {
                0 => config.iron_seal(json, now),
                H3S_IRON_SESSION => config.iron_seal_session(json, now),
                _ => Err(Error::argument("flags", "an unknown flag is set")),
            },
        )
    }
}

/// Opens a bare Fe26.2 token of any JSON value. A `~2` after it, as iron-session writes it, is passed over.
///
/// token, len: the token.
/// now_ms: milliseconds since 1970; 0: the system clock.
/// out, room: where the JSON text goes, with a NUL. `len` bytes are always enough. It is the caller's: wipe it if it is secret.
/// out_len: receives its length without the NUL; where `room` is too small, the length that it would have had; else 0.
///
/// Returns H3S_OK, H3S_ERR_REJECTED (`err->offset` and `err->key` say why), H3S_ERR_CONFIG
/// (`seal.accept` has neither `"h3-1"` nor `"h3-2"`), H3S_ERR_ARGUMENT (also where `room` is too
/// small) or H3S_ERR_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iron_unseal(
    config: *const h3s_config,
    token: *const c_char,
    len: usize,
    now_ms: i64,
    out: *mut c_char,
    room: usize,
    out_len: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    let (input, place) = ((token, len, "token"), (out, room, out_len));
    // SAFETY: the caller's contract, passed on.
    unsafe {
        convert(config, input, now_ms, place, err, |config, token, now| {
            config.iron_unseal(&Request::from_token(token).at(now))
        })
    }
}

/// Makes one text of another, in the caller's memory.
///
/// SAFETY: pointers are NULL or valid; the input has as many readable bytes, and the place as many writable ones, as stands with it.
unsafe fn convert<'a, T: AsRef<str>>(
    config: *const h3s_config,
    (input, input_len, name): (*const c_char, usize, &'static str),
    now_ms: i64,
    (out, room, out_len): (*mut c_char, usize, *mut usize),
    err: *mut h3s_error,
    convert: impl FnOnce(&Config, &'a [u8], i64) -> Result<T, Error>,
) -> i32 {
    guard(err, || {
        // SAFETY: as this function's.
        let out_len = unsafe { out_len.as_mut() }.ok_or_else(|| Error::null("out_len"))?;
        *out_len = 0;
        // SAFETY: as this function's.
        let input = unsafe { bytes(input, input_len, name)? };
        // SAFETY: as this function's.
        let config = unsafe { reference(config) }.ok_or_else(|| Error::null("config"))?;
        let text = convert(&config.config, input, time(now_ms)?)?;
        let text = text.as_ref().as_bytes();
        *out_len = text.len();
        if text.len() >= room {
            return Err(Error::argument(
                "room",
                "too small: out_len says how long the text is; it needs one byte more",
            ));
        }
        let mut out = Out::new(out, room).ok_or_else(|| Error::null("out"))?;
        // SAFETY: as this function's; the text is the library's own.
        unsafe {
            out.push(text);
            out.push(b"\0");
        }
        Ok(())
    })
}
