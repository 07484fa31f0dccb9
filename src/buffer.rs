//! A buffer for what must not be left behind in memory: session data, before it is sealed and after it is opened.

use std::ops::{Deref, DerefMut};

use zeroize::Zeroize;

use crate::Error;

/// Bytes that are wiped when dropped. It is made with all the room that it will need: were it to grow, its former place would
/// not be wiped, and were it to shrink, its end would not.
///
/// (`Zeroizing<Vec<u8>>` wipes a vector's spare room as well, which takes ten times as long as wiping what is in it.)
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
