//! Notices forks, so that random bytes can be buffered: see `crate::random`.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::random;

/// Gives `crate::random` a witness of forks, once.
///
/// A page that the kernel empties in every child is the best one: it also sees a bare clone or _Fork. Where there is no such
/// page (Linux before 4.14, other systems), a handler that the C library runs in the child of fork does it; and where that
/// cannot be had either, nothing is buffered.
pub(super) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Some(witness) = wiped_page().or_else(handler) {
            random::buffer_with(witness);
        }
    });
}

#[cfg(target_os = "linux")]
fn wiped_page() -> Option<&'static AtomicU32> {
    const LEN: usize = 4096;
    // SAFETY: a fresh private mapping of our own, wherever the kernel likes to put it.
    let page = unsafe {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        libc::mmap(
            std::ptr::null_mut(),
            LEN,
            protection,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if page == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the mapping from above, whole.
    if unsafe { libc::madvise(page, LEN, libc::MADV_WIPEONFORK) } != 0 {
        // SAFETY: as above; nobody has seen it yet.
        unsafe { libc::munmap(page, LEN) };
        return None;
    }
    // SAFETY: mapped, aligned to a page, zeroed, and never unmapped.
    Some(unsafe { AtomicU32::from_ptr(page.cast()) })
}

#[cfg(not(target_os = "linux"))]
fn wiped_page() -> Option<&'static AtomicU32> {
    None
}

fn handler() -> Option<&'static AtomicU32> {
    static WITNESS: AtomicU32 = AtomicU32::new(0);
    extern "C" fn in_child() {
        WITNESS.store(0, Ordering::Release);
    }
    // SAFETY: the handler only stores to a static atomic, which is allowed in the child of a threaded process.
    let failed = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    (failed == 0).then_some(&WITNESS)
}
