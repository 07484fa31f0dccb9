use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;
use std::thread;

use super::*;

const NOW: i64 = 1_800_000_000_000;
const LATER: i64 = NOW + 3_600_000;

fn table(room: usize, seed: u8) -> Table {
    Table::new(room, [seed; 16]).unwrap()
}

fn id(number: usize) -> String {
    format!("id-{number}")
}

fn revoke(table: &Table, id: &str) -> bool {
    revoke_until(table, id, LATER, NOW)
}

fn revoke_until(table: &Table, id: &str, until: i64, now: i64) -> bool {
    let of = table.fingerprint(Kind::Session, Scope::of("h3"), id.as_bytes());
    table.insert(Kind::Session, of, REFUSED_FOR_EVER, until, now)
}

fn is_revoked(table: &Table, id: &str) -> bool {
    let of = table.fingerprint(Kind::Session, Scope::of("h3"), id.as_bytes());
    table.before(of).is_some()
}

#[test]
fn there_is_room_for_as_many_entries_as_were_asked_for() {
    for (seed, room) in [(1, 1), (2, 7), (3, 64), (4, 1_000), (5, 4_096), (6, 65_536)] {
        let table = table(room, seed);
        assert!((0..room).all(|number| revoke(&table, &id(number))));
        assert!((0..room).all(|number| is_revoked(&table, &id(number))));
        assert!((room..room + 1_000).all(|number| !is_revoked(&table, &id(number))));
        assert_eq!((table.live(NOW), table.missed()), (room, 0));
        assert!(table.room() >= room);
    }
}

#[test]
fn a_full_table_says_so_and_forgets_nothing() {
    let table = table(8, 1);
    let fitted: Vec<_> = (0..100).map(|number| revoke(&table, &id(number))).collect();
    let count = fitted.iter().filter(|fits| **fits).count();
    assert!((8..=16).contains(&count), "{count}");
    assert_eq!(table.missed(), 100 - count);
    for (number, fits) in fitted.into_iter().enumerate() {
        assert_eq!(is_revoked(&table, &id(number)), fits);
    }
    // Whatever was heard, it is not complete any more until all of them have ended.
    table.hear(LATER);
    assert!(table.is_stale(LATER, 60_000) && !table.is_stale(LATER + 1, 60_000));
}

#[test]
fn what_has_ended_gives_its_place_to_another_and_what_lives_does_not() {
    let table = table(8, 2);
    while revoke(&table, &id(table.live(NOW))) {}
    let kept = table.live(NOW);
    let long_after = LATER + SLACK_MS as i64 + 1;
    assert!(!revoke_until(&table, "new", long_after + 1, long_after - 2));
    assert!(revoke_until(&table, "new", long_after + 1, long_after));
    let left = (0..kept).filter(|number| is_revoked(&table, &id(*number)));
    assert_eq!((left.count(), is_revoked(&table, "new")), (kept - 1, true));
}

#[test]
fn of_two_entries_the_later_moments_count() {
    let table = table(64, 3);
    let of = table.fingerprint(Kind::Subject, Scope::of("h3"), b"ada");
    for (before, until) in [(NOW - 5, LATER), (NOW, LATER - 9), (NOW - 9, LATER + 9)] {
        assert!(table.insert(Kind::Subject, of, before, until, NOW));
    }
    assert_eq!(table.before(of), Some(NOW));
    assert!(table.may_refuse(Kind::Subject, NOW - 1) && !table.may_refuse(Kind::Subject, NOW));
    assert_eq!((table.live(LATER + 9), table.live(LATER + 10)), (1, 0));
}

#[test]
fn an_entry_is_of_one_kind_and_one_name() {
    let table = table(64, 4);
    let kinds = [Kind::Session, Kind::Subject, Kind::Everybody];
    assert_eq!(kinds.map(|kind| table.may_refuse(kind, 1)), [false; 3]);
    assert!(revoke(&table, "x"));
    let may = kinds.map(|kind| table.may_refuse(kind, LATER));
    assert_eq!(may, [true, false, false]);
    for (kind, name, text) in [
        (Kind::Subject, "h3", "x"),
        (Kind::Session, "h", "3x"),
        (Kind::Session, "h3x", ""),
        (Kind::Session, "h4", "x"),
    ] {
        let of = table.fingerprint(kind, Scope::of(name), text.as_bytes());
        assert_eq!(table.before(of), None, "{kind:?} {name} {text}");
    }
}

/// As where a process is killed between two steps of an insertion, or a fork copies it there.
#[test]
fn an_insertion_that_was_never_finished_is_in_nobodys_way() {
    let table = table(1, 5);
    let of = table.fingerprint(Kind::Session, Scope::of("h3"), b"x");
    let slots: Vec<usize> = table.slots(of).collect();
    let (now, until) = (NOW as u64, LATER as u64);
    assert!(table.claim(slots[0], until, now));
    assert!(table.claim(slots[1], until, now));
    table.fingerprint_at(slots[1]).store(of.0, Release);
    // What is not whole is not extended: its place may be another's.
    assert!(!table.extend(slots[1], of, until + 1, now));
    assert!(revoke(&table, "x") && is_revoked(&table, "x"));
    let long_after = until + SLACK_MS + 1;
    assert!(!table.claim(slots[0], long_after, long_after - 1));
    assert!(table.claim(slots[0], long_after, long_after));
}

