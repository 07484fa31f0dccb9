//! Structs that begin with their own size, and so may grow at their end.
//!
//! A caller that was built with an earlier header has a shorter one: what it lacks counts as zeros,
//! and is not written. One with a longer struct may ask for nothing that is not known here.

use std::mem::{MaybeUninit, offset_of, size_of};

use super::replica::h3s_revocations;
use super::types::{h3s_counts, h3s_entry_info, h3s_request, h3s_revocations_info, h3s_view};
use crate::Error;

/// SAFETY: begins with the `u32` that is its size, is a value of all zeros, and has no padding.
pub(super) unsafe trait Growing: Copy {
    /// Up to the last member that it had in the first release that had it.
    const FIRST: usize;
}

// SAFETY: as their `repr(C)` shows.
unsafe impl Growing for h3s_request {
    const FIRST: usize = offset_of!(Self, revocations) + size_of::<*const h3s_revocations>();
}

// SAFETY: as its `repr(C)` shows.
unsafe impl Growing for h3s_view {
    const FIRST: usize = offset_of!(Self, rejection) + size_of::<i32>();
}

// SAFETY: as its `repr(C)` shows.
unsafe impl Growing for h3s_revocations_info {
    const FIRST: usize = offset_of!(Self, heard_at) + size_of::<i64>();
}

// SAFETY: as its `repr(C)` shows.
unsafe impl Growing for h3s_entry_info {
    const FIRST: usize = offset_of!(Self, until) + size_of::<i64>();
}

// SAFETY: as its `repr(C)` shows.
unsafe impl Growing for h3s_counts {
    const FIRST: usize = offset_of!(Self, refused) + size_of::<[u64; 16]>();
}

/// What a caller hands in. SAFETY: as `size`.
pub(super) unsafe fn read<T: Growing>(from: *const T, name: &'static str) -> Result<T, Error> {
    let mut known = MaybeUninit::<T>::zeroed();
    // SAFETY: the caller's struct has these bytes; any of them, and zeros behind them, are a `T`.
    unsafe {
        let len = size(from, name)?.min(size_of::<T>());
        std::ptr::copy_nonoverlapping(from.cast::<u8>(), known.as_mut_ptr().cast(), len);
        Ok(known.assume_init())
    }
}

/// Where a caller wants a `T`.
pub(super) struct Slot<T> {
    out: *mut T,
    size: usize,
}

impl<T: Growing> Slot<T> {
    /// SAFETY: as `size`, and writable for as many bytes until `fill`.
    pub(super) unsafe fn new(out: *mut T, name: &'static str) -> Result<Self, Error> {
        // SAFETY: as this function's.
        let size = unsafe { size(out, name)? };
        Ok(Slot { out, size })
    }

    /// Writes what the caller knows of, but not the size.
    pub(super) fn fill(self, value: &T) {
        let from = std::ptr::from_ref(value).cast::<u8>();
        let head = size_of::<u32>();
        let len = self.size.min(size_of::<T>()) - head;
        // SAFETY: both have these bytes, by the contract of `new`; `value` is of this library.
        unsafe {
            std::ptr::copy_nonoverlapping(from.add(head), self.out.cast::<u8>().add(head), len)
        }
    }
}

/// The size of a caller's struct: no less than it ever was, and zero beyond what is known here.
///
/// SAFETY: NULL, or readable for the 4 bytes of its size, and then for as many bytes as that says.
unsafe fn size<T: Growing>(ptr: *const T, name: &'static str) -> Result<usize, Error> {
    /// More than any version of a struct will ever have: beyond it `size` was never set.
    const LARGEST: usize = 1024;

    if ptr.is_null() {
        return Err(Error::null(name));
    }
    // SAFETY: not NULL; all such structs start with a u32.
    let size = unsafe { ptr.cast::<u32>().read() } as usize;
    if !(T::FIRST..=LARGEST).contains(&size) {
        return Err(Error::argument(
            name,
            "its size is wrong: set it to sizeof the struct",
        ));
    }
    let beyond = size.saturating_sub(size_of::<T>());
    // SAFETY: the caller's struct has `size` bytes, of which these are the last.
    let beyond = unsafe { std::slice::from_raw_parts(ptr.cast::<u8>().add(size - beyond), beyond) };
    if beyond.iter().any(|byte| *byte != 0) {
        return Err(Error::argument(
            name,
            "it asks for something that this version of the library does not know",
        ));
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Had `size` and `first` at first.
    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Grown {
        size: u32,
        first: u32,
        later: u64,
    }

    // SAFETY: as its `repr(C)` shows.
    unsafe impl Growing for Grown {
        const FIRST: usize = offset_of!(Grown, first) + size_of::<u32>();
    }

    /// A caller's memory, of just as many bytes as its struct says.
    fn of_caller(size: u32, fields: [u64; 2]) -> Box<[u64]> {
        let words = [u64::from(size) | fields[0] << 32, fields[1], 0];
        words[..(size as usize).div_ceil(8)].into()
    }

    fn read_of(caller: &[u64]) -> Result<Grown, Error> {
        // SAFETY: it has as many bytes as its size says.
        unsafe { read(caller.as_ptr().cast::<Grown>(), "grown") }
    }

    #[test]
    fn what_an_older_caller_does_not_know_counts_as_zero() {
        let grown = read_of(&of_caller(8, [7, 0])).unwrap();
        assert_eq!((grown.first, grown.later), (7, 0));
        let grown = read_of(&of_caller(16, [7, 9])).unwrap();
        assert_eq!((grown.first, grown.later), (7, 9));
    }

    #[test]
    fn what_an_older_caller_does_not_know_is_not_written() {
        let full = Grown {
            size: 0,
            first: 7,
            later: 9,
        };
        for (size, expected) in [(8_u32, [7_u64, 1]), (16, [7, 9]), (24, [7, 9])] {
            let mut caller = [u64::from(size), 1, 0];
            // SAFETY: it has 24 bytes.
            let slot = unsafe { Slot::new(caller.as_mut_ptr().cast::<Grown>(), "grown") };
            slot.unwrap().fill(&full);
            let [first, later] = expected;
            assert_eq!(caller, [u64::from(size) | first << 32, later, 0]);
        }
    }

    #[test]
    fn a_struct_shorter_than_the_first_release_had_it_is_refused() {
        for size in [0, 4, 7, 1025, u32::MAX] {
            let caller = [u64::from(size), 0];
            // SAFETY: its size is read alone.
            let refused = unsafe { read(caller.as_ptr().cast::<Grown>(), "grown") };
            assert!(refused.is_err(), "{size}");
        }
    }

    #[test]
    fn a_longer_struct_may_ask_for_nothing_that_is_not_known() {
        assert!(read_of(&of_caller(24, [7, 9])).is_ok());
        let mut caller = of_caller(24, [7, 9]);
        caller[2] = 1 << 63;
        assert!(read_of(&caller).is_err());
    }
}
