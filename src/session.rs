//! One request's session: what it holds, what is written to it, and the cookies and tokens that come of it.

use std::fmt;

use crate::buffer::Buffer;
use crate::config::{Config, Inner};
use crate::cookie::{ChunkSet, Cookies};
use crate::data::Data;
use crate::id::Id;
use crate::json;
use crate::open::Twins;
use crate::record::{MAX_AHEAD_MS, Record, Shape};
use crate::request::Source;
use crate::seal::{Format, Opened, h3s1};
use crate::{Error, Rejection, clock, random};

/// One request's session.
///
/// Writes are sealed once, when [`Session::set_cookies`] is called. After any error the session is as it was.
pub struct Session {
    config: Config,
    record: Record,
    now: i64,
    source: Source,
    rejection: Option<Rejection>,
    /// The request's chunks, some of which a write or `clear` will have to delete.
    carried: ChunkSet,
    /// The browser may have a cookie of the session that it did not send: `clear` must not delete
    /// it.
    spares_cookies: bool,
    /// The request carried other sessions as well: `clear` must not leave the field to them.
    twins: Option<Twins>,
    /// In how many cookies it came, 0 where it came in none, and how long its token was.
    came_in: (usize, usize),
    state: State,
    /// What it will be sealed in: today's format once something was written, else the one that it came in, which may be all
    /// that another server can read.
    format: Format,
    /// The response owes cookies: something was written, or a seal on read is due.
    owes: bool,
    /// `set_id` is allowed: new or just rotated, and not sealed since.
    id_is_open: bool,
    /// What was sealed since the last write, with a NUL.
    token: Option<Vec<u8>>,
    cookies: Option<Cookies>,
    /// Unescaped strings that were handed out, by where they stand in the data, so that asking again costs no memory.
    texts: Vec<(usize, Buffer)>,
    log_id: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A token brought it.
    Opened,
    /// This request made it.
    New,
    Cleared,
}

impl Session {
    /// A session that a token brought.
    pub(crate) fn opened(
        config: &Config,
        opened: Opened,
        source: Source,
        now: i64,
        carried: ChunkSet,
    ) -> Session {
        Session {
            config: config.clone(),
            record: opened.record,
            now,
            source,
            rejection: None,
            carried,
            spares_cookies: false,
            twins: None,
            came_in: (0, 0),
            state: if opened.lacked_id {
                State::New
            } else {
                State::Opened
            },
            format: opened.format,
            owes: false,
            id_is_open: opened.lacked_id,
            token: None,
            cookies: None,
            texts: Vec::new(),
            log_id: None,
        }
    }

    /// A new session.
    pub(crate) fn made(config: &Config, now: i64, carried: ChunkSet) -> Result<Session, Error> {
        let made = Opened {
            record: fresh(now)?,
            format: config.inner().format,
            current: true,
            lacked_id: true,
            seen_at_there: now,
        };
        Ok(Session::opened(config, made, Source::None, now, carried))
    }

    pub(crate) fn refused_before(&mut self, reason: Option<Rejection>) {
        self.rejection = reason;
    }

    /// The request came from another site, and carried no cookie of the session.
    pub(crate) fn spare_cookies(&mut self) {
        self.spares_cookies = true;
    }

    /// Other cookies of the request opened, too, or might.
    pub(crate) fn has_twins(&mut self, twins: Twins) {
        self.twins = Some(twins);
    }

    pub(crate) fn came_in(&mut self, cookies: usize, token_len: usize) {
        self.came_in = (cookies, token_len);
    }

    /// A seal is due although nothing was written.
    pub(crate) fn owe_cookies(&mut self, format: Format) {
        self.owes = true;
        self.format = format;
    }
}

/// Reading.
impl Session {
    /// Its id; empty after [`Session::clear`].
    pub fn id(&self) -> &str {
        self.record.id.as_str()
    }

    /// Its data: the text of a JSON object without insignificant white space.
    pub fn data(&self) -> &str {
        self.record.data.as_str()
    }

    /// The value that an [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901) JSON Pointer names, as JSON text.
    pub fn find(&self, pointer: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.record.data.find(pointer.as_ref())
    }

