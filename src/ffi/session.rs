//! One request's session: opening, reading, writing, and the cookies that come of it.

use std::cell::UnsafeCell;
use std::ffi::c_char;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};

use tinyvec::TinyVec;

use super::config::h3s_config;
use super::guard::{Str, guard, guard_value, handle};
use super::input::{bytes, reference, request, slot, time, view};
use super::types::*;
use crate::{Config, Error, Request, Session};

/// One request's session. It belongs to one thread at a time, and keeps its config alive.
///
/// A call that finds another thread inside the same session does nothing: it is H3S_ERR_STATE, or
/// the value that NULL gives. (What was borrowed from a session ends with the other thread's write
/// all the same.)
pub struct h3s_session {
    /// Some thread is inside.
    entered: AtomicBool,
    inside: UnsafeCell<Inside>,
}

struct Inside {
    session: Session,
    /// The Set-Cookie values as C sees them; they point into `session`.
    list: TinyVec<[h3s_str; 2]>,
    /// A panic left it in an unknown state: it can only be freed.
    broken: bool,
}

/// Where one thread is inside a session, and no other.
struct Entered<'a>(&'a h3s_session);

impl h3s_session {
    fn new(session: Session) -> Result<*mut h3s_session, Error> {
        handle(h3s_session {
            entered: AtomicBool::new(false),
            inside: UnsafeCell::new(Inside {
                session,
                list: TinyVec::new(),
                broken: false,
            }),
        })
    }

    fn enter(&self) -> Result<Entered<'_>, Error> {
        if self.entered.swap(true, Ordering::Acquire) {
            return Err(Error::state(
                "another thread is inside this session: a session belongs to one thread at a time",
            ));
        }
        let entered = Entered(self);
        if entered.broken {
            return Err(Error::internal());
        }
        Ok(entered)
    }
}

impl Deref for Entered<'_> {
    type Target = Inside;

    fn deref(&self) -> &Inside {
        // SAFETY: there is only one Entered of a session at a time.
        unsafe { &*self.0.inside.get() }
    }
}

impl DerefMut for Entered<'_> {
    fn deref_mut(&mut self) -> &mut Inside {
        // SAFETY: as above.
        unsafe { &mut *self.0.inside.get() }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.entered.store(false, Ordering::Release);
    }
}

/// @section Opening
///
/// Finds the session in the header, else in the cookie; makes one where there is none or none valid.
///
/// A session that it makes has a Set-Cookie at once. (Not if each of the request's tokens may well
/// be valid elsewhere, or if the header's session had ended: then only once something is written.
/// Valid elsewhere may be what is of an unsupported format, under an unknown key, from the future,
/// longer or in other chunks than can be read here, or, in Fe26.2, under a number of iterations
/// that the options do not open.)
///
/// Of several cookies of the name, at most four are tried, and the newest of those that open is the
/// session. At most one slow key derivation is made to find it; what would have taken another one
/// was not looked at, and is not replaced. The next request gets on to it, since keys, and what was
/// refused, are remembered.
///
/// A token that is refused is no error: see `h3s_session_rejection`.
///
/// request: see h3s_request.
/// out: receives the session, to be freed with `h3s_session_free`; NULL after an error.
/// err: may be NULL.
///
/// Returns H3S_OK, H3S_ERR_ARGUMENT, H3S_ERR_RANDOM or H3S_ERR_MEMORY; H3S_ERR_COLD under H3S_WARM_ONLY and H3S_ERR_BUSY for a peer that
/// forges, in both of which no session is made and no cookie is touched.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_use(
    config: *const h3s_config,
    request: *const h3s_request,
    out: *mut *mut h3s_session,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { open(config, request, out, err, Config::use_session) }
}

/// As `h3s_use`, but a session that it had to make costs no Set-Cookie until something is written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_get(
    config: *const h3s_config,
    request: *const h3s_request,
    out: *mut *mut h3s_session,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { open(config, request, out, err, Config::get_session) }
}

