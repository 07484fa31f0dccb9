//! What C reads: it borrows from the session, and has a NUL after what is whole. Values by their
//! places in the data.

use std::ops::Range;

use super::Session;
use crate::Error;
use crate::json::{self, Container, Place, slice};

impl Session {
    pub(crate) fn id_z(&self) -> &[u8] {
        self.record.id().as_z()
    }

    pub(crate) fn data_z(&self) -> &[u8] {
        self.record.data.as_z()
    }

    /// The JSON text at a place.
    pub(crate) fn json_at(&self, place: Range<usize>) -> Option<&[u8]> {
        self.record.data.as_bytes().get(place)
    }

    /// The string at a place, as [`Session::text`] has it, but borrowed in any case.
    pub(crate) fn text_at(&mut self, place: Range<usize>) -> Option<&[u8]> {
        let spelled = json::unquoted(self.json_at(place.clone())?)?;
        let start = place.start + 1;
        let end = start + spelled.len();
        self.unescaped(start..end).ok()
    }

    /// What the string at a place (without its quotes) stands for. What had to be unescaped is
    /// kept until the next write.
    pub(crate) fn unescaped(&mut self, place: Range<usize>) -> Result<&[u8], Error> {
        let spelled = slice(self.record.data.as_bytes(), place.clone());
        if !spelled.contains(&b'\\') {
            return Ok(spelled);
        }
        let index = match self
            .texts
            .binary_search_by_key(&place.start, |(start, _)| *start)
        {
            Ok(index) => index,
            Err(index) => {
                let text = json::unescape_to_utf8(spelled)?;
                self.texts.try_reserve(1).map_err(|_| Error::memory())?;
                self.texts.insert(index, (place.start, text));
                index
            }
        };
        let (_, text) = self.texts.get(index).ok_or_else(Error::internal)?;
        Ok(text)
    }

    /// What comes next in a container.
    pub(crate) fn next_in(&self, container: &mut Container) -> Option<Place> {
        container.next(self.record.data.as_bytes())
    }
}
