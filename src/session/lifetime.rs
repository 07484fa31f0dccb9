//! How long one session lives.

use super::outgoing::Due;
use super::{Session, State};
use crate::limits::{Lifetime, earlier};
use crate::{Error, Rejection};

impl Session {
    /// When it ends if nothing more comes, by the earliest of its limits, in milliseconds since
    /// 1970; None where it has no end, and after [`Session::clear`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use h3s::{Config, Options, Request};
    ///
    /// let options = Options::new("correct horse battery staple, and more of it");
    /// let config = Config::new(options.max_age(Duration::from_secs(60)))?;
    /// let session = config.use_session(&Request::new("").at(1_800_000_000_000))?;
    /// assert_eq!(session.expires_at(), Some(1_800_000_060_000));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        let (inner, record) = (self.config.inner(), &self.record);
        let limits = &inner.limits;
        let seen_now = || limits.idle_end(self.now);
        match self.outgoing.due() {
            _ if self.state == State::Cleared => None,
            Due::Session => {
                let stamp = inner.seals.stamp(self.format, record, limits, self.now);
                earlier(seen_now(), stamp.expires_at)
            }
            Due::Seen => {
                let of_this = limits.of(record.lifetime);
                let end = earlier(of_this.max_age_end(record.created_at), record.expires_at);
                earlier(seen_now(), end)
            }
            Due::Nothing => record.end(limits),
        }
    }

    /// Whether all that it has to give says when it was seen.
    #[cfg(feature = "capi")]
    pub(crate) fn only_slides(&self) -> bool {
        self.outgoing.due() == Due::Seen && self.is_dirty()
    }

    /// The lifetime that was set for this session alone.
    ///
    /// ```
    /// use h3s::{Config, Lifetime, Options, Request};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let session = config.use_session(&Request::new(""))?;
    /// assert_eq!(session.lifetime(), Lifetime::new());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn lifetime(&self) -> Lifetime {
        self.record.lifetime
    }

    /// Gives this session a lifetime of its own, such as a login without "remember me" has. It is
    /// sealed in the token, so every server keeps to it, and it stays when the session is written
    /// to, rotated, seen again or sealed with another password. It is never longer than `maxAge`,
    /// and [`Session::clear`] ends it with all else.
    ///
    /// ```
    /// use std::time::Duration;
    /// use h3s::{Config, Lifetime, Options, Request};
    ///
    /// let options = Options::new("correct horse battery staple, and more of it");
    /// let config = Config::new(options.max_age(Duration::from_secs(30 * 86_400)))?;
    /// let mut session = config.use_session(&Request::new("").at(1_800_000_000_000))?;
    /// let an_hour = Lifetime::new().max_age(Duration::from_secs(3_600));
    /// session.set_lifetime(an_hour.ends_with_browser(true))?;
    /// assert_eq!(session.expires_at(), Some(1_800_003_600_000));
    /// let cookies = session.set_cookies()?;
    /// assert!(!cookies.iter().next().unwrap().contains("Max-Age"));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::State`](crate::ErrorKind::State) where sessions are sealed in Fe26.2, which has
    /// no place for it, and after [`Session::clear`];
    /// [`Rejected`](crate::ErrorKind::Rejected) if the session would have ended already; otherwise
    /// as [`Session::update`].
    pub fn set_lifetime(&mut self, lifetime: Lifetime) -> Result<(), Error> {
        self.check_not_cleared()?;
        self.check_alive()?;
        let limits = self.config.inner().limits.of(lifetime);
        let created_at = self.record.created_at;
        if limits
            .max_age_end(created_at)
            .is_some_and(|end| self.now > end)
        {
            return Err(Rejection::Expired.into());
        }
        let stamp = self.stamp().with_lifetime(lifetime);
        self.check_fits(&stamp, self.record.data.len())?;
        self.record.lifetime = lifetime;
        self.wrote(self.outgoing.id_is_open());
        Ok(())
    }
}
