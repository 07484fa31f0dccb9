use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::sync::atomic::AtomicUsize;

use super::header::Header;
use super::*;
use crate::ErrorKind;

mod compaction;
mod locks;
mod replaced;
mod together;

const NOW: i64 = 1_800_000_000_000;
const HOUR: i64 = 3_600_000;

/// A folder of the test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("h3s-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        Folder(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.join("revocations")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A process, as it were: what it has read, and how often.
struct Process {
    file: RevocationFile,
    lines: Vec<String>,
}

impl Process {
    fn new(folder: &Folder) -> Process {
        Process {
            file: RevocationFile::open(folder.path()).unwrap(),
            lines: Vec::new(),
        }
    }

    fn append(&self, lines: &str) {
        self.file.append(lines, NOW).unwrap();
    }

    /// The lines that are new.
    fn try_poll(&mut self) -> Result<Vec<String>, Error> {
        let mut new = Vec::new();
        let read = self.file.read_new(NOW, &mut |lines: &[u8]| {
            let text = String::from_utf8_lossy(lines);
            new.extend(text.lines().map(str::to_owned));
            Ok(())
        });
        self.lines.extend(new.iter().cloned());
        self.file.compact_if_grown(NOW, &mut || {});
        read.map(|read| {
            assert!(read);
            new
        })
    }

    fn poll(&mut self) -> Vec<String> {
        self.try_poll().unwrap()
    }

    /// Whether it has ever read these.
    fn knows(&self, lines: &[String]) -> bool {
        let known: BTreeSet<_> = self.lines.iter().collect();
        lines.iter().all(|line| known.contains(line))
    }
}

fn entry_until(number: usize, until_ms: i64) -> String {
    format!("h3r1..{}.{number:0>160}", until_ms / 1000)
}

fn entry(number: usize) -> String {
    entry_until(number, NOW + HOUR)
}

/// What a process finds that begins now.
fn all(folder: &Folder) -> Vec<String> {
    Process::new(folder).poll()
}

fn store_error(error: &Error) -> &str {
    assert_eq!(error.kind(), ErrorKind::Store);
    assert_eq!(error.key(), Some("revocation.file"));
    error.message()
}

#[test]
fn what_one_process_appends_every_other_reads_once() {
    let folder = Folder::new();
    let (mut one, mut other) = (Process::new(&folder), Process::new(&folder));
    assert!(one.poll().is_empty() && folder.names().is_empty());
    one.append(&entry(1));
    other.append(&format!("\n{}\r\n\n{}\n", entry(2), entry(3)));
    let expected = [entry(1), entry(2), entry(3)];
    for process in [&mut one, &mut other] {
        assert_eq!(process.poll(), expected);
        assert!(process.poll().is_empty());
    }
    one.append(&entry(4));
    assert_eq!(other.poll(), [entry(4)]);
    assert_eq!(all(&folder).len(), 4);
    let made = fs::metadata(folder.path()).unwrap();
    assert_eq!(made.permissions().mode() & 0o007, 0);
}

#[test]
fn a_new_file_is_for_the_group_that_may_write_to_its_folder_whatever_the_umask() {
    for (of_folder, of_file) in [(0o770, 0o660), (0o2770, 0o660), (0o700, 0), (0o755, 0)] {
        let folder = Folder::new();
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(of_folder)).unwrap();
        // As a umask of 077 leaves it, which all tests of this process would have.
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        drop(options.open(folder.path()).unwrap());
        Process::new(&folder).append(&entry(1));
        let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
        assert_eq!(
            mode & 0o777,
            0o600 | of_file,
            "in a folder of {of_folder:o}"
        );
        // What somebody has chosen since then stays.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o600)).unwrap();
        Process::new(&folder).append(&entry(2));
        let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn only_entries_are_appended_and_only_those_that_have_not_ended() {
    let folder = Folder::new();
    let one = Process::new(&folder);
    let long = format!("h3r1..1800003600.{:a>2048}", "");
    for wrong in [
        "x", "h3r1", "h3r.", "h3r01.", "h3rx.a", "h3r1. ", "h3r1.\0", &long,
    ] {
        let lines = format!("{}\n{wrong}", entry(1));
        let error = one.file.append(lines, NOW).unwrap_err();
        assert_eq!(
            (error.kind(), error.key()),
            (ErrorKind::Argument, Some("lines"))
        );
    }
    assert!(folder.names().is_empty());
    one.append("");
    one.append(&entry_until(1, NOW - HOUR));
    assert!(folder.names().is_empty());
    // Clocks differ by up to ten minutes.
    let late = [
        entry_until(2, NOW - HOUR / 6),
        "h3r2.of.a.later-version".into(),
    ];
    one.append(&late.join("\n"));
    assert_eq!(all(&folder), late);
    let error = one.file.append(entry(1), 0).unwrap_err();
    assert_eq!(error.key(), Some("now_ms"));
}

#[test]
fn a_path_is_absolute_and_its_folder_there() {
    let folder = Folder::new();
    for wrong in ["", "revocations", "./revocations", "/tmp/a\0b"] {
        let error = RevocationFile::open(wrong).unwrap_err();
        assert_eq!(
            (error.kind(), error.key()),
            (ErrorKind::Argument, Some("path"))
        );
    }
    let missing = folder.0.join("missing").join("revocations");
    let message = RevocationFile::open(&missing).unwrap_err();
    assert!(store_error(&message).contains("folder"), "{message}");
    let message = RevocationFile::open(&folder.0).unwrap_err();
    assert!(store_error(&message).contains("regular file"), "{message}");
}

#[test]
fn a_folder_that_has_gone_is_an_error_of_reading_and_of_writing() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    fs::remove_dir(&folder.0).unwrap();
    store_error(&one.try_poll().unwrap_err());
    store_error(&one.file.append(entry(1), NOW).unwrap_err());
}

