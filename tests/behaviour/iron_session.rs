//! Sessions of iron-session: `tests/interop` holds them against the real packages.

use h3s::{ErrorKind, Rejection, Request, Revocations, Source};

use super::jar::Jar;
use super::*;

const IRON: &str = r#""seal":"iron-session""#;
const DAY: i64 = 86_400 * SECOND;

/// Made by iron-session 8.0.4 and 9.0.1 at [`NOW`], for 14 days.
const OF_8: &str = "Fe26.2*1*c080555dc41387cc1c5623cbc4581df506d9c147c67a056daac5257995a5afea*\
    hiZsmE0qJ2mLW52GbsrjVw*\
    dAtQu4XqMAlhXE31F-QWNlYXG8wLB8AMbWZX8-Z2DJXY8cgF6caKx8ohUyabSgebRYeu36GXj26AlzPqXghqeQ*\
    1801209600000*1deaea5e7d9360b9bc9097c02cd2bf14a5e8b33f633530942c7c35797bff967e*\
    3IwDdaNo2ApGrZmpPN6sdqY_3zvUx2QZr2FZhbr72vA~2";
const OF_9: &str = "Fe26.2*1*0d22f5f4db055a20d2f650e9307c1f0be2bad87405a4dee64ecdc572f8d09c7e*\
    _FVNZ_eTrgp75MzQ7_NP6A*\
    NgH1kN9ZbP8ZTKJVa9jkhnOK-J4DYMqwLM3K5-jDd2wiTdvQO5n04ltUGrIPkThRhewoUM5DHhlhrPIvlGRXxw*\
    1801209600000*a088e086823cad27bf2ada929fbc329a7c50816fa8e49992ee8fa37cd628bc7e*\
    UE4oVSzVozamo9HSVut-BtY3b6G6nmODhzBiN7vuxns~2";
/// Made by iron-session 9.0.1 with `ttl` 0.
const FOR_EVER: &str = "Fe26.2*1*82024c9d40dee5494d4e1332876d6e890c632e1741feebd6c4dad852e47d3d13*\
    ZNebFH2_7Kc7vx6TRfArKQ*0v0hf_jB689_Adcly8VYvg**\
    4cfba1eedcccaaea1f277fcab937ff168d58d868c3d64adf9178882af1e3494d*\
    5_mCxBZa5ReZ10EiOxisTj6-9z7-iNO_kYMdEyqeObI~2";

fn cookie(token: &str) -> String {
    format!("h3={token}")
}