/// Opens a bare token, as a header client, a WebSocket or another service would send it.
///
/// Unlike above, a token that is refused is an error, and no session is made. A cold Fe26.2 token
/// is derived for, and one without a key id with each password that it may belong to: bound the
/// rate of what strangers send, or have it sent in the session header.
///
/// now_ms: milliseconds since 1970; 0: the system clock.
/// out: receives the session, to be freed with `h3s_session_free`; NULL after an error.
///
/// Returns H3S_OK, H3S_ERR_REJECTED (`err->offset` and `err->key` say why), H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_unseal(
    config: *const h3s_config,
    token: *const c_char,
    len: usize,
    now_ms: i64,
    out: *mut *mut h3s_session,
    err: *mut h3s_error,
) -> i32 {
    guard(err, || {
        // SAFETY: the caller's contract: pointers are NULL or valid, `token` has `len` readable bytes.
        let (out, token) = unsafe { (slot(out, "out")?, bytes(token, len, "token")?) };
        // SAFETY: as above.
        let config = unsafe { reference(config) }.ok_or_else(|| Error::null("config"))?;
        *out = h3s_session::new(
            config
                .config
                .unseal(&Request::from_token(token).at(time(now_ms)?))?,
        )?;
        Ok(())
    })
}

/// Frees a session and wipes its data. NULL, and a session that another thread is inside: does
/// nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_free(session: *mut h3s_session) {
    // SAFETY: the caller's contract: NULL, or from this library and not yet freed.
    unsafe {
        if reference(session).is_some_and(|handle| handle.entered.swap(true, Ordering::Acquire)) {
            return;
        }
        super::guard::free(session)
    }
}

/// @section Writing
///
/// Merges a JSON object into the data, as JavaScript's `Object.assign`: an existing key keeps its place and gets the
/// new value, a new one goes last. What it does not name stays as it was, byte for byte.
///
/// It never moves `created_at`, so it never extends `maxAge`. `{}` counts as a write. After `h3s_clear` it starts a fresh session.
///
/// Returns H3S_OK, H3S_ERR_DATA (not a JSON object in UTF-8, a name twice in one object, more than 128 levels),
/// H3S_ERR_TOO_LARGE, H3S_ERR_REJECTED (it ended since, see `h3s_session_set_now`), H3S_ERR_ARGUMENT, H3S_ERR_MEMORY or H3S_ERR_RANDOM.
/// After any error the session is as it was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_update(
    session: *mut h3s_session,
    json: *const c_char,
    json_len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        write(
            session,
            err,
            || bytes(json, json_len, "json"),
            Session::update,
        )
    }
}

/// Sets the data to a JSON object, whatever it was. Errors and the rest as `h3s_update`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_replace(
    session: *mut h3s_session,
    json: *const c_char,
    json_len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        write(
            session,
            err,
            || bytes(json, json_len, "json"),
            Session::replace,
        )
    }
}

/// Sets one top-level key to any JSON value.
///
/// key: the name itself in UTF-8, neither quoted nor escaped; may be empty.
/// json: the value's JSON text, e.g. `42`, `"text"` with its quotes, `[1,2]`.
///
/// Errors and the rest as `h3s_update`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_set(
    session: *mut h3s_session,
    key: *const c_char,
    key_len: usize,
    json: *const c_char,
    json_len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        let input = || Ok((bytes(key, key_len, "key")?, bytes(json, json_len, "json")?));
        write(session, err, input, |session, (key, json)| {
            session.set(key, json)
        })
    }
}

/// Sets one top-level key to a string: `text` is the string itself in UTF-8 and is quoted and escaped here.
/// Errors and the rest as `h3s_update`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_set_text(
    session: *mut h3s_session,
    key: *const c_char,
    key_len: usize,
    text: *const c_char,
    text_len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        let input = || Ok((bytes(key, key_len, "key")?, bytes(text, text_len, "text")?));
        write(session, err, input, |session, (key, text)| {
            session.set_text(key, text)
        })
    }
}

/// Deletes one top-level key; that there is none is no error, and counts as a write all the same.
///
/// Returns as `h3s_update`, and H3S_ERR_STATE after `h3s_clear`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_remove(
    session: *mut h3s_session,
    key: *const c_char,
    key_len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { write(session, err, || bytes(key, key_len, "key"), Session::remove) }
}

/// Gives the session a new id and `created_at` = now, with the same data. Call it at every login: a session id
/// that an attacker has planted or seen is then worth nothing. It is also what extends a session under `maxAge`.
///
/// Returns as `h3s_update`, and H3S_ERR_STATE after `h3s_clear`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_rotate(session: *mut h3s_session, err: *mut h3s_error) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { write(session, err, || Ok(()), |session, ()| session.rotate()) }
}