    /// The string that a JSON Pointer names, without its quotes and with its escapes resolved; None
    /// for what is no string, such as `null`. An unpaired surrogate comes as U+FFFD.
    pub fn text(&mut self, pointer: impl AsRef<[u8]>) -> Option<&[u8]> {
        let data = self.record.data.as_bytes();
        let value = self.record.data.find(pointer.as_ref())?;
        let spelt = json::unquoted(value)?;
        if !spelt.contains(&b'\\') {
            return Some(spelt);
        }
        let place = spelt.as_ptr().addr() - data.as_ptr().addr();
        let index = match self.texts.iter().position(|(at, _)| *at == place) {
            Some(index) => index,
            None => {
                let mut text = Buffer::with_room(spelt.len()).ok()?;
                json::decode(spelt, |piece| match piece {
                    // A surrogate: these bytes are no UTF-8.
                    [0xED, second, _] if *second >= 0xA0 => {
                        text.extend_from_slice("\u{FFFD}".as_bytes())
                    }
                    piece => text.extend_from_slice(piece),
                });
                self.texts.try_reserve(1).ok()?;
                self.texts.push((place, text));
                self.texts.len() - 1
            }
        };
        self.texts.get(index).map(|(_, text)| text.as_slice())
    }

    /// When it was made or last rotated, in milliseconds since 1970; 0 after [`Session::clear`].
    pub fn created_at(&self) -> i64 {
        self.record.created_at
    }

    /// When it was last sealed under `idleTimeout`, in milliseconds since 1970: by a write, or by a
    /// read once more than half of it was used.
    pub fn last_seen_at(&self) -> Option<i64> {
        self.record.last_seen_at
    }

    /// When it ends if nothing more comes, by the earliest of its limits, in milliseconds since 1970.
    pub fn expires_at(&self) -> Option<i64> {
        let inner = self.config.inner();
        match self.state {
            State::Cleared => None,
            _ if self.is_dirty() => {
                inner.end_when_sealed(self.format, self.record.created_at, self.now, self.now)
            }
            _ => self.record.end(&inner.limits),
        }
    }

    /// Whether this request made it.
    pub fn is_new(&self) -> bool {
        self.state == State::New
    }

    /// Whether it was cleared, and nothing written since.
    pub fn is_cleared(&self) -> bool {
        self.state == State::Cleared
    }

    /// Whether [`Session::set_cookies`] (or, with `"cookie": false`, [`Session::seal`]) has something to give that was not yet taken.
    pub fn is_dirty(&self) -> bool {
        self.owes && self.cookies.is_none()
    }

    /// Where it came from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Why the request's first candidate was refused, even if another one opened; None if that one
    /// opened. (Where none opened and the first was not looked at: the first of those that were
    /// refused.)
    ///
    /// Candidates are the header's token, unless it is empty, and after it the first four cookies
    /// of the session's name that begin like a token: with `h3s` and a number, `Fe26.` and a
    /// number, or `__chunked__`, or with a percent sign among the first eleven bytes. The same
    /// cookie twice counts once. Where none of the cookies does, and one is not empty, they are one
    /// candidate together, which is malformed.
    pub fn rejection(&self) -> Option<Rejection> {
        self.rejection
    }

    /// A keyed hash of the id, 32 hexadecimal digits, to be written to logs in place of the id; None after [`Session::clear`].
    pub fn log_id(&mut self) -> Option<&str> {
        self.log_id_z()
            .and_then(|text| std::str::from_utf8(text.strip_suffix(b"\0")?).ok())
    }

    pub(crate) fn id_z(&self) -> &[u8] {
        self.record.id.as_z()
    }

    pub(crate) fn data_z(&self) -> &[u8] {
        self.record.data.as_z()
    }

    pub(crate) fn log_id_z(&mut self) -> Option<&[u8]> {
        let id = self.record.id.as_bytes();
        if id.is_empty() {
            return None;
        }
        let keyring = &self.config.inner().keyring;
        Some(
            self.log_id
                .get_or_insert_with(|| keyring.log_id(id) + "\0")
                .as_bytes(),
        )
    }
}

