//! The first line of a file of revocations, which tells it from every other file.

use std::fs::File;

use super::fault::Fault;
use super::lines::read_at;
use crate::{Error, random};

/// The line, where `x` stands for a hexadecimal digit and `9` for a decimal one: the version, the
/// lineage, the generation, and the file's length after its last compaction.
const PATTERN: &[u8] =
    b"h3s revocations 1 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx 9999999999 9999999999999999\n";
/// The first line of this and of all later versions.
const ANY_VERSION: &[u8] = b"h3s revocations ";
/// Its length with the newline.
pub(super) const LEN: usize = PATTERN.len();

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Drawn when the file was made, and kept by every compaction.
    pub(super) lineage: [u8; 32],
    /// Counts the compactions. A copy of an earlier time, put back in the place of the file, shows
    /// by a generation that is no later.
    pub(super) generation: u32,
    /// The file's length after its last compaction: all before it was in the file of the generation
    /// before.
    pub(super) compacted: u64,
}

/// What a file begins with.
pub(super) enum Beginning {
    /// Nothing, or a part of this line and then the end: its writer was killed.
    Nothing,
    Header(Header),
}

impl Header {
    /// Of a file that nobody has written to.
    pub(super) fn new() -> Result<Header, Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut lineage = [0; 32];
        let drawn = random::array::<16>()?;
        let digits = drawn.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        lineage
            .iter_mut()
            .zip(digits)
            .for_each(|(to, digit)| *to = DIGITS[usize::from(digit)]);
        Ok(Header {
            lineage,
            generation: 0,
            compacted: LEN as u64,
        })
    }

    /// Of the file that a compaction of this one has made.
    pub(super) fn next(&self, compacted: u64) -> Header {
        Header {
            lineage: self.lineage,
            generation: self.generation.saturating_add(1),
            compacted,
        }
    }

    /// Whether a file of this header has come from one of `before` by compactions alone, so that
    /// nothing that still matters is missing in it.
    pub(super) fn follows(&self, before: &Header) -> bool {
        self.lineage == before.lineage && self.generation > before.generation
    }

    /// The same, by one compaction.
    pub(super) fn is_next_after(&self, before: &Header) -> bool {
        self.follows(before) && self.generation == before.generation.saturating_add(1)
    }

    /// What stands for this file alone: to know it again.
    pub(super) fn mark(&self) -> u64 {
        let first = self
            .lineage
            .first_chunk()
            .map_or(0, |first| u64::from_le_bytes(*first));
        first.wrapping_add(self.generation.into())
    }

    pub(super) fn line(&self) -> String {
        format!(
            "h3s revocations 1 {} {:010} {:016}\n",
            String::from_utf8_lossy(&self.lineage),
            self.generation,
            self.compacted
        )
    }

    fn parse(line: &[u8]) -> Option<Header> {
        let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let mut fields = text.split(' ').skip(3);
        Some(Header {
            lineage: fields.next()?.as_bytes().try_into().ok()?,
            generation: fields.next()?.parse().ok()?,
            compacted: fields.next()?.parse().ok()?,
        })
    }
}

/// What a file begins with; a fault if it is no file of revocations.
pub(super) fn read(file: &File) -> Result<Beginning, Fault> {
    let mut line = [0; LEN];
    let len = read_at(file, &mut line, 0)?;
    let line = &line[..len];
    let fits = line
        .iter()
        .zip(PATTERN)
        .all(|(byte, pattern)| match pattern {
            b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            b'9' => byte.is_ascii_digit(),
            _ => byte == pattern,
        });
    match Header::parse(line) {
        _ if fits && len < LEN => Ok(Beginning::Nothing),
        Some(header) if fits => Ok(Beginning::Header(header)),
        _ if line.starts_with(ANY_VERSION) => Err(Fault::Wrong(
            "it is damaged, or was written by a later version of the library",
        )),
        _ => Err(Fault::Wrong(
            "there is another file in its place, which is left as it is",
        )),
    }
}