/// Ends the session: no id, data `{}`, and deleting Set-Cookie values for its cookie and each chunk the request carried.
///
/// Where the request carried several cookies of the name that may be sessions, as after a change of
/// `cookie.domain` or `cookie.path`, only one of them can be deleted: then the cookie of a new,
/// empty session takes its place, which is newer than the others, so that none of those comes back.
/// Under H3S_CROSS_SITE nothing is deleted that did not come.
///
/// Call it at logout. A later `h3s_update`, `h3s_replace` or `h3s_set` starts a fresh session, without the old data;
/// `h3s_remove`, `h3s_rotate`, `h3s_seal` and `h3s_session_set_id` are then H3S_ERR_STATE.
///
/// Returns H3S_OK or H3S_ERR_ARGUMENT.
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
/// id: 1 to 255 bytes of 0x21 to 0x7E. It must be unguessable if anything is looked up by it.
///
/// Returns H3S_OK, H3S_ERR_DATA, H3S_ERR_STATE (the session is neither new nor just rotated, or was sealed since),
/// H3S_ERR_TOO_LARGE or H3S_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_set_id(
    session: *mut h3s_session,
    id: *const c_char,
    len: usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { write(session, err, || bytes(id, len, "id"), Session::set_id) }
}

/// Moves the session's clock, which otherwise stands still at the time it was opened: for connections that outlive
/// a request, such as a WebSocket.
///
/// now_ms: milliseconds since 1970; 0: the system clock.
///
/// Returns H3S_OK; H3S_ERR_REJECTED when the session has ended by then (it can still be read and cleared, but no longer
/// be written or sealed); H3S_ERR_ARGUMENT. The clock has moved in the first two cases.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_set_now(
    session: *mut h3s_session,
    now_ms: i64,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { write(session, err, || time(now_ms), Session::set_now) }
}

/// @section Reading
///
/// The usual getters in one call.
///
/// out: its `size` must be set. The strings in it last as those of `h3s_session_data`.
///
/// Returns H3S_OK; H3S_ERR_ARGUMENT for a NULL or a wrong size; H3S_ERR_STATE while another thread
/// is inside; H3S_ERR_INTERNAL for a broken handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_view(session: *const h3s_session, out: *mut h3s_view) -> i32 {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's contract: NULL or live, `out` NULL or with `size` bytes to write to.
        let (handle, out) = unsafe {
            (
                reference(session).ok_or_else(|| Error::null("session"))?,
                view(out)?,
            )
        };
        let session = &handle.enter()?.session;
        let flag = |on: bool, flag: u32| if on { flag } else { 0 };
        *out = h3s_view {
            size: out.size,
            flags: flag(session.is_new(), H3S_VIEW_NEW)
                | flag(session.is_dirty(), H3S_VIEW_DIRTY)
                | flag(session.is_cleared(), H3S_VIEW_CLEARED),
            id: h3s_str::terminated(session.id_z()),
            data: h3s_str::terminated(session.data_z()),
            created_at: session.created_at(),
            last_seen_at: session.last_seen_at().unwrap_or(0),
            expires_at: session.expires_at().unwrap_or(0),
            source: session.source() as i32,
            rejection: session
                .rejection()
                .map_or(H3S_REJECTION_NONE, |reason| reason as i32),
        };
        Ok(())
    })
}

/// The session's id, NUL-terminated; empty after `h3s_clear`. NULL session: absent.
///
/// Borrowed until the next write, `h3s_session_set_now`, `h3s_clear` or free; other getters do not end it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_id(session: *const h3s_session) -> h3s_str {
    // SAFETY: the caller's contract: NULL or live.
    unsafe {
        read(session, h3s_str::ABSENT, |session| {
            h3s_str::terminated(session.id_z())
        })
    }
}

/// The data as the text of a JSON object, without insignificant white space, NUL-terminated. NULL session: absent.
///
/// Borrowed until the next write, `h3s_session_set_now`, `h3s_clear` or free; other getters do not end it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_data(session: *const h3s_session) -> h3s_str {
    // SAFETY: the caller's contract: NULL or live.
    unsafe {
        read(session, h3s_str::ABSENT, |session| {
            h3s_str::terminated(session.data_z())
        })
    }
}

