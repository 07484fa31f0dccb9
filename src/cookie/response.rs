//! Set-Cookie values out: a token in one cookie or in chunks, and the deletion of both.

use std::fmt;

use tinyvec::{ArrayVec, TinyVec};

use super::chunks::{CHUNKED, Received, SEEN};
use super::end::{CookieEnd, lifetime};
use crate::Error;
use crate::json::slice;

/// The longest line of a header that nginx, Apache and gunicorn take unless they are told
/// otherwise.
const MAX_LINE_LEN: usize = 8190;

/// No value, and a life that is over by both ways of saying so.
const DELETED: &[u8] = b"=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/// How the session's cookies are set: checked options.
#[derive(Debug)]
pub(crate) struct Attributes {
    pub(crate) name: String,
    /// What is the same in every Set-Cookie: `; Path=/; HttpOnly; Secure; SameSite=Lax`.
    pub(crate) fixed: String,
    /// Replaces the computed Max-Age, in seconds.
    pub(crate) max_age: Option<i64>,
    pub(crate) chunk_max_len: usize,
    /// How many a write may make.
    pub(crate) max_chunks: usize,
    /// How long the value of the cookie is in which sessions slide beside their tokens; 0 where
    /// none does.
    pub(crate) seen_len: usize,
    /// They also fit together into a header line that servers take.
    pub(crate) fits_servers: bool,
}

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

impl Attributes {
    /// How many cookies a token of this length takes, not counting the one that says so.
    pub(crate) fn cookies_for(&self, token_len: usize) -> usize {
        token_len.div_ceil(self.chunk_max_len).max(1)
    }

    /// Refuses a token of this length, which a write would make.
    pub(crate) fn check_fits(&self, token_len: usize) -> Result<(), Error> {
        let (most, each) = (self.max_chunks, self.chunk_max_len);
        if self.cookies_for(token_len) > most {
            return Err(Error::too_large(format!(
                "the session would take {token_len} characters or more; {most} cookie(s) of {each} hold {}: see cookie.maxChunks",
                most * each
            )));
        }
        let line_len = self.line_len(token_len);
        if self.fits_servers && line_len > MAX_LINE_LEN {
            return Err(Error::too_large(format!(
                "the session would take a Cookie header of {line_len} bytes or more, and many servers take {MAX_LINE_LEN}: set cookie.maxChunks if yours take more"
            )));
        }
        Ok(())
    }

    /// How long a header line with no cookies but these is.
    fn line_len(&self, token_len: usize) -> usize {
        let chunks = match self.cookies_for(token_len) {
            1 => 0,
            chunks => chunks * (self.name.len() + "; .1=".len()) + "__chunked__1".len(),
        };
        let seen = match self.seen_len {
            0 => 0,
            len => "; ".len() + self.name.len() + SEEN.len() + "=".len() + len,
        };
        "Cookie: ".len() + self.name.len() + "=".len() + chunks + token_len + seen + "\r\n".len()
    }

    /// Sets a token, and deletes those chunks of a former one that it does not replace.
    pub(crate) fn set(
        &self,
        token: &[u8],
        now: i64,
        end: CookieEnd,
        received: Received,
    ) -> Result<Cookies, Error> {
        let lifetime = lifetime(self.max_age, now, end);
        let (name, lifetime, fixed) = (
            self.name.as_bytes(),
            lifetime.as_bytes(),
            self.fixed.as_bytes(),
        );
        let chunks = match self.cookies_for(token.len()) {
            1 => 0,
            chunks => chunks,
        };
        // No cookie has all of this, so that there is a place for its NUL.
        let each = name.len() + ".100=__chunked__100".len() + lifetime.len() + fixed.len();
        let mut cookies = Cookies::with_room(token.len() + (chunks + 1) * each)?;
        for stale in received.chunks_beyond(chunks) {
            cookies.push(&[name, suffix(stale).as_bytes(), DELETED, fixed])?;
        }
        if chunks == 0 {
            cookies.push(&[name, b"=", token, lifetime, fixed])?;
        } else {
            let count = chunks.to_string();
            cookies.push(&[name, b"=", CHUNKED, count.as_bytes(), lifetime, fixed])?;
            for (number, chunk) in (1..).zip(token.chunks(self.chunk_max_len)) {
                cookies.push(&[
                    name,
                    suffix(number).as_bytes(),
                    b"=",
                    chunk,
                    lifetime,
                    fixed,
                ])?;
            }
        }
        Ok(cookies)
    }

    /// Says when the session was last seen, in a cookie that ends when it will be idle.
    pub(crate) fn set_seen(
        &self,
        value: &[u8],
        now: i64,
        end: CookieEnd,
    ) -> Result<Cookies, Error> {
        let (name, fixed) = (self.name.as_bytes(), self.fixed.as_bytes());
        let lifetime = lifetime(None, now, end);
        let mut cookies = Cookies::default();
        cookies.push(&[name, SEEN, b"=", value, lifetime.as_bytes(), fixed])?;
        Ok(cookies)
    }

    /// Deletes the cookie, whether or not the request brought it, its chunks, and what says when it
    /// was last seen, which some read in flight may be about to set.
    pub(crate) fn delete(&self, received: Received) -> Result<Cookies, Error> {
        let (name, fixed) = (self.name.as_bytes(), self.fixed.as_bytes());
        let mut cookies = Cookies::default();
        cookies.push(&[name, DELETED, fixed])?;
        for number in received.chunks_beyond(0) {
            cookies.push(&[name, suffix(number).as_bytes(), DELETED, fixed])?;
        }
        if self.seen_len > 0 || received.has_seen {
            cookies.push(&[name, SEEN, DELETED, fixed])?;
        }
        Ok(cookies)
    }
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

    pub(crate) const fn none() -> Cookies {
        Cookies {
            text: Vec::new(),
            ends: TinyVec::Inline(ArrayVec::from_array_empty([0; 4])),
        }
    }

    fn with_room(len: usize) -> Result<Cookies, Error> {
        let mut cookies = Cookies::default();
        cookies
            .text
            .try_reserve_exact(len)
            .map_err(|_| Error::memory())?;
        Ok(cookies)
    }

    /// One value, of so many pieces.
    fn push(&mut self, pieces: &[&[u8]]) -> Result<(), Error> {
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

/// What a chunk's name has after the session's.
fn suffix(number: usize) -> String {
    format!(".{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_line_is_as_long_as_was_reckoned() {
        let mut attributes = Attributes {
            name: "h3".into(),
            fixed: String::new(),
            max_age: None,
            chunk_max_len: 4000,
            max_chunks: 3,
            seen_len: 0,
            fits_servers: true,
        };
        for (len, chunks) in [(1, 0), (4000, 0), (4001, 2), (8144, 3)] {
            let token = "x".repeat(len);
            let cookies = attributes.set(
                token.as_bytes(),
                0,
                CookieEnd::WithBrowser,
                Received::default(),
            );
            let pairs: Vec<_> = cookies.iter().flat_map(Cookies::iter).collect();
            assert_eq!(pairs.len(), chunks + 1);
            let line = format!("Cookie: {}\r\n", pairs.join("; "));
            assert_eq!(attributes.line_len(len), line.len());
        }
        assert_eq!(attributes.line_len(8144), MAX_LINE_LEN);
        assert!(attributes.check_fits(8144).is_ok() && attributes.check_fits(8145).is_err());

        attributes.seen_len = 30;
        let seen = format!("Cookie: h3=x; h3.seen={}\r\n", "x".repeat(30));
        assert_eq!(attributes.line_len(1), seen.len());
    }
}
