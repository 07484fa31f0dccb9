//! The only source of randomness: the operating system's, through a small buffer where
//! that is safe across fork.
//!
//! A system call for every nonce would cost as much as sealing 800 bytes. But a buffer must never
//! be read by both sides of a fork, which would seal different sessions under one nonce. So there
//! is a buffer only once somebody has given a witness that the kernel resets in a child (`fork`
//! does, with the first config); without one, every draw asks the system.
//!
//! Nothing in a process tells that it was copied as a whole, with the virtual machine around it or
//! from a snapshot on disk: then both copies have the same bytes in their buffers. So into every
//! draw go a fresh reading of the clock, in which the copies differ, and a count of the draws. By
//! exclusive or, which leaves uniform what is uniform.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use zeroize::Zeroize;

use crate::{Error, clock};

pub(crate) mod fork;

const BUFFER_LEN: usize = 4096;

/// Not 0 in the process that set it, 0 in a forked child until the child has taken notice.
static WITNESS: OnceLock<&'static AtomicU32> = OnceLock::new();

/// Counts the forks noticed in this process and its ancestors. A buffer of
/// another epoch is never read.
static EPOCH: AtomicU64 = AtomicU64::new(1);

/// Counts the draws of all threads.
static DRAWS: AtomicU64 = AtomicU64::new(0);

// Without a destructor, which would keep the library in memory, however often it is unloaded, until
// the thread ends. What is in a buffer then was drawn by nobody and is no secret.
thread_local! {
    static BUFFER: RefCell<Pool> = const { RefCell::new(Pool::new()) };
}

/// Random bytes for the draws to come.
struct Pool {
    bytes: [u8; BUFFER_LEN],
    /// The first so many are not yet drawn.
    left: usize,
    epoch: u64,
}

/// `N` random bytes.
pub(crate) fn array<const N: usize>() -> Result<[u8; N], Error> {
    let mut out = drawn()?;
    mix(
        &mut out,
        clock::nanoseconds(),
        DRAWS.fetch_add(1, Ordering::Relaxed),
    );
    Ok(out)
}

/// Makes what two copies of a process draw differ.
fn mix(out: &mut [u8], nanoseconds: u64, count: u64) {
    let [clock, count] = [nanoseconds, count].map(u64::to_le_bytes);
    let bytes = clock.iter().chain(&count);
    out.iter_mut()
        .zip(bytes)
        .for_each(|(out, byte)| *out ^= byte);
}

fn drawn<const N: usize>() -> Result<[u8; N], Error> {
    const { assert!(N <= BUFFER_LEN) };
    let mut out = [0; N];
    let Some(epoch) = epoch() else {
        system(&mut out)?;
        return Ok(out);
    };
    // The buffer is out of reach while its thread ends, and in a signal handler
    // that interrupted a draw.
    let drawn = BUFFER.try_with(|buffer| {
        buffer
            .try_borrow_mut()
            .ok()
            .map(|mut buffer| buffer.draw(&mut out, epoch))
    });
    match drawn {
        Ok(Some(result)) => result?,
        _ => system(&mut out)?,
    }
    Ok(out)
}

/// Lets random bytes be buffered. `witness` must be reset to 0 in every forked child before it runs
/// any other code. To be called once: whoever else comes meanwhile would have to wait.
fn buffer_with(witness: &'static AtomicU32) {
    witness.store(1, Ordering::Release);
    let _ = WITNESS.set(witness);
}

/// For handlers of forks: lets this process draw nothing that was buffered before.
fn forget_buffers() {
    EPOCH.fetch_add(1, Ordering::AcqRel);
}

/// This process's epoch; None where nothing watches for forks.
pub(crate) fn epoch() -> Option<u64> {
    let witness = WITNESS.get()?;
    if witness.load(Ordering::Acquire) == 0 {
        // A new process. The epoch moves on before the witness is set again, so that whoever sees
        // it set sees this too; two threads that both come here move it twice, which does no harm.
        EPOCH.fetch_add(1, Ordering::AcqRel);
        witness.store(1, Ordering::Release);
    }
    Some(EPOCH.load(Ordering::Acquire))
}

fn system(out: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(out).map_err(|_| Error::random())
}

impl Pool {
    const fn new() -> Pool {
        Pool {
            bytes: [0; BUFFER_LEN],
            left: 0,
            epoch: 0,
        }
    }

    /// Moves bytes from the buffer to `out`, and wipes them here.
    fn draw(&mut self, out: &mut [u8], epoch: u64) -> Result<(), Error> {
        if self.epoch != epoch || self.left < out.len() {
            // Nothing is left to draw from if the system fails.
            self.left = 0;
            system(&mut self.bytes)?;
            (self.left, self.epoch) = (BUFFER_LEN, epoch);
        }
        let start = self.left - out.len();
        let drawn = self
            .bytes
            .get_mut(start..self.left)
            .ok_or_else(Error::internal)?;
        out.copy_from_slice(drawn);
        drawn.zeroize();
        self.left = start;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_never_gives_the_same_bytes_twice_and_keeps_none_that_it_gave() {
        let mut buffer = Pool::new();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100 {
            let mut out = [0; 24];
            buffer.draw(&mut out, 1).unwrap();
            assert!(seen.insert(out));
            assert!(buffer.bytes.iter().skip(buffer.left).all(|byte| *byte == 0));
        }
    }

    #[test]
    fn copies_of_a_process_draw_differently_from_the_same_buffer() {
        let copy = |nanoseconds, count| {
            let mut out = [7; 24];
            mix(&mut out, nanoseconds, count);
            out
        };
        assert_ne!(
            copy(1_800_000_000_000_000_000, 5),
            copy(1_800_000_000_000_000_001, 5)
        );
        assert_ne!(
            copy(1_800_000_000_000_000_000, 5),
            copy(1_800_000_000_000_000_000, 6)
        );
        assert_ne!(array::<24>().unwrap(), array::<24>().unwrap());
    }

    #[test]
    fn mixing_takes_nothing_away_from_what_is_mixed() {
        let mut out = [7; 24];
        mix(&mut out, 1_800_000_000_000_000_000, 5);
        mix(&mut out, 1_800_000_000_000_000_000, 5);
        assert_eq!(out, [7; 24]);
    }

    #[test]
    fn a_buffer_is_read_to_its_end_in_its_own_epoch_and_in_no_other() {
        let mut parent = Pool::new();
        for left in (0..BUFFER_LEN).rev().step_by(8) {
            let bytes = parent.bytes;
            let mut drawn = [0; 8];
            parent.draw(&mut drawn, 1).unwrap();
            assert_eq!(parent.left, left - 7);
            if left < BUFFER_LEN - 8 {
                assert_eq!(drawn, bytes[left - 7..=left]);
            }
        }
        parent.draw(&mut [0; 24], 1).unwrap();
        let mut child = Pool { ..parent };
        let (mut ours, mut theirs) = ([0; 24], [0; 24]);
        parent.draw(&mut ours, 1).unwrap();
        child.draw(&mut theirs, 2).unwrap();
        assert_eq!(
            (parent.left, child.left),
            (BUFFER_LEN - 48, BUFFER_LEN - 24)
        );
        assert_ne!(ours, theirs);
    }
}
