//! The two ways to say an option, in Rust and in JSON, are the same; and each has all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, UNIX_EPOCH};

use super::*;

const PASSWORD: &str = "correct horse battery staple, and more of it";
const OLD: &str = "an older password, which is of 32 or more";

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Each option by its key in JSON, in JSON and in Rust, with another value than by default.
fn cases() -> Vec<(&'static str, &'static str, Options)> {
    let start = Options::default;
    let cookie =
        |change: fn(CookieOptions) -> CookieOptions| start().cookie(change(CookieOptions::new()));
    let seal = |change: fn(SealOptions) -> SealOptions| {
        start().seal(change(SealOptions::new(Format::H3v2)))
    };
    let revocation = |change: fn(RevocationOptions) -> RevocationOptions| {
        let revocation = change(RevocationOptions::new());
        start().max_age(secs(60)).revocation(revocation)
    };
    vec![
        (
            "password",
            r#""password": "correct horse battery staple, and more of it""#,
            start().password(PASSWORD),
        ),
        (
            "password",
            r#""password": {"2": "correct horse battery staple, and more of it",
                            "1": "an older password, which is of 32 or more"}"#,
            start().passwords([("2", PASSWORD), ("1", OLD)]),
        ),
        ("name", r#""name": "app""#, start().name("app")),
        ("maxAge", r#""maxAge": 60"#, start().max_age(secs(60))),
        (
            "idleTimeout",
            r#""idleTimeout": 60"#,
            start().idle_timeout(secs(60)),
        ),
        (
            "notBefore",
            r#""notBefore": 1800000000001"#,
            start().not_before(UNIX_EPOCH + Duration::from_millis(1_800_000_000_001)),
        ),
        ("refresh", r#""refresh": false"#, start().refresh(false)),
        (
            "maxTokenLength",
            r#""maxTokenLength": 500"#,
            start().max_token_len(500),
        ),
        (
            "sessionHeader",
            r#""sessionHeader": "x-s""#,
            start().session_header("x-s"),
        ),
        (
            "sessionHeader",
            r#""sessionHeader": false"#,
            start().session_header(None),
        ),
        ("cookie", r#""cookie": false"#, start().cookie(None)),
        (
            "cookie.path",
            r#""cookie": {"path": "/a"}"#,
            cookie(|c| c.path("/a")),
        ),
        (
            "cookie.domain",
            r#""cookie": {"domain": "a.example"}"#,
            cookie(|c| c.domain("a.example")),
        ),
        (
            "cookie.secure",
            r#""cookie": {"secure": false}"#,
            cookie(|c| c.secure(false)),
        ),
        (
            "cookie.httpOnly",
            r#""cookie": {"httpOnly": false}"#,
            cookie(|c| c.http_only(false)),
        ),
        (
            "cookie.sameSite",
            r#""cookie": {"sameSite": "None"}"#,
            cookie(|c| c.same_site(SameSite::None)),
        ),
        (
            "cookie.sameSite",
            r#""cookie": {"sameSite": true}"#,
            cookie(|c| c.same_site(SameSite::Strict)),
        ),
        (
            "cookie.sameSite",
            r#""cookie": {"sameSite": false}"#,
            cookie(|c| c.same_site(None)),
        ),
        (
            "cookie.partitioned",
            r#""cookie": {"partitioned": true}"#,
            cookie(|c| c.partitioned(true)),
        ),
        (
            "cookie.priority",
            r#""cookie": {"priority": "HIGH"}"#,
            cookie(|c| c.priority(Priority::High)),
        ),
        (
            "cookie.maxAge",
            r#""cookie": {"maxAge": 60}"#,
            cookie(|c| c.max_age(secs(60))),
        ),
        (
            "cookie.chunkMaxLength",
            r#""cookie": {"chunkMaxLength": 500}"#,
            cookie(|c| c.chunk_max_len(500)),
        ),
        (
            "cookie.maxChunks",
            r#""cookie": {"maxChunks": 7}"#,
            cookie(|c| c.max_chunks(7)),
        ),
        ("seal", r#""seal": "h3-1""#, start().seal(Format::H3v1)),
        (
            "seal.format",
            r#""seal": {"format": "fe26.2"}"#,
            seal(|s| s),
        ),
        (
            "seal.accept",
            r#""seal": {"format": "h3-2", "accept": ["h3-2", "h3-1", "h3s1"]}"#,
            seal(|s| s.accept([Format::H3v2, Format::H3v1, Format::H3s1])),
        ),
        (
            "seal.migrate",
            r#""seal": {"format": "h3-2", "migrate": true}"#,
            seal(|s| s.migrate(true)),
        ),
        (
            "seal.iterations",
            r#""seal": {"format": "h3-2", "iterations": 2}"#,
            seal(|s| s.iterations(2)),
        ),
        (
            "seal.ttl",
            r#""seal": {"format": "h3-2", "ttl": 1500}"#,
            seal(|s| s.ttl(Duration::from_millis(1500))),
        ),
        (
            "seal.ttl",
            r#""seal": {"format": "h3-2", "ttl": 0}"#,
            seal(|s| s.ttl(None)),
        ),
        (
            "seal.timestampSkewSec",
            r#""seal": {"format": "h3-2", "timestampSkewSec": 0}"#,
            seal(|s| s.timestamp_skew(Duration::ZERO)),
        ),
        (
            "seal.localtimeOffsetMsec",
            r#""seal": {"format": "h3-2", "localtimeOffsetMsec": -5}"#,
            seal(|s| s.localtime_offset_ms(-5)),
        ),
        (
            "seal.encryption",
            r#""seal": {"format": "h3-2", "encryption": {"algorithm": "aes-128-ctr",
                "saltBits": 128, "iterations": 1, "minPasswordlength": 12}}"#,
            seal(|s| s.encryption(Encryption::Aes128Ctr, derivation())),
        ),
        (
            "seal.integrity",
            r#""seal": {"format": "h3-2", "integrity": {"algorithm": "sha256",
                "saltBits": 128, "iterations": 1, "minPasswordlength": 12}}"#,
            seal(|s| s.integrity(derivation())),
        ),
        (
            "seal.encryption",
            r#""seal": {"format": "h3-2", "encryption": {"algorithm": "aes-256-cbc",
                "saltBits": 256, "iterations": 8192, "minPasswordlength": 32}}"#,
            seal(|s| s.encryption(Encryption::Aes256Cbc, KeyDerivation::new())),
        ),
        (
            "seal.integrity",
            r#""seal": {"format": "h3-2", "integrity": {"algorithm": "sha256",
                "saltBits": 256, "iterations": 8192, "minPasswordlength": 32}}"#,
            seal(|s| s.integrity(KeyDerivation::new())),
        ),
        (
            "legacySealFallback",
            r#""legacySealFallback": false, "seal": "h3-2""#,
            start().seal(Format::H3v2).legacy_seal_fallback(false),
        ),
        (
            "revocation",
            r#""maxAge": 60, "revocation": {}"#,
            revocation(|r| r),
        ),
        (
            "revocation.subject",
            r#""maxAge": 60, "revocation": {"subject": "/user/id"}"#,
            revocation(|r| r.subject("/user/id")),
        ),
        (
            "revocation.maxStale",
            r#""maxAge": 60, "revocation": {"maxStale": 61}"#,
            revocation(|r| r.max_stale(secs(61))),
        ),
        (
            "revocation.stale",
            r#""maxAge": 60, "revocation": {"stale": "closed"}"#,
            revocation(|r| r.stale(Stale::Closed)),
        ),
        (
            "revocation.file",
            r#""maxAge": 60, "revocation": {"file": "/var/lib/app/revocations"}"#,
            revocation(|r| r.file("/var/lib/app/revocations")),
        ),
        (
            "development",
            r#""development": true"#,
            start().development(true),
        ),
    ]
}

