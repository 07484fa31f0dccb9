//! What leaves: Set-Cookie values, tokens, and Fe26.2 tokens without a session.

use std::ffi::c_char;

use super::config::h3s_config;
use super::error::h3s_error;
use super::guard::{Place, Str, guard};
use super::input::{bytes, reference, request, time};
use super::session::{Inside, h3s_session, with};
use super::types::{H3S_IRON_SESSION, h3s_request, h3s_str};
use crate::{Config, Error};

/// @section Cookies and tokens
///
/// The Set-Cookie values that the response needs; most often none or one.
///
/// Send each as a header line of its own. What was written is sealed here, once. (In Fe26.2 with
/// more than one iteration a process's first seal, and then one a day, derives two keys, which
/// takes some milliseconds.) Until the next write the same values come again; after it the whole
/// new list takes the place of the former one.
///
/// list: receives an array of `count` strings, each NUL-terminated, borrowed as
/// `h3s_session_data`.
/// count: receives how many there are.
///
/// Returns H3S_OK; H3S_ERR_RANDOM; H3S_ERR_MEMORY; H3S_ERR_REJECTED (it has ended since, see
/// `h3s_session_set_now`); H3S_ERR_STATE or H3S_ERR_ARGUMENT. After an error nothing was sealed,
/// `*list` is NULL and `*count` 0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_set_cookies(
    session: *mut h3s_session,
    list: *mut *const h3s_str,
    count: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract: `list` and `count` are NULL or writable.
    let outputs = || unsafe { list_slots(list, count) };
    // SAFETY: the caller's contract, passed on.
    unsafe {
        with(session, err, outputs, |handle, (list, count)| {
            let Inside {
                session,
                list: strings,
                ..
            } = handle;
            strings.clear();
            // Without room for the list, the session's cookies count as not taken.
            let cookies = session.set_cookies_if(|cookies| {
                strings
                    .try_reserve(cookies.len())
                    .map_err(|_| Error::memory())
            })?;
            strings.extend(cookies.iter_z().map(h3s_str::terminated));
            (*list, *count) = (strings.as_ptr(), strings.len());
            Ok(())
        })
    }
}

/// The session as a bare token, for a client that sends it back in the session header.
///
/// token: receives the token, NUL-terminated, borrowed as `h3s_session_data`.
///
/// Returns H3S_OK; H3S_ERR_TOO_LARGE if it is longer than `maxTokenLength`; H3S_ERR_STATE after
/// `h3s_clear`, or while another thread is inside; H3S_ERR_RANDOM; H3S_ERR_MEMORY;
/// H3S_ERR_REJECTED (it has ended since) or H3S_ERR_ARGUMENT. After an error `*token` is absent.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_seal(
    session: *mut h3s_session,
    token: *mut h3s_str,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract: `token` is NULL or writable.
    let output = || unsafe {
        let token = token.as_mut().ok_or_else(|| Error::null("token"))?;
        *token = h3s_str::ABSENT;
        Ok(token)
    };
    // SAFETY: the caller's contract, passed on.
    unsafe {
        with(session, err, output, |handle, token| {
            *token = h3s_str::terminated(handle.session.seal_z()?);
            Ok(())
        })
    }
}

/// @section Fe26.2 tokens without a session
///
/// Seals any JSON value, as hapi's iron, iron-webcrypto and iron-session's sealData do.
///
/// The token lives for `seal.ttl`, else `maxAge`, else `idleTimeout`.
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
/// out_len: receives the token's length without the NUL, also where `out` is NULL or `room` too
/// small for it; 0 after every other error.
///
/// Returns H3S_OK; H3S_ERR_DATA; H3S_ERR_TOO_LARGE (longer than `maxTokenLength`); H3S_ERR_CONFIG
/// (`seal.accept` has neither `"h3-1"` nor `"h3-2"`); H3S_ERR_ARGUMENT (also where `room` is too
/// small); H3S_ERR_RANDOM or H3S_ERR_MEMORY.
#[must_use]
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
    // SAFETY: the caller's contract, passed on.
    unsafe {
        convert(config, (out, room, out_len), err, |config| {
            let (json, now) = (bytes(json, json_len, "json")?, time(now_ms)?);
            match flags {
                0 => config.iron_seal(json, now),
                H3S_IRON_SESSION => config.iron_seal_session(json, now),
                _ => Err(Error::argument("flags", "an unknown flag is set")),
            }
        })
    }
}

/// Opens a bare Fe26.2 token of any JSON value.
///
/// A `~2` after it, as iron-session writes it, is passed over.
///
/// request: `header`, `peer` and H3S_WARM_ONLY are as in `h3s_unseal`.
/// out, room: where the JSON text goes, with a NUL. `request.header_len` bytes are always enough.
/// It is the caller's: wipe it if it is secret.
/// out_len: receives its length without the NUL, also where `out` is NULL or `room` too small for
/// it; 0 after every other error.
///
/// Returns as `h3s_unseal`; H3S_ERR_CONFIG if `seal.accept` has neither `"h3-1"` nor `"h3-2"`;
/// H3S_ERR_ARGUMENT also where `room` is too small.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_iron_unseal(
    config: *const h3s_config,
    request: *const h3s_request,
    out: *mut c_char,
    room: usize,
    out_len: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    let from = request;
    // SAFETY: the caller's contract, passed on.
    unsafe {
        convert(config, (out, room, out_len), err, |config| {
            config.iron_unseal(&self::request(from)?)
        })
    }
}

/// Where a list goes, which is empty first. SAFETY: each is NULL, or valid for writes for `'a`.
pub(super) unsafe fn list_slots<'a>(
    list: *mut *const h3s_str,
    count: *mut usize,
) -> Result<(&'a mut *const h3s_str, &'a mut usize), Error> {
    // SAFETY: as this function's.
    let (mut list, mut count) = unsafe { (list.as_mut(), count.as_mut()) };
    if let Some(list) = &mut list {
        **list = std::ptr::null();
    }
    if let Some(count) = &mut count {
        **count = 0;
    }
    list.zip(count).ok_or_else(|| Error::null("list or count"))
}

/// Makes a text in the caller's memory.
///
/// SAFETY: pointers are NULL or valid, and the place has as many writable bytes as stands with it.
pub(super) unsafe fn convert<T: AsRef<str>>(
    config: *const h3s_config,
    (out, room, out_len): (*mut c_char, usize, *mut usize),
    err: *mut h3s_error,
    make: impl FnOnce(&Config) -> Result<T, Error>,
) -> i32 {
    guard(err, || {
        // SAFETY: as this function's.
        let place = unsafe { Place::new(out, room, out_len)? };
        // SAFETY: as this function's.
        let config = unsafe { reference(config) }.ok_or_else(|| Error::null("config"))?;
        let text = make(&config.config)?;
        // SAFETY: as this function's; the text is the library's own.
        unsafe { place.fill(std::iter::once(text.as_ref().as_bytes())) }
    })
}
