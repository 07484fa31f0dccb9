//! The file through which the processes of one machine make known what they revoke.

use std::ffi::{OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::Duration;

use super::config::h3s_config;
use super::error::h3s_error;
use super::guard::{free, guard, handle};
use super::input::{bytes, reference, slot, time};
use super::replica::h3s_revocations;
use crate::{Error, RevocationFile};

/// A file through which the processes of one machine, of whatever language, make known what they
/// revoke. Any number of threads may use one.
pub struct h3s_revocation_file {
    /// Of this process, or still of the one that it was forked from.
    opened: AtomicPtr<Opened>,
}

struct Opened {
    file: RevocationFile,
    /// That of the parent, if this is a child's; else NULL. It is kept, since a thread that was
    /// forked away may have been at it.
    before: *mut Opened,
}

impl h3s_revocation_file {
    fn opened(&self) -> &Opened {
        // SAFETY: it was made by `handle`, and nobody frees it before the handle that it is in.
        unsafe { &*self.opened.load(Ordering::Acquire) }
    }

    /// What this process reads by: a child begins anew, since a fork may have caught another thread
    /// of its parent that reads.
    fn of_this_process(&self) -> Result<&RevocationFile, Error> {
        let before = self.opened();
        if before.file.is_of_this_process() {
            return Ok(&before.file);
        }
        let before: *const Opened = before;
        let before = before.cast_mut();
        // SAFETY: as in `opened`.
        let file = unsafe { (*before).file.anew()? };
        let new = handle(Opened { file, before })?;
        let swapped =
            self.opened
                .compare_exchange(before, new, Ordering::AcqRel, Ordering::Acquire);
        if swapped.is_err() {
            // Another thread of the child has done so.
            // SAFETY: made above, and known to nobody else.
            unsafe { free(new) };
        }
        Ok(&self.opened().file)
    }
}

/// Opens the file through which the processes of one machine make known what they revoke.
///
/// It need not be there: the first entry makes it. Processes of several users share it through a
/// group that may write to its folder, best one with mode 2770: a new file in it can be read and
/// written by that group, whatever the umask. (Elsewhere the umask decides. Where a process may not
/// make files in the folder, it does not shorten the file.) Its first line says what it is; another
/// file is never written to. It belongs on a disk of this machine, not on the network.
///
/// path, len: its absolute path, as `h3s_config_revocation_file` gives it.
/// wait_ms: for how many milliseconds at most each call waits for another process that has the file
/// locked; 0: 1,000; 3,600,000 at most. Who writes has it locked for some microseconds, but anybody
/// who can open it can keep it locked: a thread that serves everybody waits 100, say. After a wait
/// in vain the calls that follow try just once, for ten times as long.
/// out: receives the file, to be closed with `h3s_revocation_file_close`; NULL after an error.
///
/// Returns H3S_OK; H3S_ERR_STORE: its folder is missing, it cannot be read, or it is another file;
/// H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocation_file_open(
    path: *const c_char,
    len: usize,
    wait_ms: u32,
    out: *mut *mut h3s_revocation_file,
    err: *mut h3s_error,
) -> i32 {
    super::guard::quieten_panics();
    guard(err, || {
        // SAFETY: the caller's contract: `out` is NULL or writable, `path` has `len` readable
        // bytes.
        let (out, path) = unsafe { (slot(out, "out")?, bytes(path, len, "path")?) };
        let mut file = RevocationFile::open(OsStr::from_bytes(path))?;
        if wait_ms != 0 {
            file.set_lock_wait(Duration::from_millis(wait_ms.into()));
        }
        let opened = handle(Opened {
            file,
            before: std::ptr::null_mut(),
        })?;
        let file = handle(h3s_revocation_file {
            opened: AtomicPtr::new(opened),
        });
        if file.is_err() {
            // SAFETY: made above, and known to nobody else.
            unsafe { free(opened) };
        }
        *out = file?;
        Ok(())
    })
}

