//! Threads, forks, and whatever else may stand there.

use super::*;

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
