//! The table of what is revoked: of a fixed size, read and written by any number of threads and
//! processes without a lock, and whole at every moment, so that neither a fork nor the end of a
//! writer leaves anything that somebody would wait for.
//!
//! It is an array of numbers, which may stand in memory that processes share:
//!
//! ```text
//! head  fingerprints[slots]  befores[slots]  untils[slots]
//! ```
//!
//! An entry may stand in any slot of two buckets, which its fingerprint chooses. There are twice as
//! many slots as entries that are promised room: that both buckets of an entry are full before is a
//! matter of one in many millions.

use std::hash::Hasher;
use std::ops::{Deref, Range};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use siphasher::sip::SipHasher13;

use crate::Error;
use crate::clock::MAX_AHEAD_MS;

/// What an entry revokes. The discriminants are those of `docs/REVOCATION.md`.
///
/// ```
/// assert_eq!(h3s::RevocationKind::Subject as u8, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum Kind {
    /// The session of an id.
    Session = 0,
    /// All sessions of a subject, that were made before a moment.
    Subject = 1,
    /// All sessions that were made before a moment.
    Everybody = 2,
}

/// The moment before which a session was made that is refused whenever it was made.
pub(crate) const REFUSED_FOR_EVER: i64 = i64::MAX;

/// A cookie's name, whose sessions are revoked apart from those of other names, in 62 bits. They
/// are the same in each process, and need no key: nobody but the options chooses the name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope(u64);

impl Scope {
    pub(crate) fn of(name: &str) -> Scope {
        Scope(SipHasher13::new().hash(name.as_bytes()) << 2)
    }
}

/// What is revoked, in 64 bits that nobody can choose who has not the table's key: never 0.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64);

pub(crate) struct Table {
    words: Words,
    buckets: usize,
    key: (u64, u64),
}

enum Words {
    /// With where they begin in it, so that a bucket is in one line of a processor's cache.
    Own(Box<[AtomicU64]>, usize),
    #[cfg(feature = "capi")]
    Callers(&'static [AtomicU64]),
}

/// Of the head: what tells that the memory is a table, of which version.
const MARK: usize = 0;
const BUCKETS: usize = 1;
const KEY: usize = 2;
const HEARD_AT: usize = 4;
/// How many entries have found no room.
const MISSED: usize = 5;
/// When the last entry has ended that has found no room.
const MISSED_UNTIL: usize = 6;
/// Of each kind, the latest moment before which entries have refused sessions; 0: there were none.
const LATEST: usize = 8;
const HEAD_LEN: usize = 16;

const VERSION: u64 = u64::from_le_bytes(*b"h3srevs1");
/// As many fingerprints as a line of a processor's cache holds.
const BUCKET_LEN: usize = 8;
const MAX_ROOM: usize = 1 << 26;
/// Clocks of two writers may differ by as much, where one takes an entry for ended.
const SLACK_MS: u64 = 60_000;
const IS_THERE: &str = "a slot is below the number of slots, which the words were counted for";
/// The lowest bit of an `until`: set once the slot has the fingerprint of the entry that it is of.
const IS_WHOLE: u64 = 1;

impl Table {
    pub(super) fn new(room: usize, random: [u8; 16]) -> Result<Table, Error> {
        if !(1..=MAX_ROOM).contains(&room) {
            return Err(Error::argument(
                "room",
                "how many entries there may be at least: 1 to 67108864",
            ));
        }
        let buckets = (room * 2).div_ceil(BUCKET_LEN).next_power_of_two().max(2);
        let len = HEAD_LEN + 3 * BUCKET_LEN * buckets;
        let (mut words, most) = (Vec::new(), len + BUCKET_LEN);
        words.try_reserve_exact(most).map_err(|_| Error::memory())?;
        words.resize_with(most, AtomicU64::default);
        let words: Box<[AtomicU64]> = words.into();
        let start = words.as_ptr().align_offset(64).min(BUCKET_LEN);
        Table::of(Words::Own(words, start), buckets, random)
    }

    /// In the caller's memory: as large as that allows.
    #[cfg(feature = "capi")]
    pub(super) fn within(words: &'static [AtomicU64], random: [u8; 16]) -> Result<Table, Error> {
        let fitting = words.len().saturating_sub(HEAD_LEN) / (3 * BUCKET_LEN);
        let buckets = match fitting.checked_ilog2() {
            Some(log) if log >= 1 => 1 << log,
            _ => return Err(Error::argument("size", "too small: 512 bytes at least")),
        };
        Table::of(Words::Callers(words), buckets, random)
    }

