//! Where strings end: the part of reading JSON that takes the most time, so many
//! bytes are looked at at once.

use super::fault::{Checked, Fault};
use super::places::{BLOCK, places};
use super::scan::plain_end;

/// Finds the ends of a text's strings, from its first to its last.
pub(super) trait Strings {
    /// Whether a string may have escapes.
    const ESCAPES: bool;

    /// The place after the closing quote of the string whose opening quote is at `at`.
    fn end(&mut self, at: usize) -> Checked<usize>;
}

/// The strings of a text without backslashes and control characters: each ends at the next quote.
pub(super) struct Plain<'a> {
    text: &'a [u8],
    /// The quotes of a block that were not yet met, the first in the lowest bit, and where
    /// the block after it starts.
    quotes: u64,
    next: usize,
}

impl<'a> Plain<'a> {
    /// None if the text has a backslash or a control character.
    pub(super) fn of(text: &'a [u8]) -> Option<Plain<'a>> {
        let special = |byte: &u8| u8::from(*byte < 0x20) | u8::from(*byte == b'\\');
        let any = |bytes: &[u8]| bytes.iter().fold(0, |found, byte| found | special(byte));
        // The compiler takes a block at once, since nothing stops it within one.
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        let found = blocks
            .iter()
            .fold(any(rest), |found, block| found | any(block));
        (found == 0).then_some(Plain {
            text,
            quotes: 0,
            next: 0,
        })
    }

    /// The next quote.
    #[inline(always)]
    fn quote(&mut self) -> Option<usize> {
        while self.quotes == 0 {
            self.quotes = places(self.text, self.next, |byte| byte == b'"')?;
            self.next += BLOCK;
        }
        let at = self.next - BLOCK + self.quotes.trailing_zeros() as usize;
        self.quotes &= self.quotes - 1;
        Some(at)
    }
}

impl Strings for Plain<'_> {
    const ESCAPES: bool = false;

    #[inline(always)]
    fn end(&mut self, at: usize) -> Checked<usize> {
        // Every quote before this one was met.
        let open = self.quote();
        debug_assert_eq!(open, Some(at));
        match self.quote() {
            Some(close) => Ok(close + 1),
            None => Err((Fault::End, self.text.len())),
        }
    }
}

/// The strings of any text.
pub(super) struct Escaped<'a>(pub(super) &'a [u8]);

impl Strings for Escaped<'_> {
    const ESCAPES: bool = true;

    fn end(&mut self, mut at: usize) -> Checked<usize> {
        let text = self.0;
        at += 1;
        loop {
            at = plain_end(text, at);
            match text.get(at) {
                Some(b'"') => return Ok(at + 1),
                Some(b'\\') => at = escape_end(text, at)?,
                Some(_) => return Err((Fault::Control, at)),
                None => return Err((Fault::End, at)),
            }
        }
    }
}

fn escape_end(text: &[u8], at: usize) -> Checked<usize> {
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match text.get(at + 2..at + 6) {
            Some(hex) if hex.iter().all(u8::is_ascii_hexdigit) => Ok(at + 6),
            _ => Err((Fault::Hex, at)),
        },
        _ => Err((Fault::Escape, at)),
    }
}
