//! Both token decoders through `unseal`: any bytes, and, behind the seal, any
//! content under the right keys.
//!
//! Input: what the rest is, by its first byte: a token as it comes; the plaintext of an h3s1 token;
//! the payload of a Fe26.2 token; its parts before the seal. The last two are sealed with one
//! iteration, as h3 did once, if the bit after these two is set.
#![no_main]

use std::sync::LazyLock;

use h3s::{Config, Error, ErrorKind, Lifetime, Request, Session};
use h3s_fuzz::{IRON, NOW, PASSWORD, check_trusted, config, request, seal};
use libfuzzer_sys::fuzz_target;

static NATIVE: LazyLock<Config> = LazyLock::new(|| config(""));
static BOTH: LazyLock<Config> = LazyLock::new(|| config(IRON));
/// As after the change from one password to several, none of which is the default one.
static ROTATED: LazyLock<Config> = LazyLock::new(|| {
    let password = format!(r#""password":{{"new":"a {PASSWORD}","old":"{PASSWORD}"}}"#);
    Config::from_json(format!("{{{password},{IRON}}}")).expect("the options are right")
});
static LIMITED: LazyLock<Config> = LazyLock::new(|| {
    config(&format!(
        r#""maxAge":3600,"idleTimeout":600,"notBefore":{},{IRON}"#,
        NOW - 7_200_000
    ))
});

fuzz_target!(|input: &[u8]| {
    let Some((what, rest)) = input.split_first() else {
        return;
    };
    let iterations = if what & 4 == 0 { 2 } else { 1 };
    let token = match what % 4 {
        0 => rest.to_vec(),
        1 => seal::h3s1(rest).into_bytes(),
        2 => seal::iron(rest, iterations),
        _ => seal::iron_mac(rest, iterations),
    };
    let opened = [&NATIVE, &BOTH, &LIMITED].map(|config| opened_by(config, &token));
    if what % 4 == 1 {
        // What a stricter config opens, a laxer one does.
        assert_eq!(opened[0].is_some(), opened[1].is_some());
    } else if what % 4 > 1 {
        assert!(opened[0].is_none(), "the format is not accepted");
    }
    assert!(opened[1].is_some() || opened[2].is_none());
    if token.starts_with(b"h3s1..") || token.starts_with(b"Fe26.2**") {
        let rotated = opened_by(&ROTATED, &token);
        let data = |session: &Option<Session>| session.as_ref().map(|open| open.data().to_owned());
        assert_eq!(data(&rotated), data(&opened[1]), "whichever opens it");
    }

    // Whatever is read is what would be written: no two plaintexts of one session.
    if what % 4 == 1
        && let Some(session) = &mut opened.into_iter().next().flatten()
        && session.expires_at().is_none()
    {
        let read = with_times_until_now(rest);
        assert_eq!(seal::h3s1_plaintext(session.seal().unwrap()), read);
    }
    let _ = BOTH
        .iron_unseal(&Request::from_token(&token).at(NOW))
        .map(|json| h3s_fuzz::json::compact(&json) == *json || panic!("white space: {}", *json));
});

/// The plaintext of an h3s1 token without an end, with times that are ahead brought back.
fn with_times_until_now(plaintext: &[u8]) -> Vec<u8> {
    let mut read = plaintext.to_vec();
    let seen = plaintext[0] & 1 != 0;
    for time in read[1..].chunks_exact_mut(6).take(1 + usize::from(seen)) {
        let ms = time
            .iter()
            .fold(0, |ms, byte| ms << 8 | i64::from(*byte))
            .min(NOW);
        time.copy_from_slice(&ms.to_be_bytes()[2..]);
    }
    read
}

type Edit<'a> = &'a dyn Fn(&mut Session) -> Result<(), Error>;

/// Reads and edits whatever data an authentic token brings, by names and places that are in it.
fn use_all(config: &Config, token: &[u8]) {
    let open = || config.unseal(&Request::from_token(token).at(NOW)).unwrap();
    let session = open();
    let mut pointers = vec![String::new(), "/a".to_owned(), "/0".to_owned()];
    for entry in session.entries("").take(8) {
        let key = entry.key().unwrap_or_default();
        let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
        pointers.extend([format!("{pointer}/-"), format!("{pointer}/0/a"), pointer]);
    }
    for pointer in &pointers {
        let _ = (
            session.int(pointer),
            session.double(pointer),
            session.bool(pointer),
        );
        let _ = (session.value_type(pointer), session.text(pointer));
        let found = session.find(pointer).map_or(0, str::len);
        let entries = session.entries(pointer).map(|entry| entry.json().len());
        assert!(entries.sum::<usize>() <= found);
        let key = pointer.get(1..).unwrap_or_default();
        let edits: [Edit<'_>; 5] = [
            &|session| session.set(key, "1"),
            &|session| session.remove(key),
            &|session| session.set_at(pointer, "[{}]"),
            &|session| session.remove_at(pointer),
            &|session| session.update("{\"a\":\"b\"}"),
        ];
        for edit in edits {
            let mut session = open();
            match edit(&mut session) {
                Ok(()) => check_trusted(&session),
                Err(error) => assert!(
                    match error.kind() {
                        ErrorKind::Data | ErrorKind::TooLarge => true,
                        // Fe26.2 has no place for it.
                        ErrorKind::State => session.lifetime() != Lifetime::new(),
                        _ => false,
                    },
                    "{error}"
                ),
            }
        }
    }
}

fn opened_by(config: &Config, token: &[u8]) -> Option<Session> {
    let session = match config.unseal(&Request::from_token(token).at(NOW)) {
        Ok(session) => session,
        Err(error) => {
            assert!(error.rejection().is_some(), "{error}");
            return None;
        }
    };
    check_trusted(&session);
    use_all(config, token);
    if !session.is_new() {
        let by_header = config.get_session(&request(b"", token)).unwrap();
        assert_eq!(
            (by_header.id(), by_header.data()),
            (session.id(), session.data())
        );
        assert_eq!(by_header.rejection(), None);
    }
    let mut copy = config.unseal(&Request::from_token(token).at(NOW)).unwrap();
    let token = copy.seal().unwrap().to_owned();
    let again = config
        .unseal(&Request::from_token(&token).at(NOW))
        .expect("what was sealed opens");
    assert_eq!((again.id(), again.data()), (copy.id(), session.data()));
    assert_eq!(
        (again.created_at(), again.is_new()),
        (copy.created_at(), false)
    );
    Some(session)
}
