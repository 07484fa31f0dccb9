//! How many owners a handle has that several may share.

use std::sync::atomic::{AtomicUsize, Ordering, fence};

/// Counted in the handle and not by an Arc: an Arc's pointer leads to the middle of its memory,
/// which valgrind and the like call possibly lost where a program ends without freeing the handle.
pub(super) struct Owners(AtomicUsize);

impl Owners {
    /// Whoever has made the handle.
    pub(super) fn one() -> Owners {
        Owners(AtomicUsize::new(1))
    }

    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes one away, and says whether it was the last, who has to free the handle.
    pub(super) fn remove(&self) -> bool {
        let is_last = self.0.fetch_sub(1, Ordering::Release) == 1;
        if is_last {
            // What the other owners have done to it is done before it is freed.
            fence(Ordering::Acquire);
        }
        is_last
    }
}
