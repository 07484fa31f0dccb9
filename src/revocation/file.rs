//! The embedded store: a file of entries that the processes of a machine share.
//!
//! Its first line says what it is; then comes an entry a line. Who writes locks it, appends, and
//! has the disk confirm it before the caller hears that it is done. Who reads takes no lock: it
//! knows where it was, and reads on. Now and then a reader replaces the file by one without what
//! has ended. It keeps the file open that it reads, and so can put what was in it into the one that
//! takes its place, should somebody delete it.

use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::replica::Revocations;
use crate::{Error, ErrorKind, clock};

mod compact;
mod fault;
mod follow;
mod header;
mod lines;
mod locked;
mod wait;

#[cfg(test)]
mod tests;

use fault::Fault;
use follow::{Followed, Follower};
use locked::{Locked, Opened, TRIES};
use wait::Wait;

/// So many files are kept open that were written to, and of which nobody has read.
const MAX_WRITTEN: usize = 8;
/// Who polls compacts a file that has grown to so many times its length.
const GROWN: u64 = 2;
/// Who appends does so too, once it has grown to so many times: then nobody polls.
const NEGLECTED: u64 = 16;
/// How often a poll that compacts a long file reads meanwhile what is new.
const AGAIN: Duration = Duration::from_millis(250);

/// The file of the option `revocation.file`, which the processes of a machine share, of whatever
/// language.
///
/// Any number of threads may use one. It is safe across fork, but for a thread of the parent that
/// is in `poll` at that moment: then the child's `poll` is an error of the kind `State`, and it
/// opens the file anew.
///
/// ```
/// use std::time::Duration;
///
/// use h3s::{Config, Options, RevocationFile, RevocationOptions, Revocations};
///
/// let path = std::env::temp_dir().join(format!("revocations-{}", std::process::id()));
/// let options = Options::new("correct horse battery staple, and more of it")
///     .max_age(Duration::from_secs(604_800))
///     .revocation(RevocationOptions::new());
/// let config = Config::new(options)?;
/// let now = 1_800_000_000_000;
///
/// // In one process; or each of `Session::revocation_entries`, before the response goes.
/// let entry = config.revoke_session("0b5c1f6e-of-a-table", now)?;
/// RevocationFile::open(&path)?.append(&entry, now)?;
///
/// // In another one, once a second.
/// let (file, revocations) = (RevocationFile::open(&path)?, Revocations::new(65_536)?);
/// assert_eq!(file.poll(&revocations, &config, now)?, 1);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Debug)]
pub struct RevocationFile {
    path: PathBuf,
    process: u32,
    wait: Wait,
    follower: Mutex<Follower>,
    /// What was written to since the last poll.
    written: Mutex<Vec<Opened>>,
    /// Stands for the file whose name is known to last.
    lasting: AtomicU64,
    /// No compaction is tried before the file is so long, since the last one has failed.
    compact_from: AtomicU64,
}

impl RevocationFile {
    /// The file at an absolute path. It need not be there: the first entry makes it.
    ///
    /// # Errors
    ///
    /// `Argument`: the path is not absolute. `Store`: its folder is not there, it cannot be read,
    /// or it is another file, which is left as it is.
    pub fn open(path: impl AsRef<Path>) -> Result<RevocationFile, Error> {
        let path = path.as_ref();
        if !path.is_absolute() || path.as_os_str().as_bytes().contains(&0) {
            return Err(Error::argument("path", "it is an absolute path"));
        }
        if Followed::open(path)?.is_none() {
            follow::find_folder(path)?;
        }
        RevocationFile::new(path, Wait::default())
    }

