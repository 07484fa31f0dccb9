//! What is new in the file since it was last asked for.

use std::fs::{File, Metadata, OpenOptions};
use std::mem;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::compact::restore;
use super::fault::Fault;
use super::header::{self, Beginning};
use super::lines::{Chunks, read_at};
use super::locked::{Opened, TRIES, at, id_of, open, regular};
use super::wait::Waiting;

/// How many files may wait to be put into another: each is open.
const MAX_GONE: usize = 64;

/// Where a reader is.
#[derive(Debug, Default)]
pub(super) struct Follower {
    followed: Option<Followed>,
    /// Those that are gone, and whose entries are not yet in the file that is in their place.
    gone: Vec<Opened>,
    /// Those that this process has written to since. One that is deleted before anybody has read
    /// it is open nowhere else.
    written: Vec<Opened>,
}

/// A file that stays open, so that what is in it can be read when its name is gone.
#[derive(Debug)]
pub(super) struct Followed {
    opened: Opened,
    /// So much was read.
    offset: u64,
    /// The last bytes before that.
    before: Before,
    /// What the file was like when it was last read to its end.
    seen: Option<Seen>,
}

/// A file's length, and when it was last written to.
type Seen = (u64, i64, i64);
type Before = [u8; 32];

/// Gets whole lines, with their newlines.
pub(super) type Take<'a> = dyn FnMut(&[u8]) -> Result<(), Fault> + 'a;

impl Follower {
    /// Gives all lines that are new to `take`. Those of a call that fails come again.
    ///
    /// `written`: files that this process has written to since the last call.
    pub(super) fn read_new(
        &mut self,
        path: &Path,
        now_ms: i64,
        written: Vec<Opened>,
        waiting: &mut Waiting<'_>,
        take: &mut Take,
    ) -> Result<(), Fault> {
        self.written.extend(written);
        let mut found = at(path)?;
        if self.written.is_empty() && self.is_as_seen(found.as_ref()) {
            return Ok(());
        }
        for _ in 0..TRIES {
            self.read_at(path, found.as_ref(), now_ms, waiting, take)?;
            // All is read, if meanwhile nobody has put another in its place.
            found = at(path)?;
            let followed = self.followed.as_ref().map(|followed| followed.opened.id);
            self.written.retain(|one| Some(one.id) != followed);
            let is_there = followed.is_none() || followed == found.as_ref().map(id_of);
            if is_there && self.written.is_empty() {
                return Ok(());
            }
        }
        Err(Fault::Wrong("it is replaced over and over"))
    }

    /// The same, of what was found at the path.
    fn read_at(
        &mut self,
        path: &Path,
        found: Option<&Metadata>,
        now_ms: i64,
        waiting: &mut Waiting<'_>,
        take: &mut Take,
    ) -> Result<(), Fault> {
        let id = found.map(id_of);
        let mut left = Ok(());
        if let Some(followed) = &mut self.followed
            && Some(followed.opened.id) != id
        {
            // Nobody writes to it any more, once it is not at the path.
            followed.read(take)?;
            left = self.leave(path, now_ms, waiting);
        } else if self.followed.is_none() {
            left = Followed::open(path).map(|followed| self.followed = followed);
        }
        self.keep_gone();
        left?;
        let restored = self.restore(path, now_ms, waiting);
        if self.followed.is_none() {
            self.followed = Followed::open(path)?;
        }
        if let Some(followed) = &mut self.followed
            && !followed.read_again(take)?
        {
            self.followed = None;
        }
        if found.is_none() && self.followed.is_none() {
            find_folder(path)?;
        }
        restored
    }

    /// The length of the file that it reads after its last compaction, and how much was read.
    pub(super) fn lengths(&self) -> Option<(u64, u64)> {
        let followed = self.followed.as_ref()?;
        Some((followed.opened.header.compacted, followed.offset))
    }

    /// Whether nothing has changed since all was read.
    fn is_as_seen(&self, found: Option<&Metadata>) -> bool {
        let Some((found, followed)) = found.zip(self.followed.as_ref()) else {
            return false;
        };
        self.gone.is_empty()
            && followed.opened.id == id_of(found)
            && followed.seen == Some(seen(found))
            && followed.offset == found.len()
    }

