//! Strings with escapes: what they stand for, and how they are written.

use std::ops::Deref;

use crate::Error;
use crate::buffer::Buffer;

/// What a string's spelling (without its quotes) stands for. A lone surrogate comes as the three
/// bytes that UTF-8 would give it if it could, so that different names stay different.
pub(crate) fn unescape(escaped: &[u8]) -> Result<Unescaped<'_>, Error> {
    if !escaped.contains(&b'\\') {
        return Ok(Unescaped::Plain(escaped));
    }
    let mut out = Buffer::with_room(escaped.len())?;
    decode(escaped, |piece| out.extend_from_slice(piece));
    Ok(Unescaped::Escaped(out))
}

/// As [`unescape`], in UTF-8: a lone surrogate comes as U+FFFD.
pub(crate) fn unescape_to_utf8(escaped: &[u8]) -> Result<Buffer, Error> {
    let mut out = Buffer::with_room(escaped.len())?;
    decode(escaped, |piece| match piece {
        // A surrogate: these bytes are no UTF-8.
        [0xED, second, _] if *second >= 0xA0 => out.extend_from_slice("\u{FFFD}".as_bytes()),
        piece => out.extend_from_slice(piece),
    });
    Ok(out)
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

/// As [`unescape`], piece by piece; together they are never longer than that text. What is no
/// escape of JSON stands for itself.
pub(crate) fn decode(escaped: &[u8], mut piece: impl FnMut(&[u8])) {
    let mut rest = escaped;
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
            Some(quoted @ (b'"' | b'\\' | b'/')) => (2, u32::from(*quoted)),
            _ => (1, u32::from(b'\\')),
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

/// Whether a name as it is written stands for `key`, which is neither quoted nor escaped.
pub(crate) fn stands_for(escaped: &[u8], key: &[u8]) -> bool {
    // Most names are other ones, and most of these begin otherwise.
    let first = escaped.first();
    if first != key.first() && first != Some(&b'\\') {
        return false;
    }
    let mut rest = Some(key);
    decode(escaped, |piece| {
        rest = rest.and_then(|rest| rest.strip_prefix(piece))
    });
    rest.is_some_and(<[u8]>::is_empty)
}

/// A string's spelling, without its quotes; None for any other value.
pub(crate) fn unquoted(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// The length and the code point of `\uXXXX` or of a pair of them; a lone
/// surrogate is its own code point.
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
        (None, _) => (1, u32::from(b'\\')),
    }
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
