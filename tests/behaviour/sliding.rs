//! Sliding beside the token: what a read sends under `idleTimeout` says when the session was last
//! seen, and nothing else.

use h3s::{Rejection, Source};

use super::*;

const HOUR: i64 = 3600 * SECOND;
const IDLE: &str = r#""idleTimeout":3600"#;

/// What a read at a time sets.
fn seen_at(config: &Config, cookie: &str, now_ms: i64) -> Vec<String> {
    set_cookies(&mut get_at(config, cookie, now_ms))
}

/// A jar with a session that was made at `NOW`, and seen once more at a time.
fn jar_seen_at(config: &Config, now_ms: i64) -> jar::Jar {
    let mut jar = jar::Jar::of(&sealed_at(config, r#"{"user":"ada"}"#, NOW));
    jar.take(&mut get_at(config, &jar.header(), now_ms));
    jar
}

fn value<'a>(jar: &'a jar::Jar, name: &str) -> &'a str {
    let found = jar.0.iter().find(|(known, _)| known == name);
    &found.unwrap().1
}

#[test]
fn a_read_sends_when_the_session_was_seen_and_nothing_else() {
    let config = config(IDLE);
    let cookie = sealed_at(&config, r#"{"user":"ada"}"#, NOW);
    assert!(seen_at(&config, &cookie, NOW + HOUR / 2).is_empty());
    let cookies = seen_at(&config, &cookie, NOW + HOUR / 2 + 1);
    assert_eq!(cookies.len(), 1);
    let (seen, attributes) = cookies[0].split_once("; ").unwrap();
    assert_eq!(seen.len(), "h3.seen=".len() + 30);
    assert!(seen.starts_with("h3.seen="));
    assert_eq!(
        attributes,
        "Max-Age=3600; Expires=Fri, 15 Jan 2027 09:30:00 GMT; Path=/; HttpOnly; Secure; SameSite=Lax"
    );
    let mut jar = jar::Jar::of(&cookie);
    jar.take(&mut get_at(&config, &cookie, NOW + HOUR / 2 + 1));
    assert_eq!(jar.header(), format!("{cookie}; {seen}"));
}

#[test]
fn what_says_so_makes_the_session_live_on_and_slides_again() {
    let config = config(IDLE);
    let mut jar = jar_seen_at(&config, NOW + HOUR);
    for hours in 2..100 {
        let mut session = get_at(&config, &jar.header(), NOW + hours * HOUR);
        assert_eq!(session.data(), r#"{"user":"ada"}"#);
        assert_eq!(session.last_seen_at(), Some(NOW + (hours - 1) * HOUR));
        assert_eq!(session.expires_at(), Some(NOW + (hours + 1) * HOUR));
        jar.take(&mut session);
        assert_eq!(session.last_seen_at(), Some(NOW + hours * HOUR));
    }
    let late = get_at(&config, &jar.header(), NOW + 100 * HOUR + 1);
    assert_eq!(late.rejection(), Some(Rejection::Idle));
}

#[test]
fn a_slow_read_that_answers_after_a_logout_does_not_undo_it() {
    let config = config(IDLE);
    let mut jar = jar_seen_at(&config, NOW + HOUR);
    let before = jar.header();
    let mut read = get_at(&config, &before, NOW + 2 * HOUR);
    let mut logout = use_at(&config, &before, NOW + 2 * HOUR);
    logout.clear();
    jar.take(&mut logout);
    jar.take(&mut read);
    let session = get_at(&config, &jar.header(), NOW + 2 * HOUR);
    assert_eq!((session.source(), session.data()), (Source::None, "{}"));
}

#[test]
fn a_slow_read_that_answers_after_a_write_does_not_undo_it() {
    let config = config(IDLE);
    let mut jar = jar_seen_at(&config, NOW + HOUR);
    let before = jar.header();
    let mut read = get_at(&config, &before, NOW + 2 * HOUR);
    let mut write = use_at(&config, &before, NOW + 2 * HOUR);
    write.set_text("user", "grace").unwrap();
    jar.take(&mut write);
    jar.take(&mut read);
    let session = get_at(&config, &jar.header(), NOW + 2 * HOUR);
    assert_eq!(session.text("/user").as_deref(), Some("grace"));
}

#[test]
fn the_later_of_the_two_counts() {
    let config = config(IDLE);
    let mut jar = jar_seen_at(&config, NOW + HOUR);
    let seen = value(&jar, "h3.seen").to_owned();
    let mut session = get_at(&config, &jar.header(), NOW + 2 * HOUR);
    session.set_int("visits", 1).unwrap();
    jar.take(&mut session);
    assert_eq!(value(&jar, "h3.seen"), seen, "what is older is left to end");
    let later = get_at(&config, &jar.header(), NOW + 3 * HOUR);
    assert_eq!(later.last_seen_at(), Some(NOW + 2 * HOUR));
}

#[test]
fn what_is_forged_or_of_another_session_key_or_name_is_as_if_it_were_not_there() {
    let config = config(IDLE);
    let jar = jar_seen_at(&config, NOW + HOUR);
    let (token, seen) = (value(&jar, "h3"), value(&jar, "h3.seen"));
    let others = [
        (IDLE.to_owned(), PASSWORD),
        (format!(r#"{IDLE},"name":"other""#), PASSWORD),
        (
            IDLE.to_owned(),
            "another password of at least 32 characters",
        ),
    ];
    let mut values: Vec<String> = Vec::new();
    for (more, password) in others {
        let options = format!(r#"{{"password":"{password}",{more}}}"#);
        let other = Config::from_json(options).unwrap();
        let jar = jar_seen_at(&other, NOW + HOUR);
        values.push(value(&jar, &format!("{}.seen", other.cookie_name())).into());
    }
    for at in 0..seen.len() {
        let mut forged = seen.as_bytes().to_vec();
        forged[at] = if forged[at] == b'B' { b'C' } else { b'B' };
        values.push(String::from_utf8(forged).unwrap());
    }
    values.extend(["", "x", &seen[1..], &format!("{seen}A")].map(str::to_owned));
    let at = NOW + HOUR + 1;
    for value in values {
        let session = get_at(&config, &format!("h3={token}; h3.seen={value}"), at);
        assert_eq!(session.rejection(), Some(Rejection::Idle), "{value}");
    }
    assert!(!get_at(&config, &jar.header(), at).is_new());
}

#[test]
fn after_rotate_what_said_so_before_counts_no_longer() {
    let config = config(IDLE);
    let mut jar = jar_seen_at(&config, NOW + HOUR);
    let before = jar.header();
    let mut session = get_at(&config, &before, NOW + HOUR);
    session.rotate().unwrap();
    jar.take(&mut session);
    // A read of the session as it was before, whose answer comes last.
    jar.take(&mut get_at(&config, &before, NOW + 2 * HOUR));
    let later = get_at(&config, &jar.header(), NOW + 2 * HOUR + 1);
    assert_eq!(later.rejection(), Some(Rejection::Idle));
}

#[test]
fn what_is_further_ahead_than_clocks_differ_is_passed_over() {
    let config = config(IDLE);
    let cookie = sealed_at(&config, "{}", NOW);
    let seen = |at| {
        let cookies = seen_at(&config, &cookie, at);
        cookies[0].split(';').next().unwrap().to_owned()
    };
    let at = NOW + HOUR - 600 * SECOND;
    for (ahead, last_seen) in [(600 * SECOND, at), (600 * SECOND + 1, NOW)] {
        let header = if at + ahead > NOW + HOUR {
            // Nobody sees an idle session: by way of one more step.
            let step = format!("{cookie}; {}", seen(NOW + HOUR));
            let cookies = seen_at(&config, &step, at + ahead + HOUR / 2);
            format!("{cookie}; {}", cookies[0].split(';').next().unwrap())
        } else {
            format!("{cookie}; {}", seen(at + ahead))
        };
        let session = get_at(&config, &header, at);
        assert_eq!(session.last_seen_at(), Some(last_seen), "{ahead}");
    }
}

#[test]
fn it_never_outlives_max_age_and_its_cookie_neither() {
    let config = config(r#""idleTimeout":3600,"maxAge":7200"#);
    let mut jar = jar::Jar::of(&sealed_at(&config, "{}", NOW));
    let cookies = seen_at(&config, &jar.header(), NOW + HOUR);
    assert!(cookies[0].contains("; Max-Age=3600; "), "{cookies:?}");
    jar.take(&mut get_at(&config, &jar.header(), NOW + HOUR));
    let cookies = seen_at(&config, &jar.header(), NOW + 2 * HOUR - SECOND);
    assert!(cookies[0].contains("; Max-Age=1; "), "{cookies:?}");
    let last = get_at(&config, &jar.header(), NOW + 2 * HOUR);
    assert_eq!(last.expires_at(), Some(NOW + 2 * HOUR));
    let after = get_at(&config, &jar.header(), NOW + 2 * HOUR + 1);
    assert_eq!(after.rejection(), Some(Rejection::Expired));
}

#[test]
fn the_sessions_own_cookie_is_there_as_long_as_the_session_may_slide() {
    let max_age = |more: &str| {
        let mut session = use_at(&config(more), "", NOW);
        set_cookies(&mut session).remove(0)
    };
    assert!(max_age(IDLE).contains("; Max-Age=34560000; "));
    assert!(max_age(r#""idleTimeout":3600,"maxAge":7200"#).contains("; Max-Age=7200; "));
    assert!(max_age(r#""idleTimeout":7200,"maxAge":3600"#).contains("; Max-Age=3600; "));
    assert!(max_age(r#""idleTimeout":3600,"seal":"h3-1""#).contains("; Max-Age=3600; "));
}

#[test]
fn where_a_session_ends_with_the_browser_so_does_what_says_when_it_was_seen() {
    let config = config(IDLE);
    let mut jar = jar::Jar::default();
    let mut session = use_at(&config, "", NOW);
    session
        .set_lifetime(h3s::Lifetime::new().ends_with_browser(true))
        .unwrap();
    jar.take(&mut session);
    let cookies = seen_at(&config, &jar.header(), NOW + HOUR);
    assert!(cookies[0].starts_with("h3.seen="));
    assert!(!cookies[0].contains("Max-Age") && !cookies[0].contains("Expires"));
}

#[test]
fn a_logout_deletes_it_whether_or_not_it_came() {
    let idle = config(IDLE);
    let jar = jar_seen_at(&idle, NOW + HOUR);
    for header in [jar.header(), format!("h3={}", value(&jar, "h3"))] {
        let mut session = use_at(&idle, &header, NOW + HOUR);
        session.clear();
        let cookies = set_cookies(&mut session);
        assert_eq!(cookies.len(), 2);
        assert!(
            cookies[1].starts_with("h3.seen=; Max-Age=0; "),
            "{cookies:?}"
        );
    }
    // Also once sessions have no idleTimeout any more, where it still comes.
    let mut session = use_at(&config(""), &jar.header(), NOW + HOUR);
    session.clear();
    assert_eq!(set_cookies(&mut session).len(), 2);
    let mut session = use_at(&config(""), "", NOW + HOUR);
    session.clear();
    assert_eq!(set_cookies(&mut session).len(), 1);
}

#[test]
fn it_is_one_of_the_sessions_cookies_upstream() {
    let config = config(IDLE);
    let jar = jar_seen_at(&config, NOW + HOUR);
    let header = format!("theme=dark; {}; lang=en", jar.header());
    let text = |pieces: Vec<&[u8]>| String::from_utf8(pieces.concat()).unwrap();
    assert_eq!(
        text(config.strip_cookies(&header).collect()),
        "theme=dark; lang=en"
    );
    let session = get_at(&config, &header, NOW + HOUR);
    assert_eq!(text(session.strip_other_cookies(&header).collect()), header);
}

#[test]
fn chunks_and_names_with_a_prefix_slide_as_others() {
    let config = config(
        r#""idleTimeout":3600,"name":"__Host-session","cookie":{"chunkMaxLength":100,"maxChunks":100}"#,
    );
    let data = format!(r#"{{"text":"{}"}}"#, "x".repeat(500));
    let mut jar = jar::Jar::of(&sealed_at(&config, &data, NOW));
    assert!(jar.names().len() > 5);
    for hours in 1..4 {
        let mut session = get_at(&config, &jar.header(), NOW + hours * HOUR);
        assert_eq!(session.data(), data);
        let cookies = set_cookies(&mut session);
        assert_eq!(cookies.len(), 1);
        assert!(cookies[0].starts_with("__Host-session.seen="));
        assert!(cookies[0].contains("; Path=/; ") && cookies[0].contains("; Secure"));
        jar.take(&mut session);
    }
}

#[test]
fn a_header_session_does_not_live_on_by_a_cookie() {
    let config = config(IDLE);
    let jar = jar_seen_at(&config, NOW + HOUR);
    let late = NOW + HOUR + 1;
    let header = jar.header();
    let bare = request(&header, value(&jar, "h3"), late);
    let session = config.get_session(&bare).unwrap();
    assert_eq!(session.rejection(), Some(Rejection::Idle));
    let error = config.unseal(&bare).unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::Idle));
}

#[test]
fn of_several_the_latest_authentic_one_counts_and_at_most_four_are_tried() {
    let config = config(IDLE);
    let mut jar = jar_seen_at(&config, NOW + HOUR);
    let (token, first) = (
        value(&jar, "h3").to_owned(),
        value(&jar, "h3.seen").to_owned(),
    );
    jar.take(&mut get_at(&config, &jar.header(), NOW + 2 * HOUR));
    let second = value(&jar, "h3.seen").to_owned();
    let with = |values: &[&str]| {
        let seen: String = values
            .iter()
            .map(|value| format!("; h3.seen={value}"))
            .collect();
        get_at(&config, &format!("h3={token}{seen}"), NOW + 2 * HOUR).last_seen_at()
    };
    let forged = "A".repeat(30);
    assert_eq!(with(&[&first, &second]), Some(NOW + 2 * HOUR));
    assert_eq!(with(&[&second, &forged, &first]), Some(NOW + 2 * HOUR));
    assert_eq!(
        with(&[&first, &forged, &forged, &second]),
        Some(NOW + 2 * HOUR)
    );
    assert_eq!(
        with(&[&first, &forged, &forged, &forged, &second]),
        Some(NOW + HOUR)
    );
}

#[test]
fn where_no_read_shall_seal_none_slides() {
    let config = config(r#""idleTimeout":3600,"refresh":false"#);
    let cookie = sealed_at(&config, "{}", NOW);
    assert!(seen_at(&config, &cookie, NOW + HOUR).is_empty());
}

#[test]
fn under_an_older_password_a_read_seals_the_session_again() {
    let before = config(IDLE);
    let mut jar = jar_seen_at(&before, NOW + HOUR);
    let passwords =
        format!(r#"{{"k2":"another password of at least 32 characters","k1":"{PASSWORD}"}}"#);
    let after = Config::from_json(format!(r#"{{"password":{passwords},{IDLE}}}"#)).unwrap();
    let mut session = get_at(&after, &jar.header(), NOW + 2 * HOUR);
    assert_eq!(
        session.last_seen_at(),
        Some(NOW + HOUR),
        "also by its older key"
    );
    let cookies = set_cookies(&mut session);
    assert!(cookies[0].starts_with("h3=h3s1.k2."), "{cookies:?}");
    jar.take(&mut session);
    let later = get_at(&after, &jar.header(), NOW + 3 * HOUR);
    assert_eq!(later.last_seen_at(), Some(NOW + 2 * HOUR));
}

#[test]
fn a_token_that_is_sealed_of_a_session_that_slid_says_so() {
    let config = config(IDLE);
    let jar = jar_seen_at(&config, NOW + HOUR);
    for takes_cookies in [false, true] {
        let mut session = get_at(&config, &jar.header(), NOW + 2 * HOUR);
        if takes_cookies {
            assert_eq!(set_cookies(&mut session).len(), 1);
        }
        let token = session.seal().unwrap().to_owned();
        let by_token = config
            .unseal(&Request::from_token(&token).at(NOW + 3 * HOUR))
            .unwrap();
        assert_eq!(by_token.last_seen_at(), Some(NOW + 2 * HOUR));
        let cookies = set_cookies(&mut session);
        assert!(
            cookies.len() == 1 && cookies[0].starts_with("h3.seen="),
            "{cookies:?}"
        );
    }
}

#[test]
fn a_moved_clock_says_so_anew_and_still_sends_no_data() {
    let config = config(IDLE);
    let jar = jar_seen_at(&config, NOW + HOUR);
    let mut session = get_at(&config, &jar.header(), NOW + 2 * HOUR);
    let first = set_cookies(&mut session);
    assert!(!session.is_dirty());
    session.set_now(NOW + 2 * HOUR + SECOND).unwrap();
    assert!(session.is_dirty());
    let second = set_cookies(&mut session);
    assert!(second[0].starts_with("h3.seen=") && second != first);
    session.set_int("visits", 1).unwrap();
    assert!(set_cookies(&mut session)[0].starts_with("h3=h3s1."));
}

#[test]
fn a_server_without_an_idle_timeout_keeps_what_others_need() {
    let idle = config(IDLE);
    let mut jar = jar_seen_at(&idle, NOW + HOUR);
    let mut session = get_at(&config(""), &jar.header(), NOW + HOUR);
    assert_eq!(session.last_seen_at(), Some(NOW + HOUR));
    session.set_int("visits", 1).unwrap();
    jar.take(&mut session);
    assert!(!get_at(&idle, &jar.header(), NOW + 2 * HOUR).is_new());
}

/// The Cookie header of one session as it was, and as it is after a write.
fn before_and_after_a_write(config: &Config) -> (String, String) {
    let before = sealed_at(config, r#"{"v":"old"}"#, NOW);
    let mut session = get_at(config, &before, NOW + SECOND);
    session.set_text("v", "new").unwrap();
    let mut jar = jar::Jar::default();
    jar.take(&mut session);
    (before, jar.header())
}

#[test]
fn of_two_cookies_of_one_session_the_one_that_was_written_later_counts_also_once_it_has_slid() {
    let config = config(IDLE);
    let (old, new) = before_and_after_a_write(&config);
    for header in [format!("{new}; {old}"), format!("{old}; {new}")] {
        let mut jar = jar::Jar::default();
        jar.take(&mut get_at(&config, &header, NOW + HOUR));
        let header = format!("{header}; {}", jar.header());
        let session = get_at(&config, &header, NOW + 2 * HOUR);
        assert_eq!(session.text("/v").as_deref(), Some("new"));
        assert_eq!(session.last_seen_at(), Some(NOW + HOUR));
    }
}

#[test]
fn a_slow_read_does_not_undo_a_logout_beside_a_cookie_of_another_path() {
    let config = config(IDLE);
    let other = sealed_at(&config, r#"{"user":"ada"}"#, NOW + SECOND);
    let own = sealed_at(&config, "{}", NOW);
    let header = format!("{other}; {own}");
    let mut logout = use_at(&config, &header, NOW + HOUR);
    logout.clear();
    let mut jar = jar::Jar::default();
    jar.take(&mut logout);
    // Its answer comes last, and it began a little later.
    let mut read = get_at(&config, &header, NOW + HOUR + 1);
    assert_eq!(read.text("/user").as_deref(), Some("ada"));
    jar.take(&mut read);
    assert_eq!(jar.names(), ["h3", "h3.seen"]);
    let header = format!("{other}; {}", jar.header());
    let session = get_at(&config, &header, NOW + HOUR + 2);
    assert_eq!(session.data(), "{}");
}

#[test]
fn the_empty_session_that_takes_the_place_of_others_has_a_cookie_as_long_as_it_slides() {
    let config = config(IDLE);
    let header = format!(
        "{}; {}",
        sealed_at(&config, "{}", NOW),
        sealed_at(&config, "{}", NOW)
    );
    let mut logout = use_at(&config, &header, NOW + HOUR);
    logout.clear();
    assert!(set_cookies(&mut logout)[0].contains("; Max-Age=34560000; "));
}

#[test]
fn a_session_that_does_not_fit_under_the_new_password_slides_under_its_own() {
    let cookie = r#""cookie":{"maxChunks":1,"chunkMaxLength":200}"#;
    let before = config(&format!("{IDLE},{cookie}"));
    let mut session = use_at(&before, "", NOW);
    let mut len = 0;
    while session.set_text("a", &"x".repeat(len + 1)).is_ok() {
        len += 1;
    }
    let mut jar = jar::Jar::default();
    jar.take(&mut session);
    let passwords = format!(
        r#"{{"with_an_id":"another password of at least 32 characters","default":"{PASSWORD}"}}"#
    );
    let after = format!(r#"{{"password":{passwords},{IDLE},{cookie}}}"#);
    let after = Config::from_json(after).unwrap();
    for hours in 1..4 {
        let mut session = get_at(&after, &jar.header(), NOW + hours * HOUR);
        assert_eq!(session.text("/a").unwrap().len(), len);
        let cookies = set_cookies(&mut session);
        assert!(
            cookies.len() == 1 && cookies[0].starts_with("h3.seen="),
            "{cookies:?}"
        );
        jar.take(&mut session);
    }
}

#[test]
fn what_says_when_it_was_seen_ends_when_it_will_be_idle_whatever_the_cookies_max_age() {
    let config = config(r#""idleTimeout":3600,"cookie":{"maxAge":86400}"#);
    let cookie = sealed_at(&config, "{}", NOW);
    let cookies = seen_at(&config, &cookie, NOW + HOUR);
    assert!(cookies[0].contains("; Max-Age=3600; "), "{cookies:?}");
}

#[test]
fn where_none_slides_beside_its_token_a_logout_deletes_nothing_more() {
    for (options, cookies) in [
        (r#""idleTimeout":3600,"seal":"fe26.2""#, 1),
        (r#""maxAge":3600"#, 1),
        (IDLE, 2),
    ] {
        let mut session = get_at(&config(options), "", NOW);
        session.set_int("a", 1).unwrap();
        session.clear();
        assert_eq!(set_cookies(&mut session).len(), cookies, "{options}");
    }
}
