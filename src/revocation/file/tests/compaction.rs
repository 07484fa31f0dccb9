//! A file becomes shorter now and then, and loses nothing by it.

use super::*;

#[test]
fn a_compaction_keeps_each_entry_once_that_has_not_ended() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
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
    one.poll();

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
    one.file.read_new(now, &mut |_: &[u8]| Ok(())).unwrap();
    one.file.compact_if_grown(now, &mut || {});
    let mut expected = lasting;
    expected.extend(others.into_iter().filter(|line| !line.contains(".18")));
    assert_eq!(sorted(all(&folder)), sorted(expected));
    assert_eq!(header_of(&folder).generation, 2);
    assert_eq!(header_of(&folder).lineage, header.lineage);
}

#[test]
fn a_file_is_compacted_when_it_has_doubled_and_no_sooner() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    let mut lengths = Vec::new();
    for i in 0..300 {
        let before = fs::metadata(folder.path()).map_or(0, |found| found.ino());
        one.append(&format!("h3r1..1800003600.{i:0>1000}"));
        one.poll();
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
    Process::new(&folder).poll();
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
    Process::new(&folder).poll();
    assert_eq!(header_of(&folder).generation, 2);
    late.poll();
    assert_eq!(late.poll().len(), 0);
    assert!(late.knows(&all(&folder)));
    assert_eq!(other.poll().len(), 600);
}

#[test]
fn what_a_killed_compaction_leaves_is_in_nobodys_way() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    let beside = folder.0.join("revocations.compacting");
    let elsewhere = folder.0.join("elsewhere");
    fs::write(&elsewhere, "of somebody").unwrap();
    symlink(&elsewhere, &beside).unwrap();
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.poll();
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
    assert_eq!((one.poll().len(), header_of(&folder).generation), (1200, 0));
    fs::remove_dir_all(folder.0.join("revocations.compacting")).unwrap();
    // Not tried again at each entry.
    one.append(&entry(1));
    one.poll();
    assert_eq!(header_of(&folder).generation, 0);
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.poll();
    assert_eq!(
        (header_of(&folder).generation, all(&folder).len()),
        (1, 300)
    );
}

#[test]
fn a_symbolic_link_stays_one() {
    let (folder, elsewhere) = (Folder::new(), Folder::new());
    symlink(elsewhere.path(), folder.path()).unwrap();
    let mut one = Process::new(&folder);
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.poll();
    assert!(fs::symlink_metadata(folder.path()).unwrap().is_symlink());
    assert_eq!(
        (header_of(&elsewhere).generation, all(&folder).len()),
        (1, 300)
    );
    assert_eq!((folder.names().len(), elsewhere.names().len()), (1, 1));
}

#[test]
fn an_append_compacts_nothing_but_what_nobody_has_polled_for_long() {
    let folder = Folder::new();
    let one = Process::new(&folder);
    let lines = many(0, NOW + HOUR).join("\n");
    one.append(&lines);
    one.append(&lines);
    Process::new(&folder).poll();
    let compacted = header_of(&folder).compacted;
    let mut most = 0;
    while header_of(&folder).generation == 1 {
        most = fs::metadata(folder.path()).unwrap().len();
        assert!(compacted > 32_768 && most <= 16 * compacted);
        one.append(&lines);
    }
    assert!(most > 15 * compacted);
    assert_eq!(all(&folder).len(), 300);
}

