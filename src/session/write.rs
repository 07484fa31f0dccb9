//! Writing to a session.

use super::outgoing::Outgoing;
use super::{Session, State};
use crate::data::Data;
use crate::id::Id;
use crate::record::Record;
use crate::request::Source;
use crate::seal::Stamp;
use crate::{Error, clock, json};

impl Session {
    /// Merges a JSON object into the data, as `Object.assign` does. After [`Session::clear`] it
    /// starts a new session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Data`](crate::ErrorKind::Data), [`TooLarge`](crate::ErrorKind::TooLarge),
    /// [`Rejected`](crate::ErrorKind::Rejected) if it has ended since (see [`Session::set_now`]),
    /// [`Memory`](crate::ErrorKind::Memory) or [`Random`](crate::ErrorKind::Random). So for all
    /// writes.
    pub fn update(&mut self, object: impl AsRef<[u8]>) -> Result<(), Error> {
        let object = object.as_ref();
        self.write(json::least_len_of_any_spelling(object), |data| {
            data.merged(object)
        })
    }

    /// Sets the data to a JSON object. After [`Session::clear`] it starts a new session.
    ///
    /// # Errors
    ///
    /// As [`Session::update`].
    pub fn replace(&mut self, object: impl AsRef<[u8]>) -> Result<(), Error> {
        let object = object.as_ref();
        self.write(json::least_len(object), |_| Data::from_json(object))
    }

    /// Sets one top-level key to a JSON value. After [`Session::clear`] it starts a new session.
    ///
    /// # Errors
    ///
    /// As [`Session::update`].
    pub fn set(&mut self, key: impl AsRef<[u8]>, json: impl AsRef<[u8]>) -> Result<(), Error> {
        let (key, json) = (key.as_ref(), json.as_ref());
        let data = &self.record.data;
        let Some(place) = data.place(key, json) else {
            let least = key.len() + json::least_len(json);
            return self.write(least, |data| data.with(key, json));
        };
        self.check_alive()?;
        self.check_fits(&self.stamp(), data.len() - place.len() + json.len())?;
        self.record.data.put(place, json);
        self.wrote(self.outgoing.id_is_open());
        Ok(())
    }

    /// Sets one top-level key to a string. After [`Session::clear`] it starts a new session.
    ///
    /// # Errors
    ///
    /// As [`Session::update`].
    pub fn set_text(&mut self, key: impl AsRef<[u8]>, text: impl AsRef<[u8]>) -> Result<(), Error> {
        let (key, text) = (key.as_ref(), text.as_ref());
        let least = key.len() + json::quoted_len(text);
        self.write(least, |data| data.with_text(key, text))
    }

    /// Deletes one top-level key, if it is there.
    ///
    /// # Errors
    ///
    /// As [`Session::update`], and [`ErrorKind::State`](crate::ErrorKind::State) after
    /// [`Session::clear`].
    pub fn remove(&mut self, key: impl AsRef<[u8]>) -> Result<(), Error> {
        self.check_not_cleared()?;
        self.write(0, |data| data.without(key.as_ref()))
    }

    /// A new id, `created_at` = now, the same data: what every login must call.
    ///
    /// # Errors
    ///
    /// As [`Session::update`], and [`ErrorKind::State`](crate::ErrorKind::State) after
    /// [`Session::clear`].
    pub fn rotate(&mut self) -> Result<(), Error> {
        self.check_not_cleared()?;
        self.check_alive()?;
        let rotated = Record::new(self.now)?;
        let stamp = self.stamp_of(&rotated).with_extra(&self.record.extra);
        self.check_fits(&stamp, self.record.data.len())?;
        let Record { data, extra, .. } = std::mem::replace(&mut self.record, rotated);
        (self.record.data, self.record.extra) = (data, extra);
        self.wrote(true);
        Ok(())
    }

    /// Ends the session: no id, no data, and deleting Set-Cookie values (but see
    /// [`Request::cross_site`](crate::Request::cross_site)). Where the request carried several
    /// sessions, a new, empty one takes its place instead, so that none of the others comes back.
    pub fn clear(&mut self) {
        self.record = Record::empty();
        self.state = State::Cleared;
        (self.origin.cookies, self.origin.token_len) = (0, 0);
        self.wrote(false);
        // Without cookies there is nothing to delete, and no token that says so.
        if self.origin.spares_cookies || !self.config.inner().cookies {
            self.outgoing = Outgoing::Unsealed {
                is_due: false,
                id_is_open: false,
            };
        }
    }