/// One value in the data, as JSON text; NOT NUL-terminated. Absent where there is none.
///
/// pointer, len: an RFC 6901 JSON Pointer, e.g. `/user/name`, `/cart/0`; empty: the whole data.
///
/// Borrowed as `h3s_session_data`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_find(
    session: *mut h3s_session,
    pointer: *const c_char,
    len: usize,
) -> h3s_str {
    // SAFETY: the caller's contract: NULL or live; `pointer` has `len` readable bytes.
    unsafe {
        read(session, h3s_str::ABSENT, |session| {
            let found = bytes(pointer, len, "pointer")
                .ok()
                .and_then(|pointer| session.find(pointer));
            found.map_or(h3s_str::ABSENT, h3s_str::of)
        })
    }
}

/// The string that a JSON Pointer leads to, without its quotes and with its escapes resolved, in
/// UTF-8. Absent where there is none, and for what is no string: `null`, `false`, `42` and objects
/// are absent, and the text "null" is not (`h3s_session_find` has the JSON of all).
///
/// It may hold NUL bytes: mind `len`. An unpaired surrogate comes as U+FFFD. Also absent when memory is short.
///
/// Borrowed as `h3s_session_data`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_text(
    session: *mut h3s_session,
    pointer: *const c_char,
    len: usize,
) -> h3s_str {
    guard_value(h3s_str::ABSENT, || {
        // SAFETY: the caller's contract: NULL or live; `len` readable bytes.
        let (handle, pointer) =
            unsafe { (reference(session)?, bytes(pointer, len, "pointer").ok()?) };
        let mut handle = handle.enter().ok()?;
        handle.session.text(pointer).map(h3s_str::of)
    })
}

/// When the session was made or last rotated, in milliseconds since 1970; 0 after `h3s_clear` or for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_created_at(session: *const h3s_session) -> i64 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe { read(session, 0, Session::created_at) }
}

/// When it was last sealed under `idleTimeout`, in milliseconds since 1970; 0 if never, or for NULL.
///
/// A write seals, and a read only once more than half of `idleTimeout` is used. So a session may
/// end half of it after its last read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_last_seen_at(session: *const h3s_session) -> i64 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe { read(session, 0, |session| session.last_seen_at().unwrap_or(0)) }
}

/// When it ends if nothing more comes, by the earliest of its limits, in milliseconds since 1970;
/// 0: never, or NULL. Under `idleTimeout` a read moves it only once more than half of that is used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_expires_at(session: *const h3s_session) -> i64 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe { read(session, 0, |session| session.expires_at().unwrap_or(0)) }
}

/// 1 if this request made the session, else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_is_new(session: *const h3s_session) -> i32 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe { read(session, 0, |session| session.is_new().into()) }
}

/// 1 if `h3s_set_cookies` (or, with `"cookie": false`, `h3s_seal`) has something to give that was not yet taken, else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_is_dirty(session: *const h3s_session) -> i32 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe { read(session, 0, |session| session.is_dirty().into()) }
}

/// Where the session came from: H3S_SOURCE_*.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_source(session: *const h3s_session) -> i32 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe { read(session, H3S_SOURCE_NONE, |session| session.source() as i32) }
}

/// Why the request's first candidate was refused: H3S_REJECTION_*; none if it opened. It may stand
/// beside a session that another candidate opened. (Where none opened and the first was not looked
/// at: the first of those that were refused.)
///
/// Candidates are the header's token, unless it is empty, and after it the first four cookies of
/// the session's name that begin like a
/// token: with `h3s` and a number, `Fe26.` and a number, or `__chunked__`, or with a percent sign
/// among the first eleven bytes. The same cookie twice counts once (but for `__chunked__`). Where none of the cookies does,
/// and one is not empty, they are one candidate together: malformed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_rejection(session: *const h3s_session) -> i32 {
    // SAFETY: the caller's contract: NULL or live.
    unsafe {
        read(session, H3S_REJECTION_NONE, |session| {
            session.rejection().map_or(0, |reason| reason as i32)
        })
    }
}

/// A keyed hash of the id, 32 hexadecimal digits, NUL-terminated: write this to logs, never the id. The same on every
/// machine with the same first password and cookie name. Absent after `h3s_clear` or for NULL.
///
/// Borrowed as `h3s_session_data`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_log_id(session: *mut h3s_session) -> h3s_str {
    guard_value(h3s_str::ABSENT, || {
        // SAFETY: the caller's contract: NULL or live.
        let mut handle = unsafe { reference(session)? }.enter().ok()?;
        handle.session.log_id_z().map(h3s_str::terminated)
    })
}

