//! Single values of a session's data: by type, by JSON Pointer, and one after the other.

use std::borrow::Cow;
use std::ops::Range;

use super::{Outgoing, Session, State};
use crate::Error;
use crate::cookie::Cookies;
use crate::data::value::{self, Number, ValueType};
use crate::json::{self, slice};

/// Reading values.
impl Session {
    /// The type of the value that a JSON Pointer names; None where there is none.
    ///
    /// ```
    /// # use h3s::{Config, Request, ValueType};
    /// # let password = "correct horse battery staple, and more of it";
    /// # let config = Config::new(h3s::Options::new(password))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_at("/cart/items/-", r#"{"sku":"A-1","count":2}"#)?;
    /// assert_eq!(session.value_type("/cart/items"), Some(ValueType::Array));
    /// assert_eq!(session.value_type("/cart/items/1"), None);
    /// assert_eq!(session.int("/cart/items/0/count"), Some(2));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn value_type(&self, pointer: impl AsRef<[u8]>) -> Option<ValueType> {
        value::type_of(self.find(pointer)?)
    }

    /// The integer that a JSON Pointer names, however it is written: `100`, `1e2` and `100.0` are
    /// one number. None for anything else: a string of digits, a fraction, what does not fit.
    pub fn int(&self, pointer: impl AsRef<[u8]>) -> Option<i64> {
        value::int(self.find(pointer)?)
    }

    /// The `true` or `false` that a JSON Pointer names; None for anything else.
    pub fn bool(&self, pointer: impl AsRef<[u8]>) -> Option<bool> {
        value::bool(self.find(pointer)?)
    }

    /// The double nearest to the number that a JSON Pointer names; None for anything else, and for
    /// a number so large that it would be infinite.
    pub fn double(&self, pointer: impl AsRef<[u8]>) -> Option<f64> {
        value::double(self.find(pointer)?)
    }

    /// The string that a JSON Pointer names, without its quotes and with its escapes resolved;
    /// None for what is no string, such as `null`. An unpaired surrogate comes as U+FFFD.
    pub fn text(&mut self, pointer: impl AsRef<[u8]>) -> Option<&[u8]> {
        let place = self.place(None, pointer.as_ref())?;
        self.text_at(place)
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
    /// let roles: Vec<_> = session.iter("/roles").map(|role| role.json()).collect();
    /// assert_eq!(roles, [r#""admin""#, r#""editor""#]);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn iter(&self, pointer: impl AsRef<[u8]>) -> Iter<'_> {
        Iter {
            data: self.record.data.as_bytes(),
            container: self.container(None, pointer.as_ref()),
        }
    }

    /// The place in the data of the value that a pointer names, seen from the value at `from`,
    /// else from the whole.
    pub(crate) fn place(&self, from: Option<Range<usize>>, pointer: &[u8]) -> Option<Range<usize>> {
        let data = &self.record.data;
        data.find_from(from.unwrap_or(0..data.len()), pointer)
    }

    /// The entries of what a pointer names, seen as by [`Session::place`].
    pub(crate) fn container(
        &self,
        from: Option<Range<usize>>,
        pointer: &[u8],
    ) -> Option<Container> {
        Container::at(self.record.data.as_bytes(), self.place(from, pointer)?)
    }

    /// The JSON text at a place.
    pub(crate) fn json_at(&self, place: Range<usize>) -> Option<&[u8]> {
        self.record.data.as_bytes().get(place)
    }

    /// The string at a place, as [`Session::text`] gives it.
    pub(crate) fn text_at(&mut self, place: Range<usize>) -> Option<&[u8]> {
        let spelled = json::unquoted(self.json_at(place.clone())?)?;
        let start = place.start + 1;
        let end = start + spelled.len();
        self.unescaped(start..end).ok()
    }

    /// What the string at a place (without its quotes) stands for. What had to be unescaped is
    /// kept until the next write.
    pub(crate) fn unescaped(&mut self, place: Range<usize>) -> Result<&[u8], Error> {
        let spelled = slice(self.record.data.as_bytes(), place.clone());
        if !spelled.contains(&b'\\') {
            return Ok(spelled);
        }
        let index = match self
            .texts
            .binary_search_by_key(&place.start, |(start, _)| *start)
        {
            Ok(index) => index,
            Err(index) => {
                let text = json::unescape_to_utf8(spelled)?;
                self.texts.try_reserve(1).map_err(|_| Error::memory())?;
                self.texts.insert(index, (place.start, text));
                index
            }
        };
        let (_, text) = self.texts.get(index).ok_or_else(Error::internal)?;
        Ok(text)
    }

    /// What comes next in a container.
    pub(crate) fn next_in(&self, container: &mut Container) -> Option<Place> {
        container.next(self.record.data.as_bytes())
    }
}

