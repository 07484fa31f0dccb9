//! Limits slow key derivations per peer: for forged tokens a burst of 20, then 5 a second; for
//! authentic ones ten times that.
//!
//! A peer is charged once a derivation was made, and it is known which of the two it was. So of
//! several threads that derive for it at the same time, each may have begun before the others were
//! charged: those go on its account above the burst and are worked off like any other, so that in
//! the long run it is 5 (or 50) a second however many threads there are.
//!
//! It must be bounded in memory whatever is sent, must never wait (a fork may happen at any
//! moment), and must not let an attacker with many addresses push out another peer's charges. So
//! there is no table of peers: each peer has a place in each of four rows, chosen by a keyed hash,
//! and is over the limit only if all four of its places are. Few peers share all four with a
//! flooding one. A place counts by the generic cell rate algorithm (GCRA).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicI64, Ordering};

use crate::Error;
use crate::table::Table;

/// Of failed derivations.
pub(crate) const FORGERIES: Rate = Rate {
    burst: 20,
    interval_ms: 200,
};
/// Of derivations for authentic tokens: of a whole office behind one address, just after a restart.
pub(crate) const COLD: Rate = Rate {
    burst: 200,
    interval_ms: 20,
};
/// How far above the burst a peer can be charged, as a multiple of it: more derivations than are in
/// progress for one peer at the same time. And so little that a clock which was set back by half a
/// minute is noticed.
const IN_PROGRESS: i64 = 6;
const ROWS: usize = 4;
/// A power of two, at most 65,536.
const PLACES: usize = 4096;

/// How many at once, and how long each takes to be worked off.
#[derive(Clone, Copy)]
pub(crate) struct Rate {
    burst: i64,
    interval_ms: i64,
}

impl Rate {
    /// The most that a peer can be charged.
    fn most_ms(self) -> i64 {
        (1 + IN_PROGRESS) * self.burst * self.interval_ms
    }
}

/// A limit per peer.
pub(crate) struct RateLimit {
    rate: Rate,
    /// When all that was charged to a place will have been worked off, in milliseconds since 1970.
    table: Table<AtomicI64>,
}

/// Who is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer<'a> {
    V4(Ipv4Addr),
    /// The first 64 bits, which are one customer's: whoever has one address has 2^64 of them.
    V6([u8; 8]),
    Other(&'a [u8]),
}

impl<'a> Peer<'a> {
    /// An address as text, with or without a port, or as its 4 or 16 bytes; of IPv6 also its first
    /// 8. Whatever else it is stands for itself.
    fn of(peer: &'a [u8]) -> Peer<'a> {
        match text_address(peer) {
            Some(address) => Peer::of_address(address),
            // Names may be as long as addresses are, but no network begins with eight letters.
            None if peer.iter().all(|byte| is_of_a_name(*byte)) => Peer::Other(peer),
            None => match (<[u8; 4]>::try_from(peer), <[u8; 16]>::try_from(peer)) {
                (Ok(bytes), _) => Peer::V4(bytes.into()),
                (_, Ok(bytes)) => Peer::of_address(Ipv6Addr::from(bytes).into()),
                _ => <[u8; 8]>::try_from(peer).map_or(Peer::Other(peer), Peer::V6),
            },
        }
    }

    fn of_address(address: IpAddr) -> Peer<'a> {
        match address.to_canonical() {
            IpAddr::V4(address) => Peer::V4(address),
            IpAddr::V6(address) => match address.octets() {
                // RFC 6052: an IPv4 address behind a translator.
                [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => {
                    Peer::V4(Ipv4Addr::new(a, b, c, d))
                }
                octets => Peer::V6(octets.first_chunk().copied().unwrap_or_default()),
            },
        }
    }
}

/// `192.0.2.1`, `2001:db8::1`, `fe80::1%eth0`, `[2001:db8::1]`, and those with a port.
fn text_address(peer: &[u8]) -> Option<IpAddr> {
    const MAX_LEN: usize = 96;
    let text = std::str::from_utf8(peer).ok()?;
    if text.len() > MAX_LEN {
        return None;
    }
    let address = |text: &str| text.parse::<IpAddr>().ok();
    let bare = |text: &str| address(text.split_once('%').map_or(text, |(text, _zone)| text));
    if let Some(rest) = text.strip_prefix('[') {
        let (inner, port) = rest.split_once(']')?;
        let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(digits);
        return bare(inner).filter(|_| is_port);
    }
    bare(text).or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:/@".contains(&byte)
}

impl RateLimit {
    pub(crate) fn new(key: &[u8; 32], rate: Rate) -> Result<RateLimit, Error> {
        Ok(RateLimit {
            rate,
            table: Table::new(key, ROWS * PLACES)?,
        })
    }

