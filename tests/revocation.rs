//! The vectors of docs/REVOCATION.md.

use std::collections::HashMap;

use h3s::{Config, Error, Rejection, Request, Revocations, Session};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Open {
    name: String,
    must: Vec<String>,
    options: Box<RawValue>,
    now_ms: i64,
    line: String,
    kind: String,
    text: String,
    before: i64,
    until: i64,
    created_at: Option<i64>,
    token: String,
}

#[derive(Deserialize)]
struct Refuse {
    name: String,
    options: Box<RawValue>,
    now_ms: i64,
    line: String,
}

#[derive(Deserialize)]
struct Table {
    name: String,
    steps: Vec<Step>,
    sessions: Vec<Checked>,
}

#[derive(Deserialize)]
struct Step {
    options: Box<RawValue>,
    now_ms: i64,
    text: String,
    heard: bool,
}

#[derive(Deserialize)]
struct Checked {
    options: Box<RawValue>,
    now_ms: i64,
    token: String,
    rejection: Option<String>,
    stale: bool,
}

/// The configs of some options: to derive keys anew for each vector takes long.
#[derive(Default)]
struct Configs(HashMap<String, Config>);

impl Configs {
    fn of(&mut self, options: &RawValue) -> Config {
        let config = self.0.entry(options.get().to_owned());
        let config = config.or_insert_with(|| Config::from_json(options.get()).unwrap());
        config.clone()
    }
}

fn unseal(
    config: &Config,
    token: &str,
    now_ms: i64,
    revocations: &Revocations,
) -> Result<Session, Error> {
    let request = Request::from_token(token).at(now_ms);
    config.unseal(&request.revocations(revocations))
}

#[test]
fn every_entry_refuses_its_session() {
    let text = include_str!("vectors/revocation-open.json");
    let vectors: Vec<Open> = serde_json::from_str(text).unwrap();
    assert!(vectors.len() >= 24);
    let mut configs = Configs::default();
    for vector in vectors {
        let (name, now) = (&vector.name, vector.now_ms);
        let config = configs.of(&vector.options);
        let revocations = Revocations::new(8).unwrap();
        let session = unseal(&config, &vector.token, now, &revocations).expect(name);
        if vector.kind == "session" {
            assert_eq!(session.id(), Some(&*vector.text), "{name}");
        }
        let applied = revocations.apply(&config, &vector.line, now);
        assert_eq!(applied.expect(name), 1, "{name}");
        let error = unseal(&config, &vector.token, now, &revocations).expect_err(name);
        assert_eq!(error.rejection(), Some(Rejection::Revoked), "{name}");
    }
}

#[test]
fn what_is_revoked_ends_when_the_specification_says_and_refuses_the_same_session() {
    let text = include_str!("vectors/revocation-open.json");
    let vectors: Vec<Open> = serde_json::from_str(text).unwrap();
    let vectors = vectors.into_iter();
    let vectors = vectors.filter(|vector| vector.must.iter().any(|must| must == "R14"));
    let mut sealed = 0;
    let mut configs = Configs::default();
    for vector in vectors {
        let (name, now) = (&vector.name, vector.now_ms);
        let config = configs.of(&vector.options);
        let revocations = Revocations::new(8).unwrap();
        let mut session = unseal(&config, &vector.token, now, &revocations).expect(name);
        let line = match (&*vector.kind, vector.created_at) {
            ("session", None) => config.revoke_session(&vector.text, now),
            ("session", created_at) => {
                assert_eq!(session.created_at(), created_at, "{name}");
                session.revoke().expect(name);
                Ok(session
                    .revocation_entries()
                    .expect(name)
                    .next()
                    .unwrap()
                    .to_owned())
            }
            ("subject", _) => config.revoke_subject(&vector.text, vector.before, now),
            _ => config.revoke_everybody(vector.before, now),
        };
        let line = line.expect(name);
        let until = vector.until.to_string();
        assert_eq!(line.split('.').nth(2), Some(&*until), "{name}");
        assert_eq!(line.len(), vector.line.len(), "{name}");
        assert_eq!(revocations.apply(&config, &line, now).unwrap(), 1, "{name}");
        let error = unseal(&config, &vector.token, now, &revocations).expect_err(name);
        assert_eq!(error.rejection(), Some(Rejection::Revoked), "{name}");
        sealed += 1;
    }
    assert!(sealed >= 8);
}

#[test]
fn every_line_that_is_no_entry_is_passed_over() {
    let text = include_str!("vectors/revocation-refuse.json");
    let vectors: Vec<Refuse> = serde_json::from_str(text).unwrap();
    assert!(vectors.len() >= 80);
    let mut configs = Configs::default();
    for vector in vectors {
        let (name, now) = (&vector.name, vector.now_ms);
        let config = configs.of(&vector.options);
        let revocations = Revocations::new(8).unwrap();
        let applied = revocations.apply(&config, &vector.line, now).expect(name);
        let entries = revocations.view(now).entries;
        assert_eq!((applied, entries), (0, 0), "{name}");
    }
}

/// What becomes of a vector's sessions, once `texts` were applied in its steps.
fn check(vector: &Table, texts: &[String], configs: &mut Configs) {
    let name = &vector.name;
    let revocations = Revocations::new(64).unwrap();
    for (step, text) in vector.steps.iter().zip(texts) {
        let config = configs.of(&step.options);
        let applied = revocations.apply(&config, text, step.now_ms);
        applied.expect(name);
        if step.heard {
            revocations.heard(step.now_ms).expect(name);
        }
    }
    for session in &vector.sessions {
        let config = configs.of(&session.options);
        let opened = unseal(&config, &session.token, session.now_ms, &revocations);
        let reason = opened.as_ref().err().map(|error| error.rejection());
        let reason = reason.map(|reason| reason.unwrap().name());
        assert_eq!(reason, session.rejection.as_deref(), "{name}");
        if let Ok(session_opened) = opened {
            assert_eq!(session_opened.is_stale(), session.stale, "{name}");
        }
        // Also where it is refused.
        let request = Request::new("")
            .header(&session.token)
            .at(session.now_ms)
            .revocations(&revocations);
        let session_used = config.get_session(&request).expect(name);
        let reason = session_used.rejection().map(|reason| reason.name());
        let found = (reason, session_used.is_stale());
        assert_eq!(
            found,
            (session.rejection.as_deref(), session.stale),
            "{name}"
        );
    }
}

#[test]
fn sessions_are_refused_by_the_entries_that_were_applied_in_any_order_and_how_often() {
    let text = include_str!("vectors/revocation-table.json");
    let vectors: Vec<Table> = serde_json::from_str(text).unwrap();
    assert!(vectors.len() >= 28);
    let mut configs = Configs::default();
    for vector in vectors {
        let texts = |order: fn(&str) -> String| -> Vec<String> {
            let texts = vector.steps.iter().map(|step| order(&step.text));
            texts.collect()
        };
        check(&vector, &texts(str::to_owned), &mut configs);
        let reversed = |text: &str| text.split('\n').rev().collect::<Vec<_>>().join("\n");
        check(&vector, &texts(reversed), &mut configs);
        check(
            &vector,
            &texts(|text| format!("{text}\n{text}")),
            &mut configs,
        );
    }
}
