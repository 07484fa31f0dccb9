//! Data that no sealer would write, sealed with the right key: an opener trusts what is authentic,
//! and must be ready for all of it. Whatever it is, nothing panics, ends beyond it or never ends.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use h3s::{Config, Error, ErrorKind, Options, Request, Session};
use hkdf::Hkdf;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use sha2::Sha256;
use xaes_256_gcm::aead::inout::InOutBuf;
use xaes_256_gcm::aead::{AeadInOut, KeyInit};
use xaes_256_gcm::{Nonce, Xaes256Gcm};

const NOW: i64 = 1_800_000_000_000;
const PASSWORD: &str = "correct horse battery staple, and more of it";
const AAD: &[u8] = b"h3s1..";
const NONCE: [u8; 24] = *b"always the same nonce...";

static CONFIG: LazyLock<Config> = LazyLock::new(|| Config::new(Options::new(PASSWORD)).unwrap());
/// As `docs/FORMAT.md` has it.
static CIPHER: LazyLock<Xaes256Gcm> = LazyLock::new(|| {
    let (mut master, mut key) = ([0; 32], [0; 32]);
    pbkdf2::pbkdf2_hmac::<Sha256>(
        PASSWORD.as_bytes(),
        b"libh3s h3s1 password",
        65_536,
        &mut master,
    );
    let hkdf = Hkdf::<Sha256>::new(Some(b"h3s1 session seal"), &master);
    hkdf.expand(b"h3", &mut key).unwrap();
    Xaes256Gcm::new(&key.into())
});

type Edit<'a> = &'a dyn Fn(&mut Session) -> Result<(), Error>;

/// A token of any data, made now, with an id of one byte.
fn sealed(data: &[u8]) -> String {
    let mut text = [&[0], &NOW.to_be_bytes()[2..], &[1, b'x'], data].concat();
    let place = InOutBuf::from(text.as_mut_slice());
    let tag = CIPHER.encrypt_inout_detached(&Nonce::from(NONCE), AAD, place);
    text.extend_from_slice(&tag.unwrap());
    format!(
        "h3s1..{}",
        URL_SAFE_NO_PAD.encode([&NONCE, text.as_slice()].concat())
    )
}

fn opened(token: &str) -> Result<Session, Error> {
    CONFIG.unseal(&Request::from_token(token).at(NOW))
}

/// JSON that was changed in a few places, and what consists of its pieces.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let string = r#""([a-c]|\\["\\/bfnrt]|\\u[0-9a-fD8cC]{4}|é| ){0,5}""#;
    let leaf = prop_oneof![
        string,
        "-?[0-9]{1,20}(\\.[0-9])?(e-?[0-9]{1,20})?",
        "true|null| "
    ];
    let json = leaf.prop_recursive(4, 20, 4, move |inner| {
        let member = (string, inner.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
        prop_oneof![
            vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            vec(member, 0..4).prop_map(|list| format!("{{{}}}", list.join(","))),
        ]
    });
    let members = vec(("[a-c]", json), 0..4).prop_map(|members| {
        let member = |(name, value): &(String, String)| format!("\"{name}\":{value}");
        members.iter().map(member).collect::<Vec<_>>().join(",")
    });
    let pieces = r#"([\[\]{}:,"\\ a-c0-9.eE+u-]|"a":|é|\\u00){0,40}"#;
    let changes = vec(
        (any::<Index>(), "[\\[\\]{}:,\"\\\\ 0é-]?", any::<bool>()),
        0..4,
    );
    (prop_oneof![3 => members, 1 => pieces], changes).prop_map(|(inside, changes)| {
        let mut chars: Vec<char> = inside.chars().collect();
        for (at, new, removes) in changes {
            let at = at.index(chars.len() + 1);
            let end = chars.len().min(at + usize::from(removes));
            chars.splice(at..end, new.chars());
        }
        format!("{{{}}}", String::from_iter(chars)).into_bytes()
    })
}

fn pointer() -> impl Strategy<Value = String> {
    vec("/([a-c]|[0-2]|-|)", 0..4).prop_map(|tokens| tokens.concat())
}

