//! One value set or removed: what stands before and after it is copied as it is.

use std::ops::Range;

use super::pointer::{self, Entry, Pointer, Token};
use super::{Data, utf8};
use crate::Error;
use crate::buffer::Buffer;
use crate::json::{self, MAX_DEPTH, slice};

/// By one top-level key.
impl Data {
    /// The object with one member set to a JSON value.
    pub(crate) fn with(&self, key: &str, json: &[u8]) -> Result<Data, Error> {
        let compact = compacted(json, MAX_DEPTH - 1)?;
        self.with_value(key, compact.as_ref().map_or(json, |json| json))
    }

    /// Where a member's value stands that [`Data::put`] can replace by this one; None where
    /// [`Data::with`] has to be called. So it has for a value that C has borrowed from this very
    /// object: `put` would move it away, or write over it, before it is read.
    pub(crate) fn place(&self, key: &str, json: &[u8]) -> Option<Range<usize>> {
        let place = self.member(key.as_bytes())?.value;
        let room = self.buffer.len().checked_sub(self.end + 1)?;
        let fits = json.len() <= place.len() + room;
        let own = self.buffer.as_ptr_range();
        let is_borrowed = json.as_ptr_range().end > own.start && json.as_ptr() < own.end;
        (fits && !is_borrowed && json::check(json, MAX_DEPTH - 1) == Ok(0)).then_some(place)
    }

    /// Replaces a value where it stands, at the cost of moving what comes after it.
    pub(crate) fn put(&mut self, place: Range<usize>, json: &[u8]) {
        let (from, to) = (
            self.start + place.end,
            self.start + place.start + json.len(),
        );
        // What comes after it moves.
        let last = self.last.get_mut();
        if *last > place.start {
            *last = 0;
        }
        if from != to {
            self.buffer.copy_within(from..=self.end, to);
            self.end = self.end - from + to;
        }
        if let Some(value) = self.buffer.get_mut(self.start + place.start..to) {
            value.copy_from_slice(json);
        }
    }

    /// The object with one member set to a string.
    pub(crate) fn with_text(&self, key: &str, text: &str) -> Result<Data, Error> {
        let mut json = Buffer::with_room(json::quoted_len(text.as_bytes()))?;
        json::quote(text, &mut json);
        self.with_value(key, &json)
    }

    /// The object without one member.
    pub(crate) fn without(&self, key: &str) -> Result<Data, Error> {
        match self.member(key.as_bytes()) {
            Some(member) => self.without_entry(member.whole),
            None => Data::concat(&[self.as_bytes()]),
        }
    }

    fn with_value(&self, key: &str, json: &[u8]) -> Result<Data, Error> {
        if let Some(member) = self.member(key.as_bytes()) {
            return self.with_replaced(member.value, json);
        }
        let text = self.as_bytes();
        let mut name = Buffer::with_room(json::quoted_len(key.as_bytes()) + 2)?;
        if text.len() > 2 {
            name.push(b',');
        }
        json::quote(key, &mut name);
        name.push(b':');
        Data::concat(&[slice(text, 0..text.len() - 1), &name, json, b"}"])
    }

    fn with_replaced(&self, place: Range<usize>, json: &[u8]) -> Result<Data, Error> {
        let text = self.as_bytes();
        Data::concat(&[
            slice(text, 0..place.start),
            json,
            slice(text, place.end..text.len()),
        ])
    }

    /// Without a member or an element. The comma goes with it: the one before it, or for the first
    /// the one after it.
    fn without_entry(&self, Range { mut start, mut end }: Range<usize>) -> Result<Data, Error> {
        let text = self.as_bytes();
        let byte = |at: Option<usize>| text.get(at?);
        if byte(start.checked_sub(1)) == Some(&b',') {
            start -= 1;
        } else if byte(Some(end)) == Some(&b',') {
            end += 1;
        }
        Data::concat(&[slice(text, 0..start), slice(text, end..text.len())])
    }
}

/// By a JSON Pointer.
impl Data {
    /// The object with the value that a pointer names set. What is missing on the way is made: an
    /// array where `-` is to append to it, else an object.
    pub(crate) fn with_at(&self, pointer: &str, json: &[u8]) -> Result<Data, Error> {
        let pointer = Pointer::parse(pointer)?;
        let levels = pointer.len();
        if levels == 0 {
            return Data::from_json(json);
        }
        let compact = compacted(json, MAX_DEPTH - levels)?;
        let json = compact.as_ref().map_or(json, |json| json);

        let text = self.as_bytes();
        let mut place = 0..text.len();
        let mut tokens = pointer.tokens();
        while let Some(token) = tokens.next() {
            match child(text, &place, &token?)? {
                Child::Is(value) => place = value,
                Child::IsNew(name) => {
                    let (before, after) = around(&name, place.len() > 2, tokens)?;
                    let end = place.end - 1;
                    return Data::concat(&[
                        slice(text, 0..end),
                        &before,
                        json,
                        &after,
                        slice(text, end..text.len()),
                    ]);
                }
            }
        }
        self.with_replaced(place, json)
    }

