use std::time::{SystemTime, UNIX_EPOCH};

use h3s::{ErrorKind, Rejection, Request, Source};

use super::*;

#[test]
fn a_session_is_alive_at_max_age_and_gone_after_it() {
    let config = config(r#""maxAge":60"#);
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let at_the_limit = use_at(&config, &cookie, NOW + 60 * SECOND);
    assert_eq!(
        (at_the_limit.data(), at_the_limit.is_new()),
        (r#"{"a":1}"#, false)
    );
    let after = use_at(&config, &cookie, NOW + 60 * SECOND + 1);
    assert_eq!((after.data(), after.is_new()), ("{}", true));
    assert_eq!(after.rejection(), Some(Rejection::Expired));
}

#[test]
fn update_does_not_extend_max_age() {
    let config = config(r#""maxAge":60"#);
    let mut jar = jar::Jar::default();
    jar.take(&mut use_at(&config, "", NOW));
    let mut session = use_at(&config, &jar.header(), NOW + 40 * SECOND);
    session.update(r#"{"a":1}"#).unwrap();
    assert_eq!(session.created_at(), Some(NOW));
    let cookies = set_cookies(&mut session);
    assert!(cookies[0].contains("; Max-Age=20; "), "{cookies:?}");
    jar.take(&mut session);
    assert!(use_at(&config, &jar.header(), NOW + 61 * SECOND).is_new());
}

#[test]
fn rotate_extends_max_age_with_a_new_id_and_the_same_data() {
    let config = config(r#""maxAge":60"#);
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let mut session = use_at(&config, &cookie, NOW + 40 * SECOND);
    let id = session.id().unwrap().to_owned();
    session.rotate().unwrap();
    assert_ne!(session.id().unwrap(), id);
    assert_eq!(
        (session.data(), session.created_at()),
        (r#"{"a":1}"#, Some(NOW + 40 * SECOND))
    );
    let mut jar = jar::Jar::default();
    jar.take(&mut session);
    assert!(!use_at(&config, &jar.header(), NOW + 100 * SECOND).is_new());
}

#[test]
fn a_lowered_max_age_ends_sessions_that_were_sealed_under_a_longer_one() {
    let cookie = sealed_at(&config(r#""maxAge":3600"#), "{}", NOW);
    let session = use_at(&config(r#""maxAge":60"#), &cookie, NOW + 61 * SECOND);
    assert_eq!(session.rejection(), Some(Rejection::Expired));
}

#[test]
fn a_token_keeps_its_own_end_even_where_today_there_is_no_limit() {
    let cookie = sealed_at(&config(r#""maxAge":60"#), "{}", NOW);
    let unlimited = config("");
    assert_eq!(
        use_at(&unlimited, &cookie, NOW + 60 * SECOND).rejection(),
        None
    );
    let late = use_at(&unlimited, &cookie, NOW + 60 * SECOND + 1);
    assert_eq!(late.rejection(), Some(Rejection::Expired));
}

#[test]
fn an_idle_session_is_alive_at_the_limit_and_gone_after_it() {
    let config = config(r#""idleTimeout":60"#);
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    assert!(!use_at(&config, &cookie, NOW + 60 * SECOND).is_new());
    let after = use_at(&config, &cookie, NOW + 60 * SECOND + 1);
    assert_eq!(after.rejection(), Some(Rejection::Idle));
}

#[test]
fn a_read_slides_the_idle_window_once_more_than_half_of_it_is_used() {
    let config = config(r#""idleTimeout":60"#);
    let cookie = sealed_at(&config, "{}", NOW);
    let at_half = use_at(&config, &cookie, NOW + 30 * SECOND);
    assert!(!at_half.is_dirty());
    let mut past_half = get_at(&config, &cookie, NOW + 30 * SECOND + 1);
    assert!(past_half.is_dirty());
    let mut jar = jar::Jar::of(&cookie);
    jar.take(&mut past_half);
    assert_eq!(past_half.last_seen_at(), Some(NOW + 30 * SECOND + 1));
    assert_eq!(past_half.created_at(), Some(NOW));
    assert!(!use_at(&config, &jar.header(), NOW + 90 * SECOND).is_new());
}

#[test]
fn a_write_moves_the_end_before_it_is_sealed_and_a_read_does_not() {
    let config = config(r#""idleTimeout":60"#);
    let cookie = sealed_at(&config, "{}", NOW);
    let mut session = use_at(&config, &cookie, NOW + 20 * SECOND);
    assert_eq!(session.expires_at(), Some(NOW + 60 * SECOND));
    session.set("a", "1").unwrap();
    assert_eq!(session.expires_at(), Some(NOW + 80 * SECOND));
    set_cookies(&mut session);
    assert_eq!(session.expires_at(), Some(NOW + 80 * SECOND));
    session.clear();
    assert_eq!(session.expires_at(), None);
}

#[test]
fn max_age_caps_a_sliding_session() {
    let config = config(r#""idleTimeout":60,"maxAge":100"#);
    let mut jar = jar::Jar::default();
    jar.take(&mut use_at(&config, "", NOW));
    for at in [40, 80] {
        let mut session = use_at(&config, &jar.header(), NOW + at * SECOND);
        assert!(!session.is_new());
        jar.take(&mut session);
    }
    let mut last = use_at(&config, &jar.header(), NOW + 100 * SECOND);
    assert!(!last.is_new());
    assert_eq!(last.expires_at(), Some(NOW + 100 * SECOND));
    last.set("a", "1").unwrap();
    assert!(set_cookies(&mut last)[0].contains("; Max-Age=1; "));
    let after = use_at(&config, &jar.header(), NOW + 100 * SECOND + 1);
    assert_eq!(after.rejection(), Some(Rejection::Expired));
}

#[test]
fn a_header_session_never_slides() {
    let config = config(r#""idleTimeout":60"#);
    let token = token_at(&config, "{}", NOW);
    let session = config
        .use_session(&request("", &token, NOW + 50 * SECOND))
        .unwrap();
    assert_eq!(
        (session.source(), session.is_dirty()),
        (Source::Header, false)
    );
}

#[test]
fn refresh_false_turns_sliding_off() {
    let config = config(r#""idleTimeout":60,"refresh":false"#);
    let cookie = sealed_at(&config, "{}", NOW);
    assert!(!use_at(&config, &cookie, NOW + 50 * SECOND).is_dirty());
}

#[test]
fn last_seen_at_is_preserved_where_there_is_no_idle_timeout() {
    let idle = config(r#""idleTimeout":600"#);
    let cookie = sealed_at(&idle, "{}", NOW);
    let plain = config("");
    let mut session = use_at(&plain, &cookie, NOW + SECOND);
    session.set("a", "1").unwrap();
    set_cookies(&mut session);
    assert_eq!(session.last_seen_at(), Some(NOW));
}

#[test]
fn a_session_from_before_not_before_is_revoked() {
    let cookie = sealed_at(&config(""), "{}", NOW);
    let revoking = config(&format!(r#""notBefore":{}"#, NOW + 1));
    let session = use_at(&revoking, &cookie, NOW + SECOND);
    assert_eq!(
        (session.rejection(), session.is_new()),
        (Some(Rejection::Revoked), true)
    );
    let tolerant = config(&format!(r#""notBefore":{NOW}"#));
    assert_eq!(use_at(&tolerant, &cookie, NOW + SECOND).rejection(), None);
}

#[test]
fn a_token_from_more_than_ten_minutes_ahead_is_malformed() {
    let config = config("");
    let cookie = sealed_at(&config, "{}", NOW + 600 * SECOND);
    assert_eq!(use_at(&config, &cookie, NOW).rejection(), None);
    assert_eq!(
        use_at(&config, &cookie, NOW - 1).rejection(),
        Some(Rejection::Malformed)
    );
}

#[test]
fn a_connection_that_outlives_its_session_can_read_and_clear_but_not_write() {
    let config = config(r#""idleTimeout":60"#);
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let mut session = use_at(&config, &cookie, NOW);
    session.set_now(NOW + 60 * SECOND).unwrap();
    let ended = session.set_now(NOW + 61 * SECOND).unwrap_err();
    assert_eq!(
        (ended.kind(), ended.rejection()),
        (ErrorKind::Rejected, Some(Rejection::Idle))
    );
    assert_eq!(
        session.set("a", "2").unwrap_err().kind(),
        ErrorKind::Rejected
    );
    assert_eq!(session.rotate().unwrap_err().kind(), ErrorKind::Rejected);
    assert_eq!(session.seal().unwrap_err().kind(), ErrorKind::Rejected);
    assert_eq!(session.data(), r#"{"a":1}"#);
    session.clear();
    assert!(set_cookies(&mut session)[0].starts_with("h3=; Max-Age=0; "));
}

#[test]
fn max_age_and_expires_say_the_same_and_are_rounded_up_to_seconds() {
    let config = config(r#""maxAge":60"#);
    let cookie = sealed_at(&config, "{}", NOW);
    let mut session = use_at(&config, &cookie, NOW + 500);
    session.set("a", "1").unwrap();
    let value = set_cookies(&mut session).remove(0);
    assert!(
        value.contains("; Max-Age=60; Expires=Fri, 15 Jan 2027 08:01:00 GMT"),
        "{value}"
    );
}

#[test]
fn a_session_without_limits_has_neither_max_age_nor_expires() {
    let mut session = use_at(&config(""), "", NOW);
    let value = set_cookies(&mut session).remove(0);
    assert!(
        !value.contains("Max-Age") && !value.contains("Expires"),
        "{value}"
    );
    assert_eq!(session.expires_at(), None);
}

#[test]
fn a_cookie_never_claims_to_live_longer_than_browsers_let_it() {
    let mut session = use_at(&config(r#""maxAge":99999999"#), "", NOW);
    assert!(set_cookies(&mut session)[0].contains("; Max-Age=34560000; "));
}

#[test]
fn a_time_that_cannot_be_now_is_an_argument_error() {
    let config = config("");
    for now in [0, -1, 250_000_000_000_001, i64::MAX, i64::MIN] {
        let error = config.use_session(&request("", "", now)).unwrap_err();
        assert_eq!(
            (error.kind(), error.key()),
            (ErrorKind::Argument, Some("now_ms"))
        );
    }
    for now in [1, 250_000_000_000_000] {
        assert_eq!(use_at(&config, "", now).created_at(), Some(now));
    }
}

#[test]
fn without_a_time_it_is_what_the_system_says() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let before = now().as_millis();
    let session = config("").use_session(&Request::new("")).unwrap();
    let made = u128::try_from(session.created_at().unwrap()).unwrap();
    assert!((before..=now().as_millis()).contains(&made));
}

#[test]
fn a_time_ahead_of_now_is_taken_for_now_also_when_it_is_sealed_again() {
    for format in ["h3s1", "h3-1", "h3-2"] {
        let old = "a former password of at least 32 characters";
        let of = |passwords: &str, more: &str| {
            Config::from_json(format!(
                r#"{{"password":{{{passwords}}},"seal":"{format}"{more}}}"#
            ))
            .unwrap()
        };
        let leaked = of(&format!(r#""k1":"{old}""#), "");
        let both = of(&format!(r#""k2":"{PASSWORD}","k1":"{old}""#), "");
        let remedy = |not_before: i64| {
            of(
                &format!(r#""k2":"{PASSWORD}""#),
                &format!(r#","notBefore":{not_before}"#),
            )
        };
        let forged = sealed_at(&leaked, r#"{"user":"admin"}"#, NOW + 595 * SECOND);
        let mut read = get_at(&both, &forged, NOW);
        assert_eq!(read.created_at(), Some(NOW));
        let resealed = set_cookies(&mut read).remove(0);
        let resealed = resealed.split(';').next().unwrap();
        let at = NOW + 300 * SECOND;
        let late = get_at(&remedy(at), resealed, at + SECOND);
        assert_eq!(late.rejection(), Some(h3s::Rejection::Revoked), "{format}");
    }
}

#[test]
fn a_last_seen_time_ahead_of_now_is_taken_for_now() {
    let config = config(r#""idleTimeout":600"#);
    let ahead = sealed_at(&config, "{}", NOW + 300 * SECOND);
    let session = get_at(&config, &ahead, NOW);
    assert_eq!(session.last_seen_at(), Some(NOW));
}