/// Appends entries: what `h3s_revocation_entries` gave, or what came from elsewhere.
///
/// When it returns, they are on the disk, and each process that polls will apply them. They are
/// not applied here: do so by `h3s_revocations_apply`. An entry twice does no harm.
///
/// It waits for the disk, and for other processes that have the file locked, as long as
/// `h3s_revocation_file_open` was told to.
///
/// lines, len: entries, one a line; the last needs no end of line.
/// now_ms: milliseconds since 1970; 0: the system clock. What has ended by then is not written.
///
/// Returns H3S_OK; H3S_ERR_STORE where somebody keeps the file locked, or the disk is full, say,
/// and some of the lines may have been written: answer with an error (503), or try again;
/// H3S_ERR_ARGUMENT (also where a line is no entry, and nothing was written) or H3S_ERR_MEMORY.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocation_file_append(
    file: *mut h3s_revocation_file,
    lines: *const c_char,
    len: usize,
    now_ms: i64,
    err: *mut h3s_error,
) -> i32 {
    guard(err, || {
        // SAFETY: the caller's contract: NULL or a live handle, and `len` readable bytes.
        let (file, lines) = unsafe {
            (
                reference(file).ok_or_else(|| Error::null("file"))?,
                bytes(lines, len, "lines")?,
            )
        };
        file.opened().file.append(lines, time(now_ms)?)
    })
}

/// Applies what is new in the file, and marks the copy of what is revoked as heard.
///
/// For a timer: once a second, in each process. Where nothing is new, it costs a few microseconds.
/// After a fork, the child begins at the file's start.
///
/// Should somebody delete the file, or put another in its place, then what was in it is put into
/// the one that is there, or into a new one. So nothing is lost while any process has it open.
/// Where the file has grown to twice its length, a poll replaces it by one without what has ended,
/// for a million entries in some seconds, and goes on to apply what is new. In these two cases
/// alone it takes longer, and waits for the disk and the lock.
///
/// Where a file stands beside it of the same name, `.heard.` and the cookie's name, the copy has
/// heard at the time that that was modified, and not now: whoever feeds the file from other
/// machines writes it.
///
/// file: one for each config and each copy of what is revoked, since it knows how far it has read.
/// now_ms: milliseconds since 1970; 0: the system clock.
/// applied: receives how many entries were applied; may be NULL. 0 also where another thread polls
/// at that moment.
///
/// Returns H3S_OK; H3S_ERR_STORE: the file cannot be read, or what was in a deleted one cannot be
/// written; the copy grows stale, and the next call tries again; H3S_ERR_FULL where some entries
/// had no room (all others were applied); H3S_ERR_CONFIG where the options have no `revocation`;
/// H3S_ERR_ARGUMENT or H3S_ERR_MEMORY.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocation_file_poll(
    file: *mut h3s_revocation_file,
    revocations: *const h3s_revocations,
    config: *const h3s_config,
    now_ms: i64,
    applied: *mut usize,
    err: *mut h3s_error,
) -> i32 {
    guard(err, || {
        let mut count = 0;
        // SAFETY: the caller's contract: `applied` is NULL or writable.
        let applied = unsafe { applied.as_mut() }.unwrap_or(&mut count);
        *applied = 0;
        // SAFETY: the caller's contract: NULL or live handles.
        let (file, revocations, config) = unsafe {
            (
                reference(file).ok_or_else(|| Error::null("file"))?,
                reference(revocations).ok_or_else(|| Error::null("revocations"))?,
                reference(config).ok_or_else(|| Error::null("config"))?,
            )
        };
        let now = time(now_ms)?;
        let file = file.of_this_process()?;
        *applied = file.poll(&revocations.revocations, &config.config, now)?;
        Ok(())
    })
}

/// Closes the file. Does nothing to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn h3s_revocation_file_close(file: *mut h3s_revocation_file) {
    // SAFETY: the caller's contract: NULL, or from h3s_revocation_file_open and not yet closed. So
    // nobody uses it any more, nor those that it has opened.
    unsafe {
        let mut next = reference(file).map_or(std::ptr::null_mut(), |file| {
            file.opened.load(Ordering::Acquire)
        });
        free(file);
        while let Some(opened) = reference(next) {
            let before = opened.before;
            free(next);
            next = before;
        }
    }
}
