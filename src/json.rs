//! JSON text read in place: checked strictly by RFC 8259, then walked without building anything.
//!
//! Session data must come out of here byte for byte as it came in, whatever a value tree would make of its numbers,
//! escapes or lone surrogates. So nothing is parsed into values: a text is checked once, and then cut into slices.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use tinyvec::TinyVec;
use zeroize::Zeroizing;

use crate::Error;

/// How deep objects and arrays may nest; the outermost is level 1.
pub(crate) const MAX_DEPTH: usize = 128;

/// Above this many names in one object, a hash set finds the one that occurs twice.
const FEW_NAMES: usize = 16;

/// Checks that `text` is one JSON value in UTF-8 whose objects have no name twice, and that it nests at most `levels` deep.
///
/// Returns the number of bytes of insignificant white space. The error says what is wrong, and at which byte.
pub(crate) fn check(text: &[u8], levels: usize) -> Result<usize, Error> {
    if let Err(error) = std::str::from_utf8(text) {
        return Err(Error::data("the text is not UTF-8").at(error.valid_up_to()));
    }
    Check {
        text,
        at: 0,
        spaces: 0,
        levels: levels.min(MAX_DEPTH),
        names: TinyVec::new(),
    }
    .run()
}

/// A checked text without its insignificant white space.
pub(crate) fn compact(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut out = buffer(text.len())?;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let end = if *byte == b'"' {
            string_end(text, at)
        } else {
            at + 1
        };
        if !is_space(*byte) {
            out.extend_from_slice(text.get(at..end).unwrap_or_default());
        }
        at = end;
    }
    Ok(out)
}

/// An empty buffer with room for `len` bytes, wiped when dropped.
pub(crate) fn buffer(len: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut out = Vec::new();
    out.try_reserve_exact(len).map_err(|_| Error::memory())?;
    Ok(Zeroizing::new(out))
}

/// One member of an object, as ranges of the text that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The name as it is spelt, without its quotes.
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// The members of a checked object, in order. Nothing for any other value.
pub(crate) fn members(text: &[u8]) -> impl Iterator<Item = Member> {
    let mut at = skip_space(text, 0);
    let open = text.get(at) == Some(&b'{');
    at += 1;
    std::iter::from_fn(move || {
        at = skip_space(text, at);
        if !open || text.get(at) != Some(&b'"') {
            return None;
        }
        let name = at + 1..string_end(text, at).saturating_sub(1);
        at = skip_space(text, skip_space(text, name.end + 1) + 1);
        let value = at..value_end(text, at);
        at = skip_space(text, value.end) + 1;
        Some(Member { name, value })
    })
}

/// The elements of a checked array, in order. Nothing for any other value.
pub(crate) fn elements(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = skip_space(text, 0);
    let open = text.get(at) == Some(&b'[');
    at += 1;
    std::iter::from_fn(move || {
        at = skip_space(text, at);
        if !open || matches!(text.get(at), None | Some(b']')) {
            return None;
        }
        let value = at..value_end(text, at);
        at = skip_space(text, value.end) + 1;
        Some(value)
    })
}

/// Whether a name as it is spelt stands for `key`, which is neither quoted nor escaped.
pub(crate) fn stands_for(spelt: &[u8], key: &[u8]) -> bool {
    let mut rest = Some(key);
    decode(spelt, |piece| {
        rest = rest.and_then(|rest| rest.strip_prefix(piece))
    });
    rest.is_some_and(<[u8]>::is_empty)
}

/// What a string's spelling (without its quotes) stands for. A lone surrogate comes as the three bytes that UTF-8 would
/// give it if it could, so that different names stay different.
pub(crate) fn unescape(spelt: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    if !spelt.contains(&b'\\') {
        return Ok(Cow::Borrowed(spelt));
    }
    let mut out = Vec::new();
    out.try_reserve_exact(spelt.len())
        .map_err(|_| Error::memory())?;
    decode(spelt, |piece| out.extend_from_slice(piece));
    Ok(Cow::Owned(out))
}

