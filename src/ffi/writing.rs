//! Changing what a session holds, its id and its clock.

use std::ffi::c_char;

use super::error::h3s_error;
use super::input::{bytes, lifetime, time};
use super::session::{h3s_session, write};
use crate::data::utf8;
use crate::{Error, Session};

/// @section Writing
///
/// Merges a JSON object into the data, as JavaScript's Object.assign does.
///
/// An existing key keeps its place and gets the new value, a new one goes last. What `json` does
/// not name stays as it was, byte for byte. `created_at` does not move, so `maxAge` is not
/// extended. `{}` counts as a write. After `h3s_clear` it starts a fresh session. So for all
/// writes.
///
/// json, json_len: a JSON object in UTF-8.
///
/// Returns H3S_OK; H3S_ERR_DATA (no JSON object in UTF-8, a name twice in one object, or more than
/// 128 levels; `err->offset` is the byte); H3S_ERR_TOO_LARGE; H3S_ERR_REJECTED (it has ended
/// since, see `h3s_session_set_now`); H3S_ERR_STATE (another thread is inside, or it has a lifetime
/// of its own and would be sealed in Fe26.2); H3S_ERR_ARGUMENT, H3S_ERR_MEMORY or H3S_ERR_RANDOM.
/// After any error the session is as it was.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_update(
    session: *mut h3s_session,
    json: *const c_char,
    json_len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        let input = || bytes(json, json_len, "json");
        write(session, err, input, Session::update)
    }
}

/// Sets the data to a JSON object, whatever it was.
///
/// json, json_len: a JSON object in UTF-8.
///
/// Returns as `h3s_update`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_replace(
    session: *mut h3s_session,
    json: *const c_char,
    json_len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        let input = || bytes(json, json_len, "json");
        write(session, err, input, Session::replace)
    }
}

/// Sets one top-level key to any JSON value.
///
/// key, key_len: the name itself in UTF-8, neither quoted nor escaped; may be empty.
/// json, json_len: the value's JSON text, e.g. `42`, `"text"` with its quotes, `[1,2]`.
///
/// Returns as `h3s_update`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_set_json(
    session: *mut h3s_session,
    key: *const c_char,
    key_len: usize,
    json: *const c_char,
    json_len: usize,
    err: *mut h3s_error,
) -> i32 {
    let value = || {
        // SAFETY: the caller's contract: `json` has `json_len` readable bytes.
        unsafe { bytes(json, json_len, "json") }
    };
    // SAFETY: the caller's contract, passed on.
    unsafe { set(session, (key, key_len), value, err, Session::set) }
}

/// Sets one top-level key to a string, which is quoted and escaped here.
///
/// key, key_len: as in `h3s_set_json`.
/// text, text_len: the string itself in UTF-8.
///
/// Returns as `h3s_update`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_set_text(
    session: *mut h3s_session,
    key: *const c_char,
    key_len: usize,
    text: *const c_char,
    text_len: usize,
    err: *mut h3s_error,
) -> i32 {
    let value = || {
        // SAFETY: the caller's contract: `text` has `text_len` readable bytes.
        unsafe { bytes(text, text_len, "text") }
    };
    // SAFETY: the caller's contract, passed on.
    unsafe {
        set(session, (key, key_len), value, err, |session, key, text| {
            session.set_text(key, utf8(text, "the text is not UTF-8")?)
        })
    }
}

/// Sets one top-level key to an integer.
///
/// JavaScript rounds what is beyond 2^53: write larger ids as text.
///
/// key, key_len: as in `h3s_set_json`.
///
/// Returns as `h3s_update`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_set_int(
    session: *mut h3s_session,
    key: *const c_char,
    key_len: usize,
    value: i64,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { set(session, (key, key_len), || Ok(value), err, Session::set_int) }
}

