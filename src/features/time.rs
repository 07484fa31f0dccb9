//! Times as the crate `time` has them.

use time::OffsetDateTime;

use crate::Session;

/// Times, with the feature `time`.
impl Session {
    /// [`Session::created_at`] as a date and time in UTC.
    ///
    /// ```
    /// use h3s::{Config, Options, Request};
    /// use time::OffsetDateTime;
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let session = config.use_session(&Request::new(""))?;
    /// let age = OffsetDateTime::now_utc() - session.created_at_utc().unwrap();
    /// assert!(age < time::Duration::minutes(1));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn created_at_utc(&self) -> Option<OffsetDateTime> {
        utc(self.created_at()?)
    }

    /// [`Session::last_seen_at`] as a date and time in UTC.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let session = config.use_session(&Request::new(""))?;
    /// assert_eq!(session.last_seen_at_utc(), None); // without Options::idle_timeout
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn last_seen_at_utc(&self) -> Option<OffsetDateTime> {
        utc(self.last_seen_at()?)
    }

    /// [`Session::expires_at`] as a date and time in UTC.
    ///
    /// ```
    /// use h3s::{Config, Options, Request};
    /// use std::time::Duration;
    ///
    /// let options = Options::new("correct horse battery staple, and more of it");
    /// let config = Config::new(options.max_age(Duration::from_secs(3_600)))?;
    /// let session = config.use_session(&Request::new(""))?;
    /// let (start, end) = (session.created_at_utc(), session.expires_at_utc());
    /// assert_eq!(end.unwrap() - start.unwrap(), time::Duration::hours(1));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn expires_at_utc(&self) -> Option<OffsetDateTime> {
        utc(self.expires_at()?)
    }
}

fn utc(ms: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()
}
