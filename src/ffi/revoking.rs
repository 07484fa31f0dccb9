//! Revoking sessions.

use std::ffi::c_char;

use super::config::{h3s_config, of};
use super::error::h3s_error;
use super::guard::{Place, Str, guard, guard_value};
use super::input::{bytes, reference, time};
use super::sealing::convert;
use super::session::{Inside, h3s_session, with, write};
use super::sized::Slot;
use super::types::{h3s_entry_info, h3s_str};
use crate::{Error, data};

/// @section Revocation
///
/// Ends a session as `h3s_clear` does, and revokes it, whoever has a copy of its cookie or token.
///
/// What every logout must call. Make what `h3s_revocation_entries` gives known to all servers
/// before the response goes. Again, it does nothing. After `h3s_clear` it revokes what that has
/// ended.
///
/// Where the request may have brought a session that did not open here, which would live on, it is
/// an error: H3S_ERR_BUSY if it was not tried, so that the next request may find it, and
/// H3S_ERR_REJECTED with the rejection if it may be valid elsewhere, as under an unknown key.
///
/// Returns H3S_OK; these two; H3S_ERR_STATE while another thread is inside; H3S_ERR_CONFIG where
/// the options have no `revocation`; H3S_ERR_RANDOM, H3S_ERR_MEMORY or H3S_ERR_ARGUMENT. After an
/// error the session is as it was.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revoke(session: *mut h3s_session, err: *mut h3s_error) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe { write(session, err, || Ok(()), |session, ()| session.revoke()) }
}

/// As `h3s_revoke`, for all sessions of its subject that were made before now.
///
/// "Log me out everywhere." What the subject of a session is, `revocation.subject` says. To leave
/// only this one: `h3s_rotate`, and then `h3s_revoke_subject` before its `h3s_session_created_at`.
///
/// Returns as `h3s_revoke`; H3S_ERR_STATE also after `h3s_clear`, and where its data has no
/// subject, and H3S_ERR_CONFIG where the options do not say what that is.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revoke_everywhere(
    session: *mut h3s_session,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        let revoke = |session: &mut crate::Session, ()| session.revoke_everywhere();
        write(session, err, || Ok(()), revoke)
    }
}

/// What is to be made known to all servers before the response goes.
///
/// By `h3s_revoke`, `h3s_revoke_everywhere`, and `h3s_rotate` for the former id. Append it to the
/// file of all processes (`h3s_revocation_file_append`), or to a store of yours, and apply it here
/// (`h3s_revocations_apply`). If that fails, answer with an error: the logout has not happened.
///
/// list: receives an array of `count` entries, each NUL-terminated and without an end of line,
/// borrowed until the session is revoked or rotated again, or freed.
/// count: receives how many there are; most often none.
///
/// Returns H3S_OK; H3S_ERR_REJECTED after `h3s_rotate`, where a logout of the former id was heard
/// of since: answer without the session's cookies. (Only when they are asked for first, since they
/// are to be applied here, too.) H3S_ERR_STATE, H3S_ERR_MEMORY or H3S_ERR_ARGUMENT. After an error
/// `*list` is NULL and `*count` 0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocation_entries(
    session: *mut h3s_session,
    list: *mut *const h3s_str,
    count: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract: `list` and `count` are NULL or writable.
    let outputs = || unsafe { super::sealing::list_slots(list, count) };
    // SAFETY: the caller's contract, passed on.
    unsafe {
        with(session, err, outputs, |handle, (list, count)| {
            let Inside {
                session, entries, ..
            } = handle;
            let owed = session.revocation_entries_z()?;
            entries.clear();
            entries
                .try_reserve(owed.len())
                .map_err(|_| Error::memory())?;
            entries.extend(owed.map(h3s_str::terminated));
            (*list, *count) = (entries.as_ptr(), entries.len());
            Ok(())
        })
    }
}

/// Makes an entry that revokes the session of an id.
///
/// For who has an id and no session: an administrator, or a table of sessions.
///
/// id, len: the id.
/// now_ms: milliseconds since 1970; 0: the system clock.
/// out, room: where the entry goes, with a NUL and without an end of line. 2,048 bytes are always
/// enough. As the entries of `h3s_revocation_entries`, it is to be made known and applied.
/// out_len: receives its length without the NUL, also where `out` is NULL or `room` too small for
/// it; 0 after every other error.
///
/// Returns H3S_OK; H3S_ERR_DATA for what is no id; H3S_ERR_CONFIG where the options have no
/// `revocation`; H3S_ERR_ARGUMENT (also where `room` is too small); H3S_ERR_RANDOM or
/// H3S_ERR_MEMORY.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revoke_session(
    config: *const h3s_config,
    id: *const c_char,
    len: usize,
    now_ms: i64,
    out: *mut c_char,
    room: usize,
    out_len: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        convert(config, (out, room, out_len), err, |config| {
            let id = data::utf8(bytes(id, len, "id")?, "an id is visible ASCII")?;
            config.revoke_session(id, time(now_ms)?)
        })
    }
}

