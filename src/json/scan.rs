//! Where a part of a text ends.

use std::ops::Range;

use memchr::memchr2;

use super::places::{BLOCK, places};

/// The end of the value that starts at `at`; of none, `at`.
pub(super) fn value_end(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(b'"') => string_end(text, at),
        Some(b'{' | b'[') => nested_end(text, at),
        _ => {
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || is_space(*byte);
            let len = slice(text, at..text.len()).iter().position(ends);
            len.map_or(text.len(), |len| at + len)
        }
    }
}

/// The end of the object or array that starts at `at`; the text's, where it is not closed.
fn nested_end(text: &[u8], mut at: usize) -> usize {
    // Brackets become equal to braces by one bit that both have.
    let marks = |byte: u8| matches!(byte, b'"' | b'\\') || matches!(byte | 0x20, b'{' | b'}');
    let (mut depth, mut is_quoted, mut escaped) = (0_usize, false, None);
    while let Some(mut found) = places(text, at, marks) {
        while found != 0 {
            let mark = at + found.trailing_zeros() as usize;
            found &= found - 1;
            match text.get(mark) {
                _ if escaped == Some(mark) => {}
                Some(b'"') => is_quoted = !is_quoted,
                Some(b'\\') if is_quoted => escaped = Some(mark + 1),
                Some(b'{' | b'[') if !is_quoted => depth += 1,
                Some(b'}' | b']') if !is_quoted => {
                    depth -= 1;
                    if depth == 0 {
                        return mark + 1;
                    }
                }
                _ => {}
            }
        }
        at += BLOCK;
    }
    text.len()
}

/// The end, closing quote included, of the string whose opening quote is at `at`; the text's, where
/// it is not closed.
#[inline]
pub(super) fn string_end(text: &[u8], mut at: usize) -> usize {
    at += 1;
    loop {
        at = match plain_end_within::<32>(text, at) {
            Ok(end) => end,
            Err(at) => long_end(text, at),
        };
        match text.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return text.len(),
        }
    }
}

/// Where a long string has its next quote or backslash. It is found sooner this way, which takes as
/// long as a short string to begin; that must not grow by it.
#[cold]
#[inline(never)]
fn long_end(text: &[u8], at: usize) -> usize {
    let rest = slice(text, at..text.len());
    memchr2(b'"', b'\\', rest).map_or(text.len(), |len| at + len)
}

/// Whether an unchecked text has insignificant white space, and how deep its brackets nest.
pub(crate) fn spaces_and_depth(text: &[u8]) -> (bool, usize) {
    let (mut at, mut spaced, mut depth, mut deepest) = (0, false, 0_usize, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = string_end(text, at);
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            byte => spaced = spaced || is_space(*byte),
        }
        at += 1;
    }
    (spaced, deepest)
}

pub(super) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).copied().is_some_and(is_space) {
        at += 1;
    }
    at
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

pub(crate) fn slice(text: &[u8], range: Range<usize>) -> &[u8] {
    text.get(range).unwrap_or_default()
}

/// The first place from `at` on that is a quote, a backslash or a control character.
#[inline]
pub(super) fn plain_end(text: &[u8], at: usize) -> usize {
    match plain_end_within::<{ usize::MAX }>(text, at) {
        Ok(end) | Err(end) => end,
    }
}

/// As [`plain_end`], or where to go on after so many bytes without one. Reads eight at a time.
#[inline(always)]
fn plain_end_within<const MOST: usize>(text: &[u8], mut at: usize) -> Result<usize, usize> {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    // The lowest bit that is set is right; a borrow may set wrong ones above it.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);

    let most = at.saturating_add(MOST);
    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*word);
        let stop = (below(word, 0x20) | equal(word, b'"') | equal(word, b'\\')) & TOPS;
        if stop != 0 {
            return Ok(at + stop.trailing_zeros() as usize / 8);
        }
        at += 8;
        if at >= most {
            return Err(at);
        }
    }
    while text
        .get(at)
        .is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20))
    {
        at += 1;
    }
    Ok(at)
}
