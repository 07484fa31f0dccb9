//! The Cookie header in: which of its cookies are the session's, and the tokens in them.

use std::borrow::Cow;

use memchr::memchr;
use tinyvec::ArrayVec;

use super::chunks::{CHUNKED, ChunkSet, MAX_CHUNKS, MAX_COOKIE_LEN, chunk_number};
use crate::seal::{Refusal, is_token_like};
use crate::{Error, Rejection};

/// Of several cookies of the session's name, so many are tried.
pub(crate) const MAX_CANDIDATES: usize = 4;

/// The session's cookies in a Cookie header.
pub(crate) struct SessionCookies<'a> {
    name: &'a str,
    header: &'a [u8],
    candidates: ArrayVec<[Candidate<'a>; MAX_CANDIDATES]>,
    /// How many cookies there are that begin like a token, also beyond the fourth, and the same
    /// again.
    count: usize,
    /// Some of them are no candidates, being beyond the fourth.
    has_more: bool,
    /// Some cookie had the name and a value, if not one that looks like a token.
    any: bool,
    chunks: ChunkSet,
}

/// A cookie of the session's name whose value begins like a token.
#[derive(Clone, Copy, Default)]
struct Candidate<'a> {
    value: &'a [u8],
    /// Where the cookies after it start in the header.
    after: usize,
}

/// The token in one cookie, or in several.
pub(crate) struct Token<'a> {
    pub(crate) text: Cow<'a, [u8]>,
    /// In how many cookies it came, not counting the one that says so.
    pub(crate) cookies: usize,
}

impl<'a> SessionCookies<'a> {
    /// Reads a Cookie header. Any bytes will do: what is no cookie is passed over, as servers do.
    pub(crate) fn scan(header: &'a [u8], name: &'a str) -> SessionCookies<'a> {
        let mut cookies = SessionCookies {
            name,
            header,
            candidates: ArrayVec::new(),
            count: 0,
            has_more: false,
            any: false,
            chunks: ChunkSet::default(),
        };
        for (which, value, after) in own(header, name) {
            match which {
                Which::Chunk(number) if !value.is_empty() => cookies.chunks.insert(number),
                Which::Main if !value.is_empty() => {
                    cookies.any = true;
                    if is_candidate(value) {
                        cookies.count += 1;
                        if !cookies.has(value) {
                            // Beyond the fourth, stale cookies are no longer the likely
                            // explanation.
                            let candidate = Candidate { value, after };
                            cookies.has_more |= cookies.candidates.try_push(candidate).is_some();
                        }
                    }
                }
                _ => {}
            }
        }
        cookies
    }

    pub(crate) fn chunks(&self) -> ChunkSet {
        self.chunks
    }

    /// Whether there is any cookie of the session, whatever is in it.
    pub(crate) fn is_any(&self) -> bool {
        self.any || !self.chunks.is_empty()
    }

    /// How many cookies there are that begin like a token, and whether there are more than are
    /// tried.
    pub(crate) fn count(&self) -> (usize, bool) {
        (self.count, self.has_more)
    }

    /// Whether the very same token is a candidate already. What stands in chunks may be others,
    /// though it says the same.
    fn has(&self, value: &[u8]) -> bool {
        !value.starts_with(CHUNKED) && self.candidates.iter().any(|known| known.value == value)
    }

    /// The tokens to try, in order; or why there is none to try.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = Result<Token<'a>, Refusal>> {
        let nonsense =
            (self.any && self.candidates.is_empty()).then(|| Err(Rejection::Malformed.into()));
        let candidates = self.candidates.into_iter();
        nonsense.into_iter().chain(candidates.map(move |candidate| {
            let text = percent_decoded(candidate.value)?;
            match text.strip_prefix(CHUNKED) {
                Some(count) => self.joined(count, candidate.after),
                None if text.len() > MAX_COOKIE_LEN => Err(Rejection::TooLarge.into()),
                None => Ok(Token { text, cookies: 1 }),
            }
        }))
    }

    /// The token of so many chunks. Each is the first cookie of its name after the one that says
    /// so, else the first at all; an empty one is an absent one. (Browsers send the cookies of one
    /// path in the order in which they were made.)
    fn joined(&self, count: &[u8], after: usize) -> Result<Token<'a>, Refusal> {
        let count = chunk_number(count).ok_or(Rejection::Malformed)?;
        let mut chunks = [(None, None); MAX_CHUNKS];
        for (which, value, end) in own(self.header, self.name) {
            if let Which::Chunk(number) = which
                && !value.is_empty()
                && let Some((following, first)) = chunks.get_mut(number - 1)
            {
                first.get_or_insert(value);
                if end > after {
                    following.get_or_insert(value);
                }
            }
        }
        let mut text = Vec::new();
        for (following, first) in chunks.into_iter().take(count) {
            // What came between may have dropped it.
            let chunk = following
                .or(first)
                .ok_or_else(|| Rejection::Malformed.of_foreign())?;
            let chunk = percent_decoded(chunk)?;
            if chunk.len() > MAX_COOKIE_LEN {
                return Err(Rejection::TooLarge.into());
            }
            text.try_reserve(chunk.len()).map_err(|_| Error::memory())?;
            text.extend_from_slice(&chunk);
        }
        Ok(Token {
            text: Cow::Owned(text),
            cookies: count,
        })
    }
}