    /// Gives a new or just rotated session an id of the caller's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for what is no id,
    /// [`State`](crate::ErrorKind::State) if the session is neither new nor just rotated or was
    /// sealed since, [`TooLarge`](crate::ErrorKind::TooLarge).
    pub fn set_id(&mut self, id: impl AsRef<[u8]>) -> Result<(), Error> {
        let id = Id::try_from(id.as_ref())?;
        if !self.outgoing.id_is_open() {
            return Err(Error::state(
                "only a new or just rotated session that was not yet sealed takes an id",
            ));
        }
        self.check_fits(&self.stamp().with_id(&id), self.record.data.len())?;
        self.record.id = id;
        self.forget_outputs();
        Ok(())
    }

    /// Moves the session's clock, which otherwise stands at the time the session was opened.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) when the session has ended by then: the
    /// clock has moved all the same, and the session can still be read and cleared.
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for what is no time.
    pub fn set_now(&mut self, now_ms: i64) -> Result<(), Error> {
        self.now = clock::check(now_ms)?;
        self.forget_outputs();
        self.check_alive()
    }

    /// Edits the data. `least` is a length that it will have at least, so that what cannot fit is
    /// refused before any work is done on it.
    pub(super) fn write(
        &mut self,
        least: usize,
        edit: impl FnOnce(&Data) -> Result<Data, Error>,
    ) -> Result<(), Error> {
        if self.state == State::Cleared {
            // A cleared session is over: what is written now belongs to a new one, which comes into
            // being only if all goes well.
            let made = Record::new(self.now)?;
            let data = self.edited(&made, least, edit)?;
            self.record = Record { data, ..made };
            (self.state, self.origin.source) = (State::New, Source::None);
            self.wrote(true);
        } else {
            self.check_alive()?;
            self.record.data = self.edited(&self.record, least, edit)?;
            self.wrote(self.outgoing.id_is_open());
        }
        Ok(())
    }

    fn edited(
        &self,
        record: &Record,
        least: usize,
        edit: impl FnOnce(&Data) -> Result<Data, Error>,
    ) -> Result<Data, Error> {
        let stamp = self.stamp_of(record);
        self.check_fits(&stamp, least)?;
        let data = edit(&record.data)?;
        self.check_fits(&stamp, data.len())?;
        Ok(data)
    }

    fn wrote(&mut self, id_is_open: bool) {
        self.format = self.config.inner().seals.format();
        self.outgoing = Outgoing::Unsealed {
            is_due: true,
            id_is_open,
        };
        self.forget_outputs();
    }

    /// Everything that was handed out or sealed belongs to what the session was before.
    pub(super) fn forget_outputs(&mut self) {
        self.outgoing.take_token();
        self.texts.clear();
        self.log_id = None;
    }

    pub(super) fn check_not_cleared(&self) -> Result<(), Error> {
        match self.state {
            State::Cleared => Err(Error::state(
                "the session was cleared: update, replace or set start a fresh one",
            )),
            _ => Ok(()),
        }
    }

    /// The clock may have moved past the session's end.
    pub(super) fn check_alive(&self) -> Result<(), Error> {
        match self.state {
            State::Cleared => Ok(()),
            _ => Ok(self
                .record
                .check_alive(&self.config.inner().limits, self.now)?),
        }
    }

    /// What the next seal after a write would say.
    fn stamp(&self) -> Stamp<'_> {
        self.stamp_of(&self.record)
    }

    fn stamp_of<'a>(&self, record: &'a Record) -> Stamp<'a> {
        let inner = self.config.inner();
        let format = inner.seals.format();
        inner.seals.stamp(format, record, &inner.limits, self.now)
    }

    /// Refuses what would not fit with data of this length. What has come larger than a write may
    /// make it can still be rotated, and changed within as many cookies.
    fn check_fits(&self, stamp: &Stamp<'_>, data_len: usize) -> Result<(), Error> {
        let inner = self.config.inner();
        let token_len = inner.seals.token_len(stamp, data_len);
        inner.check_fits(token_len).or_else(|error| {
            let attributes = &inner.attributes;
            let came_larger = attributes.check_fits(self.origin.token_len).is_err();
            let cookies = attributes.cookies_for(token_len);
            if inner.cookies && came_larger && cookies <= self.origin.cookies {
                Ok(())
            } else {
                Err(error)
            }
        })
    }
}
