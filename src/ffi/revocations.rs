//! A process's copy of what is revoked.

use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::sync::atomic::AtomicU64;

use super::config::h3s_config;
use super::error::h3s_error;
use super::guard::{guard, handle};
use super::input::{bytes, reference, slot, time};
use super::owners::Owners;
use super::replica::h3s_revocations;
use super::sized::Slot;
use super::types::h3s_revocations_info;
use crate::{Error, Revocations};

/// Makes a copy of what is revoked, without entries as yet.
///
/// One a process, at start. It is asked at each request (`h3s_request.revocations`) instead of a
/// database; what other servers have revoked comes in by `h3s_revocation_file_poll`, or by
/// `h3s_revocations_apply` from whatever store you have. Reading and writing it takes no lock.
///
/// room: how many entries there may be at least, 1 to 67,108,864: as many as sessions are revoked
/// within the time that they live. Each takes 48 to 96 bytes of memory.
/// out: receives the copy, to be freed with `h3s_revocations_free`; NULL after an error.
///
/// Returns H3S_OK, H3S_ERR_ARGUMENT, H3S_ERR_RANDOM or H3S_ERR_MEMORY.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocations_new(
    room: usize,
    out: *mut *mut h3s_revocations,
    err: *mut h3s_error,
) -> i32 {
    super::guard::quieten_panics();
    guard(err, || {
        // SAFETY: the caller's contract: `out` is NULL or writable.
        let out = unsafe { slot(out, "out")? };
        *out = made(Revocations::new(room)?)?;
        Ok(())
    })
}

/// Makes a copy of what is revoked in memory that several processes share.
///
/// All of them read it, and any of them may write. Its size decides how many entries there may be:
/// half the largest power of two of slots of 24 bytes that fit.
///
/// memory, size: zeroed, or what this function of the same version made of it before, which is
/// taken over with its entries; several processes may do so at once. Aligned to 8 bytes, better to
/// 64; 512 bytes at least. It has to outlive the handle and each session that was opened with it,
/// and is not freed with them.
/// out: as `h3s_revocations_new`.
///
/// Returns as `h3s_revocations_new`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocations_at(
    memory: *mut c_void,
    size: usize,
    out: *mut *mut h3s_revocations,
    err: *mut h3s_error,
) -> i32 {
    super::guard::quieten_panics();
    guard(err, || {
        // SAFETY: the caller's contract: `out` is NULL or writable.
        let out = unsafe { slot(out, "out")? };
        let words: *const AtomicU64 = memory.cast_const().cast();
        if words.is_null() {
            return Err(Error::null("memory"));
        }
        if !words.is_aligned() || size > isize::MAX as usize {
            return Err(Error::argument(
                "memory",
                "aligned to 8 bytes, and no larger than memory can be",
            ));
        }
        // SAFETY: neither NULL nor unaligned, and by the caller's contract there for as long as the
        // handle, which is the only one to lead there; any bits are a number.
        let words = unsafe { std::slice::from_raw_parts(words, size / size_of::<AtomicU64>()) };
        *out = made(Revocations::within(words)?)?;
        Ok(())
    })
}

/// Shares a copy of what is revoked: it has one more owner, each of whom frees it once.
///
/// Any number of threads may call it.
///
/// Returns its argument, also if that is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocations_ref(
    revocations: *const h3s_revocations,
) -> *mut h3s_revocations {
    // SAFETY: the caller's contract: NULL, or from h3s_revocations_new and still to be freed by
    // somebody.
    if let Some(revocations) = unsafe { reference(revocations) } {
        revocations.owners.add();
    }
    revocations.cast_mut()
}

/// Gives up a copy of what is revoked.
///
/// It is freed once its last owner has freed it, and the last session that was opened with it is
/// freed. Does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocations_free(revocations: *mut h3s_revocations) {
    // SAFETY: the caller's contract: NULL, or from h3s_revocations_new or h3s_revocations_ref, each
    // of which is freed once. So nobody is left to use what its last owner frees here.
    unsafe {
        if reference(revocations).is_some_and(|this| this.owners.remove()) {
            super::guard::free(revocations);
        }
    }
}

