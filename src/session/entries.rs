//! The members of an object or the elements of an array, one after the other.

use std::borrow::Cow;
use std::fmt;
use std::iter::FusedIterator;

use crate::json::{self, Container, slice};

/// The members of an object, or the elements of an array: see
/// [`Session::entries`](crate::Session::entries).
///
/// ```
/// use h3s::{Config, Entries, Options, Request};
///
/// fn keys(entries: Entries<'_>) -> String {
///     let keys: Vec<_> = entries.filter_map(|entry| entry.key()).collect();
///     keys.join(", ")
/// }
///
/// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
/// let mut session = config.use_session(&Request::new(""))?;
/// session.replace(r#"{"user": "ada", "visits": 2}"#)?;
/// assert_eq!(keys(session.entries("")), "user, visits");
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Entries<'a> {
    pub(super) data: &'a [u8],
    pub(super) container: Option<Container>,
}

/// A member or an element.
///
/// ```
/// # use h3s::{Config, Options, Request};
/// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
/// let mut session = config.use_session(&Request::new(""))?;
/// session.replace(r#"{"user": "ada", "visits": 2}"#)?;
/// for entry in &session {
///     println!("{}: {}", entry.key().unwrap_or_default(), entry.json());
/// }
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// As it is spelled, without its quotes.
    key: Option<&'a [u8]>,
    json: &'a [u8],
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let entry = self.container.as_mut()?.next(self.data)?;
        Some(Entry {
            key: entry.name.map(|key| slice(self.data, key)),
            json: slice(self.data, entry.value),
        })
    }
}

impl FusedIterator for Entries<'_> {}

impl fmt::Debug for Entries<'_> {
    /// Without what the session holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").finish_non_exhaustive()
    }
}

impl<'a> Entry<'a> {
    /// A member's name; None for an element. An unpaired surrogate comes as U+FFFD.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.replace(r#"{"roles": ["editor"]}"#)?;
    /// assert_eq!(session.entries("").next().unwrap().key().as_deref(), Some("roles"));
    /// assert_eq!(session.entries("/roles").next().unwrap().key(), None);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn key(&self) -> Option<Cow<'a, str>> {
        text_of(self.key?)
    }

    /// The value's JSON text.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.replace(r#"{"roles": ["editor"]}"#)?;
    /// assert_eq!(session.entries("").next().unwrap().json(), r#"["editor"]"#);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn json(&self) -> &'a str {
        std::str::from_utf8(self.json).unwrap_or_default()
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}

/// What a string stands for, of which this is what is between its quotes.
pub(super) fn text_of(spelled: &[u8]) -> Option<Cow<'_, str>> {
    if !spelled.contains(&b'\\') {
        return std::str::from_utf8(spelled).ok().map(Cow::Borrowed);
    }
    let text = json::unescape_to_utf8(spelled).ok()?;
    let text = std::str::from_utf8(&text).ok()?;
    Some(Cow::Owned(text.to_owned()))
}