    fn of(words: Words, buckets: usize, random: [u8; 16]) -> Result<Table, Error> {
        let strange = || Error::argument("memory", "neither zeroed, nor a table of this version");
        let head = |at: usize| words.get(at).ok_or_else(strange);
        let [low, high] = [random.first_chunk(), random.last_chunk()]
            .map(|half| half.map_or(1, |half| u64::from_le_bytes(*half).max(1)));
        // Of several that make it at once each number is the first one's, so that all have the same
        // key, and nobody waits for one that was killed half-way. The mark comes last.
        let numbers = [(KEY, low), (KEY + 1, high), (BUCKETS, buckets as u64)];
        for (at, number) in numbers.into_iter().chain([(MARK, VERSION)]) {
            if head(MARK)?.load(Acquire) == 0 {
                let _ = head(at)?.compare_exchange(0, number, AcqRel, Acquire);
            }
        }
        let number_at = |at: usize| head(at).map(|word| word.load(Acquire));
        if (number_at(MARK)?, number_at(BUCKETS)?) != (VERSION, buckets as u64) {
            return Err(strange());
        }
        let key = (number_at(KEY)?, number_at(KEY + 1)?);
        Ok(Table {
            words,
            buckets,
            key,
        })
    }

    /// The fingerprint of a kind's text, among the sessions of a cookie's name.
    pub(crate) fn fingerprint(&self, kind: Kind, scope: Scope, text: &[u8]) -> Fingerprint {
        let mut hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        // As one block, behind which the text is hashed at once.
        hasher.write_u64(scope.0 | kind as u64);
        Fingerprint(hasher.hash(text).max(1))
    }

    /// Whether an entry of a kind may refuse a session that was made at a time: so that most
    /// requests need not look for any.
    pub(crate) fn may_refuse(&self, kind: Kind, created_at: i64) -> bool {
        let latest = self.word(LATEST + kind as usize).load(Acquire);
        i64::try_from(latest).is_ok_and(|latest| created_at < latest)
    }

    /// The moment before which sessions are refused by the entries of a fingerprint.
    pub(crate) fn before(&self, of: Fingerprint) -> Option<i64> {
        let mut latest = None;
        for start in self.places(of) {
            for (at, fingerprint) in self.fingerprints_from(start).iter().enumerate() {
                if fingerprint.load(Acquire) != of.0 {
                    continue;
                }
                let before = self.before_at(start + at).load(Acquire);
                // One that has ended may have given its slot to another meanwhile.
                if fingerprint.load(Acquire) == of.0 {
                    latest = latest.max(i64::try_from(before).ok());
                }
            }
        }
        latest
    }

    /// Takes in an entry that matters until a time. False where there is no room for it.
    ///
    /// Of several writers at once each may put the same entry into a slot of its own, of which a
    /// reader takes the later one.
    pub(crate) fn insert(
        &self,
        kind: Kind,
        of: Fingerprint,
        before: i64,
        until: i64,
        now: i64,
    ) -> bool {
        let [before, until, now] = [before, until, now].map(|time| time.max(1).unsigned_abs());
        self.word(LATEST + kind as usize).fetch_max(before, AcqRel);
        if let Some(slot) = self
            .slots(of)
            .find(|slot| self.extend(*slot, of, until, now))
        {
            self.before_at(slot).fetch_max(before, AcqRel);
            return true;
        }
        let mut slots = self.emptier_first(of, now);
        let Some(slot) = slots.find(|slot| self.claim(*slot, until, now)) else {
            self.word(MISSED_UNTIL).fetch_max(until, AcqRel);
            self.word(MISSED).fetch_add(1, AcqRel);
            return false;
        };
        self.fingerprint_at(slot).store(0, Release);
        self.before_at(slot).store(before, Release);
        self.fingerprint_at(slot).store(of.0, Release);
        self.until_at(slot).fetch_or(IS_WHOLE, AcqRel);
        true
    }

    /// Lets the entry of a slot matter until a time at least, if it is the one meant, and has not
    /// ended: else the slot may be another's by now.
    fn extend(&self, slot: usize, of: Fingerprint, until: u64, now: u64) -> bool {
        let word = self.until_at(slot);
        let mut known = word.load(Acquire);
        // In this order: what is whole has had its fingerprint before.
        while is_live(known, now)
            && known & IS_WHOLE != 0
            && self.fingerprint_at(slot).load(Acquire) == of.0
        {
            let later = known.max(until << 1 | IS_WHOLE);
            match word.compare_exchange_weak(known, later, AcqRel, Acquire) {
                Ok(_) => return true,
                Err(other) => known = other,
            }
        }
        false
    }

