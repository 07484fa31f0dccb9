//! A table of fixed size whose places are chosen by a keyed hash: bounded in memory whatever is
//! sent, and nobody can choose who shares a place with whom.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::Error;
use crate::buffer::leaving_no_trace;

pub(crate) struct Table<T> {
    /// Secret, and in a place of its own, where no move leaves a copy behind.
    key: Box<Zeroizing<[u8; 32]>>,
    places: Box<[T]>,
}

impl<T: Default> Table<T> {
    pub(crate) fn new(key: &[u8; 32], len: usize) -> Result<Table<T>, Error> {
        let mut places = Vec::new();
        places.try_reserve_exact(len).map_err(|_| Error::memory())?;
        places.resize_with(len, T::default);
        let mut own = Box::new(Zeroizing::new([0; 32]));
        own.copy_from_slice(key);
        Ok(Table {
            key: own,
            places: places.into(),
        })
    }

    /// The hash of some bytes, part by part, which chooses their places.
    pub(crate) fn hash<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
        leaving_no_trace(|| {
            let mut hash = Hmac::<Sha256>::new_from_slice(&**self.key)
                .expect("HMAC takes a key of any length");
            parts.into_iter().for_each(|part| hash.update(part));
            hash.finalize().into_bytes().into()
        })
    }

    pub(crate) fn places(&self) -> &[T] {
        &self.places
    }
}
