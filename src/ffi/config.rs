//! Options, and what they alone can answer.

use std::ffi::c_char;

use zeroize::Zeroizing;

use super::error::h3s_error;
use super::guard::{Out, Str, guard, guard_value, handle};
use super::input::{bytes, reference, slot};
use super::owners::Owners;
use super::sized::Slot;
use super::types::{h3s_counts, h3s_str};
use crate::{Config, Error, Options, json};

/// The options, checked and with their keys derived. Immutable: any number of threads may share
/// one.
pub struct h3s_config {
    pub(super) config: Config,
    owners: Owners,
}

/// @section Configs
///
/// Makes a config: checks the options and derives the keys.
///
/// That takes some 10 ms a password: call it once, at start.
///
/// json, json_len: a JSON object in UTF-8; only `"password"` is required.
/// out: receives the config, to be freed with `h3s_config_free`; NULL after an error.
///
/// Returns H3S_OK, H3S_ERR_CONFIG (`err->key` names the option), H3S_ERR_ARGUMENT or
/// H3S_ERR_MEMORY. The input is not kept: it holds passwords, so wipe it if you can.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_new(
    json: *const c_char,
    json_len: usize,
    out: *mut *mut h3s_config,
    err: *mut h3s_error,
) -> i32 {
    super::guard::quieten_panics();
    guard(err, || {
        // SAFETY: the caller's contract: `out` is NULL or writable, `json` has `json_len` readable
        // bytes.
        let (out, json) = unsafe { (slot(out, "out")?, bytes(json, json_len, "json")?) };
        let config = Config::from_json(json)?;
        let owners = Owners::one();
        *out = handle(h3s_config { config, owners })?;
        Ok(())
    })
}

/// Checks options as `h3s_config_new` does, but derives no keys.
///
/// For a tool that checks a file of options.
///
/// json, json_len: as there, but it may be without a password, as where that comes from the
/// environment. One that is there is checked.
///
/// Returns H3S_OK, H3S_ERR_CONFIG (`err->key` names the option, `err->offset` is the byte at
/// fault), H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_check(
    json: *const c_char,
    json_len: usize,
    err: *mut h3s_error,
) -> i32 {
    super::guard::quieten_panics();
    guard(err, || {
        // SAFETY: the caller's contract: `json` has `json_len` readable bytes.
        let json = unsafe { bytes(json, json_len, "json")? };
        Config::check(&Options::from_json(json)?)
    })
}

/// Shares a config: it has one more owner, each of whom frees it once.
///
/// Any number of threads may call it.
///
/// Returns its argument, also if that is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_ref(config: *const h3s_config) -> *mut h3s_config {
    // SAFETY: the caller's contract: NULL, or from h3s_config_new and still to be freed by
    // somebody.
    if let Some(config) = unsafe { reference(config) } {
        config.owners.add();
    }
    config.cast_mut()
}

/// Gives up a config, and wipes its keys once nobody has it any more.
///
/// That is when its last owner has freed it, and the last session that was made with it is freed.
/// Does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_free(config: *mut h3s_config) {
    // SAFETY: the caller's contract: NULL, or from h3s_config_new or h3s_config_ref, each of which
    // is freed once. So nobody is left to use what its last owner frees here.
    unsafe {
        if reference(config).is_some_and(|config| config.owners.remove()) {
            super::guard::free(config);
        }
    }
}

/// Writes a text as a JSON string: a password from the environment, say, for the options.
///
/// text, len: UTF-8. NULL with a length of 0 is the empty text, `""`.
/// out, room: where the JSON goes, with its quotes and a NUL, and how many bytes there are; it may
/// be where `text` is. `6 * len + 3` are always enough. Where there are too few, `out` is the empty
/// string (of 0 bytes, nothing is written).
///
/// Returns how long the JSON is without the NUL: it was written if that is less than `room`.
/// Returns 0 if `text` is NULL or not UTF-8: no password is changed in silence. What is written
/// may be a secret: wipe it if you can.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_json_quote(
    text: *const c_char,
    len: usize,
    out: *mut c_char,
    room: usize,
) -> usize {
    let mut is_written = false;
    let quoted_len = guard_value(0, || {
        // SAFETY: the caller's contract: `len` readable bytes.
        let text = unsafe { bytes(text, len, "text").ok()? };
        let text = std::str::from_utf8(text).ok()?;
        let quoted_len = json::quoted_len(text.as_bytes());
        if quoted_len < room && !out.is_null() {
            let mut quoted = Zeroizing::new(Vec::new());
            quoted.try_reserve_exact(quoted_len + 1).ok()?;
            json::quote(text, &mut quoted);
            quoted.push(0);
            let mut out = Out::new(out, room)?;
            // SAFETY: as above, and `quoted` is memory of its own.
            unsafe { out.push(&quoted) };
            is_written = true;
        }
        Some(quoted_len)
    });
    // Not before, since `text` may be in the same place.
    if !is_written && room > 0 && !out.is_null() {
        // SAFETY: the caller's contract: `room` bytes can be written at `out`.
        unsafe { *out = 0 };
    }
    quoted_len
}

/// The name of the session cookie.
///
/// NUL-terminated; borrowed from the config. Absent for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_cookie_name(config: *const h3s_config) -> h3s_str {
    // SAFETY: the caller's contract: NULL or a live config.
    unsafe { of(config, |config| config.cookie_name_z()) }
}

