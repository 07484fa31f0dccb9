//! What is counted, and when: each figure goes up by what its sentence says, and no other does.

use std::thread;

use h3s::{Counts, ErrorKind, Rejection, Revocations};

use super::jar::Jar;
use super::*;

const HOUR: i64 = 3600 * SECOND;

/// What was counted between two moments, as names of those that went up.
fn between(before: Counts, after: Counts) -> Vec<(String, u64)> {
    let each = |counts: Counts| {
        [
            ("opened_cookie", counts.opened_cookie),
            ("opened_header", counts.opened_header),
            ("opened_token", counts.opened_token),
            ("made", counts.made),
            ("opened_old_password", counts.opened_old_password),
            ("opened_other_format", counts.opened_other_format),
            ("cold", counts.cold),
            ("busy", counts.busy),
            ("stale", counts.stale),
            ("sealed", counts.sealed),
            ("slid", counts.slid),
            ("moved_password", counts.moved_password),
            ("moved_format", counts.moved_format),
            ("rotated", counts.rotated),
            ("cleared", counts.cleared),
            ("revoked", counts.revoked),
            ("malformed", counts.refused(Rejection::Malformed)),
            (
                "unsupported_format",
                counts.refused(Rejection::UnsupportedFormat),
            ),
            ("unknown_key", counts.refused(Rejection::UnknownKey)),
            ("bad_seal", counts.refused(Rejection::BadSeal)),
            ("expired", counts.refused(Rejection::Expired)),
            ("idle", counts.refused(Rejection::Idle)),
            ("revoked before", counts.refused(Rejection::Revoked)),
            ("too_large", counts.refused(Rejection::TooLarge)),
        ]
    };
    let pairs = each(before).into_iter().zip(each(after));
    let grown = pairs.map(|((name, before), (_, after))| (name.to_owned(), after - before));
    grown.filter(|(_, by)| *by > 0).collect()
}

/// That just these go up, each by one, when something is done with a config.
#[track_caller]
fn counts_one<T>(config: &Config, expected: &[&str], act: impl FnOnce() -> T) -> T {
    let before = config.counts();
    let result = act();
    let counted = between(before, config.counts());
    let expected: Vec<_> = expected.iter().map(|name| ((*name).into(), 1)).collect();
    assert_eq!(counted, expected);
    result
}

#[test]
fn a_new_config_has_counted_nothing_and_its_clones_count_with_it() {
    let config = config("");
    assert_eq!(config.counts(), Counts::default());
    drop(use_at(&config.clone(), "", NOW));
    assert_eq!(config.counts().made, 1);
}

