//! Tokens that were refused after a slow derivation, so that the same one is not derived for again:
//! by browsers that keep a cookie of a former password, above all.
//!
//! Bounded, without locks, and safe whatever is sent: a set of 64-bit fingerprints under a secret
//! key. A good token is taken for one of them with a chance of 1 in 2^62.

use std::sync::atomic::{AtomicU64, Ordering};

use super::keys::KeyName;
use crate::Error;
use crate::table::Table;

/// Powers of two: 64 KiB in all.
const BUCKETS: usize = 2048;
const WAYS: usize = 4;

pub(super) struct Refused {
    /// Buckets of fingerprints; 0 is none.
    table: Table<AtomicU64>,
}

/// A token under one password and number of iterations.
#[derive(Clone, Copy)]
pub(super) struct Place {
    bucket: usize,
    way: usize,
    fingerprint: u64,
}

impl Refused {
    pub(super) fn new(key: &[u8; 32]) -> Result<Refused, Error> {
        let table = Table::new(key, BUCKETS * WAYS)?;
        Ok(Refused { table })
    }

    /// `name` says which password, salt and number of iterations were, or would be, tried.
    pub(super) fn place(&self, name: &KeyName, token: &[u8]) -> Place {
        let hash = self.table.hash([
            name.position().to_le_bytes().as_slice(),
            name.iterations().to_le_bytes().as_slice(),
            token,
        ]);
        let word = |at: usize| {
            let bytes = hash.get(at..).and_then(|rest| rest.first_chunk());
            u64::from_le_bytes(bytes.copied().unwrap_or_default())
        };
        Place {
            bucket: (word(0) as usize) % BUCKETS,
            way: (word(8) as usize) % WAYS,
            fingerprint: word(16).max(1),
        }
    }

    pub(super) fn contains(&self, place: Place) -> bool {
        self.bucket(place)
            .any(|known| known.load(Ordering::Relaxed) == place.fingerprint)
    }

    /// Takes an empty place, else that of another one.
    pub(super) fn insert(&self, place: Place) {
        let empty = |known: &AtomicU64| {
            let taken =
                known.compare_exchange(0, place.fingerprint, Ordering::Relaxed, Ordering::Relaxed);
            taken.is_ok()
        };
        if !self.bucket(place).any(empty)
            && let Some(other) = self.table.places().get(place.bucket * WAYS + place.way)
        {
            other.store(place.fingerprint, Ordering::Relaxed);
        }
    }

    fn bucket(&self, place: Place) -> impl Iterator<Item = &AtomicU64> {
        let start = place.bucket * WAYS;
        self.table
            .places()
            .get(start..start + WAYS)
            .into_iter()
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::Purpose;
    use super::*;

    fn name(position: usize, iterations: u32) -> KeyName {
        KeyName::new(position, Purpose::Integrity, iterations, b"salt")
    }

    #[test]
    fn a_refused_token_is_known_by_its_password_and_its_number_of_iterations() {
        let refused = Refused::new(&[7; 32]).unwrap();
        refused.insert(refused.place(&name(0, 8192), b"a token"));
        let known = |name, token| refused.contains(refused.place(&name, token));
        assert!(known(name(0, 8192), b"a token"));
        assert!(!known(name(1, 8192), b"a token"));
        assert!(!known(name(0, 500), b"a token"));
        assert!(!known(name(0, 8192), b"another"));
    }

    #[test]
    fn a_flood_of_refused_tokens_takes_no_more_memory_and_spares_every_other() {
        let refused = Refused::new(&[7; 32]).unwrap();
        let place = |n: u32| refused.place(&name(0, 8192), &n.to_le_bytes());
        for n in 0..100_000 {
            refused.insert(place(n));
            assert!(refused.contains(place(n)));
        }
        assert_eq!(refused.table.places().len(), BUCKETS * WAYS);
        assert!(!(100_000..200_000).any(|n| refused.contains(place(n))));
    }
}
