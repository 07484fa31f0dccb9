//! A file becomes shorter now and then, and loses nothing by it.

use super::*;

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
