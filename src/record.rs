//! What is sealed: a session's id, times and data; and how long it lives.

use uuid::Uuid;

use crate::buffer::Buffer;
use crate::data::Data;
use crate::{Error, Rejection, random};

/// How far ahead of now a token's times may be: clocks differ, but a far-off createdAt would defeat `maxAge`.
pub(crate) const MAX_AHEAD_MS: i64 = 10 * 60 * 1000;

/// A session as it travels. Times are milliseconds since 1970.
pub(crate) struct Record {
    pub(crate) id: Id,
    pub(crate) created_at: i64,
    pub(crate) last_seen_at: Option<i64>,
    /// The end that was written into the token when it was sealed.
    pub(crate) expires_at: Option<i64>,
    pub(crate) data: Data,
    /// Members of a Fe26.2 payload that this library does not know, as JSON text with a comma before each. They are kept when the session
    /// is sealed in that format again.
    pub(crate) extra: Buffer,
}

/// What of a record, besides its data, decides how long its token is.
#[derive(Clone, Copy)]
pub(crate) struct Shape<'a> {
    pub(crate) id: &'a Id,
    pub(crate) created_at: i64,
    pub(crate) last_seen_at: Option<i64>,
    pub(crate) extra_len: usize,
}

/// Today's configuration of a session's life, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) max_age: Option<i64>,
    pub(crate) idle_timeout: Option<i64>,
    pub(crate) not_before: Option<i64>,
}

impl Record {
    /// What is left of a cleared session.
    pub(crate) fn empty() -> Record {
        Record {
            id: Id::none(),
            created_at: 0,
            last_seen_at: None,
            expires_at: None,
            data: Data::empty(),
            extra: Buffer::default(),
        }
    }

    pub(crate) fn shape(&self) -> Shape<'_> {
        Shape {
            id: &self.id,
            created_at: self.created_at,
            last_seen_at: self.last_seen_at,
            extra_len: self.extra.len(),
        }
    }

    /// Whether it is further ahead than clocks differ.
    pub(crate) fn is_from_the_future(&self, now: i64) -> bool {
        self.created_at.max(self.seen_at()) > now + MAX_AHEAD_MS
    }

    /// Takes times that are ahead for now. Else the session would outlive, by a new seal, a
    /// `notBefore` that was set for its sake.
    pub(crate) fn bring_back_to(&mut self, now: i64) {
        self.created_at = self.created_at.min(now);
        self.last_seen_at = self.last_seen_at.map(|time| time.min(now));
    }

    /// Refuses a session that has ended.
    pub(crate) fn check(&self, limits: &Limits, now: i64) -> Result<(), Rejection> {
        if limits
            .not_before
            .is_some_and(|not_before| self.created_at < not_before)
        {
            return Err(Rejection::Revoked);
        }
        self.check_alive(limits, now)
    }

    /// Whether the session still lives: it does at the very moment of its limits.
    pub(crate) fn check_alive(&self, limits: &Limits, now: i64) -> Result<(), Rejection> {
        let after = |end: Option<i64>| end.is_some_and(|end| now > end);
        if after(limits.max_age_end(self.created_at)) {
            Err(Rejection::Expired)
        } else if after(limits.idle_end(self.seen_at())) {
            Err(Rejection::Idle)
        } else if after(self.expires_at) {
            Err(Rejection::Expired)
        } else {
            Ok(())
        }
    }

    /// When the session ends by today's limits or by what was written into its token.
    pub(crate) fn end(&self, limits: &Limits) -> Option<i64> {
        earlier(limits.end(self.created_at, self.seen_at()), self.expires_at)
    }

    /// Whether more than half of the idle window is used.
    pub(crate) fn slides(&self, limits: &Limits, now: i64) -> bool {
        limits
            .idle_timeout
            .is_some_and(|idle| (now - self.seen_at()) * 2 > idle)
    }

    pub(crate) fn seen_at(&self) -> i64 {
        self.last_seen_at.unwrap_or(self.created_at)
    }
}

impl Limits {
    /// When a session that was made and last seen at these times ends: the earlier of the two limits.
    pub(crate) fn end(&self, created_at: i64, seen_at: i64) -> Option<i64> {
        earlier(self.max_age_end(created_at), self.idle_end(seen_at))
    }

