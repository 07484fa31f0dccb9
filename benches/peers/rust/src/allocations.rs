//! Counts what is allocated: how many times, and the most bytes in use at once. The counters are
//! this one thread's, so they cost the other works next to nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static COUNT: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The allocations of a call, and the most bytes that it had in use.
pub fn of(mut call: impl FnMut()) -> (f64, f64) {
    call();
    let (count, live) = (COUNT.load(Relaxed), LIVE.load(Relaxed));
    PEAK.store(live, Relaxed);
    call();
    let (count, peak) = (COUNT.load(Relaxed) - count, PEAK.load(Relaxed) - live);
    (count as f64, peak as f64)
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: `System` does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller's promise is passed on; so it is below.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.store(LIVE.load(Relaxed).wrapping_sub(layout.size()), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.store(LIVE.load(Relaxed).wrapping_sub(layout.size()), Relaxed);
        took(size);
        // SAFETY: as above.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// No read-modify-write: there is one thread, and a locked instruction
/// would cost ten times as much.
fn took(size: usize) {
    let live = LIVE.load(Relaxed).wrapping_add(size);
    COUNT.store(COUNT.load(Relaxed).wrapping_add(1), Relaxed);
    LIVE.store(live, Relaxed);
    PEAK.store(PEAK.load(Relaxed).max(live), Relaxed);
}
