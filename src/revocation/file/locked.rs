//! The file while this process alone writes to it.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use super::fault::Fault;
use super::header::{self, Beginning, Header};
use super::lines::with_room;
use super::wait::Waiting;

/// How often a file is opened again that another has taken the place of meanwhile.
pub(super) const TRIES: usize = 100;

/// What tells a file from every other.
pub(super) type Id = (u64, u64);

/// A file that is open.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) id: Id,
    pub(super) header: Header,
}

/// The file, open and locked. The lock is of this opening of the file, which no other thread uses:
/// it excludes the other threads of this process too, and the system releases it when the process
/// is killed.
pub(super) struct Locked {
    lock: Lock,
    id: Id,
    pub(super) header: Header,
    /// This call has made it, or found it empty.
    pub(super) is_new: bool,
    len: u64,
}

/// A file with its lock.
pub(super) struct Lock(File);

impl Locked {
    /// Opens and locks what is at the path, or a new file.
    #[inline(never)]
    pub(super) fn open(path: &Path, waiting: &mut Waiting<'_>) -> Result<Locked, Fault> {
        for _ in 0..TRIES {
            let mut options = OpenOptions::new();
            options.read(true).append(true).create(true).mode(0o660);
            let file =
                open(&mut options, 0, path).map_err(Fault::to("open the file for writing"))?;
            let id = id_of(&regular(&file)?);
            let lock = Lock::new(file, waiting)?;
            if is_at(path, id)? {
                return Locked::begin(path, lock, id);
            }
        }
        Err(Fault::Wrong("it is replaced over and over"))
    }

    /// Reads the first line, or writes it.
    fn begin(path: &Path, lock: Lock, id: Id) -> Result<Locked, Fault> {
        let beginning = header::read(&lock.0)?;
        let is_new = matches!(beginning, Beginning::Nothing);
        let header = match beginning {
            Beginning::Header(header) => header,
            Beginning::Nothing => Header::new()?,
        };
        let len = regular(&lock.0)?.len();
        let mut locked = Locked {
            lock,
            id,
            header,
            is_new,
            len,
        };
        if is_new {
            // Without it, they cannot log out. Nothing else fails.
            let _ = share_with_group(locked.file(), path);
            // Whoever wrote a part of the line was killed, and had told nobody of an entry.
            let emptied = locked.file().set_len(0);
            emptied.map_err(Fault::to("write the file"))?;
            let line = locked.header.line();
            locked.write(line.as_bytes())?;
        }
        Ok(locked)
    }

    /// Appends whole lines, in one piece. `sync` makes them last.
    ///
    /// The file only ever grows, also where only a part could be written: a reader that has read
    /// so far would not see what was written in the place of what was cut off. That part is a
    /// line that opens nothing.
    #[inline(never)]
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), Fault> {
        let mut last = [0];
        let read = self
            .file()
            .read_at(&mut last, self.len.saturating_sub(1))
            .map_err(Fault::to("read the file"))?;
        if read == 1 && last == *b"\n" {
            return self.write(lines);
        }
        // What a killed writer has left, or a full disk.
        let mut ended = with_room(lines.len().saturating_add(1))?;
        ended.push(b'\n');
        ended.extend_from_slice(lines);
        self.write(&ended)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let mut file = self.file();
        let written = file.write_all(bytes);
        self.len = regular(self.file())?.len();
        written.map_err(Fault::to("write the file"))
    }

    pub(super) fn file(&self) -> &File {
        &self.lock.0
    }

    pub(super) fn id(&self) -> Id {
        self.id
    }

    /// The same file, not locked.
    pub(super) fn opened(&self) -> io::Result<Opened> {
        Ok(Opened {
            file: self.file().try_clone()?,
            id: self.id,
            header: self.header.clone(),
        })
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Whether the path still leads to this file, so that others find in it what is written here.
    pub(super) fn is_at(&self, path: &Path) -> Result<bool, Fault> {
        is_at(path, self.id)
    }
}

