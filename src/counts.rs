//! What was opened, made, refused and sealed with a config: for whoever watches a service.
//!
//! Counting takes no lock, and threads do not wait for each other's cache lines: each adds to a
//! shard of its own, as long as there are any, and reading sums them up. A forked child has a copy
//! of the one thread that forked, with its number, and goes on from a copy of the shards.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, ErrorKind, Rejection};

/// So many threads have a shard each, which costs them an addition. Those that come later share the
/// rest, which costs an atomic one, a dozen times as much.
const OWNED: usize = 24;
const SHARED: usize = 8;
const SHARDS: usize = OWNED + SHARED;

/// How many reasons for a refusal there may ever be; the first is none.
const REASONS: usize = 16;

/// What was done with a config since it was made, by all threads of the process. Each figure only
/// grows. See [`Config::counts`](crate::Config::counts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Sessions that a cookie brought.
    pub opened_cookie: u64,
    /// Sessions that the session header brought.
    pub opened_header: u64,
    /// Sessions that a bare token brought: [`Config::unseal`](crate::Config::unseal).
    pub opened_token: u64,
    /// Sessions that a request had to make, since none of its tokens opened or it had none.
    pub made: u64,
    /// Of those that were brought: sealed with another password than the first. Once this stands
    /// still, the others can be dropped.
    pub opened_old_password: u64,
    /// Of those that were brought: in another format than the one that seals.
    pub opened_other_format: u64,
    /// Requests for which a key would have had to be derived, under
    /// [`Request::warm_only`](crate::Request::warm_only): [`ErrorKind::Cold`]. Whoever asks again
    /// without it is counted again.
    pub cold: u64,
    /// Requests whose peer may have no more keys derived for now: [`ErrorKind::Busy`].
    pub busy: u64,
    /// Requests that were answered by no session, since this server may not know of the latest
    /// logouts: [`ErrorKind::Stale`].
    pub stale: u64,
    /// Tokens that were sealed, be it after a write, for a session just made, or on a read.
    pub sealed: u64,
    /// Of a session that was only read: Set-Cookie values that make it live on under
    /// `idleTimeout`, and do no more.
    pub slid: u64,
    /// Of a session that was only read: Set-Cookie values that move it to the first password.
    pub moved_password: u64,
    /// Of a session that was only read: Set-Cookie values that move it to the format that seals
    /// (under `seal.migrate`).
    pub moved_format: u64,
    /// Sessions that got a new id: [`Session::rotate`](crate::Session::rotate).
    pub rotated: u64,
    /// Sessions that were ended by [`Session::clear`](crate::Session::clear).
    pub cleared: u64,
    /// Sessions that were ended by [`Session::revoke`](crate::Session::revoke) or
    /// [`Session::revoke_everywhere`](crate::Session::revoke_everywhere).
    pub revoked: u64,
    pub(crate) refused: [u64; REASONS],
}

impl Counts {
    /// Requests of which the first candidate was refused for this reason, be it that another one
    /// opened: [`Session::rejection`](crate::Session::rejection); and bare tokens that were.
    ///
    /// ```
    /// use h3s::{Config, Options, Rejection, Request};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// config.get_session(&Request::new("h3=h3s1..forged"))?;
    /// assert_eq!(config.counts().refused(Rejection::Malformed), 1);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn refused(&self, reason: Rejection) -> u64 {
        let count = self.refused.get(reason as usize);
        count.copied().unwrap_or_default()
    }
}

/// What is counted.
#[derive(Clone, Copy)]
#[repr(usize)]
pub(crate) enum Count {
    OpenedCookie,
    OpenedHeader,
    OpenedToken,
    Made,
    OpenedOldPassword,
    OpenedOtherFormat,
    Cold,
    Busy,
    Stale,
    Sealed,
    Slid,
    MovedPassword,
    MovedFormat,
    Rotated,
    Cleared,
    Revoked,
    /// The first of the reasons for a refusal, which are none.
    Refused,
}

const COUNTS: usize = Count::Refused as usize + REASONS;

/// What the threads that it belongs to have counted. Aligned so that none shares a line with
/// another, nor, where a processor fetches lines in pairs, a pair of them.
#[repr(align(128))]
struct Shard([AtomicU64; COUNTS]);

pub(crate) struct Counters(Box<[Shard; SHARDS]>);

impl Counters {
    pub(crate) fn new() -> Counters {
        let shard = || Shard([const { AtomicU64::new(0) }; _]);
        Counters(Box::new(std::array::from_fn(|_| shard())))
    }

    #[inline]
    pub(crate) fn add(&self, what: Count) {
        self.add_at(what as usize);
    }

    /// Counts a refusal.
    pub(crate) fn refused(&self, reason: Rejection) {
        self.add_at(Count::Refused as usize + reason as usize);
    }

    /// Counts a call that failed for another reason than its token, if that may pass.
    pub(crate) fn failed(&self, error: &Error) {
        match error.kind() {
            ErrorKind::Cold => self.add(Count::Cold),
            ErrorKind::Busy => self.add(Count::Busy),
            ErrorKind::Stale => self.add(Count::Stale),
            _ => {}
        }
    }

