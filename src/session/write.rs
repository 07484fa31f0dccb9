//! Writing to a session.

use super::outgoing::{Due, Outgoing};
use super::{Session, State};
use crate::counts::Count;
use crate::data::Data;
use crate::id::Id;
use crate::record::Record;
use crate::request::Source;
use crate::seal::{Format, Stamp};
use crate::{Error, clock, json};

impl Session {
    /// Merges a JSON object into the data, as `Object.assign` does. After [`Session::clear`] it
    /// starts a new session.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.update(r#"{"theme": "dark", "visits": 1}"#)?;
    /// session.update(r#"{"visits": 2}"#)?;
    /// assert_eq!(session.data(), r#"{"theme":"dark","visits":2}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for what is no JSON object in UTF-8,
    /// [`TooLarge`](crate::ErrorKind::TooLarge),
    /// [`Rejected`](crate::ErrorKind::Rejected) if it has ended since (see [`Session::set_now`]),
    /// [`State`](crate::ErrorKind::State) if it has a lifetime of its own and would be sealed in
    /// Fe26.2, [`Memory`](crate::ErrorKind::Memory) or [`Random`](crate::ErrorKind::Random). So for
    /// all writes.
    pub fn update(&mut self, object: impl AsRef<[u8]>) -> Result<(), Error> {
        let object = object.as_ref();
        self.write(json::least_len_of_any_spelling(object), &|data| {
            data.merged(object)
        })
    }

    /// Sets the data to a JSON object. After [`Session::clear`] it starts a new session.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.replace(r#"{"theme": "dark"}"#)?;
    /// session.replace(r#"{"visits": 2}"#)?;
    /// assert_eq!(session.data(), r#"{"visits":2}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::update`].
    pub fn replace(&mut self, object: impl AsRef<[u8]>) -> Result<(), Error> {
        let object = object.as_ref();
        self.write(json::least_len(object), &|_| Data::from_json(object))
    }

    /// Sets one top-level key to a JSON value. After [`Session::clear`] it starts a new session.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set("roles", r#"["editor"]"#)?;
    /// assert_eq!(session.data(), r#"{"roles":["editor"]}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::update`].
    pub fn set(&mut self, key: &str, json: impl AsRef<[u8]>) -> Result<(), Error> {
        let json = json.as_ref();
        let data = &self.record.data;
        let Some(place) = data.place(key, json) else {
            let least = key.len() + json::least_len(json);
            return self.write(least, &|data| data.with(key, json));
        };
        self.check_alive()?;
        self.check_fits(&self.stamp(), data.len() - place.len() + json.len())?;
        self.record.data.put(place, json);
        self.wrote(self.outgoing.id_is_open());
        Ok(())
    }

    /// Sets one top-level key to a string. After [`Session::clear`] it starts a new session.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_text("user", "Ada \"the\" 1st")?;
    /// assert_eq!(session.data(), r#"{"user":"Ada \"the\" 1st"}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::update`].
    pub fn set_text(&mut self, key: &str, text: &str) -> Result<(), Error> {
        let least = key.len() + json::quoted_len(text.as_bytes());
        self.write(least, &|data| data.with_text(key, text))
    }

    /// Deletes one top-level key, if it is there.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.replace(r#"{"user": "ada", "visits": 2}"#)?;
    /// session.remove("user")?;
    /// assert_eq!(session.data(), r#"{"visits":2}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::update`], and [`ErrorKind::State`](crate::ErrorKind::State) after
    /// [`Session::clear`].
    pub fn remove(&mut self, key: &str) -> Result<(), Error> {
        self.check_not_cleared()?;
        self.write(0, &|data| data.without(key))
    }

    /// A new id, `created_at` = now, the same data: what every login must call. Where sessions can
    /// be revoked, the former id is: see [`Session::revocation_entries`].
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_text("theme", "dark")?;
    /// let before = session.id().map(str::to_owned);
    /// session.rotate()?;
    /// assert_ne!(session.id(), before.as_deref());
    /// assert_eq!(session.data(), r#"{"theme":"dark"}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::update`], [`ErrorKind::State`](crate::ErrorKind::State) after
    /// [`Session::clear`], [`Rejected`](crate::ErrorKind::Rejected) if it was revoked since it was
    /// opened, and [`Stale`](crate::ErrorKind::Stale) where it may have been, and nothing was
    /// heard.
    pub fn rotate(&mut self) -> Result<(), Error> {
        self.check_not_cleared()?;
        self.check_alive()?;
        self.check_may_rotate()?;
        let rotated = Record {
            lifetime: self.stamp().lifetime,
            ..Record::new(self.now)?
        };
        let stamp = self.stamp_of(&rotated).with_extra(&self.record.extra);
        self.check_fits(&stamp, self.record.data.len())?;
        self.owe_for_rotated()?;
        let Record { data, extra, .. } = std::mem::replace(&mut self.record, rotated);
        (self.record.data, self.record.extra) = (data, extra);
        self.wrote(true);
        self.counters().add(Count::Rotated);
        Ok(())
    }

