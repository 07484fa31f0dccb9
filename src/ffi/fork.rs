//! Notices forks, so that random bytes can be buffered: see `crate::random`.

use std::sync::atomic::AtomicU32;

use crate::once::First;
use crate::random;

/// Gives `crate::random` a witness of forks, once.
///
/// That is a page that the kernel empties in every child, which also notices a bare clone or _Fork.
/// Where there is no such page (Linux before 4.14, other systems, emulators), nothing is buffered.
/// A handler that the C library runs in the child of fork comes on top, in case the page is not
/// what it says.
pub(super) fn watch() {
    static FIRST: First = First::new();
    if !FIRST.is_this() {
        return;
    }
    if let Some(witness) = wiped_page() {
        handle();
        random::buffer_with(witness);
    }
}

#[cfg(target_os = "linux")]
fn wiped_page() -> Option<&'static AtomicU32> {
    const LEN: usize = 4096;
    /// There is no such advice: who takes it, as qemu-user does, takes any and heeds none.
    const NO_ADVICE: i32 = -1;
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
    let advise = |advice| unsafe { libc::madvise(page, LEN, advice) == 0 };
    if advise(NO_ADVICE) || !advise(libc::MADV_WIPEONFORK) {
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

fn handle() {
    extern "C" fn in_child() {
        random::forget_buffers();
    }
    // SAFETY: the handler only adds to a static atomic, which is allowed in the child of a threaded
    // process.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}
