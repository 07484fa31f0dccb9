//! The check of a JSON text, strictly by RFC 8259 and a little more.

use tinyvec::TinyVec;

use super::escapes::{Unescaped, unescape};
use super::fault::{Checked, Fault};
use super::scan::{skip_space, slice};
use super::strings::{Escaped, Plain, Strings};
use crate::{Error, ErrorKind};

/// How deep objects and arrays may nest; the outermost is level 1.
pub(crate) const MAX_DEPTH: usize = 128;

/// Above this many names in one object, they are sorted to find the one that occurs twice.
pub(super) const FEW_NAMES: usize = 16;

/// Checks that `text` is one JSON value in UTF-8 whose objects have no name twice, and that it
/// nests at most `levels` deep, which is one more than [`MAX_DEPTH`] at most.
///
/// Returns the number of bytes of insignificant white space. The error says what is
/// wrong, and at which byte.
pub(crate) fn check(text: &[u8], levels: usize) -> Result<usize, Error> {
    if is_integer(text) {
        return Ok(0);
    }
    if let Err(error) = std::str::from_utf8(text) {
        return Err(Error::data("the text is not UTF-8").at(error.valid_up_to()));
    }
    if u32::try_from(text.len()).is_err() {
        return Err(Error::too_large("the text is longer than 4 GiB"));
    }
    let check = Check { text, levels };
    let checked = match Plain::of(text) {
        Some(plain) => check.run(plain),
        None => check.run(Escaped(text)),
    };
    checked.map_err(|(fault, at)| fault.at(at))
}

