//! Fe26.2 tokens without a session around them.

use std::ffi::c_char;

use super::config::h3s_config;
use super::guard::{Out, guard};
use super::input::{bytes, reference, time};
use super::types::h3s_error;
use crate::Error;

/// @section Raw seals
///
/// Seals any JSON value as a bare Fe26.2 token, as @hapi/iron, iron-webcrypto and iron-session's sealData do (for iron-session,
/// append `~2`). It lives for `seal.ttl`, else `maxAge`, else `idleTimeout`.
///
/// json, json_len: one JSON value in UTF-8.
/// now_ms: milliseconds since 1970; 0: the system clock.
/// out, room: where the token goes, with a NUL. json_len / 3 * 4 + 512 bytes are always enough.
/// out_len: receives the token's length without the NUL; where `room` is too small, the length that it would have had; else 0.
///
/// Returns H3S_OK, H3S_ERR_DATA, H3S_ERR_TOO_LARGE (longer than `maxTokenLength`), H3S_ERR_CONFIG (`seal.accept` has no `"fe26.2"`),
/// H3S_ERR_ARGUMENT (also where `room` is too small), H3S_ERR_RANDOM or H3S_ERR_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iron_seal(
    config: *const h3s_config,
    json: *const c_char,
    json_len: usize,
    now_ms: i64,
    out: *mut c_char,
    room: usize,
    out_len: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    guard(err, || {
        // SAFETY: the caller's contract: pointers are NULL or valid, `json` has `json_len` readable bytes and `out` has `room` writable ones.
        unsafe {
            let out_len = length(out_len)?;
            let json = bytes(json, json_len, "json")?;
            let config = reference(config).ok_or_else(|| Error::null("config"))?;
            let token = config.config.iron_seal_z(json, time(now_ms)?)?;
            give(&token, out, room, out_len)
        }
    })
}

/// Opens a bare Fe26.2 token of any JSON value. A `~2` after it, as iron-session writes it, is passed over.
///
/// token, len: the token.
/// now_ms: milliseconds since 1970; 0: the system clock.
/// out, room: where the JSON text goes, with a NUL. `len` bytes are always enough. It is the caller's: wipe it if it is secret.
/// out_len: receives its length without the NUL; where `room` is too small, the length that it would have had; else 0.
///
/// Returns H3S_OK, H3S_ERR_REJECTED (`err->offset` and `err->key` say why), H3S_ERR_CONFIG (`seal.accept` has no `"fe26.2"`),
/// H3S_ERR_ARGUMENT (also where `room` is too small) or H3S_ERR_MEMORY.
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
    guard(err, || {
        // SAFETY: the caller's contract: pointers are NULL or valid, `token` has `len` readable bytes and `out` has `room` writable ones.
        unsafe {
            let out_len = length(out_len)?;
            let token = bytes(token, len, "token")?;
            let config = reference(config).ok_or_else(|| Error::null("config"))?;
            let mut json = config.config.iron_unseal(token, time(now_ms)?)?;
            json.push('\0');
            give(json.as_bytes(), out, room, out_len)
        }
    })
}

/// SAFETY: NULL, or valid for writes for `'a`.
unsafe fn length<'a>(out_len: *mut usize) -> Result<&'a mut usize, Error> {
    // SAFETY: as this function's.
    let out_len = unsafe { out_len.as_mut() }.ok_or_else(|| Error::null("out_len"))?;
    *out_len = 0;
    Ok(out_len)
}

/// Copies a text that ends with a NUL to the caller. SAFETY: `out` is NULL or has `room` writable bytes.
unsafe fn give(
    text: &[u8],
    out: *mut c_char,
    room: usize,
    out_len: &mut usize,
) -> Result<(), Error> {
    *out_len = text.len().saturating_sub(1);
    if text.len() > room {
        return Err(Error::argument(
            "room",
            "too small: out_len says how long the text is; it needs one byte more",
        ));
    }
    let mut out = Out::new(out, room).ok_or_else(|| Error::null("out"))?;
    // SAFETY: as this function's; the text is the library's own.
    unsafe { out.push(text) };
    Ok(())
}