/// Writing values.
impl Session {
    /// Sets one top-level key to an integer. After [`Session::clear`] it starts a fresh session.
    ///
    /// # Errors
    ///
    /// As [`Session::update`].
    pub fn set_int(&mut self, key: impl AsRef<[u8]>, value: i64) -> Result<(), Error> {
        let number = Number::from_int(value).ok_or_else(Error::internal)?;
        self.set(key, number.as_bytes())
    }

    /// Sets one top-level key to `true` or `false`. After [`Session::clear`] it starts a fresh
    /// session.
    ///
    /// # Errors
    ///
    /// As [`Session::update`].
    pub fn set_bool(&mut self, key: impl AsRef<[u8]>, value: bool) -> Result<(), Error> {
        self.set(key, if value { "true" } else { "false" })
    }

    /// Sets one top-level key to a number, written as JSON.stringify would. After
    /// [`Session::clear`] it starts a fresh session.
    ///
    /// # Errors
    ///
    /// As [`Session::update`]; [`ErrorKind::Data`](crate::ErrorKind::Data) for what is infinite or
    /// not a number, which JSON cannot say.
    pub fn set_double(&mut self, key: impl AsRef<[u8]>, value: f64) -> Result<(), Error> {
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
    pub fn set_at(
        &mut self,
        pointer: impl AsRef<[u8]>,
        json: impl AsRef<[u8]>,
    ) -> Result<(), Error> {
        let (pointer, json) = (pointer.as_ref(), json.as_ref());
        // Escapes double a name at most, and an element is at least as long as its index.
        let least = pointer.len() / 2 + json::least_len(json);
        self.write(least, |data| data.with_at(pointer, json))
    }

    /// Deletes the member or element that a JSON Pointer names, if it is there; elements after it
    /// move up.
    ///
    /// # Errors
    ///
    /// As [`Session::set_at`], and [`ErrorKind::State`](crate::ErrorKind::State) after
    /// [`Session::clear`]. The whole data cannot be removed.
    pub fn remove_at(&mut self, pointer: impl AsRef<[u8]>) -> Result<(), Error> {
        self.check_not_cleared()?;
        self.write(0, |data| data.without_at(pointer.as_ref()))
    }

    /// Makes a session from [`Config::get_session`](crate::Config::get_session) one from
    /// [`Config::use_session`](crate::Config::use_session): if the request had none, there is now
    /// a Set-Cookie for it, unless what the request brought may be valid elsewhere.
    ///
    /// It does nothing to any other session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) if it has ended since (see
    /// [`Session::set_now`]).
    pub fn ensure(&mut self) -> Result<(), Error> {
        let Some(format) = self.origin.due_to_use else {
            return Ok(());
        };
        if self.outgoing.is_due() || self.state == State::Cleared {
            return Ok(());
        }
        self.check_alive()?;
        if !self.config.inner().cookies && self.outgoing.token().is_some() {
            // Without cookies the token is all that there is to take, and it was taken.
            let token = self.outgoing.take_token();
            let cookies = Cookies::none();
            self.outgoing = Outgoing::Taken { token, cookies };
            return Ok(());
        }
        self.forget_outputs();
        self.set_due(format);
        Ok(())
    }
}

/// The members of an object, or the elements of an array: see [`Session::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    data: &'a [u8],
    container: Option<Container>,
}

/// A member or an element.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// As it is spelled, without its quotes.
    key: Option<&'a [u8]>,
    json: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let place = self.container.as_mut()?.next(self.data)?;
        Some(Entry {
            key: place.key.map(|key| slice(self.data, key)),
            json: slice(self.data, place.value),
        })
    }
}

impl<'a> Entry<'a> {
    /// A member's name; None for an element. An unpaired surrogate comes as U+FFFD.
    pub fn key(&self) -> Option<Cow<'a, str>> {
        let key = self.key?;
        if !key.contains(&b'\\') {
            return std::str::from_utf8(key).ok().map(Cow::Borrowed);
        }
        let text = json::unescape_to_utf8(key).ok()?;
        let text = std::str::from_utf8(&text).ok()?;
        Some(Cow::Owned(text.to_owned()))
    }

    /// The value's JSON text.
    pub fn json(&self) -> &'a str {
        std::str::from_utf8(self.json).unwrap_or_default()
    }
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}

/// What is left of an object or array.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Container {
    /// Where its next entry begins, or where it ends.
    pub(crate) at: usize,
    pub(crate) is_object: bool,
}

/// Where a member or element stands.
pub(crate) struct Place {
    /// A member's name without its quotes.
    pub(crate) key: Option<Range<usize>>,
    pub(crate) value: Range<usize>,
}

impl Container {
    /// The value at a place, if it has entries.
    pub(crate) fn at(data: &[u8], place: Range<usize>) -> Option<Container> {
        let is_object = match data.get(place.start)? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        let at = place.start + 1;
        Some(Container { at, is_object })
    }

    fn next(&mut self, data: &[u8]) -> Option<Place> {
        let (key, value) = json::entry_at(data, self.at, self.is_object)?;
        self.at = value.end + usize::from(data.get(value.end) == Some(&b','));
        Some(Place { key, value })
    }
}
