//! Single values of a session's data: by type, by JSON Pointer, and one after the other.

use std::borrow::Cow;
use std::ops::Range;

use super::entries::{Entries, Entry, text_of};
use super::outgoing::Due;
use super::{Outgoing, Session, State};
use crate::Error;
use crate::cookie::Cookies;
use crate::data::value::{self, Number, ValueType};
use crate::json::{self, Container};

/// Reading values.
impl Session {
    /// The type of the value that a JSON Pointer names; None where there is none.
    ///
    /// ```
    /// # use h3s::{Config, Request};
    /// use h3s::ValueType;
    ///
    /// # let password = "correct horse battery staple, and more of it";
    /// # let config = Config::new(h3s::Options::new(password))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_at("/cart/items/-", r#"{"sku":"A-1","count":2}"#)?;
    /// assert_eq!(session.value_type("/cart/items"), Some(ValueType::Array));
    /// assert_eq!(session.value_type("/cart/items/1"), None);
    /// assert_eq!(session.int("/cart/items/0/count"), Some(2));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn value_type(&self, pointer: &str) -> Option<ValueType> {
        value::type_of(self.find_json(pointer)?)
    }

    /// The integer that a JSON Pointer names, however it is written: `100`, `1e2` and `100.0` are
    /// one number. None for anything else: a string of digits, a fraction, what does not fit.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.replace(r#"{"cart": {"count": 1e2}}"#)?;
    /// assert_eq!(session.int("/cart/count"), Some(100));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn int(&self, pointer: &str) -> Option<i64> {
        value::int(self.find_json(pointer)?)
    }

    /// The `true` or `false` that a JSON Pointer names; None for anything else.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_bool("dark", true)?;
    /// assert_eq!(session.bool("/dark"), Some(true));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn bool(&self, pointer: &str) -> Option<bool> {
        value::bool(self.find_json(pointer)?)
    }

    /// The double nearest to the number that a JSON Pointer names; None for anything else, and for
    /// a number so large that it would be infinite.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_double("price", 1.5)?;
    /// assert_eq!(session.double("/price"), Some(1.5));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn double(&self, pointer: &str) -> Option<f64> {
        value::double(self.find_json(pointer)?)
    }

    /// The string that a JSON Pointer names, without its quotes and with its escapes resolved;
    /// None for what is no string, such as `null`. An unpaired surrogate comes as U+FFFD.
    ///
    /// It is borrowed unless it has escapes: then it is a copy, which is not wiped when dropped.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.replace(r#"{"user": {"name": "Zo\u00eb", "since": 42}}"#)?;
    /// assert_eq!(session.text("/user/name").as_deref(), Some("Zoë"));
    /// assert_eq!(session.text("/user/since"), None);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn text(&self, pointer: &str) -> Option<Cow<'_, str>> {
        text_of(json::unquoted(self.find_json(pointer)?)?)
    }

    /// The members of the object, or the elements of the array, that a JSON Pointer names, in
    /// order; nothing of any other value. To read them all costs as much as reading the text once.
    ///
    /// ```
    /// # use h3s::{Config, Request};
    /// # let password = "correct horse battery staple, and more of it";
    /// # let config = Config::new(h3s::Options::new(password))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.replace(r#"{"roles": ["admin", "editor"]}"#)?;
    /// let roles: Vec<_> = session.entries("/roles").map(|role| role.json()).collect();
    /// assert_eq!(roles, [r#""admin""#, r#""editor""#]);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn entries(&self, pointer: &str) -> Entries<'_> {
        Entries {
            data: self.record.data.as_bytes(),
            container: self.container(None, pointer.as_bytes()),
        }
    }

    /// The place in the data of the value that a pointer names, seen from the value at `from`,
    /// else from the whole.
    pub(crate) fn place(&self, from: Option<Range<usize>>, pointer: &[u8]) -> Option<Range<usize>> {
        let data = &self.record.data;
        match from {
            Some(from) => data.place_from(from, pointer),
            None => data.place_of(pointer),
        }
    }

    /// The entries of what a pointer names, seen as by [`Session::place`].
    pub(crate) fn container(
        &self,
        from: Option<Range<usize>>,
        pointer: &[u8],
    ) -> Option<Container> {
        Container::at(
            self.record.data.as_bytes(),
            self.place(from, pointer)?.start,
        )
    }
}

/// The members of the data, as of [`Session::entries`] with the empty pointer.
impl<'a> IntoIterator for &'a Session {
    type Item = Entry<'a>;
    type IntoIter = Entries<'a>;

    fn into_iter(self) -> Entries<'a> {
        self.entries("")
    }
}