    /// Gives a new or just rotated session an id of the caller's: 1 to 255 visible ASCII
    /// characters, which must not be guessable if anything is found by it.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_id("0b5c1f6e-of-a-table")?;
    /// assert_eq!(session.id(), Some("0b5c1f6e-of-a-table"));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for what is no id,
    /// [`State`](crate::ErrorKind::State) if the session is neither new nor just rotated or was
    /// sealed since, [`TooLarge`](crate::ErrorKind::TooLarge).
    pub fn set_id(&mut self, id: &str) -> Result<(), Error> {
        self.set_id_of(id.as_bytes())
    }

    /// As [`Session::set_id`].
    pub(crate) fn set_id_of(&mut self, id: &[u8]) -> Result<(), Error> {
        let id = Id::try_from(id)?;
        if !self.config.inner().seals.format().tells_created_at() {
            return Err(Error::state(
                "the format in which sessions are sealed here has no place for an id",
            ));
        }
        if !self.outgoing.id_is_open() {
            return Err(Error::state(
                "only a new or just rotated session that was not yet sealed takes an id",
            ));
        }
        self.check_fits(
            &self.stamp().with_id(id.in_own_place_or(b"")),
            self.record.data.len(),
        )?;
        self.record.id = id;
        self.forget_outputs();
        Ok(())
    }

    /// Moves the session's clock, which otherwise stands at the time the session was opened: for a
    /// connection that outlives a request, such as a WebSocket.
    ///
    /// ```
    /// use std::time::Duration;
    /// use h3s::{Config, ErrorKind, Options, Request};
    ///
    /// let options = Options::new("correct horse battery staple, and more of it");
    /// let config = Config::new(options.max_age(Duration::from_secs(60)))?;
    /// let mut session = config.use_session(&Request::new("").at(1_800_000_000_000))?;
    /// session.set_now(1_800_000_060_000)?;
    /// let error = session.set_now(1_800_000_060_001).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Rejected);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) when the session has ended by then, or
    /// was
    /// revoked since it was opened: the clock has moved all the same, and the session can still be
    /// read and cleared.
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for what is no time.
    pub fn set_now(&mut self, now_ms: i64) -> Result<(), Error> {
        self.now = clock::check(now_ms)?;
        self.forget_outputs();
        self.check_alive()?;
        self.check_not_revoked()
    }

    /// Edits the data. `least` is a length that it will have at least, so that what cannot fit is
    /// refused before any work is done on it.
    pub(super) fn write(
        &mut self,
        least: usize,
        edit: &dyn Fn(&Data) -> Result<Data, Error>,
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
            let data = self.edited(&self.record, least, edit)?;
            self.record.set_data(data)?;
            self.wrote(self.outgoing.id_is_open());
        }
        Ok(())
    }

    fn edited(
        &self,
        record: &Record,
        least: usize,
        edit: &dyn Fn(&Data) -> Result<Data, Error>,
    ) -> Result<Data, Error> {
        let stamp = self.stamp_of(record);
        self.check_fits(&stamp, least)?;
        let data = edit(&record.data)?;
        self.check_fits(&stamp, data.len())?;
        self.config
            .inner()
            .seals
            .check_holds(&stamp, &data, self.now)?;
        Ok(data)
    }

    pub(super) fn wrote(&mut self, id_is_open: bool) {
        self.is_written = true;
        self.format = self.config.inner().seals.format();
        self.outgoing = Outgoing::Unsealed {
            due: Due::Session,
            id_is_open,
        };
        self.forget_texts();
    }

    /// Everything that was handed out or sealed belongs to what the session was before.
    pub(super) fn forget_outputs(&mut self) {
        self.outgoing.take_token();
        self.forget_texts();
    }

    fn forget_texts(&mut self) {
        self.texts.clear();
        self.log_id.take();
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
    pub(super) fn stamp(&self) -> Stamp<'_> {
        self.stamp_of(&self.record)
    }

    fn stamp_of<'a>(&self, record: &'a Record) -> Stamp<'a> {
        let inner = self.config.inner();
        let format = inner.seals.format();
        inner.seals.stamp(format, record, &inner.limits, self.now)
    }

    /// Refuses to seal in a format that is only read.
    pub(super) fn check_written(&self, format: Format) -> Result<(), Error> {
        match format.is_written() {
            true => Ok(()),
            false => Err(Error::state(format!(
                "sessions of {} are only read here: seal.format may be another one, which takes \
                 them over with their next write",
                format.family()
            ))),
        }
    }

    /// Refuses what would not fit with data of this length, or into the format. What has come
    /// larger than a write may make it can still be rotated, and changed within as many cookies.
    pub(super) fn check_fits(&self, stamp: &Stamp<'_>, data_len: usize) -> Result<(), Error> {
        let format = self.config.inner().seals.format();
        self.check_written(format)?;
        if !stamp.is_held() {
            return Err(Error::state(format!(
                "{}, in which sessions are sealed here, has no place for a lifetime of one session",
                format.family()
            )));
        }
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
