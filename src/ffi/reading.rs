//! What a session holds.

use std::ffi::c_char;

use super::guard::{Str, guard};
use super::input::{bytes, reference};
use super::session::{h3s_session, read};
use super::sized::Slot;
use super::types::*;
use crate::Error;
use crate::data::value;

/// @section Reading
///
/// Gives the usual getters' values in one call.
///
/// out: set its `size`, as H3S_VIEW_INIT does. The strings are borrowed as `h3s_session_data`.
///
/// Returns H3S_OK; H3S_ERR_ARGUMENT for a NULL or a wrong size; H3S_ERR_STATE while another thread
/// is inside; H3S_ERR_INTERNAL for a broken handle.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_view(session: *const h3s_session, out: *mut h3s_view) -> i32 {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's contract: NULL or live, `out` NULL or with `size` bytes to write to.
        let (handle, out) = unsafe {
            (
                reference(session).ok_or_else(|| Error::null("session"))?,
                Slot::new(out, "view")?,
            )
        };
        let session = &handle.enter()?.session;
        let flag = |on: bool, flag: u32| if on { flag } else { 0 };
        out.fill(&h3s_view {
            size: 0,
            flags: flag(session.is_new(), H3S_VIEW_NEW)
                | flag(session.is_dirty(), H3S_VIEW_DIRTY)
                | flag(session.is_cleared(), H3S_VIEW_CLEARED)
                | flag(session.only_slides(), H3S_VIEW_SLIDES)
                | flag(session.is_stale(), H3S_VIEW_STALE)
                | flag(session.is_cold(), H3S_VIEW_COLD),
            id: h3s_str::terminated(session.id_z()),
            data: h3s_str::terminated(session.data_z()),
            created_at: session.created_at().unwrap_or(0),
            last_seen_at: session.last_seen_at().unwrap_or(0),
            expires_at: session.expires_at().unwrap_or(0),
            source: session.source() as i32,
            rejection: session
                .rejection()
                .map_or(H3S_REJECTION_NONE, |reason| reason as i32),
        });
        Ok(())
    })
}

/// The session's id.
///
/// NUL-terminated, and borrowed as `h3s_session_data`. Empty after `h3s_clear`; absent for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_id(session: *const h3s_session) -> h3s_str {
    // SAFETY: the caller's contract: NULL or live.
    unsafe {
        read(session, h3s_str::ABSENT, |session| {
            Some(h3s_str::terminated(session.id_z()))
        })
    }
}

/// The data: a JSON object without insignificant white space.
///
/// NUL-terminated, and borrowed until the next successful write, `h3s_session_set_now`,
/// `h3s_clear` or free. Other getters do not end it. Absent for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_data(session: *const h3s_session) -> h3s_str {
    // SAFETY: the caller's contract: NULL or live.
    unsafe {
        read(session, h3s_str::ABSENT, |session| {
            Some(h3s_str::terminated(session.data_z()))
        })
    }
}

/// One value of the data, as JSON text.
///
/// pointer, len: an RFC 6901 JSON Pointer, e.g. `/user/name` or `/cart/items/0`. In a name, `~` is
/// written `~0` and `/` is written `~1`. The empty pointer is the whole data.
///
/// NOT NUL-terminated. Borrowed as `h3s_session_data`. Absent where there is no such value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_find(
    session: *const h3s_session,
    pointer: *const c_char,
    len: usize,
) -> h3s_str {
    // SAFETY: the caller's contract: NULL or live; `pointer` has `len` readable bytes.
    unsafe {
        find(session, pointer, len, h3s_str::ABSENT, |json| {
            Some(h3s_str::of(json))
        })
    }
}

/// The type of one value of the data.
///
/// pointer, len: a JSON Pointer, as in `h3s_session_find`.
///
/// Returns H3S_TYPE_*; H3S_TYPE_ABSENT where there is no such value, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_type(
    session: *const h3s_session,
    pointer: *const c_char,
    len: usize,
) -> i32 {
    // SAFETY: the caller's contract: NULL or live; `pointer` has `len` readable bytes.
    unsafe {
        find(session, pointer, len, H3S_TYPE_ABSENT, |json| {
            Some(value::type_of(json)? as i32)
        })
    }
}

