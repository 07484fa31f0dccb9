//! The pairs of a Cookie header, and whose each is.

use memchr::memchr;

use super::chunks::{Names, SEEN};
use crate::json::slice;
use crate::seal::ChunkNames;

/// Which of the session's cookies a cookie is.
#[derive(Clone, Copy)]
pub(super) enum Which {
    Main,
    Chunk(usize),
    /// That which says when the session was last seen.
    Seen,
}

pub(super) struct Pair<'a> {
    /// All that stands between two semicolons.
    pub(super) text: &'a [u8],
    name: &'a [u8],
    value: &'a [u8],
    /// Where it ends in the header.
    pub(super) end: usize,
}

/// The pairs of a Cookie header. A pair without `=` has no name.
pub(super) fn pairs(header: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    pieces(header).map(|(text, end)| Pair::of(text, end))
}

/// What stands between semicolons, and where each piece ends in the header.
fn pieces(header: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut rest = Some(header);
    std::iter::from_fn(move || {
        let (text, after) = match memchr(b';', rest?) {
            Some(end) => (rest?.get(..end)?, rest?.get(end + 1..)),
            None => (rest?, None),
        };
        rest = after;
        Some((text, header.len() - after.map_or(0, <[u8]>::len)))
    })
}

impl<'a> Pair<'a> {
    fn of(text: &'a [u8], end: usize) -> Pair<'a> {
        let (name, value) = match memchr(b'=', text) {
            Some(at) => (slice(text, 0..at), slice(text, at + 1..text.len())),
            None => (&b""[..], text),
        };
        Pair {
            text,
            name: trimmed(name),
            value: trimmed(value),
            end,
        }
    }

    fn owner(&self, names: Names<'_>) -> Option<Which> {
        owner(self.name, names)
    }

    /// Whether it says when the session was last seen.
    pub(super) fn is_seen_of(&self, names: Names<'_>) -> bool {
        matches!(self.owner(names), Some(Which::Seen))
    }

    /// Whether any framework would take it for one of the session's. h3 1 takes all that JavaScript
    /// calls white space from around a name; how a server has turned bytes into characters before
    /// is not known here, so each way counts.
    ///
    /// Other frameworks take more names than any of them writes: Auth.js all that begin with the
    /// session's, nextjs-auth0 also those of its third version.
    pub(super) fn may_be_of(&self, names: Names<'_>) -> bool {
        let name = javascript_trimmed(self.name);
        match names.chunks {
            ChunkNames::FromOne => owner(name, names).is_some(),
            ChunkNames::Auth0 if is_of_auth0_3(name) => true,
            _ => name.starts_with(names.session.as_bytes()),
        }
    }
}

/// Whether nextjs-auth0 3 has the session in a cookie of this name, which 4 reads, too.
fn is_of_auth0_3(name: &[u8]) -> bool {
    let after = name.strip_prefix(b"appSession");
    after.is_some_and(|after| matches!(after, [] | [b'.', ..]))
}

/// Whether a cookie of this name would be one of a session with a shorter name: a chunk, or what
/// says when that was last seen.
pub(crate) fn is_of_shorter_name(name: &str, chunks: ChunkNames) -> bool {
    let is_one = |end| {
        let session = &name[..end];
        owner(name.as_bytes(), Names { session, chunks }).is_some()
    };
    // No number has either in it.
    let ends = [name.rfind('.'), name.rfind("__")];
    ends.into_iter().flatten().any(is_one)
}

/// Which of a session's cookies one of this name is.
fn owner(cookie: &[u8], names: Names<'_>) -> Option<Which> {
    let name = names.session;
    // What comes after it first: few of the others have a dot just there.
    let (own, after) = cookie.split_at_checked(name.len())?;
    match after {
        [] if own == name.as_bytes() => Some(Which::Main),
        after if after == SEEN && own == name.as_bytes() => Some(Which::Seen),
        after if own == name.as_bytes() => names.chunk_number(after).map(Which::Chunk),
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
pub(super) fn own<'a>(
    header: &'a [u8],
    names: Names<'a>,
) -> impl Iterator<Item = (Which, &'a [u8], usize)> {
    let name = names.session;
    let first = name.as_bytes().first();
    pieces(header).filter_map(move |(text, end)| {
        // Most cookies are others, which is seen by how they begin.
        let start = text.iter().position(is_no_space)?;
        if text.get(start) != first {
            return None;
        }
        let rest = slice(text, start..text.len()).strip_prefix(name.as_bytes())?;
        if let [b'=', value @ ..] = rest {
            return Some((Which::Main, unquoted(trimmed(value)), end));
        }
        let pair = Pair::of(text, end);
        Some((pair.owner(names)?, unquoted(pair.value), pair.end))
    })
}

#[inline]
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let start = text.iter().position(is_no_space).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(is_no_space)
        .map_or(start, |last| last + 1);
    slice(text, start..end)
}

fn is_no_space(byte: &u8) -> bool {
    !matches!(byte, b' ' | b'\t')
}

fn unquoted(value: &[u8]) -> &[u8] {
    value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""))
        .unwrap_or(value)
}