/// One that others write to, and read, while it is compacted.
#[test]
fn what_is_appended_during_a_compaction_is_kept() {
    let folder = Folder::new();
    let (one, mut other) = (Process::new(&folder), Process::new(&folder));
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.append(&many(0, NOW + HOUR).join("\n"));
    let begun = begin(&folder);
    // Also that which has ended, half of what a writer has left, and what is there already.
    one.append(&[entry(1), entry(5000), entry_until(3, NOW - HOUR / 10)].join("\n"));
    let text = fs::read_to_string(folder.path()).unwrap();
    fs::write(folder.path(), text + "h3r1..18000").unwrap();
    one.append(&entry(5001));
    // Another leaves it to the one that is at it.
    assert_eq!(other.poll().len(), 605);
    assert_eq!(header_of(&folder).generation, 0);
    one.append(&entry(5002));
    let (path, later) = (folder.path(), NOW + HOUR / 10);
    begun
        .replace(&path, &beside(&folder), &Wait::default(), later, &mut || {})
        .unwrap();
    assert_eq!(header_of(&folder).generation, 1);
    let kept = all(&folder);
    assert_eq!(kept.len(), 300 + 4);
    for line in [entry(1), entry(299), entry(5000), entry(5001), entry(5002)] {
        assert!(kept.contains(&line));
    }
    one.append(&entry(5003));
    assert_eq!(other.poll(), [entry(5002), entry(5003)]);
    assert_eq!(folder.names(), ["revocations"]);
}

#[test]
fn a_compaction_whose_file_is_gone_takes_nobody_s_place() {
    for renamed in [false, true] {
        let folder = Folder::new();
        let mut one = Process::new(&folder);
        one.append(&many(0, NOW + HOUR).join("\n"));
        one.append(&many(0, NOW + HOUR).join("\n"));
        one.poll();
        one.append(&many(1000, NOW + HOUR).join("\n"));
        one.append(&many(1000, NOW + HOUR).join("\n"));
        let begun = begin(&folder);
        if renamed {
            fs::rename(folder.path(), folder.0.join("aside")).unwrap();
        } else {
            fs::remove_file(folder.path()).unwrap();
        }
        Process::new(&folder).append(&entry(1));
        let header = header_of(&folder);
        let (path, beside) = (folder.path(), beside(&folder));
        let replaced = begun.replace(&path, &beside, &Wait::default(), NOW, &mut || {});
        assert!(replaced.is_err());
        assert_eq!((all(&folder), header_of(&folder)), (vec![entry(1)], header));
        one.poll();
        assert_eq!(all(&folder).len(), 600);
    }
}

/// What is beside it is the work of one that was killed, if nobody has its lock.
#[test]
fn two_do_not_compact_at_once_and_a_killed_one_is_in_nobody_s_way() {
    let folder = Folder::new();
    let (mut one, mut other) = (Process::new(&folder), Process::new(&folder));
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.append(&many(0, NOW + HOUR).join("\n"));
    let begun = begin(&folder);
    let started = fs::metadata(beside(&folder)).unwrap().ino();
    one.poll();
    assert_eq!(fs::metadata(beside(&folder)).unwrap().ino(), started);
    assert_eq!(header_of(&folder).generation, 0);
    drop(begun);
    other.poll();
    assert_eq!(header_of(&folder).generation, 1);
    assert_eq!(folder.names(), ["revocations"]);
}

fn beside(folder: &Folder) -> PathBuf {
    folder.0.join("revocations.compacting")
}

fn begin(folder: &Folder) -> compact::Begun {
    let begun = compact::begin(&folder.path(), &beside(folder)).unwrap();
    begun.expect("it is not due")
}

#[test]
fn who_compacts_a_file_reads_meanwhile_what_is_new() {
    let folder = Folder::new();
    let (mut one, other) = (Process::new(&folder), Process::new(&folder));
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.file.read_new(NOW, &mut |_: &[u8]| Ok(())).unwrap();
    let mut heard = Vec::new();
    one.file.compact_if_grown(NOW, &mut || {
        other.append(&entry(5000 + heard.len()));
        let read = one.file.read_new(NOW, &mut |lines: &[u8]| {
            heard.push(String::from_utf8_lossy(lines).trim().to_owned());
            Ok(())
        });
        assert!(read.unwrap());
    });
    assert!(heard.len() > 1 && heard.starts_with(&[entry(5000), entry(5001)]));
    assert_eq!(header_of(&folder).generation, 1);
    assert_eq!(all(&folder).len(), 300 + heard.len());
    assert!(one.poll().is_empty());
}