/// The parts of a Cookie header that are not the session's, in order: what may go upstream.
/// Together they are never longer than the header.
pub(crate) fn strip<'a>(header: &'a [u8], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let mut first = true;
    let foreign =
        pairs(header).filter(move |pair| !pair.may_be_of(name) && !trimmed(pair.text).is_empty());
    foreign.flat_map(move |pair| match std::mem::take(&mut first) {
        true => [b"".as_slice(), trimmed(pair.text)],
        false => [b";", pair.text],
    })
}

/// Which of the session's cookies a cookie is.
#[derive(Clone, Copy)]
enum Which {
    Main,
    Chunk(usize),
}

struct Pair<'a> {
    /// All that stands between two semicolons.
    text: &'a [u8],
    name: &'a [u8],
    value: &'a [u8],
    /// Where it ends in the header.
    end: usize,
}

/// The pairs of a Cookie header. A pair without `=` has no name.
fn pairs(header: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    let mut rest = Some(header);
    std::iter::from_fn(move || {
        let (text, after) = match memchr(b';', rest?) {
            Some(end) => (rest?.get(..end)?, rest?.get(end + 1..)),
            None => (rest?, None),
        };
        rest = after;
        let end = header.len() - after.map_or(0, <[u8]>::len);
        Some(match memchr(b'=', text) {
            Some(at) => Pair {
                text,
                name: trimmed(text.get(..at)?),
                value: trimmed(text.get(at + 1..)?),
                end,
            },
            None => Pair {
                text,
                name: b"",
                value: trimmed(text),
                end,
            },
        })
    })
}

impl Pair<'_> {
    fn owner(&self, name: &str) -> Option<Which> {
        owner(self.name, name)
    }

    /// Whether any h3 would take it for one of the session's. h3 1 takes all that JavaScript calls
    /// white space from around a name; how a server has turned bytes into characters before is not
    /// known here, so each way counts.
    fn may_be_of(&self, name: &str) -> bool {
        owner(javascript_trimmed(self.name), name).is_some()
    }
}

/// Which of a session's cookies one of this name is.
fn owner(cookie: &[u8], name: &str) -> Option<Which> {
    // What comes after it first: most cookies are others, and few have a dot just there.
    let (own, after) = cookie.split_at_checked(name.len())?;
    match after {
        [] if own == name.as_bytes() => Some(Which::Main),
        [b'.', number @ ..] if own == name.as_bytes() => chunk_number(number).map(Which::Chunk),
        _ => None,
    }
}

/// A name without control characters, spaces and what Unicode and ECMAScript call white space
/// around it, in Latin-1 or UTF-8.
fn javascript_trimmed(mut name: &[u8]) -> &[u8] {
    const UTF8: [&[u8]; 5] = [
        b"\xC2\x85",
        b"\xC2\xA0",
        b"\xE1\x9A\x80",
        b"\xE3\x80\x80",
        b"\xEF\xBB\xBF",
    ];
    let space = |start: &[u8]| match start {
        // U+2000 to U+200B, U+2028, U+2029, U+202F, U+205F, U+2060
        [0xE2, 0x80, 0x80..=0x8B | 0xA8 | 0xA9 | 0xAF] | [0xE2, 0x81, 0x9F | 0xA0] => true,
        other => UTF8.contains(&other),
    };
    let byte = |byte: u8| byte <= b' ' || matches!(byte, 0x7F | 0x85 | 0xA0);
    loop {
        let before = name.len();
        for len in [3, 2] {
            if let Some((start, rest)) = name.split_at_checked(len)
                && space(start)
            {
                name = rest;
            }
            if let Some((rest, end)) = name.split_at_checked(name.len().saturating_sub(len))
                && space(end)
            {
                name = rest;
            }
        }
        if let Some((first, rest)) = name.split_first()
            && byte(*first)
        {
            name = rest;
        }
        if let Some((last, rest)) = name.split_last()
            && byte(*last)
        {
            name = rest;
        }
        if name.len() == before {
            return name;
        }
    }
}

/// The session's cookies in a header, with their values unquoted, and where each ends.
fn own<'a>(header: &'a [u8], name: &'a str) -> impl Iterator<Item = (Which, &'a [u8], usize)> {
    pairs(header).filter_map(|pair| Some((pair.owner(name)?, unquoted(pair.value), pair.end)))
}

fn is_candidate(value: &[u8]) -> bool {
    // A percent-escape may hide any character of the prefix, so a value that has one near its start
    // counts as a candidate.
    value.starts_with(CHUNKED)
        || is_token_like(value)
        || value.iter().take(CHUNKED.len()).any(|byte| *byte == b'%')
}

fn trimmed(text: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = text.iter().position(is_text).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(is_text)
        .map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

fn unquoted(value: &[u8]) -> &[u8] {
    value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""))
        .unwrap_or(value)
}

/// A value with its percent-escapes resolved; as it is if it has none or a broken one.
fn percent_decoded(value: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    if memchr(b'%', value).is_none() {
        return Ok(Cow::Borrowed(value));
    }
    let mut out = Vec::new();
    out.try_reserve_exact(value.len())
        .map_err(|_| Error::memory())?;
    let mut rest = value;
    while let Some((byte, after)) = rest.split_first() {
        let hex = |digit: &u8| (*digit as char).to_digit(16);
        let escape = match after {
            [high, low, after @ ..] if *byte == b'%' => hex(high)
                .zip(hex(low))
                .map(|(high, low)| (high << 4 | low, after)),
            _ => None,
        };
        match escape {
            Some((escaped, after)) => {
                out.push(escaped as u8);
                rest = after;
            }
            None if *byte == b'%' => return Ok(Cow::Borrowed(value)),
            None => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    Ok(Cow::Owned(out))
}
