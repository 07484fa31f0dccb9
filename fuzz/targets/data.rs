//! `update`, `replace`, `set`, `remove` and `find` against a model: a list of names and values.
//!
//! Input: operations, 0xFF between them; each is a letter and its arguments, 0xFE between these.
#![no_main]

use std::sync::LazyLock;

use h3s::{Config, ErrorKind, Request, Session};
use h3s_fuzz::{check_data, config, json, request};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// JSON may nest this deep, the object that it is put into included.
const MAX_DEPTH: usize = 128;

/// As much data as fits into three cookies in a Cookie line of 8190 bytes. It is sealed with a
/// nonce, the flags, one time, a UUID and the tag.
const MOST_LEN: usize = (8190 - LINE_LEN - "h3s1..".len()) * 3 / 4 - (24 + 1 + 6 + 16 + 16);
const LINE_LEN: usize = "Cookie: h3=__chunked__3; h3.1=; h3.2=; h3.3=\r\n".len();

static CONFIG: LazyLock<Config> = LazyLock::new(|| config(""));

type Members = Vec<(String, String)>;

fuzz_target!(|input: &[u8]| {
    let mut session = CONFIG.use_session(&request(b"", b"")).unwrap();
    // None once there is a name that the model cannot hold: a lone surrogate.
    let mut model = Some(Members::new());
    for operation in input.split(|byte| *byte == 0xFF).take(64) {
        let Some((letter, arguments)) = operation.split_first() else {
            continue;
        };
        let split = arguments
            .iter()
            .position(|byte| *byte == 0xFE)
            .unwrap_or(arguments.len());
        let (first, second) = (
            &arguments[..split],
            arguments.get(split + 1..).unwrap_or_default(),
        );
        let before = session.data().to_owned();
        let result = match letter {
            b'U' => Some(session.update(arguments)),
            b'R' => Some(session.replace(arguments)),
            b'S' => with_text(first, |key| session.set(key, second)),
            b'T' => with_text(first, |key| {
                with_text(second, |text| session.set_text(key, text))
            })
            .flatten(),
            b'D' => with_text(first, |key| session.remove(key)),
            b'F' => {
                with_text(arguments, |pointer| find(&session, pointer));
                continue;
            }
            b'K' if session.is_cleared() => {
                assert_eq!(session.seal().unwrap_err().kind(), ErrorKind::State);
                continue;
            }
            b'K' => {
                let token = session.seal().unwrap().to_owned();
                session = CONFIG
                    .unseal(&Request::from_token(&token).at(h3s_fuzz::NOW))
                    .unwrap();
                assert_eq!(session.data(), before);
                continue;
            }
            b'X' => {
                session.clear();
                model = Some(Members::new());
                continue;
            }
            _ => continue,
        };
        let Some(result) = result else {
            continue;
        };
        match result {
            Ok(()) => {
                model = model.and_then(|model| applied(model, *letter, first, second, arguments));
                check_data(session.data());
                assert!(session.data().len() <= MOST_LEN, "there is no more room");
                if let Some(model) = &model {
                    assert_eq!(json::members(session.data()).as_ref(), Some(model));
                } else {
                    model = json::members(session.data());
                }
            }
            Err(error) => {
                assert_eq!(
                    session.data(),
                    before,
                    "an error leaves the session as it was"
                );
                match error.kind() {
                    ErrorKind::Data => assert!(
                        refusable(*letter, second, arguments),
                        "{error}: {:?}",
                        String::from_utf8_lossy(operation)
                    ),
                    // Of each byte of a text an escape of six may become.
                    ErrorKind::TooLarge => assert!(before.len() + 6 * operation.len() > MOST_LEN),
                    ErrorKind::State => assert!(*letter == b'D' && session.is_cleared()),
                    _ => panic!("{error}"),
                }
            }
        }
    }
});

/// The model after a write that was accepted, which it has to accept too.
fn applied(
    mut model: Members,
    letter: u8,
    first: &[u8],
    second: &[u8],
    whole: &[u8],
) -> Option<Members> {
    let text = |bytes| std::str::from_utf8(bytes).expect("only UTF-8 is accepted");
    let key = || text(first).to_owned();
    match letter {
        b'U' | b'R' => {
            let parsed = serde_json::from_str::<&serde_json::value::RawValue>(text(whole));
            assert!(parsed.is_ok(), "no JSON: {whole:?}");
            let new = json::members(&json::compact(text(whole)))?;
            if letter == b'R' {
                return Some(new);
            }
            new.into_iter()
                .for_each(|(name, value)| assign(&mut model, name, value));
        }
        b'S' => {
            let parsed = serde_json::from_str::<&serde_json::value::RawValue>(text(second));
            assert!(parsed.is_ok(), "no JSON: {second:?}");
            assign(&mut model, key(), json::compact(text(second)));
        }
        b'T' => {
            // However it is written, it has to mean the same.
            let json = Value::from(text(second)).to_string();
            assign(&mut model, key(), json);
        }
        _ => model.retain(|(name, _)| *name != key()),
    }
    Some(model)
}

fn assign(model: &mut Members, name: String, value: String) {
    match model.iter_mut().find(|(old, _)| *old == name) {
        Some((_, old)) => *old = value,
        None => model.push((name, value)),
    }
}

/// Whether there is a reason to refuse these arguments.
fn refusable(letter: u8, second: &[u8], whole: &[u8]) -> bool {
    let no_json = |bytes: &[u8], most: usize, object: bool| {
        std::str::from_utf8(bytes).map_or(true, |text| {
            serde_json::from_str::<&serde_json::value::RawValue>(text).is_err()
                || json::depth(text) > most
                || (object && !json::compact(text).starts_with('{'))
                || json::has_odd_names(text)
        })
    };
    match letter {
        b'U' | b'R' => no_json(whole, MAX_DEPTH, true),
        b'S' => no_json(second, MAX_DEPTH - 1, false),
        _ => false,
    }
}

/// What a write with a text comes to; None where the text is none.
fn with_text<T>(bytes: &[u8], write: impl FnOnce(&str) -> T) -> Option<T> {
    std::str::from_utf8(bytes).ok().map(write)
}

/// Both ways to read, against serde_json's JSON Pointer.
fn find(session: &Session, pointer: &str) {
    let (found, text) = (session.find(pointer), session.text(pointer));
    let is_string = found.is_some_and(|found| found.starts_with('"'));
    assert_eq!(text.is_some(), is_string);
    // None where a string has a lone surrogate, or values nest deeper than serde_json goes.
    let Ok(data) = serde_json::from_str::<Value>(session.data()) else {
        return;
    };
    // serde_json takes a stray tilde for itself; RFC 6901 has no such pointer.
    let mut escapes = pointer.split('~').skip(1);
    let is_right = escapes.all(|after| after.starts_with(['0', '1']));
    let expected = data.pointer(pointer).filter(|_| is_right);
    let value = found.map(|found| serde_json::from_str::<Value>(found).expect("JSON"));
    assert_eq!(
        value.as_ref(),
        expected,
        "{pointer:?} in {}",
        session.data()
    );
    assert_eq!(text.as_deref(), expected.and_then(Value::as_str));
}
