//! Somebody has the lock, and may never let go.

use super::*;

/// The lock of somebody, until this is dropped.
fn lock(folder: &Folder) -> fs::File {
    let file = fs::File::open(folder.path()).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn an_append_fails_where_somebody_keeps_the_file_locked_and_says_so() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    one.append(&entry(1));
    one.file.set_lock_wait(Duration::from_millis(20));
    let lock = lock(&folder);
    for _ in 0..3 {
        let error = one.file.append(entry(2), NOW).unwrap_err();
        let message = store_error(&error);
        assert!(message.contains("locked") && message.contains("lslocks"));
    }
    drop(lock);
    one.append(&entry(3));
    assert_eq!(one.poll(), [entry(1), entry(3)]);
}

#[test]
fn an_append_goes_on_once_the_lock_is_free() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    one.append(&entry(1));
    one.file.set_lock_wait(Duration::MAX);
    let lock = lock(&folder);
    std::thread::scope(|scope| {
        let appended = scope.spawn(|| one.file.append(entry(2), NOW));
        drop(lock);
        appended.join().unwrap().unwrap();
    });
    assert_eq!(one.poll(), [entry(1), entry(2)]);
}

#[test]
fn who_reads_takes_no_lock() {
    let folder = Folder::new();
    let (one, mut other) = (Process::new(&folder), Process::new(&folder));
    one.append(&entry(1));
    let _lock = lock(&folder);
    assert_eq!(other.poll(), [entry(1)]);
}

#[test]
fn a_poll_that_cannot_lock_the_file_leaves_the_compaction_to_the_next() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    one.append(&many(0, NOW + HOUR).join("\n"));
    one.append(&many(0, NOW + HOUR).join("\n"));
    let lock = lock(&folder);
    assert_eq!((one.poll().len(), header_of(&folder).generation), (600, 0));
    drop(lock);
    one.poll();
    assert_eq!(header_of(&folder).generation, 1);
}

/// What was in a file that was deleted is put back by a later poll.
#[test]
fn a_poll_that_has_to_write_fails_where_the_file_is_locked_and_the_next_tries_again() {
    let folder = Folder::new();
    let mut one = Process::new(&folder);
    one.append(&entry(1));
    one.poll();
    fs::remove_file(folder.path()).unwrap();
    Process::new(&folder).append(&entry(2));
    one.file.set_lock_wait(Duration::from_millis(20));
    let lock = lock(&folder);
    let error = one.try_poll().unwrap_err();
    assert!(store_error(&error).contains("locked"));
    drop(lock);
    one.poll();
    assert_eq!(sorted(all(&folder)), [entry(1), entry(2)]);
}
