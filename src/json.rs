//! JSON text read in place: checked strictly by RFC 8259, then walked without building anything.
//!
//! Session data must come out of here byte for byte as it came in, whatever a value tree would make of its numbers,
//! escapes or lone surrogates. So nothing is parsed into values: a text is checked once, and then cut into slices.

use std::borrow::Cow;
use std::ops::Range;

use tinyvec::TinyVec;

use crate::Error;
use crate::buffer::Buffer;

/// How deep objects and arrays may nest; the outermost is level 1.
pub(crate) const MAX_DEPTH: usize = 128;

/// Above this many names in one object, they are sorted to find the one that occurs twice.
const FEW_NAMES: usize = 16;

/// Checks that `text` is one JSON value in UTF-8 whose objects have no name twice, and that it nests at most `levels` deep, which is
/// one more than [`MAX_DEPTH`] at most.
///
/// Returns the number of bytes of insignificant white space. The error says what is wrong, and at which byte.
pub(crate) fn check(text: &[u8], levels: usize) -> Result<usize, Error> {
    if let Err(error) = std::str::from_utf8(text) {
        return Err(Error::data("the text is not UTF-8").at(error.valid_up_to()));
    }
    if u32::try_from(text.len()).is_err() {
        return Err(Error::too_large("the text is longer than 4 GiB"));
    }
    let mut check = Check {
        text,
        at: 0,
        spaces: 0,
        levels,
        names: TinyVec::new(),
    };
    match check.run() {
        Ok(()) => Ok(check.spaces),
        Err(fault) => Err(fault.at(check.at)),
    }
}