/// Sets one top-level key to `false`, if `value` is 0, else to `true`.
///
/// key, key_len: as in `h3s_set_json`.
///
/// Returns as `h3s_update`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_set_bool(
    session: *mut h3s_session,
    key: *const c_char,
    key_len: usize,
    value: i32,
    err: *mut h3s_error,
) -> i32 {
    let value = || Ok(value != 0);
    // SAFETY: the caller's contract, passed on.
    unsafe { set(session, (key, key_len), value, err, Session::set_bool) }
}

/// Sets one top-level key to a number, written as JavaScript's JSON.stringify would.
///
/// key, key_len: as in `h3s_set_json`.
/// value: H3S_ERR_DATA if it is infinite or not a number, which JSON cannot say.
///
/// Returns as `h3s_update`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_set_double(
    session: *mut h3s_session,
    key: *const c_char,
    key_len: usize,
    value: f64,
    err: *mut h3s_error,
) -> i32 {
    let value = || Ok(value);
    // SAFETY: the caller's contract, passed on.
    unsafe { set(session, (key, key_len), value, err, Session::set_double) }
}

/// Sets a value anywhere in the data, by JSON Pointer: `/cart/items/-` appends to that array.
///
/// - An existing member or element is replaced. All else stays as it was, byte for byte.
/// - In an array, `-`, or the index that equals its length, appends.
/// - What is missing on the way is made: an array where the next token is `-`, else an object. So
///   `/cart/items/-` works on `{}`, too.
///
/// pointer, len: an RFC 6901 JSON Pointer, as in `h3s_session_find`; empty: as `h3s_replace`.
/// json, json_len: the value's JSON text.
///
/// Returns as `h3s_update`. H3S_ERR_DATA with `err->key` `pointer`, and the byte of the pointer in
/// `err->offset`, for a malformed pointer, one through a string, number, bool or null, an index
/// beyond the array's end, or more than 128 levels.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_set_at(
    session: *mut h3s_session,
    pointer: *const c_char,
    len: usize,
    json: *const c_char,
    json_len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        let input = || {
            Ok((
                bytes(pointer, len, "pointer")?,
                bytes(json, json_len, "json")?,
            ))
        };
        write(session, err, input, |session, (pointer, json)| {
            session.set_at(checked(pointer)?, json)
        })
    }
}

/// Deletes one top-level key.
///
/// That there is none is no error, and counts as a write all the same.
///
/// key, key_len: as in `h3s_set_json`.
///
/// Returns as `h3s_update`, and H3S_ERR_STATE after `h3s_clear`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_remove(
    session: *mut h3s_session,
    key: *const c_char,
    key_len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        let input = || bytes(key, key_len, "key");
        write(session, err, input, |session, key| {
            session.remove(utf8(key, "the key is not UTF-8")?)
        })
    }
}

/// Deletes a member or element anywhere in the data, by JSON Pointer.
///
/// Elements after it move up. That there is none is no error, and counts as a write all the same.
///
/// pointer, len: a JSON Pointer, as in `h3s_session_find`. The whole data cannot be removed.
///
/// Returns as `h3s_set_at`, and H3S_ERR_STATE after `h3s_clear`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_remove_at(
    session: *mut h3s_session,
    pointer: *const c_char,
    len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        let input = || bytes(pointer, len, "pointer");
        write(session, err, input, |session, pointer| {
            session.remove_at(checked(pointer)?)
        })
    }
}

/// Gives the session a new id and `created_at` = now, with the same data.
///
/// Call it at every login: an id that an attacker has planted or seen is then worth nothing. It is
/// also what extends a session under `maxAge`.
///
/// Returns as `h3s_update`, H3S_ERR_STATE after `h3s_clear`, H3S_ERR_REJECTED also if it was
/// revoked since it was opened, and H3S_ERR_STALE where it may have been, and nothing was heard.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_rotate(session: *mut h3s_session, err: *mut h3s_error) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { write(session, err, || Ok(()), |session, ()| session.rotate()) }
}