    fn max_age_end(&self, created_at: i64) -> Option<i64> {
        self.max_age.map(|max_age| created_at + max_age)
    }

    fn idle_end(&self, seen_at: i64) -> Option<i64> {
        self.idle_timeout.map(|idle| seen_at + idle)
    }
}

pub(crate) fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A session's id: 1 to 255 bytes of 0x21 to 0x7E, or nothing after `clear`. Wiped when dropped,
/// since something may be looked up by it; and on the heap, where no move leaves a copy behind.
pub(crate) struct Id {
    /// With a NUL after it, for C; then, if it is the lower-case text of a UUID, its 16 bytes.
    /// Empty for none.
    text: Buffer,
    is_uuid: bool,
}

impl Id {
    pub(crate) const MAX_LEN: usize = 255;
    const UUID_LEN: usize = uuid::fmt::Hyphenated::LENGTH;

    /// The id of a cleared session.
    pub(crate) fn none() -> Id {
        Id {
            text: Buffer::default(),
            is_uuid: false,
        }
    }

    /// None for what is no id.
    pub(crate) fn from_text(text: &[u8]) -> Result<Option<Id>, Error> {
        let valid =
            (1..=Id::MAX_LEN).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic);
        if !valid {
            return Ok(None);
        }
        if let Some(uuid) = lower_case_uuid(text) {
            return Id::from_uuid(uuid).map(Some);
        }
        let mut z = Buffer::with_room(text.len() + 1)?;
        z.extend_from_slice(text);
        z.push(0);
        Ok(Some(Id {
            text: z,
            is_uuid: false,
        }))
    }

    pub(crate) fn from_uuid(uuid: Uuid) -> Result<Id, Error> {
        let mut text = Buffer::with_room(Id::UUID_LEN + 1 + 16)?;
        text.resize(Id::UUID_LEN + 1, 0);
        if let Some(place) = text.get_mut(..Id::UUID_LEN) {
            uuid.hyphenated().encode_lower(place);
        }
        text.extend_from_slice(uuid.as_bytes());
        Ok(Id {
            text,
            is_uuid: true,
        })
    }

    /// A version 4 UUID of these random bytes.
    pub(crate) fn from_random(bytes: [u8; 16]) -> Result<Id, Error> {
        Id::from_uuid(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// A new session's.
    pub(crate) fn random() -> Result<Id, Error> {
        Id::from_random(random::array()?)
    }

    pub(crate) fn is_uuid(&self) -> bool {
        self.is_uuid
    }

    /// The bytes of the UUID whose text it is, if it is one.
    pub(crate) fn uuid(&self) -> Option<&[u8]> {
        self.text.get(Id::UUID_LEN + 1..).filter(|_| self.is_uuid)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.as_z().split_last().map_or(&[], |(_nul, text)| text)
    }

    /// With its NUL.
    pub(crate) fn as_z(&self) -> &[u8] {
        match self.text.as_slice() {
            [] => b"\0",
            text if self.is_uuid => text.get(..=Id::UUID_LEN).unwrap_or(b"\0"),
            text => text,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// The UUID whose text this is, hyphenated and in lower case.
fn lower_case_uuid(text: &[u8]) -> Option<Uuid> {
    let hyphens = text.len() == 36
        && [8, 13, 18, 23]
            .iter()
            .all(|at| text.get(*at) == Some(&b'-'));
    let lower = hyphens && !text.iter().any(u8::is_ascii_uppercase);
    lower.then(|| Uuid::try_parse_ascii(text).ok()).flatten()
}

/// An id of the caller's.
impl TryFrom<&[u8]> for Id {
    type Error = Error;

    fn try_from(text: &[u8]) -> Result<Id, Error> {
        let at = text
            .iter()
            .position(|byte| !byte.is_ascii_graphic())
            .unwrap_or(text.len().min(Id::MAX_LEN));
        Id::from_text(text)?
            .ok_or_else(|| Error::data("an id is 1 to 255 bytes of 0x21 to 0x7E").at(at))
    }
}
