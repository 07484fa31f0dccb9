use h3s::{Config, ErrorKind, Rejection, Request, Source};

use super::*;

const KEYED: &str = r#"{"password":{"new":"a new password of at least 32 characters","old":"an old password of at least 32 characters"}}"#;
const OLD: &str = r#"{"password":{"old":"an old password of at least 32 characters"}}"#;
const OTHER: &str = r#"{"password":{"other":"another password of at least 32 characters"}}"#;

fn of(options: &str) -> Config {
    Config::from_json(options).expect("the options are right")
}

fn damaged(token: &str) -> String {
    let mut bytes = token.as_bytes().to_vec();
    let at = bytes.len() / 2;
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_token_may_be_as_long_as_max_token_length_says_and_no_longer() {
    for format in ["h3s1", "h3-1"] {
        let with = |len: usize| config(&format!(r#""seal":"{format}","maxTokenLength":{len}"#));
        let token = token_at(
            &with(16_384),
            &format!(r#"{{"a":"{}"}}"#, "x".repeat(300)),
            NOW,
        );
        let (enough, less) = (with(token.len()), with(token.len() - 1));
        assert!(enough.unseal(&Request::from_token(&token).at(NOW)).is_ok());
        let refused = less.unseal(&Request::from_token(&token).at(NOW));
        assert_eq!(refused.unwrap_err().rejection(), Some(Rejection::TooLarge));
        let opened = |config: &Config| config.use_session(&request("", &token, NOW)).unwrap();
        assert_eq!(opened(&enough).rejection(), None);
        assert_eq!(opened(&less).rejection(), Some(Rejection::TooLarge));
    }
    let with = |len: usize| config(&format!(r#""seal":"h3-1","maxTokenLength":{len}"#));
    let seal = with(16_384)
        .iron_seal(format!("\"{}\"", "x".repeat(300)), NOW)
        .unwrap();
    let opened = |len: usize| with(len).iron_unseal(&Request::from_token(&seal).at(NOW));
    assert!(opened(seal.len()).is_ok());
    assert_eq!(
        opened(seal.len() - 1).unwrap_err().rejection(),
        Some(Rejection::TooLarge)
    );
}

#[test]
fn use_makes_a_session_and_sets_its_cookie_at_once() {
    let mut session = use_at(&config(""), "", NOW);
    assert!(session.is_new() && session.is_dirty());
    assert_eq!((session.data(), session.created_at()), ("{}", Some(NOW)));
    assert_eq!(
        (session.source(), session.rejection()),
        (Source::None, None)
    );
    assert_eq!(session.id().unwrap().len(), 36);
    assert_eq!(set_cookies(&mut session).len(), 1);
    assert!(!session.is_dirty());
}

#[test]
fn get_makes_a_session_that_costs_nothing_until_it_is_written() {
    let mut session = get_at(&config(""), "", NOW);
    assert!(session.is_new() && !session.is_dirty());
    assert!(set_cookies(&mut session).is_empty());
    session.update("{}").unwrap();
    assert!(session.is_dirty());
    assert_eq!(set_cookies(&mut session).len(), 1);
}

#[test]
fn a_session_that_is_only_read_sets_no_cookie() {
    let config = config("");
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let mut session = use_at(&config, &cookie, NOW);
    assert_eq!(
        (session.source(), session.is_new()),
        (Source::Cookie, false)
    );
    assert!(set_cookies(&mut session).is_empty());
}

#[test]
fn the_header_wins_over_the_cookie() {
    let config = config("");
    let cookie = sealed_at(&config, r#"{"from":"cookie"}"#, NOW);
    let token = token_at(&config, r#"{"from":"header"}"#, NOW);
    let session = config.use_session(&request(&cookie, &token, NOW)).unwrap();
    assert_eq!(
        (session.source(), session.data()),
        (Source::Header, r#"{"from":"header"}"#)
    );
}

#[test]
fn an_empty_header_is_no_header() {
    let config = config("");
    let cookie = sealed_at(&config, "{}", NOW);
    let session = config.use_session(&request(&cookie, " \t", NOW)).unwrap();
    assert_eq!(
        (session.source(), session.rejection()),
        (Source::Cookie, None)
    );
}

#[test]
fn a_bearer_token_is_the_token() {
    let config = config(r#""sessionHeader":"authorization""#);
    let token = token_at(&config, r#"{"from":"header"}"#, NOW);
    let cookie = sealed_at(&config, r#"{"from":"cookie"}"#, NOW);
    for (value, source) in [
        (format!("Bearer {token}"), Source::Header),
        (format!(" bearer   {token} "), Source::Header),
        (token.clone(), Source::Header),
        ("Bearer".into(), Source::Cookie),
        ("Bearer  ".into(), Source::Cookie),
        (format!("Bearer{token}"), Source::Cookie),
        (format!("Basic {token}"), Source::Cookie),
    ] {
        let session = config.use_session(&request(&cookie, &value, NOW)).unwrap();
        assert_eq!(session.source(), source, "{value}");
    }
}

#[test]
fn a_header_that_does_not_open_gives_way_to_the_cookie_and_says_why() {
    let config = config("");
    let cookie = sealed_at(&config, "{}", NOW);
    let token = token_at(&config, "{}", NOW);
    let keyed = token_at(&of(OTHER), "{}", NOW);
    let long = format!("h3s1..{}", "A".repeat(16_384));
    for (header, why) in [
        ("nonsense", Rejection::Malformed),
        ("h3s2.x", Rejection::UnsupportedFormat),
        ("Fe26.2*1*2", Rejection::UnsupportedFormat),
        (&keyed, Rejection::UnknownKey),
        (&damaged(&token), Rejection::BadSeal),
        (&long, Rejection::TooLarge),
    ] {
        let session = config.use_session(&request(&cookie, header, NOW)).unwrap();
        assert_eq!(
            (session.source(), session.rejection()),
            (Source::Cookie, Some(why)),
            "{header}"
        );
    }
}

#[test]
fn a_header_whose_session_has_ended_does_not_silently_become_another_session() {
    let config = config(r#""maxAge":60"#);
    let token = token_at(&config, "{}", NOW);
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW + 50 * SECOND);
    let mut session = config
        .use_session(&request(&cookie, &token, NOW + 70 * SECOND))
        .unwrap();
    assert_eq!((session.source(), session.data()), (Source::None, "{}"));
    assert_eq!(session.rejection(), Some(Rejection::Expired));
    assert!(
        set_cookies(&mut session).is_empty(),
        "and the cookie's session is not destroyed"
    );
}

#[test]
fn writing_a_header_session_sets_cookies_as_well() {
    let config = config("");
    let token = token_at(&config, "{}", NOW);
    let mut session = config.use_session(&request("", &token, NOW)).unwrap();
    session.set("a", "1").unwrap();
    assert_eq!(set_cookies(&mut session).len(), 1);
}

#[test]
fn a_session_header_that_is_off_is_not_read() {
    let off = config(r#""sessionHeader":false"#);
    let token = token_at(&config(""), r#"{"a":1}"#, NOW);
    assert!(off.use_session(&request("", &token, NOW)).unwrap().is_new());
}

#[test]
fn cookie_false_neither_reads_nor_writes_cookies() {
    let header_only = config(r#""cookie":false"#);
    let cookie = sealed_at(&config(""), r#"{"a":1}"#, NOW);
    let mut session = use_at(&header_only, &cookie, NOW);
    assert!(session.is_new() && session.is_dirty());
    assert_eq!(session.rejection(), None);
    assert!(set_cookies(&mut session).is_empty());
    session.set("a", "1").unwrap();
    assert!(session.is_dirty());
    let token = session.seal().unwrap().to_owned();
    assert!(!session.is_dirty());
    let again = header_only.use_session(&request("", &token, NOW)).unwrap();
    assert_eq!(
        (again.source(), again.data()),
        (Source::Header, r#"{"a":1}"#)
    );
}

#[test]
fn what_may_be_valid_elsewhere_is_not_destroyed_by_a_visit() {
    let config = config("");
    let foreign = format!("h3={}", token_at(&of(OTHER), "{}", NOW));
    for cookie in [foreign.as_str(), "h3=Fe26.2*a*b", "h3=h3s2.abc"] {
        let mut session = use_at(&config, cookie, NOW);
        assert!(session.is_new() && session.rejection().is_some());
        assert!(set_cookies(&mut session).is_empty(), "{cookie}");
        session.set("a", "1").unwrap();
        assert_eq!(set_cookies(&mut session).len(), 1);
    }
}

#[test]
fn what_a_wrong_clock_a_limit_or_a_proxy_has_made_unreadable_is_not_destroyed_by_a_visit() {
    let config = config("");
    let ahead = sealed_at(&config, "{}", NOW + 11 * 60 * SECOND);
    let many = super::config(r#""cookie":{"maxChunks":100}"#);
    let chunks = sealed_at(&many, &format!(r#"{{"a":"{}"}}"#, "x".repeat(9000)), NOW);
    let (lacks_one, _) = chunks.rsplit_once("; ").unwrap();
    let long = format!("h3=h3s1..{}", "A".repeat(5000));
    for cookie in [&*ahead, lacks_one, &long] {
        let mut session = use_at(&config, cookie, NOW);
        assert!(session.is_new() && session.rejection().is_some());
        assert!(set_cookies(&mut session).is_empty(), "{cookie:.60}");
        session.set("a", "1").unwrap();
        assert!(!set_cookies(&mut session).is_empty());
    }
}

#[test]
fn a_rejection_is_that_of_the_first_candidate() {
    let config = config("");
    let good = sealed_at(&config, r#"{"a":1}"#, NOW);
    let token = good.strip_prefix("h3=").unwrap();
    let bad = format!("h3={}", damaged(token));
    let foreign = "h3=h3s2.x";
    for (cookie, header, why) in [
        (format!("{bad}; {good}"), "", Some(Rejection::BadSeal)),
        (format!("{good}; {bad}"), "", None),
        (format!("h3=plain; {good}"), "", None),
        (
            format!("{foreign}; {bad}; {good}"),
            "",
            Some(Rejection::UnsupportedFormat),
        ),
        (
            format!("{foreign}; {bad}"),
            "",
            Some(Rejection::UnsupportedFormat),
        ),
        (
            format!("{bad}; {good}"),
            "h3s1..x",
            Some(Rejection::Malformed),
        ),
        (
            format!("{good}; {bad}"),
            "h3s1..x",
            Some(Rejection::Malformed),
        ),
        (bad.clone(), token, None),
        ("h3=plain".to_owned(), "", Some(Rejection::Malformed)),
        ("h3=; x=1".to_owned(), "", None),
    ] {
        let session = config.get_session(&request(&cookie, header, NOW)).unwrap();
        assert_eq!(session.rejection(), why, "{cookie} {header}");
    }
}

#[test]
fn what_is_broken_is_replaced_by_a_visit() {
    let config = config("");
    let token = token_at(&config, "{}", NOW);
    let mixed = format!("h3=h3s2.abc; h3={}", damaged(&token));
    for cookie in [
        "h3=nonsense",
        "h3=h3s1..x",
        &format!("h3={}", damaged(&token)),
        &mixed,
    ] {
        assert_eq!(
            set_cookies(&mut use_at(&config, cookie, NOW)).len(),
            1,
            "{cookie}"
        );
    }
}

#[test]
fn an_older_password_opens_and_is_replaced_on_read() {
    let cookie = sealed_at(&of(OLD), r#"{"a":1}"#, NOW);
    let keyed = of(KEYED);
    let mut session = get_at(&keyed, &cookie, NOW + SECOND);
    assert_eq!(
        (session.data(), session.created_at()),
        (r#"{"a":1}"#, Some(NOW))
    );
    assert!(set_cookies(&mut session)[0].starts_with("h3=h3s1.new."));
}

#[test]
fn refresh_false_leaves_an_older_password_until_the_next_write() {
    let cookie = sealed_at(&of(OLD), "{}", NOW);
    let keyed = of(&KEYED.replace("}}", r#"},"refresh":false}"#));
    let mut session = use_at(&keyed, &cookie, NOW);
    assert!(set_cookies(&mut session).is_empty());
    session.set("a", "1").unwrap();
    assert!(set_cookies(&mut session)[0].starts_with("h3=h3s1.new."));
}

#[test]
fn a_token_without_a_key_id_belongs_to_the_password_called_default() {
    let cookie = sealed_at(&config(""), r#"{"a":1}"#, NOW);
    let keyed = of(&format!(
        r#"{{"password":{{"new":"a new password of at least 32 characters","default":"{PASSWORD}"}}}}"#
    ));
    assert_eq!(use_at(&keyed, &cookie, NOW).data(), r#"{"a":1}"#);
}

#[test]
fn changing_from_a_string_to_ids_logs_nobody_out() {
    let ids = of(&format!(
        r#"{{"password":{{"k2":"a new password of at least 32 characters","k1":"{PASSWORD}"}}}}"#
    ));
    let cookie = sealed_at(&config(""), r#"{"a":1}"#, NOW);
    let mut session = get_at(&ids, &cookie, NOW);
    assert_eq!(session.data(), r#"{"a":1}"#);
    assert!(set_cookies(&mut session)[0].starts_with("h3=h3s1.k2."));
    // One that is named default is the only one that counts.
    let named = of(&format!(
        r#"{{"password":{{"default":"a new password of at least 32 characters","k1":"{PASSWORD}"}}}}"#
    ));
    assert_eq!(
        get_at(&named, &cookie, NOW).rejection(),
        Some(Rejection::BadSeal)
    );
    // And a token with an id is under that alone.
    let other = sealed_at(&of(OTHER), "{}", NOW);
    assert_eq!(
        get_at(&ids, &other, NOW).rejection(),
        Some(Rejection::UnknownKey)
    );
}

#[test]
fn of_ids_that_are_all_numbers_the_highest_seals() {
    let other = "another password of at least 32 characters";
    for (ids, seals) in [
        (["1", "2"], "2"),
        (["2", "1"], "2"),
        (["10", "9"], "10"),
        (["9", "010"], "010"),
        (["b", "2"], "b"),
        (["1", "a"], "1"),
        (["7", "07"], "7"),
    ] {
        let [first, second] = ids;
        let config = of(&format!(
            r#"{{"password":{{"{first}":"{PASSWORD}","{second}":"{other}"}}}}"#
        ));
        let token = token_at(&config, "{}", NOW);
        assert!(
            token.starts_with(&format!("h3s1.{seals}.")),
            "{ids:?}: {token}"
        );
    }
}

#[test]
fn the_token_of_one_session_is_no_token_of_another() {
    let token = token_at(&config(r#""name":"a""#), "{}", NOW);
    let session = use_at(&config(r#""name":"b""#), &format!("b={token}"), NOW);
    assert_eq!(session.rejection(), Some(Rejection::BadSeal));
}

#[test]
fn unseal_passes_over_the_scheme_before_a_token_and_the_cookies_beside_it() {
    let config = config(r#""sessionHeader":false"#);
    let cookie = sealed_at(&config, r#"{"in":"cookie"}"#, NOW);
    let header = format!("Bearer {}", token_at(&config, r#"{"in":"header"}"#, NOW));
    let session = config.unseal(&request(&cookie, &header, NOW)).unwrap();
    assert_eq!(session.data(), r#"{"in":"header"}"#);
    let refused = config.unseal(&request(&cookie, "", NOW)).unwrap_err();
    assert_eq!(refused.rejection(), Some(Rejection::Malformed));
}

#[test]
fn unseal_makes_a_refusal_an_error() {
    let config = config(r#""maxAge":60"#);
    let token = token_at(&config, r#"{"a":1}"#, NOW);
    let session = config.unseal(&Request::from_token(&token).at(NOW)).unwrap();
    assert_eq!(
        (session.source(), session.data()),
        (Source::Token, r#"{"a":1}"#)
    );
    for (token, now, why) in [
        (token.as_str(), NOW + 61 * SECOND, Rejection::Expired),
        ("", NOW, Rejection::Malformed),
        (&format!(" {token}"), NOW, Rejection::Malformed),
        (&damaged(&token), NOW, Rejection::BadSeal),
        (&"h3s1..".repeat(4000), NOW, Rejection::TooLarge),
    ] {
        let error = config
            .unseal(&Request::from_token(token).at(now))
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.rejection()),
            (ErrorKind::Rejected, Some(why))
        );
        assert_eq!(error.key(), Some(why.name()));
    }
}

#[test]
fn a_cookie_that_does_not_open_gives_way_to_one_that_does() {
    let config = config("");
    let stale = token_at(&of(OTHER), "{}", NOW);
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let session = use_at(&config, &format!("h3=plain; h3={stale}; {cookie}"), NOW);
    assert_eq!(
        (session.data(), session.rejection()),
        (r#"{"a":1}"#, Some(Rejection::UnknownKey))
    );
}

#[test]
fn of_several_cookies_at_most_four_are_tried() {
    let config = config("");
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let stale = |count: usize| {
        (0..count)
            .map(|n| format!("h3=h3s1..{n}; "))
            .collect::<String>()
    };
    assert!(!use_at(&config, &(stale(3) + &cookie), NOW).is_new());
    assert!(use_at(&config, &(stale(4) + &cookie), NOW).is_new());
    // The same one again counts once, and what does not begin like a token not at all.
    let again = "h3=h3s1..x; h3=plain; ".repeat(9);
    assert!(!use_at(&config, &(again + &cookie), NOW).is_new());
}

#[test]
fn an_empty_cookie_is_an_absent_one() {
    let config = config("");
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let session = use_at(&config, &format!("h3=; h3=\"\"; {cookie}"), NOW);
    assert_eq!((session.data(), session.rejection()), (r#"{"a":1}"#, None));
    assert_eq!(use_at(&config, "h3=", NOW).rejection(), None);
}

fn from_another_site(cookie: &str) -> Request<'_> {
    request(cookie, "", NOW).cross_site(true)
}

#[test]
fn a_request_from_another_site_without_the_cookie_neither_replaces_nor_deletes_it() {
    let config = config("");
    let mut visited = config
        .use_session(&from_another_site("theme=dark"))
        .unwrap();
    assert!(visited.is_new() && !visited.is_dirty());
    assert!(set_cookies(&mut visited).is_empty());
    visited.clear();
    assert!(visited.is_cleared() && !visited.is_dirty());
    assert!(set_cookies(&mut visited).is_empty());
    // A login that another site leads back from still logs in.
    visited.set("user", "1").unwrap();
    assert_eq!(set_cookies(&mut visited).len(), 1);
}

#[test]
fn a_request_from_another_site_with_the_cookie_is_as_any_other() {
    let config = config("");
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    for cookie in [cookie.as_str(), "h3=nonsense", "h3.1=a-chunk"] {
        let mut session = config.use_session(&from_another_site(cookie)).unwrap();
        session.clear();
        assert!(!set_cookies(&mut session).is_empty(), "{cookie}");
    }
    let mut fresh = config
        .use_session(&from_another_site("h3=nonsense"))
        .unwrap();
    assert_eq!(set_cookies(&mut fresh).len(), 1);
}

#[test]
fn a_server_that_has_the_string_still_opens_what_one_with_ids_seals() {
    for format in ["h3s1", "h3-1", "h3-2"] {
        let seal = format!(r#""seal":"{format}""#);
        let ids = |first: &str, second: &str| {
            of(&format!(r#"{{"password":{{{first},{second}}},{seal}}}"#))
        };
        let old = format!(r#""k1":"{PASSWORD}""#);
        let new = r#""k2":"a new password of at least 32 characters""#;
        let string = config(&seal);
        let cookie = sealed_at(&ids(&old, new), r#"{"a":1}"#, NOW);
        assert_eq!(
            use_at(&string, &cookie, NOW).data(),
            r#"{"a":1}"#,
            "{format}"
        );
        // Under the new password it cannot, and leaves it as it is.
        let mut unknown = use_at(&string, &sealed_at(&ids(new, &old), "{}", NOW), NOW);
        assert_eq!(unknown.rejection(), Some(Rejection::UnknownKey));
        assert!(set_cookies(&mut unknown).is_empty());
    }
}