/// A checked text without its insignificant white space.
pub(crate) fn compact(text: &[u8]) -> Result<Buffer, Error> {
    let mut out = Buffer::with_room(text.len())?;
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

/// A string's spelling, without its quotes; None for any other value.
pub(crate) fn unquoted(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
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

/// What is wrong with a text. It is small, so that it travels in a register: the scanner's speed hangs on that.
#[derive(Clone, Copy)]
enum Fault {
    Value,
    End,
    More,
    Deep,
    CommaOrBrace,
    CommaOrBracket,
    Name,
    Twice,
    Colon,
    Hex,
    Escape,
    Control,
    Digit,
    Memory,
}

impl Fault {
    fn at(self, offset: usize) -> Error {
        Error::data(match self {
            Fault::Value => "a JSON value was expected here",
            Fault::End => "the text ends too early",
            Fault::More => "there is more text after the JSON value",
            Fault::Deep => "too many levels of nesting: 128 at most",
            Fault::CommaOrBrace => "a comma or } was expected here",
            Fault::CommaOrBracket => "a comma or ] was expected here",
            Fault::Name => "a name in double quotes was expected here",
            Fault::Twice => "an object has this name twice",
            Fault::Colon => "a colon was expected here",
            Fault::Hex => "\\u takes four hexadecimal digits",
            Fault::Escape => "there is no such escape",
            Fault::Control => "a control character must be escaped",
            Fault::Digit => "a digit was expected here",
            Fault::Memory => return Error::memory(),
        })
        .at(offset)
    }
}

/// A name whose object is not yet closed.
#[derive(Clone, Copy, Default)]
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
    names: TinyVec<[Name; 16]>,
}

impl Check<'_> {
    fn run(&mut self) -> Result<(), Fault> {
        // For each open level, the outermost first, where its names start, and in the lowest bit whether it is an object.
        let mut open_levels = [0_u64; MAX_DEPTH + 1];
        let mut level = 0_u64;
        let mut depth = 0;
        loop {
            // A value, and after it all that it closes.
            match self.next() {
                Some(b'"') => self.string()?,
                Some(open @ (b'{' | b'[')) => {
                    let outer = open_levels.get_mut(depth).filter(|_| depth < self.levels);
                    *outer.ok_or(Fault::Deep)? = level;
                    let object = open == b'{';
                    level = (self.names.len() as u64) << 1 | u64::from(object);
                    depth += 1;
                    self.at += 1;
                    if self.next() != Some(open + 2) {
                        if object {
                            self.name()?;
                        }
                        continue;
                    }
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal(b"true")?,
                Some(b'f') => self.literal(b"false")?,
                Some(b'n') => self.literal(b"null")?,
                Some(_) => return Err(Fault::Value),
                None => return Err(Fault::End),
            }
            loop {
                let next = self.next();
                if depth == 0 {
                    return if next.is_none() {
                        Ok(())
                    } else {
                        Err(Fault::More)
                    };
                }
                let object = level & 1 == 1;
                match next {
                    Some(b',') => {
                        self.at += 1;
                        if object {
                            self.next();
                            self.name()?;
                        }
                        break;
                    }
                    Some(b'}') if object => {
                        self.close_object((level >> 1) as usize)?;
                    }
                    Some(b']') if !object => {}
                    Some(_) if object => return Err(Fault::CommaOrBrace),
                    Some(_) => return Err(Fault::CommaOrBracket),
                    None => return Err(Fault::End),
                }
                self.at += 1;
                depth -= 1;
                level = open_levels.get(depth).copied().unwrap_or_default();
            }
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next byte that is no white space.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        let next = self.peek();
        if next.is_some_and(|byte| byte <= b' ') {
            self.after_space()
        } else {
            next
        }
    }

    #[cold]
    fn after_space(&mut self) -> Option<u8> {
        let end = skip_space(self.text, self.at);
        self.spaces += end - self.at;
        self.at = end;
        self.peek()
    }

    #[inline]
    fn name(&mut self) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return Err(Fault::Name);
        }
        let start = self.at + 1;
        self.string()?;
        self.names.try_reserve(1).map_err(|_| Fault::Memory)?;
        self.names.push(Name {
            start: start as u32,
            end: (self.at - 1) as u32,
        });
        if self.next() != Some(b':') {
            return Err(Fault::Colon);
        }
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Result<(), Fault> {
        self.at = plain_end(self.text, self.at + 1);
        if self.peek() != Some(b'"') {
            self.rest_of_string()?;
        }
        self.at += 1;
        Ok(())
    }

    /// From the first escape of a string to its closing quote.
    #[cold]
    fn rest_of_string(&mut self) -> Result<(), Fault> {
        loop {
            match self.peek() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(Fault::Control),
                None => return Err(Fault::End),
            }
            self.at = plain_end(self.text, self.at);
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match self.text.get(self.at + 2..self.at + 6) {
                Some(hex) if hex.iter().all(u8::is_ascii_hexdigit) => self.at += 6,
                _ => return Err(Fault::Hex),
            },
            _ => return Err(Fault::Escape),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
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

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            Err(Fault::Digit)
        } else {
            Ok(())
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Fault> {
        let found = self.text.get(self.at..self.at + word.len());
        if found != Some(word) {
            return Err(Fault::Value);
        }
        self.at += word.len();
        Ok(())
    }

    /// Checks and forgets the names of the innermost object, which ends here.
    fn close_object(&mut self, start: usize) -> Result<(), Fault> {
        if let Some(name) = self.twice(start)? {
            self.at = name.start as usize;
            return Err(Fault::Twice);
        }
        self.names.truncate(start);
        Ok(())
    }

    /// The first name from `start` on that was there before.
    fn twice(&self, start: usize) -> Result<Option<Name>, Fault> {
        let spelt = |name: &Name| slice(self.text, name.start as usize..name.end as usize);
        let names = self.names.get(start..).unwrap_or_default();
        if names.len() < 2 {
            return Ok(None);
        }
        if names.len() <= FEW_NAMES && !names.iter().any(|name| spelt(name).contains(&b'\\')) {
            let before = |i, name| {
                names
                    .iter()
                    .take(i)
                    .any(|other| spelt(other) == spelt(name))
            };
            return Ok((0..)
                .zip(names)
                .find(|(i, name)| before(*i, name))
                .map(|(_, name)| *name));
        }
        // No hash set: it would ask the system for a random key, and panic where it gets none.
        let mut sorted = Vec::new();
        sorted
            .try_reserve_exact(names.len())
            .map_err(|_| Fault::Memory)?;
        for name in names {
            let unescaped = unescape(spelt(name)).map_err(|_| Fault::Memory)?;
            sorted.push((unescaped, *name));
        }
        sorted.sort_unstable_by(|(a, at), (b, bt)| (a, at.start).cmp(&(b, bt.start)));
        let again = |pair: &[(Cow<'_, [u8]>, Name)]| match pair {
            [(before, _), (after, name)] if before == after => Some(*name),
            _ => None,
        };
        Ok(sorted
            .windows(2)
            .filter_map(again)
            .min_by_key(|name| name.start))
    }
}

pub(crate) fn slice(text: &[u8], range: Range<usize>) -> &[u8] {
    text.get(range).unwrap_or_default()
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
        at = plain_end(text, at);
        match text.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return text.len(),
        }
    }
}

/// The first place from `at` on that is a quote, a backslash or a control character: eight bytes at a time.
#[inline]
fn plain_end(text: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    // The lowest bit that is set is right; a borrow may set wrong ones above it.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);

    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*word);
        let stop = (below(word, 0x20) | equal(word, b'"') | equal(word, b'\\')) & TOPS;
        if stop != 0 {
            return at + stop.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while text
        .get(at)
        .is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20))
    {
        at += 1;
    }
    at
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
