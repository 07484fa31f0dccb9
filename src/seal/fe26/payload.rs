//! What h3 seals: a session as a JSON object.
//!
//! ```text
//! {"id":"…","createdAt":1800000000000,"data":{…},"lastSeenAt":1800000000000}
//! ```

use std::io::Write;

use crate::Error;
use crate::buffer::Buffer;
use crate::data::Data;
use crate::id::Id;
use crate::json::{self, slice};
use crate::record::Record;
use crate::seal::Stamp;

/// The last time that a payload may hold: as in h3s1, 48 bits.
const LAST_MS: f64 = (1_u64 << 48) as f64;

/// A session as a payload tells it; whether it lacked an id, which is then still to be given.
pub(super) struct Payload {
    pub(super) record: Record,
    pub(super) lacked_id: bool,
}

/// Reads the JSON text at the start of `text`, up to `end`, and keeps its data there. None if it is
/// no session.
///
/// It need not be written as h3 would write it: white space, escapes in names, `1.8e12` for a time.
/// What is missing, or what JavaScript takes for false, is as h3 has it: no id, createdAt 0, data
/// `{}`.
pub(super) fn parse(mut text: Buffer, mut end: usize) -> Result<Option<Payload>, Error> {
    match json::check_sealed(slice(&text, 0..end), json::MAX_DEPTH + 1)? {
        Some(0) => {}
        Some(_) => {
            text = json::compact(slice(&text, 0..end))?;
            end = text.len();
        }
        None => return Ok(None),
    }
    if text.first() != Some(&b'{') {
        return Ok(None);
    }
    let mut read = Read::default();
    for member in json::members(slice(&text, 0..end)) {
        let (name, value) = (
            slice(&text, member.name.clone()),
            slice(&text, member.value.clone()),
        );
        let named = |known: &[u8]| json::stands_for(name, known);
        let understood = if named(b"id") {
            read.id(value)?
        } else if named(b"createdAt") {
            time(value).map(|time| read.created_at = time)
        } else if named(b"lastSeenAt") {
            time(value).map(|time| read.last_seen_at = Some(time).filter(|time| *time > 0))
        } else if named(b"data") {
            match value.first() {
                Some(b'{') => {
                    read.data = Some(member.value);
                    Some(())
                }
                _ => is_false(value).then_some(()),
            }
        } else {
            if read.extra.capacity() == 0 {
                read.extra = Buffer::with_room(end)?;
            }
            read.extra.push(b',');
            let whole = member.name.start - 1..member.value.end;
            read.extra.extend_from_slice(slice(&text, whole));
            Some(())
        };
        if understood.is_none() {
            return Ok(None);
        }
    }
    let data = match read.data {
        Some(range) => Data::from_checked(text, range.start, range.end),
        None => Some(Data::empty()),
    };
    Ok(data.map(|data| Payload {
        lacked_id: read.id.is_none(),
        record: Record {
            id: read.id.unwrap_or_else(Id::none),
            created_at: read.created_at,
            last_seen_at: read.last_seen_at,
            expires_at: None,
            data,
            extra: read.extra,
        },
    }))
}

/// Writes a session; `out` has the room for it.
pub(super) fn write(stamp: &Stamp<'_>, data: &Data, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":");
    json::quote(stamp.id.as_str(), out);
    // Writing to a vector with room does not fail.
    let _ = write!(out, ",\"createdAt\":{},\"data\":", stamp.created_at);
    out.extend_from_slice(data.as_bytes());
    if let Some(time) = stamp.last_seen_at {
        let _ = write!(out, ",\"lastSeenAt\":{time}");
    }
    out.extend_from_slice(stamp.extra);
    out.push(b'}');
}

/// How long [`write`] makes a session with data of this length.
pub(super) fn len(stamp: &Stamp<'_>, data_len: usize) -> usize {
    "{\"id\":,\"createdAt\":,\"data\":}".len()
        + json::quoted_len(stamp.id.as_bytes())
        + digits(stamp.created_at)
        + data_len
        + stamp
            .last_seen_at
            .map_or(0, |time| ",\"lastSeenAt\":".len() + digits(time))
        + stamp.extra.len()
}

/// How many digits a time has.
pub(super) fn digits(time: i64) -> usize {
    time.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[derive(Default)]
struct Read {
    id: Option<Id>,
    created_at: i64,
    last_seen_at: Option<i64>,
    data: Option<std::ops::Range<usize>>,
    extra: Buffer,
}

impl Read {
    fn id(&mut self, value: &[u8]) -> Result<Option<()>, Error> {
        if is_false(value) {
            return Ok(Some(()));
        }
        let Some(quoted) = json::unquoted(value) else {
            return Ok(None);
        };
        self.id = Id::from_text(&json::unescape(quoted)?)?;
        Ok(self.id.as_ref().map(|_| ()))
    }
}

/// A time in milliseconds; 0 for none.
fn time(value: &[u8]) -> Option<i64> {
    if is_false(value) {
        return Some(0);
    }
    let time = number(value)?;
    (0.0..=LAST_MS).contains(&time).then_some(time as i64)
}

/// Whether JavaScript takes it for false.
fn is_false(value: &[u8]) -> bool {
    matches!(value, b"null" | b"false" | b"\"\"") || number(value) == Some(0.0)
}

fn number(value: &[u8]) -> Option<f64> {
    let starts_as_one = matches!(value.first(), Some(b'-' | b'0'..=b'9'));
    let text = std::str::from_utf8(value).ok().filter(|_| starts_as_one)?;
    text.parse().ok()
}
