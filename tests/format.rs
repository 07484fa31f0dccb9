//! The vectors of docs/FORMAT.md.

use std::time::Duration;

use h3s::{Config, Lifetime, Request};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Open {
    name: String,
    options: Box<RawValue>,
    now_ms: i64,
    token: String,
    id: String,
    created_at: i64,
    last_seen_at: Option<i64>,
    lifetime: Option<u64>,
    ends_with_browser: bool,
    data: String,
}

#[derive(Deserialize)]
struct Refuse {
    name: String,
    options: Box<RawValue>,
    now_ms: i64,
    token: String,
    rejection: String,
}

#[derive(Deserialize)]
struct Seen {
    name: String,
    options: Box<RawValue>,
    now_ms: i64,
    cookie: String,
    header: String,
    last_seen_at: Option<i64>,
    rejection: Option<String>,
}

#[derive(Deserialize)]
struct Write {
    name: String,
    given: String,
    data: Option<String>,
}

#[test]
fn every_good_token_opens() {
    let vectors: Vec<Open> = serde_json::from_str(include_str!("vectors/h3s1-open.json")).unwrap();
    assert!(vectors.len() >= 12);
    for vector in vectors {
        let config = Config::from_json(vector.options.get()).expect(&vector.name);
        let session = config
            .unseal(&Request::from_token(&vector.token).at(vector.now_ms))
            .expect(&vector.name);
        assert_eq!(session.id(), Some(&*vector.id), "{}", vector.name);
        assert_eq!(session.data(), vector.data, "{}", vector.name);
        assert_eq!(
            session.created_at(),
            Some(vector.created_at),
            "{}",
            vector.name
        );
        assert_eq!(
            session.last_seen_at(),
            vector.last_seen_at,
            "{}",
            vector.name
        );
        let lifetime = Lifetime::new()
            .max_age(vector.lifetime.map(Duration::from_secs))
            .ends_with_browser(vector.ends_with_browser);
        assert_eq!(session.lifetime(), lifetime, "{}", vector.name);
    }
}

#[test]
fn every_bad_token_is_refused_with_its_reason() {
    let vectors: Vec<Refuse> =
        serde_json::from_str(include_str!("vectors/h3s1-refuse.json")).unwrap();
    assert!(vectors.len() >= 30);
    for vector in vectors {
        let config = Config::from_json(vector.options.get()).expect(&vector.name);
        let error = config
            .unseal(&Request::from_token(&vector.token).at(vector.now_ms))
            .expect_err(&vector.name);
        let reason = error.rejection().map(|reason| reason.name());
        assert_eq!(reason, Some(vector.rejection.as_str()), "{}", vector.name);
    }
}

#[test]
fn what_stands_beside_a_token_slides_it_or_is_passed_over() {
    let vectors: Vec<Seen> = serde_json::from_str(include_str!("vectors/h3s1-seen.json")).unwrap();
    assert!(vectors.len() >= 8);
    for vector in vectors {
        let config = Config::from_json(vector.options.get()).expect(&vector.name);
        let request = Request::new(&vector.cookie).header(&vector.header);
        let session = config.get_session(&request.at(vector.now_ms)).unwrap();
        let reason = session.rejection().map(|reason| reason.name());
        let (seen, name) = (session.last_seen_at(), &vector.name);
        assert_eq!(
            (seen, reason),
            (vector.last_seen_at, vector.rejection.as_deref()),
            "{name}"
        );
    }
}

#[test]
fn every_good_text_is_written_and_every_bad_one_refused() {
    let vectors: Vec<Write> =
        serde_json::from_str(include_str!("vectors/h3s1-write.json")).unwrap();
    assert!(vectors.len() >= 40);
    let options = h3s::Options::new("correct horse battery staple, and more of it");
    let config = Config::new(options).unwrap();
    for vector in vectors {
        let given: Vec<u8> = (0..vector.given.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&vector.given[at..at + 2], 16).unwrap())
            .collect();
        let mut session = config.use_session(&Request::new("")).unwrap();
        let written = session.replace(&given);
        match &vector.data {
            Some(data) => {
                written.expect(&vector.name);
                assert_eq!(session.data(), data, "{}", vector.name);
            }
            None => {
                let refused = written.expect_err(&vector.name);
                assert_eq!(refused.kind(), h3s::ErrorKind::Data, "{}", vector.name);
            }
        }
    }
}
