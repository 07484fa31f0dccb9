//! What the fuzz targets share: a fixed clock, configs that are cheap to use, and what
//! must hold of every session.

pub mod json;
pub mod jwe;
pub mod seal;

use h3s::{Config, Request, Session};

/// Some time in 2027, in milliseconds.
pub const NOW: i64 = 1_800_000_000_000;
pub const PASSWORD: &str = "correct horse battery staple, and more of it";

/// Fe26.2 beside h3s1, with two iterations: a derivation costs nothing, but its
/// keys are cached and it counts for the rate limit, as if it were slow.
pub const IRON: &str = r#""seal":{"format":"fe26.2","accept":["fe26.2","h3s1"],
    "encryption":{"algorithm":"aes-256-cbc","saltBits":256,"iterations":2,"minPasswordlength":32},
    "integrity":{"algorithm":"sha256","saltBits":256,"iterations":2,"minPasswordlength":32}}"#;

/// A config with the usual password and some more options, written as the inside of a JSON object.
pub fn config(more: &str) -> Config {
    Config::from_json(options(more)).expect("the options are right")
}

pub fn options(more: &str) -> String {
    let separator = if more.is_empty() { "" } else { "," };
    format!(r#"{{"password":"{PASSWORD}"{separator}{more}}}"#)
}

pub fn request<'a>(cookie: &'a [u8], header: &'a [u8]) -> Request<'a> {
    Request::new(cookie).header(header).at(NOW)
}

/// What holds of every session whose data this library has checked.
pub fn check(session: &Session) {
    check_trusted(session);
    check_data(session.data());
}

/// What holds of every session, whatever its sealer may have put into an authentic token.
pub fn check_trusted(session: &Session) {
    if session.is_cleared() {
        assert!(session.id().is_none() && session.created_at().is_none());
        assert_eq!(session.data(), "{}");
    } else {
        let id = session.id().expect("an id");
        assert!((1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!((0..=NOW).contains(&session.created_at().expect("a time")));
    }
    check_trusted_data(session.data());
}

/// Text between braces that may stand in a header.
pub fn check_trusted_data(data: &str) {
    assert!(data.len() > 1 && data.starts_with('{') && data.ends_with('}'));
    assert!(data.bytes().all(|byte| byte >= 0x20));
}

/// The text of a JSON object without insignificant white space, each of whose names stands once.
pub fn check_data(data: &str) {
    assert!(data.starts_with('{') && data.bytes().all(|byte| byte >= 0x20));
    assert_eq!(json::compact(data), data);
    // Members are None where serde_json has no string for a name: a lone surrogate.
    if let Some(members) = json::members(data) {
        let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
        names.sort();
        assert!(
            names.windows(2).all(|pair| pair[0] != pair[1]),
            "a name twice: {data}"
        );
    }
}

/// What holds of every list of Set-Cookie values.
pub fn check_set_cookies<'a>(values: impl Iterator<Item = &'a str>) {
    let mut names = Vec::new();
    for value in values {
        assert!(
            value.bytes().all(|byte| (0x20..0x7F).contains(&byte)),
            "{value:?}"
        );
        let pair = value.split(';').next().unwrap_or_default();
        assert!(pair.len() <= 4096, "a browser refuses it: {value}");
        let (name, _) = pair.split_once('=').expect("a name and a value");
        assert!(!names.contains(&name), "set twice: {value}");
        names.push(name);
    }
}

/// The Cookie header with which a list of Set-Cookie values, which is checked, comes back.
pub fn cookie_header<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let values: Vec<&str> = values.collect();
    check_set_cookies(values.iter().copied());
    let pairs: Vec<&str> = values
        .iter()
        .filter_map(|value| value.split(';').next())
        .collect();
    pairs.join("; ")
}
