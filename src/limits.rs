//! How long a session lives by its configuration.

/// Today's configuration of a session's life, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) max_age: Option<i64>,
    pub(crate) idle_timeout: Option<i64>,
    pub(crate) not_before: Option<i64>,
}

impl Limits {
    /// When a session that was made and last seen at these times ends: the earlier of the two
    /// limits.
    pub(crate) fn end(&self, created_at: i64, seen_at: i64) -> Option<i64> {
        earlier(self.max_age_end(created_at), self.idle_end(seen_at))
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