    /// For how long at most a call waits for another process that has the file locked: a second,
    /// unless set; an hour at most. Anybody who can open the file can keep it locked. After a wait
    /// in vain the calls that follow try just once, for ten times as long.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let path = std::env::temp_dir().join("revocations");
    /// let mut file = h3s::RevocationFile::open(path)?;
    /// // In a thread that serves everybody.
    /// file.set_lock_wait(Duration::from_millis(100));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn set_lock_wait(&mut self, most: Duration) {
        self.wait = Wait::of(most);
    }

    fn new(path: &Path, wait: Wait) -> Result<RevocationFile, Error> {
        let mut own = PathBuf::new();
        own.try_reserve(path.as_os_str().len())
            .map_err(|_| Error::memory())?;
        own.push(path);
        Ok(RevocationFile {
            path: own,
            process: std::process::id(),
            wait,
            follower: Mutex::default(),
            written: Mutex::default(),
            lasting: AtomicU64::new(0),
            compact_from: AtomicU64::new(0),
        })
    }

    /// Appends entries, a line each. When this returns they are on the disk, and every process that
    /// polls will read them.
    ///
    /// Waits for the disk, and for as long as [`set_lock_wait`](RevocationFile::set_lock_wait) says
    /// for others that have the file locked: who appends, for some microseconds.
    ///
    /// # Errors
    ///
    /// `Argument`: a line is no entry, and none was written. `Store`: somebody keeps the file
    /// locked, or the disk is full, say; some of the lines may have been written.
    pub fn append(&self, lines: impl AsRef<[u8]>, now_ms: i64) -> Result<(), Error> {
        let lines = lines::checked(lines.as_ref(), clock::check(now_ms)?)?;
        if lines.is_empty() {
            return Ok(());
        }
        let mut waiting = self.wait.begin(Instant::now());
        for _ in 0..TRIES {
            let mut locked = Locked::open(&self.path, &mut waiting)?;
            let opened = locked.opened().map_err(Fault::to("read the file"))?;
            locked.append(&lines)?;
            let len = locked.len();
            // Others may append while the disk is at it.
            drop(locked);
            opened.sync()?;
            let lasts = self.let_name_last(&opened);
            // Who deletes the file from here on, deletes one that readers find these lines in.
            if opened.is_at(&self.path)? {
                lasts?;
                let compacted = opened.header.compacted;
                self.compact(compacted, len, NEGLECTED, now_ms, &mut || {});
                self.keep_open(opened);
                return Ok(());
            }
        }
        Err(Fault::Wrong("it is replaced over and over").into())
    }

    /// Applies the entries that are new since the last call to a copy of what is revoked, and says
    /// that it has heard. A process does so once a second; where nothing is new, it costs as much
    /// as asking for the length of a file. Each config and each copy wants a `RevocationFile` of
    /// its own.
    ///
    /// Where the file has grown to twice its length, it is replaced by one without what has ended,
    /// by whoever polls next. That takes longer, for a million entries some seconds. Meanwhile
    /// others append, and this call goes on to apply what is new.
    ///
    /// Gives how many were applied; 0 where another thread is at it.
    ///
    /// # Errors
    ///
    /// `Store`: the file cannot be read, or is another; or it was deleted, and what was in it
    /// cannot be put into a new one. It is tried again by the next call. Or as
    /// [`Revocations::apply`]: where that finds no room, all that fits is applied.
    pub fn poll(
        &self,
        revocations: &Revocations,
        config: &Config,
        now_ms: i64,
    ) -> Result<usize, Error> {
        let now_ms = clock::check(now_ms)?;
        config.inner().revocation()?;
        let (began, mut next) = (Instant::now(), AGAIN);
        let mut result = self.hear(revocations, config, now_ms);
        if result
            .as_ref()
            .is_err_and(|error| error.kind() != ErrorKind::Full)
        {
            return result;
        }
        // A long file takes long.
        self.compact_if_grown(now_ms, &mut || {
            let past = began.elapsed();
            if past < next {
                return;
            }
            next = past + AGAIN;
            let past_ms = i64::try_from(past.as_millis()).unwrap_or(i64::MAX);
            let heard = self.hear(revocations, config, now_ms.saturating_add(past_ms));
            match (heard, &mut result) {
                (Ok(more), Ok(applied)) => *applied += more,
                (Err(error), Ok(_)) => result = Err(error),
                (_, Err(_)) => {}
            }
        });
        result
    }

    /// Applies what is new.
    fn hear(
        &self,
        revocations: &Revocations,
        config: &Config,
        now_ms: i64,
    ) -> Result<usize, Error> {
        // By then whoever feeds the file has put into it what it had heard.
        let heard_at = self.heard_at(config.cookie_name(), now_ms);
        let (mut applied, mut full) = (0, None);
        let is_read = self.read_new(now_ms, &mut |lines: &[u8]| {
            match revocations.apply(config, lines, now_ms) {
                Ok(count) => applied += count,
                Err(error) if error.kind() == ErrorKind::Full => full = Some(error),
                Err(error) => return Err(error.into()),
            }
            Ok(())
        })?;
        if is_read && let Some(heard_at) = heard_at? {
            revocations.heard(heard_at)?;
        }
        full.map_or(Ok(applied), Err)
    }

    /// When all was in the file that anybody had made known of a cookie's sessions: now, unless
    /// something feeds it from other machines, which then says when it has last heard of them by
    /// the time of a file beside it. None where that was never.
    fn heard_at(&self, cookie: &str, now_ms: i64) -> Result<Option<i64>, Error> {
        let mut beside = self.path.clone().into_os_string();
        beside.push(".heard.");
        beside.push(cookie);
        let Some(found) = locked::at(Path::new(&beside))? else {
            return Ok(Some(now_ms));
        };
        let at = found
            .mtime()
            .saturating_mul(1000)
            .saturating_add(found.mtime_nsec() / 1_000_000);
        Ok(Some(at.min(now_ms)).filter(|at| *at > 0))
    }

    /// Gives the lines that are new since the last call to `take`, whole lines of some 64 KiB at a
    /// time. False: another thread is at it.
    fn read_new(&self, now_ms: i64, take: &mut follow::Take) -> Result<bool, Error> {
        let mut follower = match self.follower.try_lock() {
            Ok(follower) => follower,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if self.process == std::process::id() => {
                return Ok(false);
            }
            // The thread that holds it is not in this process, and will never let go.
            Err(TryLockError::WouldBlock) => {
                return Err(Error::state(
                    "a fork caught a thread that polls: open the file anew in the child",
                ));
            }
        };
        let written = self.written.try_lock();
        let written = written.map_or_else(|_| Vec::new(), |mut written| mem::take(&mut *written));
        let mut waiting = self.wait.begin(Instant::now());
        follower.read_new(&self.path, now_ms, written, &mut waiting, take)?;
        Ok(true)
    }

    /// The same file, of which nothing was read, for a child.
    #[cfg(feature = "capi")]
    pub(crate) fn anew(&self) -> Result<RevocationFile, Error> {
        RevocationFile::new(&self.path, self.wait.anew())
    }

    #[cfg(feature = "capi")]
    pub(crate) fn is_of_this_process(&self) -> bool {
        self.process == std::process::id()
    }

    /// By whomever it was made: who made it may have been killed before.
    fn let_name_last(&self, opened: &Opened) -> Result<(), Fault> {
        let mark = opened.header.mark();
        if self.lasting.load(Ordering::Relaxed) != mark {
            locked::sync_folder(&self.path)?;
            self.lasting.store(mark, Ordering::Relaxed);
        }
        Ok(())
    }

    /// So that what was written is not lost should somebody delete the file before anybody polls.
    fn keep_open(&self, opened: Opened) {
        // By whom it is held now, or was when a process forked, nobody waits.
        let Ok(mut written) = self.written.try_lock() else {
            return;
        };
        // What a compaction has kept of the others is in this one.
        written.retain(|one| !opened.header.follows(&one.header));
        if written.iter().all(|written| written.id != opened.id) && written.len() < MAX_WRITTEN {
            written.push(opened);
        }
    }

    fn compact_if_grown(&self, now_ms: i64, meanwhile: &mut dyn FnMut()) {
        let lengths = |follower: MutexGuard<'_, Follower>| follower.lengths();
        if let Some((compacted, len)) = self.follower.try_lock().ok().and_then(lengths) {
            self.compact(compacted, len, GROWN, now_ms, meanwhile);
        }
    }

    /// What fails here takes nothing away.
    fn compact(
        &self,
        compacted: u64,
        len: u64,
        times: u64,
        now_ms: i64,
        meanwhile: &mut dyn FnMut(),
    ) {
        if !compact::is_due(compacted, len, times)
            || len < self.compact_from.load(Ordering::Relaxed)
        {
            return;
        }
        let again_from = match compact::compact(&self.path, &self.wait, now_ms, meanwhile) {
            Ok(true) => 0,
            // Another is at it. The next poll sees what has come of it.
            Ok(false) => return,
            Err(_) => len / 4 * 5,
        };
        self.compact_from.store(again_from, Ordering::Relaxed);
    }
}
