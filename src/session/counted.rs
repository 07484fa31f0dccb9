//! What is counted of a session.

use super::outgoing::Due;
use super::{Session, State};
use crate::counts::{Count, Counters};

impl Session {
    /// Counts a session that ends now, unless it already has.
    pub(super) fn count_ended(&self, how: Count) {
        if self.state != State::Cleared {
            self.counters().add(how);
        }
    }

    /// Counts Set-Cookie values that were just made of what was due. Those that a write has made
    /// due say nothing of the read.
    pub(super) fn count_due(&self, due: Due) {
        let is_read = self.state == State::Opened && !self.is_written;
        match due {
            Due::Seen => self.counters().add(Count::Slid),
            Due::Session if is_read => self.counters().add(if self.format != self.came_in {
                Count::MovedFormat
            } else if self.origin.position != 0 {
                Count::MovedPassword
            } else {
                Count::Slid
            }),
            Due::Session | Due::Nothing => {}
        }
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.config.inner().counters
    }
}