/// A string of the data, without quotes and escapes, in UTF-8.
///
/// pointer, len: a JSON Pointer, as in `h3s_session_find`.
///
/// NOT NUL-terminated, and may hold NUL bytes: mind `len`. An unpaired surrogate comes as U+FFFD.
/// Borrowed as `h3s_session_data`.
///
/// Absent where there is no such value, for what is no string (`null`, `false`, `42`), and where
/// memory is short.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_text(
    session: *const h3s_session,
    pointer: *const c_char,
    len: usize,
) -> h3s_str {
    // SAFETY: the caller's contract: NULL or live; `pointer` has `len` readable bytes.
    unsafe {
        read(session, h3s_str::ABSENT, |session| {
            let place = session.place(None, bytes(pointer, len, "pointer").ok()?)?;
            session.text_at(place).map(h3s_str::of)
        })
    }
}

/// An integer of the data.
///
/// However it is written: `100`, `1e2` and `100.0` are one number, as in JavaScript.
///
/// pointer, len: a JSON Pointer, as in `h3s_session_find`.
/// out: receives the integer; is left as it was after an error.
///
/// Returns H3S_OK; H3S_ERR_DATA where there is no such value, for one of another type, a fraction,
/// or a number beyond 64 bits; H3S_ERR_ARGUMENT, H3S_ERR_STATE or H3S_ERR_INTERNAL.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_int(
    session: *const h3s_session,
    pointer: *const c_char,
    len: usize,
    out: *mut i64,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { get(session, pointer, len, out, value::int) }
}

/// A bool of the data: 1 for `true`, 0 for `false`.
///
/// pointer, len: a JSON Pointer, as in `h3s_session_find`.
/// out: receives 1 or 0; is left as it was after an error.
///
/// Returns H3S_OK; H3S_ERR_DATA where there is no such value or one of another type;
/// H3S_ERR_ARGUMENT, H3S_ERR_STATE or H3S_ERR_INTERNAL.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_bool(
    session: *const h3s_session,
    pointer: *const c_char,
    len: usize,
    out: *mut i32,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        get(session, pointer, len, out, |json| {
            value::bool(json).map(i32::from)
        })
    }
}

/// The double nearest to a number of the data.
///
/// pointer, len: a JSON Pointer, as in `h3s_session_find`.
/// out: receives the number; is left as it was after an error.
///
/// Returns H3S_OK; H3S_ERR_DATA where there is no such value, for one of another type, or a number
/// so large that it would be infinite; H3S_ERR_ARGUMENT, H3S_ERR_STATE or H3S_ERR_INTERNAL.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_double(
    session: *const h3s_session,
    pointer: *const c_char,
    len: usize,
    out: *mut f64,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { get(session, pointer, len, out, value::double) }
}

/// When the session was made or last rotated.
///
/// In milliseconds since 1970. 0 after `h3s_clear`, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_created_at(session: *const h3s_session) -> i64 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe { read(session, 0, |session| session.created_at()) }
}

/// When it was last seen under `idleTimeout`.
///
/// In milliseconds since 1970; 0 if never, and for NULL. A write counts, and a read only once more
/// than half of `idleTimeout` is used. So a session may end half of it after its last read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_last_seen_at(session: *const h3s_session) -> i64 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe { read(session, 0, |session| session.last_seen_at()) }
}

/// When it ends if nothing more comes, by the earliest of its limits.
///
/// In milliseconds since 1970; 0 for never, and for NULL. Under `idleTimeout` a read moves it only
/// once more than half of that is used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_expires_at(session: *const h3s_session) -> i64 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe { read(session, 0, |session| session.expires_at()) }
}

/// How long it lives by its own lifetime, in seconds from when it was made or last rotated.
///
/// 0 where none was set (`h3s_session_set_lifetime`), and for NULL.
///
/// flags: NULL, or receives 0 or H3S_LIFETIME_BROWSER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_lifetime(session: *const h3s_session, flags: *mut u32) -> i64 {
    let none = (0, 0);
    // SAFETY: the caller's contract: NULL or live.
    let (seconds, found) = unsafe {
        read(session, none, |session| {
            let lifetime = session.lifetime();
            let browser = if lifetime.ends_with_browser {
                H3S_LIFETIME_BROWSER
            } else {
                0
            };
            Some((
                lifetime.max_age_sec.map_or(0, |sec| sec.get().into()),
                browser,
            ))
        })
    };
    // SAFETY: the caller's contract: NULL or writable.
    if let Some(flags) = unsafe { flags.as_mut() } {
        *flags = found;
    }
    seconds
}

