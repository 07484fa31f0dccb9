//! The session's JSON object, edited as text: what an edit does not touch is copied, never parsed.

use std::ops::Range;

use crate::Error;
use crate::buffer::Buffer;
use crate::json::{self, Member, Unescaped, slice};

/// Above this many members in an update, the one that replaces an existing member is found by binary search.
const FEW_MEMBERS: usize = 8;

/// A JSON object without insignificant white space, followed by a NUL for C. It never changes: edits give a new one.
pub(crate) struct Data {
    /// Wiped when dropped. The object may be preceded and followed by other bytes; it then came in with them.
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

    /// The object that stands in `buffer` from `start` on and is followed by at least one byte that can be spared, which
    /// becomes the NUL. None if it is not an object as this type holds it.
    pub(crate) fn from_canonical(
        buffer: Buffer,
        start: usize,
        end: usize,
    ) -> Result<Option<Data>, Error> {
        let text = slice(&buffer, start..end);
        if text.first() != Some(&b'{') || json::check_sealed(text, json::MAX_DEPTH)? != Some(0) {
            return Ok(None);
        }
        Ok(Data::from_checked(buffer, start, end))
    }

    /// As [`Data::from_canonical`], for what was checked as part of a larger text.
    pub(crate) fn from_checked(mut buffer: Buffer, start: usize, end: usize) -> Option<Data> {
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

    /// The object with the members of another one merged in, as `Object.assign` does: a name that is there keeps its
    /// place and its spelling and gets the new value, others go last.
    pub(crate) fn merged(&self, update: &[u8]) -> Result<Data, Error> {
        let update = object(update)?;
        let text = self.as_bytes();
        let members = Members::of(&update)?;
        let mut used = Vec::new();
        used.try_reserve_exact(members.list.len())
            .map_err(|_| Error::memory())?;
        used.resize(members.list.len(), false);

        let mut out = Buffer::with_room(text.len() + update.len() + 1)?;
        out.push(b'{');
        for old in json::members(text) {
            let new = members.position(slice(text, old.name.clone()))?;
            let value = match new.and_then(|i| Some((members.list.get(i)?, used.get_mut(i)?))) {
                Some((member, used)) => {
                    *used = true;
                    slice(&update, member.value.clone())
                }
                None => slice(text, old.value.clone()),
            };
            comma(&mut out);
            out.extend_from_slice(slice(text, old.name.start - 1..old.value.start));
            out.extend_from_slice(value);
        }
        for (member, used) in members.list.iter().zip(used) {
            if !used {
                comma(&mut out);
                out.extend_from_slice(slice(&update, member.name.start - 1..member.value.end));
            }
        }
        out.push(b'}');
        Ok(Data::terminated(out))
    }

    /// The object with one member set to a JSON value.
    pub(crate) fn with(&self, key: &[u8], json: &[u8]) -> Result<Data, Error> {
        let key = utf8(key, "the key is not UTF-8")?;
        let spaces = json::check(json, json::MAX_DEPTH - 1)?;
        if spaces == 0 {
            self.with_value(key, json)
        } else {
            self.with_value(key, &json::compact(json)?)
        }
    }

    /// Where a member's value stands that [`Data::put`] can replace by this one; None where [`Data::with`] has to be called.
    pub(crate) fn place(&self, key: &[u8], json: &[u8]) -> Option<Range<usize>> {
        let key = std::str::from_utf8(key).ok()?;
        let place = self.member(key.as_bytes())?.value;
        let room = self.buffer.len().checked_sub(self.end + 1)?;
        let fits = json.len() <= place.len() + room;
        (fits && json::check(json, json::MAX_DEPTH - 1) == Ok(0)).then_some(place)
    }

    /// Replaces a value where it stands, at the cost of moving what comes after it.
    pub(crate) fn put(&mut self, place: Range<usize>, json: &[u8]) {
        let (from, to) = (
            self.start + place.end,
            self.start + place.start + json.len(),
        );
        if from != to {
            self.buffer.copy_within(from..=self.end, to);
            self.end = self.end - from + to;
        }
        if let Some(value) = self.buffer.get_mut(self.start + place.start..to) {
            value.copy_from_slice(json);
        }
    }

    /// The object with one member set to a string.
    pub(crate) fn with_text(&self, key: &[u8], text: &[u8]) -> Result<Data, Error> {
        let key = utf8(key, "the key is not UTF-8")?;
        let text = utf8(text, "the text is not UTF-8")?;
        let mut json = Buffer::with_room(json::quoted_len(text.as_bytes()))?;
        json::quote(text, &mut json);
        self.with_value(key, &json)
    }

    fn with_value(&self, key: &str, json: &[u8]) -> Result<Data, Error> {
        let text = self.as_bytes();
        if let Some(member) = self.member(key.as_bytes()) {
            return Data::concat(&[
                slice(text, 0..member.value.start),
                json,
                slice(text, member.value.end..text.len()),
            ]);
        }
        let mut name = Buffer::with_room(json::quoted_len(key.as_bytes()) + 2)?;
        if text.len() > 2 {
            name.push(b',');
        }
        json::quote(key, &mut name);
        name.push(b':');
        Data::concat(&[slice(text, 0..text.len() - 1), &name, json, b"}"])
    }

    /// The object without one member.
    pub(crate) fn without(&self, key: &[u8]) -> Result<Data, Error> {
        let key = utf8(key, "the key is not UTF-8")?;
        let text = self.as_bytes();
        let Some(member) = self.member(key.as_bytes()) else {
            return Data::concat(&[text]);
        };
        // The comma goes with the member: the one before it, or for the first member the one after it.
        let (mut start, mut end) = (member.name.start - 1, member.value.end);
        if start > 1 {
            start -= 1;
        } else if text.get(end) == Some(&b',') {
            end += 1;
        }
        Data::concat(&[slice(text, 0..start), slice(text, end..text.len())])
    }

    /// The value that an RFC 6901 JSON Pointer names, as JSON text.
    pub(crate) fn find(&self, pointer: &[u8]) -> Option<&[u8]> {
        let mut value = self.as_bytes();
        if pointer.is_empty() {
            return Some(value);
        }
        for token in pointer.strip_prefix(b"/")?.split(|byte| *byte == b'/') {
            let range = match value.first() {
                Some(b'{') => {
                    let token = reference_token(token)?;
                    json::members(value)
                        .find(|member| json::stands_for(slice(value, member.name.clone()), &token))?
                        .value
                }
                Some(b'[') => json::elements(value).nth(array_index(token)?)?,
                _ => return None,
            };
            value = value.get(range)?;
        }
        Some(value)
    }

    fn member(&self, key: &[u8]) -> Option<Member> {
        let text = self.as_bytes();
        json::members(text).find(|member| json::stands_for(slice(text, member.name.clone()), key))
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

/// The members of an update, to be looked up by the name as an existing member spells it.
struct Members<'a> {
    text: &'a [u8],
    list: Vec<Member>,
    /// Their names, unescaped and sorted, and where each stands in the list; empty where there are few.
    by_name: Vec<(Unescaped<'a>, usize)>,
}

impl<'a> Members<'a> {
    fn of(text: &'a [u8]) -> Result<Members<'a>, Error> {
        let count = json::members(text).count();
        let mut list = Vec::new();
        list.try_reserve_exact(count).map_err(|_| Error::memory())?;
        list.extend(json::members(text));
        let mut by_name = Vec::new();
        if count > FEW_MEMBERS {
            by_name
                .try_reserve_exact(count)
                .map_err(|_| Error::memory())?;
            for (i, member) in list.iter().enumerate() {
                by_name.push((json::unescape(slice(text, member.name.clone()))?, i));
            }
            #[expect(
                clippy::unnecessary_sort_by,
                reason = "a key is not lent by what is sorted"
            )]
            by_name.sort_unstable_by(|(a, _), (b, _)| (**a).cmp(&**b));
        }
        Ok(Members {
            text,
            list,
            by_name,
        })
    }

    fn position(&self, spelt: &[u8]) -> Result<Option<usize>, Error> {
        let name = json::unescape(spelt)?;
        if self.list.len() > FEW_MEMBERS {
            let found = self
                .by_name
                .binary_search_by(|(known, _)| (**known).cmp(&*name))
                .ok();
            return Ok(found.and_then(|at| Some(self.by_name.get(at)?.1)));
        }
        let is_named =
            |member: &Member| json::stands_for(slice(self.text, member.name.clone()), &name);
        Ok(self.list.iter().position(is_named))
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

fn utf8<'a>(text: &'a [u8], message: &'static str) -> Result<&'a str, Error> {
    std::str::from_utf8(text).map_err(|error| Error::data(message).at(error.valid_up_to()))
}

fn comma(out: &mut Vec<u8>) {
    if out.len() > 1 {
        out.push(b',');
    }
}

/// A reference token with `~1` and `~0` resolved; None for any other use of `~`.
fn reference_token(token: &[u8]) -> Option<Unescaped<'_>> {
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
fn array_index(token: &[u8]) -> Option<usize> {
    let digits =
        token.iter().all(u8::is_ascii_digit) && (token == b"0" || token.first() != Some(&b'0'));
    std::str::from_utf8(token)
        .ok()
        .filter(|_| digits)?
        .parse()
        .ok()
}
