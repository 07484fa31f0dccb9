//! The session's JSON object, edited as text: what an edit does not touch is copied, never parsed.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::pointer::Entry;
use crate::Error;
use crate::buffer::Buffer;
use crate::json;

mod edit;
mod merge;
pub(crate) mod pointer;
pub(crate) mod value;

/// A JSON object, followed by a NUL for C. What comes from a caller is checked, and its
/// insignificant white space taken out; what comes in a token is as it was sealed.
pub(crate) struct Data {
    /// Wiped when dropped. The object may be preceded and followed by other bytes; it then came in
    /// with them.
    buffer: Buffer,
    start: usize,
    end: usize,
    /// Where the member stands that was looked up last; 0 for none. It is most often the one that
    /// is looked up next: read, then written.
    last: AtomicUsize,
}

impl Data {
    /// `{}`, at no cost: what is not in the buffer is taken from a constant.
    pub(crate) fn empty() -> Data {
        Data::new(Buffer::default(), 0, 0)
    }

    /// An object of the caller's.
    pub(crate) fn from_json(text: &[u8]) -> Result<Data, Error> {
        let object = object(text)?;
        Data::concat(&[&object])
    }

    /// The object of an authentic token, which stands in `buffer` from `start` on and is followed
    /// by at least one byte that can be spared, which becomes the NUL.
    ///
    /// Whoever sealed it has checked it. So only what is relied upon elsewhere is seen to: that it
    /// stands between braces, and is UTF-8 without control characters (C has NULs after texts, and
    /// headers have lines). None if it is not.
    pub(crate) fn from_sealed(mut buffer: Buffer, start: usize, end: usize) -> Option<Data> {
        let text = buffer.get(start..end)?;
        // The least of all bytes tells of control characters, and their union of what is not ASCII,
        // which little data has: two operations on as many bytes as the processor takes at once.
        let both = |(least, union): (u8, u8), byte: &u8| (least.min(*byte), union | *byte);
        let (least, union) = text.iter().fold((u8::MAX, 0), both);
        let is_utf8 = union.is_ascii() || std::str::from_utf8(text).is_ok();
        if least < 0x20 || !is_utf8 || !matches!(text, [b'{', .., b'}']) {
            return None;
        }
        *buffer.get_mut(end)? = 0;
        Some(Data::new(buffer, start, end))
    }

    fn new(buffer: Buffer, start: usize, end: usize) -> Data {
        Data {
            buffer,
            start,
            end,
            last: AtomicUsize::new(0),
        }
    }

    /// What it stands in, and all that came with it.
    pub(crate) fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// The object's text.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.as_z().split_last().map_or(b"{}", |(_nul, text)| text)
    }

    /// The object's text and the NUL after it.
    pub(crate) fn as_z(&self) -> &[u8] {
        self.buffer.get(self.start..=self.end).unwrap_or(b"{}\0")
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or("{}")
    }

    pub(crate) fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether it has no members.
    pub(crate) fn is_empty(&self) -> bool {
        self.as_bytes() == b"{}"
    }

    /// The value that an RFC 6901 JSON Pointer names, as JSON text.
    pub(crate) fn find(&self, pointer: &[u8]) -> Option<&[u8]> {
        self.as_bytes().get(self.place_of(pointer)?)
    }

    /// Where the value stands that a JSON Pointer names.
    pub(crate) fn place_of(&self, pointer: &[u8]) -> Option<Range<usize>> {
        let text = self.as_bytes();
        let Some(tokens) = pointer.strip_prefix(b"/") else {
            return pointer.is_empty().then_some(0..text.len());
        };
        // A name is too short for memchr to be worth its call.
        let slash = tokens.iter().position(|byte| *byte == b'/');
        let (first, rest) = tokens.split_at(slash.unwrap_or(tokens.len()));
        let member = self.member(&pointer::unescape(first)?)?;
        pointer::find(text, member.value, rest)
    }

    /// As [`Data::place_of`], seen from the value at a place.
    pub(crate) fn place_from(&self, from: Range<usize>, pointer: &[u8]) -> Option<Range<usize>> {
        pointer::find(self.as_bytes(), from, pointer)
    }

    /// The top-level member of that name.
    fn member(&self, name: &[u8]) -> Option<Entry> {
        let text = self.as_bytes();
        let member = match self.last.load(Ordering::Relaxed) {
            0 => None,
            last => pointer::member_at(text, last, name),
        };
        let member = member.or_else(|| pointer::member(text, 0..text.len(), name))?;
        self.last.store(member.whole.start, Ordering::Relaxed);
        Some(member)
    }

    fn concat(pieces: &[&[u8]]) -> Result<Data, Error> {
        let mut out = Buffer::with_room(pieces.iter().map(|piece| piece.len()).sum::<usize>() + 1)?;
        pieces.iter().for_each(|piece| out.extend_from_slice(piece));
        Ok(Data::terminated(out))
    }

    /// The whole of a buffer, which was made with room for one more byte.
    fn terminated(mut buffer: Buffer) -> Data {
        let end = buffer.len();
        buffer.push(0);
        Data::new(buffer, 0, end)
    }
}

/// Checks a caller's JSON object and takes its insignificant white space out.
fn object(text: &[u8]) -> Result<Buffer, Error> {
    json::check(text, json::MAX_DEPTH)?;
    let object = json::compact(text)?;
    if object.first() != Some(&b'{') {
        let at = text
            .iter()
            .position(|byte| !byte.is_ascii_whitespace())
            .unwrap_or(0);
        return Err(Error::data("session data is a JSON object: { was expected here").at(at));
    }
    Ok(object)
}

pub(crate) fn utf8<'a>(text: &'a [u8], message: &'static str) -> Result<&'a str, Error> {
    std::str::from_utf8(text).map_err(|error| Error::data(message).at(error.valid_up_to()))
}
