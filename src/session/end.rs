//! Ending a session.

use super::outgoing::{Due, Outgoing};
use super::{Session, State};
use crate::counts::Count;
use crate::record::Record;

impl Session {
    /// Ends the session: no id, no data, and deleting Set-Cookie values (but see
    /// [`Request::cross_site`](crate::Request::cross_site)). Where the request brought several
    /// sessions, a new, empty one takes its place instead, so that none of the others comes back.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.clear();
    /// assert_eq!((session.id(), session.data()), (None, "{}"));
    /// assert!(session.set_cookies()?.iter().all(|cookie| cookie.starts_with("h3=; Max-Age=0;")));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn clear(&mut self) {
        self.end(Count::Cleared);
    }

    /// As [`Session::clear`], and counts how it ended.
    pub(super) fn end(&mut self, how: Count) {
        self.count_ended(how);
        self.remember_ended();
        self.record = Record::empty();
        self.state = State::Cleared;
        (self.origin.cookies, self.origin.token_len) = (0, 0);
        self.wrote(false);
        // Without cookies there is nothing to delete, and no token that says so.
        if self.origin.spares_cookies || !self.config.inner().cookies {
            self.outgoing = Outgoing::Unsealed {
                due: Due::Nothing,
                id_is_open: false,
            };
        }
    }
}
