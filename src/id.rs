//! A session's id.

use uuid::Uuid;

use crate::buffer::Buffer;
use crate::{Error, random};

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
