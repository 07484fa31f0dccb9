//! How long a call waits for a lock that another process has. Whoever can open the file can hold
//! its lock for ever, so nobody waits without end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::fault::Fault;

/// As a rule. Who appends holds the lock for some microseconds.
const MOST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3600);
const FIRST_PAUSE: Duration = Duration::from_micros(200);
const LONGEST_PAUSE: Duration = Duration::from_millis(5);
/// After a wait in vain nobody waits for so many times as long.
const REST: u32 = 10;

/// For how long those wait who use one opening of the file.
#[derive(Debug)]
pub(super) struct Wait {
    most: Duration,
    began: Instant,
    /// Until so many milliseconds after it began nobody waits.
    rests_until: AtomicU64,
}

/// The wait of one call.
pub(super) struct Waiting<'a> {
    /// None: it does not wait.
    wait: Option<&'a Wait>,
    until: Instant,
    pause: Duration,
}

impl Default for Wait {
    fn default() -> Wait {
        Wait::of(MOST)
    }
}

impl Wait {
    pub(super) fn of(most: Duration) -> Wait {
        Wait {
            most: most.min(LONGEST),
            began: Instant::now(),
            rests_until: AtomicU64::new(0),
        }
    }

    /// The same for another opening of the file.
    #[cfg(feature = "capi")]
    pub(super) fn anew(&self) -> Wait {
        Wait::of(self.most)
    }

    /// After a wait in vain the calls that follow try just once, for a while: who serves many must
    /// not spend all of the time on waiting.
    pub(super) fn begin(&self, now: Instant) -> Waiting<'_> {
        if self.since(now) < self.rests_until.load(Ordering::Relaxed) {
            return Waiting::none(now);
        }
        Waiting {
            wait: Some(self),
            until: now + self.most,
            pause: FIRST_PAUSE,
        }
    }

    fn was_in_vain(&self, now: Instant) {
        let until = self.since(now + self.most * REST);
        self.rests_until.store(until, Ordering::Relaxed);
    }

    fn since(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.began);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Waiting<'_> {
    /// Of who leaves it for later.
    pub(super) fn none(now: Instant) -> Self {
        Waiting {
            wait: None,
            until: now,
            pause: FIRST_PAUSE,
        }
    }

    /// Waits before the next try, a little longer each time.
    pub(super) fn pause(&mut self) -> Result<(), Fault> {
        let now = Instant::now();
        match self.next(now) {
            Some(pause) => thread::sleep(pause),
            None => return Err(Fault::Locked),
        }
        Ok(())
    }

    /// How long the next pause is; None: the time is over.
    fn next(&mut self, now: Instant) -> Option<Duration> {
        let left = self.until.saturating_duration_since(now);
        if left.is_zero() {
            if let Some(wait) = self.wait {
                wait.was_in_vain(now);
            }
            return None;
        }
        let pause = self.pause.min(left);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// As of one for whom the lock is never free. Gives all pauses.
    fn pauses(wait: &Wait, mut now: Instant) -> Vec<Duration> {
        let mut waiting = wait.begin(now);
        std::iter::from_fn(|| {
            let pause = waiting.next(now)?;
            now += pause;
            Some(pause)
        })
        .collect()
    }

    #[test]
    fn pauses_grow_and_end_with_the_time_that_there_is() {
        let wait = Wait::of(100 * MS);
        let pauses = pauses(&wait, wait.began);
        assert_eq!(pauses.iter().sum::<Duration>(), 100 * MS);
        assert!(pauses.len() < 40 && pauses.iter().all(|pause| *pause <= LONGEST_PAUSE));
        let (_, growing) = pauses.split_last().unwrap();
        assert!(growing.is_sorted());
    }

    #[test]
    fn after_a_wait_in_vain_nobody_waits_for_ten_times_as_long() {
        let wait = Wait::of(50 * MS);
        let start = wait.began;
        assert!(!pauses(&wait, start).is_empty());
        assert!(pauses(&wait, start + 51 * MS).is_empty());
        assert!(pauses(&wait, start + 549 * MS).is_empty());
        assert!(!pauses(&wait, start + 550 * MS).is_empty());
        // Who did not wait has not waited in vain.
        assert!(pauses(&wait, start + 700 * MS).is_empty());
        assert!(!pauses(&wait, start + 1200 * MS).is_empty());
    }

    #[test]
    fn who_leaves_it_for_later_neither_waits_nor_keeps_others_from_it() {
        let wait = Wait::of(50 * MS);
        assert!(Waiting::none(wait.began).next(wait.began).is_none());
        assert!(!pauses(&wait, wait.began).is_empty());
    }

    #[test]
    fn the_longest_wait_is_an_hour() {
        assert_eq!(Wait::of(Duration::MAX).most, LONGEST);
    }
}