/// The name of the session header, in lower case.
///
/// NUL-terminated; borrowed from the config. Empty if `"sessionHeader"` is false. Absent for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_header_name(config: *const h3s_config) -> h3s_str {
    // SAFETY: as above.
    unsafe { of(config, |config| config.header_name_z()) }
}

/// What a cache must vary on wherever a session was touched: the value of a Vary header.
///
/// E.g. `"Cookie, x-h3-session"`; empty if neither cookie nor header is on. NUL-terminated;
/// borrowed from the config. Absent for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_vary(config: *const h3s_config) -> h3s_str {
    // SAFETY: as above.
    unsafe { of(config, |config| config.vary_z()) }
}

/// Config flag: cookies are read and set; `"cookie"` is not false.
pub const H3S_CONFIG_COOKIES: u32 = 1;
/// Config flag: browsers send the session's cookie over HTTPS alone.
pub const H3S_CONFIG_SECURE: u32 = 2;
/// Config flag: opening a session may take a slow key derivation (some milliseconds), so that an
/// event loop had better use H3S_WARM_ONLY and threads. Without it nothing is ever H3S_ERR_COLD or
/// H3S_ERR_BUSY.
pub const H3S_CONFIG_MAY_BE_COLD: u32 = 4;

/// Config flag: sessions can be revoked, so that each request needs `h3s_request.revocations`; the
/// options have `"revocation"`.
pub const H3S_CONFIG_REVOCATION: u32 = 8;

/// What the options come to: H3S_CONFIG_* or-ed together.
///
/// 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_flags(config: *const h3s_config) -> u32 {
    guard_value(0, || {
        // SAFETY: the caller's contract: NULL or a live config.
        let config = unsafe { &reference(config)?.config };
        let flags = [
            (config.has_cookies(), H3S_CONFIG_COOKIES),
            (config.is_secure(), H3S_CONFIG_SECURE),
            (config.may_be_cold(), H3S_CONFIG_MAY_BE_COLD),
            (config.has_revocation(), H3S_CONFIG_REVOCATION),
        ];
        Some(
            flags
                .into_iter()
                .filter(|(is_so, _)| *is_so)
                .map(|(_, flag)| flag)
                .sum(),
        )
    })
}

/// What was opened, made, refused and sealed with a config: for a page of figures.
///
/// "Why is everybody logged out?" is answered by `refused`: many of H3S_REJECTION_UNKNOWN_KEY or
/// H3S_REJECTION_BAD_SEAL, say, after a roll-out with another password.
///
/// Counting takes no lock, and threads do not wait for each other. Any number of threads may ask
/// at any time; what others count meanwhile may be in or not.
///
/// out: begin with H3S_COUNTS_INIT.
///
/// Returns H3S_OK or H3S_ERR_ARGUMENT.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_counts(
    config: *const h3s_config,
    out: *mut h3s_counts,
    err: *mut h3s_error,
) -> i32 {
    guard(err, || {
        // SAFETY: the caller's contract: NULL, or readable and writable for its size.
        let out = unsafe { Slot::new(out, "counts")? };
        // SAFETY: the caller's contract: NULL or a live config.
        let config = unsafe { reference(config) }.ok_or_else(|| Error::null("config"))?;
        let counts = config.config.counts();
        out.fill(&h3s_counts {
            size: 0,
            reserved: 0,
            opened_cookie: counts.opened_cookie,
            opened_header: counts.opened_header,
            opened_token: counts.opened_token,
            made: counts.made,
            opened_old_password: counts.opened_old_password,
            opened_other_format: counts.opened_other_format,
            cold: counts.cold,
            busy: counts.busy,
            stale: counts.stale,
            sealed: counts.sealed,
            slid: counts.slid,
            moved_password: counts.moved_password,
            moved_format: counts.moved_format,
            rotated: counts.rotated,
            cleared: counts.cleared,
            revoked: counts.revoked,
            refused: counts.refused,
        });
        Ok(())
    })
}

/// Copies a Cookie header without the session's cookies: what may go upstream.
///
/// Left out are the cookie of the session's name and its chunks.
///
/// cookie, len: the value of the Cookie header.
/// out: room for `len` bytes, which must not overlap `cookie`.
///
/// Returns how many bytes were written, 0 to `len`; there is no NUL after them. 0 if an argument
/// is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_cookie_strip(
    config: *const h3s_config,
    cookie: *const c_char,
    len: usize,
    out: *mut c_char,
) -> usize {
    guard_value(0, || {
        // SAFETY: the caller's contract: a live config or NULL, `len` readable bytes, `len`
        // writable bytes.
        let (config, cookie) = unsafe { (reference(config)?, bytes(cookie, len, "cookie").ok()?) };
        let mut out = Out::new(out, len)?;
        for kept in config.config.strip_cookies(cookie) {
            // SAFETY: the pieces are disjoint parts of `cookie`, so that together they fit in `len`
            // bytes.
            unsafe { out.push(kept) };
        }
        Some(out.len())
    })
}

/// SAFETY: `config` is NULL or a live config.
pub(super) unsafe fn of(config: *const h3s_config, get: impl Fn(&Config) -> &[u8]) -> h3s_str {
    guard_value(h3s_str::ABSENT, || {
        // SAFETY: as this function's.
        let config = unsafe { reference(config)? };
        Some(h3s_str::terminated(get(&config.config)))
    })
}
