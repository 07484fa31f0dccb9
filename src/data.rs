//! The session's JSON object, edited as text: what an edit does not touch is copied, never parsed.

use std::ops::Range;

use crate::Error;
use crate::buffer::Buffer;
use crate::json;

mod edit;
mod merge;
mod pointer;
pub(crate) mod value;

/// A JSON object, followed by a NUL for C. What comes from a caller is checked, and its
/// insignificant white space taken out; what comes in a token is as it was sealed.
pub(crate) struct Data {
    /// Wiped when dropped. The object may be preceded and followed by other bytes; it then came in
    /// with them.
    buffer: Buffer,
    start: usize,
    end: usize,
}

impl Data {
    /// `{}`, at no cost: what is not in the buffer is taken from a constant.
    pub(crate) fn empty() -> Data {
        Data {
            buffer: Buffer::default(),
            start: 0,
            end: 0,
        }
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
        let is_control = |any, byte: &u8| any | (*byte < 0x20);
        let is_object = matches!(text, [b'{', .., b'}']) && !text.iter().fold(false, is_control);
        std::str::from_utf8(text).ok().filter(|_| is_object)?;
        *buffer.get_mut(end)? = 0;
        Some(Data { buffer, start, end })
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

    /// The value that an RFC 6901 JSON Pointer names, as JSON text.
    pub(crate) fn find(&self, pointer: &[u8]) -> Option<&[u8]> {
        let text = self.as_bytes();
        text.get(pointer::find(text, 0..text.len(), pointer)?)
    }

    /// As [`Data::find`], from the value at a place on; gives the place of the one that it names.
    pub(crate) fn find_from(&self, from: Range<usize>, pointer: &[u8]) -> Option<Range<usize>> {
        pointer::find(self.as_bytes(), from, pointer)
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
        Data {
            buffer,
            start: 0,
            end,
        }
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
