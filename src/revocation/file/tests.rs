use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::sync::atomic::AtomicUsize;

use super::header::Header;
use super::*;
use crate::ErrorKind;

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

#[test]
fn a_compaction_keeps_each_entry_once_that_has_not_ended() {
    let folder = Folder::new();
    let one = Process::new(&folder);
    let others = [
        "h3r1.another_password.1800003600.AAAA".to_owned(),
        "h3r2.of.a-later.version".to_owned(),
        "h3r2.of.1800003600.one".to_owned(),
    ];
    one.append(&(entry(1) + "\n" + &others.join("\n")));
    let text = fs::read_to_string(folder.path()).unwrap();
    let rest = "h3r1..x.y\nh3r1.\n# a remark\n\u{e9}\nh3r2.k.1600000000.ended\ntorn";
    fs::write(folder.path(), text + rest).unwrap();
    let ending = many(10, NOW + HOUR);
    let lines = ending.join("\n");
    one.append(&lines);
    let all_lines = all(&folder).len();
    let made = fs::metadata(folder.path()).unwrap();
    one.append(&lines);

    let mut expected = vec![entry(1)];
    expected.extend(ending);
    expected.extend(others.clone());
    assert!(all_lines > expected.len());
    assert_eq!(sorted(all(&folder)), sorted(expected));
    let header = header_of(&folder);
    assert_eq!((header.generation, folder.names().len()), (1, 1));
    let now = fs::metadata(folder.path()).unwrap();
    assert_eq!(
        (now.len(), now.ino() != made.ino()),
        (header.compacted, true)
    );
    assert_eq!((now.mode(), now.gid()), (made.mode(), made.gid()));

    // Eleven minutes after the first have ended.
    let now = NOW + HOUR + 11 * 60_000;
    let lasting = many(1000, NOW + 5 * HOUR);
    one.file.append(lasting.join("\n"), now).unwrap();
    one.file.append(lasting.join("\n"), now).unwrap();
    let mut expected = lasting;
    expected.extend(others.into_iter().filter(|line| !line.contains(".18")));
    assert_eq!(sorted(all(&folder)), sorted(expected));
    assert_eq!(header_of(&folder).generation, 2);
    assert_eq!(header_of(&folder).lineage, header.lineage);
}

#[test]
fn a_file_is_compacted_when_it_has_doubled_and_no_sooner() {
    let folder = Folder::new();
    let one = Process::new(&folder);
    let mut lengths = Vec::new();
    for i in 0..300 {
        let before = fs::metadata(folder.path()).map_or(0, |found| found.ino());
        one.append(&format!("h3r1..1800003600.{i:0>1000}"));
        let now = fs::metadata(folder.path()).unwrap();
        if i > 0 && now.ino() != before {
            lengths.push(now.len());
        }
    }
    assert_eq!(lengths.len(), 3);
    assert!(lengths[0] > 65_536 && lengths.windows(2).all(|two| two[1] >= 2 * two[0]));
    assert_eq!(all(&folder).len(), 300);
}

#[test]
fn a_reader_goes_on_after_a_compaction_where_it_was() {
    let folder = Folder::new();
    let (one, mut other, mut late) = (
        Process::new(&folder),
        Process::new(&folder),
        Process::new(&folder),
    );
    one.append(&entry(1));
    assert_eq!(late.poll(), [entry(1)]);
    one.append(&many(10, NOW + HOUR)[..100].join("\n"));
    assert_eq!(other.poll().len(), 101);
    one.append(&many(10, NOW + HOUR).join("\n"));
    assert_eq!(header_of(&folder).generation, 1);
    one.append(&entry(2));
    // Of the old file what it had not read; of the new one what came after the compaction.
    assert_eq!(
        (other.poll().len(), other.lines.last()),
        (301, Some(&entry(2)))
    );
    assert!(other.poll().is_empty());
    // Two compactions later, it reads all that is there.
    one.append(&many(1000, NOW + HOUR).join("\n"));
    one.append(&many(1000, NOW + HOUR).join("\n"));
    assert_eq!(header_of(&folder).generation, 2);
    late.poll();
    assert_eq!(late.poll().len(), 0);
    assert!(late.knows(&all(&folder)));
    assert_eq!(other.poll().len(), 600);
}

