//! How long a session lives: by its configuration, and by what was set for it alone.

use std::num::NonZeroU32;
use std::time::Duration;

/// Today's configuration of a session's life, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) max_age: Option<i64>,
    pub(crate) idle_timeout: Option<i64>,
    pub(crate) not_before: Option<i64>,
    /// For how long a token lives, at most, where each ends by itself.
    pub(crate) token_life: Option<i64>,
}

/// How long one session lives: see [`Session::set_lifetime`](crate::Session::set_lifetime).
///
/// ```
/// use std::time::Duration;
/// use h3s::Lifetime;
///
/// let remembered = Lifetime::new();
/// let forgotten = Lifetime::new().max_age(Duration::from_secs(3_600)).ends_with_browser(true);
/// assert_ne!(remembered, forgotten);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Lifetime {
    pub(crate) max_age_sec: Option<NonZeroU32>,
    pub(crate) ends_with_browser: bool,
}

impl Lifetime {
    /// As the options have it for all sessions.
    ///
    /// ```
    /// assert_eq!(h3s::Lifetime::new(), h3s::Lifetime::default());
    /// ```
    pub fn new() -> Lifetime {
        Lifetime::default()
    }

    /// How long it lives from when it was made or last rotated, in place of `maxAge`, where that is
    /// not shorter. Rounded up to whole seconds: 1 at least, 136 years at most.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let an_hour = h3s::Lifetime::new().max_age(Duration::from_secs(3_600));
    /// assert_eq!(an_hour.max_age(None), h3s::Lifetime::new());
    /// ```
    pub fn max_age(self, max_age: impl Into<Option<Duration>>) -> Lifetime {
        let max_age_sec = max_age.into().map(|age| {
            let seconds = u32::try_from(age.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
            NonZeroU32::new(seconds).unwrap_or(NonZeroU32::MIN)
        });
        Lifetime {
            max_age_sec,
            ..self
        }
    }

    /// Whether its cookie has no end of its own, so that the browser forgets it when it is closed.
    ///
    /// ```
    /// let until_closed = h3s::Lifetime::new().ends_with_browser(true);
    /// assert_eq!(until_closed.ends_with_browser(false), h3s::Lifetime::new());
    /// ```
    pub fn ends_with_browser(self, ends_with_browser: bool) -> Lifetime {
        Lifetime {
            ends_with_browser,
            ..self
        }
    }
}

impl Limits {
    /// The limits of a session that has this lifetime.
    pub(crate) fn of(&self, lifetime: Lifetime) -> Limits {
        let own = lifetime.max_age_sec;
        Limits {
            max_age: earlier(self.max_age, own.map(|sec| i64::from(sec.get()) * 1000)),
            ..*self
        }
    }

    /// When a session that was made and last seen at these times ends: the earlier of the two
    /// limits.
    pub(crate) fn end(&self, created_at: i64, seen_at: i64) -> Option<i64> {
        earlier(self.max_age_end(created_at), self.idle_end(seen_at))
    }

    /// For how long at most, from now, a session that lives now may live on; None: for ever. Under
    /// `idleTimeout` alone that is until a server that has not heard of its end lets it slide a
    /// last time, which is to hear of it within as long.
    pub(crate) fn longest(&self) -> Option<i64> {
        let idle = self.idle_timeout.map(|idle| idle * 2);
        self.max_age.or(idle).or(self.token_life)
    }

    pub(crate) fn max_age_end(&self, created_at: i64) -> Option<i64> {
        self.max_age.map(|max_age| created_at + max_age)
    }

    pub(crate) fn idle_end(&self, seen_at: i64) -> Option<i64> {
        self.idle_timeout.map(|idle| seen_at + idle)
    }
}

pub(crate) fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