#[test]
fn an_opening_counts_by_where_the_session_came_from() {
    let config = config("");
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let token = token_at(&config, r#"{"a":1}"#, NOW);
    counts_one(&config, &["made"], || use_at(&config, "", NOW));
    counts_one(&config, &["made"], || get_at(&config, "theme=dark", NOW));
    counts_one(&config, &["opened_cookie"], || {
        use_at(&config, &cookie, NOW)
    });
    counts_one(&config, &["opened_cookie"], || {
        get_at(&config, &cookie, NOW)
    });
    counts_one(&config, &["opened_header"], || {
        config.use_session(&request(&cookie, &token, NOW)).unwrap()
    });
    counts_one(&config, &["opened_token"], || {
        config.unseal(&Request::from_token(&token).at(NOW)).unwrap()
    });
}

#[test]
fn a_session_is_counted_when_it_is_opened_and_not_when_it_is_read() {
    let config = config("");
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let mut session = use_at(&config, &cookie, NOW);
    counts_one(&config, &[], || {
        assert_eq!(session.int("/a"), Some(1));
        session.ensure().unwrap();
        assert!(session.set_cookies().unwrap().is_empty());
    });
}

#[test]
fn a_refusal_counts_by_its_reason_beside_the_session_that_was_made() {
    let config = config(r#""maxAge":3600"#);
    let other = super::config(r#""name":"other""#);
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let of_other = token_at(&other, "{}", NOW);
    let foreign = token_at(&super::config(r#""seal":"h3-2""#), "{}", NOW);
    let long = format!("h3s1..{}", "A".repeat(20_000));
    let refused = |cookie: &str, header: &str, now| {
        drop(config.use_session(&request(cookie, header, now)).unwrap());
    };
    counts_one(&config, &["made", "malformed"], || {
        refused("h3=h3s1..AAAA", "", NOW)
    });
    counts_one(&config, &["made", "unsupported_format"], || {
        refused(&format!("h3={foreign}"), "", NOW)
    });
    counts_one(&config, &["made", "unknown_key"], || {
        let of_key = cookie.replace("h3s1..", "h3s1.k9.");
        refused(&of_key, "", NOW)
    });
    counts_one(&config, &["made", "bad_seal"], || {
        refused(&format!("h3={of_other}"), "", NOW)
    });
    counts_one(&config, &["made", "expired"], || {
        refused(&cookie, "", NOW + HOUR + 1)
    });
    counts_one(&config, &["made", "too_large"], || refused("", &long, NOW));
    let idle = super::config(r#""idleTimeout":3600"#);
    let cookie = sealed_at(&idle, r#"{"a":1}"#, NOW);
    counts_one(&idle, &["made", "idle"], || {
        use_at(&idle, &cookie, NOW + HOUR + 1)
    });
    let not_before = super::config(&format!(r#""notBefore":{}"#, NOW + 1));
    counts_one(&not_before, &["made", "revoked before"], || {
        use_at(&not_before, &sealed_at(&super::config(""), "{}", NOW), NOW)
    });
}

#[test]
fn a_refused_bare_token_counts_its_reason_alone() {
    let config = config("");
    counts_one(&config, &["malformed"], || {
        config.unseal(&Request::from_token("h3s1..AAAA").at(NOW))
    })
    .unwrap_err();
}

#[test]
fn of_several_candidates_the_first_refusal_counts_even_if_another_opens() {
    let config = config("");
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let forged = "h3=h3s1..AAAA";
    counts_one(&config, &["opened_cookie", "malformed"], || {
        use_at(&config, &format!("{forged}; {cookie}"), NOW)
    });
    counts_one(&config, &["opened_cookie"], || {
        use_at(&config, &format!("{cookie}; {forged}"), NOW)
    });
}

#[test]
fn what_was_not_tried_counts_as_cold_or_busy_and_as_no_session() {
    let there = config(r#""seal":"h3-2""#);
    let here = config(r#""seal":"h3-2""#);
    let token = token_at(&there, r#"{"a":1}"#, NOW);
    let asked = request("", &token, NOW);
    counts_one(&here, &["cold"], || {
        here.use_session(&asked.warm_only(true)).unwrap_err()
    });
    let parts: Vec<&str> = token.rsplitn(3, '*').collect();
    let forged = |n: u32| format!("{}*{n:064x}*{}", parts[2], parts[0]);
    for n in 0..20 {
        let forged = forged(n);
        let asked = request("", &forged, NOW).peer("mallory");
        counts_one(&here, &["made", "bad_seal"], || {
            here.get_session(&asked).unwrap()
        });
    }
    let forged = forged(20);
    let asked = request("", &forged, NOW).peer("mallory");
    counts_one(&here, &["busy"], || here.get_session(&asked).unwrap_err());
    let bare = Request::from_token(&forged).at(NOW);
    counts_one(&here, &["cold"], || {
        here.unseal(&bare.warm_only(true)).unwrap_err()
    });
    let bare = bare.peer("mallory");
    counts_one(&here, &["busy"], || here.unseal(&bare).unwrap_err());
}

#[test]
fn one_seal_counts_however_often_its_cookies_are_asked_for() {
    let config = config("");
    let mut session = use_at(&config, "", NOW);
    counts_one(&config, &["sealed"], || {
        session.set_int("a", 1).unwrap();
        session.set_int("a", 2).unwrap();
        assert_eq!(set_cookies(&mut session), set_cookies(&mut session));
        session.seal().unwrap();
    });
    counts_one(&config, &["sealed"], || {
        session.set_int("a", 3).unwrap();
        session.seal().unwrap();
        set_cookies(&mut session);
    });
}

#[test]
fn a_write_that_fails_and_a_session_that_is_dropped_seal_nothing() {
    let config = config("");
    let mut session = use_at(&config, "", NOW);
    counts_one(&config, &[], || {
        session.set("a", "not JSON").unwrap_err();
        session.set_int("a", 1).unwrap();
        drop(session);
    });
}

#[test]
fn a_slide_beside_the_token_seals_nothing_and_one_of_fe26_does() {
    let beside = config(r#""idleTimeout":3600"#);
    let cookie = sealed_at(&beside, r#"{"a":1}"#, NOW);
    let later = NOW + HOUR / 2 + 1;
    let mut session = get_at(&beside, &cookie, later);
    counts_one(&beside, &["slid"], || set_cookies(&mut session));
    let inside = config(r#""idleTimeout":3600,"seal":"h3-2""#);
    let cookie = sealed_at(&inside, r#"{"a":1}"#, NOW);
    let mut session = get_at(&inside, &cookie, later);
    counts_one(&inside, &["sealed", "slid"], || set_cookies(&mut session));
}

#[test]
fn a_write_does_not_count_as_a_slide() {
    let config = config(r#""idleTimeout":3600,"seal":"h3-2""#);
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let mut session = get_at(&config, &cookie, NOW + HOUR / 2 + 1);
    session.set_int("a", 2).unwrap();
    counts_one(&config, &["sealed"], || set_cookies(&mut session));
}

#[test]
fn a_session_under_an_old_password_counts_when_it_opens_and_when_a_read_moves_it() {
    let old = Config::from_json(format!(r#"{{"password":{{"k1":"{PASSWORD}"}}}}"#)).unwrap();
    let both = r#"{"password":{"k2":"another one that is long enough to be used","k1":"#;
    let new = Config::from_json(format!(r#"{both}"{PASSWORD}"}}}}"#)).unwrap();
    let cookie = sealed_at(&old, r#"{"a":1}"#, NOW);
    let token = cookie.trim_start_matches("h3=").to_owned();
    let mut session = counts_one(&new, &["opened_cookie", "opened_old_password"], || {
        get_at(&new, &cookie, NOW)
    });
    let mut jar = Jar::default();
    counts_one(&new, &["sealed", "moved_password"], || {
        jar.take(&mut session);
    });
    counts_one(&new, &["opened_cookie"], || {
        get_at(&new, &jar.header(), NOW)
    });
    counts_one(&new, &["opened_header", "opened_old_password"], || {
        new.get_session(&request("", &token, NOW)).unwrap()
    });
    counts_one(&new, &["opened_token", "opened_old_password"], || {
        new.unseal(&Request::from_token(&token).at(NOW)).unwrap()
    });
}

#[test]
fn a_session_of_another_format_counts_when_it_opens_and_when_a_read_moves_it() {
    let there = config(r#""seal":"h3-2""#);
    let stays = config(r#""seal":{"accept":["h3s1","h3-2"]}"#);
    let moves = config(r#""seal":{"accept":["h3s1","h3-2"],"migrate":true}"#);
    let cookie = sealed_at(&there, r#"{"a":1}"#, NOW);
    let opened = ["opened_cookie", "opened_other_format"];
    let mut session = counts_one(&stays, &opened, || get_at(&stays, &cookie, NOW));
    counts_one(&stays, &[], || set_cookies(&mut session));
    let mut session = counts_one(&moves, &opened, || get_at(&moves, &cookie, NOW));
    counts_one(&moves, &["sealed", "moved_format"], || {
        set_cookies(&mut session)
    });
}

#[test]
fn a_session_ends_once_by_clear_and_once_by_revoke() {
    let config = config(r#""maxAge":3600,"revocation":{}"#);
    let revocations = Revocations::new(10).unwrap();
    revocations.heard(NOW).unwrap();
    let new = |cookie| {
        let request = request(cookie, "", NOW).revocations(&revocations);
        config.use_session(&request).unwrap()
    };
    let mut session = new("");
    counts_one(&config, &["cleared"], || session.clear());
    counts_one(&config, &[], || session.clear());
    counts_one(&config, &[], || session.revoke().unwrap());
    let mut session = new("");
    counts_one(&config, &["revoked"], || session.revoke().unwrap());
    counts_one(&config, &[], || session.clear());
    // What is written after it is another session, which ends anew.
    session.set_int("a", 1).unwrap();
    counts_one(&config, &["cleared"], || session.clear());
    let mut session = new("");
    counts_one(&config, &["sealed"], || set_cookies(&mut session));
    counts_one(&config, &["rotated"], || session.rotate().unwrap());
    session.clear();
    counts_one(&config, &[], || session.rotate().unwrap_err());
}

#[test]
fn a_server_that_may_not_know_the_latest_logouts_counts_whom_it_did_not_serve() {
    let config = config(r#""maxAge":3600,"revocation":{"stale":"closed","maxStale":60}"#);
    let revocations = Revocations::new(10).unwrap();
    revocations.heard(NOW).unwrap();
    let at = |cookie, now| request(cookie, "", now).revocations(&revocations);
    let mut session = config.use_session(&at("", NOW)).unwrap();
    let mut jar = Jar::default();
    jar.take(&mut session);
    let cookie = jar.header();
    let stale = counts_one(&config, &["stale"], || {
        config.use_session(&at(&cookie, NOW + 61 * SECOND))
    });
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::Stale);
}

#[test]
fn threads_on_one_config_lose_no_count() {
    const THREADS: u64 = 8;
    const EACH: u64 = 500;
    let config = config("");
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let before = config.counts();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    let mut session = use_at(&config, &cookie, NOW);
                    session.set_int("a", 2).unwrap();
                    set_cookies(&mut session);
                    get_at(&config, "h3=h3s1..AAAA", NOW);
                }
            });
        }
    });
    let counted = between(before, config.counts());
    let all = THREADS * EACH;
    let expected = ["opened_cookie", "made", "sealed", "malformed"];
    let expected: Vec<_> = expected.map(|name| (name.to_owned(), all)).into();
    assert_eq!(counted, expected);
}
