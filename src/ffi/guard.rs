//! No panic crosses into C: each function's body runs in a guard.

use std::cell::Cell;
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::OnceLock;

use super::error::h3s_error;
use super::types::h3s_str;
use crate::Error;
use crate::once::First;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs the body of a function with a status.
pub(super) fn guard(err: *mut h3s_error, body: impl FnOnce() -> Result<(), Error>) -> i32 {
    let result = caught(body).unwrap_or_else(|| Err(Error::internal()));
    // SAFETY: `err` is NULL or writable, by the contract of every function that takes one.
    unsafe { h3s_error::report(err, result) }
}

/// Runs the body of a function without a status: `absent` for None and for a panic.
pub(super) fn guard_value<T>(absent: T, body: impl FnOnce() -> Option<T>) -> T {
    caught(body).flatten().unwrap_or(absent)
}

/// A new handle: as `Box::into_raw(Box::new(value))`, which without memory would end the process.
pub(super) fn handle<T>(value: T) -> Result<*mut T, Error> {
    let handle: *mut T = Box::into_raw(place::<T>()?).cast();
    // SAFETY: memory for one.
    unsafe { handle.write(value) };
    Ok(handle)
}

/// Memory for a handle.
pub(super) fn place<T>() -> Result<Box<[MaybeUninit<T>]>, Error> {
    let mut place = Vec::new();
    place.try_reserve_exact(1).map_err(|_| Error::memory())?;
    place.push(MaybeUninit::uninit());
    Ok(place.into_boxed_slice())
}

/// Frees a handle. SAFETY: NULL, or from [`handle`] and not yet freed.
pub(super) unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: as this function's; a slice of one is laid out as the one.
        let handle = unsafe { Box::from_raw(handle) };
        caught(|| drop(handle));
    }
}

/// Keeps the default panic message, which may quote data, off standard error for panics that the
/// guard turns into H3S_ERR_INTERNAL. Others are reported as before.
pub(super) fn quieten_panics() {
    type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;
    static FIRST: First = First::new();
    // Not in the closure, which would then be on the heap, and stay there when a program unloads
    // the library.
    static BEFORE: OnceLock<Box<Hook>> = OnceLock::new();
    if FIRST.is_this() {
        let _ = BEFORE.set(std::panic::take_hook());
        std::panic::set_hook(Box::new(|panic| {
            if let Some(before) = BEFORE.get()
                && !GUARDED.try_with(Cell::get).unwrap_or(false)
            {
                before(panic);
            }
        }));
    }
}

fn caught<T>(body: impl FnOnce() -> T) -> Option<T> {
    let outer = GUARDED
        .try_with(|guarded| guarded.replace(true))
        .unwrap_or(false);
    let result = catch_unwind(AssertUnwindSafe(body));
    let _ = GUARDED.try_with(|guarded| guarded.set(outer));
    result.ok()
}

/// Strings on their way out.
pub(super) trait Str {
    const ABSENT: h3s_str = h3s_str {
        ptr: std::ptr::null(),
        len: 0,
    };

    fn of(text: &[u8]) -> h3s_str {
        h3s_str {
            ptr: text.as_ptr().cast(),
            len: text.len(),
        }
    }

    /// A string whose last byte is a NUL, which `len` does not count.
    fn terminated(text: &[u8]) -> h3s_str {
        debug_assert!(text.ends_with(b"\0"));
        h3s_str {
            ptr: text.as_ptr().cast(),
            len: text.len().saturating_sub(1),
        }
    }
}

impl Str for h3s_str {}

/// The caller's output buffer, filled from the front.
pub(super) struct Out {
    ptr: *mut c_char,
    room: usize,
    len: usize,
}

impl Out {
    pub(super) fn new(ptr: *mut c_char, room: usize) -> Option<Out> {
        (room == 0 || !ptr.is_null()).then_some(Out { ptr, room, len: 0 })
    }

    /// SAFETY: `room` bytes can be written at `ptr`, and do not overlap `piece`.
    pub(super) unsafe fn push(&mut self, piece: &[u8]) {
        let piece = &piece[..piece.len().min(self.room - self.len)];
        // SAFETY: `len + piece.len() <= room`, and the rest as this function's.
        unsafe {
            std::ptr::copy_nonoverlapping(
                piece.as_ptr().cast(),
                self.ptr.add(self.len),
                piece.len(),
            )
        };
        self.len += piece.len();
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

/// Where in the caller's memory a text goes, with its length beside it.
pub(super) struct Place<'a> {
    out: *mut c_char,
    room: usize,
    len: &'a mut usize,
}

impl Place<'_> {
    /// SAFETY: `len` is NULL or writable; `out` is NULL or has `room` writable bytes.
    pub(super) unsafe fn new(
        out: *mut c_char,
        room: usize,
        len: *mut usize,
    ) -> Result<Self, Error> {
        // SAFETY: as this function's.
        let len = unsafe { len.as_mut() }.ok_or_else(|| Error::null("out_len"))?;
        *len = 0;
        Ok(Place { out, room, len })
    }

    /// Writes the pieces and a NUL, if there is room for all.
    ///
    /// SAFETY: the pieces do not overlap the place.
    pub(super) unsafe fn fill<'a>(
        self,
        pieces: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<(), Error> {
        *self.len = pieces.clone().map(<[u8]>::len).sum();
        if *self.len >= self.room {
            return Err(Error::argument(
                "room",
                "too small: out_len says how long the text is; it needs one byte more",
            ));
        }
        let mut out = Out::new(self.out, self.room).ok_or_else(|| Error::null("out"))?;
        for piece in pieces.chain([&b"\0"[..]]) {
            // SAFETY: as this function's.
            unsafe { out.push(piece) };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::types::H3S_ERR_INTERNAL;

    /// In a process of its own, where nobody else prints, and nobody was the first before.
    #[test]
    fn what_a_caught_panic_says_is_printed_nowhere_and_what_others_say_is() {
        const NAME: &str = "ffi::guard::tests::\
            what_a_caught_panic_says_is_printed_nowhere_and_what_others_say_is";
        const INSIDE: &str = "H3S_TEST_OF_PANICS";
        if std::env::var_os(INSIDE).is_some() {
            quieten_panics();
            assert_eq!(guard_value(7, || panic!("with a secret in it")), 7);
            assert!(catch_unwind(|| panic!("of the program")).is_err());
            return;
        }
        let program = std::env::current_exe().unwrap();
        let mut child = std::process::Command::new(program);
        let child = child
            .args(["--exact", NAME, "--nocapture"])
            .env(INSIDE, "1");
        let output = child.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains("of the program"),
            "{said}"
        );
        assert!(!said.contains("secret"), "{said}");
    }

    #[test]
    fn a_panic_becomes_an_internal_error() {
        quieten_panics();
        let mut err = h3s_error {
            status: 0,
            offset: 0,
            rejection: 1,
            reserved: 1,
            key: [1; 48],
            message: [1; 192],
        };
        let status = guard(&mut err, || panic!("with a secret in it"));
        assert_eq!(status, H3S_ERR_INTERNAL);
        assert_eq!(err.status, H3S_ERR_INTERNAL);
        assert_eq!(err.key[0], 0);
        let message: String = err
            .message
            .iter()
            .take_while(|c| **c != 0)
            .map(|c| *c as u8 as char)
            .collect();
        assert!(!message.is_empty() && !message.contains("secret"));
        assert_eq!(guard_value(7, || panic!()), 7);
    }
}
