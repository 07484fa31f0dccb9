//! What h3 seals: a session as a JSON object.
//!
//! ```text
//! {"id":"…","createdAt":1800000000000,"data":{…},"lastSeenAt":1800000000000}
//! ```

use std::io::Write;
use std::ops::Range;

use crate::Error;
use crate::buffer::Buffer;
use crate::data::Data;
use crate::id::Id;
use crate::json::{self, Member, slice};
use crate::limits::Lifetime;
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
/// `{}`. The values themselves are as whoever sealed them has checked them.
pub(super) fn parse(mut text: Buffer, mut end: usize) -> Result<Option<Payload>, Error> {
    let (spaced, depth) = json::spaces_and_depth(slice(&text, 0..end));
    if depth > json::MAX_DEPTH + 1 {
        return Ok(None);
    }
    if spaced {
        text = json::compact(slice(&text, 0..end))?;
        end = text.len();
    }
    let payload = slice(&text, 0..end);
    if std::str::from_utf8(payload).is_err() {
        return Ok(None);
    }
    let mut read = Read::default();
    let mut end_of_last = 0;
    for member in json::members(payload) {
        end_of_last = member.value.end;
        if read.member(payload, member)?.is_none() {
            return Ok(None);
        }
    }
    let is_whole = match end_of_last {
        0 => payload == b"{}",
        at => payload.get(at..) == Some(b"}"),
    };
    if !is_whole {
        return Ok(None);
    }
    let data = match read.data {
        Some(range) => Data::from_sealed(text, range.start, range.end),
        None => Some(Data::empty()),
    };
    Ok(data.map(|data| Payload {
        lacked_id: read.id.is_none(),
        record: Record {
            id: read.id.unwrap_or_else(Id::none),
            created_at: read.created_at,
            last_seen_at: read.last_seen_at,
            expires_at: None,
            has_own_end: false,
            lifetime: Lifetime::default(),
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

/// What was read of a payload so far.
#[derive(Default)]
struct Read {
    /// Which of [`KNOWN`] were there. None may come twice: which of the two would be meant?
    seen: [bool; KNOWN.len()],
    id: Option<Id>,
    created_at: i64,
    last_seen_at: Option<i64>,
    data: Option<Range<usize>>,
    extra: Buffer,
}

const KNOWN: [&[u8]; 4] = [b"id", b"createdAt", b"lastSeenAt", b"data"];

impl Read {
    /// None for a member that no session has.
    fn member(&mut self, payload: &[u8], member: Member) -> Result<Option<()>, Error> {
        let (name, value) = (
            slice(payload, member.name.clone()),
            slice(payload, member.value.clone()),
        );
        let mut known = KNOWN.iter().zip(&mut self.seen);
        let Some((known, seen)) = known.find(|(known, _)| json::stands_for(name, known)) else {
            if self.extra.capacity() == 0 {
                self.extra = Buffer::with_room(payload.len())?;
            }
            let whole = member.name.start - 1..member.value.end;
            self.extra.push(b',');
            self.extra.extend_from_slice(slice(payload, whole));
            return Ok(Some(()));
        };
        if std::mem::replace(seen, true) {
            return Ok(None);
        }
        Ok(match *known {
            b"id" => self.id(value)?,
            b"createdAt" => time(value).map(|time| self.created_at = time),
            b"lastSeenAt" => {
                time(value).map(|time| self.last_seen_at = Some(time).filter(|time| *time > 0))
            }
            _ if value.first() == Some(&b'{') => {
                self.data = Some(member.value);
                Some(())
            }
            _ => is_false(value).then_some(()),
        })
    }

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::MAX_DEPTH;

    fn parsed(text: &[u8]) -> Option<Payload> {
        let mut buffer = Buffer::with_room(text.len() + 1).unwrap();
        buffer.extend_from_slice(text);
        buffer.push(0);
        parse(buffer, text.len()).unwrap()
    }

    fn data_of(text: &[u8]) -> Option<String> {
        parsed(text).map(|payload| payload.record.data.as_str().to_owned())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_a_payload_is_its_data_is_text_between_braces(
            inside in prop_oneof![
                r#"(,?"(id|createdAt|lastSeenAt|data|x|\\u0069d)" ?: ?("a"|[0-9]{1,3}|\{.{0,9}\}|\[.\]|.{0,4})){0,5}"#,
                r#"[\[\]{}:,"\\ é0-9a-d]{0,40}"#,
            ],
        ) {
            let text = format!("{{{inside}}}");
            if let Some(data) = data_of(text.as_bytes()) {
                let is_between_braces = matches!(data.as_bytes(), [b'{', .., b'}']);
                prop_assert!(is_between_braces, "{}", data);
                let was_compacted = text.contains([' ', '\t', '\n', '\r']);
                prop_assert!(was_compacted || data == "{}" || text.contains(&data), "{}", data);
            }
        }
    }

    #[test]
    fn the_values_of_an_authentic_payload_are_not_checked_again() {
        let text = br#"{"id":"a","createdAt":1,"data":{"a":01,"a":tru},"x":nul}"#;
        assert_eq!(data_of(text).as_deref(), Some(r#"{"a":01,"a":tru}"#));
        let extra = parsed(text).unwrap().record.extra;
        assert_eq!(extra.as_slice(), br#","x":nul"#);
    }

    #[test]
    fn the_data_of_a_payload_is_an_object_without_insignificant_white_space() {
        for (text, data) in [
            (
                r#" { "data" : { "a" : [ 1 , " b " ] } } "#,
                Some(r#"{"a":[1," b "]}"#),
            ),
            (r#"{"data":null}"#, Some("{}")),
            (r#"{"data":false}"#, Some("{}")),
            (r#"{"data":[]}"#, None),
            (r#"{"data":1}"#, None),
        ] {
            assert_eq!(data_of(text.as_bytes()).as_deref(), data, "{text}");
        }
    }

    #[test]
    fn what_stands_between_the_members_of_a_payload_is_checked() {
        for text in [
            "",
            "x",
            "{",
            "[]",
            "{} x",
            "{}{}",
            "{,}",
            r#"{"id":"a" "data":{}}"#,
            r#"{"id":"a",}"#,
            r#"{"id":"a"}}"#,
            r#"{"id":"a","data":{]}"#,
            r#"{"id":"a","data":{"a":1]}"#,
            r#"{"id":"a","id":"b"}"#,
            r#"{"data":{},"data":{}}"#,
            r#"{"createdAt":1,"createdAt":1}"#,
            r#"{"lastSeenAt":1,"lastSeenAt":1}"#,
        ] {
            assert!(parsed(text.as_bytes()).is_none(), "{text}");
        }
        assert!(parsed(b"{\"x\":\"\xff\"}").is_none());
        assert!(parsed(b"{}").is_some_and(|payload| payload.lacked_id));
    }

    #[test]
    fn a_payload_nests_one_level_more_than_its_data() {
        let nested = |levels| {
            format!(
                r#"{{"data":{}{}}}"#,
                r#"{"a":"#.repeat(levels - 1) + "{}",
                "}".repeat(levels - 1)
            )
        };
        assert!(parsed(nested(MAX_DEPTH).as_bytes()).is_some());
        assert!(parsed(nested(MAX_DEPTH + 1).as_bytes()).is_none());
    }
}
