//! JSON text read in place: checked strictly by RFC 8259, then walked without building anything.
//!
//! Session data must come out of here byte for byte as it came in, whatever a value tree would make
//! of its numbers, escapes or lone surrogates. So nothing is parsed into values: a text is checked
//! once, and then cut into slices.

use std::ops::Range;

use crate::Error;
use crate::buffer::Buffer;

mod check;
mod escapes;
mod fault;
mod scan;
mod strings;

pub(crate) use check::{MAX_DEPTH, check, check_sealed};
pub(crate) use escapes::{
    Unescaped, decode, quote, quoted_len, stands_for, unescape, unescape_to_utf8, unquoted,
};
pub(crate) use scan::slice;
use scan::{is_space, skip_space, string_end, value_end};

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

/// As [`least_len`], however the strings in it may be written.
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
    /// The name as it is written, without its quotes.
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

/// The entry at `at`, in an object or array without white space: the range of its name without
/// quotes, if it is in an object, and of its value. None at the end.
pub(crate) fn entry_at(
    text: &[u8],
    at: usize,
    in_object: bool,
) -> Option<(Option<Range<usize>>, Range<usize>)> {
    match text.get(at)? {
        b'"' if in_object => {
            let name = at + 1..string_end(text, at).saturating_sub(1);
            let value = name.end.checked_add(2)?;
            Some((Some(name), value..value_end(text, value)))
        }
        b'}' | b']' => None,
        _ => Some((None, at..value_end(text, at))),
    }
}

#[cfg(test)]
mod tests;