#[test]
fn what_a_killed_compaction_leaves_is_in_nobodys_way() {
    let folder = Folder::new();
    let one = Process::new(&folder);
    let beside = folder.0.join("revocations.compacting");
    let elsewhere = folder.0.join("elsewhere");
    fs::write(&elsewhere, "of somebody").unwrap();
    symlink(&elsewhere, &beside).unwrap();
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.append(&many(0, NOW + HOUR).join("\n"));
    assert_eq!(header_of(&folder).generation, 1);
    assert_eq!(fs::read(&elsewhere).unwrap(), b"of somebody");
    assert_eq!(folder.names(), ["elsewhere", "revocations"]);
}

#[test]
fn where_no_compaction_can_be_made_the_file_grows() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    fs::create_dir_all(folder.0.join("revocations.compacting").join("in the way")).unwrap();
    for _ in 0..4 {
        one.append(&many(0, NOW + HOUR).join("\n"));
    }
    assert_eq!((header_of(&folder).generation, one.poll().len()), (0, 1200));
    fs::remove_dir_all(folder.0.join("revocations.compacting")).unwrap();
    // Not tried again at each entry.
    one.append(&entry(1));
    assert_eq!(header_of(&folder).generation, 0);
    one.append(&many(0, NOW + HOUR).join("\n"));
    assert_eq!(
        (header_of(&folder).generation, all(&folder).len()),
        (1, 300)
    );
}

#[test]
fn a_symbolic_link_stays_one() {
    let (folder, elsewhere) = (Folder::new(), Folder::new());
    symlink(elsewhere.path(), folder.path()).unwrap();
    let one = Process::new(&folder);
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.append(&many(0, NOW + HOUR).join("\n"));
    assert!(fs::symlink_metadata(folder.path()).unwrap().is_symlink());
    assert_eq!(
        (header_of(&elsewhere).generation, all(&folder).len()),
        (1, 300)
    );
    assert_eq!((folder.names().len(), elsewhere.names().len()), (1, 1));
}

#[test]
fn what_was_in_a_deleted_file_is_in_the_next() {
    let folder = Folder::new();
    let (mut one, mut other) = (Process::new(&folder), Process::new(&folder));
    one.append(&entry(1));
    one.poll();
    other.poll();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o640)).unwrap();
    // That nobody has read yet, and that has ended.
    one.append(&entry(2));
    one.append(&entry_until(3, NOW - HOUR / 10));
    let lineage = header_of(&folder).lineage;
    fs::remove_file(folder.path()).unwrap();
    other.poll();
    one.poll();
    assert!(one.knows(&[entry(1), entry(2)]) && other.knows(&[entry(1), entry(2)]));
    assert_eq!(
        all(&folder),
        [entry(1), entry(2), entry_until(3, NOW - HOUR / 10)]
    );
    assert_ne!(header_of(&folder).lineage, lineage);
    assert_eq!(fs::metadata(folder.path()).unwrap().mode() & 0o777, 0o640);
    one.append(&entry(4));
    assert_eq!(other.poll().last(), Some(&entry(4)));
    assert!(one.poll().len() <= 4 && one.poll().is_empty());
}

#[test]
fn what_was_in_a_replaced_file_is_in_the_one_that_took_its_place() {
    let folder = Folder::new();
    let aside = folder.0.join("aside");
    let (mut one, mut other) = (Process::new(&folder), Process::new(&folder));
    one.append(&entry(1));
    one.poll();
    other.poll();
    fs::rename(folder.path(), &aside).unwrap();
    // By one who has none open.
    Process::new(&folder).append(&format!("{}\n{}", entry(2), entry(1)));
    one.poll();
    other.poll();
    assert!(one.knows(&[entry(2)]) && other.knows(&[entry(2)]));
    assert_eq!(all(&folder), [entry(2), entry(1)]);
    // Back again.
    fs::rename(&aside, folder.path()).unwrap();
    one.poll();
    assert_eq!(sorted(all(&folder)), [entry(1), entry(2)]);
}