/// Writing.
impl Session {
    /// Merges a JSON object into the data, as `Object.assign` does. After [`Session::clear`] it starts a fresh session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Data`](crate::ErrorKind::Data), [`TooLarge`](crate::ErrorKind::TooLarge), [`Rejected`](crate::ErrorKind::Rejected) if it has ended
    /// since (see [`Session::set_now`]), [`Memory`](crate::ErrorKind::Memory) or [`Random`](crate::ErrorKind::Random). So for all writes.
    pub fn update(&mut self, object: impl AsRef<[u8]>) -> Result<(), Error> {
        let object = object.as_ref();
        self.write(json::least_len_of_any_spelling(object), |data| {
            data.merged(object)
        })
    }

    /// Sets the data to a JSON object. After [`Session::clear`] it starts a fresh session.
    ///
    /// # Errors
    ///
    /// As [`Session::update`].
    pub fn replace(&mut self, object: impl AsRef<[u8]>) -> Result<(), Error> {
        let object = object.as_ref();
        self.write(json::least_len(object), |_| Data::from_json(object))
    }

    /// Sets one top-level key to a JSON value. After [`Session::clear`] it starts a fresh session.
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
        self.check_fits(self.record.shape(), data.len() - place.len() + json.len())?;
        self.record.data.put(place, json);
        self.wrote();
        Ok(())
    }

    /// Sets one top-level key to a string. After [`Session::clear`] it starts a fresh session.
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
    /// As [`Session::update`], and [`ErrorKind::State`](crate::ErrorKind::State) after [`Session::clear`].
    pub fn remove(&mut self, key: impl AsRef<[u8]>) -> Result<(), Error> {
        self.check_not_cleared()?;
        self.write(0, |data| data.without(key.as_ref()))
    }

    /// A new id, `created_at` = now, the same data: what every login must call.
    ///
    /// # Errors
    ///
    /// As [`Session::update`], and [`ErrorKind::State`](crate::ErrorKind::State) after [`Session::clear`].
    pub fn rotate(&mut self) -> Result<(), Error> {
        self.check_not_cleared()?;
        self.check_alive()?;
        let rotated = fresh(self.now)?;
        let shape = Shape {
            extra_len: self.record.extra.len(),
            ..rotated.shape()
        };
        self.check_fits(shape, self.record.data.len())?;
        let Record { data, extra, .. } = std::mem::replace(&mut self.record, rotated);
        (self.record.data, self.record.extra) = (data, extra);
        self.id_is_open = true;
        self.wrote();
        Ok(())
    }

    /// Ends the session: no id, no data, and deleting Set-Cookie values (but see
    /// [`Request::cross_site`](crate::Request::cross_site)). Where the request carried several sessions, a new, empty one takes
    /// its place instead, so that none of the others comes back.
    pub fn clear(&mut self) {
        self.record = Record::empty();
        self.state = State::Cleared;
        self.came_in = (0, 0);
        self.id_is_open = false;
        self.wrote();
        self.owes = !self.spares_cookies;
    }

    /// Gives a new or just rotated session an id of the caller's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for what is no id, [`ErrorKind::State`](crate::ErrorKind::State) if the session is neither new nor just rotated or was
    /// sealed since, [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge).
    pub fn set_id(&mut self, id: impl AsRef<[u8]>) -> Result<(), Error> {
        let id = Id::try_from(id.as_ref())?;
        if !self.id_is_open {
            return Err(Error::state(
                "only a new or just rotated session that was not yet sealed takes an id",
            ));
        }
        let shape = Shape {
            id: &id,
            ..self.record.shape()
        };
        self.check_fits(shape, self.record.data.len())?;
        self.record.id = id;
        self.forget_outputs();
        Ok(())
    }

    /// Moves the session's clock, which otherwise stands at the time the session was opened.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) when the session has ended by then: the clock has moved all the same, and the session can still be read
    /// and cleared. [`ErrorKind::Argument`](crate::ErrorKind::Argument) for what is no time.
    pub fn set_now(&mut self, now_ms: i64) -> Result<(), Error> {
        self.now = clock::check(now_ms)?;
        self.forget_outputs();
        self.check_alive()
    }

    /// Edits the data. `least` is a length that it will have at least, so that what cannot fit is
    /// refused before any work is done on it.
    fn write(
        &mut self,
        least: usize,
        edit: impl FnOnce(&Data) -> Result<Data, Error>,
    ) -> Result<(), Error> {
        if self.state == State::Cleared {
            // A cleared session is over: what is written now belongs to a fresh one, which comes into being only if all goes well.
            let made = fresh(self.now)?;
            self.check_fits(made.shape(), least)?;
            let data = edit(&made.data)?;
            self.check_fits(made.shape(), data.len())?;
            self.record = Record { data, ..made };
            (self.state, self.source, self.id_is_open) = (State::New, Source::None, true);
        } else {
            self.check_alive()?;
            self.check_fits(self.record.shape(), least)?;
            let data = edit(&self.record.data)?;
            self.check_fits(self.record.shape(), data.len())?;
            self.record.data = data;
        }
        self.wrote();
        Ok(())
    }

    fn wrote(&mut self) {
        self.owes = true;
        self.format = self.config.inner().format;
        self.forget_outputs();
    }

    /// Everything that was handed out or sealed belongs to what the session was before.
    fn forget_outputs(&mut self) {
        self.token = None;
        self.cookies = None;
        self.texts.clear();
        self.log_id = None;
    }

    fn check_not_cleared(&self) -> Result<(), Error> {
        match self.state {
            State::Cleared => Err(Error::state(
                "the session was cleared: update, replace or set start a fresh one",
            )),
            _ => Ok(()),
        }
    }

    /// The clock may have moved past the session's end.
    fn check_alive(&self) -> Result<(), Error> {
        match self.state {
            State::Cleared => Ok(()),
            _ => Ok(self
                .record
                .check_alive(&self.config.inner().limits, self.now)?),
        }
    }

    /// Refuses a record that would not fit with data of this length. What has come larger than a
    /// write may make it can still be rotated, and changed within as many cookies.
    fn check_fits(&self, shape: Shape<'_>, data_len: usize) -> Result<(), Error> {
        let inner = self.config.inner();
        let fits = inner.check_fits(inner.format, shape, data_len, self.now);
        fits.or_else(|error| {
            let token_len = inner.token_len(inner.format, shape, data_len, self.now);
            let (cookies, len) = self.came_in;
            let came_larger = inner.attributes.check_fits(len).is_err();
            if inner.cookies && came_larger && inner.attributes.cookies_for(token_len) <= cookies {
                Ok(())
            } else {
                Err(error)
            }
        })
    }
}

