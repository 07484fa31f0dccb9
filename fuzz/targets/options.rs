//! Options: each text is refused with a reason, or gives a config that works.
#![no_main]

use h3s::{Config, ErrorKind, Request};
use h3s_fuzz::{NOW, check, cookie_header, json, request};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &[u8]| {
    let value = std::str::from_utf8(text)
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    if value.as_ref().is_some_and(is_slow) {
        return;
    }
    let config = match Config::from_json(text) {
        Ok(config) => config,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!error.message().is_empty());
            assert!(
                error.message().chars().all(|c| !c.is_control())
                    && error
                        .key()
                        .unwrap_or_default()
                        .chars()
                        .all(|c| !c.is_control())
            );
            for password in value.iter().flat_map(passwords) {
                // It stands once, so it is not the name of an unknown option too; nor, without a
                // dot, is it across two names of a path.
                let stands_once = String::from_utf8_lossy(text).matches(password).count() == 1;
                if password.len() >= 8 && stands_once && !password.contains('.') {
                    assert!(
                        !error.message().contains(password)
                            && !error.key().unwrap_or_default().contains(password)
                    );
                }
            }
            return;
        }
    };
    let text = std::str::from_utf8(text).expect("UTF-8");
    assert!(json::members(text).is_some(), "no JSON object: {text}");

    let name = config.cookie_name();
    assert!(
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte))
    );
    // It is nobody's chunk.
    let after_dot = name.rsplit('.').next().filter(|end| end.len() < name.len());
    let number = after_dot.filter(|end| end.bytes().all(|byte| byte.is_ascii_digit()));
    assert!(number.is_none_or(|end| {
        end.starts_with('0') || end.parse().is_ok_and(|n: u64| n > 100) || end.len() > 3
    }));
    let mut session = config
        .use_session(&request(b"", b""))
        .expect("a config that was accepted works");
    check(&session);
    if session.set("a", "1").is_ok() {
        let cookie = cookie_header(session.set_cookies().expect("set_cookies").iter());
        if !cookie.is_empty() {
            let back = config
                .use_session(&request(cookie.as_bytes(), b""))
                .unwrap();
            // A negative offset or a lifetime of nothing may end it at once; nothing else may.
            if let Some(reason) = back.rejection() {
                assert!(
                    ["expired", "idle", "revoked"].contains(&reason.name()),
                    "{reason:?}"
                );
            } else {
                assert_eq!((back.id(), back.data()), (session.id(), r#"{"a":1}"#));
            }
        }
    }
    if let Ok(token) = config.iron_seal("[1]", NOW)
        && let Ok(json) = config.iron_unseal(&Request::from_token(&token).at(NOW))
    {
        assert_eq!(*json, "[1]");
    }
});

/// What would only show that PBKDF2 takes its time.
fn is_slow(options: &Value) -> bool {
    let many = |part: &str| {
        options
            .pointer(&format!("/seal{part}/iterations"))
            .and_then(Value::as_f64)
            .is_some_and(|n| n > 64.0)
    };
    many("") || many("/encryption") || many("/integrity") || passwords(options).count() > 4
}

fn passwords(options: &Value) -> impl Iterator<Item = &str> {
    let password = &options["password"];
    let by_id = password
        .as_object()
        .into_iter()
        .flat_map(|by_id| by_id.values());
    std::iter::once(password)
        .chain(by_id)
        .filter_map(Value::as_str)
}