impl Opened {
    /// What was appended is on the disk when this returns.
    pub(super) fn sync(&self) -> Result<(), Fault> {
        self.file
            .sync_data()
            .map_err(Fault::to("write the file to the disk"))
    }

    /// Whether the path still leads to this file, so that others find in it what is written here.
    pub(super) fn is_at(&self, path: &Path) -> Result<bool, Fault> {
        is_at(path, self.id)
    }
}

impl Lock {
    #[inline(never)]
    pub(super) fn new(file: File, waiting: &mut Waiting<'_>) -> Result<Lock, Fault> {
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::WouldBlock) => waiting.pause()?,
                Err(TryLockError::Error(error)) => {
                    return Err(Fault::System("lock the file", error));
                }
            }
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for Lock {
    /// Not by closing the file alone: a child that was forked meanwhile has it open too.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn is_at(path: &Path, id: Id) -> Result<bool, Fault> {
    Ok(at(path)?.is_some_and(|found| id_of(&found) == id))
}

/// Opens a file. Of a pipe that was put there, nobody has to open the other end.
#[inline(never)]
pub(super) fn open(options: &mut OpenOptions, flags: i32, path: &Path) -> io::Result<File> {
    options.custom_flags(libc::O_NONBLOCK | flags).open(path)
}

/// What is at the path; None: nothing, also where the name is too long for a file.
#[inline(never)]
pub(super) fn at(path: &Path) -> Result<Option<Metadata>, Fault> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::InvalidFilename => Ok(None),
            _ => Err(Fault::System("find the file", error)),
        },
    }
}

/// Where a path leads to by symbolic links.
#[inline(never)]
pub(super) fn real(path: &Path) -> Result<PathBuf, Fault> {
    fs::canonicalize(path).map_err(Fault::to("find the file"))
}

pub(super) fn id_of(found: &Metadata) -> Id {
    (found.dev(), found.ino())
}

#[inline(never)]
pub(super) fn regular(file: &File) -> Result<Metadata, Fault> {
    let found = file.metadata().map_err(Fault::to("read the file"))?;
    if !found.is_file() {
        return Err(Fault::Wrong("it is no regular file"));
    }
    Ok(found)
}

/// Makes the names in the folder of a file last.
#[inline(never)]
pub(super) fn sync_folder(path: &Path) -> Result<(), Fault> {
    let path = real(path)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    match open(OpenOptions::new().read(true), 0, folder).and_then(|folder| folder.sync_all()) {
        // Who may not read the folder has made no name in it that was not made to last by others;
        // some file systems do it by themselves, and refuse.
        Err(error)
            if !matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::InvalidInput
            ) =>
        {
            Err(Fault::System("write the folder to the disk", error))
        }
        _ => Ok(()),
    }
}

/// Lets the group use a new file that may make and replace files in its folder, whatever this
/// process's umask is: the other processes have other users.
fn share_with_group(file: &File, path: &Path) -> io::Result<()> {
    let path = path.canonicalize()?;
    let folder = path.parent().unwrap_or(&path).metadata()?;
    let own = file.metadata()?;
    let mode = own.mode() & 0o777;
    if folder.mode() & 0o030 == 0o030 && folder.gid() == own.gid() && mode & 0o060 != 0o060 {
        file.set_permissions(fs::Permissions::from_mode(mode | 0o060))?;
    }
    Ok(())
}

/// Lets those use a file who may use the other: its group and mode, and where one may give files
/// away, its owner.
pub(super) fn share(file: &File, as_with: &File) -> io::Result<()> {
    let with = as_with.metadata()?;
    let own = file.metadata()?;
    if with.uid() != own.uid() {
        let _ = fchown(file, Some(with.uid()), None);
    }
    if with.gid() != own.gid() {
        fchown(file, None, Some(with.gid()))?;
    }
    file.set_permissions(fs::Permissions::from_mode(with.mode() & 0o777))
}