/// 1 if this request made the session, else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_is_new(session: *const h3s_session) -> i32 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe { read(session, 0, |session| Some(session.is_new().into())) }
}

/// 1 if there is something to send that was not yet taken, else 0.
///
/// To be taken by `h3s_set_cookies`, or, with `"cookie": false`, by `h3s_seal`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_is_dirty(session: *const h3s_session) -> i32 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe { read(session, 0, |session| Some(session.is_dirty().into())) }
}

/// Where the session came from: H3S_SOURCE_*.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_source(session: *const h3s_session) -> i32 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe {
        read(session, H3S_SOURCE_NONE, |session| {
            Some(session.source() as i32)
        })
    }
}

/// Why the request's first candidate was refused: H3S_REJECTION_*.
///
/// H3S_REJECTION_NONE if it opened. A reason may stand beside a session that another candidate
/// opened. Where none opened and the first was not looked at, it is the reason of the first of
/// those that were refused.
///
/// Candidates are the header's token, unless it is empty, and after it the first four cookies of
/// the session's name that begin like a token: with `h3s` and a number, `Fe26.` and a number,
/// `eyJ`, or `__chunked__`, or with a percent sign among the first eleven bytes. The same cookie
/// twice counts once (but for `__chunked__`). Where no cookie begins like that, and one is not
/// empty, they are one candidate together: malformed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_rejection(session: *const h3s_session) -> i32 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe {
        read(session, H3S_REJECTION_NONE, |session| {
            session.rejection().map(|reason| reason as i32)
        })
    }
}

/// A name for the session in logs: a keyed hash of its id.
///
/// 32 hexadecimal digits, NUL-terminated, and borrowed as `h3s_session_data`. Write this to logs,
/// never the id. The same on every machine with the same first password and cookie name. Absent
/// after `h3s_clear`, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_log_id(session: *const h3s_session) -> h3s_str {
    // SAFETY: the caller's contract: NULL or live.
    unsafe {
        read(session, h3s_str::ABSENT, |session| {
            session.log_id_z().map(h3s_str::terminated)
        })
    }
}

/// Runs a getter of a value's JSON.
///
/// SAFETY: `session` is NULL or live; `pointer` has `len` readable bytes.
unsafe fn find<T: Copy>(
    session: *const h3s_session,
    pointer: *const c_char,
    len: usize,
    absent: T,
    of: impl FnOnce(&[u8]) -> Option<T>,
) -> T {
    // SAFETY: as this function's.
    unsafe {
        read(session, absent, |session| {
            let place = session.place(None, bytes(pointer, len, "pointer").ok()?)?;
            of(session.json_at(place)?)
        })
    }
}

/// Runs a getter with a status of a value's JSON. SAFETY: as `find`, and `out` is NULL or
/// writable.
unsafe fn get<T>(
    session: *const h3s_session,
    pointer: *const c_char,
    len: usize,
    out: *mut T,
    of: impl FnOnce(&[u8]) -> Option<T>,
) -> i32 {
    // SAFETY: as this function's.
    unsafe {
        store(out, || {
            let handle = reference(session).ok_or_else(|| Error::null("session"))?;
            let pointer = bytes(pointer, len, "pointer")?;
            let session = &handle.enter()?.session;
            let place = session.place(None, pointer);
            Ok(place.and_then(|place| session.json_at(place)).and_then(of))
        })
    }
}

/// Gives what a getter finds, else that there is no value of that type. SAFETY: `out` is NULL or
/// writable.
pub(super) unsafe fn store<T>(out: *mut T, get: impl FnOnce() -> Result<Option<T>, Error>) -> i32 {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as this function's.
        let out = unsafe { out.as_mut() }.ok_or_else(|| Error::null("out"))?;
        *out = get()?.ok_or_else(|| Error::data("there is no such value of that type"))?;
        Ok(())
    })
}