/// Reads the value that a pointer names in all ways, and all that is in it.
fn read(session: &Session, pointer: &str) {
    let found = session.find(pointer);
    let _ = (
        session.int(pointer),
        session.double(pointer),
        session.bool(pointer),
    );
    let _ = session.value_type(pointer);
    let text = session.text(pointer);
    assert!(text.is_none_or(|text| text.len() <= session.data().len()));
    let mut len = 0;
    for entry in session.entries(pointer) {
        assert!(!entry.json().is_empty());
        len += entry.key().map_or(0, |key| key.len()) + entry.json().len();
    }
    assert!(len <= found.map_or(0, str::len), "each entry once");
}

/// What is left is data that opens, whatever it came from.
fn check(session: &mut Session) {
    let data = session.data().to_owned();
    assert!(data.starts_with('{') && data.ends_with('}') && data.len() > 1);
    let token = session.seal().unwrap().to_owned();
    assert_eq!(opened(&token).unwrap().data(), data);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_an_authentic_token_holds_is_read_and_edited_without_a_panic(
        data in data(),
        pointer in pointer(),
        key in "[a-d]?",
        value in prop_oneof![Just("1"), Just("\"é\\n\""), Just("{\"a\":[]}")],
    ) {
        let token = sealed(&data);
        let reopened = || opened(&token).unwrap();
        read(&reopened(), &pointer);
        let edits: [Edit<'_>; 8] = [
            &|session| session.set(&key, value),
            &|session| session.set_text(&key, value),
            &|session| session.remove(&key),
            &|session| session.set_at(&pointer, value),
            &|session| session.remove_at(&pointer),
            &|session| session.update(format!("{{\"{key}\":{value}}}")),
            &|session| session.rotate(),
            &|session| session.replace("{}"),
        ];
        for edit in edits {
            let mut session = reopened();
            if let Err(error) = edit(&mut session) {
                prop_assert_eq!(error.kind(), ErrorKind::Data);
            }
            check(&mut session);
            read(&session, &pointer);
        }
        // One after the other.
        let mut session = reopened();
        for edit in edits {
            let _ = edit(&mut session);
        }
        check(&mut session);
    }

    #[test]
    fn what_is_no_text_between_braces_is_malformed(
        data in prop_oneof![
            vec(any::<u8>(), 0..40),
            vec(any::<u8>(), 0..10).prop_map(|inside| [b"{", inside.as_slice(), b"}"].concat()),
            vec(0x1d_u8..0x22, 0..4).prop_map(|inside| [b"{", inside.as_slice(), b"}"].concat()),
        ],
    ) {
        let is_data = std::str::from_utf8(&data).is_ok_and(|text| {
            text.len() > 1 && text.starts_with('{') && text.ends_with('}') && text.bytes().all(|byte| byte >= 0x20)
        });
        prop_assert_eq!(opened(&sealed(&data)).is_ok(), is_data);
    }
}

#[test]
fn what_a_walk_cannot_understand_ends_it() {
    for (data, entries) in [
        (r#"{"a":1 "b":2}"#, 0),
        (r#"{"a":1,,"b":2}"#, 1),
        (r#"{"a":1]"b":2}"#, 1),
        (r#"{"a":}"#, 0),
        (r#"{"a" 1}"#, 0),
        (r#"{a:1}"#, 0),
        (r#"{"a}"#, 0),
        (r#"{"a":"}"#, 0),
        (r#"{"a":{}"#, 0),
        (r#"{{"a":1}}"#, 0),
        ("{ }", 0),
        (r#"{ "a" : 1 , "b" : 2 }"#, 2),
    ] {
        let session = opened(&sealed(data.as_bytes())).unwrap();
        assert_eq!(session.entries("").count(), entries, "{data}");
        assert_eq!(session.data(), data);
    }
}

#[test]
fn a_name_that_stands_there_often_takes_no_more_room_when_it_is_updated() {
    let data = format!("{{{}}}", vec![r#""a":0"#; 1000].join(","));
    let mut session = opened(&sealed(data.as_bytes())).unwrap();
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(500));
    session.update(&long).unwrap();
    assert_eq!(session.data(), long);
}
