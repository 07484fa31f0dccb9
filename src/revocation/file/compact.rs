//! What has ended, and what stands twice, goes; and what was in a file that is gone is put into the
//! one in its place.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::fault::Fault;
use super::header;
use super::lines::{self, Chunks};
use super::locked::{
    Lock, Locked, Opened, TRIES, at, id_of, open, real, regular, share, sync_folder,
};
use super::wait::{Wait, Waiting};
use crate::Error;

/// No file counts as shorter than this.
const SMALL: u64 = 32_768;
/// The lines of so much of a file are told apart at once: 300,000 in some 10 MiB of memory.
const PART: u64 = if cfg!(test) { 1 << 20 } else { 32 << 20 };

/// A compaction that has begun.
pub(super) struct Begun {
    /// The file, to which others go on appending.
    from: Opened,
    /// Its length when it began.
    len: u64,
    /// What is to take its place. The lock tells others that somebody is at it, and is left behind
    /// by nobody who is killed.
    to: Lock,
}

/// Whether a file has grown to so many times its length after the last compaction. At twice it,
/// each compaction costs as much as it saves.
pub(super) fn is_due(compacted: u64, len: u64, times: u64) -> bool {
    len > compacted.max(SMALL).saturating_mul(times)
}

/// Puts a file in the place of the one at the path that has each entry once, and none that has
/// ended. Whoever reads it sees the one or the other, whole. Nobody has to wait for it, but for its
/// end, when it has the lock for some milliseconds. When this fails, the file is as it was.
///
/// `meanwhile`: is called again and again while nobody else has to wait.
///
/// False: another is at it, or has the lock.
pub(super) fn compact(
    path: &Path,
    wait: &Wait,
    now_ms: i64,
    meanwhile: &mut dyn FnMut(),
) -> Result<bool, Fault> {
    // Where the path leads to by symbolic links, there the file is replaced.
    let path = real(path)?;
    let beside = beside(&path);
    let begun = match begin(&path, &beside) {
        Ok(Some(begun)) => begun,
        Ok(None) | Err(Fault::Locked) => return Ok(false),
        Err(fault) => return Err(fault),
    };
    let replaced = begun.replace(&path, &beside, wait, now_ms, meanwhile);
    if replaced.is_err() {
        remove(&beside);
    }
    replaced?;
    sync_folder(&path).map(|()| true)
}

/// None: it is not due any more, or another is at it.
pub(super) fn begin(path: &Path, beside: &Path) -> Result<Option<Begun>, Fault> {
    let locked = Locked::open(path, &mut Waiting::none(Instant::now()))?;
    if !is_due(locked.header.compacted, locked.len(), 2) || is_at_work(beside) {
        return Ok(None);
    }
    // Left by one who was killed.
    remove(beside);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let file = open(&mut options, 0, beside).map_err(Fault::to("make a file beside it"))?;
    let to = Lock::new(file, &mut Waiting::none(Instant::now()))?;
    let shared = share(to.file(), locked.file());
    let opened = shared.and_then(|()| locked.opened());
    match opened {
        Ok(from) => Ok(Some(Begun {
            from,
            len: locked.len(),
            to,
        })),
        Err(error) => {
            remove(beside);
            Err(Fault::System("share a file beside it", error))
        }
    }
}

/// Whether somebody has the lock of what stands there.
fn is_at_work(beside: &Path) -> bool {
    let file = open(OpenOptions::new().read(true), libc::O_NOFOLLOW, beside);
    let lock = file.map(|file| Lock::new(file, &mut Waiting::none(Instant::now())));
    matches!(lock, Ok(Err(Fault::Locked)))
}

