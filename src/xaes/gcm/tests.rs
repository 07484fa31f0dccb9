use super::*;

const KEY: [u8; 32] = [7; 32];
const NONCE: [u8; NONCE_LEN] = *b"nonce nonce.";

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn text(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 31 + at / 256) as u8).collect()
}

/// Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", 2005.
#[test]
fn it_is_aes_256_gcm() {
    let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    let gcm = Gcm::new(&key.try_into().unwrap());
    let nonce = hex("cafebabefacedbaddecaf888").try_into().unwrap();
    let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plain = hex(concat!(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    ));
    let mut text = plain.clone();
    let tag = gcm.encrypt(&nonce, &aad, &mut text).unwrap();
    let sealed = concat!(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    );
    assert_eq!(text, hex(sealed));
    assert_eq!(tag, *hex("76fc6ece0f4e1768cddf8853bb2d551b"));
    assert!(gcm.decrypt(&nonce, &aad, &mut text, &tag));
    assert_eq!(text, plain);
}

#[test]
fn what_was_changed_does_not_open() {
    let gcm = Gcm::new(&KEY);
    for len in [0, 1, 16, 100, 1000] {
        let mut sealed = text(len);
        let tag = gcm.encrypt(&NONCE, b"aad", &mut sealed).unwrap();
        for bit in 0..8 * TAG_LEN {
            let mut other = tag;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!gcm.decrypt(&NONCE, b"aad", &mut sealed.clone(), &other));
        }
        for at in (0..len).step_by(7) {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert!(!gcm.decrypt(&NONCE, b"aad", &mut other, &tag));
        }
        let mut other = NONCE;
        other[11] ^= 1;
        assert!(!gcm.decrypt(&other, b"aad", &mut sealed.clone(), &tag));
        assert!(!gcm.decrypt(&NONCE, b"aae", &mut sealed.clone(), &tag));
        assert!(!Gcm::new(&[8; 32]).decrypt(&NONCE, b"aad", &mut sealed.clone(), &tag));
        assert!(gcm.decrypt(&NONCE, b"aad", &mut sealed, &tag));
    }
}

#[cfg(feature = "ring")]
#[test]
fn both_backends_give_the_same_bytes() {
    let (ours, other) = (Gcm::new(&KEY), rustcrypto::Gcm::new(&KEY));
    // Blocks are taken by 1, 2, 4, 6, 8 and more at once.
    for len in (0..600).chain([1024, 3071, 3072, 3073, 4096, 10_000]) {
        let plain = text(len);
        let aad = text(len % 40);
        let (mut one, mut two) = (plain.clone(), plain.clone());
        let tag = ours.encrypt(&NONCE, &aad, &mut one).unwrap();
        assert_eq!(Some(tag), other.encrypt(&NONCE, &aad, &mut two), "{len}");
        assert_eq!(one, two, "{len}");
        assert!(ours.decrypt(&NONCE, &aad, &mut two, &tag), "{len}");
        assert!(other.decrypt(&NONCE, &aad, &mut one, &tag), "{len}");
        assert!(one == plain && two == plain, "{len}");
    }
}

#[cfg(feature = "ring")]
#[test]
#[allow(unsafe_code)]
fn a_dropped_key_of_ring_is_wiped() {
    use std::mem::MaybeUninit;
    const LEN: usize = size_of::<Gcm>();

    let mut place = Box::new(MaybeUninit::new(Gcm::new(&KEY)));
    // SAFETY: it is initialised, and used no more.
    unsafe { place.assume_init_drop() };
    // SAFETY: to wipe it was to write each of its bytes.
    let bytes = unsafe { place.as_ptr().cast::<[u8; LEN]>().read() };
    assert_eq!(bytes, [0; LEN]);
}
