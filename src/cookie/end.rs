//! When a cookie ends, as Set-Cookie says it.

use std::fmt::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use tinyvec::ArrayVec;

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
        let _ = write!(out, "; Max-Age={max_age}");
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