fn derivation() -> KeyDerivation {
    KeyDerivation::new()
        .salt_bits(128)
        .iterations(1)
        .min_password_len(12)
}

#[test]
fn an_option_in_rust_equals_the_same_option_in_json() {
    for (key, json, options) in cases() {
        let read = Options::from_json(format!("{{{json}}}")).unwrap_or_else(|error| {
            // Which is what the check says of the other, too.
            assert!(options.check().is_err(), "{key}: {error}");
            panic!("{key}: {error}")
        });
        assert!(read == options, "{key}: {read:?} is not {options:?}");
        assert!(options != Options::default(), "{key}");
    }
}

#[test]
fn every_option_that_json_has_is_compared_with_rust() {
    let compared: BTreeSet<String> = cases()
        .into_iter()
        .map(|(key, ..)| key.to_owned())
        .collect();
    let mut known = BTreeSet::new();
    for object in ["", "cookie", "seal", "revocation"] {
        let unknown = r#"{"qqqqqqqqqqqqqqqqqqqqqqqq": 1}"#;
        let text = match object {
            "" => unknown.to_owned(),
            object => format!("{{\"{object}\": {unknown}}}"),
        };
        let error = Options::from_json(text).unwrap_err();
        let (_, names) = error.message().split_once("there are ").unwrap();
        known.extend(names.split(", ").map(|name| match object {
            "" => name.to_owned(),
            object => format!("{object}.{name}"),
        }));
    }
    assert_eq!(compared, known);
}

#[test]
fn every_field_is_set_by_an_option_that_json_has() {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let cases = cases().into_iter().map(|(_, _, options)| options);
    for options in cases.chain([Options::default()]) {
        for (field, value) in fields(&options) {
            if field.contains(".tv_") {
                continue; // The inside of a time.
            }
            values.entry(field).or_default().insert(value);
        }
    }
    assert!(values.len() >= 35, "{values:?}");
    values.retain(|_, values| !values.iter().all(|value| value.ends_with('{')));
    for (field, values) in values {
        assert!(values.len() > 1, "no option of JSON changes {field}");
    }
}

/// All fields by their paths, with the line that they have in the debug output.
fn fields(options: &Options) -> Vec<(String, String)> {
    let text = format!("{options:#?}");
    let mut path: Vec<(usize, &str)> = Vec::new();
    let mut fields = Vec::new();
    for line in text.lines() {
        let name = line.trim_start();
        let indentation = line.len() - name.len();
        path.retain(|(outer, _)| *outer < indentation);
        let Some((name, value)) = name.split_once(": ") else {
            // A variant's name belongs to the field that it is in.
            if let Some((_, value)) = fields.last_mut() {
                let value: &mut String = value;
                value.push_str(line.trim());
            }
            continue;
        };
        path.push((indentation, name));
        let names: Vec<&str> = path.iter().map(|(_, name)| *name).collect();
        fields.push((names.join("."), value.to_owned()));
    }
    fields
}
