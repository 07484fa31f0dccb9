//! What has ended, and what stands twice, goes; and what was in a file that is gone is put into the
//! one in its place.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::fault::Fault;
use super::header;
use super::lines::{self, Chunks};
use super::locked::{Locked, Opened, TRIES, at, id_of, regular, share, sync_folder};
use crate::Error;

/// Up to here a file is left as it is.
const SMALL: u64 = 65_536;
/// The lines of so much of a file are told apart at once: 300,000 in some 10 MiB of memory.
const PART: u64 = if cfg!(test) { 1 << 20 } else { 32 << 20 };

/// Whether a file has grown to twice its length after the last compaction: each costs as much as it
/// saves.
pub(super) fn is_due(locked: &Locked) -> bool {
    let compacted = locked.header.compacted;
    locked.len() > SMALL && locked.len() > compacted.saturating_mul(2)
}

/// Puts a file in the place of this one that has each entry once, and none that has ended. Whoever
/// reads it sees the one or the other, whole. When this fails, the file is as it was.
pub(super) fn compact(locked: &Locked, path: &Path, now_ms: i64) -> Result<(), Fault> {
    // Where the path leads to by symbolic links, there the file is replaced.
    let path = fs::canonicalize(path).map_err(Fault::to("find the file"))?;
    let beside = beside(&path);
    // Left by one who was killed.
    let _ = fs::remove_file(&beside);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .map_err(Fault::to("make a file beside it"))?;
    let result = write(&file, locked, now_ms).and_then(|()| {
        let is_ours = at(&beside)?
            .is_some_and(|found| regular(&file).is_ok_and(|file| id_of(&file) == id_of(&found)));
        if !is_ours || !locked.is_at(&path)? {
            return Err(Fault::Wrong("it is replaced over and over"));
        }
        fs::rename(&beside, &path).map_err(Fault::to("replace the file"))
    });
    if result.is_err() {
        let _ = fs::remove_file(&beside);
        return result;
    }
    sync_folder(&path)
}

fn write(mut file: &File, locked: &Locked, now_ms: i64) -> Result<(), Fault> {
    let failed = || Fault::to("write a file beside it");
    share(file, locked.file()).map_err(failed())?;
    // Its length is known in the end.
    let header = locked.header.next(0).line();
    file.write_all(header.as_bytes()).map_err(failed())?;
    copy_unseen(locked.file(), None, now_ms, &mut |lines| {
        file.write_all(lines).map_err(failed())
    })?;
    let len = regular(file)?.len();
    let header = locked.header.next(len).line();
    file.write_all_at(header.as_bytes(), 0).map_err(failed())?;
    file.sync_all().map_err(failed())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".compacting");
    name.into()
}

/// Appends to the file at the path what still matters of another, which was there before. Gives
/// that file, which is to stay open until it was read, since somebody may delete it, too.
pub(super) fn restore(gone: &Opened, path: &Path, now_ms: i64) -> Result<Opened, Fault> {
    for _ in 0..TRIES {
        let mut locked = Locked::open(path)?;
        let opened = locked.opened().map_err(Fault::to("read the file"))?;
        if gone.id == locked.id() {
            return Ok(opened);
        }
        if locked.is_new {
            // If it cannot be shared as the other was, better so than lost.
            let _ = share(locked.file(), &gone.file);
        }
        copy_unseen(&gone.file, Some(&opened.file), now_ms, &mut |lines| {
            locked.append(lines)
        })?;
        locked.sync()?;
        let lasts = sync_folder(path);
        if locked.is_at(path)? {
            return lasts.map(|()| opened);
        }
    }
    Err(Fault::Wrong("it is replaced over and over"))
}

/// Gives each line of `from` once that matters and is not in `besides`. In any order: entries have
/// none. So a large file is read several times, each time for another part of its lines, and never
/// more than a part's are in memory.
#[inline(never)]
fn copy_unseen(
    from: &File,
    besides: Option<&File>,
    now_ms: i64,
    write: &mut dyn FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let len = |file| regular(file).map(|found| found.len());
    let parts = (len(from)? + besides.map_or(Ok(0), len)?) / PART + 1;
    let (one, other) = (RandomState::new(), RandomState::new());
    let mut kept = lines::with_room(0)?;
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
            let mut chunks = Chunks::new(besides, header::LEN as u64)?;
            while let Some(chunk) = chunks.next()? {
                for line in lines::of(chunk) {
                    is_unseen(line)?;
                }
            }
        }
        let mut chunks = Chunks::new(from, header::LEN as u64)?;
        while let Some(chunk) = chunks.next()? {
            kept.clear();
            kept.try_reserve(chunk.len()).map_err(|_| Error::memory())?;
            for line in lines::of(chunk) {
                if lines::matters(line, now_ms) && is_unseen(line)? {
                    kept.extend_from_slice(line);
                    kept.push(b'\n');
                }
            }
            if !kept.is_empty() {
                write(&kept)?;
            }
        }
    }
    Ok(())
}
