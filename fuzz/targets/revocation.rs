//! Entries of what is revoked: any lines, and, behind the seal, any content under the right key;
//! and authentic ones with a change.
//!
//! Input: what the rest is, by its first byte: lines as they come; the plaintext of an entry; the
//! text of one that is sealed right, which is then changed where the two bytes before it say.
#![no_main]

use std::sync::LazyLock;

use h3s::{Config, Error, ErrorKind, Rejection, Request, Revocations, Session};
use h3s_fuzz::{NOW, PASSWORD, check_trusted, config, seal};
use libfuzzer_sys::fuzz_target;

const ON: &str = r#""maxAge":3600,"revocation":{"subject":"/user"}"#;
/// A whole minute to come, in seconds.
const UNTIL: i64 = NOW / 1000 + 3600;
const MAX_AHEAD_MS: i64 = 600_000;

static ONE: LazyLock<Config> = LazyLock::new(|| config(ON));
/// As after the change from one password to several, none of which is the default one.
static ROTATED: LazyLock<Config> = LazyLock::new(|| {
    let password = format!(r#""password":{{"new":"a {PASSWORD}","old":"{PASSWORD}"}}"#);
    Config::from_json(format!("{{{password},{ON}}}")).expect("the options are right")
});

fuzz_target!(|input: &[u8]| {
    let Some((what, rest)) = input.split_first() else {
        return;
    };
    match what % 3 {
        0 => any_lines(rest),
        1 => any_content(rest),
        _ => {
            if let Some((change, text)) = rest.split_first_chunk() {
                changed(*what, *change, text);
            }
        }
    }
});

fn copy() -> Revocations {
    let copy = Revocations::new(4).expect("there is memory");
    copy.heard(NOW).expect("a time");
    copy
}

/// How many were applied; None where there was no room for some.
fn applied(config: &Config, copy: &Revocations, lines: &[u8]) -> Option<usize> {
    match copy.apply(config, lines, NOW) {
        Ok(count) => Some(count),
        Err(error) if error.kind() == ErrorKind::Full => None,
        Err(error) => panic!("{error}"),
    }
}

fn any_lines(lines: &[u8]) {
    for config in [&ONE, &ROTATED] {
        let copy = copy();
        let count = applied(config, &copy, lines);
        let view = copy.view(NOW);
        let most = lines.split(|byte| *byte == b'\n').count();
        assert!(view.entries <= most && count.is_none_or(|count| view.entries <= count));
        assert_eq!(count.is_none(), view.missed > 0);
        // Again makes no difference.
        if count.is_some() {
            assert_eq!(applied(config, &copy, lines), count);
            assert_eq!(copy.view(NOW), view);
        }
    }
}

/// What an entry says, read by its specification.
#[derive(Debug)]
struct Content<'a> {
    kind: u8,
    before: i64,
    text: &'a [u8],
}

fn read(plain: &[u8]) -> Option<Content<'_>> {
    let (head, rest) = plain.split_first_chunk::<9>()?;
    let before = head[1..7]
        .iter()
        .fold(0, |ms, byte| ms << 8 | i64::from(*byte));
    let len = usize::from(u16::from_be_bytes([head[7], head[8]]));
    let (text, padding) = rest.split_at_checked(len)?;
    let is_padded =
        plain.len().is_multiple_of(32) && padding.len() < 32 && padding.iter().all(|b| *b == 0);
    let is_right = match head[0] {
        0 => before == 0 && (1..=255).contains(&len) && text.iter().all(u8::is_ascii_graphic),
        1 => (1..=1024).contains(&len) && std::str::from_utf8(text).is_ok(),
        2 => text.is_empty(),
        _ => false,
    };
    (is_padded && is_right).then_some(Content {
        kind: head[0],
        before,
        text,
    })
}

fn any_content(plain: &[u8]) {
    let line = seal::h3r1(&UNTIL.to_string(), plain);
    let content = read(plain).filter(|_| line.len() <= 2048);
    let copy = copy();
    let expected = usize::from(content.is_some());
    assert_eq!(
        applied(&ONE, &copy, line.as_bytes()),
        Some(expected),
        "{content:?}"
    );
    assert_eq!(copy.view(NOW).entries, expected);
    let rotated = self::copy();
    assert_eq!(applied(&ROTATED, &rotated, line.as_bytes()), Some(expected));

    // Whether sessions are refused that it is of, or that it is not of.
    let text = content.as_ref().map_or(&b"x"[..], |content| content.text);
    let (id, user) = match content.as_ref().map(|content| content.kind) {
        Some(0) => (text, &b"nobody"[..]),
        Some(1) => (&b"x"[..], text),
        _ => (&b"x"[..], &b"nobody"[..]),
    };
    let user = serde_json::to_string(&String::from_utf8_lossy(user)).expect("text is JSON");
    let data = format!(r#"{{"user":{user}}}"#);
    for created_at in [NOW - 1, NOW] {
        let is_refused = content.as_ref().is_some_and(|content| {
            content.kind == 0 || created_at < content.before.min(NOW + MAX_AHEAD_MS)
        });
        let session = open(&copy, created_at, id, data.as_bytes());
        assert_eq!(session.is_err(), is_refused, "{content:?}");
        match session {
            Ok(session) => check_trusted(&session),
            Err(error) => assert_eq!(error.rejection(), Some(Rejection::Revoked)),
        }
    }
    if content.is_none_or(|content| content.kind == 1 || content.text == b"x") {
        assert!(open(&copy, NOW - 1, b"another", b"{}").is_ok());
    }
}

fn open(copy: &Revocations, created_at: i64, id: &[u8], data: &[u8]) -> Result<Session, Error> {
    let len = [u8::try_from(id.len()).expect("an id is short")];
    let made = &created_at.to_be_bytes()[2..];
    let plain = match uuid(id) {
        Some(uuid) => [&[4], made, &uuid, data].concat(),
        None => [&[0], made, &len, id, data].concat(),
    };
    let token = seal::h3s1(&plain);
    ONE.unseal(&Request::from_token(&token).at(NOW).revocations(copy))
}

/// The bytes of a UUID in lower case, which stand in a token in place of its text.
fn uuid(id: &[u8]) -> Option<[u8; 16]> {
    let is_right = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    if id.len() != 36 || !id.iter().enumerate().all(is_right) {
        return None;
    }
    let hex: String = id
        .iter()
        .filter(|byte| **byte != b'-')
        .map(|byte| char::from(*byte))
        .collect();
    u128::from_str_radix(&hex, 16).ok().map(u128::to_be_bytes)
}

/// One that the library has sealed is taken, and not with any change.
fn changed(what: u8, [at, by]: [u8; 2], text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let made = match what / 3 % 3 {
        0 => ONE.revoke_session(text, NOW),
        1 => ONE.revoke_subject(text, NOW, NOW),
        _ => ONE.revoke_everybody(NOW, NOW),
    };
    let Ok(mut line) = made.map(String::into_bytes) else {
        return;
    };
    assert_eq!(applied(&ONE, &copy(), &line), Some(1));
    // Of the head, or from the end.
    let place = usize::from(at / 2) % line.len();
    let place = if at % 2 == 0 {
        place
    } else {
        line.len() - 1 - place
    };
    line[place] ^= by;
    assert_eq!(applied(&ONE, &copy(), &line), Some(usize::from(by == 0)));
}
