//! JSON text read in place: checked strictly by RFC 8259, then walked without building anything.
//!
//! Session data must come out of here byte for byte as it came in, whatever a value tree would make of its numbers,
//! escapes or lone surrogates. So nothing is parsed into values: a text is checked once, and then cut into slices.

use std::ops::{Deref, Range};

use crate::Error;
use crate::buffer::Buffer;

mod check;
mod strings;

pub(crate) use check::{MAX_DEPTH, check, check_sealed};
use strings::plain_end;

/// A checked text without its insignificant white space.
pub(crate) fn compact(text: &[u8]) -> Result<Buffer, Error> {
    let mut out = Buffer::with_room(text.len())?;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let end = if *byte == b'"' {
            string_end(text, at)
        } else {
            at + 1
        };
        if !is_space(*byte) {
            out.extend_from_slice(text.get(at..end).unwrap_or_default());
        }
        at = end;
    }
    Ok(out)
}

/// A length that [`compact`] leaves of a text at least, whatever it is.
pub(crate) fn least_len(text: &[u8]) -> usize {
    text.len() - text.iter().filter(|byte| is_space(**byte)).count()
}

/// As [`least_len`], however the strings in it may be spelt.
pub(crate) fn least_len_of_any_spelling(text: &[u8]) -> usize {
    match memchr::memchr(b'\\', text) {
        // Six characters of an escape may stand for one.
        Some(_) => least_len(text) / "\\u0061".len(),
        None => least_len(text),
    }
}

/// One member of an object, as ranges of the text that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The name as it is spelt, without its quotes.
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// The members of a checked object, in order. Nothing for any other value.
pub(crate) fn members(text: &[u8]) -> impl Iterator<Item = Member> {
    let mut at = skip_space(text, 0);
    let open = text.get(at) == Some(&b'{');
    at += 1;
    std::iter::from_fn(move || {
        at = skip_space(text, at);
        if !open || text.get(at) != Some(&b'"') {
            return None;
        }
        let name = at + 1..string_end(text, at).saturating_sub(1);
        at = skip_space(text, skip_space(text, name.end + 1) + 1);
        let value = at..value_end(text, at);
        at = skip_space(text, value.end) + 1;
        Some(Member { name, value })
    })
}

/// The elements of a checked array, in order. Nothing for any other value.
pub(crate) fn elements(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = skip_space(text, 0);
    let open = text.get(at) == Some(&b'[');
    at += 1;
    std::iter::from_fn(move || {
        at = skip_space(text, at);
        if !open || matches!(text.get(at), None | Some(b']')) {
            return None;
        }
        let value = at..value_end(text, at);
        at = skip_space(text, value.end) + 1;
        Some(value)
    })
}

/// Whether a name as it is spelt stands for `key`, which is neither quoted nor escaped.
pub(crate) fn stands_for(spelt: &[u8], key: &[u8]) -> bool {
    let mut rest = Some(key);
    decode(spelt, |piece| {
        rest = rest.and_then(|rest| rest.strip_prefix(piece))
    });
    rest.is_some_and(<[u8]>::is_empty)
}

/// A string's spelling, without its quotes; None for any other value.
pub(crate) fn unquoted(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// What a string's spelling (without its quotes) stands for. A lone surrogate comes as the three bytes that UTF-8 would
/// give it if it could, so that different names stay different.
pub(crate) fn unescape(spelt: &[u8]) -> Result<Unescaped<'_>, Error> {
    if !spelt.contains(&b'\\') {
        return Ok(Unescaped::Plain(spelt));
    }
    let mut out = Buffer::with_room(spelt.len())?;
    decode(spelt, |piece| out.extend_from_slice(piece));
    Ok(Unescaped::Escaped(out))
}

/// What a spelling stands for. It may be session data, so that it is wiped when dropped.
pub(crate) enum Unescaped<'a> {
    Plain(&'a [u8]),
    Escaped(Buffer),
}

impl Deref for Unescaped<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Unescaped::Plain(text) => text,
            Unescaped::Escaped(text) => text,
        }
    }
}

/// As [`unescape`], piece by piece; together they are never longer than what is spelt.
pub(crate) fn decode(spelt: &[u8], mut piece: impl FnMut(&[u8])) {
    let mut rest = spelt;
    while let Some(plain) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, escape) = rest.split_at(plain);
        piece(before);
        let (len, point) = match escape.get(1) {
            Some(b'b') => (2, 0x08),
            Some(b'f') => (2, 0x0C),
            Some(b'n') => (2, 0x0A),
            Some(b'r') => (2, 0x0D),
            Some(b't') => (2, 0x09),
            Some(b'u') => code_point(escape),
            Some(other) => (2, u32::from(*other)),
            None => (1, u32::from(b'\\')),
        };
        match char::from_u32(point) {
            Some(char) => piece(char.encode_utf8(&mut [0; 4]).as_bytes()),
            None => piece(
                &[
                    0xE0 | (point >> 12),
                    0x80 | (point >> 6 & 0x3F),
                    0x80 | (point & 0x3F),
                ]
                .map(|b| b as u8),
            ),
        }
        rest = escape.get(len..).unwrap_or_default();
    }
    piece(rest);
}

/// Writes a string with its quotes, escaped as JSON.stringify does.
pub(crate) fn quote(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            0x08 => out.extend(b"\\b"),
            0x09 => out.extend(b"\\t"),
            0x0A => out.extend(b"\\n"),
            0x0C => out.extend(b"\\f"),
            0x0D => out.extend(b"\\r"),
            0..0x20 => {
                out.extend(b"\\u00");
                out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// How long [`quote`] makes a string.
pub(crate) fn quoted_len(text: &[u8]) -> usize {
    2 + text
        .iter()
        .map(|byte| match *byte {
            b'"' | b'\\' | 0x08 | 0x09 | 0x0A | 0x0C | 0x0D => 2,
            0..0x20 => 6,
            _ => 1,
        })
        .sum::<usize>()
}

pub(crate) fn slice(text: &[u8], range: Range<usize>) -> &[u8] {
    text.get(range).unwrap_or_default()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).copied().is_some_and(is_space) {
        at += 1;
    }
    at
}

/// The end of the checked value that starts at `at`.
fn value_end(text: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = string_end(text, at);
                if depth == 0 {
                    return at;
                }
            }
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return at;
                }
            }
            b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => at += 1,
        }
    }
    at
}

/// The end, closing quote included, of the checked string whose opening quote is at `at`.
fn string_end(text: &[u8], mut at: usize) -> usize {
    at += 1;
    loop {
        at = plain_end(text, at);
        match text.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return text.len(),
        }
    }
}

/// The length and the code point of `\uXXXX` or of a pair of them; a lone surrogate is its own code point.
fn code_point(escape: &[u8]) -> (usize, u32) {
    let unit = |at: usize| {
        let digits = escape.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match (unit(0), unit(6)) {
        (Some(high @ 0xD800..=0xDBFF), Some(low @ 0xDC00..=0xDFFF)) => {
            (12, 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))
        }
        (Some(unit), _) => (6, unit),
        (None, _) => (2, u32::from(b'u')),
    }
}

#[cfg(test)]
mod tests;
