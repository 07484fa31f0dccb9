//! Derived keys that are kept, and the prefix of the nonces that seal at present.
//!
//! They are kept in several places, of which each thread has one that it shares with few: so
//! threads do not wait for each other, what is kept is bounded however many threads there are, and
//! all of it goes with the config. (What was each thread's own would have to go with the thread,
//! too, and a library with such a duty cannot be unloaded before.) Locks are only tried, never
//! waited for, because a fork may copy a lock that some other thread holds: who does not get one
//! derives a key for once.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::gcm::Gcm;
use crate::buffer::leaving_no_trace;
use crate::{Error, random};

pub(super) const PREFIX_LEN: usize = 12;

pub(super) type Prefix = [u8; PREFIX_LEN];

const PLACES: usize = 8;
/// The keys of a place: of its own prefix, and of what others seal.
const KEYS: usize = 8;
/// How long, and how often, one prefix seals.
const LIFE_MS: i64 = 60 * 60 * 1000;
const SEALS: u32 = 1 << 20;

#[derive(Default)]
pub(super) struct Kept(Box<[Mutex<Place>; PLACES]>);

/// On cache lines of its own.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Place {
    /// The epoch of [`random`] that it is of: what was there before a fork is not used again.
    epoch: u64,
    sealing: Option<Sealing>,
    /// With room for [`KEYS`] from the first on, so that none ever moves.
    keys: Vec<Key>,
    /// Counts what was asked for.
    asked: u64,
}

/// What seals at present.
struct Sealing {
    prefix: Prefix,
    since: i64,
    seals: u32,
}

struct Key {
    prefix: Prefix,
    gcm: Gcm,
    /// When it was asked for last, as [`Place::asked`] counts.
    asked: u64,
}

impl Kept {
    /// The prefix for one more seal; None where none may be kept.
    pub(super) fn prefix(&self, now: i64) -> Result<Option<Prefix>, Error> {
        let Some(mut place) = self.place() else {
            return Ok(None);
        };
        let sealing = match place.sealing.take().filter(|sealing| sealing.lasts(now)) {
            Some(sealing) => sealing,
            None => Sealing {
                prefix: random::array()?,
                since: now,
                seals: 0,
            },
        };
        let sealing = place.sealing.insert(sealing);
        sealing.seals += 1;
        Ok(Some(sealing.prefix))
    }

    /// Does something with the key of a prefix, which is derived if it is not there, and kept if
    /// what came of it says so.
    pub(super) fn with<T>(
        &self,
        prefix: &Prefix,
        derived: impl FnOnce() -> Gcm,
        done: impl FnOnce(&Gcm) -> T,
        keeps: impl FnOnce(&T) -> bool,
    ) -> T {
        let mut place = self.place();
        if let Some(gcm) = place.as_mut().and_then(|place| place.get(prefix)) {
            return done(gcm);
        }
        leaving_no_trace(|| {
            let gcm = derived();
            let done = done(&gcm);
            if let Some(place) = place.as_mut().filter(|_| keeps(&done)) {
                place.insert(*prefix, gcm);
            }
            done
        })
    }

    /// This thread's, if nobody else is there, and forks can be noticed.
    pub(super) fn place(&self) -> Option<MutexGuard<'_, Place>> {
        let epoch = random::epoch()?;
        let own = self.0.get(thread() % PLACES)?;
        let mut place = own.try_lock().ok()?;
        if place.epoch != epoch {
            *place = Place {
                epoch,
                ..Place::default()
            };
        }
        Some(place)
    }
}

#[cfg(test)]
impl Kept {
    /// The first byte of each prefix whose key is kept for this thread.
    pub(super) fn prefixes(&self) -> Vec<u8> {
        let place = self.place().unwrap();
        let mut prefixes: Vec<u8> = place.keys.iter().map(|key| key.prefix[0]).collect();
        prefixes.sort_unstable();
        prefixes
    }

    /// As if a fork had come.
    pub(super) fn of_another_epoch(&self) {
        self.place().unwrap().epoch = u64::MAX;
    }
}

impl Sealing {
    fn lasts(&self, now: i64) -> bool {
        (now - self.since).abs() < LIFE_MS && self.seals < SEALS
    }
}

impl Place {
    fn get(&mut self, prefix: &Prefix) -> Option<&Gcm> {
        let key = self.keys.iter_mut().find(|key| key.prefix == *prefix)?;
        self.asked += 1;
        key.asked = self.asked;
        Some(&key.gcm)
    }

    /// In place of what was not asked for the longest.
    fn insert(&mut self, prefix: Prefix, gcm: Gcm) {
        self.asked += 1;
        let key = Key {
            prefix,
            gcm,
            asked: self.asked,
        };
        if self.keys.len() < KEYS {
            if self.keys.try_reserve_exact(KEYS - self.keys.len()).is_ok() {
                self.keys.push(key);
            }
        } else if let Some(oldest) = self.keys.iter_mut().min_by_key(|key| key.asked) {
            *oldest = key;
        }
    }
}

/// A number of this thread.
fn thread() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    // Without a destructor, which would keep the library in memory until the thread ends.
    thread_local! {
        static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
    }
    let number = NUMBER.try_with(|number| {
        let own = number
            .get()
            .unwrap_or_else(|| THREADS.fetch_add(1, Ordering::Relaxed));
        number.set(Some(own));
        own
    });
    number.unwrap_or(0)
}
