//! A lid on forgeries: who makes the library derive keys in vain may do so 20 times at once, and then 5 times a second.
//!
//! A peer is charged once a derivation turned out to be in vain, since one that was not costs it nothing. So of several threads that derive
//! for it at the same time, each may have begun before the others were charged: those go on its account above the 20 and are worked off
//! like any other, so that in the long run it is 5 a second however many threads there are.
//!
//! It has to be bounded in memory whatever is sent, must never wait (a fork may happen at any moment), and an attacker with many addresses must
//! not be able to push another one's charges out. So there is no table of peers: each peer has a place in each of four rows, chosen
//! by a keyed hash, and is over the limit only if all four of its places are. Few peers share all four with a flooding one.

use std::sync::atomic::{AtomicI64, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Error, random};

const BURST: i64 = 20;
const INTERVAL_MS: i64 = 200;
/// How far above the burst a peer can be charged: more derivations than are in progress for one peer at the same time. And so little that a
/// clock which was set back by half a minute is noticed.
const IN_PROGRESS: i64 = 120;
const MOST_MS: i64 = (BURST + IN_PROGRESS) * INTERVAL_MS;
const ROWS: usize = 4;
/// A power of two, at most 65,536.
const PLACES: usize = 4096;

pub(crate) struct Lid {
    /// Random, so that nobody can tell who shares a place with whom.
    key: Zeroizing<[u8; 64]>,
    /// When all that was charged to a place will have been worked off: the "theoretical arrival time" of the generic cell
    /// rate algorithm, in milliseconds since 1970.
    places: Box<[AtomicI64]>,
}

impl Lid {
    pub(crate) fn new() -> Result<Lid, Error> {
        let mut places = Vec::new();
        places
            .try_reserve_exact(ROWS * PLACES)
            .map_err(|_| Error::memory())?;
        places.resize_with(ROWS * PLACES, AtomicI64::default);
        Ok(Lid {
            key: Zeroizing::new(random::array()?),
            places: places.into(),
        })
    }

    /// Whether a peer has to wait. The empty peer, which is none, never has.
    pub(crate) fn is_on(&self, peer: &[u8], now: i64) -> bool {
        let over = |place: &AtomicI64| {
            let ahead = place.load(Ordering::Relaxed) - now;
            // Further ahead than can be charged: the clock was set back.
            ahead > (BURST - 1) * INTERVAL_MS && ahead <= MOST_MS
        };
        !peer.is_empty() && self.places(peer).all(over)
    }

    /// Charges a peer with one derivation in vain.
    pub(crate) fn charge(&self, peer: &[u8], now: i64) {
        if peer.is_empty() {
            return;
        }
        let most = now + MOST_MS;
        for place in self.places(peer) {
            // A plain loop of compare and swap: no lock.
            let _ = place.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |until| {
                let until = if until > most { now } else { until.max(now) };
                Some((until + INTERVAL_MS).min(most))
            });
        }
    }

    fn places(&self, peer: &[u8]) -> impl Iterator<Item = &AtomicI64> {
        let hash = Hmac::<Sha256>::new(&(*self.key).into())
            .chain_update(peer)
            .finalize()
            .into_bytes();
        (0..ROWS).filter_map(move |row| {
            let pair = hash.get(2 * row..)?.first_chunk()?;
            let place = usize::from(u16::from_le_bytes(*pair)) % PLACES;
            self.places.get(row * PLACES + place)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    #[test]
    fn twenty_at_once_and_then_five_a_second() {
        let lid = Lid::new().unwrap();
        for _ in 0..20 {
            assert!(!lid.is_on(b"mallory", NOW));
            lid.charge(b"mallory", NOW);
        }
        assert!(lid.is_on(b"mallory", NOW));
        assert!(lid.is_on(b"mallory", NOW + 199));
        for i in 1..=5 {
            assert!(!lid.is_on(b"mallory", NOW + 200 * i));
            lid.charge(b"mallory", NOW + 200 * i);
            assert!(lid.is_on(b"mallory", NOW + 200 * i));
        }
        assert!(!lid.is_on(b"mallory", NOW + 1000 + 4000));
    }

    #[test]
    fn five_a_second_however_many_are_in_progress_at_once() {
        let lid = Lid::new().unwrap();
        let mut tried = 0;
        for now in (NOW..NOW + 60_000).step_by(10) {
            // Eight threads look before any of them has been charged.
            let passed = (0..8).filter(|_| !lid.is_on(b"mallory", now)).count();
            (0..passed).for_each(|_| lid.charge(b"mallory", now));
            tried += passed;
        }
        assert!((320..328).contains(&tried), "{tried} in a minute");
    }

    #[test]
    fn no_charge_is_lost_between_threads() {
        let lid = Lid::new().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..IN_PROGRESS / 8).for_each(|_| lid.charge(b"mallory", NOW)));
            }
        });
        let worked_off = NOW + (IN_PROGRESS - BURST) * INTERVAL_MS;
        assert!(lid.is_on(b"mallory", worked_off));
        assert!(!lid.is_on(b"mallory", worked_off + INTERVAL_MS));
    }

    #[test]
    fn a_neighbour_and_no_peer_at_all_are_never_charged_for_it() {
        let lid = Lid::new().unwrap();
        (0..1000).for_each(|_| lid.charge(b"mallory", NOW));
        (0..1000).for_each(|_| lid.charge(b"", NOW));
        assert!(!lid.is_on(b"alice", NOW) && !lid.is_on(b"", NOW));
    }

    #[test]
    fn three_hundred_flooding_peers_leave_others_alone() {
        let lid = Lid::new().unwrap();
        for peer in 0..300_u32 {
            (0..30).for_each(|_| lid.charge(&peer.to_be_bytes(), NOW));
        }
        let hit = (0..10_000_u32).filter(|peer| lid.is_on(format!("peer {peer}").as_bytes(), NOW));
        // Each is hit with a chance of (300 / 4096)^4, which is 1 in 35,000.
        assert!(hit.count() < 10);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let lid = Lid::new().unwrap();
        for by in [30_000, 3_600_000] {
            (0..30).for_each(|_| lid.charge(b"mallory", NOW));
            assert!(!lid.is_on(b"mallory", NOW - by), "by {by}");
            lid.charge(b"mallory", NOW - by);
            assert!(!lid.is_on(b"mallory", NOW - by));
        }
    }
}