/// As [`unescape`], piece by piece; together they are never longer than what is spelt.
pub(crate) fn decode(spelt: &[u8], mut piece: impl FnMut(&[u8])) {
    let mut rest = spelt;
    while let Some(plain) = rest.iter().position(|byte| *byte == b'\\') {
        let (before, escape) = rest.split_at(plain);
        piece(before);
        let (len, point) = match escape.get(1) {
            Some(b'b') => (2, 0x08),
            Some(b'f') => (2, 0x0C),
            Some(b'n') => (2, 0x0A),
            Some(b'r') => (2, 0x0D),
            Some(b't') => (2, 0x09),
            Some(b'u') => code_point(escape),
            Some(other) => (2, u32::from(*other)),
            None => (1, u32::from(b'\\')),
        };
        match char::from_u32(point) {
            Some(char) => piece(char.encode_utf8(&mut [0; 4]).as_bytes()),
            None => piece(
                &[
                    0xE0 | (point >> 12),
                    0x80 | (point >> 6 & 0x3F),
                    0x80 | (point & 0x3F),
                ]
                .map(|b| b as u8),
            ),
        }
        rest = escape.get(len..).unwrap_or_default();
    }
    piece(rest);
}

/// Writes a string with its quotes, escaped as JSON.stringify does.
pub(crate) fn quote(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            0x08 => out.extend(b"\\b"),
            0x09 => out.extend(b"\\t"),
            0x0A => out.extend(b"\\n"),
            0x0C => out.extend(b"\\f"),
            0x0D => out.extend(b"\\r"),
            0..0x20 => {
                out.extend(b"\\u00");
                out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// How long [`quote`] makes a string.
pub(crate) fn quoted_len(text: &str) -> usize {
    2 + text
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | 0x08 | 0x09 | 0x0A | 0x0C | 0x0D => 2,
            0..0x20 => 6,
            _ => 1,
        })
        .sum::<usize>()
}

/// A name whose object is not yet closed.
#[derive(Clone, Default)]
struct Name {
    start: u32,
    end: u32,
}

struct Check<'a> {
    text: &'a [u8],
    at: usize,
    spaces: usize,
    levels: usize,
    /// The names of all open objects, the innermost object's last.
    names: TinyVec<[Name; 32]>,
}

