//! What C hands in: pointers become slices and references, or an argument error.

use std::ffi::c_char;
use std::num::NonZeroU32;

use super::sized;
use super::types::{H3S_CROSS_SITE, H3S_LIFETIME_BROWSER, H3S_WARM_ONLY, h3s_request};
use crate::{Error, Lifetime, Request, clock};

/// `len` bytes at `ptr`; the pointer is ignored when the length is 0.
///
/// SAFETY: unless it is NULL or `len` is 0, `ptr` has `len` readable bytes that stay unchanged for
/// `'a`.
pub(super) unsafe fn bytes<'a>(
    ptr: *const c_char,
    len: usize,
    name: &'static str,
) -> Result<&'a [u8], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    if ptr.is_null() {
        return Err(Error::null(name));
    }
    if len > isize::MAX as usize {
        return Err(Error::argument(name, "a length is out of range"));
    }
    // SAFETY: not NULL, in range, and readable by this function's contract.
    Ok(unsafe { std::slice::from_raw_parts(ptr.cast(), len) })
}

/// SAFETY: NULL, or valid for reads for `'a`.
pub(super) unsafe fn reference<'a, T>(ptr: *const T) -> Option<&'a T> {
    // SAFETY: as this function's.
    unsafe { ptr.as_ref() }
}

/// Where a new handle goes; NULL is put there first. SAFETY: NULL, or valid for writes for `'a`.
pub(super) unsafe fn slot<'a, T>(
    out: *mut *mut T,
    name: &'static str,
) -> Result<&'a mut *mut T, Error> {
    // SAFETY: as this function's.
    let out = unsafe { out.as_mut() }.ok_or_else(|| Error::null(name))?;
    *out = std::ptr::null_mut();
    Ok(out)
}

/// A time from C: 0 is the system clock.
#[inline]
pub(super) fn time(now_ms: i64) -> Result<i64, Error> {
    if now_ms == 0 {
        Ok(clock::system())
    } else {
        clock::check(now_ms)
    }
}

/// SAFETY: NULL, or readable for `size` bytes, and so are its strings, for `'a`.
pub(super) unsafe fn request<'a>(from: *const h3s_request) -> Result<Request<'a>, Error> {
    // SAFETY: as this function's.
    let from = unsafe { sized::read(from, "request")? };
    if from.flags & !(H3S_WARM_ONLY | H3S_CROSS_SITE) != 0 {
        return Err(Error::argument("request.flags", "an unknown flag is set"));
    }
    // SAFETY: as this function's.
    unsafe {
        Ok(Request {
            cookie: bytes(from.cookie, from.cookie_len, "request.cookie")?,
            header: bytes(from.header, from.header_len, "request.header")?,
            peer: bytes(from.peer, from.peer_len, "request.peer")?,
            warm_only: from.flags & H3S_WARM_ONLY != 0,
            cross_site: from.flags & H3S_CROSS_SITE != 0,
            now_ms: (from.now_ms != 0).then_some(from.now_ms),
            revocations: reference(from.revocations).map(|handle| &handle.revocations),
        })
    }
}

/// A session's own lifetime.
pub(super) fn lifetime(max_age_sec: i64, flags: u32) -> Result<Lifetime, Error> {
    let max_age_sec = u32::try_from(max_age_sec).map_err(|_| {
        Error::argument(
            "max_age_sec",
            "it is from 1 to 4294967295 seconds, or 0 for as maxAge says",
        )
    })?;
    if flags & !H3S_LIFETIME_BROWSER != 0 {
        return Err(Error::argument("flags", "an unknown flag is set"));
    }
    Ok(Lifetime {
        max_age_sec: NonZeroU32::new(max_age_sec),
        ends_with_browser: flags & H3S_LIFETIME_BROWSER != 0,
    })
}
