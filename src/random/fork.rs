//! Notices forks, so that random bytes can be buffered.

// Of the library's own code, only the C ABI is unsafe beside this: no crate gives a page that is
// wiped in a child and goes when the library is unloaded.
#![allow(unsafe_code)]

use std::sync::atomic::AtomicU32;

use crate::once::First;

/// Lets random bytes be buffered from now on, where forks can be noticed: gives the module above a
/// witness of them, once.
///
/// That is a page that the kernel empties in every child, which also notices a bare clone or _Fork.
/// Where there is no such page (Linux before 4.14, other systems, emulators), nothing is buffered.
/// A handler that the C library runs in the child of fork comes on top, in case the page is not
/// what it says.
pub(crate) fn watch() {
    static FIRST: First = First::new();
    if !FIRST.is_this() {
        return;
    }
    if let Some(witness) = wiped_page() {
        handle();
        super::buffer_with(witness);
    }
}

/// A page, or of the smaller pages that such a processor may have several. It is the library's own,
/// and not mapped when needed, so that it goes when a program unloads the library.
#[cfg(target_os = "linux")]
#[cfg_attr(target_arch = "x86_64", repr(C, align(4096)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(C, align(65536)))]
struct Page([AtomicU32; PAGE_LEN / size_of::<AtomicU32>()]);
#[cfg(target_os = "linux")]
const PAGE_LEN: usize = if cfg!(target_arch = "x86_64") {
    4096
} else {
    65536
};
#[cfg(target_os = "linux")]
static PAGE: Page = Page([const { AtomicU32::new(0) }; _]);

#[cfg(target_os = "linux")]
fn wiped_page() -> Option<&'static AtomicU32> {
    /// There is no such advice: who takes it, as qemu-user does, takes any and heeds none.
    const NO_ADVICE: i32 = -1;
    // SAFETY: it only asks for a number.
    let page_len = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    if !usize::try_from(page_len).is_ok_and(|len| len <= PAGE_LEN) {
        return None;
    }
    let page = (&raw const PAGE).cast_mut().cast();
    // SAFETY: whole pages, in which there is nothing but atomics that are 0 now.
    let advise = |advice| unsafe { libc::madvise(page, PAGE_LEN, advice) == 0 };
    if advise(NO_ADVICE) || !advise(libc::MADV_WIPEONFORK) {
        return None;
    }
    PAGE.0.first()
}

#[cfg(not(target_os = "linux"))]
fn wiped_page() -> Option<&'static AtomicU32> {
    None
}

fn handle() {
    extern "C" fn in_child() {
        super::forget_buffers();
    }
    // SAFETY: the handler only adds to a static atomic, which is allowed in the child of a threaded
    // process.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}
