//! JSON text read in place: checked strictly by RFC 8259, then walked without building anything.
//!
//! Session data must come out of here byte for byte as it came in, whatever a value tree would make
//! of its numbers, escapes or lone surrogates. So nothing is parsed into values: a text is checked
//! once, when it is written, and then cut into slices.

use std::ops::Range;

use crate::Error;
use crate::buffer::Buffer;

mod check;
mod escapes;
mod fault;
mod places;
mod scan;
mod strings;

pub(crate) use check::{MAX_DEPTH, check, check_sealed};
pub(crate) use escapes::{
    Unescaped, decode, quote, quoted_len, stands_for, unescape, unescape_to_utf8, unquoted,
};
use scan::{is_space, skip_space, string_end, value_end};
pub(crate) use scan::{slice, spaces_and_depth};

/// A text without its insignificant white space.
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

/// The members of an object, in order. Nothing for any other value.
#[inline]
pub(crate) fn members(text: &[u8]) -> impl Iterator<Item = Member> {
    let mut object = Container::at(text, skip_space(text, 0)).filter(|found| found.is_object);
    std::iter::from_fn(move || object.as_mut()?.next_member(text))
}

/// The member of an object that begins at a place.
pub(crate) fn member_at(text: &[u8], at: usize) -> Option<Member> {
    let is_object = true;
    Container { at, is_object }.next_member(text)
}

impl Member {
    /// Whether that is its name, which is unescaped.
    pub(crate) fn is_called(&self, text: &[u8], name: &[u8]) -> bool {
        stands_for(slice(text, self.name.clone()), name)
    }
}

/// The elements of an array, in order. Nothing for any other value.
pub(crate) fn elements(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut array = Container::at(text, skip_space(text, 0)).filter(|found| !found.is_object);
    std::iter::from_fn(move || Some(array.as_mut()?.next(text)?.value))
}

/// What is left of an object or array in a walk through it.
///
/// The text need not have been checked: that of a token was, but by whoever sealed it. A walk
/// through any text ends. What it gives begins and ends with whole characters, is not empty, and is
/// followed by a comma or a closing bracket, so that edits leave a text's last byte alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Container {
    /// Where its next entry begins, or where it ends.
    pub(crate) at: usize,
    pub(crate) is_object: bool,
}

/// Where a member or an element stands.
pub(crate) struct Place {
    /// A member's name as it is written, without its quotes.
    pub(crate) name: Option<Range<usize>>,
    pub(crate) value: Range<usize>,
}

impl Container {
    /// The object or array that begins at `start`.
    pub(crate) fn at(text: &[u8], start: usize) -> Option<Container> {
        let is_object = match text.get(start)? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        Some(Container {
            at: start + 1,
            is_object,
        })
    }

    /// The next entry; None at the end, and for what is none.
    #[inline]
    pub(crate) fn next(&mut self, text: &[u8]) -> Option<Place> {
        let mut start = skip_space(text, self.at);
        let mut name = None;
        if self.is_object {
            let end = (text.get(start) == Some(&b'"')).then(|| string_end(text, start))?;
            name = Some(start + 1..end - 1);
            let colon = skip_space(text, end);
            start = (text.get(colon) == Some(&b':')).then(|| skip_space(text, colon + 1))?;
        }
        let value = start..value_end(text, start);
        let next = skip_space(text, value.end);
        self.at = match text.get(next)? {
            b',' => next + 1,
            b'}' | b']' => next,
            _ => return None,
        };
        (!value.is_empty()).then_some(Place { name, value })
    }

    fn next_member(&mut self, text: &[u8]) -> Option<Member> {
        let Place { name, value } = self.next(text)?;
        name.map(|name| Member { name, value })
    }
}

#[cfg(test)]
mod tests;