#[test]
fn memory_that_is_shared_is_taken_over_with_its_entries() {
    let words: Vec<AtomicU64> = (0..HEAD_LEN + 24 * 5).map(|_| AtomicU64::new(0)).collect();
    let words: &'static [AtomicU64] = words.leak();
    let table = Table::within(words, [1; 16]).unwrap();
    assert_eq!(table.room(), 4 * BUCKET_LEN / 2);
    assert!(revoke(&table, "x"));
    table.hear(NOW);
    let again = Table::within(words, [2; 16]).unwrap();
    assert!(is_revoked(&again, "x") && !is_revoked(&again, "y"));
    assert_eq!(again.heard_at(), Some(NOW));
    // Another size, another version, and no table.
    assert!(Table::within(&words[..HEAD_LEN + 24 * 3], [1; 16]).is_err());
    assert!(Table::within(&words[..HEAD_LEN + 24], [1; 16]).is_err());
    words[MARK].store(VERSION + 1, Release);
    assert!(Table::within(words, [1; 16]).is_err());
}

/// As where the processes of a server start at once, and each finds its memory zeroed.
#[test]
fn who_makes_a_table_in_the_same_memory_at_once_gets_the_same_one() {
    const ROUNDS: usize = 20_000;
    let words: Vec<AtomicU64> = (0..HEAD_LEN + 48).map(|_| AtomicU64::new(0)).collect();
    let words: &'static [AtomicU64] = words.leak();
    let arrived = AtomicUsize::new(0);
    let meet = |round: usize| {
        arrived.fetch_add(1, AcqRel);
        while arrived.load(Acquire) < 2 * (round + 1) {
            thread::yield_now();
        }
    };
    let keys_of = |seed: u8| {
        let mut keys = Vec::new();
        for round in 0..ROUNDS {
            meet(2 * round);
            keys.push(Table::within(words, [seed; 16]).unwrap().key);
            meet(2 * round + 1);
            words.iter().for_each(|word| word.store(0, Release));
        }
        keys
    };
    let keys_of = &keys_of;
    let [one, other] = thread::scope(|scope| {
        [1, 2]
            .map(|seed| scope.spawn(move || keys_of(seed)))
            .map(|thread| thread.join().unwrap())
    });
    let differing = one.iter().zip(&other).filter(|(one, other)| one != other);
    assert_eq!(differing.count(), 0, "of {ROUNDS}");
}

/// What is revoked once is revoked at each look from then on, while others write beside it.
#[test]
fn writers_and_readers_at_once_lose_nothing() {
    const WRITERS: usize = 4;
    const EACH: usize = 500;
    let (table, start) = (table(WRITERS * EACH, 6), Barrier::new(2 * WRITERS));
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (table, start) = (&table, &start);
            scope.spawn(move || {
                start.wait();
                for number in 0..EACH {
                    // Half of them are every writer's.
                    let id = id(if number % 2 == 0 {
                        number
                    } else {
                        writer * EACH + number
                    });
                    assert!(revoke(table, &id) && is_revoked(table, &id));
                }
            });
            scope.spawn(move || {
                start.wait();
                let mut known = 0;
                for _ in 0..20 {
                    let all = (0..EACH)
                        .filter(|number| is_revoked(table, &id(*number)))
                        .count();
                    assert!(all >= known, "{all} of {known}");
                    known = all;
                }
            });
        }
    });
    assert_eq!(table.missed(), 0);
    let of_each = |writer: usize| (1..EACH).step_by(2).map(move |at| writer * EACH + at);
    let ids = (0..EACH).step_by(2).chain((0..WRITERS).flat_map(of_each));
    assert!(ids.map(id).all(|id| is_revoked(&table, &id)));
}

#[test]
fn it_is_stale_when_nothing_was_heard_for_too_long() {
    let table = table(8, 7);
    assert!(table.is_stale(NOW, 60_000));
    table.hear(NOW);
    assert!(!table.is_stale(NOW + 60_000, 60_000) && table.is_stale(NOW + 60_001, 60_000));
    table.hear(NOW - 1);
    assert_eq!(table.heard_at(), Some(NOW));
}

/// Else who has stopped hearing would not be stale before that time.
#[test]
fn what_a_clock_far_ahead_has_heard_counts_for_nothing_and_does_not_stay() {
    let table = table(8, 8);
    table.hear(NOW + MAX_AHEAD_MS);
    assert!(!table.is_stale(NOW, 60_000));
    table.hear(NOW + MAX_AHEAD_MS + 1);
    assert!(table.is_stale(NOW, 60_000));
    table.hear(NOW);
    assert_eq!(table.heard_at(), Some(NOW));
}
