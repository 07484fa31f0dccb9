//! When a cookie ends, as Set-Cookie says it.

use std::fmt::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use tinyvec::ArrayVec;

use crate::json::slice;

/// The longest life that browsers give a cookie: 400 days, in seconds.
pub(crate) const MAX_AGE_LIMIT_SEC: i64 = 34_560_000;

/// When a cookie ends.
#[derive(Clone, Copy)]
pub(crate) enum CookieEnd {
    /// With its session, in milliseconds since 1970. Where that has no end, with the browser,
    /// unless `cookie.maxAge` says otherwise.
    OfSession(Option<i64>),
    WithBrowser,
}

/// `; Max-Age=60; Expires=…`, the two saying the same, or nothing for a cookie that ends with
/// the browser. `max_age`, in seconds, goes before what would be computed.
pub(super) fn lifetime(max_age: Option<i64>, now: i64, end: CookieEnd) -> Lifetime {
    let mut out = Lifetime::default();
    let expires_at = match end {
        CookieEnd::WithBrowser => return out,
        CookieEnd::OfSession(end) => end,
    };
    let remaining_ms = expires_at.map(|end| {
        end.saturating_sub(now)
            .clamp(1000, MAX_AGE_LIMIT_SEC * 1000)
    });
    let max_age = max_age.or(remaining_ms.map(|ms| (ms + 999) / 1000));
    if let Some(max_age) = max_age {
        out.push_max_age(max_age);
    }
    if let Some(remaining) = remaining_ms {
        let end = UNIX_EPOCH + Duration::from_millis((now + remaining).unsigned_abs());
        let _ = write!(out, "; Expires={}", httpdate::HttpDate::from(end));
    }
    out
}

/// That text, which is short enough to need no memory of its own.
#[derive(Default)]
pub(super) struct Lifetime(ArrayVec<[u8; Lifetime::MAX_LEN]>);

impl Lifetime {
    const MAX_LEN: usize =
        "; Max-Age=-9223372036854775808; Expires=Thu, 01 Jan 1970 00:00:00 GMT".len();

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Digit by digit, since the way through the standard library's formatting takes longer than
    /// all else that is done for the attribute.
    fn push_max_age(&mut self, seconds: i64) {
        self.0.extend_from_slice(b"; Max-Age=");
        if seconds < 0 {
            self.0.push(b'-');
        }
        let (mut rest, mut digits, mut len) = (seconds.unsigned_abs(), [b'0'; 20], 0);
        for digit in digits.iter_mut().rev() {
            (*digit, rest, len) = (b'0' + (rest % 10) as u8, rest / 10, len + 1);
            if rest == 0 {
                break;
            }
        }
        self.0.extend_from_slice(slice(&digits, 20 - len..20));
    }
}

impl Write for Lifetime {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.capacity() - self.0.len() < text.len() {
            return Err(fmt::Error);
        }
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_age_has_all_digits_of_its_number() {
        for seconds in [0, 9, 10, 3600, MAX_AGE_LIMIT_SEC, i64::MAX, i64::MIN] {
            let text = lifetime(Some(seconds), 0, CookieEnd::OfSession(None));
            assert_eq!(text.as_bytes(), format!("; Max-Age={seconds}").as_bytes());
        }
    }
}