#[test]
fn a_session_of_the_package_opens_with_its_data_its_end_and_an_id_of_its_token() {
    let config = config(IRON);
    let mut ids = Vec::new();
    for token in [OF_8, OF_9] {
        let session = get_at(&config, &cookie(token), NOW + SECOND);
        assert_eq!(
            session.data(),
            r#"{"user":{"id":"ada","name":"Ada \"é\""},"n":[1,2.5,null]}"#
        );
        assert_eq!(session.find("/user/id"), Some(r#""ada""#));
        assert_eq!(
            (session.is_new(), session.source()),
            (false, Source::Cookie)
        );
        assert_eq!(session.created_at(), Some(NOW));
        assert_eq!(session.expires_at(), Some(NOW + 14 * DAY + 60 * SECOND - 1));
        ids.push(session.id().map(str::to_owned));
        let again = get_at(&super::config(IRON), &cookie(token), NOW);
        assert_eq!(again.id(), session.id(), "each server finds the same id");
    }
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_session_ends_a_minute_after_its_ttl() {
    let config = config(IRON);
    let last = NOW + 14 * DAY + 60 * SECOND - 1;
    assert_eq!(get_at(&config, &cookie(OF_8), last).rejection(), None);
    let ended = get_at(&config, &cookie(OF_8), last + 1);
    assert_eq!(ended.rejection(), Some(Rejection::Expired));
    let endless = get_at(&config, &cookie(FOR_EVER), NOW + 4000 * DAY);
    assert_eq!((endless.data(), endless.expires_at()), (r#"{"a":1}"#, None));
}

#[test]
fn what_is_written_is_what_the_package_writes() {
    let config = config(IRON);
    let mut session = get_at(&config, &cookie(OF_8), NOW + DAY);
    session.set("n", "1").unwrap();
    let cookies = set_cookies(&mut session);
    let [cookie] = cookies.as_slice() else {
        panic!("{cookies:?}")
    };
    let expiration = NOW + 15 * DAY;
    assert!(cookie.starts_with("h3=Fe26.2*1*"), "{cookie}");
    assert!(cookie.contains(&format!("*{expiration}*")), "{cookie}");
    assert!(cookie.contains("~2; Max-Age=1209540; Expires="), "{cookie}");
    let back = get_at(&config, cookie.split(';').next().unwrap(), NOW + DAY);
    assert_eq!(
        back.data(),
        r#"{"user":{"id":"ada","name":"Ada \"é\""},"n":1}"#
    );
    assert_eq!(back.id(), session.id(), "the id is that of the new token");
    assert_eq!(session.expires_at(), Some(expiration + 60 * SECOND - 1));
}

#[test]
fn a_cookie_ends_a_minute_before_its_token_unless_that_lives_no_longer() {
    for (ttl, max_age) in [
        ("3600000", "; Max-Age=3540; "),
        ("60000", "; Max-Age=60; "),
        ("0", "; Max-Age=34560000; "),
    ] {
        let config = config(&format!(
            r#""seal":{{"format":"iron-session","ttl":{ttl}}}"#
        ));
        let mut session = use_at(&config, "", NOW);
        let cookies = set_cookies(&mut session);
        assert!(cookies[0].contains(max_age), "{ttl} {cookies:?}");
    }
}

#[test]
fn the_highest_of_several_passwords_seals_under_its_number() {
    let other = "another password, of over thirty-two";
    let two = format!(r#"{{"password":{{"1":"{PASSWORD}","2":"{other}"}},{IRON}}}"#);
    let two = Config::from_json(two).unwrap();
    let mut session = use_at(&two, &cookie(OF_8), NOW);
    assert!(!session.is_new());
    assert_eq!(set_cookies(&mut session), [""; 0], "a read seals nothing");
    session.set("a", "1").unwrap();
    assert!(session.seal().unwrap().starts_with("Fe26.2*2*"));
    let third = Config::from_json(format!(r#"{{"password":{{"3":"{PASSWORD}"}},{IRON}}}"#));
    let refused = get_at(&third.unwrap(), &cookie(OF_8), NOW);
    assert_eq!(refused.rejection(), Some(Rejection::UnknownKey));
}

#[test]
fn a_password_that_iron_session_could_not_name_is_refused() {
    for id in ["default", "01", "1_0", "1234567890123456"] {
        let options = format!(r#"{{"password":{{"{id}":"{PASSWORD}"}},{IRON}}}"#);
        let error = Config::from_json(options).unwrap_err();
        assert_eq!(error.key(), Some("password"), "{id}");
    }
}

#[test]
fn options_without_effect_in_iron_session_are_refused_by_name() {
    for (options, key) in [
        (r#""maxAge":60"#, "maxAge"),
        (r#""idleTimeout":60"#, "idleTimeout"),
        (r#""legacySealFallback":true"#, "legacySealFallback"),
        (r#""cookie":{"maxChunks":5}"#, "cookie.maxChunks"),
        (
            r#""revocation":{},"seal":{"format":"iron-session","ttl":0}"#,
            "revocation",
        ),
    ] {
        let seal = if options.contains("seal\"") {
            ""
        } else {
            r#","seal":"iron-session""#
        };
        let options = format!(r#"{{"password":"{PASSWORD}",{options}{seal}}}"#);
        assert_eq!(
            Config::from_json(options).unwrap_err().key(),
            Some(key),
            "{key}"
        );
    }
    for option in ["iterations", "timestampSkewSec", "localtimeOffsetMsec"] {
        let seal = format!(r#""seal":{{"format":"iron-session","{option}":1}}"#);
        let error = Config::from_json(format!(r#"{{"password":"{PASSWORD}",{seal}}}"#));
        assert_eq!(error.unwrap_err().key(), Some(&*format!("seal.{option}")));
    }
}

#[test]
fn what_iron_session_cannot_hold_is_refused_at_the_write() {
    let config = config(IRON);
    let mut session = use_at(&config, "", NOW);
    let lifetime = h3s::Lifetime::new().ends_with_browser(true);
    let error = session.set_lifetime(lifetime).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
    assert_eq!(session.set_id("a").unwrap_err().kind(), ErrorKind::State);
}

#[test]
fn chunks_of_iron_session_9_are_read_and_written() {
    let config = config(r#""seal":"iron-session","cookie":{"maxChunks":4}"#);
    let mut session = use_at(&config, "", NOW);
    let text = "x".repeat(6000);
    session.set_text("a", &text).unwrap();
    let mut jar = Jar::default();
    jar.take(&mut session);
    assert_eq!(jar.names(), ["h3.0", "h3.1", "h3.2"]);

    let header = format!("h3.1=stale; {}", jar.header());
    let session = get_at(&config, &jar.header(), NOW);
    assert_eq!(session.text("/a").as_deref(), Some(&*text));
    assert_eq!(config.strip_cookies(&header).count(), 0);
    let whole = jar.header();
    let kept: Vec<&[u8]> = session.strip_other_cookies(&whole).collect();
    assert_eq!(kept.concat(), whole.as_bytes());
    let too_long = text.repeat(3);
    let mut session = get_at(&config, &jar.header(), NOW);
    let error = session.set_text("a", &too_long).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);

    // Whole again, it takes the place of the chunks; in chunks, that of the whole one.
    session.set_text("a", "").unwrap();
    jar.take(&mut session);
    assert_eq!(jar.names(), ["h3"]);
    let mut session = get_at(&config, &jar.header(), NOW);
    session.set_text("a", &text).unwrap();
    jar.take(&mut session);
    assert_eq!(jar.names(), ["h3.0", "h3.1", "h3.2"]);
    let mut session = get_at(&config, &jar.header(), NOW);
    session.clear();
    jar.take(&mut session);
    assert_eq!(jar.names(), [""; 0]);
}

#[test]
fn a_session_of_iron_session_is_left_alone_by_what_only_reads_it() {
    let both = r#""seal":{"format":"h3s1","accept":["h3s1","iron-session"]}"#;
    let mut session = use_at(&config(both), &cookie(OF_8), NOW);
    assert_eq!((session.is_new(), session.is_dirty()), (false, false));
    assert!(set_cookies(&mut session).is_empty());
    // Not accepted, it is not destroyed either.
    let mut session = use_at(&config(r#""seal":"h3-1""#), &cookie(OF_8), NOW);
    assert_eq!(session.rejection(), Some(Rejection::UnsupportedFormat));
    assert!(set_cookies(&mut session).is_empty());
    let migrate = r#""seal":{"format":"h3s1","accept":["h3s1","iron-session"],"migrate":true}"#;
    let config = config(migrate);
    let mut session = use_at(&config, &cookie(OF_8), NOW);
    let cookies = set_cookies(&mut session);
    assert!(cookies[0].starts_with("h3=h3s1."), "{cookies:?}");
    let moved = get_at(&config, cookies[0].split(';').next().unwrap(), NOW);
    assert_eq!((moved.id(), moved.data()), (session.id(), session.data()));
}

#[test]
fn an_h3_session_is_none_of_iron_session() {
    let of_h3 = token_at(&config(r#""seal":"h3-1""#), r#"{"a":1}"#, NOW);
    let session = get_at(&config(IRON), &cookie(&of_h3), NOW);
    assert_eq!(session.rejection(), Some(Rejection::UnsupportedFormat));
}

#[test]
fn each_change_of_a_token_is_refused() {
    let config = config(IRON);
    for at in 0..OF_9.len() {
        let mut token = OF_9.as_bytes().to_vec();
        token[at] = if token[at] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(token).unwrap();
        assert!(
            config.unseal(&Request::from_token(&token).at(NOW)).is_err(),
            "{at}"
        );
    }
}

fn revoking() -> (Config, Revocations) {
    let options = r#""revocation":{"subject":"/user/id"},"seal":"iron-session""#;
    let revocations = Revocations::new(1000).unwrap();
    revocations.heard(NOW).unwrap();
    (config(options), revocations)
}

fn apply(session: &mut h3s::Session, config: &Config, revocations: &Revocations) {
    let entries: Vec<&str> = session.revocation_entries().unwrap().collect();
    let applied = revocations.apply(config, entries.join("\n"), NOW).unwrap();
    assert_eq!(applied, entries.len());
}

#[test]
fn a_logout_ends_all_tokens_of_the_user_since_none_keeps_an_id() {
    let (config, revocations) = revoking();
    let header = cookie(OF_8);
    let request = Request::new(&header)
        .at(NOW + SECOND)
        .revocations(&revocations);
    let mut session = config.use_session(&request).unwrap();
    session.set("n", "1").unwrap();
    let written = set_cookies(&mut session)[0]
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    session.set("n", "2").unwrap();
    // Of an earlier one it could know nothing.
    assert_eq!(session.revoke().unwrap_err().kind(), ErrorKind::State);
    assert!(!session.is_cleared());
    session.revoke_everywhere().unwrap();
    apply(&mut session, &config, &revocations);
    for header in [&header, &written, &cookie(OF_9)] {
        let request = Request::new(header)
            .at(NOW + SECOND)
            .revocations(&revocations);
        let session = config.get_session(&request).unwrap();
        assert_eq!(session.rejection(), Some(Rejection::Revoked), "{header}");
    }
    // What was never in a token needs no entry.
    let request = Request::new("").at(NOW + SECOND).revocations(&revocations);
    config.use_session(&request).unwrap().revoke().unwrap();
}

#[test]
fn all_sessions_of_a_user_end_together_though_none_has_an_id() {
    let (config, revocations) = revoking();
    let entry = config.revoke_subject("ada", NOW + 1, NOW + 1).unwrap();
    revocations.apply(&config, entry, NOW + 1).unwrap();
    for token in [OF_8, OF_9] {
        let header = cookie(token);
        let request = Request::new(&header).at(NOW + 1).revocations(&revocations);
        let session = config.get_session(&request).unwrap();
        assert_eq!(session.rejection(), Some(Rejection::Revoked));
    }
}

#[test]
fn where_sessions_can_be_revoked_none_opens_that_may_outlive_what_revokes_it() {
    let (config, revocations) = revoking();
    let header = cookie(FOR_EVER);
    let request = Request::new(&header).at(NOW).revocations(&revocations);
    let mut session = config.use_session(&request).unwrap();
    assert_eq!(session.rejection(), Some(Rejection::Revoked));
    assert!(set_cookies(&mut session).is_empty(), "it is spared, too");
}

#[test]
fn where_tokens_keep_no_id_revocation_wants_a_subject() {
    let of = |format: &str| {
        let options = format!(
            r#"{{"password":"{PASSWORD}","maxAge":60,"revocation":{{}},
                "seal":{{"format":"h3s1","accept":["h3s1","{format}"]}}}}"#
        );
        Config::from_json(options)
            .err()
            .map(|error| error.key().unwrap().to_owned())
    };
    for format in ["iron-session", "authjs", "next-auth"] {
        assert_eq!(
            of(format).as_deref(),
            Some("revocation.subject"),
            "{format}"
        );
    }
    for format in ["h3-1", "auth0", "better-auth"] {
        assert_eq!(of(format), None, "{format}");
    }
}

#[test]
fn a_session_of_unknown_age_is_refused_under_max_age_but_not_destroyed() {
    // The second was sealed with a longer `ttl` than the options know.
    for (token, ttl) in [(FOR_EVER, 0), (OF_8, 86_400_000)] {
        let seal = r#""format":"h3s1","accept":["h3s1","iron-session"]"#;
        for (limit, rejection) in [
            (r#""maxAge":8640000"#.to_owned(), Rejection::Expired),
            (r#""idleTimeout":86400"#.to_owned(), Rejection::Idle),
            (format!(r#""notBefore":{}"#, NOW - DAY), Rejection::Revoked),
        ] {
            let config = config(&format!(r#"{limit},"seal":{{{seal},"ttl":{ttl}}}"#));
            let mut session = use_at(&config, &cookie(token), NOW);
            assert_eq!(session.rejection(), Some(rejection), "{limit}");
            assert_eq!(session.data(), "{}");
            assert!(set_cookies(&mut session).is_empty(), "{limit}");
        }
    }
    // One whose age is known, and which has ended, makes room.
    let config = config(r#""maxAge":60,"seal":{"format":"h3s1","accept":["h3s1","iron-session"]}"#);
    let mut session = use_at(&config, &cookie(OF_8), NOW + DAY);
    assert_eq!(session.rejection(), Some(Rejection::Expired));
    assert_eq!(set_cookies(&mut session).len(), 1);
}
