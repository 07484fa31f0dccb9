//! What must not be left behind in memory: session data, before it is sealed and after it is
//! opened, and keys.

use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};

use zeroize::Zeroize;

use crate::Error;

/// Bytes that are wiped when dropped. It is made with all the room that it will need: were it to
/// grow, its former place would not be wiped, and were it to shrink, its end would not.
///
/// (`Zeroizing<Vec<u8>>` wipes a vector's spare room as well, which takes ten times as long as
/// wiping what is in it.)
#[derive(Default)]
pub(crate) struct Buffer(Vec<u8>);

impl Buffer {
    /// An empty buffer with room for `len` bytes.
    pub(crate) fn with_room(len: usize) -> Result<Buffer, Error> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| Error::memory())?;
        Ok(Buffer(bytes))
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            self.0.as_mut_slice().zeroize();
        }
    }
}

/// Does what makes or uses keys, and wipes the stack that was used for it. They are moved into
/// place, and a move leaves its source as it was: on the stack, or, where that is copied as the
/// unused part of something else, anywhere. The same goes for the round keys of a cipher, which
/// wipes only the last place that it had.
pub(crate) fn leaving_no_trace<T>(make: impl FnOnce() -> T) -> T {
    // What uses most, a cipher with its round keys, takes between 2 and 4 KiB.
    wiping_stack::<{ 6 * 1024 }, T>(make)
}

/// Does something, and wipes so many bytes of the stack that was used for it.
pub(crate) fn wiping_stack<const SIZE: usize, T>(make: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn called<T>(make: impl FnOnce() -> T) -> T {
        make()
    }
    let done = called(make);
    wipe_stack::<SIZE>();
    done
}

/// Wipes so many bytes of the stack below its caller.
#[inline(never)]
fn wipe_stack<const SIZE: usize>() {
    /// From twice as much on, glibc's memset has another way, which takes twice as long to begin as
    /// all of this takes.
    const PART: usize = 1024;
    let mut below = [MaybeUninit::<u8>::uninit(); SIZE];
    for part in below.chunks_mut(PART) {
        part.fill(MaybeUninit::new(0));
        // Else it would not be done, as nobody reads it.
        black_box(part);
    }
}