#[test]
fn what_was_in_a_file_that_nobody_has_read_is_in_the_next() {
    let folder = Folder::new();
    let (mut one, mut other) = (Process::new(&folder), Process::new(&folder));
    one.append(&entry(1));
    one.poll();
    for i in 2..6 {
        fs::remove_file(folder.path()).unwrap();
        one.append(&entry(i));
    }
    assert_eq!(other.poll(), [entry(5)]);
    one.poll();
    other.poll();
    assert_eq!(sorted(all(&folder)), (1..6).map(entry).collect::<Vec<_>>());
    assert!(other.knows(&all(&folder)));
    // What a compaction has kept is not put back once more.
    one.append(&many(10, NOW + HOUR).join("\n"));
    one.append(&many(10, NOW + HOUR).join("\n"));
    assert_eq!(header_of(&folder).generation, 1);
    let len = fs::metadata(folder.path()).unwrap().len();
    one.poll();
    assert_eq!(fs::metadata(folder.path()).unwrap().len(), len);
    assert!(one.file.written.lock().unwrap().is_empty());
}

#[test]
fn a_copy_of_an_earlier_time_gets_what_came_later() {
    let folder = Folder::new();
    let copy = folder.0.join("copy");
    let mut one = Process::new(&folder);
    one.append(&entry(1));
    fs::copy(folder.path(), &copy).unwrap();
    one.append(&many(10, NOW + HOUR).join("\n"));
    one.poll();
    fs::rename(&copy, folder.path()).unwrap();
    one.poll();
    assert_eq!(all(&folder).len(), 301);
}

#[test]
fn a_file_that_was_emptied_or_written_over_is_read_from_its_start() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    one.append(&[entry(1), entry(2), entry(3)].join("\n"));
    one.poll();
    let whole = fs::read(folder.path()).unwrap();
    // With the times that it had, as a copy may.
    let cut = whole.len() / 2;
    fs::write(folder.path(), &whole[..cut]).unwrap();
    assert_eq!(one.poll(), [entry(1)]);
    Process::new(&folder).append(&[entry(4), entry(5)].join("\n"));
    assert!(one.poll().len() >= 2 && one.knows(&[entry(4), entry(5)]));
    // No shorter than before.
    let other = String::from_utf8(whole)
        .unwrap()
        .replace(&entry(2), &entry(6));
    fs::write(folder.path(), other + &entry(7) + "\n" + &entry(8) + "\n").unwrap();
    one.poll();
    assert!(one.knows(&[entry(6), entry(7), entry(8)]));
    fs::write(folder.path(), "").unwrap();
    assert!(one.poll().is_empty());
    Process::new(&folder).append(&entry(9));
    assert_eq!(one.poll(), [entry(9)]);
}

#[test]
fn what_cannot_be_put_back_yet_is_put_back_later() {
    let folder = Folder::new();
    let (aside, foreign) = (folder.0.join("aside"), "of somebody else");
    let mut one = Process::new(&folder);
    one.append(&entry(1));
    one.poll();
    fs::rename(folder.path(), &aside).unwrap();
    fs::write(folder.path(), foreign).unwrap();
    store_error(&one.try_poll().unwrap_err());
    store_error(&one.try_poll().unwrap_err());
    assert_eq!(fs::read(folder.path()).unwrap(), foreign.as_bytes());
    fs::remove_file(folder.path()).unwrap();
    one.poll();
    assert_eq!(all(&folder), [entry(1)]);
}

/// As many entries as are told apart in several passes, of which some are there already.
#[test]
fn a_file_of_many_entries_is_compacted_and_put_back_part_by_part() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    let long = |number: usize| format!("h3r1..1800003600.{number:0>2000}");
    let lines: Vec<_> = (0..1200).map(long).collect();
    one.append(&lines[..1000].join("\n"));
    one.append(&lines.join("\n"));
    assert_eq!(sorted(one.poll()), lines);
    fs::remove_file(folder.path()).unwrap();
    Process::new(&folder).append(&lines[500..600].join("\n"));
    one.poll();
    assert_eq!(sorted(all(&folder)), lines);
}

