use std::time::Duration;

use super::*;

const NOW: i64 = 1_800_000_000_000;
const PASSWORD: &[u8] = b"correct horse battery staple, and more of it";

fn name(n: usize) -> KeyName {
    KeyName::new(0, Purpose::Integrity, 1, n.to_string().as_bytes())
}

fn key() -> DerivedKey {
    Arc::new(Zeroizing::new([1; 32]))
}

fn cheap() -> Options {
    let mut options = Options::default();
    options.encryption.iterations = 1;
    options.integrity.iterations = 1;
    options
}

#[test]
fn the_cache_of_keys_is_bounded() {
    let keys = KeyCache::with_room(100).unwrap();
    (0..10_000).for_each(|n| keys.insert(name(n), key()));
    assert!(keys.cache.read().unwrap().len() <= 100);
}

#[test]
fn a_wave_of_keys_used_once_does_not_push_out_those_in_use() {
    let keys = KeyCache::with_room(100).unwrap();
    (0..20).for_each(|n| keys.insert(name(n), key()));
    for n in 100..5000 {
        keys.insert(name(n), key());
        if n % 10 == 0 {
            (0..20).for_each(|n| drop(keys.get(&name(n))));
        }
    }
    let kept = (0..20).filter(|n| keys.get(&name(*n)).is_some()).count();
    assert!(kept >= 18, "{kept} of 20");
}

#[test]
fn a_lock_that_is_never_released_makes_a_miss_and_not_a_wait() {
    // In a thread of its own: to wait would be to wait for ever.
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let keys = KeyCache::with_room(100).unwrap();
        keys.insert(name(1), key());
        let held = keys.cache.write().unwrap();
        assert!(keys.get(&name(1)).is_none());
        keys.insert(name(2), key());
        drop(held);
        assert!(keys.get(&name(1)).is_some() && keys.get(&name(2)).is_none());

        let sealing = Sealing::new();
        let held = sealing.salts.write().unwrap();
        let salts = sealing.salts(NOW, || Salts::draw(PASSWORD, &cheap(), None));
        assert!(salts.is_ok());
        drop(held);
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(60)).unwrap();
}

#[test]
fn keys_that_take_no_time_are_not_kept() {
    let named = |options: &Options, other| {
        let salts = Salts::draw(PASSWORD, options, other).unwrap();
        salts.named(options, other).count()
    };
    assert_eq!(named(&cheap(), None), 0);
    assert_eq!(named(&cheap(), Some(2)), 2);
    assert_eq!(named(&Options::default(), Some(1)), 0);
    let mut mixed = cheap();
    mixed.integrity.iterations = 2;
    assert_eq!(named(&mixed, None), 1);
}

#[test]
fn salts_seal_for_a_day_and_no_more_than_2_to_the_20_times() {
    const DAY_MS: i64 = 86_400_000;
    let sealing = Sealing::new();
    let at = |now| {
        let salts = sealing.salts(now, || Salts::draw(PASSWORD, &cheap(), None));
        salts.unwrap().encryption.salt.to_vec()
    };
    let first = at(NOW);
    assert_eq!(at(NOW + DAY_MS - 1), first);
    let second = at(NOW + DAY_MS);
    assert_ne!(second, first);
    for _ in 1..1 << 20 {
        assert_eq!(at(NOW + DAY_MS), second);
    }
    assert_ne!(at(NOW + DAY_MS), second);
}

#[test]
fn what_is_ready_to_seal_needs_no_fresh_salts_also_if_others_seal_meanwhile() {
    let sealing = Sealing::new();
    let at = |now| {
        let draw = || Salts::draw(PASSWORD, &cheap(), None);
        sealing.salts(now, draw).unwrap().encryption.salt.to_vec()
    };
    assert!(!sealing.is_ready(NOW));
    let first = at(NOW);
    for (after_ms, is_ready) in [(0, true), (86_399_999, true), (86_400_000, false)] {
        assert_eq!(sealing.is_ready(NOW + after_ms), is_ready);
        assert_eq!(sealing.is_ready(NOW - after_ms), is_ready);
    }
    while sealing.is_ready(NOW) {
        assert_eq!(at(NOW), first);
    }
    for _ in 0..SEALS_SPARED {
        assert_eq!(at(NOW), first);
    }
    assert_ne!(at(NOW), first);
    assert!(sealing.is_ready(NOW));
}

#[test]
fn the_keys_that_seal_open_whatever_the_cache_has_lost() {
    let options = cheap();
    let salts = Salts::draw(PASSWORD, &options, None).unwrap();
    let name = |position, purpose, salt: &[u8]| KeyName::new(position, purpose, 1, salt);
    for (purpose, salted) in [
        (Purpose::Encryption, &salts.encryption),
        (Purpose::Integrity, &salts.integrity),
    ] {
        let key = salts.key_of(&name(0, purpose, &salted.salt)).unwrap();
        assert!(Arc::ptr_eq(&key, &salted.key));
        assert!(salts.key_of(&name(1, purpose, &salted.salt)).is_none());
        assert!(salts.key_of(&name(0, purpose, b"another")).is_none());
    }
}

#[test]
fn threads_together_take_no_more_seals_than_one_would() {
    const LEFT: u32 = 40_000;
    let salts = Salts::draw(PASSWORD, &cheap(), None).unwrap();
    salts.seals.store(SALTS_SEALS - LEFT, Ordering::Relaxed);
    let taken = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let own = (0..LEFT / 4).filter(|_| salts.take(NOW)).count();
                taken.fetch_add(own as u32, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(taken.into_inner(), LEFT);
}

#[test]
fn a_key_is_what_rfc_6070_says() {
    let key = derive(b"password", b"salt", 4096, 20);
    let expected = [
        0x4b, 0x00, 0x79, 0x01, 0xb7, 0x65, 0x48, 0x9a, 0xbe, 0xad, 0x49, 0xd9, 0x26, 0xf7, 0x21,
        0xd0, 0x65, 0xa4, 0x29, 0xc1,
    ];
    assert_eq!(key[..20], expected);
}