/// @section Cookies and tokens
///
/// The Set-Cookie values that the response owes; most often none or one. Send each as a header line of its own.
///
/// What was written is sealed here, once. (In Fe26.2 with more than one iteration a process's first
/// seal, and then one a day, derives two keys, which takes some milliseconds.) Until the next write
/// the same values come again; after it the whole new list takes the place of the former one.
///
/// list: receives an array of `count` strings, each NUL-terminated, borrowed as `h3s_session_data`.
/// count: receives how many there are.
///
/// Returns H3S_OK, H3S_ERR_RANDOM, H3S_ERR_MEMORY, H3S_ERR_REJECTED (it ended since, see `h3s_session_set_now`) or H3S_ERR_ARGUMENT.
/// After an error nothing was sealed, `*list` is NULL and `*count` 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_set_cookies(
    session: *mut h3s_session,
    list: *mut *const h3s_str,
    count: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract: `list` and `count` are NULL or writable.
    let outputs = || unsafe {
        let (list, count) = (list.as_mut(), count.as_mut());
        let (list, count) = match (list, count) {
            (Some(list), Some(count)) => (list, count),
            (list, count) => {
                list.into_iter().for_each(|list| *list = std::ptr::null());
                count.into_iter().for_each(|count| *count = 0);
                return Err(Error::null("list or count"));
            }
        };
        (*list, *count) = (std::ptr::null(), 0);
        Ok((list, count))
    };
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

/// The session as a bare token, for a client that keeps it itself and sends it back in the session header.
///
/// token: receives the token, NUL-terminated, borrowed as `h3s_session_data`.
///
/// Returns H3S_OK; H3S_ERR_TOO_LARGE when it is longer than `maxTokenLength`; H3S_ERR_STATE after `h3s_clear`;
/// H3S_ERR_RANDOM, H3S_ERR_MEMORY, H3S_ERR_REJECTED (it ended since) or H3S_ERR_ARGUMENT. After an error `*token` is absent.
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

/// SAFETY: the pointers are NULL or valid, as the header says.
unsafe fn open(
    config: *const h3s_config,
    from: *const h3s_request,
    out: *mut *mut h3s_session,
    err: *mut h3s_error,
    open: fn(&Config, &Request<'_>) -> Result<Session, Error>,
) -> i32 {
    guard(err, || {
        // SAFETY: as this function's.
        let out = unsafe { slot(out, "out")? };
        // SAFETY: as this function's.
        let config = unsafe { reference(config) }.ok_or_else(|| Error::null("config"))?;
        // SAFETY: as this function's.
        let request = unsafe { request(from)? };
        *out = h3s_session::new(open(&config.config, &request)?)?;
        Ok(())
    })
}

/// Runs a write with its input. SAFETY: as `with`.
unsafe fn write<I>(
    session: *mut h3s_session,
    err: *mut h3s_error,
    input: impl FnOnce() -> Result<I, Error>,
    write: impl FnOnce(&mut Session, I) -> Result<(), Error>,
) -> i32 {
    // SAFETY: as this function's.
    unsafe {
        with(session, err, input, |handle, input| {
            write(&mut handle.session, input)
        })
    }
}

/// Runs something that changes a session; a panic breaks the handle. SAFETY: `session` is NULL or
/// live.
unsafe fn with<I>(
    session: *mut h3s_session,
    err: *mut h3s_error,
    input: impl FnOnce() -> Result<I, Error>,
    body: impl FnOnce(&mut Inside, I) -> Result<(), Error>,
) -> i32 {
    guard(err, || {
        let input = input()?;
        // SAFETY: as this function's.
        let handle = unsafe { reference(session) }.ok_or_else(|| Error::null("session"))?;
        let mut handle = handle.enter()?;
        handle.broken = true;
        let result = body(&mut handle, input);
        handle.broken = false;
        result
    })
}

/// Runs a getter. SAFETY: `session` is NULL or live.
unsafe fn read<T>(session: *const h3s_session, absent: T, get: impl FnOnce(&Session) -> T) -> T
where
    T: Copy,
{
    guard_value(absent, || {
        // SAFETY: as this function's.
        let handle = unsafe { reference(session)? }.enter().ok()?;
        Some(get(&handle.session))
    })
}
