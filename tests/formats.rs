//! The sessions of other frameworks: vectors that their own packages made, and tokens that none of
//! them would make.

use std::collections::HashMap;

use h3s::{Config, ErrorKind, Request};
use serde_json::Value;

/// At least so many: a test of none would prove nothing.
fn vectors(text: &str, least: usize) -> Vec<Value> {
    let vectors: Vec<Value> = serde_json::from_str(text).expect("an array");
    assert!(vectors.len() >= least, "only {} are there", vectors.len());
    vectors
}

/// Configs by their options, since to make one takes time.
#[derive(Default)]
struct Configs(HashMap<String, Config>);

impl Configs {
    fn of(&mut self, vector: &Value) -> Config {
        let options = vector["options"].to_string();
        let made = || Config::from_json(&options).expect("the options are right");
        self.0.entry(options.clone()).or_insert_with(made).clone()
    }
}

/// For how long a token opens after its end.
fn tolerance_ms(vector: &Value) -> i64 {
    match vector["format"].as_str() {
        Some("iron-session") => 60_000,
        _ => 15_000,
    }
}

#[test]
fn what_the_packages_seal_opens_as_a_session() {
    let (mut wrong, mut configs) = (Vec::new(), Configs::default());
    for vector in vectors(include_str!("vectors/formats-open.json"), 50) {
        let name = &vector["name"];
        let now = vector["now_ms"].as_i64().unwrap();
        let (config, cookie) = (configs.of(&vector), vector["cookie"].as_str().unwrap());
        let session = config.get_session(&Request::new(cookie).at(now)).unwrap();
        if session.is_new() {
            wrong.push(format!("{name}: {:?}", session.rejection()));
            continue;
        }
        let mut check = |what: &str, found: Value, expected: &Value| {
            if found != *expected {
                wrong.push(format!("{name}: {what} {found}, not {expected}"));
            }
        };
        check("data", session.data().into(), &vector["data"]);
        if !vector["id"].is_null() {
            check("id", session.id().into(), &vector["id"]);
        }
        if !vector["created_at"].is_null() {
            check(
                "created_at",
                session.created_at().into(),
                &vector["created_at"],
            );
        }
        let end = vector["expires_at"].as_i64();
        // Tolerance is of whole seconds.
        let last = end.map(|end| (end + 999) / 1000 * 1000 + tolerance_ms(&vector) - 1);
        if vector["format"] == "better-auth" {
            // The session within the cache may end before that does, without tolerance.
            assert!(
                last.is_none_or(|last| session.expires_at() <= Some(last)),
                "{name}"
            );
        } else {
            check("expires_at", session.expires_at().into(), &last.into());
        }
        if let Some(last) = session.expires_at() {
            let at = |now| config.get_session(&Request::new(cookie).at(now)).unwrap();
            check("last", at(last.max(now)).is_new().into(), &false.into());
            check("ended", at(last + 1).is_new().into(), &true.into());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_token_that_is_not_to_be_opened_is_refused_for_its_reason() {
    let (mut wrong, mut configs) = (Vec::new(), Configs::default());
    for vector in vectors(include_str!("vectors/formats-refuse.json"), 350) {
        let (name, token) = (&vector["name"], vector["token"].as_str().unwrap());
        let now = vector["now_ms"].as_i64().unwrap();
        let config = configs.of(&vector);
        match config.unseal(&Request::from_token(token).at(now)) {
            Ok(session) => wrong.push(format!("{name}: opens {}", session.data())),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Rejected, "{name}");
                let reason = format!("{:?}", error.rejection().unwrap()).to_lowercase();
                let expected = vector["rejection"].as_str().unwrap().replace('_', "");
                if reason != expected {
                    wrong.push(format!("{name}: {reason}, not {expected}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
