//! A session's id.

use std::ops::Range;

use uuid::Uuid;

use crate::buffer::Buffer;
use crate::{Error, random};

/// A session's id: 1 to 255 bytes of 0x21 to 0x7E, or nothing after `clear`. Wiped when dropped,
/// since something may be looked up by it; and on the heap, where no move leaves a copy behind.
pub(crate) struct Id(Place);

enum Place {
    /// Its text with a NUL after it, for C; then, if it is the lower-case text of a UUID, its 16
    /// bytes. Empty for none.
    Own { text: Buffer, is_uuid: bool },
    /// In the buffer of the data that it came with: its text and a NUL; and where the bytes of the
    /// UUID begin that it is.
    Beside {
        text: Range<usize>,
        uuid: Option<usize>,
    },
}

/// An id where it stands.
#[derive(Clone, Copy)]
pub(crate) struct IdRef<'a> {
    /// With its NUL.
    text: &'a [u8],
    uuid: Option<&'a [u8]>,
}

const UUID_LEN: usize = uuid::fmt::Hyphenated::LENGTH;

impl Id {
    pub(crate) const MAX_LEN: usize = 255;
    /// How much room there is to be at the start of a buffer that [`Id::of_uuid_in`] is given.
    pub(crate) const TEXT_ROOM: usize = UUID_LEN + 1;

    /// The id of a cleared session.
    pub(crate) fn none() -> Id {
        Id(Place::Own {
            text: Buffer::default(),
            is_uuid: false,
        })
    }

    /// None for what is no id.
    pub(crate) fn from_text(text: &[u8]) -> Result<Option<Id>, Error> {
        if !is_valid(text) {
            return Ok(None);
        }
        if let Some(uuid) = lower_case_uuid(text) {
            return Id::from_uuid(uuid).map(Some);
        }
        let mut z = Buffer::with_room(text.len() + 1)?;
        z.extend_from_slice(text);
        z.push(0);
        Ok(Some(Id(Place::Own {
            text: z,
            is_uuid: false,
        })))
    }

    fn from_uuid(uuid: Uuid) -> Result<Id, Error> {
        let mut text = Buffer::with_room(UUID_LEN + 1 + 16)?;
        text.resize(UUID_LEN + 1, 0);
        if let Some(place) = text.get_mut(..UUID_LEN) {
            uuid.hyphenated().encode_lower(place);
        }
        text.extend_from_slice(uuid.as_bytes());
        Ok(Id(Place::Own {
            text,
            is_uuid: true,
        }))
    }

    /// A version 4 UUID of these random bytes.
    pub(crate) fn from_random(bytes: [u8; 16]) -> Result<Id, Error> {
        Id::from_uuid(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// A new session's.
    pub(crate) fn random() -> Result<Id, Error> {
        Id::from_random(random::array()?)
    }

    /// The UUID whose bytes begin at a place in a buffer, and whose text is put at its start. The
    /// buffer is that of the data that it came with.
    pub(crate) fn of_uuid_in(buffer: &mut [u8], at: usize) -> Option<Id> {
        let (front, rest) = buffer.split_at_mut_checked(Id::TEXT_ROOM)?;
        let bytes = rest.get(at.checked_sub(Id::TEXT_ROOM)?..)?.first_chunk()?;
        let (nul, text) = front.split_last_mut()?;
        // By reference throughout: what is passed by value may be left on the stack.
        Uuid::from_bytes_ref(bytes)
            .as_hyphenated()
            .encode_lower(text);
        *nul = 0;
        Some(Id(Place::Beside {
            text: 0..Id::TEXT_ROOM,
            uuid: Some(at),
        }))
    }

    /// The text at a place in the buffer of the data that it came with. It is moved by one byte to
    /// the front, so that there is room for its NUL. None for what is no id, and for the text of a
    /// UUID.
    pub(crate) fn of_text_in(buffer: &mut [u8], place: Range<usize>) -> Option<Id> {
        let text = buffer.get(place.clone())?;
        if !is_valid(text) || lower_case_uuid(text).is_some() {
            return None;
        }
        let moved = place.start.checked_sub(1)?..place.end;
        buffer.copy_within(place, moved.start);
        *buffer.get_mut(moved.clone())?.last_mut()? = 0;
        Some(Id(Place::Beside {
            text: moved,
            uuid: None,
        }))
    }

    /// Where it stands; `beside` is the buffer of the data.
    #[inline]
    pub(crate) fn in_own_place_or<'a>(&'a self, beside: &'a [u8]) -> IdRef<'a> {
        match &self.0 {
            Place::Own { text, is_uuid } => IdRef {
                text: match text.as_slice() {
                    [] => b"\0",
                    text if *is_uuid => text.get(..=UUID_LEN).unwrap_or(b"\0"),
                    text => text,
                },
                uuid: text.get(UUID_LEN + 1..).filter(|_| *is_uuid),
            },
            Place::Beside { text, uuid } => IdRef {
                text: beside.get(text.clone()).unwrap_or(b"\0"),
                uuid: uuid.and_then(|at| beside.get(at..at + 16)),
            },
        }
    }

    /// The same in a place of its own, if it stands with the data.
    pub(crate) fn apart_from(&self, beside: &[u8]) -> Result<Option<Id>, Error> {
        match &self.0 {
            Place::Own { .. } => Ok(None),
            Place::Beside { .. } => {
                let id = Id::from_text(self.in_own_place_or(beside).as_bytes())?;
                id.ok_or_else(Error::internal).map(Some)
            }
        }
    }
}

impl<'a> IdRef<'a> {
    pub(crate) fn is_uuid(self) -> bool {
        self.uuid.is_some()
    }

    /// The bytes of the UUID whose text it is, if it is one.
    pub(crate) fn uuid(self) -> Option<&'a [u8]> {
        self.uuid
    }

    pub(crate) fn as_bytes(self) -> &'a [u8] {
        self.text.split_last().map_or(&[], |(_nul, text)| text)
    }

    /// With its NUL.
    #[cfg(feature = "capi")]
    pub(crate) fn as_z(self) -> &'a [u8] {
        self.text
    }

    pub(crate) fn as_str(self) -> &'a str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

fn is_valid(text: &[u8]) -> bool {
    (1..=Id::MAX_LEN).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic)
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