    /// The object without the member or element that a pointer names.
    pub(crate) fn without_at(&self, pointer: &str) -> Result<Data, Error> {
        let pointer = Pointer::parse(pointer)?;
        let text = self.as_bytes();
        match entry(text, pointer)? {
            Some(entry) => self.without_entry(entry),
            None => Data::concat(&[text]),
        }
    }
}

/// What a token names in an object or array.
enum Child {
    Is(Range<usize>),
    /// What goes to its end, and its name and colon if it is a member.
    IsNew(Buffer),
}

fn child(text: &[u8], parent: &Range<usize>, token: &Token<'_>) -> Result<Child, Error> {
    let (name, offset) = (&*token.name, token.offset);
    match text.get(parent.start) {
        Some(b'{') => match pointer::member(text, parent.clone(), name) {
            Some(member) => Ok(Child::Is(member.value)),
            None => Ok(Child::IsNew(named(name)?)),
        },
        Some(b'[') if name == b"-" => Ok(Child::IsNew(Buffer::default())),
        Some(b'[') => {
            let index = pointer::index(name).ok_or_else(|| {
                Error::pointer(
                    "an array takes an index without leading zeros, or - to append",
                    offset,
                )
            })?;
            if let Some(value) = pointer::element(text, parent.clone(), index) {
                return Ok(Child::Is(value));
            }
            let count = json::elements(slice(text, parent.clone())).count();
            if index == count {
                Ok(Child::IsNew(Buffer::default()))
            } else {
                Err(Error::pointer(
                    "the array is shorter than that: - appends to it",
                    offset,
                ))
            }
        }
        _ => Err(Error::pointer(
            "it leads through a value that is neither an object nor an array",
            offset,
        )),
    }
}

/// The range of a member, name included, or of an element; None if there is none.
fn entry(text: &[u8], pointer: Pointer<'_>) -> Result<Option<Range<usize>>, Error> {
    let mut place = 0..text.len();
    let mut found = None;
    for token in pointer.tokens() {
        let Token { name, .. } = token?;
        let entry = match text.get(place.start) {
            Some(b'{') => pointer::member(text, place, &name),
            Some(b'[') => pointer::index(&name)
                .and_then(|index| pointer::element(text, place, index))
                .map(|element| Entry {
                    whole: element.clone(),
                    value: element,
                }),
            _ => None,
        };
        let Some(Entry { whole, value }) = entry else {
            return Ok(None);
        };
        place = value;
        found = Some(whole);
    }
    match found {
        Some(found) => Ok(Some(found)),
        None => Err(Error::pointer(
            "it names the whole data, which cannot be removed: replace it, or clear the session",
            0,
        )),
    }
}

/// Checks a caller's value, and takes its insignificant white space out, where it has some.
fn compacted(json: &[u8], max_depth: usize) -> Result<Option<Buffer>, Error> {
    match json::check(json, max_depth)? {
        0 => Ok(None),
        _ => json::compact(json).map(Some),
    }
}

/// A name that is to be written, with its colon.
fn named(name: &[u8]) -> Result<Buffer, Error> {
    let mut out = Buffer::with_room(json::quoted_len(name) + 1)?;
    json::quote(utf8(name, "the name is not UTF-8")?, &mut out);
    out.push(b':');
    Ok(out)
}

/// What has to stand before and after a new value: a comma, its name, and the containers that the
/// rest of its pointer names.
fn around<'a>(
    name: &[u8],
    has_others: bool,
    rest: impl Iterator<Item = Result<Token<'a>, Error>>,
) -> Result<(Buffer, Buffer), Error> {
    let mut pieces = Vec::new();
    let mut after = Buffer::with_room(MAX_DEPTH)?;
    pieces
        .try_reserve_exact(MAX_DEPTH)
        .map_err(|_| Error::memory())?;
    for token in rest {
        let Token { name, .. } = token?;
        if &*name == b"-" {
            pieces.push(None);
            after.push(b']');
        } else {
            pieces.push(Some(named(&name)?));
            after.push(b'}');
        }
    }
    after.reverse();

    let len = |piece: &Option<Buffer>| 1 + piece.as_ref().map_or(0, |name| name.len());
    let mut before = Buffer::with_room(1 + name.len() + pieces.iter().map(len).sum::<usize>())?;
    if has_others {
        before.push(b',');
    }
    before.extend_from_slice(name);
    for piece in &pieces {
        match piece {
            Some(name) => {
                before.push(b'{');
                before.extend_from_slice(name);
            }
            None => before.push(b'['),
        }
    }
    Ok((before, after))
}
