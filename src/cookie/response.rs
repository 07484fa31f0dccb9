//! Set-Cookie values out: a token in one cookie or in chunks, and the deletion of both.

use super::chunks::{CHUNKED, Names, Received, SEEN, suffix};
use super::end::{CookieEnd, Lifetime, lifetime};
use super::values::Cookies;
use crate::Error;
use crate::seal::ChunkNames;

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
    /// What chunks are called that a request may bring.
    pub(crate) chunks: ChunkNames,
    /// Whether the session's own cookie counts the chunks, which begin with 1.
    pub(crate) counts_chunks: bool,
    /// They also fit together into a header line that servers take.
    pub(crate) fits_servers: bool,
}

impl Attributes {
    /// What the session's cookies are called.
    pub(crate) fn names(&self) -> Names<'_> {
        Names {
            session: &self.name,
            chunks: self.chunks,
        }
    }

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

    /// What a token so long is set by if that takes one Set-Cookie value alone.
    pub(crate) fn whole(
        &self,
        token_len: usize,
        now: i64,
        end: CookieEnd,
        received: Received,
    ) -> Option<WholeCookie<'_>> {
        (self.cookies_for(token_len) == 1 && !received.has_chunks()).then(|| WholeCookie {
            attributes: self,
            lifetime: lifetime(self.max_age, now, end),
        })
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
        let first = usize::from(self.counts_chunks);
        for stale in received.chunks_but(first, chunks) {
            cookies.push(&[name, suffix(stale).as_bytes(), DELETED, fixed])?;
        }
        if chunks == 0 {
            cookies.push(&[name, b"=", token, lifetime, fixed])?;
            return Ok(cookies);
        }
        if self.counts_chunks {
            let count = chunks.to_string();
            cookies.push(&[name, b"=", CHUNKED, count.as_bytes(), lifetime, fixed])?;
        } else if received.has_main {
            // It would be taken for the session.
            cookies.push(&[name, DELETED, fixed])?;
        }
        for (number, chunk) in (first..).zip(token.chunks(self.chunk_max_len)) {
            let suffix = suffix(number);
            cookies.push(&[name, suffix.as_bytes(), b"=", chunk, lifetime, fixed])?;
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
        for number in received.chunks_but(0, 0) {
            cookies.push(&[name, suffix(number).as_bytes(), DELETED, fixed])?;
        }
        if self.seen_len > 0 || received.has_seen {
            cookies.push(&[name, SEEN, DELETED, fixed])?;
        }
        Ok(cookies)
    }
}

/// A cookie that is made around its token, so that this need not be copied.
pub(crate) struct WholeCookie<'a> {
    attributes: &'a Attributes,
    lifetime: Lifetime,
}

impl<'a> WholeCookie<'a> {
    /// What comes before the token.
    pub(crate) fn before(&self) -> [&'a [u8]; 2] {
        [self.attributes.name.as_bytes(), b"="]
    }

    /// How long that is which comes after it.
    pub(crate) fn after_len(&self) -> usize {
        self.lifetime.as_bytes().len() + self.attributes.fixed.len() + 1
    }

    /// Of a text that ends with the token, and has room for the rest.
    pub(crate) fn finish(self, mut text: Vec<u8>) -> Cookies {
        text.extend_from_slice(self.lifetime.as_bytes());
        text.extend_from_slice(self.attributes.fixed.as_bytes());
        text.push(0);
        Cookies::one(text)
    }
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
            chunks: ChunkNames::FromOne,
            counts_chunks: true,
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