/// Writing values.
impl Session {
    /// Sets one top-level key to an integer. After [`Session::clear`] it starts a fresh session.
    /// (JavaScript rounds what is beyond 2^53: write larger ids as text.)
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_int("visits", 1)?;
    /// assert_eq!(session.data(), r#"{"visits":1}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::update`].
    pub fn set_int(&mut self, key: &str, value: i64) -> Result<(), Error> {
        let number = Number::from_int(value).ok_or_else(Error::internal)?;
        self.set(key, number.as_bytes())
    }

    /// Sets one top-level key to `true` or `false`. After [`Session::clear`] it starts a fresh
    /// session.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_bool("dark", true)?;
    /// assert_eq!(session.data(), r#"{"dark":true}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::update`].
    pub fn set_bool(&mut self, key: &str, value: bool) -> Result<(), Error> {
        self.set(key, if value { "true" } else { "false" })
    }

    /// Sets one top-level key to a number, written as JSON.stringify would. After
    /// [`Session::clear`] it starts a fresh session.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_double("price", 1e21)?;
    /// assert_eq!(session.data(), r#"{"price":1e+21}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::update`]; [`ErrorKind::Data`](crate::ErrorKind::Data) for what is infinite or
    /// not a number, which JSON cannot say.
    pub fn set_double(&mut self, key: &str, value: f64) -> Result<(), Error> {
        let number = Number::from_double(value)
            .ok_or_else(|| Error::data("JSON has no number that is infinite or not a number"))?;
        self.set(key, number.as_bytes())
    }

    /// Sets the value that an [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901) JSON Pointer
    /// names to a JSON value. After [`Session::clear`] it starts a fresh session.
    ///
    /// - An existing member or element is replaced. All else stays as it was, byte for byte.
    /// - In an array, `-`, or the index that equals its length, appends.
    /// - What is missing on the way is made: an array where the next token is `-`, else an object.
    /// - The empty pointer names the whole data, as in [`Session::replace`].
    ///
    /// ```
    /// # use h3s::{Config, Request};
    /// # let password = "correct horse battery staple, and more of it";
    /// # let config = Config::new(h3s::Options::new(password))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_at("/cart/items/-", r#""A-1""#)?;
    /// session.set_at("/cart/items/-", r#""B-2""#)?;
    /// assert_eq!(session.data(), r#"{"cart":{"items":["A-1","B-2"]}}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::update`]. [`ErrorKind::Data`](crate::ErrorKind::Data) with the key `pointer`
    /// for a malformed pointer, one through a string, number, bool or null, an index beyond the
    /// array's end, or more than 128 levels.
    pub fn set_at(&mut self, pointer: &str, json: impl AsRef<[u8]>) -> Result<(), Error> {
        let json = json.as_ref();
        // Escapes double a name at most, and an element is at least as long as its index.
        let least = pointer.len() / 2 + json::least_len(json);
        self.write(least, &|data| data.with_at(pointer, json))
    }

    /// Deletes the member or element that a JSON Pointer names, if it is there; elements after it
    /// move up.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.replace(r#"{"cart": ["A-1", "B-2"]}"#)?;
    /// session.remove_at("/cart/0")?;
    /// assert_eq!(session.data(), r#"{"cart":["B-2"]}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::set_at`], and [`ErrorKind::State`](crate::ErrorKind::State) after
    /// [`Session::clear`]. The whole data cannot be removed.
    pub fn remove_at(&mut self, pointer: &str) -> Result<(), Error> {
        self.check_not_cleared()?;
        self.write(0, &|data| data.without_at(pointer))
    }

    /// Makes a session from [`Config::get_session`](crate::Config::get_session) one from
    /// [`Config::use_session`](crate::Config::use_session): if the request had none, there is now
    /// a Set-Cookie for it, unless what the request brought may be valid elsewhere.
    ///
    /// It does nothing to any other session.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.get_session(&Request::new(""))?;
    /// assert!(session.set_cookies()?.is_empty());
    /// session.ensure()?;
    /// assert_eq!(session.set_cookies()?.len(), 1);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) if it has ended since (see
    /// [`Session::set_now`]).
    pub fn ensure(&mut self) -> Result<(), Error> {
        let Some(renewal) = self.origin.due_to_use else {
            return Ok(());
        };
        if self.outgoing.is_due() || self.state == State::Cleared {
            return Ok(());
        }
        self.check_alive()?;
        if !self.config.inner().cookies && self.outgoing.token().is_some() {
            // Without cookies the token is all that there is to take, and it was taken.
            let token = self.outgoing.take_token();
            self.outgoing = Outgoing::Taken {
                token,
                cookies: Cookies::none(),
                due: Due::Session,
            };
            return Ok(());
        }
        self.forget_outputs();
        self.set_due(renewal);
        Ok(())
    }
}