    /// From a file that is not at the path any more to that which is there.
    fn leave(&mut self, path: &Path, now_ms: i64, waiting: &mut Waiting<'_>) -> Result<(), Fault> {
        let mut next = Followed::open(path)?;
        let before = self
            .followed
            .as_ref()
            .map(|followed| &followed.opened.header);
        if let (Some(next), Some(before)) = (&mut next, before)
            && next.opened.header.follows(before)
        {
            // All that a compaction has kept was read in the file before.
            if next.opened.header.is_next_after(before) {
                next.skip(next.opened.header.compacted)?;
            }
        } else {
            // Deleted, or replaced by another.
            if self.gone.len() >= MAX_GONE {
                self.restore(path, now_ms, waiting)?;
            }
            self.gone
                .extend(self.followed.take().map(|followed| followed.opened));
        }
        self.followed = next;
        Ok(())
    }

    /// Of those that this process has written to, the ones that are in nobody's hands.
    fn keep_gone(&mut self) {
        let mut written = mem::take(&mut self.written);
        if let Some(Followed { opened, .. }) = &self.followed {
            written.retain(|one| one.id != opened.id && !opened.header.follows(&one.header));
        }
        written.truncate(MAX_GONE.saturating_sub(self.gone.len()));
        self.gone.append(&mut written);
    }

    /// Puts what was in files that are gone into that which is at the path.
    fn restore(
        &mut self,
        path: &Path,
        now_ms: i64,
        waiting: &mut Waiting<'_>,
    ) -> Result<(), Fault> {
        while let Some(gone) = self.gone.last() {
            let restored = restore(gone, path, now_ms, waiting);
            // Who may only read goes on with the file that is there, and says so once. (Its own
            // replica has those entries, and others that may write have the file open as well.)
            let is_over = match &restored {
                Ok(_) => true,
                Err(fault) => fault.is_forbidden() && self.followed.is_some(),
            };
            if is_over {
                self.gone.pop();
            }
            self.written.push(restored?);
        }
        Ok(())
    }
}

/// There is no file: its folder has to be there.
pub(super) fn find_folder(path: &Path) -> Result<(), Fault> {
    let folder = path.parent().unwrap_or(path);
    match at(folder)? {
        Some(_) => Ok(()),
        None => Err(Fault::Wrong("cannot find the folder of the file")),
    }
}

impl Followed {
    /// The file at the path, from its first entry on; None: there is none, or an empty one.
    #[inline(never)]
    pub(super) fn open(path: &Path) -> Result<Option<Followed>, Fault> {
        let file = match open(OpenOptions::new().read(true), 0, path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(Fault::to("open the file"))?,
        };
        let id = id_of(&regular(&file)?);
        let Beginning::Header(header) = header::read(&file)? else {
            return Ok(None);
        };
        let mut followed = Followed {
            opened: Opened { file, id, header },
            offset: 0,
            before: Before::default(),
            seen: None,
        };
        followed.skip(header::LEN as u64)?;
        Ok(Some(followed))
    }

    /// Reads on, also where somebody has written over what was read. False: nothing is in it any
    /// more.
    fn read_again(&mut self, take: &mut Take) -> Result<bool, Fault> {
        let Opened { file, .. } = &self.opened;
        let found = regular(file)?;
        let Beginning::Header(header) = header::read(file)? else {
            return Ok(false);
        };
        let is_as_read = last_before(file, self.offset)? == Some(self.before);
        if header != self.opened.header || !is_as_read {
            self.opened.header = header;
            self.skip(header::LEN as u64)?;
        }
        self.read(take)?;
        // What was written since is seen next time, by the length.
        self.seen = Some(seen(&found));
        Ok(true)
    }

    fn read(&mut self, take: &mut Take) -> Result<(), Fault> {
        let mut chunks = Chunks::new(&self.opened.file, self.offset, u64::MAX)?;
        while let Some(lines) = chunks.next()? {
            take(lines)?;
            self.offset = chunks.offset;
        }
        let offset = chunks.offset;
        self.skip(offset)
    }

    /// Goes on from there.
    fn skip(&mut self, offset: u64) -> Result<(), Fault> {
        self.before = last_before(&self.opened.file, offset)?.unwrap_or_default();
        self.offset = offset;
        Ok(())
    }
}

fn seen(found: &Metadata) -> Seen {
    (found.len(), found.mtime(), found.mtime_nsec())
}

/// The last bytes before a place; None: the file ends before it.
fn last_before(file: &File, offset: u64) -> Result<Option<Before>, Fault> {
    let mut before = Before::default();
    let from = offset.saturating_sub(before.len() as u64);
    let read = read_at(file, &mut before, from)?;
    Ok((read == before.len()).then_some(before))
}
