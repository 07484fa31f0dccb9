//! JSON Pointers (RFC 6901): which value of a text is meant.

use std::ops::Range;

use crate::Error;
use crate::buffer::Buffer;
use crate::json::{self, MAX_DEPTH, Member, Unescaped};

/// A JSON Pointer that something is written by.
///
/// A read by a malformed pointer finds nothing. A write by one is an error, which says what is
/// wrong with it.
#[derive(Clone, Copy)]
pub(super) struct Pointer<'a>(&'a str);

/// One reference token, unescaped, and where it stands in its pointer.
pub(super) struct Token<'a> {
    pub(super) name: Unescaped<'a>,
    pub(super) offset: usize,
}

impl<'a> Pointer<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Pointer<'a>, Error> {
        if !text.is_empty() && !text.starts_with('/') {
            return Err(Error::pointer(
                "a JSON Pointer is empty or begins with /, e.g. /cart/items/0",
                0,
            ));
        }
        let pointer = Pointer(text);
        if pointer.len() > MAX_DEPTH {
            return Err(Error::pointer("too many levels of nesting: 128 at most", 0));
        }
        for (token, offset) in pointer.spelled() {
            if !is_well_formed(token) {
                return Err(Error::pointer(
                    "in a JSON Pointer, ~ is written ~0, and / in a name ~1",
                    offset,
                ));
            }
        }
        Ok(pointer)
    }

    /// How many tokens it has.
    pub(super) fn len(self) -> usize {
        self.spelled().count()
    }

    pub(super) fn tokens(self) -> impl Iterator<Item = Result<Token<'a>, Error>> {
        self.spelled().map(|(token, offset)| {
            let name = unescape(token).ok_or_else(Error::memory)?;
            Ok(Token { name, offset })
        })
    }

    fn spelled(self) -> impl Iterator<Item = (&'a [u8], usize)> {
        let mut rest = self.0.as_bytes();
        let len = rest.len();
        std::iter::from_fn(move || {
            let (_slash, after) = rest.split_first()?;
            let offset = len - after.len();
            let end = memchr::memchr(b'/', after).unwrap_or(after.len());
            let (token, next) = after.split_at(end);
            rest = next;
            Some((token, offset))
        })
    }
}

/// Refuses what is no JSON Pointer.
pub(crate) fn check(pointer: &str) -> Result<(), Error> {
    Pointer::parse(pointer).map(drop)
}

/// The place in `text` of the value that a pointer names, seen from the value at `from`.
pub(super) fn find(text: &[u8], from: Range<usize>, pointer: &[u8]) -> Option<Range<usize>> {
    let mut place = from;
    if pointer.is_empty() {
        return Some(place);
    }
    for token in pointer.strip_prefix(b"/")?.split(|byte| *byte == b'/') {
        place = match text.get(place.start) {
            Some(b'{') => member(text, place, &unescape(token)?)?.value,
            Some(b'[') => element(text, place, index(token)?)?,
            _ => return None,
        };
    }
    Some(place)
}

/// A member with its name, and its value; of an element, both are the same.
pub(super) struct Entry {
    pub(super) whole: Range<usize>,
    pub(super) value: Range<usize>,
}

/// The member of that name, in the object at a place.
pub(super) fn member(text: &[u8], object: Range<usize>, name: &[u8]) -> Option<Entry> {
    let start = object.start;
    let text = text.get(object)?;
    let member = json::members(text).find(|member| member.is_called(text, name))?;
    Some(Entry::of(&member, start))
}

/// The member that begins at a place, if it has that name.
pub(super) fn member_at(text: &[u8], at: usize, name: &[u8]) -> Option<Entry> {
    let member = json::member_at(text, at)?;
    (member.is_called(text, name)).then(|| Entry::of(&member, 0))
}

impl Entry {
    /// A member of an object that begins at `start`.
    fn of(member: &Member, start: usize) -> Entry {
        let value = start + member.value.start..start + member.value.end;
        Entry {
            whole: start + member.name.start - 1..value.end,
            value,
        }
    }
}

/// Where an element of the array at a place stands.
pub(super) fn element(text: &[u8], array: Range<usize>, index: usize) -> Option<Range<usize>> {
    json::elements(text.get(array.clone())?)
        .nth(index)
        .map(|element| array.start + element.start..array.start + element.end)
}

/// Whether each `~` of a reference token begins `~0` or `~1`. Without an allocation, so that want
/// of memory is never told as a fault of the pointer.
fn is_well_formed(token: &[u8]) -> bool {
    token
        .split(|byte| *byte == b'~')
        .skip(1)
        .all(|after| matches!(after.first(), Some(b'0' | b'1')))
}

/// A reference token with `~1` and `~0` resolved; None for any other use of `~`, and where memory
/// is short.
pub(super) fn unescape(token: &[u8]) -> Option<Unescaped<'_>> {
    if !token.contains(&b'~') {
        return Some(Unescaped::Plain(token));
    }
    let mut out = Buffer::with_room(token.len()).ok()?;
    let mut bytes = token.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'~' => match bytes.next()? {
                b'0' => b'~',
                b'1' => b'/',
                _ => return None,
            },
            byte => *byte,
        });
    }
    Some(Unescaped::Escaped(out))
}

/// An array index: digits without leading zeros.
pub(super) fn index(token: &[u8]) -> Option<usize> {
    let is_number =
        token.iter().all(u8::is_ascii_digit) && (token == b"0" || token.first() != Some(&b'0'));
    std::str::from_utf8(token)
        .ok()
        .filter(|_| is_number)?
        .parse()
        .ok()
}