#[test]
fn another_file_is_neither_read_nor_written_nor_replaced() {
    let folder = Folder::new();
    let header = Header::new().unwrap().line();
    let later = header.replace(" 1 ", " 2 ");
    let damaged = header.replace('\n', " ");
    let long = "x".repeat(200_000);
    for foreign in [
        "x",
        "#!/bin/sh\n",
        &later,
        &damaged,
        &long,
        "h3s revocations 1 \n",
    ] {
        let mut one = Process::new(&folder);
        fs::write(folder.path(), foreign).unwrap();
        store_error(&RevocationFile::open(folder.path()).unwrap_err());
        store_error(&one.try_poll().unwrap_err());
        store_error(&one.file.append(entry(1), NOW).unwrap_err());
        assert_eq!(fs::read(folder.path()).unwrap(), foreign.as_bytes());
        fs::remove_file(folder.path()).unwrap();
        assert!(one.poll().is_empty());
    }
}

#[test]
fn a_pipe_in_its_place_is_an_error_and_waits_for_nobody() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path())
        .status();
    assert!(made.unwrap().success());
    store_error(&one.try_poll().unwrap_err());
    store_error(&one.file.append(entry(1), NOW).unwrap_err());
}

/// Wherever a write is cut off, by a killed writer or a full disk.
#[test]
fn what_a_killed_writer_leaves_hides_nothing_that_others_write() {
    let folder = Folder::new();
    Process::new(&folder).append("h3r1..1800003600.AAAA");
    let whole = fs::read(folder.path()).unwrap();
    fs::remove_file(folder.path()).unwrap();
    for cut in 0..=whole.len() {
        fs::write(folder.path(), &whole[..cut]).unwrap();
        let (mut before, after) = (Process::new(&folder), Process::new(&folder));
        let is_whole = cut == whole.len();
        assert_eq!(before.poll().len(), usize::from(is_whole), "{cut}");
        after.append(&format!("{}\n{}", entry(2), entry(3)));
        before.poll();
        let mut new = Process::new(&folder);
        new.poll();
        for process in [&before, &new] {
            assert!(process.knows(&[entry(2), entry(3)]), "{cut}");
            // Its header, if it was whole, is that of before.
            let most = 3 + usize::from(cut > header::LEN && !is_whole);
            assert!(process.lines.len() <= most, "{cut}");
        }
        fs::remove_file(folder.path()).unwrap();
    }
}

#[test]
fn a_line_is_read_once_it_is_whole() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    one.append(&entry(1));
    one.poll();
    let file = fs::OpenOptions::new()
        .append(true)
        .open(folder.path())
        .unwrap();
    let end = file.metadata().unwrap().len();
    file.write_all_at(&entry(2).as_bytes()[..50], end).unwrap();
    assert!(one.poll().is_empty() && one.poll().is_empty());
    file.write_all_at(&entry(2).as_bytes()[50..], end + 50)
        .unwrap();
    assert!(one.poll().is_empty());
    file.write_all_at(b"\n", end).unwrap();
    assert_eq!(one.poll(), [entry(2)]);
}

#[test]
fn a_line_without_an_end_does_not_hide_what_follows() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    one.append(&entry(1));
    one.poll();
    let text = fs::read_to_string(folder.path()).unwrap();
    fs::write(folder.path(), text + &"x".repeat(200_000)).unwrap();
    one.poll();
    Process::new(&folder).append(&entry(2));
    one.poll();
    assert!(one.knows(&[entry(2)]));
    assert!(all(&folder).contains(&entry(2)));
}

#[test]
fn lines_come_again_until_they_were_taken() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    one.append(&entry(1));
    let failing = &mut |_: &[u8]| Err(Fault::Failed(Error::memory()));
    let error = one.file.read_new(NOW, failing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Memory);
    assert_eq!(one.poll(), [entry(1)]);
}

/// More than is read at once, and with a line across each border.
#[test]
fn a_large_file_is_read_in_pieces_of_whole_lines() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    let lines: Vec<_> = (0..3000).map(entry).collect();
    one.append(&lines.join("\n"));
    let mut pieces = 0;
    let count = &mut |piece: &[u8]| {
        assert!(piece.ends_with(b"\n") && piece.len() <= 65_536);
        pieces += 1;
        Ok(())
    };
    Process::new(&folder).file.read_new(NOW, count).unwrap();
    assert!(pieces > 5);
    assert_eq!(one.poll(), lines);
}

/// Entries that end at a time: so many that a file has to be compacted that has them twice.
fn many(from: usize, until_ms: i64) -> Vec<String> {
    (from..from + 300)
        .map(|i| entry_until(i, until_ms))
        .collect()
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

fn header_of(folder: &Folder) -> Header {
    match header::read(&fs::File::open(folder.path()).unwrap()) {
        Ok(header::Beginning::Header(header)) => header,
        _ => panic!("it is no file of revocations"),
    }
}
