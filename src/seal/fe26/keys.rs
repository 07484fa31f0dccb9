//! The keys of Fe26.2: PBKDF2-HMAC-SHA1 from a password and a salt that stands in the token, two
//! for each token.
//!
//! A derivation takes milliseconds, so keys are kept: those of authentic tokens in a bounded
//! cache, and those that seal for a day. Locks are only tried, never waited for, because a fork may
//! copy a lock that some other thread holds: who does not get one does without what it guards.

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, RwLock};

use quick_cache::UnitWeighter;
use quick_cache::unsync::{Cache, DefaultLifecycle};
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
        let mut cache = Cache::with(
            entries,
            entries as u64,
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
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const PASSWORD: &[u8] = b"correct horse battery staple, and more of it";

    fn name(n: usize) -> KeyName {
        KeyName::new(0, Purpose::Integrity, 1, n.to_string().as_bytes())
    }

    fn key() -> DerivedKey {
        Arc::new(Zeroizing::new([1; 32]))
    }

    fn cheap() -> Options {
        let mut options = Options::default();
        options.encryption.iterations = 1;
        options.integrity.iterations = 1;
        options
    }

    #[test]
    fn the_cache_of_keys_is_bounded() {
        let keys = KeyCache::with_room(100).unwrap();
        (0..10_000).for_each(|n| keys.insert(name(n), key()));
        assert!(keys.cache.read().unwrap().len() <= 100);
    }

    #[test]
    fn a_wave_of_keys_used_once_does_not_push_out_those_in_use() {
        let keys = KeyCache::with_room(100).unwrap();
        (0..20).for_each(|n| keys.insert(name(n), key()));
        for n in 100..5000 {
            keys.insert(name(n), key());
            if n % 10 == 0 {
                (0..20).for_each(|n| drop(keys.get(&name(n))));
            }
        }
        let kept = (0..20).filter(|n| keys.get(&name(*n)).is_some()).count();
        assert!(kept >= 18, "{kept} of 20");
    }

    #[test]
    fn a_lock_that_is_never_released_makes_a_miss_and_not_a_wait() {
        // In a thread of its own: to wait would be to wait for ever.
        let (done, is_done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let keys = KeyCache::with_room(100).unwrap();
            keys.insert(name(1), key());
            let held = keys.cache.write().unwrap();
            assert!(keys.get(&name(1)).is_none());
            keys.insert(name(2), key());
            drop(held);
            assert!(keys.get(&name(1)).is_some() && keys.get(&name(2)).is_none());

            let sealing = Sealing::new();
            let held = sealing.salts.write().unwrap();
            let salts = sealing.salts(NOW, || Salts::draw(PASSWORD, &cheap(), None));
            assert!(salts.is_ok());
            drop(held);
            done.send(()).unwrap();
        });
        is_done.recv_timeout(Duration::from_secs(60)).unwrap();
    }

    #[test]
    fn keys_that_take_no_time_are_not_kept() {
        let named = |options: &Options, other| {
            let salts = Salts::draw(PASSWORD, options, other).unwrap();
            salts.named(options, other).count()
        };
        assert_eq!(named(&cheap(), None), 0);
        assert_eq!(named(&cheap(), Some(2)), 2);
        assert_eq!(named(&Options::default(), Some(1)), 0);
        let mut mixed = cheap();
        mixed.integrity.iterations = 2;
        assert_eq!(named(&mixed, None), 1);
    }

    #[test]
    fn salts_seal_for_a_day_and_no_more_than_2_to_the_20_times() {
        let sealing = Sealing::new();
        let at = |now| {
            let salts = sealing.salts(now, || Salts::draw(PASSWORD, &cheap(), None));
            salts.unwrap().encryption.salt.to_vec()
        };
        let first = at(NOW);
        assert_eq!(at(NOW + SALTS_LIFE_MS - 1), first);
        let second = at(NOW + SALTS_LIFE_MS);
        assert_ne!(second, first);
        for _ in 1..SALTS_SEALS {
            assert_eq!(at(NOW + SALTS_LIFE_MS), second);
        }
        assert_ne!(at(NOW + SALTS_LIFE_MS), second);
    }

    #[test]
    fn threads_together_take_no_more_seals_than_one_would() {
        const LEFT: u32 = 40_000;
        let salts = Salts::draw(PASSWORD, &cheap(), None).unwrap();
        salts.seals.store(SALTS_SEALS - LEFT, Ordering::Relaxed);
        let taken = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let own = (0..LEFT / 4).filter(|_| salts.take(NOW)).count();
                    taken.fetch_add(own as u32, Ordering::Relaxed);
                });
            }
        });
        assert_eq!(taken.into_inner(), LEFT);
    }

    #[test]
    fn a_key_is_what_rfc_6070_says() {
        let key = derive(b"password", b"salt", 4096, 20);
        let expected = [
            0x4b, 0x00, 0x79, 0x01, 0xb7, 0x65, 0x48, 0x9a, 0xbe, 0xad, 0x49, 0xd9, 0x26, 0xf7,
            0x21, 0xd0, 0x65, 0xa4, 0x29, 0xc1,
        ];
        assert_eq!(key[..20], expected);
    }
}