/// Sealing.
impl Session {
    /// The Set-Cookie values that the response owes. They are the same until the next write, after which the whole new list takes the place of the
    /// former one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Random`](crate::ErrorKind::Random), [`Memory`](crate::ErrorKind::Memory), or [`Rejected`](crate::ErrorKind::Rejected) if it has ended since
    /// (see [`Session::set_now`]). Nothing was sealed then.
    pub fn set_cookies(&mut self) -> Result<&Cookies, Error> {
        self.set_cookies_if(|_| Ok(()))
    }

    /// As [`Session::set_cookies`], unless they cannot be passed on: the session is then as if they had never been asked for.
    pub(crate) fn set_cookies_if(
        &mut self,
        check: impl FnOnce(&Cookies) -> Result<(), Error>,
    ) -> Result<&Cookies, Error> {
        match &self.cookies {
            Some(cookies) => check(cookies)?,
            None => {
                let cookies = self.or_unsealed(|session| {
                    let cookies = session.make_cookies()?;
                    check(&cookies)?;
                    Ok(cookies)
                })?;
                self.cookies = Some(cookies);
            }
        }
        self.cookies.as_ref().ok_or_else(Error::internal)
    }

    /// The session as a bare token, for a client that sends it back in the session header.
    ///
    /// # Errors
    ///
    /// As [`Session::set_cookies`]; [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) when it is longer than `maxTokenLength`;
    /// [`ErrorKind::State`](crate::ErrorKind::State) after [`Session::clear`].
    pub fn seal(&mut self) -> Result<&str, Error> {
        let token = without_nul(self.seal_z()?);
        std::str::from_utf8(token).map_err(|_| Error::internal())
    }

    pub(crate) fn seal_z(&mut self) -> Result<&[u8], Error> {
        self.check_not_cleared()?;
        self.or_unsealed(|session| {
            let len = without_nul(session.sealed()?).len();
            session.config.inner().check_token_len(len)
        })?;
        if !self.config.inner().cookies {
            // The token is all that there is to take.
            self.cookies = Some(Cookies::default());
        }
        self.token.as_deref().ok_or_else(Error::internal)
    }

