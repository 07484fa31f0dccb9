//! Opening sessions, and freeing them.

use std::ffi::c_char;

use super::config::h3s_config;
use super::error::h3s_error;
use super::guard::{Out, guard};
use super::input::{bytes, reference, request, slot};
use super::session::{h3s_session, read, write};
use super::types::h3s_request;
use crate::{Config, Error, Request, Session};

/// @section Opening
///
/// Finds the request's session, else makes one that is set at once.
///
/// The session is looked for in the header, then in the cookie. A token that is refused is no
/// error: `h3s_session_rejection` says why it was.
///
/// A session that was made has a Set-Cookie at once. It has none before something is written if
/// each of the request's tokens may be valid elsewhere, or if the header's session had ended.
/// Valid elsewhere may be what is of an unsupported format, under an unknown key, from the future,
/// longer or in other chunks than can be read here, or, in Fe26.2, under a number of iterations
/// that the options do not open.
///
/// Of several cookies of the name, at most four are tried, and the newest of those that open is
/// the session. At most one slow key derivation is made to find it; a cookie that would have taken
/// another one is not replaced, and the next request gets on to it.
///
/// config: the options.
/// request: what the request brought.
/// out: receives the session, to be freed with `h3s_session_free`; NULL after an error.
///
/// Returns H3S_OK, H3S_ERR_ARGUMENT, H3S_ERR_RANDOM or H3S_ERR_MEMORY; H3S_ERR_COLD under
/// H3S_WARM_ONLY, and H3S_ERR_BUSY for a peer with too many slow derivations: in these two cases
/// no session is made, and no cookie may be touched.
#[must_use]
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

/// Finds the request's session, else makes one that costs no cookie until it is written.
///
/// All else as `h3s_use`.
#[must_use]
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

/// Makes a session from `h3s_get` one from `h3s_use`.
///
/// If the request had none, there is now a Set-Cookie for it, unless what the request brought may
/// be valid elsewhere. Nothing changes in any other session. What was borrowed ends, as by a write.
///
/// Returns H3S_OK, H3S_ERR_REJECTED (it has ended since, see `h3s_session_set_now`), H3S_ERR_STATE
/// or H3S_ERR_ARGUMENT.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_ensure(session: *mut h3s_session, err: *mut h3s_error) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { write(session, err, || Ok(()), |session, ()| session.ensure()) }
}

/// Opens a bare token, as a header client, a WebSocket or another service sends it.
///
/// A token that is refused is an error here, and no session is made. A cold Fe26.2 token is
/// derived for, and one without a key id with each password that it may belong to: set
/// `request.peer` where strangers send them, which limits that.
///
/// config: the options.
/// request: `header` is the token, with no white space around it; a leading `Bearer ` is passed
/// over. `cookie` is not read.
/// out: receives the session, to be freed with `h3s_session_free`; NULL after an error.
///
/// Returns H3S_OK; H3S_ERR_REJECTED (`err->rejection` and `err->key` say why); H3S_ERR_COLD under
/// H3S_WARM_ONLY; H3S_ERR_BUSY for a peer with too many slow derivations; H3S_ERR_ARGUMENT,
/// H3S_ERR_RANDOM or H3S_ERR_MEMORY.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_unseal(
    config: *const h3s_config,
    request: *const h3s_request,
    out: *mut *mut h3s_session,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { open(config, request, out, err, Config::unseal) }
}

/// Copies the request's Cookie header without the session's cookies, but for those that this one
/// was opened from: what may go upstream.
///
/// Where a request brings several cookies of the session's name, or chunks of several tokens, a
/// server behind this one may take another than was opened here. Of a session that came in no
/// cookie, this is as `h3s_cookie_strip`.
///
/// cookie, len: the value of the Cookie header that the session was opened from. Of another one,
/// none of the session's cookies is kept.
/// out: room for `len` bytes, which must not overlap `cookie`.
///
/// Returns as `h3s_cookie_strip`; also 0 while another thread is inside.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_strip(
    session: *const h3s_session,
    cookie: *const c_char,
    len: usize,
    out: *mut c_char,
) -> usize {
    // SAFETY: the caller's contract: NULL or live.
    unsafe {
        read(session, 0, |session| {
            let cookie = bytes(cookie, len, "cookie").ok()?;
            let mut out = Out::new(out, len)?;
            for kept in session.strip_other_cookies(cookie) {
                out.push(kept);
            }
            Some(out.len())
        })
    }
}

/// Frees a session and wipes its data.
///
/// Does nothing to NULL, and to a session that another thread is inside. What was borrowed from
/// the session ends.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_session_free(session: *mut h3s_session) {
    // SAFETY: the caller's contract: NULL, or from this library and not yet freed.
    unsafe {
        if reference(session).is_some_and(h3s_session::enter_for_ever) {
            super::guard::free(session)
        }
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
        *out = h3s_session::new(|| open(&config.config, &request))?;
        Ok(())
    })
}
