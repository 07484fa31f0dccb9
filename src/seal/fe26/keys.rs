//! The keys of Fe26.2: PBKDF2-HMAC-SHA1 from a password and a salt that stands in the token, two
//! for each token.
//!
//! A derivation takes milliseconds, so keys are kept: those of authentic tokens in a bounded
//! cache, and those that seal for a day. Locks are only tried, never waited for, because a fork may
//! copy a lock that some other thread holds: who does not get one does without what it guards.

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, RwLock};

use quick_cache::unsync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, UnitWeighter};
use sha1::Sha1;
use tinyvec::TinyVec;
use zeroize::Zeroizing;

use super::options::{Derivation, Options, SALT_MAX_BYTES};
use crate::buffer::leaving_no_trace;
use crate::{Error, random};

/// Two entries for each live token.
const CACHE_ENTRIES: usize = 10_000;
const SALTS_LIFE_MS: i64 = 24 * 60 * 60 * 1000;
const SALTS_SEALS: u32 = 1 << 20;
/// So many may be made between the question whether a seal is slow and that seal.
const SEALS_SPARED: u32 = 1 << 10;
/// How often a lock is tried. Whoever holds one holds it for less than a microsecond, unless it was
/// copied by a fork.
const TRIES: usize = 100;

/// 32 bytes, of which AES-128 takes the first 16; wiped when nobody needs it any more.
pub(super) type DerivedKey = Arc<Zeroizing<[u8; 32]>>;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    Encryption,
    Integrity,
}

/// What tells keys of one config apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct KeyName {
    /// The password's place in the keyring.
    position: usize,
    purpose: Purpose,
    iterations: u32,
    salt: TinyVec<[u8; 64]>,
}

impl KeyName {
    pub(super) fn new(position: usize, purpose: Purpose, iterations: u32, salt: &[u8]) -> KeyName {
        KeyName {
            position,
            purpose,
            iterations,
            salt: salt.into(),
        }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn iterations(&self) -> u32 {
        self.iterations
    }
}

/// The slow step: `len` bytes of key, 20 of them for each `iterations`.
pub(super) fn derive(password: &[u8], salt: &[u8], iterations: u32, len: usize) -> DerivedKey {
    let mut key = DerivedKey::default();
    // Written where it stays: a move would leave it behind.
    let place = Arc::make_mut(&mut key);
    let len = len.min(place.len());
    if let Some(place) = place.get_mut(..len) {
        leaving_no_trace(|| pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, iterations, place));
    }
    key
}

/// The keys of authentic tokens. A wave of tokens that come once does not push out those that come
/// again (the cache is of the CLOCK-Pro kind).
pub(super) struct KeyCache {
    cache: RwLock<Table>,
}

/// The hasher has a fixed key: names come from authentic tokens alone, so nobody can choose them to
/// collide, and the system would have to be asked for a random key.
type Table = Cache<
    KeyName,
    DerivedKey,
    UnitWeighter,
    BuildHasherDefault<DefaultHasher>,
    DefaultLifecycle<KeyName, DerivedKey>,
>;

impl KeyCache {
    pub(super) fn new() -> Result<KeyCache, Error> {
        KeyCache::with_room(CACHE_ENTRIES)
    }

    /// All the room is taken at once, of which the system gives no page before it is used: a cache
    /// that grew would do so while it is locked, and without memory end the process.
    fn with_room(entries: usize) -> Result<KeyCache, Error> {
        // The cache cannot say that there is no memory for it, so it is first asked for here.
        // Beside the entries there are as many of those pushed out, at most, and an index of both.
        let each = size_of::<(KeyName, DerivedKey)>() + 6 * size_of::<usize>();
        let mut probe = Vec::<u8>::new();
        probe
            .try_reserve_exact(2 * entries * each)
            .map_err(|_| Error::memory())?;
        // Else the compiler, which may assume that there is memory, would leave it out.
        drop(std::hint::black_box(probe));
        // A number of shards, which this cache has none of, lest it look for that of processors.
        let options = OptionsBuilder::new()
            .estimated_items_capacity(entries)
            .weight_capacity(entries as u64)
            .shards(1)
            .build()
            .expect("both capacities are set");
        let mut cache = Cache::with_options(
            options,
            UnitWeighter,
            BuildHasherDefault::default(),
            DefaultLifecycle::default(),
        );
        cache.reserve(entries);
        Ok(KeyCache {
            cache: RwLock::new(cache),
        })
    }

    pub(super) fn get(&self, name: &KeyName) -> Option<DerivedKey> {
        tried(|| self.cache.try_read().ok())?.get(name).cloned()
    }

    pub(super) fn insert(&self, name: KeyName, key: DerivedKey) {
        if let Some(mut cache) = tried(|| self.cache.try_write().ok()) {
            cache.insert(name, key);
        }
    }
}

/// Two salts and their keys, which seal many tokens, each with an initialisation vector of its own.
pub(super) struct Salts {
    pub(super) encryption: Salted,
    pub(super) integrity: Salted,
    /// The time of the first seal; 0 before it.
    since: AtomicI64,
    seals: AtomicU32,
}

