//! Which options each format takes: one that would be without effect there is refused by name.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::*;

const FORMATS: [&str; 8] = [
    "h3s1",
    "h3-1",
    "h3-2",
    "iron-session",
    "authjs",
    "next-auth",
    "auth0",
    "better-auth",
];
/// Those in which sessions are sealed here, so that a test has tokens of them.
const WRITTEN: [&str; 5] = ["h3s1", "h3-1", "h3-2", "iron-session", "authjs"];

const NOWHERE: &[&str] = &[];
const ONLY_READ: &[&str] = &["next-auth", "auth0", "better-auth"];
const FOREIGN: &[&str] = &[
    "iron-session",
    "authjs",
    "next-auth",
    "auth0",
    "better-auth",
];
const NOT_SEALED_BY_A_READ: &[&str] = &["iron-session", "next-auth", "auth0", "better-auth"];
const ALL_BUT_H3: &[&str] = &[
    "h3s1",
    "iron-session",
    "authjs",
    "next-auth",
    "auth0",
    "better-auth",
];
/// All that have one format alone: h3-2 also opens the tokens of h3 1.
const ALL_BUT_H3_2: &[&str] = &[
    "h3s1",
    "h3-1",
    "iron-session",
    "authjs",
    "next-auth",
    "auth0",
    "better-auth",
];
const NO_TTL: &[&str] = &["h3s1", "authjs", "next-auth", "auth0", "better-auth"];

/// Each option by its key, a value that is not the default, and the formats that refuse it where
/// they alone are accepted.
fn options() -> Vec<(&'static str, Value, &'static [&'static str])> {
    let derivation = |algorithm: &str| json!({"algorithm": algorithm, "saltBits": 128, "iterations": 1, "minPasswordlength": 32});
    vec![
        ("password", json!(PASSWORD), NOWHERE),
        ("name", json!("app"), NOWHERE),
        ("maxAge", json!(60), &["iron-session"]),
        ("idleTimeout", json!(60), FOREIGN),
        ("notBefore", json!(NOW), NOWHERE),
        ("refresh", json!(false), NOT_SEALED_BY_A_READ),
        ("sessionHeader", json!("x-s"), NOWHERE),
        ("revocation", json!({"subject": "/sub"}), NOWHERE),
        ("revocation.subject", json!("/sub"), NOWHERE),
        ("revocation.maxStale", json!(9), NOWHERE),
        ("revocation.stale", json!("closed"), NOWHERE),
        ("revocation.file", json!("/nowhere/revocations"), NOWHERE),
        ("maxTokenLength", json!(2000), NOWHERE),
        ("development", json!(true), NOWHERE),
        // A logout deletes the cookie, with the attributes that it was set with.
        ("cookie", json!(false), NOWHERE),
        ("cookie.path", json!("/app"), NOWHERE),
        ("cookie.domain", json!("a.example"), NOWHERE),
        ("cookie.secure", json!(false), NOWHERE),
        ("cookie.httpOnly", json!(false), NOWHERE),
        ("cookie.sameSite", json!("strict"), NOWHERE),
        ("cookie.partitioned", json!(true), NOWHERE),
        ("cookie.priority", json!("high"), NOWHERE),
        ("cookie.maxAge", json!(60), ONLY_READ),
        ("cookie.chunkMaxLength", json!(3000), ONLY_READ),
        ("cookie.maxChunks", json!(2), ONLY_READ),
        ("seal", json!({}), NOWHERE),
        ("seal.format", Value::Null, NOWHERE),
        ("seal.accept", Value::Null, NOWHERE),
        ("seal.migrate", json!(true), ALL_BUT_H3_2),
        ("legacySealFallback", json!(false), ALL_BUT_H3_2),
        ("seal.iterations", json!(1), ALL_BUT_H3),
        ("seal.ttl", json!(3_600_000), NO_TTL),
        ("seal.timestampSkewSec", json!(5), ALL_BUT_H3),
        ("seal.localtimeOffsetMsec", json!(5), ALL_BUT_H3),
        ("seal.encryption", derivation("aes-128-ctr"), ALL_BUT_H3),
        ("seal.integrity", derivation("sha256"), ALL_BUT_H3),
    ]
}

/// Options with this one, for a format that alone is accepted or beside others.
fn with(key: &str, value: &Value, format: &str, accept: &[&str], migrate: bool) -> String {
    let mut options = Map::new();
    options.insert("password".into(), PASSWORD.into());
    let mut seal = Map::new();
    seal.insert("format".into(), format.into());
    seal.insert("accept".into(), json!(accept));
    if migrate {
        seal.insert("migrate".into(), true.into());
    }
    options.insert("seal".into(), seal.into());
    if key.starts_with("revocation") {
        // What it needs: an end of each session, and its subject where ids change.
        options.insert("revocation".into(), json!({"subject": "/sub"}));
        if format != "iron-session" {
            options.insert("maxAge".into(), 60.into());
        }
    }
    let place = match key.split_once('.') {
        None => options.entry(key),
        Some((object, name)) => {
            let object = options.entry(object).or_insert_with(|| json!({}));
            object.as_object_mut().unwrap().entry(name)
        }
    };
    match (value, place) {
        (Value::Object(_), place) if key == "seal" => drop(place),
        (Value::Null, _) => {}
        (value, place) => {
            let place = place.or_insert(Value::Null);
            *place = value.clone();
        }
    }
    Value::Object(options).to_string()
}

/// Whether options take this one. What refuses it names it, and says what to do.
fn takes(key: &str, value: &Value, format: &str, accept: &[&str], migrate: bool) -> bool {
    let text = with(key, value, format, accept, migrate);
    match h3s::Options::from_json(&text) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.key(), Some(key), "{text}: {error}");
            let remedy = ["remove", "set ", "choose"];
            assert!(
                remedy.iter().any(|word| error.message().contains(word)),
                "{text}: {error}"
            );
            false
        }
    }
}

