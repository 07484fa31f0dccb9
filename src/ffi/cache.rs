//! What a response must say to caches, and whether another site has led a browser here.

use std::ffi::c_char;

use super::config::h3s_config;
use super::error::h3s_error;
use super::guard::{Place, guard, guard_value};
use super::input::{bytes, reference};
use crate::{Error, Site, cache};

/// How many seconds a client is told to wait, in the Retry-After header of the 429 that answers
/// H3S_ERR_BUSY.
pub const H3S_RETRY_AFTER: u32 = 1;

/// @section Responses and requests
///
/// The value of the Vary header for a response to a request whose session was looked at.
///
/// That is what the response says so far, and the names of `h3s_config_vary` that it lacks. Else
/// a cache may give one visitor's page to another.
///
/// present, len: the header's value so far, several lines joined by `", "`; empty where there is
/// none.
/// out, room: where the value goes, with a NUL; it must not overlap `present`. `len` bytes, the
/// length of `h3s_config_vary` and 3 more are always enough.
/// out_len: receives the value's length without the NUL, also where `out` is NULL or `room` too
/// small for it; 0 after every other error.
///
/// Where nothing has to change, the value is `present`. Where it is empty, the response needs no
/// Vary.
///
/// Returns H3S_OK or H3S_ERR_ARGUMENT (also where `room` is too small).
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_header_vary(
    config: *const h3s_config,
    present: *const c_char,
    len: usize,
    out: *mut c_char,
    room: usize,
    out_len: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    guard(err, || {
        // SAFETY: the caller's contract, passed on.
        unsafe {
            let out = Place::new(out, room, out_len)?;
            let config = reference(config).ok_or_else(|| Error::null("config"))?;
            let present = bytes(present, len, "present")?;
            out.fill(cache::vary_pieces(config.config.vary_names(), present))
        }
    })
}

/// The value of the Cache-Control header for a response that sets a session's cookie.
///
/// That is `private`, and what the response says so far but `public`, `s-maxage` and a `private`
/// for some headers only. Else a shared cache may give one visitor's session to another.
///
/// The headers of which `h3s_header_is_targeted` is true must not stand beside it.
///
/// present, len, out, room, out_len: as for `h3s_header_vary`. `2 * len + 16` bytes are always
/// enough.
///
/// Returns H3S_OK or H3S_ERR_ARGUMENT (also where `room` is too small).
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_header_cache_control(
    present: *const c_char,
    len: usize,
    out: *mut c_char,
    room: usize,
    out_len: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    guard(err, || {
        // SAFETY: the caller's contract, passed on.
        unsafe {
            let out = Place::new(out, room, out_len)?;
            out.fill(cache::control_pieces(bytes(present, len, "present")?))
        }
    })
}

/// Whether a header is one that some shared caches heed in place of Cache-Control.
///
/// Take such headers out of a response that sets a session's cookie.
///
/// These are all whose names end in `-Cache-Control` (RFC 9213), as `CDN-Cache-Control` does, and
/// `Surrogate-Control`, `Edge-Control` and `X-Accel-Expires`.
///
/// name, len: the header's name, in upper or lower case.
///
/// Returns 1 or 0. NULL: 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_header_is_targeted(name: *const c_char, len: usize) -> i32 {
    guard_value(0, || {
        // SAFETY: the caller's contract: `name` is NULL or has `len` readable bytes.
        let name = unsafe { bytes(name, len, "name").ok()? };
        Some(cache::is_targeted(name).into())
    })
}

/// Whether another site has led the browser here: then set H3S_CROSS_SITE.
///
/// Browsers say so in Sec-Fetch-Site, over HTTPS and to localhost. Where it is missing, the host
/// in Origin, else in Referer, is compared with Host, without regard to ports. What is not
/// understood is another site: a false alarm costs little, since the flag only matters to requests
/// without the session's cookie. (A link over plain HTTP that sends no Referer cannot be told from
/// one of the own site.)
///
/// sec_fetch_site, origin, referer, host: the values of these request headers, each with its
/// length; several lines joined by `", "`; NULL or empty where there is none. Behind a proxy,
/// host is what the browser asked for.
///
/// Returns 1 or 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_is_cross_site(
    sec_fetch_site: *const c_char,
    sec_fetch_site_len: usize,
    origin: *const c_char,
    origin_len: usize,
    referer: *const c_char,
    referer_len: usize,
    host: *const c_char,
    host_len: usize,
) -> i32 {
    // SAFETY: the caller's contract: NULL, or as many readable bytes as the length beside it says.
    let header = |ptr, len, name| unsafe { bytes(ptr, len, name) }.unwrap_or_default();
    guard_value(1, || {
        let site = Site {
            sec_fetch_site: header(sec_fetch_site, sec_fetch_site_len, "sec_fetch_site"),
            origin: header(origin, origin_len, "origin"),
            referer: header(referer, referer_len, "referer"),
            host: header(host, host_len, "host"),
        };
        Some(site.is_another().into())
    })
}
