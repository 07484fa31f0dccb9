use proptest::collection::vec;
use proptest::prelude::*;
use xaes_256_gcm::aead::inout::InOutBuf;
use xaes_256_gcm::aead::{AeadInOut, KeyInit as _};

use super::*;
use crate::random::fork;

const NOW: i64 = 1_800_000_000_000;
const HOUR: i64 = 3_600_000;

fn xaes() -> Xaes {
    fork::watch();
    Xaes::new(&[7; 32])
}

fn prefix_of(xaes: &Xaes, now: i64) -> Prefix {
    *split(&xaes.nonce(now).unwrap()).unwrap().0
}

/// Seals and opens a text whose nonce has a prefix of so many of one byte.
fn opens(xaes: &Xaes, prefix: u8) -> bool {
    let mut nonce = [prefix; NONCE_LEN];
    nonce[PREFIX_LEN..].copy_from_slice(&[0; 12]);
    let mut text = *b"text";
    // Sealed by another, whose keys are not kept here.
    let tag = Xaes::new(&[7; 32]).encrypt(&nonce, b"aad", &mut text);
    xaes.decrypt(&nonce, b"aad", &mut text, &tag.unwrap()) && text == *b"text"
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// That crate cannot keep a key.
    #[test]
    fn it_encrypts_what_the_crate_of_that_name_does(
        key: [u8; 32],
        nonce: [u8; NONCE_LEN],
        aad in vec(any::<u8>(), 0..40),
        text in vec(any::<u8>(), 0..300),
    ) {
        let (ours, theirs) = (Xaes::new(&key), xaes_256_gcm::Xaes256Gcm::new(&key.into()));
        let mut expected = text.clone();
        let place = InOutBuf::from(expected.as_mut_slice());
        let expected_tag = theirs.encrypt_inout_detached(&nonce.into(), &aad, place).unwrap();
        // By a key that is derived, and by one that is kept.
        for _ in 0..2 {
            let mut found = text.clone();
            let tag = ours.encrypt(&nonce, &aad, &mut found).unwrap();
            prop_assert_eq!((&found, tag), (&expected, expected_tag.into()));
            prop_assert!(ours.decrypt(&nonce, &aad, &mut found, &tag));
            prop_assert_eq!(found, text.clone());
        }
    }

    #[test]
    fn what_was_changed_is_refused(
        text in vec(any::<u8>(), 1..300),
        at: prop::sample::Index,
        kept: bool,
    ) {
        let xaes = xaes();
        let nonce = xaes.nonce(NOW).unwrap();
        let mut sealed = text;
        let tag = xaes.encrypt(&nonce, b"aad", &mut sealed).unwrap();
        let opener = if kept { xaes } else { Xaes::new(&[7; 32]) };
        let at = at.index(sealed.len());
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        prop_assert!(!opener.decrypt(&nonce, b"aad", &mut changed, &tag));
        prop_assert!(!opener.decrypt(&nonce, b"other", &mut sealed.clone(), &tag));
        prop_assert!(opener.decrypt(&nonce, b"aad", &mut sealed, &tag));
    }
}

#[test]
fn one_prefix_seals_for_less_than_an_hour() {
    let xaes = xaes();
    let first = prefix_of(&xaes, NOW);
    assert_eq!(prefix_of(&xaes, NOW + HOUR - 1), first);
    let second = prefix_of(&xaes, NOW + HOUR);
    assert_ne!(second, first);
    assert_eq!(prefix_of(&xaes, NOW + HOUR), second);
    // A clock that was set back is no younger key.
    assert_ne!(prefix_of(&xaes, NOW), second);
}

#[test]
fn one_prefix_seals_2_20_times() {
    let xaes = xaes();
    let first = prefix_of(&xaes, NOW);
    for _ in 1..1 << 20 {
        assert_eq!(prefix_of(&xaes, NOW), first);
    }
    assert_ne!(prefix_of(&xaes, NOW), first);
}

#[test]
fn nonces_of_one_prefix_differ_after_it() {
    let xaes = xaes();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..10_000 {
        assert!(seen.insert(xaes.nonce(NOW).unwrap()));
    }
}

#[test]
fn threads_share_a_prefix_with_few() {
    let xaes = &xaes();
    let prefixes = std::thread::scope(|scope| {
        let threads = [(); 16].map(|()| scope.spawn(|| prefix_of(xaes, NOW)));
        threads.map(|thread| thread.join().unwrap())
    });
    // Other tests' threads are numbered in between.
    assert!(std::collections::HashSet::from(prefixes).len() > 2);
}

#[test]
fn the_keys_of_eight_prefixes_are_kept_and_the_longest_unused_goes() {
    let xaes = xaes();
    for prefix in 1..=8 {
        assert!(opens(&xaes, prefix));
    }
    assert_eq!(xaes.kept.prefixes(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(opens(&xaes, 1));
    assert!(opens(&xaes, 9));
    assert_eq!(xaes.kept.prefixes(), [1, 3, 4, 5, 6, 7, 8, 9]);
    assert!(opens(&xaes, 2));
}

#[test]
fn what_is_forged_keeps_no_key() {
    let xaes = xaes();
    assert!(opens(&xaes, 1));
    for prefix in 2..20 {
        let forged = [prefix; NONCE_LEN];
        assert!(!xaes.decrypt(&forged, b"aad", &mut [0; 4], &[0; TAG_LEN]));
    }
    assert_eq!(xaes.kept.prefixes(), [1]);
}

#[test]
fn nothing_that_was_kept_before_a_fork_is_used_after_it() {
    let xaes = xaes();
    assert!(opens(&xaes, 1));
    let before = prefix_of(&xaes, NOW);
    xaes.kept.of_another_epoch();
    assert_eq!(xaes.kept.prefixes(), [0; 0]);
    assert_ne!(prefix_of(&xaes, NOW), before);
    assert!(opens(&xaes, 1));
}

#[test]
fn a_lock_that_nobody_will_open_keeps_nobody_waiting() {
    let xaes = xaes();
    assert!(opens(&xaes, 1));
    let locked = xaes.kept.place().unwrap();
    let prefixes = [prefix_of(&xaes, NOW), prefix_of(&xaes, NOW)];
    assert_ne!(prefixes[0], prefixes[1]);
    assert!(opens(&xaes, 1) && opens(&xaes, 2));
    drop(locked);
    assert_eq!(xaes.kept.prefixes(), [1]);
}
