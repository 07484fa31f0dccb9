use std::collections::HashMap;

use serde_json::Value;

use super::*;
use crate::keyring::Needs;
use crate::options::Options;

const KINDS: [(&str, Kind); 3] = [
    ("session", Kind::Session),
    ("subject", Kind::Subject),
    ("everybody", Kind::Everybody),
];

/// The keys of some options: to derive them anew for each vector takes long.
#[derive(Default)]
struct Keyrings(HashMap<String, Keyring>);

impl Keyrings {
    fn of(&mut self, vector: &Value) -> &Keyring {
        let keyring = self.0.entry(vector["options"].to_string());
        keyring.or_insert_with(|| keyring_of(vector))
    }
}

fn keyring_of(vector: &Value) -> Keyring {
    let options = Options::from_json(vector["options"].to_string().as_bytes()).unwrap();
    let name = options.check().unwrap().attributes.name;
    let needs = Needs {
        revocation: true,
        ..Needs::default()
    };
    Keyring::new(options.into_passwords().unwrap(), &name, needs).unwrap()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let digits = hex.as_str().unwrap().as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn opening_and_sealing_give_the_entries_of_the_specification() {
    let text = include_str!("../../../tests/vectors/revocation-open.json");
    let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
    let (mut keyrings, mut sealed) = (Keyrings::default(), 0);
    for vector in vectors {
        let (keyring, name) = (keyrings.of(&vector), &vector["name"]);
        let line = vector["line"].as_str().unwrap().as_bytes();
        let Ok(opened) = open(keyring, line) else {
            panic!("{name} does not open");
        };
        let before = vector["before"].as_i64().unwrap();
        let until = vector["until"].as_i64().unwrap() * 1000;
        assert!(KINDS.contains(&(vector["kind"].as_str().unwrap(), opened.kind)));
        assert_eq!(opened.text(), vector["text"].as_str().unwrap().as_bytes());
        assert_eq!((opened.before, opened.until), (before, until), "{name}");
        assert_eq!(until_of(line), Some(until));

        if split(line).unwrap().key_id != keyring.first().id.as_bytes() {
            continue; // Sealed under an older password, which this library never does.
        }
        let entry = Entry {
            kind: opened.kind,
            text: opened.text(),
            before,
            until,
        };
        let nonce = bytes(&vector["nonce"]).try_into().unwrap();
        let ours = seal(keyring.first(), &entry, &nonce).unwrap();
        assert_eq!(ours, line, "{name}");
        sealed += 1;
    }
    assert!(sealed >= 24);
}

#[test]
fn every_line_that_is_no_entry_is_refused_with_its_reason() {
    let text = include_str!("../../../tests/vectors/revocation-refuse.json");
    let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
    assert!(vectors.len() >= 80);
    let mut keyrings = Keyrings::default();
    for vector in vectors {
        let line = vector["line"].as_str().unwrap().as_bytes();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let reason = match open(keyrings.of(&vector), line) {
            Err(Refusal::Token(reason, _)) => reason.name(),
            Err(Refusal::Failed(error)) => panic!("{}: {error}", vector["name"]),
            Ok(_) => "none",
        };
        assert_eq!(reason, vector["reason"], "{}", vector["name"]);
    }
}
