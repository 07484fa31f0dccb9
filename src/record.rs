//! What is sealed: a session's id, times and data; and whether it has ended.

use std::num::NonZeroU32;

use crate::buffer::Buffer;
use crate::clock::MAX_AHEAD_MS;
use crate::data::Data;
use crate::id::{Id, IdRef};
use crate::limits::{Lifetime, Limits, earlier};
use crate::{Error, Rejection};

/// A session as it travels. Times are milliseconds since 1970.
pub(crate) struct Record {
    /// It may stand in the buffer of the data, which is replaced by [`Record::set_data`].
    pub(crate) id: Id,
    pub(crate) created_at: i64,
    pub(crate) last_seen_at: Option<i64>,
    /// The end that was written into the token when it was sealed.
    pub(crate) expires_at: Option<i64>,
    /// That end is its framework's own, and not one of today's options.
    pub(crate) has_own_end: bool,
    /// Its own, where it has one.
    pub(crate) lifetime: Lifetime,
    pub(crate) data: Data,
    /// Members of a Fe26.2 payload that this library does not know, as JSON text with a comma
    /// before each. They are kept when the session is sealed in that format again.
    pub(crate) extra: Buffer,
}

impl Record {
    /// A session without data that begins now.
    pub(crate) fn new(now: i64) -> Result<Record, Error> {
        Ok(Record {
            id: Id::random()?,
            created_at: now,
            ..Record::empty()
        })
    }

    /// What is left of a cleared session.
    pub(crate) fn empty() -> Record {
        Record {
            id: Id::none(),
            created_at: 0,
            last_seen_at: None,
            expires_at: None,
            has_own_end: false,
            lifetime: Lifetime::default(),
            data: Data::empty(),
            extra: Buffer::default(),
        }
    }

    pub(crate) fn id(&self) -> IdRef<'_> {
        self.id.in_own_place_or(self.data.buffer())
    }

    /// What an entry says of it when it is revoked: its id and when it was made.
    pub(crate) fn id_alone(&self) -> Result<Record, Error> {
        let id = Id::from_text(self.id().as_bytes())?;
        Ok(Record {
            id: id.ok_or_else(Error::internal)?,
            created_at: self.created_at,
            ..Record::empty()
        })
    }

    /// Other data under the same id. After an error it is as it was.
    pub(crate) fn set_data(&mut self, data: Data) -> Result<(), Error> {
        if let Some(id) = self.id.apart_from(self.data.buffer())? {
            self.id = id;
        }
        self.data = data;
        Ok(())
    }

    /// Whether it is further ahead than clocks differ.
    pub(crate) fn is_from_the_future(&self, now: i64) -> bool {
        self.created_at.max(self.seen_at()) > now + MAX_AHEAD_MS
    }

    /// Takes times that are ahead for now. Else the session would outlive, by a new seal, a
    /// `notBefore` that was set for its sake.
    pub(crate) fn bring_back_to(&mut self, now: i64) {
        self.created_at = self.created_at.min(now);
        self.last_seen_at = self.last_seen_at.map(|time| time.min(now));
    }

    /// Refuses a session that has ended.
    pub(crate) fn check(&self, limits: &Limits, now: i64) -> Result<(), Rejection> {
        if limits
            .not_before
            .is_some_and(|not_before| self.created_at < not_before)
        {
            return Err(Rejection::Revoked);
        }
        self.check_alive(limits, now)
    }

    /// Whether the session still lives: it does at the very moment of its limits.
    #[inline]
    pub(crate) fn check_alive(&self, limits: &Limits, now: i64) -> Result<(), Rejection> {
        let limits = limits.of(self.lifetime);
        let after = |end: Option<i64>| end.is_some_and(|end| now > end);
        if after(limits.max_age_end(self.created_at)) {
            Err(Rejection::Expired)
        } else if after(limits.idle_end(self.seen_at())) {
            Err(Rejection::Idle)
        } else if after(self.expires_at) {
            Err(Rejection::Expired)
        } else {
            Ok(())
        }
    }

    /// When its framework ends it.
    pub(crate) fn own_end(&self) -> Option<i64> {
        self.expires_at.filter(|_| self.has_own_end)
    }

    /// Its lifetime in a format that has a place for it: where nothing else ends the session, up to
    /// its framework's end.
    pub(crate) fn lifetime_under(&self, limits: &Limits) -> Lifetime {
        match self.own_end() {
            Some(end) if limits.of(self.lifetime).max_age.is_none() => {
                let left = (end - self.created_at) / 1000;
                Lifetime {
                    max_age_sec: NonZeroU32::new(left.clamp(1, u32::MAX.into()) as u32),
                    ..self.lifetime
                }
            }
            _ => self.lifetime,
        }
    }

    /// When the session ends by today's limits or by what was written into its token.
    pub(crate) fn end(&self, limits: &Limits) -> Option<i64> {
        let limits = limits.of(self.lifetime);
        earlier(limits.end(self.created_at, self.seen_at()), self.expires_at)
    }

    /// Whether more than half of the idle window is used.
    pub(crate) fn slides(&self, limits: &Limits, now: i64) -> bool {
        limits
            .idle_timeout
            .is_some_and(|idle| (now - self.seen_at()) * 2 > idle)
    }

    pub(crate) fn seen_at(&self) -> i64 {
        self.last_seen_at.unwrap_or(self.created_at)
    }
}
