//! Somebody deletes, replaces or empties the file.

use super::*;

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
    Process::new(&folder).poll();
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
    Process::new(&folder).poll();
    assert!(header_of(&folder).generation > 0);
    assert_eq!(sorted(one.poll()), lines);
    fs::remove_file(folder.path()).unwrap();
    Process::new(&folder).append(&lines[500..600].join("\n"));
    one.poll();
    assert_eq!(sorted(all(&folder)), lines);
}