/// A salt and the key of the password that seals.
pub(super) struct Salted {
    pub(super) salt: TinyVec<[u8; 64]>,
    pub(super) key: DerivedKey,
}

impl Salted {
    fn draw(
        password: &[u8],
        derivation: &Derivation,
        other: Option<u32>,
        key_len: usize,
    ) -> Result<Salted, Error> {
        let salt = salt(derivation.salt_len)?;
        let iterations = other.unwrap_or(derivation.iterations);
        let key = derive(password, &salt, iterations, key_len);
        Ok(Salted { salt, key })
    }
}

impl Salts {
    /// `other`: a number of iterations in place of those in the options.
    pub(super) fn draw(
        password: &[u8],
        options: &Options,
        other: Option<u32>,
    ) -> Result<Salts, Error> {
        let cipher_key_len = options.cipher.key_len();
        Ok(Salts {
            encryption: Salted::draw(password, &options.encryption, other, cipher_key_len)?,
            integrity: Salted::draw(password, &options.integrity, other, 32)?,
            since: AtomicI64::new(0),
            seals: AtomicU32::new(0),
        })
    }

    /// Both keys with their names, where a derivation of them is slow.
    pub(super) fn named(
        &self,
        options: &Options,
        other: Option<u32>,
    ) -> impl Iterator<Item = (KeyName, DerivedKey)> {
        let sides = [
            (Purpose::Encryption, &self.encryption, &options.encryption),
            (Purpose::Integrity, &self.integrity, &options.integrity),
        ];
        sides
            .into_iter()
            .filter_map(move |(purpose, salted, derivation)| {
                let iterations = other.unwrap_or(derivation.iterations);
                let name = KeyName::new(0, purpose, iterations, &salted.salt);
                (iterations > 1).then(|| (name, Arc::clone(&salted.key)))
            })
    }

    /// The key of this name, if it is one of these two.
    pub(super) fn key_of(&self, name: &KeyName) -> Option<DerivedKey> {
        let salted = match name.purpose {
            Purpose::Encryption => &self.encryption,
            Purpose::Integrity => &self.integrity,
        };
        (name.position == 0 && salted.salt == name.salt).then(|| Arc::clone(&salted.key))
    }

    /// Whether a seal at this time finds enough of them left, also where others seal meanwhile.
    fn lasts(&self, now: i64) -> bool {
        let since = self.since.load(Ordering::Relaxed);
        (now - since).abs() < SALTS_LIFE_MS
            && self.seals.load(Ordering::Relaxed) < SALTS_SEALS - SEALS_SPARED
    }

    /// Counts a seal; false if there were enough of them, or the first was too long ago.
    fn take(&self, now: i64) -> bool {
        let since = match self
            .since
            .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed)
        {
            Ok(_) => now,
            Err(since) => since,
        };
        (now - since).abs() < SALTS_LIFE_MS
            && self.seals.fetch_add(1, Ordering::Relaxed) < SALTS_SEALS
    }
}

/// The salts that seal at present; none before the first seal, lest copies of a process that was
/// made ready and then copied share them.
pub(super) struct Sealing {
    salts: RwLock<Option<Arc<Salts>>>,
}

impl Sealing {
    pub(super) fn new() -> Sealing {
        Sealing {
            salts: RwLock::new(None),
        }
    }

    /// The salts for one seal: those from before, or fresh ones once these are used up.
    pub(super) fn salts(
        &self,
        now: i64,
        draw: impl FnOnce() -> Result<Salts, Error>,
    ) -> Result<Arc<Salts>, Error> {
        if let Some(salts) = self.present()
            && salts.take(now)
        {
            return Ok(salts);
        }
        let fresh = Arc::new(draw()?);
        fresh.take(now);
        if let Some(mut salts) = tried(|| self.salts.try_write().ok()) {
            *salts = Some(Arc::clone(&fresh));
        }
        Ok(fresh)
    }

    /// Whether a seal at this time needs no fresh salts.
    pub(super) fn is_ready(&self, now: i64) -> bool {
        self.present().is_some_and(|salts| salts.lasts(now))
    }

    /// The salts that sealed last, whose keys open what was sealed here.
    pub(super) fn present(&self) -> Option<Arc<Salts>> {
        tried(|| self.salts.try_read().ok())?.clone()
    }
}

/// So many hexadecimal digits.
fn salt(len: usize) -> Result<TinyVec<[u8; 64]>, Error> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes: [u8; SALT_MAX_BYTES] = random::array()?;
    let digits = bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| HEX.get(usize::from(digit)));
    Ok(digits.take(len).copied().collect())
}

/// Tries for a lock, a bounded number of times.
fn tried<T>(mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    (0..TRIES).find_map(|_| {
        let lock = attempt();
        if lock.is_none() {
            std::hint::spin_loop();
        }
        lock
    })
}

#[cfg(test)]
mod tests;
