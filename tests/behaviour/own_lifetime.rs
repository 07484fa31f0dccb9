//! A lifetime of one session alone, such as a login without "remember me" has.

use std::time::Duration;

use h3s::{ErrorKind, Lifetime, Rejection};

use super::*;

const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

fn of_seconds(seconds: u64) -> Lifetime {
    Lifetime::new().max_age(Duration::from_secs(seconds))
}

/// The Cookie header of a session that was made at `NOW` and given this lifetime.
fn with_lifetime(config: &Config, lifetime: Lifetime) -> String {
    let mut session = use_at(config, "", NOW);
    session.set_lifetime(lifetime).unwrap();
    set_cookies(&mut session)[0]
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn a_session_lives_as_long_as_its_own_lifetime_and_no_longer() {
    for more in ["", r#""maxAge":604800"#, r#""idleTimeout":604800"#] {
        let config = config(more);
        let cookie = with_lifetime(&config, of_seconds(3600));
        let last = use_at(&config, &cookie, NOW + HOUR);
        assert_eq!((last.is_new(), last.lifetime()), (false, of_seconds(3600)));
        assert_eq!(last.expires_at(), Some(NOW + HOUR));
        let after = use_at(&config, &cookie, NOW + HOUR + 1);
        assert_eq!(after.rejection(), Some(Rejection::Expired));
        assert_eq!((after.is_new(), after.lifetime()), (true, Lifetime::new()));
    }
}

#[test]
fn a_servers_own_options_do_not_extend_it() {
    let cookie = with_lifetime(&config(r#""maxAge":604800"#), of_seconds(3600));
    for more in ["", r#""maxAge":31536000"#] {
        let session = use_at(&config(more), &cookie, NOW + HOUR + 1);
        assert_eq!(session.rejection(), Some(Rejection::Expired));
    }
}

#[test]
fn it_is_never_longer_than_max_age() {
    let config = config(r#""maxAge":60"#);
    let cookie = with_lifetime(&config, of_seconds(3600));
    let last = use_at(&config, &cookie, NOW + 60 * SECOND);
    assert_eq!(last.expires_at(), Some(NOW + 60 * SECOND));
    let after = use_at(&config, &cookie, NOW + 60 * SECOND + 1);
    assert_eq!(after.rejection(), Some(Rejection::Expired));
}

#[test]
fn the_cookie_ends_with_the_lifetime_or_with_the_browser() {
    let config = config(r#""maxAge":604800"#);
    let mut session = use_at(&config, "", NOW);
    session.set_lifetime(of_seconds(3600)).unwrap();
    let cookie = &set_cookies(&mut session)[0];
    assert!(cookie.contains("; Max-Age=3600; Expires=Fri, 15 Jan 2027 09:00:00 GMT; "));

    session
        .set_lifetime(Lifetime::new().ends_with_browser(true))
        .unwrap();
    let cookie = &set_cookies(&mut session)[0];
    assert!(
        !cookie.contains("Max-Age") && !cookie.contains("Expires"),
        "{cookie}"
    );
    assert_eq!(
        session.expires_at(),
        Some(NOW + 7 * DAY),
        "the token ends all the same"
    );

    session.set_lifetime(Lifetime::new()).unwrap();
    assert!(set_cookies(&mut session)[0].contains("; Max-Age=604800; "));
}

#[test]
fn where_the_cookie_has_a_max_age_of_its_own_one_that_ends_with_the_browser_has_none() {
    let config = config(r#""cookie":{"maxAge":86400}"#);
    let mut session = use_at(&config, "", NOW);
    assert!(set_cookies(&mut session)[0].contains("; Max-Age=86400; "));
    session
        .set_lifetime(Lifetime::new().ends_with_browser(true))
        .unwrap();
    assert!(!set_cookies(&mut session)[0].contains("Max-Age"));
}

#[test]
fn each_chunk_ends_with_the_browser_too() {
    let config = config(r#""maxAge":604800,"cookie":{"chunkMaxLength":100,"maxChunks":100}"#);
    let mut session = use_at(&config, "", NOW);
    session
        .set_lifetime(Lifetime::new().ends_with_browser(true))
        .unwrap();
    session.set_text("text", &"x".repeat(300)).unwrap();
    let cookies = set_cookies(&mut session);
    assert!(cookies.len() > 3);
    assert!(
        cookies.iter().all(|cookie| !cookie.contains("Max-Age")),
        "{cookies:?}"
    );
}

#[test]
fn it_stays_when_the_session_is_written_to_rotated_seen_again_or_sealed_with_another_password() {
    let lifetime = of_seconds(7200).ends_with_browser(true);
    let before = config(r#""idleTimeout":5000"#);
    let mut jar = jar::Jar::default();
    let mut session = use_at(&before, "", NOW);
    session.set_lifetime(lifetime).unwrap();
    jar.take(&mut session);

    let mut written = use_at(&before, &jar.header(), NOW + SECOND);
    written.set_int("visits", 1).unwrap();
    jar.take(&mut written);

    let mut seen = use_at(&before, &jar.header(), NOW + 3000 * SECOND);
    assert!(seen.is_dirty());
    jar.take(&mut seen);

    let passwords =
        format!(r#"{{"k2":"another password of at least 32 characters","k1":"{PASSWORD}"}}"#);
    let after =
        Config::from_json(format!(r#"{{"password":{passwords},"idleTimeout":5000}}"#)).unwrap();
    let mut resealed = use_at(&after, &jar.header(), NOW + 3001 * SECOND);
    assert!(resealed.is_dirty());
    jar.take(&mut resealed);

    let mut rotated = use_at(&after, &jar.header(), NOW + 4000 * SECOND);
    assert_eq!(rotated.expires_at(), Some(NOW + 7200 * SECOND));
    rotated.rotate().unwrap();
    jar.take(&mut rotated);

    let last = use_at(&after, &jar.header(), NOW + 4001 * SECOND);
    assert_eq!((last.is_new(), last.lifetime()), (false, lifetime));
    assert_eq!(last.created_at(), Some(NOW + 4000 * SECOND));
}

#[test]
fn what_begins_after_clear_has_none() {
    let config = config("");
    let mut session = use_at(&config, &with_lifetime(&config, of_seconds(60)), NOW);
    session.clear();
    assert_eq!(session.lifetime(), Lifetime::new());
    let error = session.set_lifetime(of_seconds(60)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
    session.set_int("a", 1).unwrap();
    assert_eq!(session.lifetime(), Lifetime::new());
}

#[test]
fn a_lifetime_that_is_over_is_refused_and_changes_nothing() {
    let config = config("");
    let mut session = use_at(&config, &sealed_at(&config, "{}", NOW), NOW + HOUR);
    let error = session.set_lifetime(of_seconds(3599)).unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::Expired));
    assert_eq!(
        (session.lifetime(), session.is_dirty()),
        (Lifetime::new(), false)
    );
    session.set_lifetime(of_seconds(3600)).unwrap();
}

#[test]
fn seconds_are_whole_and_there_is_at_least_one() {
    let config = config("");
    for (millis, seconds) in [
        (0, 1),
        (1, 1),
        (1000, 1),
        (1001, 2),
        (u64::MAX, 4_294_967_295),
    ] {
        let lifetime = Lifetime::new().max_age(Duration::from_millis(millis));
        let cookie = with_lifetime(&config, lifetime);
        assert_eq!(
            use_at(&config, &cookie, NOW).lifetime(),
            of_seconds(seconds)
        );
    }
}

#[test]
fn fe26_has_no_place_for_it_and_says_so() {
    let config = config(r#""seal":"h3-1""#);
    let mut session = use_at(&config, "", NOW);
    let error = session.set_lifetime(of_seconds(60)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
    assert!(error.message().contains("Fe26.2"), "{error}");
    session.set_lifetime(Lifetime::new()).unwrap();
}

#[test]
fn a_session_that_has_one_is_not_moved_to_fe26_and_so_made_longer() {
    let cookie = with_lifetime(&config(""), of_seconds(3600));
    let back = config(r#""seal":{"format":"h3-1","accept":["h3-1","h3s1"],"migrate":true}"#);
    let mut read = use_at(&back, &cookie, NOW);
    assert!(!read.is_dirty(), "it may stay as it is");
    let error = read.set_int("a", 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
    read.set_lifetime(Lifetime::new()).unwrap();
    read.set_int("a", 1).unwrap();
}
