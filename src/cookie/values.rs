//! Set-Cookie values, as a caller gets them.

use std::fmt;
use std::ops::Range;

use tinyvec::{ArrayVec, TinyVec};

use crate::Error;
use crate::json::slice;

/// The Set-Cookie values of a response, each of which is a header line of its own.
///
/// ```
/// use h3s::{Config, Options, Request};
///
/// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
/// let mut session = config.use_session(&Request::new(""))?;
/// for value in session.set_cookies()? {
///     assert!(value.starts_with("h3=h3s1."));
/// }
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Cookies {
    /// The values, each followed by a NUL.
    text: Vec<u8>,
    /// The end of each value, its NUL included.
    ends: TinyVec<[usize; 4]>,
}

impl fmt::Debug for Cookies {
    /// How many there are; whoever has one has the session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookies")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The values of [`Cookies`], one after the other.
///
/// ```
/// # use h3s::{Config, Options, Request};
/// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
/// let mut session = config.use_session(&Request::new(""))?;
/// let mut values: h3s::CookiesIter<'_> = session.set_cookies()?.iter();
/// assert_eq!(values.len(), 1);
/// assert!(values.next().unwrap().contains("; HttpOnly; Secure"));
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct CookiesIter<'a> {
    text: &'a [u8],
    start: usize,
    ends: std::slice::Iter<'a, usize>,
}

impl<'a> CookiesIter<'a> {
    /// The next value, with its NUL.
    fn next_z(&mut self) -> Option<&'a [u8]> {
        let end = *self.ends.next()?;
        let start = std::mem::replace(&mut self.start, end);
        Some(slice(self.text, start..end))
    }
}

impl<'a> Iterator for CookiesIter<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let value = self.next_z()?;
        let value = value.strip_suffix(b"\0").unwrap_or(value);
        Some(std::str::from_utf8(value).unwrap_or_default())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ends.size_hint()
    }
}

impl ExactSizeIterator for CookiesIter<'_> {}

impl fmt::Debug for CookiesIter<'_> {
    /// As of [`Cookies`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookiesIter")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl<'a> IntoIterator for &'a Cookies {
    type Item = &'a str;
    type IntoIter = CookiesIter<'a>;

    fn into_iter(self) -> CookiesIter<'a> {
        self.iter()
    }
}

impl Cookies {
    /// The values.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// let lines = session.set_cookies()?.iter().map(|value| format!("Set-Cookie: {value}"));
    /// assert_eq!(lines.count(), 1);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn iter(&self) -> CookiesIter<'_> {
        CookiesIter {
            text: &self.text,
            start: 0,
            ends: self.ends.iter(),
        }
    }

    /// How many there are.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// assert_eq!(config.use_session(&Request::new(""))?.set_cookies()?.len(), 1);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// assert!(config.get_session(&Request::new(""))?.set_cookies()?.is_empty());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The values, each with its NUL.
    #[cfg(feature = "capi")]
    pub(crate) fn iter_z(&self) -> impl Iterator<Item = &[u8]> {
        let mut values = self.iter();
        std::iter::from_fn(move || values.next_z())
    }

    /// A part of all text.
    pub(crate) fn text(&self, place: Range<usize>) -> &[u8] {
        slice(&self.text, place)
    }

    pub(crate) const fn none() -> Cookies {
        Cookies {
            text: Vec::new(),
            ends: TinyVec::Inline(ArrayVec::from_array_empty([0; 4])),
        }
    }

    /// One value, with its NUL.
    pub(super) fn one(text: Vec<u8>) -> Cookies {
        let mut ends = TinyVec::new();
        ends.push(text.len());
        Cookies { text, ends }
    }

    pub(super) fn with_room(len: usize) -> Result<Cookies, Error> {
        let mut cookies = Cookies::default();
        cookies
            .text
            .try_reserve_exact(len)
            .map_err(|_| Error::memory())?;
        Ok(cookies)
    }

    /// One value, of so many pieces.
    pub(super) fn push(&mut self, pieces: &[&[u8]]) -> Result<(), Error> {
        let len = pieces.iter().map(|piece| piece.len()).sum::<usize>() + 1;
        let room = self.text.try_reserve(len);
        room.and_then(|()| self.ends.try_reserve(1))
            .map_err(|_| Error::memory())?;
        pieces
            .iter()
            .for_each(|piece| self.text.extend_from_slice(piece));
        self.text.push(0);
        self.ends.push(self.text.len());
        Ok(())
    }
}