/// Makes an entry that revokes all sessions of a subject, or all there are, that were made before a
/// moment.
///
/// subject, len: as `revocation.subject` finds it in the sessions' data: a string's text, or a
/// number as it is written. NULL: all sessions of this cookie's name.
/// before_ms: milliseconds since 1970, not in the future; 0: now. Who logs in later is let in.
/// now_ms, out, room, out_len: as `h3s_revoke_session`.
///
/// Returns as `h3s_revoke_session`; H3S_ERR_CONFIG also where the options do not say what the
/// subject is.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revoke_subject(
    config: *const h3s_config,
    subject: *const c_char,
    len: usize,
    before_ms: i64,
    now_ms: i64,
    out: *mut c_char,
    room: usize,
    out_len: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    // SAFETY: the caller's contract, passed on.
    unsafe {
        convert(config, (out, room, out_len), err, |config| {
            let now = time(now_ms)?;
            let before = if before_ms == 0 { now } else { before_ms };
            if subject.is_null() && len == 0 {
                return config.revoke_everybody(before, now);
            }
            let subject = bytes(subject, len, "subject")?;
            config.revoke_subject(data::utf8(subject, "a subject is UTF-8")?, before, now)
        })
    }
}

/// Reads an entry: for a list of what is revoked.
///
/// line, len: one entry, without an end of line.
/// entry: begin with H3S_ENTRY_INFO_INIT.
/// out, room: where it goes whose it is, with a NUL: of a session what `h3s_session_log_id` gives,
/// since an id is not for logs; of a subject itself, as UTF-8 that may have any characters; of
/// everybody nothing. 1,025 bytes are always enough.
/// out_len: receives its length without the NUL, as of `h3s_revoke_session`; NULL: it is not asked
/// for.
///
/// Returns H3S_OK; H3S_ERR_REJECTED for what is no entry, or is one of another password or cookie;
/// H3S_ERR_CONFIG where the options have no `revocation`; H3S_ERR_ARGUMENT (also where `room` is
/// too small, and all else was read) or H3S_ERR_MEMORY.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocation_read(
    config: *const h3s_config,
    line: *const c_char,
    len: usize,
    entry: *mut h3s_entry_info,
    out: *mut c_char,
    room: usize,
    out_len: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    guard(err, || {
        // SAFETY: the caller's contract: NULL or live and writable, and `len` readable bytes.
        let (place, entry, config, line) = unsafe {
            (
                // NULL: nobody asks whose it is.
                Place::new(out, room, out_len).ok(),
                Slot::new(entry, "entry")?,
                reference(config).ok_or_else(|| Error::null("config"))?,
                bytes(line, len, "line")?,
            )
        };
        let read = config.config.read_revocation(line)?;
        entry.fill(&h3s_entry_info {
            size: 0,
            kind: read.kind as i32,
            before: read.before_ms,
            until: read.until_ms,
        });
        place.map_or(Ok(()), |place| {
            // SAFETY: the caller's contract; the text is the library's own.
            unsafe { place.fill(std::iter::once(read.whose.as_bytes())) }
        })
    })
}

/// The path of the file through which the processes of one machine make known what they revoke.
///
/// `revocation.file` of the options. Where they have none, its `len` is 0, and its pointer is not
/// NULL. NUL-terminated; borrowed from the config. Absent for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_revocation_file(config: *const h3s_config) -> h3s_str {
    // SAFETY: the caller's contract: NULL or a live config.
    unsafe { of(config, |config| config.revocation_file_z()) }
}

/// For how long an entry matters at most, in milliseconds: what is older may be trimmed from a
/// store.
///
/// 0 for NULL, and where the options have no `revocation`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_config_revocation_keep(config: *const h3s_config) -> i64 {
    guard_value(0, || {
        // SAFETY: the caller's contract: NULL or a live config.
        let config = unsafe { reference(config)? };
        config.config.revocations_matter_ms()
    })
}
