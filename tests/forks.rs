//! A forked child of a Rust program draws other random bytes than its parent.
#![cfg(target_os = "linux")]

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use h3s::{Config, Options, Request};

/// The last 8 bytes of a new token's nonce: of the others, a clock and a counter make two of a kind
/// differ even where both were drawn from one buffer.
fn drawn(config: &Config) -> [u8; 8] {
    let mut session = config.use_session(&Request::new("")).unwrap();
    let token = session.seal().unwrap();
    let (_, body) = token.rsplit_once('.').unwrap();
    let body = BASE64_URL_SAFE_NO_PAD.decode(body).unwrap();
    body[16..24].try_into().unwrap()
}

/// What a child draws.
fn drawn_by_child(config: &Config) -> [u8; 8] {
    let mut ends = [0; 2];
    // SAFETY: room for two descriptors, each of which is closed with its process.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    // SAFETY: the child calls what is allowed there, and ends without unwinding.
    match unsafe { libc::fork() } {
        -1 => panic!("no fork"),
        0 => {
            let bytes = drawn(config);
            // SAFETY: that many bytes are there.
            unsafe {
                libc::write(ends[1], bytes.as_ptr().cast(), bytes.len());
                libc::_exit(0)
            }
        }
        child => {
            let (mut bytes, mut status) = ([0; 8], 0);
            // SAFETY: there is room for that many bytes, and for the status.
            let len = unsafe {
                libc::waitpid(child, &mut status, 0);
                libc::read(ends[0], bytes.as_mut_ptr().cast(), bytes.len())
            };
            assert_eq!((len, status), (8, 0));
            bytes
        }
    }
}

#[test]
fn a_child_draws_nothing_that_its_parent_had_buffered() {
    let config = Config::new(Options::new("correct horse battery staple, and more of it")).unwrap();
    // From now on there are bytes left in the buffer.
    drawn(&config);
    // Two children, since either side of a fork may be the one that takes from the buffer.
    let (one, other) = (drawn_by_child(&config), drawn_by_child(&config));
    let own = drawn(&config);
    assert!(one != other && one != own && other != own);
}
