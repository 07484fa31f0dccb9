use serde_json::Value;

use super::*;
use crate::keyring::master;
use crate::options::Options;

fn bytes(hex: &Value) -> Vec<u8> {
    let digits = hex.as_str().unwrap().as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn sealing_gives_the_tokens_of_the_specification() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/vectors/h3s1-open.json")).unwrap();
    let mut sealed = 0;
    for vector in vectors {
        let options = Options::from_json(vector["options"].to_string().as_bytes()).unwrap();
        let name = &options.attributes.name;
        let first = options.passwords[0].1.clone();
        let keyring = Keyring::new(options.passwords, name, false).unwrap();
        let token = vector["token"].as_str().unwrap();
        if split(token.as_bytes()).unwrap().1 != keyring.first().id.as_bytes() {
            continue; // Sealed under an older password, which this library never does.
        }
        assert_eq!(*master(&first), *bytes(&vector["master"]));
        let record = Record {
            id: Id::from_text(vector["id"].as_str().unwrap().as_bytes()).unwrap(),
            created_at: vector["created_at"].as_i64().unwrap(),
            last_seen_at: vector["last_seen_at"].as_i64(),
            expires_at: vector["expires_at"].as_i64(),
            data: Data::from_json(vector["data"].as_str().unwrap().as_bytes()).unwrap(),
            extra: Buffer::default(),
        };
        let nonce = bytes(&vector["nonce"]).try_into().unwrap();
        let ours = seal(&keyring, &record, &nonce).unwrap();
        assert_eq!(
            ours.strip_suffix(b"\0"),
            Some(token.as_bytes()),
            "{}",
            vector["name"]
        );
        sealed += 1;
    }
    assert!(sealed >= 12);
}