impl Check<'_> {
    fn run(mut self) -> Result<usize, Error> {
        if u32::try_from(self.text.len()).is_err() {
            return Err(Error::too_large("the text is longer than 4 GiB"));
        }
        // For each open level, the outermost first: is it an object, and where do its names start?
        let mut objects: u128 = 0;
        let mut starts = [0_u32; MAX_DEPTH];
        let mut depth = 0;
        loop {
            // A value, and after it all that it closes.
            self.space();
            match self.peek() {
                Some(open @ (b'{' | b'[')) => {
                    let start = starts.get_mut(depth).filter(|_| depth < self.levels);
                    let Some(start) = start else {
                        return self.fail("more than 128 levels of nesting");
                    };
                    *start = self.names.len() as u32;
                    let object = open == b'{';
                    objects = objects << 1 | u128::from(object);
                    depth += 1;
                    self.at += 1;
                    self.space();
                    if self.peek() != Some(open + 2) {
                        if object {
                            self.name()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => self.string()?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal(b"true")?,
                Some(b'f') => self.literal(b"false")?,
                Some(b'n') => self.literal(b"null")?,
                Some(_) => return self.fail("a JSON value was expected here"),
                None => return self.fail("the text ends too early"),
            }
            loop {
                self.space();
                if depth == 0 {
                    return if self.peek().is_none() {
                        Ok(self.spaces)
                    } else {
                        self.fail("more text after the JSON value")
                    };
                }
                let object = objects & 1 == 1;
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if object {
                            self.space();
                            self.name()?;
                        }
                        break;
                    }
                    Some(b'}') if object => {
                        self.unique(starts.get(depth - 1).map_or(0, |start| *start as usize))?;
                    }
                    Some(b']') if !object => {}
                    Some(_) if object => return self.fail("a comma or } was expected here"),
                    Some(_) => return self.fail("a comma or ] was expected here"),
                    None => return self.fail("the text ends too early"),
                }
                self.at += 1;
                objects >>= 1;
                depth -= 1;
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn fail<T>(&self, message: &'static str) -> Result<T, Error> {
        Err(Error::data(message).at(self.at))
    }

    fn space(&mut self) {
        let start = self.at;
        self.at = skip_space(self.text, start);
        self.spaces += self.at - start;
    }

    fn name(&mut self) -> Result<(), Error> {
        if self.peek() != Some(b'"') {
            return self.fail("a name in double quotes was expected here");
        }
        let start = self.at + 1;
        self.string()?;
        self.names.try_reserve(1).map_err(|_| Error::memory())?;
        self.names.push(Name {
            start: start as u32,
            end: (self.at - 1) as u32,
        });
        self.space();
        if self.peek() != Some(b':') {
            return self.fail("a colon was expected here");
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), Error> {
        self.at += 1;
        loop {
            self.at += plain_run(self.text.get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => match self.text.get(self.at + 1) {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
                    Some(b'u') => match self.text.get(self.at + 2..self.at + 6) {
                        Some(hex) if hex.iter().all(u8::is_ascii_hexdigit) => self.at += 6,
                        _ => return self.fail("\\u takes four hexadecimal digits"),
                    },
                    _ => return self.fail("there is no such escape"),
                },
                Some(_) => return self.fail("a control character must be escaped"),
                None => return self.fail("the text ends too early"),
            }
        }
    }

    fn number(&mut self) -> Result<(), Error> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            self.fail("a digit was expected here")
        } else {
            Ok(())
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Error> {
        if self.text.get(self.at..self.at + word.len()) != Some(word) {
            return self.fail("a JSON value was expected here");
        }
        self.at += word.len();
        Ok(())
    }

    /// Checks and forgets the names of the innermost object, which ends here.
    fn unique(&mut self, start: usize) -> Result<(), Error> {
        let spelt = |name: &Name| {
            self.text
                .get(name.start as usize..name.end as usize)
                .unwrap_or_default()
        };
        let names = self.names.get(start..).unwrap_or_default();
        let plain = || !names.iter().any(|name| spelt(name).contains(&b'\\'));
        let twice =
            |name: &Name| Err(Error::data("an object has this name twice").at(name.start as usize));
        if names.len() <= FEW_NAMES && plain() {
            for (i, name) in names.iter().enumerate() {
                if names
                    .iter()
                    .take(i)
                    .any(|other| spelt(other) == spelt(name))
                {
                    return twice(name);
                }
            }
        } else {
            let mut seen = HashSet::new();
            seen.try_reserve(names.len()).map_err(|_| Error::memory())?;
            for name in names {
                if !seen.insert(unescape(spelt(name))?) {
                    return twice(name);
                }
            }
        }
        self.names.truncate(start);
        Ok(())
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).copied().is_some_and(is_space) {
        at += 1;
    }
    at
}

/// The end of the checked value that starts at `at`.
fn value_end(text: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = string_end(text, at);
                if depth == 0 {
                    return at;
                }
            }
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return at;
                }
            }
            b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => at += 1,
        }
    }
    at
}

/// The end, closing quote included, of the checked string whose opening quote is at `at`.
fn string_end(text: &[u8], mut at: usize) -> usize {
    at += 1;
    loop {
        at += plain_run(text.get(at..).unwrap_or_default());
        match text.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return text.len(),
        }
    }
}

/// How many bytes from the start are neither a quote, nor a backslash, nor a control character: eight at a time.
fn plain_run(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & TOPS;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);

    let (words, tail) = text.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let stop = below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
        if stop != 0 {
            return i * 8 + stop.trailing_zeros() as usize / 8;
        }
    }
    let stop = tail
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    words.len() * 8 + stop.unwrap_or(tail.len())
}

/// The length and the code point of `\uXXXX` or of a pair of them; a lone surrogate is its own code point.
fn code_point(escape: &[u8]) -> (usize, u32) {
    let unit = |at: usize| {
        let digits = escape.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match (unit(0), unit(6)) {
        (Some(high @ 0xD800..=0xDBFF), Some(low @ 0xDC00..=0xDFFF)) => {
            (12, 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))
        }
        (Some(unit), _) => (6, unit),
        (None, _) => (2, u32::from(b'u')),
    }
}

#[cfg(test)]
mod tests;