/// Whether it is an integer that is not negative: what is set most often, counts and times, needs
/// no longer check.
fn is_integer(text: &[u8]) -> bool {
    match text {
        [b'0'] => true,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// As [`check`] for the text of a token: None for what is wrong with it. Where there is no memory
/// to find that out, it must not seem wrong.
pub(crate) fn check_sealed(text: &[u8], levels: usize) -> Result<Option<usize>, Error> {
    match check(text, levels) {
        Ok(spaces) => Ok(Some(spaces)),
        Err(error) if error.kind() == ErrorKind::Memory => Err(error),
        Err(_) => Ok(None),
    }
}

/// A text to be checked. Methods take it, and where they stand in it, by value: so both stay in
/// registers, on which the speed hangs.
#[derive(Clone, Copy)]
struct Check<'a> {
    text: &'a [u8],
    levels: usize,
}

/// What must be known of the text so far.
#[derive(Default)]
struct Seen {
    spaces: usize,
    /// The names of all open objects, the innermost object's last. Those of each follow an entry
    /// that says where its outer object's start.
    names: TinyVec<[NameRange; 16]>,
}

/// A name whose object is not yet closed, without its quotes.
#[derive(Clone, Copy, Default)]
struct NameRange {
    start: u32,
    end: u32,
}

impl Check<'_> {
    fn run<S: Strings>(self, mut strings: S) -> Checked<usize> {
        let seen = &mut Seen::default();
        // For each open level, the outermost in the lowest bit, whether it is an object; and
        // the same of the innermost.
        let (mut objects, mut object) = ([0_u64; 3], false);
        let (mut depth, mut names, mut at) = (0, 0, 0);
        let mut byte;
        loop {
            // A value, and after it all that it closes.
            (at, byte) = self.next(at, seen);
            match byte {
                b'"' => at = strings.end(at)?,
                b'{' | b'[' => {
                    if depth == self.levels {
                        return Err((Fault::Deep, at));
                    }
                    object = byte == b'{';
                    if let Some(word) = objects.get_mut(depth / 64) {
                        *word = *word & !(1 << (depth % 64)) | u64::from(object) << (depth % 64);
                    }
                    depth += 1;
                    if object {
                        seen.push(names, 0, at)?;
                        names = seen.names.len();
                    }
                    let close = byte + 2;
                    (at, byte) = self.next(at + 1, seen);
                    if byte != close {
                        if object {
                            at = self.name(at, &mut strings, seen)?;
                        }
                        continue;
                    }
                }
                b'-' | b'0'..=b'9' => at = self.number(at)?,
                b't' => at = self.literal(at, b"true")?,
                b'f' => at = self.literal(at, b"false")?,
                b'n' => at = self.literal(at, b"null")?,
                _ => return Err(self.fault(Fault::Value, at)),
            }
            loop {
                (at, byte) = self.next(at, seen);
                if depth == 0 {
                    return match at == self.text.len() {
                        true => Ok(seen.spaces),
                        false => Err((Fault::More, at)),
                    };
                }
                match byte {
                    b',' => {
                        at += 1;
                        if object {
                            (at, _) = self.next(at, seen);
                            at = self.name(at, &mut strings, seen)?;
                        }
                        break;
                    }
                    b'}' if object => {
                        names = self.close_object(names, at, seen, S::ESCAPES)?;
                    }
                    b']' if !object => {}
                    _ if object => return Err(self.fault(Fault::CommaOrBrace, at)),
                    _ => return Err(self.fault(Fault::CommaOrBracket, at)),
                }
                at += 1;
                depth -= 1;
                let outer = depth.wrapping_sub(1);
                let word = objects.get(outer / 64).copied().unwrap_or_default();
                object = word >> (outer % 64) & 1 == 1;
            }
        }
    }

    /// The byte there; at the end 0, which may stand nowhere.
    #[inline(always)]
    fn peek(self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    /// The next place that is no white space, and its byte.
    #[inline(always)]
    fn next(self, at: usize, seen: &mut Seen) -> (usize, u8) {
        match self.peek(at) {
            0..=b' ' => self.after_space(at, seen),
            byte => (at, byte),
        }
    }

    #[cold]
    #[inline(never)]
    fn after_space(self, at: usize, seen: &mut Seen) -> (usize, u8) {
        let end = skip_space(self.text, at);
        seen.spaces += end - at;
        (end, self.peek(end))
    }

    /// What is wrong with this byte, unless it is the end.
    #[cold]
    fn fault(self, fault: Fault, at: usize) -> (Fault, usize) {
        match at < self.text.len() {
            true => (fault, at),
            false => (Fault::End, at),
        }
    }

    #[inline(always)]
    fn name(self, at: usize, strings: &mut impl Strings, seen: &mut Seen) -> Checked<usize> {
        if self.peek(at) != b'"' {
            return Err((Fault::Name, at));
        }
        let end = strings.end(at)?;
        seen.push(at + 1, end - 1, at)?;
        match self.next(end, seen) {
            (colon, b':') => Ok(colon + 1),
            (at, _) => Err((Fault::Colon, at)),
        }
    }

    fn number(self, mut at: usize) -> Checked<usize> {
        if self.peek(at) == b'-' {
            at += 1;
        }
        at = match self.peek(at) {
            b'0' => at + 1,
            _ => self.digits(at)?,
        };
        if self.peek(at) == b'.' {
            at = self.digits(at + 1)?;
        }
        if let b'e' | b'E' = self.peek(at) {
            at += 1;
            if let b'+' | b'-' = self.peek(at) {
                at += 1;
            }
            at = self.digits(at)?;
        }
        Ok(at)
    }

    #[inline]
    fn digits(self, start: usize) -> Checked<usize> {
        let mut at = start;
        while self.peek(at).is_ascii_digit() {
            at += 1;
        }
        match at == start {
            true => Err((Fault::Digit, at)),
            false => Ok(at),
        }
    }

    fn literal(self, at: usize, word: &[u8]) -> Checked<usize> {
        let end = at + word.len();
        match self.text.get(at..end) == Some(word) {
            true => Ok(end),
            false => Err((Fault::Value, at)),
        }
    }

    /// Checks and forgets the names of the innermost object, which ends here; where those of
    /// the object around it start.
    fn close_object(
        self,
        start: usize,
        at: usize,
        seen: &mut Seen,
        escapes: bool,
    ) -> Checked<usize> {
        match self.twice(seen.names.get(start..).unwrap_or_default(), escapes) {
            Ok(None) => {}
            Ok(Some(name)) => return Err((Fault::Twice, name.start as usize)),
            Err(fault) => return Err((fault, at)),
        }
        let before = start - 1;
        let outer = seen.names.get(before).map_or(0, |name| name.start as usize);
        seen.names.truncate(before);
        Ok(outer)
    }

    /// The first of the names that was there before.
    fn twice(self, names: &[NameRange], escapes: bool) -> Result<Option<NameRange>, Fault> {
        let written = |name: &NameRange| slice(self.text, name.start as usize..name.end as usize);
        if names.len() < 2 {
            return Ok(None);
        }
        let is_plain = !escapes || !names.iter().any(|name| written(name).contains(&b'\\'));
        if names.len() <= FEW_NAMES && is_plain {
            let before = |i, name| {
                names
                    .iter()
                    .take(i)
                    .any(|other| written(other) == written(name))
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
            let unescaped = unescape(written(name)).map_err(|_| Fault::Memory)?;
            sorted.push((unescaped, *name));
        }
        sorted.sort_unstable_by(|(a, at), (b, bt)| (&**a, at.start).cmp(&(&**b, bt.start)));
        let again = |pair: &[(Unescaped<'_>, NameRange)]| match pair {
            [(before, _), (after, name)] if **before == **after => Some(*name),
            _ => None,
        };
        Ok(sorted
            .windows(2)
            .filter_map(again)
            .min_by_key(|name| name.start))
    }
}

impl Seen {
    #[inline]
    fn push(&mut self, start: usize, end: usize, at: usize) -> Checked<()> {
        if self.names.try_reserve(1).is_err() {
            return Err((Fault::Memory, at));
        }
        self.names.push(NameRange {
            start: start as u32,
            end: end as u32,
        });
        Ok(())
    }
}