#[test]
fn threads_that_append_and_poll_at_once_lose_nothing() {
    let folder = Folder::new();
    let file = RevocationFile::open(folder.path()).unwrap();
    let (read, polled) = (Mutex::new(BTreeSet::new()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (file, read, polled) = (&file, &read, &polled);
            scope.spawn(move || {
                for i in 0..150 {
                    file.append(entry(1000 * thread + i), NOW).unwrap();
                    let result = file.read_new(NOW, &mut |lines: &[u8]| {
                        let lines = String::from_utf8_lossy(lines);
                        read.lock()
                            .unwrap()
                            .extend(lines.lines().map(str::to_owned));
                        Ok(())
                    });
                    polled.fetch_add(result.unwrap().into(), Ordering::Relaxed);
                }
            });
        }
    });
    file.read_new(NOW, &mut |lines: &[u8]| {
        let lines = String::from_utf8_lossy(lines);
        read.lock()
            .unwrap()
            .extend(lines.lines().map(str::to_owned));
        Ok(())
    })
    .unwrap();
    assert!(polled.into_inner() > 0);
    assert_eq!(read.into_inner().unwrap().len(), 600);
    assert_eq!(all(&folder).len(), 600);
}

#[test]
fn who_finds_another_thread_polling_reads_nothing() {
    let folder = Folder::new();
    let file = RevocationFile::open(folder.path()).unwrap();
    file.append(entry(1), NOW).unwrap();
    let mut inner = None;
    file.read_new(NOW, &mut |_: &[u8]| {
        inner = Some(file.read_new(NOW, &mut |_: &[u8]| panic!()));
        Ok(())
    })
    .unwrap();
    assert_eq!(inner, Some(Ok(false)));
}

#[test]
fn a_child_that_was_forked_while_a_thread_polled_is_told_to_open_the_file_anew() {
    let folder = Folder::new();
    let mut file = RevocationFile::open(folder.path()).unwrap();
    file.append(entry(1), NOW).unwrap();
    file.process = 0;
    let mut inner = None;
    file.read_new(NOW, &mut |_: &[u8]| {
        inner = Some(file.read_new(NOW, &mut |_: &[u8]| panic!()));
        Ok(())
    })
    .unwrap();
    assert_eq!(inner.unwrap().unwrap_err().kind(), ErrorKind::State);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    })]

    /// A file of somebody else, or what is left of one of ours.
    #[test]
    fn whatever_stands_in_a_file_an_entry_is_read_or_the_file_left_as_it_is(
        is_ours in proptest::bool::ANY,
        cut in 0..header::LEN + 40,
        rest in proptest::collection::vec(
            proptest::prop_oneof![
                proptest::prelude::any::<u8>(),
                proptest::sample::select(b"h3r1. 0\n\r".to_vec()),
            ],
            0..3000,
        ),
    ) {
        let folder = Folder::new();
        let mut one = Process::new(&folder);
        let mut text = Vec::new();
        if is_ours {
            let whole = format!("{}{}\n", Header::new().unwrap().line(), entry(1));
            text.extend_from_slice(&whole.as_bytes()[..cut.min(whole.len())]);
        }
        text.extend(rest);
        fs::write(folder.path(), &text).unwrap();
        let polled = one.try_poll();
        let appended = one.file.append(entry(2), NOW);
        proptest::prop_assert_eq!(polled.is_ok(), appended.is_ok());
        if appended.is_ok() {
            one.poll();
            proptest::prop_assert!(one.knows(&[entry(2)]) && all(&folder).contains(&entry(2)));
        } else {
            store_error(&polled.unwrap_err());
            proptest::prop_assert_eq!(fs::read(folder.path()).unwrap(), text);
        }
    }
}