/// Ends the session: no id, data `{}`, and Set-Cookie values that delete its cookies.
///
/// Call it at logout. The cookie is deleted, and each chunk that the request brought. Where the
/// request brought several cookies of the name that may be sessions, as after a change of
/// `cookie.domain` or `cookie.path`, only one of them can be deleted: then the cookie of a new,
/// empty session takes its place, which is newer than the others, so that none of those comes
/// back. Under H3S_CROSS_SITE nothing is deleted that did not come.
///
/// A later write starts a fresh session without the old data; `h3s_remove`, `h3s_remove_at`,
/// `h3s_rotate`, `h3s_seal` and `h3s_session_set_id` are then H3S_ERR_STATE.
///
/// Returns H3S_OK, H3S_ERR_STATE (another thread is inside) or H3S_ERR_ARGUMENT.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_clear(session: *mut h3s_session, err: *mut h3s_error) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        write(
            session,
            err,
            || Ok(()),
            |session, ()| {
                session.clear();
                Ok(())
            },
        )
    }
}

/// Gives a new or just rotated session an id of your own, in place of the random UUID.
///
/// id, len: 1 to 255 bytes of 0x21 to 0x7E. It must be unguessable if anything is found by it.
///
/// Returns H3S_OK; H3S_ERR_DATA; H3S_ERR_STATE (the session is neither new nor just rotated, or
/// was sealed since); H3S_ERR_TOO_LARGE or H3S_ERR_ARGUMENT.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_set_id(
    session: *mut h3s_session,
    id: *const c_char,
    len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { write(session, err, || bytes(id, len, "id"), Session::set_id_of) }
}

/// Gives this session a lifetime of its own, such as a login without "remember me" has.
///
/// It is sealed in the token, so that every server keeps to it, and stays when the session is
/// written to, rotated, seen again or sealed with another password. `h3s_clear` ends it with all
/// else.
///
/// max_age_sec: how long it lives from `h3s_session_created_at`, in seconds up to 4294967295, in
/// place of `maxAge`, where that is not shorter; 0: as `maxAge` says.
/// flags: 0, or H3S_LIFETIME_BROWSER.
///
/// Returns as `h3s_update`; H3S_ERR_REJECTED also if it would have ended already; H3S_ERR_STATE
/// also where sessions are sealed in Fe26.2, which has no place for it, and after `h3s_clear`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_set_lifetime(
    session: *mut h3s_session,
    max_age_sec: i64,
    flags: u32,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        write(
            session,
            err,
            || lifetime(max_age_sec, flags),
            Session::set_lifetime,
        )
    }
}

/// Moves the session's clock, which otherwise stands at the time it was opened.
///
/// For connections that outlive a request, such as a WebSocket.
///
/// now_ms: milliseconds since 1970; 0: the system clock.
///
/// Returns H3S_OK; H3S_ERR_REJECTED if the session has ended by then (it can still be read and
/// cleared, but no longer be written or sealed); H3S_ERR_STATE or H3S_ERR_ARGUMENT. The clock has
/// moved in the first two cases.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_set_now(
    session: *mut h3s_session,
    now_ms: i64,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { write(session, err, || time(now_ms), Session::set_now) }
}

/// Sets a top-level key.
///
/// SAFETY: `session` is NULL or live, the key has as many readable bytes as stands with it, and
/// `err` is NULL or writable.
unsafe fn set<'a, V>(
    session: *mut h3s_session,
    (key, key_len): (*const c_char, usize),
    value: impl FnOnce() -> Result<V, Error>,
    err: *mut h3s_error,
    set: impl FnOnce(&mut Session, &'a str, V) -> Result<(), Error>,
) -> i32 {
    // SAFETY: as this function's.
    unsafe {
        let input = || Ok((bytes(key, key_len, "key")?, value()?));
        write(session, err, input, |session, (key, value)| {
            set(session, utf8(key, "the key is not UTF-8")?, value)
        })
    }
}

/// A pointer that something is written by.
fn checked(pointer: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(pointer)
        .map_err(|error| Error::pointer("it is not UTF-8", error.valid_up_to()))
}
