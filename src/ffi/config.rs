//! Options, and what they alone can answer.

use std::ffi::c_char;

use super::guard::{Out, Str, guard, guard_value, handle};
use super::input::{bytes, reference, slot};
use super::types::{h3s_error, h3s_str};
use crate::Config;

/// The options, checked and with their keys derived. Immutable: any number of threads may share one.
pub struct h3s_config {
    pub(super) config: Config,
}

/// @section Options
///
/// Reads the options, checks them, and derives the keys (some 10 ms a password): call it once, at start.
///
/// json, json_len: a JSON object in UTF-8, as README.md describes it; only `"password"` is required.
/// out: receives the config, to be freed with `h3s_config_free`; NULL after an error.
/// err: may be NULL.
///
/// Returns H3S_OK, H3S_ERR_CONFIG (`err->key` names the option), H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
/// The input is not kept: it holds passwords, so wipe it if you can.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_new(
    json: *const c_char,
    json_len: usize,
    out: *mut *mut h3s_config,
    err: *mut h3s_error,
) -> i32 {
    super::guard::quieten_panics();
    super::fork::watch();
    guard(err, || {
        // SAFETY: the caller's contract: `out` is NULL or writable, `json` has `json_len` readable bytes.
        let (out, json) = unsafe { (slot(out, "out")?, bytes(json, json_len, "json")?) };
        *out = handle(h3s_config {
            config: Config::from_json(json)?,
        })?;
        Ok(())
    })
}

/// Frees a config and wipes its keys once the last session made with it is freed. NULL: does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_free(config: *mut h3s_config) {
    // SAFETY: the caller's contract: NULL, or from h3s_config_new and not yet freed.
    unsafe { super::guard::free(config) }
}

/// The name of the session cookie, NUL-terminated; lasts as long as the config. NULL config: absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_cookie_name(config: *const h3s_config) -> h3s_str {
    // SAFETY: the caller's contract: NULL or a live config.
    unsafe { of(config, |config| config.cookie_name_z()) }
}

/// The name of the session header, in lower case, NUL-terminated; empty when `"sessionHeader"` is false.
/// Lasts as long as the config. NULL config: absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_header_name(config: *const h3s_config) -> h3s_str {
    // SAFETY: as above.
    unsafe { of(config, |config| config.header_name_z()) }
}

/// What a cache must vary on wherever a session was touched, e.g. `"Cookie, x-h3-session"`: the value of a
/// Vary header, NUL-terminated; empty when neither cookie nor header is on. Lasts as long as the config.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_vary(config: *const h3s_config) -> h3s_str {
    // SAFETY: as above.
    unsafe { of(config, |config| config.vary_z()) }
}

/// Copies a Cookie header without the session's cookies (the cookie and its chunks): what may go upstream.
///
/// cookie, len: the value of the Cookie header.
/// out: room for `len` bytes, which must not overlap `cookie`.
///
/// Returns how many bytes were written, 0 to `len`; there is no NUL after them. A NULL argument gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_cookie_strip(
    config: *const h3s_config,
    cookie: *const c_char,
    len: usize,
    out: *mut c_char,
) -> usize {
    guard_value(0, || {
        // SAFETY: the caller's contract: a live config or NULL, `len` readable bytes, `len` writable bytes.
        let (config, cookie) = unsafe { (reference(config)?, bytes(cookie, len, "cookie").ok()?) };
        let mut out = Out::new(out, len)?;
        for kept in config.config.strip_cookies(cookie) {
            // SAFETY: the pieces are disjoint parts of `cookie`, so that together they fit in `len` bytes.
            unsafe { out.push(kept) };
        }
        Some(out.len())
    })
}

/// SAFETY: `config` is NULL or a live config.
unsafe fn of(config: *const h3s_config, get: impl Fn(&Config) -> &[u8]) -> h3s_str {
    guard_value(h3s_str::ABSENT, || {
        // SAFETY: as this function's.
        let config = unsafe { reference(config)? };
        Some(h3s_str::terminated(get(&config.config)))
    })
}