/// Applies entries: what `h3s_revocation_entries` gave, here or elsewhere.
///
/// Those count that the config's passwords open, that are of its cookie's name, and that have not
/// ended. Others are passed over. How often, and in which order, makes no difference.
///
/// lines, len: entries, one a line; the last needs no end of line.
/// now_ms: milliseconds since 1970; 0: the system clock.
/// applied: receives how many were applied, also after H3S_ERR_FULL; may be NULL.
///
/// Returns H3S_OK; H3S_ERR_FULL where some had no room (all others were applied); H3S_ERR_CONFIG
/// where the options have no `revocation`; H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocations_apply(
    revocations: *const h3s_revocations,
    config: *const h3s_config,
    lines: *const c_char,
    len: usize,
    now_ms: i64,
    applied: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    guard(err, || {
        // SAFETY: the caller's contract: `applied` is NULL or writable.
        let applied = unsafe { applied.as_mut() };
        let mut count = 0;
        let applied = applied.unwrap_or(&mut count);
        *applied = 0;
        // SAFETY: the caller's contract: NULL or live handles, and `len` readable bytes.
        let (revocations, config, lines) = unsafe {
            (
                reference(revocations).ok_or_else(|| Error::null("revocations"))?,
                reference(config).ok_or_else(|| Error::null("config"))?,
                bytes(lines, len, "lines")?,
            )
        };
        let known = &revocations.revocations;
        let (count, fits) = known.apply_what_fits(&config.config, lines, time(now_ms)?)?;
        *applied = count;
        if fits { Ok(()) } else { Err(Error::full()) }
    })
}

/// Says that all entries were applied that anybody had made known by a time.
///
/// Whoever follows a store says so each time that it has read it to its end, also where there was
/// nothing new. After `revocation.maxStale` seconds without it the copy is stale.
///
/// now_ms: milliseconds since 1970; 0: the system clock.
///
/// Returns H3S_OK or H3S_ERR_ARGUMENT.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocations_heard(
    revocations: *const h3s_revocations,
    now_ms: i64,
    err: *mut h3s_error,
) -> i32 {
    guard(err, || {
        // SAFETY: the caller's contract: NULL or live.
        let revocations = unsafe { reference(revocations) };
        let revocations = revocations.ok_or_else(|| Error::null("revocations"))?;
        revocations.revocations.heard(time(now_ms)?)
    })
}

/// How many entries a copy has, and how complete it is.
///
/// It looks at all of its memory: for a page of figures, not for each request.
///
/// now_ms: milliseconds since 1970; 0: the system clock.
/// out: begin with H3S_REVOCATIONS_INFO_INIT.
///
/// Returns H3S_OK or H3S_ERR_ARGUMENT.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocations_view(
    revocations: *const h3s_revocations,
    now_ms: i64,
    out: *mut h3s_revocations_info,
    err: *mut h3s_error,
) -> i32 {
    guard(err, || {
        // SAFETY: the caller's contract: NULL, or readable and writable for its size.
        let out = unsafe { Slot::new(out, "info")? };
        // SAFETY: the caller's contract: NULL or live.
        let revocations = unsafe { reference(revocations) };
        let revocations = revocations.ok_or_else(|| Error::null("revocations"))?;
        let view = revocations.revocations.view(time(now_ms)?);
        out.fill(&h3s_revocations_info {
            size: 0,
            reserved: 0,
            entries: view.entries,
            room: view.room,
            missed: view.missed,
            heard_at: view.heard_at.unwrap_or(0),
        });
        Ok(())
    })
}

fn made(revocations: Revocations) -> Result<*mut h3s_revocations, Error> {
    let owners = Owners::one();
    handle(h3s_revocations {
        revocations,
        owners,
    })
}