impl Begun {
    pub(super) fn replace(
        self,
        path: &Path,
        beside: &Path,
        wait: &Wait,
        now_ms: i64,
        meanwhile: &mut dyn FnMut(),
    ) -> Result<(), Fault> {
        let (from, file) = (&self.from, self.to.file());
        // Its length is known in the end.
        write(file, from.header.next(0).line().as_bytes())?;
        let copy = |range, then: &mut dyn FnMut()| {
            let write = &mut |lines: &[u8]| {
                then();
                write(file, lines)
            };
            copy_unseen(&from.file, range, None, now_ms, write)
        };
        let read = copy(header::LEN as u64..self.len, meanwhile)?;
        // Most of it is on the disk before others have to wait.
        let synced = || file.sync_all().map_err(failed());
        synced()?;

        let locked = Locked::open(path, &mut wait.begin(Instant::now()))?;
        // What was appended meanwhile, also what was there before.
        copy(read..locked.len(), &mut || {})?;
        let header = from.header.next(regular(file)?.len()).line();
        file.write_all_at(header.as_bytes(), 0).map_err(failed())?;
        synced()?;
        let is_ours = at(beside)?
            .is_some_and(|found| regular(file).is_ok_and(|file| id_of(&file) == id_of(&found)));
        let is_same = locked.id() == from.id && locked.header == from.header;
        if !is_ours || !is_same || !locked.is_at(path)? {
            return Err(Fault::Wrong("it is replaced over and over"));
        }
        fs::rename(beside, path).map_err(Fault::to("replace the file"))
    }
}

#[inline(never)]
fn remove(beside: &Path) {
    let _ = fs::remove_file(beside);
}

fn write(mut file: &File, bytes: &[u8]) -> Result<(), Fault> {
    file.write_all(bytes).map_err(failed())
}

fn failed() -> impl FnOnce(std::io::Error) -> Fault {
    Fault::to("write a file beside it")
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".compacting");
    name.into()
}

/// Appends to the file at the path what still matters of another, which was there before. Gives
/// that file, which is to stay open until it was read, since somebody may delete it, too.
pub(super) fn restore(
    gone: &Opened,
    path: &Path,
    now_ms: i64,
    waiting: &mut Waiting<'_>,
) -> Result<Opened, Fault> {
    for _ in 0..TRIES {
        let mut locked = Locked::open(path, waiting)?;
        let opened = locked.opened().map_err(Fault::to("read the file"))?;
        if gone.id == locked.id() {
            return Ok(opened);
        }
        if locked.is_new {
            // If it cannot be shared as the other was, better so than lost.
            let _ = share(locked.file(), &gone.file);
        }
        let all = header::LEN as u64..regular(&gone.file)?.len();
        copy_unseen(&gone.file, all, Some(&opened.file), now_ms, &mut |lines| {
            locked.append(lines)
        })?;
        opened.sync()?;
        let lasts = sync_folder(path);
        if locked.is_at(path)? {
            return lasts.map(|()| opened);
        }
    }
    Err(Fault::Wrong("it is replaced over and over"))
}

/// Gives to `write`, piece by piece, each line of a part of `from` once that matters and is not in
/// `besides`. In any order: entries have none. So a large file is read several times, each time for
/// another part of its lines, and never more than a part's are in memory.
///
/// Gives where it has stopped: behind the last whole line.
#[inline(never)]
fn copy_unseen(
    from: &File,
    range: Range<u64>,
    besides: Option<&File>,
    now_ms: i64,
    write: &mut dyn FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<u64, Fault> {
    let len = |file| regular(file).map(|found| found.len());
    let bytes = range.end.saturating_sub(range.start);
    let parts = bytes.saturating_add(besides.map_or(Ok(0), len)?) / PART + 1;
    let (one, other) = (RandomState::new(), RandomState::new());
    let (mut kept, mut stopped) = (lines::with_room(0)?, 0);
    for part in 0..parts {
        let mut seen = HashSet::new();
        let mut is_unseen = |line: &[u8]| {
            let hash = (one.hash_one(line), other.hash_one(line));
            if hash.0 % parts != part {
                return Ok(false);
            }
            seen.try_reserve(1).map_err(|_| Error::memory())?;
            Ok::<_, Error>(seen.insert(hash))
        };
        if let Some(besides) = besides {
            let mut chunks = Chunks::new(besides, header::LEN as u64, u64::MAX)?;
            while let Some(chunk) = chunks.next()? {
                for line in lines::of(chunk) {
                    is_unseen(line)?;
                }
            }
        }
        let mut chunks = Chunks::new(from, range.start, range.end)?;
        while let Some(chunk) = chunks.next()? {
            kept.clear();
            kept.try_reserve(chunk.len()).map_err(|_| Error::memory())?;
            for line in lines::of(chunk) {
                if lines::matters(line, now_ms) && is_unseen(line)? {
                    kept.extend_from_slice(line);
                    kept.push(b'\n');
                }
            }
            write(&kept)?;
        }
        stopped = chunks.offset;
    }
    Ok(stopped)
}
