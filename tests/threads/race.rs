//! Steps that two threads of race.c take, with and without a data race, to see that ThreadSanitizer
//! tells them apart when it is built in as it is into the library.

use std::cell::UnsafeCell;
use std::ffi::c_int;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, RwLock};

struct Shared(UnsafeCell<u64>);

// SAFETY: it is not safe, which is the point.
unsafe impl Sync for Shared {}

static COUNT: Shared = Shared(UnsafeCell::new(0));
static PLACE: AtomicPtr<u64> = AtomicPtr::new(null_mut());
static LOCK: RwLock<Option<Arc<Vec<u8>>>> = RwLock::new(None);

/// One step of thread 0 or 1.
#[unsafe(no_mangle)]
pub extern "C" fn race_step(kind: c_int, thread: c_int) {
    match kind {
        0 => nothing(thread as u8),
        1 => unlocked(),
        _ => relaxed(),
    }
}

/// No race: values behind a lock that is only tried, as the library's are, which the last
/// thread to let go of frees.
fn nothing(thread: u8) {
    if let Ok(mut value) = LOCK.try_write() {
        *value = Some(Arc::new(vec![thread; 100]));
    }
    let value = LOCK.try_read().ok().and_then(|value| value.clone());
    assert!(value.is_none_or(|value| value.iter().all(|byte| *byte == value[0])));
}

/// A number that both change without a lock.
fn unlocked() {
    // SAFETY: as above.
    unsafe { *COUNT.0.get() += 1 };
}

/// Values that each hands to the other in an order too weak for it: what x86 forgives, and other
/// processors do not. Whoever comes last meets the other's, even if that had ended before.
fn relaxed() {
    let before = PLACE.swap(Box::into_raw(Box::new(7)), Ordering::Relaxed);
    assert!(boxed(before).is_none_or(|value| *value == 7));
}

fn boxed(value: *mut u64) -> Option<Box<u64>> {
    // SAFETY: whoever swapped it out owns it.
    (!value.is_null()).then(|| unsafe { Box::from_raw(value) })
}
