//! The lines of a file of revocations: what a store can know of an entry without its key, and how
//! a file is read line by line in little memory.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::fault::Fault;
use crate::Error;
use crate::revocation::entry::until_of;

/// The longest line of an entry.
const LONGEST: usize = 2048;
/// For so long after its end an entry is kept: clocks differ.
const MARGIN_MS: i64 = 600_000;
/// How much is read at once.
const CHUNK: usize = 65_536;

/// The version of an entry; None for what is no entry. Those of later versions are kept.
fn version_of(line: &[u8]) -> Option<&[u8]> {
    let is_printable = |byte: &u8| matches!(byte, 0x21..=0x7E);
    if line.len() > LONGEST || !line.iter().all(is_printable) {
        return None;
    }
    let rest = line.strip_prefix(b"h3r")?;
    let version = rest.split(|byte| *byte == b'.').next()?;
    let is_number = version.iter().all(u8::is_ascii_digit) && version.first() != Some(&b'0');
    (is_number && (1..=3).contains(&version.len()) && version.len() < rest.len()).then_some(version)
}

/// When an entry ends, in milliseconds since 1970; None for what is no entry. One of a later
/// version that does not say so where it stands today never ends.
fn end_of(line: &[u8]) -> Option<i64> {
    if version_of(line)? == b"1" {
        return until_of(line);
    }
    let until = line.split(|byte| *byte == b'.').nth(2);
    let until = until.and_then(|until| std::str::from_utf8(until).ok()?.parse::<i64>().ok());
    Some(until.map_or(i64::MAX, |until| until.saturating_mul(1000)))
}

/// Whether a line has to be kept: it is an entry that has not ended, whoever's it is.
pub(super) fn matters(line: &[u8], now_ms: i64) -> bool {
    end_of(line).is_some_and(|end| end.saturating_add(MARGIN_MS) >= now_ms)
}

/// The lines of a text, without what ends them. Empty ones are passed over.
pub(super) fn of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
}

/// What is to be appended of a caller's lines: each with a newline, but those that have ended.
pub(super) fn checked(lines: &[u8], now_ms: i64) -> Result<Vec<u8>, Error> {
    let mut out = with_room(lines.len().saturating_add(1))?;
    for line in of(lines) {
        if end_of(line).is_none() {
            return Err(Error::argument("lines", "a line is no entry"));
        }
        if matters(line, now_ms) {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
    }
    Ok(out)
}

/// Reads a file's whole lines, some 64 KiB of them at a time.
pub(super) struct Chunks<'a> {
    file: &'a File,
    buffer: Vec<u8>,
    /// Where the next line begins.
    pub(super) offset: u64,
    /// What comes from there on is not read.
    end: u64,
}

impl<'a> Chunks<'a> {
    pub(super) fn new(file: &'a File, offset: u64, end: u64) -> Result<Chunks<'a>, Fault> {
        let mut buffer = with_room(CHUNK)?;
        buffer.resize(CHUNK, 0);
        Ok(Chunks {
            file,
            buffer,
            offset,
            end,
        })
    }

    /// The next lines, with their newlines. None: no line is whole that was not yet read.
    #[inline(never)]
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Fault> {
        loop {
            let left = self.end.saturating_sub(self.offset);
            let most = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
            let room = self.buffer.get_mut(..most).unwrap_or_default();
            let len = read_at(self.file, room, self.offset)?;
            let read = self.buffer.get(..len).unwrap_or_default();
            if let Some(last) = memchr::memrchr(b'\n', read) {
                self.offset = self.offset.saturating_add(last as u64 + 1);
                return Ok(self.buffer.get(..=last));
            }
            if len < CHUNK {
                return Ok(None);
            }
            // Longer than any entry: what is left of it is no entry either, or does no harm, since
            // an entry is authenticated.
            self.offset = self.offset.saturating_add(len as u64);
        }
    }
}

/// Fills a buffer as far as the file goes.
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> Result<usize, Fault> {
    let mut len = 0;
    while let Some(rest) = buffer.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset.saturating_add(len as u64)) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Fault::System("read the file", error)),
        }
    }
    Ok(len)
}

pub(super) fn with_room(room: usize) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    out.try_reserve_exact(room).map_err(|_| Error::memory())?;
    Ok(out)
}