    #[inline]
    fn add_at(&self, place: usize) {
        let (shard, is_owned) = shard_of(own_number());
        let Some(count) = self.0.get(shard).and_then(|shard| shard.0.get(place)) else {
            return;
        };
        if is_owned {
            // Nobody else adds here.
            let before = count.load(Ordering::Relaxed);
            count.store(before.wrapping_add(1), Ordering::Relaxed);
        } else {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self) -> Counts {
        let mut sums = [0_u64; COUNTS];
        for shard in self.0.iter().take(shards_in_use()) {
            for (sum, count) in sums.iter_mut().zip(&shard.0) {
                *sum = sum.wrapping_add(count.load(Ordering::Relaxed));
            }
        }
        let [
            opened_cookie,
            opened_header,
            opened_token,
            made,
            opened_old_password,
            opened_other_format,
            cold,
            busy,
            stale,
            sealed,
            slid,
            moved_password,
            moved_format,
            rotated,
            cleared,
            revoked,
            refused @ ..,
        ] = sums;
        Counts {
            opened_cookie,
            opened_header,
            opened_token,
            made,
            opened_old_password,
            opened_other_format,
            cold,
            busy,
            stale,
            sealed,
            slid,
            moved_password,
            moved_format,
            rotated,
            cleared,
            revoked,
            refused,
        }
    }
}

/// How many threads have counted so far, in any config.
static THREADS: AtomicU64 = AtomicU64::new(0);

// Without a destructor, which would keep the library in memory until the thread ends.
thread_local! {
    /// Which of these threads this is, from 1; 0: none yet.
    static THREAD: Cell<u64> = const { Cell::new(0) };
}

/// Which of the threads that have counted this is, from 0. No two have the same number, ever.
#[inline]
fn own_number() -> usize {
    let number = THREAD.try_with(|own| match own.get() {
        0 => {
            let number = THREADS.fetch_add(1, Ordering::Relaxed) + 1;
            own.set(number);
            number
        }
        number => number,
    });
    // One that cannot be told is none of those that own a shard.
    let number = number.map_or(u64::MAX, |number| number.wrapping_sub(1));
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The shard of a thread, and whether no other thread has it.
#[inline]
fn shard_of(thread: usize) -> (usize, bool) {
    match thread < OWNED {
        true => (thread, true),
        false => (OWNED + thread % SHARED, false),
    }
}

/// No thread has counted in those behind.
fn shards_in_use() -> usize {
    let threads = THREADS.load(Ordering::Relaxed);
    match usize::try_from(threads) {
        Ok(threads) if threads <= OWNED => threads,
        _ => SHARDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_has_a_place_of_its_own_and_each_reason_too() {
        let counters = Counters::new();
        for place in 0..COUNTS {
            for _ in 0..=place {
                counters.add_at(place);
            }
        }
        let counts = counters.read();
        assert_eq!(counts.opened_cookie, 1 + Count::OpenedCookie as u64);
        assert_eq!(counts.opened_header, 1 + Count::OpenedHeader as u64);
        assert_eq!(counts.opened_token, 1 + Count::OpenedToken as u64);
        assert_eq!(counts.made, 1 + Count::Made as u64);
        let old_password = 1 + Count::OpenedOldPassword as u64;
        assert_eq!(counts.opened_old_password, old_password);
        let other_format = 1 + Count::OpenedOtherFormat as u64;
        assert_eq!(counts.opened_other_format, other_format);
        assert_eq!(counts.cold, 1 + Count::Cold as u64);
        assert_eq!(counts.busy, 1 + Count::Busy as u64);
        assert_eq!(counts.stale, 1 + Count::Stale as u64);
        assert_eq!(counts.sealed, 1 + Count::Sealed as u64);
        assert_eq!(counts.slid, 1 + Count::Slid as u64);
        assert_eq!(counts.moved_password, 1 + Count::MovedPassword as u64);
        assert_eq!(counts.moved_format, 1 + Count::MovedFormat as u64);
        assert_eq!(counts.rotated, 1 + Count::Rotated as u64);
        assert_eq!(counts.cleared, 1 + Count::Cleared as u64);
        assert_eq!(counts.revoked, 1 + Count::Revoked as u64);
        let refused = counts.refused(Rejection::TooLarge);
        assert_eq!(refused, (1 + Count::Refused as usize + 8) as u64);
    }

    #[test]
    fn more_threads_than_shards_lose_no_count() {
        let counters = Counters::new();
        std::thread::scope(|scope| {
            for _ in 0..3 * SHARDS {
                scope.spawn(|| (0..1000).for_each(|_| counters.add(Count::Made)));
            }
        });
        assert_eq!(counters.read().made, 3 * SHARDS as u64 * 1000);
    }

    #[test]
    fn no_other_thread_adds_to_what_one_owns() {
        let shards: Vec<_> = (0..3 * SHARDS).map(shard_of).collect();
        for (shard, is_owned) in &shards {
            let threads = shards.iter().filter(|(other, _)| other == shard).count();
            assert_eq!(*is_owned, threads == 1);
        }
        assert_eq!(
            shards.iter().filter(|(_, is_owned)| *is_owned).count(),
            OWNED
        );
        // None is there for nobody.
        assert!((0..SHARDS).all(|shard| shards.iter().any(|(other, _)| *other == shard)));
    }

    #[test]
    fn shards_share_no_cache_line() {
        assert_eq!(align_of::<Shard>(), 128);
        assert_eq!(size_of::<Shard>() % 128, 0);
    }
}
