use serde_json::Value;

use super::*;
use crate::keyring::{Needs, master};
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
        let name = options.check().unwrap().attributes.name;
        let passwords = options.into_passwords().unwrap();
        let first = passwords[0].1.clone();
        let keyring = Keyring::new(passwords, &name, Needs::default()).unwrap();
        let token = vector["token"].as_str().unwrap();
        if split(token.as_bytes()).unwrap().1 != keyring.first().id.as_bytes() {
            continue; // Sealed under an older password, which this library never does.
        }
        assert_eq!(*master(&first), *bytes(&vector["master"]));
        // As it stood in the token: what is ahead of the vector's clock has other times once it is
        // opened.
        let plaintext = bytes(&vector["plaintext"]);
        let end = START + NONCE_LEN + plaintext.len();
        let mut buffer = Buffer::with_room(end + TAG_LEN).unwrap();
        buffer.resize(START + NONCE_LEN, 0);
        buffer.extend_from_slice(&plaintext);
        buffer.resize(end + TAG_LEN, 0);
        let mut record = parse(buffer, end).unwrap();
        assert_eq!(record.id().as_str(), vector["id"]);
        assert_eq!(record.data.as_str(), vector["data"]);
        let nonce = bytes(&vector["nonce"]).try_into().unwrap();
        let stamp = Stamp {
            format: Format::H3s1,
            cookie_end: None,
            id: record.id(),
            created_at: record.created_at,
            last_seen_at: record.last_seen_at,
            expires_at: record.expires_at,
            lifetime: record.lifetime,
            expiration: None,
            extra: b"",
        };
        let around = Around {
            before: [b"name", b"="],
            after_len: 1000,
        };
        let ours = seal(&keyring, &stamp, &record.data, &nonce, around).unwrap();
        let name = &vector["name"];
        assert_eq!(ours, format!("name={token}").as_bytes(), "{name}");
        assert!(ours.capacity() >= ours.len() + 1000);
        // Its id stood with the data that now goes.
        let is_uuid = record.id().is_uuid();
        record.set_data(Data::empty()).unwrap();
        assert_eq!(record.id().as_str(), vector["id"]);
        assert_eq!(record.id().is_uuid(), is_uuid);
        sealed += 1;
    }
    assert!(sealed >= 12);
}