    /// Whether a peer has to wait. The empty peer, which stands for none, never has.
    pub(crate) fn is_exceeded(&self, peer: &[u8], now: i64) -> bool {
        let Rate { burst, interval_ms } = self.rate;
        let over = |place: &AtomicI64| {
            let ahead = place.load(Ordering::Relaxed) - now;
            // Further ahead than can be charged: the clock was set back.
            ahead > (burst - 1) * interval_ms && ahead <= self.rate.most_ms()
        };
        !peer.is_empty() && self.places(peer).all(over)
    }

    /// Charges a peer with one derivation.
    pub(crate) fn charge(&self, peer: &[u8], now: i64) {
        if peer.is_empty() {
            return;
        }
        let most = now + self.rate.most_ms();
        for place in self.places(peer) {
            // A plain loop of compare and swap: no lock.
            let _ = place.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |until| {
                let until = if until > most { now } else { until.max(now) };
                Some((until + self.rate.interval_ms).min(most))
            });
        }
    }

    fn places(&self, peer: &[u8]) -> impl Iterator<Item = &AtomicI64> {
        let hash = match Peer::of(peer) {
            Peer::V4(address) => self.table.hash([[4].as_slice(), &address.octets()]),
            Peer::V6(start) => self.table.hash([[6].as_slice(), &start]),
            Peer::Other(peer) => self.table.hash([[0].as_slice(), peer]),
        };
        (0..ROWS).filter_map(move |row| {
            let (pairs, _) = hash.as_chunks();
            let place = usize::from(u16::from_le_bytes(*pairs.get(row)?)) % PLACES;
            self.table.places().get(row * PLACES + place)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn forgeries() -> RateLimit {
        RateLimit::new(&[7; 32], FORGERIES).unwrap()
    }

    #[test]
    fn a_peer_may_fail_20_times_at_once_and_then_5_times_a_second() {
        let limit = forgeries();
        for _ in 0..20 {
            assert!(!limit.is_exceeded(b"mallory", NOW));
            limit.charge(b"mallory", NOW);
        }
        assert!(limit.is_exceeded(b"mallory", NOW));
        assert!(limit.is_exceeded(b"mallory", NOW + 199));
        for i in 1..=5 {
            assert!(!limit.is_exceeded(b"mallory", NOW + 200 * i));
            limit.charge(b"mallory", NOW + 200 * i);
            assert!(limit.is_exceeded(b"mallory", NOW + 200 * i));
        }
        assert!(!limit.is_exceeded(b"mallory", NOW + 1000 + 4000));
    }

    #[test]
    fn a_peer_may_fail_5_times_a_second_however_many_derivations_run_at_once() {
        let limit = forgeries();
        let mut tried = 0;
        for now in (NOW..NOW + 60_000).step_by(10) {
            // Eight threads look before any of them has been charged.
            let passed = (0..8)
                .filter(|_| !limit.is_exceeded(b"mallory", now))
                .count();
            (0..passed).for_each(|_| limit.charge(b"mallory", now));
            tried += passed;
        }
        assert!((320..328).contains(&tried), "{tried} in a minute");
    }

    #[test]
    fn a_peer_that_goes_on_and_on_is_charged_up_to_a_bound_and_stays_there() {
        let limit = forgeries();
        for charges in 140..150 {
            (0..charges).for_each(|_| limit.charge(b"mallory", NOW));
            let worked_off = NOW + IN_PROGRESS * 20 * 200;
            assert!(limit.is_exceeded(b"mallory", NOW));
            assert!(limit.is_exceeded(b"mallory", worked_off + 199));
            assert!(!limit.is_exceeded(b"mallory", worked_off + 200));
        }
    }

    #[test]
    fn no_charge_is_lost_between_threads() {
        let limit = forgeries();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    (0..IN_PROGRESS * 20 / 8).for_each(|_| limit.charge(b"mallory", NOW))
                });
            }
        });
        let worked_off = NOW + (IN_PROGRESS - 1) * 20 * 200;
        assert!(limit.is_exceeded(b"mallory", worked_off));
        assert!(!limit.is_exceeded(b"mallory", worked_off + 200));
    }

    #[test]
    fn a_neighbour_and_no_peer_at_all_are_never_charged_for_a_flood() {
        let limit = forgeries();
        (0..1000).for_each(|_| limit.charge(b"mallory", NOW));
        (0..1000).for_each(|_| limit.charge(b"", NOW));
        assert!(!limit.is_exceeded(b"alice", NOW) && !limit.is_exceeded(b"", NOW));
    }

    #[test]
    fn three_hundred_flooding_peers_leave_others_alone() {
        let limit = forgeries();
        for peer in 0..300_u32 {
            (0..30).for_each(|_| limit.charge(&peer.to_be_bytes(), NOW));
        }
        let hit = (0..10_000_u32)
            .filter(|peer| limit.is_exceeded(format!("peer {peer}").as_bytes(), NOW));
        // Each is hit with a chance of (300 / 4096)^4, which is 1 in 35,000.
        assert!(hit.count() < 10);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let limit = forgeries();
        for by in [30_000, 3_600_000] {
            (0..30).for_each(|_| limit.charge(b"mallory", NOW));
            assert!(!limit.is_exceeded(b"mallory", NOW - by), "by {by}");
            limit.charge(b"mallory", NOW - by);
            assert!(!limit.is_exceeded(b"mallory", NOW - by));
        }
    }

    #[test]
    fn authentic_tokens_have_a_limit_ten_times_as_wide() {
        let limit = RateLimit::new(&[7; 32], COLD).unwrap();
        for _ in 0..200 {
            assert!(!limit.is_exceeded(b"office", NOW));
            limit.charge(b"office", NOW);
        }
        assert!(limit.is_exceeded(b"office", NOW) && limit.is_exceeded(b"office", NOW + 19));
        assert!(!limit.is_exceeded(b"office", NOW + 20));
    }

    #[test]
    fn all_addresses_of_one_ipv6_network_are_one_peer_however_they_are_written() {
        let network = Peer::V6([0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2]);
        let raw: [u8; 16] = [0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 9, 9, 9, 9, 9, 9, 9, 9];
        for peer in [
            &b"2001:db8:1:2::1"[..],
            b"2001:DB8:1:2:ffff:ffff:ffff:ffff",
            b"2001:db8:1:2::1%eth0",
            b"[2001:db8:1:2::7]",
            b"[2001:db8:1:2::7]:443",
            b"[2001:db8:1:2::7%3]:443",
            // As long as an address's bytes.
            b"2001:db8:1:2::10",
            &raw,
            &raw[..8],
        ] {
            assert_eq!(Peer::of(peer), network, "{}", peer.escape_ascii());
        }
        assert_ne!(Peer::of(b"2001:db8:1:3::1"), network);
    }

    #[test]
    fn an_ipv4_address_is_the_same_peer_inside_an_ipv6_one() {
        let address = Peer::V4(Ipv4Addr::new(192, 0, 2, 1));
        let mapped: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1];
        for peer in [
            &b"192.0.2.1"[..],
            b"192.0.2.1:80",
            b"::ffff:192.0.2.1",
            b"[::ffff:c000:201]:80",
            &[192, 0, 2, 1],
            &mapped,
            b"64:ff9b::192.0.2.1",
        ] {
            assert_eq!(Peer::of(peer), address, "{}", peer.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_address_stands_for_itself() {
        for peer in [
            &b"alice"[..],
            b"unix:/run/socket",
            b"customer-0000001",
            b"[2001:db8::1] alice",
            b"user",
            &[0xff; 300],
            b"[",
            b"1.2.3",
        ] {
            assert_eq!(Peer::of(peer), Peer::Other(peer));
        }
        // No address is longer than 96 characters, its zone included.
        let zone = |len: usize| format!("2001:db8::1%{}", "z".repeat(len - 12)).into_bytes();
        assert!(matches!(Peer::of(&zone(96)), Peer::V6(_)));
        assert_eq!(Peer::of(&zone(97)), Peer::Other(&zone(97)));
    }
}
