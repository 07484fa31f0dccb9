//! Times: milliseconds since 1970. The system clock is read only where a caller gives no time.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::Error;

/// The longest `maxAge` or `idleTimeout`: a hundred years, in seconds.
pub(crate) const LONGEST_LIFETIME_SEC: u64 = 100 * 365 * 86_400;

/// How far ahead of now a token's times may be: clocks differ, but a far-off createdAt would defeat
/// `maxAge`.
pub(crate) const MAX_AHEAD_MS: i64 = 10 * 60 * 1000;

/// The last time that is taken for now. With the longest lifetime on top it still fits in a token's
/// 48 bits and in an Expires attribute's four-digit year.
const LAST_MS: i64 = 250_000_000_000_000;

/// The system clock.
pub(crate) fn system() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis())
        .unwrap_or(LAST_MS)
        .clamp(1, LAST_MS)
}

/// The system clock in nanoseconds, as fine as it is: to tell moments apart, not to tell the time.
pub(crate) fn nanoseconds() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since
        .as_secs()
        .wrapping_mul(1_000_000_000)
        .wrapping_add(since.subsec_nanos().into())
}

/// Refuses what cannot be now.
pub(crate) fn check(now_ms: i64) -> Result<i64, Error> {
    if (1..=LAST_MS).contains(&now_ms) {
        Ok(now_ms)
    } else {
        Err(Error::argument(
            "now_ms",
            "the time is out of range: milliseconds since 1970 up to the year 9892",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_pass_as_milliseconds_do() {
        let before = system() as u64 * 1_000_000;
        let within = before..=before + 60_000_000_000;
        assert!(within.contains(&nanoseconds()));
    }
}