#[test]
fn an_option_without_effect_in_a_format_is_refused_by_name() {
    for (key, value, refused) in options() {
        for format in FORMATS {
            assert_eq!(
                takes(key, &value, format, &[format], false),
                !refused.contains(&format),
                "{key} in {format}"
            );
        }
    }
}

#[test]
fn every_documented_option_is_tried_in_every_format() {
    // The header has them by name, each at the start of a line, and functions after them.
    let (_, after) = include_str!("../../include/h3s.h")
        .split_once("\n * The session:\n")
        .unwrap();
    let (listed, _) = after.split_once("\n *   h3s_").unwrap();
    let name = |line: &'static str| line.strip_prefix(" *   ")?.split(' ').next();
    let names = listed.lines().filter_map(name);
    let documented: BTreeSet<_> = names.filter(|name| !name.is_empty()).collect();
    assert!(documented.len() > 35, "{documented:?}");
    let tried: BTreeSet<_> = options().iter().map(|(key, ..)| *key).collect();
    let missing: Vec<_> = documented
        .difference(&tried)
        // They are members of an option that wants all four.
        .filter(|key| !key.starts_with("seal.encryption."))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_default_that_is_spelled_out_is_refused_as_any_other_value() {
    for (key, value) in [
        ("refresh", json!(true)),
        ("cookie.chunkMaxLength", json!(4000)),
    ] {
        assert!(!takes(key, &value, "auth0", &["auth0"], false), "{key}");
    }
    assert!(takes(
        "seal.migrate",
        &json!(false),
        "auth0",
        &["auth0"],
        false
    ));
}

/// Two passwords, the older of which has sealed what the test begins with.
fn rolled(seal: &str) -> Config {
    let new = "a new password of 32 characters or more";
    let options =
        format!(r#"{{"password":{{"2":"{new}","1":"{PASSWORD}"}},"name":"s","seal":{seal}}}"#);
    Config::from_json(options).unwrap()
}

/// A session's cookie in each format that seals, under the older password.
fn cookies_of_each() -> Vec<(&'static str, String)> {
    let of = |format| {
        let options =
            format!(r#"{{"password":{{"1":"{PASSWORD}"}},"name":"s","seal":"{format}"}}"#);
        let before = Config::from_json(options).unwrap();
        (format, sealed_at(&before, r#"{"sub":"7"}"#, NOW))
    };
    WRITTEN.map(of).to_vec()
}

/// Whether a read sets a cookie of a session that some accepted format has sealed.
fn a_read_seals(cookies: &[(&str, String)], format: &str, accept: &[&str], migrate: bool) -> bool {
    let mut sealed = cookies
        .iter()
        .filter(|(of, _)| accept.contains(of))
        .peekable();
    if sealed.peek().is_none() {
        return false;
    }
    let (list, migrate) = (
        json!(accept),
        if migrate { r#","migrate":true"# } else { "" },
    );
    let config = rolled(&format!(
        r#"{{"format":"{format}","accept":{list}{migrate}}}"#
    ));
    sealed.any(|(of, cookie)| {
        let mut session = get_at(&config, cookie, NOW + SECOND);
        assert_eq!(session.rejection(), None, "{of} under {format}");
        !set_cookies(&mut session).is_empty()
    })
}

#[test]
fn beside_another_format_an_option_is_taken_where_a_read_or_a_write_obeys_it() {
    let cookies = cookies_of_each();
    for format in ["h3s1", "h3-1", "h3-2", "authjs"] {
        assert!(a_read_seals(&cookies, format, &[format], false), "{format}");
    }
    for format in FORMATS {
        for other in FORMATS.into_iter().filter(|other| *other != format) {
            let is_written = WRITTEN.contains(&format);
            for migrate in [false, true].into_iter().filter(|on| !on || is_written) {
                let accept = [format, other];
                let takes = |key, value: Value| takes(key, &value, format, &accept, migrate);
                let what = format!("{accept:?}, migrate: {migrate}");
                // As above, whatever stands beside it.
                let seals = !NOT_SEALED_BY_A_READ.contains(&format)
                    || a_read_seals(&cookies, format, &accept, migrate);
                // What next-auth and its like have sealed, no test can: it moves under migrate.
                let seals = seals || (migrate && ONLY_READ.contains(&other));
                assert_eq!(takes("refresh", json!(false)), seals, "refresh, {what}");
                let sets = is_written || seals;
                assert_eq!(takes("cookie.maxAge", json!(60)), sets, "maxAge, {what}");
                let taken = takes("cookie.chunkMaxLength", json!(3000));
                assert_eq!(taken, sets, "chunkMaxLength, {what}");
                // h3 1 knows no chunks, so no read makes any of what it may read.
                let chunks = is_written || ["h3s1", "authjs"].contains(&other);
                assert_eq!(
                    takes("cookie.maxChunks", json!(2)),
                    chunks,
                    "maxChunks, {what}"
                );
            }
        }
    }
}

#[test]
fn where_a_read_seals_beside_a_format_that_is_only_read_its_cookie_is_as_the_options_have_it() {
    let before = rolled(r#""h3s1""#);
    let old = Config::from_json(format!(r#"{{"password":{{"1":"{PASSWORD}"}},"name":"s"}}"#));
    let cookie = sealed_at(&old.unwrap(), r#"{"sub":"7"}"#, NOW);
    let new = "a new password of 32 characters or more";
    let of = |more: &str| {
        Config::from_json(format!(
            r#"{{"password":{{"2":"{new}","1":"{PASSWORD}"}},"name":"s",
                "seal":{{"format":"auth0","accept":["auth0","h3s1"]}},{more}}}"#
        ))
        .unwrap()
    };
    let read = |config: &Config| set_cookies(&mut get_at(config, &cookie, NOW + SECOND));
    let aged = read(&of(r#""cookie":{"maxAge":77}"#));
    assert!(aged[0].contains("; Max-Age=77;"), "{aged:?}");
    let cut = read(&of(r#""cookie":{"chunkMaxLength":100,"maxChunks":9}"#));
    assert!(cut.len() > 1, "{cut:?}");
    assert!(read(&of(r#""refresh":false"#)).is_empty());
    assert!(!read(&before).is_empty());
}

#[test]
fn a_logout_from_a_format_that_is_only_read_deletes_the_cookie_with_its_attributes() {
    let cookie =
        r#""cookie":{"path":"/app","domain":"a.example","secure":false,"sameSite":"strict"}"#;
    for format in ONLY_READ {
        let config = config(&format!(r#""name":"s","seal":"{format}",{cookie}"#));
        let mut session = get_at(&config, "s=eyJ", NOW);
        session.clear();
        let cookies = set_cookies(&mut session);
        assert_eq!(cookies.len(), 1, "{format}");
        let attributes = "; Domain=a.example; Path=/app; HttpOnly; SameSite=Strict";
        assert!(cookies[0].starts_with("s=; Max-Age=0"), "{cookies:?}");
        assert!(cookies[0].ends_with(attributes), "{cookies:?}");
    }
}

#[test]
fn a_name_that_an_accepted_format_gives_to_another_sessions_cookie_is_refused() {
    let from_zero = ["iron-session", "authjs", "next-auth", "better-auth"];
    for format in FORMATS {
        for beside in [None, Some("h3s1")]
            .into_iter()
            .filter(|one| *one != Some(format))
        {
            let accept: Vec<_> = [Some(format), beside].into_iter().flatten().collect();
            let takes = |name: &str| takes("name", &json!(name), format, &accept, false);
            for name in ["app.1", "app.100", ".1"] {
                assert!(!takes(name), "{name} in {accept:?}");
            }
            let zero = from_zero.contains(&format) || format == "auth0";
            assert_eq!(!takes("app.0"), zero, "app.0 in {accept:?}");
            for name in ["app__0", "app__1", "app__26", "app.x__0", "a___0", "__0"] {
                assert_eq!(!takes(name), format == "auth0", "{name} in {accept:?}");
            }
            for name in [
                "app.00",
                "app.101",
                "app__00",
                "app__27",
                "app__",
                "app_0",
                "app__x",
                "__session",
                "__Secure-authjs.session-token",
            ] {
                assert!(takes(name), "{name} in {accept:?}");
            }
        }
    }
}