    /// Makes a slot the caller's that is empty, or whose entry has ended. Whoever gets no further
    /// leaves a slot that is free again when `until` has passed.
    fn claim(&self, slot: usize, until: u64, now: u64) -> bool {
        let word = self.until_at(slot);
        let known = word.load(Acquire);
        !is_live(known, now.saturating_sub(SLACK_MS))
            && word
                .compare_exchange(known, until << 1, AcqRel, Relaxed)
                .is_ok()
    }

    /// A time that a clock far ahead has named does not stay: who has stopped hearing would not be
    /// stale before it.
    pub(super) fn hear(&self, now: i64) {
        let (now, ahead) = (now.unsigned_abs(), MAX_AHEAD_MS.unsigned_abs());
        let later = |known: u64| {
            Some(if known > now + ahead {
                now
            } else {
                known.max(now)
            })
        };
        let _ = self.word(HEARD_AT).fetch_update(AcqRel, Acquire, later);
    }

    /// When it was last said to be complete.
    pub(crate) fn heard_at(&self) -> Option<i64> {
        let at = i64::try_from(self.word(HEARD_AT).load(Acquire)).ok();
        at.filter(|at| *at > 0)
    }

    /// Whether it lacks entries, or may lack those of the last so many milliseconds.
    pub(crate) fn is_stale(&self, now: i64, max_stale: i64) -> bool {
        let heard = now - max_stale..=now + MAX_AHEAD_MS;
        let lacks = now.unsigned_abs() <= self.word(MISSED_UNTIL).load(Acquire);
        lacks || self.heard_at().is_none_or(|at| !heard.contains(&at))
    }

    pub(super) fn live(&self, now: i64) -> usize {
        let slots = 0..self.buckets * BUCKET_LEN;
        self.live_of(slots, now.max(1).unsigned_abs())
    }

    fn live_of(&self, slots: Range<usize>, now: u64) -> usize {
        slots
            .filter(|slot| is_live(self.until_at(*slot).load(Relaxed), now))
            .count()
    }

    pub(super) fn room(&self) -> usize {
        self.buckets * BUCKET_LEN / 2
    }

    pub(super) fn missed(&self) -> usize {
        usize::try_from(self.word(MISSED).load(Acquire)).unwrap_or(usize::MAX)
    }

    /// The slots of both buckets.
    fn slots(&self, of: Fingerprint) -> impl Iterator<Item = usize> + use<> {
        let [one, other] = self.places(of);
        (one..one + BUCKET_LEN).chain(other..other + BUCKET_LEN)
    }

    /// The same, with those of the bucket that has more room first.
    fn emptier_first(&self, of: Fingerprint, now: u64) -> impl Iterator<Item = usize> + use<> {
        let [one, other] = self.places(of);
        let live = |start: usize| self.live_of(start..start + BUCKET_LEN, now);
        let [first, second] = match live(one) <= live(other) {
            true => [one, other],
            false => [other, one],
        };
        (first..first + BUCKET_LEN).chain(second..second + BUCKET_LEN)
    }

    /// Where its two buckets begin, which are never the same.
    fn places(&self, of: Fingerprint) -> [usize; 2] {
        let mask = self.buckets - 1;
        let one = of.0 as usize & mask;
        let other = (of.0 >> 32) as usize & mask;
        [one, if other == one { one ^ 1 } else { other }].map(|bucket| bucket * BUCKET_LEN)
    }

    /// Those of a bucket.
    fn fingerprints_from(&self, start: usize) -> &[AtomicU64; BUCKET_LEN] {
        let bucket = self.words.get(HEAD_LEN + start..);
        bucket
            .and_then(|words| words.first_chunk())
            .expect(IS_THERE)
    }

    fn fingerprint_at(&self, slot: usize) -> &AtomicU64 {
        self.word(HEAD_LEN + slot)
    }

    fn before_at(&self, slot: usize) -> &AtomicU64 {
        self.word(HEAD_LEN + BUCKET_LEN * self.buckets + slot)
    }

    fn until_at(&self, slot: usize) -> &AtomicU64 {
        self.word(HEAD_LEN + 2 * BUCKET_LEN * self.buckets + slot)
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        self.words.get(at).expect(IS_THERE)
    }
}

/// Whether an `until` has not passed. That of an empty slot has.
fn is_live(until: u64, now: u64) -> bool {
    until >> 1 >= now
}

impl Deref for Words {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        match self {
            Words::Own(words, start) => words.get(*start..).unwrap_or_default(),
            #[cfg(feature = "capi")]
            Words::Callers(words) => words,
        }
    }
}

#[cfg(test)]
mod tests;