    fn make_cookies(&mut self) -> Result<Cookies, Error> {
        if !self.owes || !self.config.inner().cookies {
            return Ok(Cookies::default());
        }
        if self.state == State::Cleared {
            return match self.twins {
                Some(twins) => self.empty_cookies(twins),
                None => self.config.inner().attributes.delete(self.carried),
            };
        }
        self.sealed()?;
        let token = self.token.as_deref().ok_or_else(Error::internal)?;
        let (inner, record) = (self.config.inner(), &self.record);
        let end = inner.limits.end(record.created_at, record.seen_at());
        inner
            .attributes
            .set(without_nul(token), self.now, end, self.carried)
    }

    /// A new, empty session's. Cookies of another path or domain cannot be deleted from here; so that
    /// none of their sessions comes back, one that is newer, and lives as long, has to take their place.
    fn empty_cookies(&self, twins: Twins) -> Result<Cookies, Error> {
        let inner = self.config.inner();
        // Ahead of now only where another one is, or may be, and by less than servers whose clocks are a
        // minute behind refuse. (No session with data is ever sealed ahead: it would outlive a notBefore.)
        let unknown = match twins.some_unknown {
            true => self.now + MAX_AHEAD_MS - 60_000,
            false => self.now,
        };
        let at = unknown.max(twins.seen_at + 1);
        let mut empty = fresh(at)?;
        stamp(inner, self.format, &mut empty, at);
        let token = self.seal_record(&empty, at)?;
        let end = match twins.some_unknown || twins.some_endless {
            true => Some(i64::MAX),
            false => inner.limits.end(at, at).max(twins.end),
        };
        inner
            .attributes
            .set(without_nul(&token), self.now, end, self.carried)
    }

    /// Runs what may seal. If it fails, nothing was sealed.
    fn or_unsealed<T>(
        &mut self,
        body: impl FnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let record = &self.record;
        let before = (record.last_seen_at, record.expires_at, self.id_is_open);
        let was_sealed = self.token.is_some();
        let result = body(self);
        if result.is_err() && !was_sealed {
            self.token = None;
            let record = &mut self.record;
            (record.last_seen_at, record.expires_at, self.id_is_open) = before;
        }
        result
    }

    /// The token of what was written, with a NUL.
    fn sealed(&mut self) -> Result<&[u8], Error> {
        if self.token.is_none() {
            self.seal_anew()?;
        }
        self.token.as_deref().ok_or_else(Error::internal)
    }

    fn seal_anew(&mut self) -> Result<(), Error> {
        self.check_alive()?;
        stamp(self.config.inner(), self.format, &mut self.record, self.now);
        self.token = Some(self.seal_record(&self.record, self.now)?);
        self.id_is_open = false;
        Ok(())
    }

    /// Seals a stamped record, with a NUL after the token.
    fn seal_record(&self, record: &Record, now: i64) -> Result<Vec<u8>, Error> {
        let inner = self.config.inner();
        match (self.format, &inner.fe26) {
            (Format::H3s1, _) => h3s1::seal(&inner.keyring, record, &random::array()?),
            (Format::Fe26(iterations), Some(fe26)) => {
                fe26.seal(&inner.keyring, record, iterations, &inner.limits, now)
            }
            (Format::Fe26(_), None) => Err(Error::internal()),
        }
    }
}

/// Puts into a record what sealing it at a time says of its end.
fn stamp(config: &Inner, format: Format, record: &mut Record, now: i64) {
    if config.limits.idle_timeout.is_some() {
        record.last_seen_at = Some(now);
    }
    let seen_at = record.seen_at();
    record.expires_at = config.end_when_sealed(format, record.created_at, seen_at, now);
}

fn without_nul(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\0").unwrap_or(text)
}

/// A record of a session that begins now.
fn fresh(now: i64) -> Result<Record, Error> {
    Ok(Record {
        id: Id::random()?,
        created_at: now,
        ..Record::empty()
    })
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Session {
            source,
            rejection,
            now,
            ..
        } = self;
        f.debug_struct("Session")
            .field("source", source)
            .field("rejection", rejection)
            .field("now", now)
            .finish_non_exhaustive()
    }
}
