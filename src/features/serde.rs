//! Values as Rust's own types, by serde.

use std::io;

use serde::{Deserialize, Serialize};

use crate::buffer::Buffer;
use crate::{Error, Session};

/// Values as Rust's own types, with the feature `serde`.
impl Session {
    /// The value of one top-level key; None where there is none. Strings without escapes can be
    /// borrowed, as `&str`.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// let visits: u64 = session.get("visits")?.unwrap_or_default();
    /// session.insert("visits", visits + 1)?;
    /// assert_eq!(session.data(), r#"{"visits":1}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for a value of another type. serde's own words
    /// may quote it, and are not passed on; [`Error::offset`] says where in it the fault is.
    pub fn get<'a, T: Deserialize<'a>>(&'a self, key: &str) -> Result<Option<T>, Error> {
        self.get_at(&pointer_to(key))
    }

    /// The value that a JSON Pointer names; None where there is none.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set("user", r#"{"name": "ada", "roles": ["editor"]}"#)?;
    /// assert_eq!(session.get_at("/user/name")?, Some("ada"));
    /// assert_eq!(session.get_at("/user/roles")?, Some(vec!["editor"]));
    /// assert_eq!(session.get_at::<u64>("/user/id")?, None);
    /// assert!(session.get_at::<u64>("/user/name").is_err());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::get`].
    pub fn get_at<'a, T: Deserialize<'a>>(&'a self, pointer: &str) -> Result<Option<T>, Error> {
        self.find_json(pointer).map(from_json).transpose()
    }

    /// The whole data.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Default, Deserialize, Serialize)]
    /// #[serde(default)]
    /// struct Visitor {
    ///     name: Option<String>,
    ///     cart: Vec<String>,
    /// }
    ///
    /// let mut session = config.use_session(&Request::new(""))?;
    /// let mut visitor: Visitor = session.data_as()?;
    /// visitor.cart.push("A-1".into());
    /// session.replace_with(&visitor)?;
    /// assert_eq!(session.data(), r#"{"name":null,"cart":["A-1"]}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::get`].
    pub fn data_as<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        from_json(self.data().as_bytes())
    }

    /// Sets one top-level key to a value. After [`Session::clear`] it starts a new session.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.insert("cart", ["A-1", "B-2"])?;
    /// assert_eq!(session.data(), r#"{"cart":["A-1","B-2"]}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::update`]; also [`ErrorKind::Data`](crate::ErrorKind::Data) for a value that
    /// JSON has no words for, such as a map whose keys are no strings.
    pub fn insert(&mut self, key: &str, value: impl Serialize) -> Result<(), Error> {
        self.set(key, to_json(&value)?.as_slice())
    }

    /// Sets the value that a JSON Pointer names, as [`Session::set_at`] does: `-` appends to an
    /// array, and what is missing on the way is made.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// use serde::Serialize;
    ///
    /// #[derive(Serialize)]
    /// struct Item<'a> {
    ///     sku: &'a str,
    ///     count: u32,
    /// }
    ///
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.insert_at("/cart/items/-", Item { sku: "A-1", count: 2 })?;
    /// session.insert_at("/cart/items/0/count", 3)?;
    /// assert_eq!(session.data(), r#"{"cart":{"items":[{"sku":"A-1","count":3}]}}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::insert`] and [`Session::set_at`].
    pub fn insert_at(&mut self, pointer: &str, value: impl Serialize) -> Result<(), Error> {
        self.set_at(pointer, to_json(&value)?.as_slice())
    }

    /// Sets the data to a value, which must be an object to JSON: a struct or a map. What the
    /// struct does not know is lost: see [`Session::insert`] for data that others write, too. After
    /// [`Session::clear`] it starts a new session.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// use std::collections::BTreeMap;
    ///
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.replace_with(BTreeMap::from([("visits", 1)]))?;
    /// assert_eq!(session.data(), r#"{"visits":1}"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::insert`].
    pub fn replace_with(&mut self, value: impl Serialize) -> Result<(), Error> {
        self.replace(to_json(&value)?.as_slice())
    }
}

/// The JSON Pointer of a top-level key.
fn pointer_to(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn from_json<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|error| {
        // There is no line break in it, and columns begin with 1.
        Error::data("the value is not of the type that it was to be read as")
            .at(error.column().saturating_sub(1))
    })
}

fn to_json(value: &impl Serialize) -> Result<Buffer, Error> {
    let mut json = Growing(Buffer::with_room(128)?);
    match serde_json::to_writer(&mut json, value) {
        Ok(()) => Ok(json.0),
        Err(error) if error.is_io() => Err(Error::memory()),
        Err(_) => Err(Error::data("the value cannot be written as JSON")),
    }
}

/// Collects what is written. A buffer that is full is copied into one of twice its size, and wiped.
struct Growing(Buffer);

impl io::Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.capacity() - self.0.len() < bytes.len() {
            let room = (self.0.len() + bytes.len()).saturating_mul(2);
            let mut larger = Buffer::with_room(room).map_err(|_| io::ErrorKind::OutOfMemory)?;
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
