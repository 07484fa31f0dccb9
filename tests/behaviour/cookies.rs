use std::collections::HashSet;

use h3s::{Config, ErrorKind, Rejection};

use super::*;

/// As many cookies as there can be.
const MANY: &str = r#""cookie":{"maxChunks":100}"#;

fn names(cookies: &[String]) -> Vec<&str> {
    cookies
        .iter()
        .filter_map(|cookie| cookie.split('=').next())
        .collect()
}

#[test]
fn every_attribute_of_the_cookie_is_written() {
    let config = config(
        r#""name":"s","maxAge":60,"cookie":{"path":"/app","domain":"example.com","sameSite":"none","partitioned":true,"priority":"high"}"#,
    );
    let value = set_cookies(&mut use_at(&config, "", NOW)).remove(0);
    let (_, attributes) = value.split_once("; ").unwrap();
    assert_eq!(
        attributes,
        "Max-Age=60; Expires=Fri, 15 Jan 2027 08:01:00 GMT; Domain=example.com; Path=/app; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None"
    );
}

#[test]
fn the_defaults_of_the_cookie_are_those_of_h3() {
    let value = set_cookies(&mut use_at(&config(""), "", NOW)).remove(0);
    assert!(
        value.ends_with("; Path=/; HttpOnly; Secure; SameSite=Lax"),
        "{value}"
    );
    let off = config(r#""cookie":{"secure":false,"httpOnly":false,"sameSite":false}"#);
    assert!(set_cookies(&mut use_at(&off, "", NOW))[0].ends_with("; Path=/"));
    let strict = config(r#""cookie":{"sameSite":true}"#);
    assert!(set_cookies(&mut use_at(&strict, "", NOW))[0].ends_with("; SameSite=Strict"));
}

#[test]
fn cookie_max_age_overrides_max_age_only() {
    let config = config(r#""maxAge":60,"cookie":{"maxAge":10}"#);
    let value = set_cookies(&mut use_at(&config, "", NOW)).remove(0);
    assert!(
        value.contains("; Max-Age=10; Expires=Fri, 15 Jan 2027 08:01:00 GMT"),
        "{value}"
    );
}

#[test]
fn an_empty_session_takes_at_most_110_characters() {
    assert!(token_at(&config(""), "{}", NOW).len() <= 110);
}

#[test]
fn a_large_session_grows_into_chunks_and_shrinks_again_without_leftovers() {
    let config = config(MANY);
    let mut jar = jar::Jar::default();
    for (len, expected) in [
        (10, vec!["h3"]),
        (9000, vec!["h3", "h3.1", "h3.2", "h3.3", "h3.4"]),
        (4000, vec!["h3", "h3.1", "h3.2"]),
        (10, vec!["h3"]),
    ] {
        let mut session = use_at(&config, &jar.header(), NOW);
        session.set_text("a", &"x".repeat(len)).unwrap();
        let data = session.data().to_owned();
        let cookies = set_cookies(&mut session);
        let unique: HashSet<&str> = names(&cookies).into_iter().collect();
        assert_eq!(
            unique.len(),
            cookies.len(),
            "no cookie is both deleted and set"
        );
        assert!(
            cookies
                .iter()
                .all(|cookie| cookie.split(';').next().unwrap().len() <= 4096)
        );
        jar.take(&mut session);
        assert_eq!(jar.names(), expected);
        assert_eq!(use_at(&config, &jar.header(), NOW).data(), data);
    }
}

#[test]
fn clear_deletes_the_cookie_and_each_chunk_that_the_request_brought() {
    let config = config(MANY);
    let cookie = sealed_at(&config, &format!(r#"{{"a":"{}"}}"#, "x".repeat(9000)), NOW);
    let mut session = use_at(
        &config,
        &format!("{cookie}; h3.7=stale; h3.101=not-ours; h3.01=nor-this; h3.8=; h3.9=\"\""),
        NOW,
    );
    session.clear();
    assert_eq!(
        names(&set_cookies(&mut session)),
        ["h3", "h3.1", "h3.2", "h3.3", "h3.4", "h3.7"]
    );
    session.set("a", "1").unwrap();
    let cookies = set_cookies(&mut session);
    assert_eq!(
        names(&cookies),
        ["h3.1", "h3.2", "h3.3", "h3.4", "h3.7", "h3"]
    );
}

#[test]
fn a_missing_or_empty_chunk_is_malformed() {
    let config = config(MANY);
    let cookie = sealed_at(&config, &format!(r#"{{"a":"{}"}}"#, "x".repeat(9000)), NOW);
    let without: Vec<&str> = cookie
        .split("; ")
        .filter(|pair| !pair.starts_with("h3.2="))
        .collect();
    assert_eq!(
        use_at(&config, &without.join("; "), NOW).rejection(),
        Some(Rejection::Malformed)
    );
    let empty = cookie.replacen("h3.2=", "h3.2=; x=", 1);
    assert_eq!(
        use_at(&config, &empty, NOW).rejection(),
        Some(Rejection::Malformed)
    );
}

#[test]
fn a_chunk_is_the_first_after_the_cookie_that_counts_it_else_the_first_of_all() {
    let config = config(MANY);
    let cookie = sealed_at(&config, &format!(r#"{{"a":"{}"}}"#, "x".repeat(9000)), NOW);
    assert!(!use_at(&config, &format!("{cookie}; h3.2=later"), NOW).is_new());
    assert!(!use_at(&config, &format!("h3.2=earlier; {cookie}"), NOW).is_new());
    let (main, chunks) = cookie.split_once("; ").unwrap();
    assert!(!use_at(&config, &format!("{chunks}; {main}"), NOW).is_new());
    assert!(use_at(&config, &format!("h3.2=earlier; {chunks}; {main}"), NOW).is_new());
    assert!(
        !use_at(&config, &format!("h3.2=; {cookie}"), NOW).is_new(),
        "an empty one is absent"
    );
}

#[test]
fn chunk_counts_that_cannot_be_are_refused() {
    let config = config("");
    for (value, why) in [
        ("__chunked__", Rejection::Malformed),
        ("__chunked__0", Rejection::Malformed),
        ("__chunked__-1", Rejection::Malformed),
        ("__chunked__101", Rejection::Malformed),
        ("__chunked__99999999999999999999", Rejection::Malformed),
        ("__chunked__2", Rejection::Malformed),
    ] {
        assert_eq!(
            use_at(&config, &format!("h3={value}"), NOW).rejection(),
            Some(why),
            "{value}"
        );
    }
}

#[test]
fn no_cookie_is_longer_than_browsers_keep() {
    let config = config("");
    let reason = |header: String| use_at(&config, &header, NOW).rejection();
    for len in [4097, 5000] {
        let long = format!("h3s1..{}", "A".repeat(len - 6));
        assert_eq!(reason(format!("h3={long}")), Some(Rejection::TooLarge));
        let chunked = format!("h3=__chunked__2; h3.1=h3s1..; h3.2={}", "A".repeat(len));
        assert_eq!(reason(chunked), Some(Rejection::TooLarge));
    }
    let longest = format!("h3s1..{}", "A".repeat(4090));
    assert_eq!(reason(format!("h3={longest}")), Some(Rejection::BadSeal));
    let chunked = format!("h3=__chunked__2; h3.1={longest}; h3.2={}", "A".repeat(4096));
    assert_eq!(reason(chunked), Some(Rejection::BadSeal));
}

#[test]
fn a_value_with_a_broken_percent_escape_is_taken_as_it_is() {
    let config = config("");
    for (value, why) in [
        ("h3s9%2ex", Some(Rejection::UnsupportedFormat)),
        ("h3s9%2ex%", Some(Rejection::Malformed)),
        ("h3s9%2ex%2", Some(Rejection::Malformed)),
        ("h3s9%2ex%zz", Some(Rejection::Malformed)),
        ("", None),
        ("\"\"", None),
    ] {
        assert_eq!(
            use_at(&config, &format!("h3={value}"), NOW).rejection(),
            why,
            "{value}"
        );
    }
}

#[test]
fn the_same_token_again_takes_no_candidates_place() {
    let config = config("");
    let good = sealed_at(&config, r#"{"a":1}"#, NOW);
    let same = "h3=h3s1..stale; ".repeat(5);
    assert_eq!(
        use_at(&config, &(same.clone() + &good), NOW).data(),
        r#"{"a":1}"#
    );
    // Counts of chunks may be of other chunks each.
    let counts = "h3=__chunked__2; ".repeat(4);
    assert!(use_at(&config, &(counts + &good), NOW).is_new());
}

#[test]
fn a_session_that_cannot_fit_is_refused_at_the_write_and_stays_as_it_was() {
    for (options, fits, does_not) in [
        ("", 6_000, 6_200),
        (r#""cookie":{"maxChunks":3}"#, 8_800, 9_000),
        (MANY, 290_000, 310_000),
        (r#""seal":"h3-1""#, 2_600, 3_000),
        (r#""seal":"h3-2""#, 290_000, 310_000),
        (r#""cookie":{"maxChunks":1}"#, 2800, 3000),
    ] {
        let mut session = use_at(&config(options), "", NOW);
        session.set_text("a", &"x".repeat(fits)).unwrap();
        let before = session.data().to_owned();
        for result in [
            session.set_text("b", &"x".repeat(does_not - fits)),
            session.update(format!(r#"{{"b":"{}"}}"#, "x".repeat(does_not - fits))),
            session.replace(format!(r#"{{"b":"{}"}}"#, "x".repeat(does_not))),
        ] {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::TooLarge);
        }
        assert_eq!(session.data(), before);
        assert!(!set_cookies(&mut session).is_empty());
    }
}

#[test]
fn a_reseal_on_read_that_would_not_fit_is_left_out() {
    let old = config(r#""cookie":{"maxChunks":1,"chunkMaxLength":200}"#);
    let cookie = sealed_at(&old, &format!(r#"{{"a":"{}"}}"#, "x".repeat(60)), NOW);
    let mut at = 61;
    let tight = loop {
        let data = format!(r#"{{"a":"{}"}}"#, "x".repeat(at));
        let mut session = use_at(&old, &cookie, NOW);
        if session.replace(&data).is_err() {
            break format!(r#"{{"a":"{}"}}"#, "x".repeat(at - 1));
        }
        at += 1;
    };
    let passwords = format!(
        r#"{{"with_an_id":"another password of at least 32 characters","default":"{PASSWORD}"}}"#
    );
    let new = Config::from_json(format!(
        r#"{{"password":{passwords},"cookie":{{"maxChunks":1,"chunkMaxLength":200}}}}"#
    ));
    let mut session = use_at(
        &new.unwrap(),
        &sealed_at(&old, &tight, NOW),
        NOW + 40 * SECOND,
    );
    assert_eq!(session.data(), tight);
    assert!(set_cookies(&mut session).is_empty());
}

#[test]
fn a_cookie_header_is_read_as_browsers_and_their_servers_have_it() {
    let config = config("");
    let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
    let value = cookie.strip_prefix("h3=").unwrap();
    let escaped: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for header in [
        format!("  h3 =\t{value}  ;x"),
        format!("h3=\"{value}\""),
        format!("a=b=c;;=;=x; ;h3={value};"),
        format!("H3=other; h33=other; xh3=other; h3={value}"),
        format!("h3={escaped}"),
        format!("h3={}", value.replace('.', "%2e")),
        format!("broken%; é=ü; h3={value}"),
    ] {
        assert_eq!(
            use_at(&config, &header, NOW).data(),
            r#"{"a":1}"#,
            "{header}"
        );
    }
}

#[test]
fn strip_cookies_takes_out_the_sessions_and_nothing_else() {
    let config = config("");
    for (header, kept) in [
        ("", ""),
        ("h3=x", ""),
        ("a=1; h3=x; b=2", "a=1; b=2"),
        ("h3=x;a=1;h3.1=y;h3.100=z;b=2", "a=1;b=2"),
        (
            "h3.x=1; h3.0=2; h3.101=3; H3=4; h3; h3.+1=5; H3.1=6; ab.1=7",
            "h3.x=1; h3.0=2; h3.101=3; H3=4; h3; h3.+1=5; H3.1=6; ab.1=7",
        ),
        // What h3 1 trims from a name, in Latin-1 and in UTF-8.
        ("a=1; \u{b}h3\u{c}=x; \r\nh3.1=y", "a=1"),
        (
            "a=1; \u{a0}h3\u{3000}=x; \u{feff}\u{2028} h3.2\u{2003}=y",
            "a=1",
        ),
        (
            "h3[]=1; (h3)=2; éh3=3; h3é=4; h3\u{a0}x=5",
            "h3[]=1; (h3)=2; éh3=3; h3é=4; h3\u{a0}x=5",
        ),
        ("a=1;; h3 = x ;b", "a=1;b"),
    ] {
        let pieces: Vec<&[u8]> = config.strip_cookies(header.as_bytes()).collect();
        assert_eq!(
            String::from_utf8(pieces.concat()).unwrap(),
            kept,
            "{header}"
        );
    }
}

fn stripped_of_others(session: &Session, cookie: &str) -> String {
    let pieces: Vec<&[u8]> = session.strip_other_cookies(cookie.as_bytes()).collect();
    String::from_utf8(pieces.concat()).unwrap()
}

#[test]
fn of_several_sessions_only_the_opened_one_goes_upstream() {
    for options in ["", r#""seal":"h3-1""#] {
        let config = config(options);
        let old = token_at(&config, r#"{"n":1}"#, NOW);
        let new = token_at(&config, r#"{"n":2}"#, NOW + SECOND);
        let cut = |token: &str, count: &str| {
            let (one, two) = token.split_at(60);
            format!("h3=__chunked__{count}; h3.1={one}; h3.2={two}")
        };
        let (whole, chunked) = (pair("h3", &new), cut(&new, "2"));
        let escaped = chunked.replace("__chunked__2", "%5f_chunked__2");
        for own in [&whole, &chunked, &escaped, &format!("h3 = \"{new}\"")] {
            for (header, expected) in [
                (own.to_string(), own.to_string()),
                (
                    format!("a=1; {own};b = 2 ; c"),
                    format!("a=1; {own};b = 2 ; c"),
                ),
                (
                    format!("a=1; h3={old}; {own}; b=2"),
                    format!("a=1; {own}; b=2"),
                ),
                (format!("{own}; h3={old}; b=2"), format!("{own}; b=2")),
                (format!("{own}; {}", cut(&old, "2")), own.to_string()),
                (format!("{}; {own}", cut(&old, "2x")), own.to_string()),
                (format!("h3=rubbish; {own}; h3="), own.to_string()),
                (format!("h3=Fe26.2*x; {own}; h3.99=y"), own.to_string()),
                (format!("{own}; {own}"), own.to_string()),
                (format!("{own}; \u{a0}h3={old}"), own.to_string()),
            ] {
                let session = use_at(&config, &header, NOW + 2 * SECOND);
                assert_eq!(session.data(), r#"{"n":2}"#, "{header}");
                assert_eq!(stripped_of_others(&session, &header), expected, "{header}");
            }
        }
    }
}

#[test]
fn a_session_in_a_hundred_chunks_goes_upstream_whole() {
    let config = config(r#""cookie":{"maxChunks":100,"chunkMaxLength":10}"#);
    let mut session = use_at(&config, "", NOW);
    let mut jar = jar::Jar::default();
    let fits = (1..2000)
        .rev()
        .find(|len| session.set_text("a", &"x".repeat(*len)).is_ok());
    jar.take(&mut session);
    assert_eq!(jar.0.len(), 101, "{fits:?}");
    let session = use_at(&config, &jar.header(), NOW);
    assert!(!session.is_new());
    assert_eq!(stripped_of_others(&session, &jar.header()), jar.header());
}

#[test]
fn of_a_header_that_is_not_the_requests_no_session_goes_upstream() {
    let config = config("");
    let cookie = sealed_at(&config, r#"{"n":1}"#, NOW);
    let other = sealed_at(&config, r#"{"n":2}"#, NOW);
    let session = use_at(&config, &cookie, NOW);
    for header in [
        format!("{other}; a=1"),
        format!("{other}; {cookie}; a=1"),
        format!("{}x; a=1", &cookie[..cookie.len() - 1]),
        format!("a=1; {}", &cookie[..cookie.len() - 1]),
        "h3=; a=1; h3.1=x".into(),
    ] {
        assert_eq!(
            stripped_of_others(&session, &header).trim(),
            "a=1",
            "{header}"
        );
    }
}

#[test]
fn beside_a_session_that_came_in_no_cookie_none_goes_upstream() {
    let config = config("");
    let cookie = format!("a=1; {}", sealed_at(&config, r#"{"n":1}"#, NOW));
    let token = token_at(&config, r#"{"n":1}"#, NOW);
    let in_header = config.use_session(&request(&cookie, &token, NOW)).unwrap();
    let expired = use_at(&super::config(r#""notBefore":1800000000001"#), &cookie, NOW);
    let unsealed = config.unseal(&request(&cookie, &token, NOW)).unwrap();
    for session in [in_header, expired, unsealed] {
        assert_eq!(stripped_of_others(&session, &cookie), "a=1");
    }
}

#[test]
fn no_byte_that_h3_1_trims_from_a_name_lets_a_session_through() {
    let config = config("");
    for byte in (0..=b' ').chain([0x7F, 0x85, 0xA0]) {
        for header in [
            [b"a=1; ", &[byte][..], b"h3=x"].concat(),
            [b"a=1; h3.1", &[byte, byte][..], b"=x"].concat(),
        ] {
            let kept: Vec<&[u8]> = config.strip_cookies(&header).collect();
            assert_eq!(kept.concat(), b"a=1", "{byte:#x}");
        }
    }
}

#[test]
fn a_read_takes_all_chunks_however_few_a_write_may_make() {
    let big = format!(r#"{{"a":"{}"}}"#, "x".repeat(200_000));
    let cookie = sealed_at(&config(MANY), &big, NOW);
    for few in ["", r#""cookie":{"maxChunks":1}"#] {
        let mut session = use_at(&config(few), &cookie, NOW);
        assert_eq!(session.data(), big);
        assert!(set_cookies(&mut session).is_empty());
        let more = session.set_text("b", &"x".repeat(4000)).unwrap_err();
        assert_eq!(more.kind(), ErrorKind::TooLarge);
        session.replace("{}").unwrap();
        assert!(
            set_cookies(&mut session)
                .iter()
                .any(|cookie| cookie.starts_with("h3=h3s1."))
        );
    }
}

#[test]
fn the_largest_session_that_a_write_makes_fits_into_a_header_line_of_8_kib() {
    let config = config(r#""name":"__Host-session""#);
    let mut session = use_at(&config, "", NOW);
    let fits = (1..8000)
        .rev()
        .find(|len| session.set_text("a", &"x".repeat(*len)).is_ok())
        .unwrap();
    let mut jar = jar::Jar::default();
    jar.take(&mut session);
    let line = "Cookie: ".len() + jar.header().len() + "\r\n".len();
    // A character of data takes up to two.
    assert!((8189..=8190).contains(&line), "{line}");
    assert!(fits > 5_900 && jar.names().len() == 4, "{fits}");
}

#[test]
fn a_write_that_cannot_fit_is_refused_before_it_is_looked_at() {
    // What would be wrong with it is found out later.
    let mut session = use_at(&config(""), "", NOW);
    let long = "\u{1}".repeat(10_000);
    // Six characters may be one.
    let escapes = r"\x".repeat(30_000);
    for result in [
        session.update(&escapes),
        session.set_text("a", &long),
        session.set_text(&long, "a"),
        session.set("a", &long),
        session.update(&long),
        session.replace(&long),
        session.set_at(&escapes, "1"),
        session.set_at("", &long),
    ] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::TooLarge);
    }
    // White space takes no room.
    session
        .update(format!("{{{}}}", " ".repeat(10_000)))
        .unwrap();
}

fn pair(name: &str, token: &str) -> String {
    format!("{name}={token}")
}

#[test]
fn of_several_cookies_that_open_the_newest_is_the_session() {
    for options in [
        "",
        r#""idleTimeout":3600"#,
        r#""seal":"h3-1""#,
        r#""maxAge":3600,"seal":"h3-1""#,
    ] {
        let config = config(options);
        let old = token_at(&config, r#"{"n":1}"#, NOW);
        let new = token_at(&config, r#"{"n":2}"#, NOW + SECOND);
        for header in [
            [pair("h3", &old), pair("h3", &new)],
            [pair("h3", &new), pair("h3", &old)],
        ] {
            let session = use_at(&config, &header.join("; "), NOW + 2 * SECOND);
            assert_eq!(session.data(), r#"{"n":2}"#, "{options} {header:?}");
            assert_eq!(session.rejection(), None);
        }
    }
}

#[test]
fn of_cookies_as_old_as_each_other_the_last_is_the_session() {
    let config = config("");
    let before = sealed_at(&config, r#"{"n":1}"#, NOW);
    let mut session = use_at(&config, &before, NOW + SECOND);
    session.set("n", "2").unwrap();
    let after = set_cookies(&mut session).remove(0);
    let after = after.split(';').next().unwrap();
    let session = use_at(&config, &format!("{before}; {after}"), NOW + 2 * SECOND);
    assert_eq!(session.data(), r#"{"n":2}"#);
}

#[test]
fn of_cookies_as_old_as_each_other_that_tell_it_the_one_sealed_later_is_the_session() {
    let config = config(r#""seal":"h3-1","maxAge":60"#);
    let before = sealed_at(&config, r#"{"n":1}"#, NOW);
    let mut session = use_at(&config, &before, NOW + SECOND);
    session.set("n", "2").unwrap();
    let after = set_cookies(&mut session).remove(0);
    let after = after.split(';').next().unwrap();
    for header in [format!("{before}; {after}"), format!("{after}; {before}")] {
        let session = use_at(&config, &header, NOW + 2 * SECOND);
        assert_eq!(session.data(), r#"{"n":2}"#, "{header}");
    }
}

#[test]
fn an_empty_session_lives_for_ever_beside_a_cookie_that_may_be_good_elsewhere() {
    let config = config(r#""maxAge":60"#);
    let own = sealed_at(&config, "{}", NOW);
    for (other, lifetime) in [
        ("h3=h3s1..AAAA", "; Max-Age=61; "),
        ("h3=h3s1..AAAA; h3=h3s1..BBBB", "; Max-Age=61; "),
        ("h3=h3s9.x", "; Max-Age=34560000; "),
        ("h3=h3s1..AAAA; h3=h3s9.x", "; Max-Age=34560000; "),
    ] {
        let mut session = use_at(&config, &format!("{other}; {own}"), NOW);
        session.clear();
        let left = set_cookies(&mut session).remove(0);
        assert!(left.contains(lifetime), "{other}: {left}");
    }
}

#[test]
fn of_cookies_that_end_at_the_same_moment_the_last_is_the_session() {
    let config = config(r#""seal":"h3-1","maxAge":60"#);
    let [one, two] = [1, 2].map(|n| sealed_at(&config, &format!(r#"{{"n":{n}}}"#), NOW));
    let session = use_at(&config, &format!("{one}; {two}"), NOW);
    assert_eq!(session.data(), r#"{"n":2}"#);
}

#[test]
fn an_empty_session_lives_for_ever_where_one_of_those_did_whose_place_it_takes() {
    let ending = sealed_at(&config(r#""maxAge":60"#), "{}", NOW);
    let endless = sealed_at(&config(""), "{}", NOW);
    let mut session = use_at(&config(""), &format!("{ending}; {endless}"), NOW);
    session.clear();
    let left = set_cookies(&mut session).remove(0);
    assert!(left.contains("; Max-Age=34560000; "), "{left}");
}

#[test]
fn what_opens_stands_behind_what_does_not_also_in_chunks() {
    let (mine, other) = (
        config(MANY),
        super::config(r#""name":"other","cookie":{"maxChunks":100}"#),
    );
    let big = format!(r#"{{"own":1,"a":"{}"}}"#, "x".repeat(9000));
    // Sealed for another name, they open nowhere here.
    let foreign = |data: &str| sealed_at(&other, data, NOW).replace("other", "h3");
    for foreign in [foreign("{}"), foreign(&big)] {
        for own in [
            sealed_at(&mine, r#"{"own":1}"#, NOW),
            sealed_at(&mine, &big, NOW),
        ] {
            for header in [format!("{foreign}; {own}"), format!("{own}; {foreign}")] {
                let session = use_at(&mine, &header, NOW);
                assert_eq!(session.find("/own"), Some("1"));
            }
        }
    }
}

#[test]
fn a_logout_is_final_also_where_an_old_cookie_of_another_path_stays() {
    for options in [
        r#""maxAge":3600"#,
        r#""idleTimeout":3600"#,
        r#""seal":"h3-2""#,
    ] {
        let config = config(options);
        let stale = pair("h3", &token_at(&config, r#"{"user":"alice"}"#, NOW));
        let own = pair(
            "h3",
            &token_at(&config, r#"{"user":"alice","n":2}"#, NOW + SECOND),
        );
        let mut session = use_at(&config, &format!("{stale}; {own}"), NOW + 2 * SECOND);
        session.clear();
        assert!(session.is_cleared() && session.data() == "{}" && session.id().is_none());
        let cookies = set_cookies(&mut session);
        assert_eq!(
            cookies,
            set_cookies(&mut session),
            "the same until the next write"
        );
        let left = cookies[0].split(';').next().unwrap();
        let mut after = use_at(&config, &format!("{stale}; {left}"), NOW + 3 * SECOND);
        assert_eq!(after.data(), "{}");
        after.clear();
        assert_eq!(set_cookies(&mut after).len(), 1);
        // Alone, it is deleted.
        let mut alone = use_at(&config, &own, NOW + 2 * SECOND);
        alone.clear();
        assert!(set_cookies(&mut alone)[0].starts_with("h3=; Max-Age=0"));
    }
}

#[test]
fn a_logout_is_final_whatever_other_cookies_the_request_brought() {
    let config = config(r#""maxAge":3600"#);
    let token = |n: i64, at| token_at(&config, &format!(r#"{{"user":{n}}}"#), at);
    let (one, two) = (token(1, NOW), token(2, NOW + SECOND));
    let fast = token(3, NOW + 300 * SECOND);
    let stale: Vec<String> = (0..4).map(|n| format!("h3=h3s1..AAAA{n}")).collect();
    let [same, both, ahead, fifth] = [
        format!("h3={one}; h3={one}"),
        format!("h3={one}; h3={two}"),
        format!("h3={fast}; h3={one}"),
        format!("{}; h3={one}; h3={two}", stale[..3].join("; ")),
    ];
    for (cookie, header, twins) in [
        (same, "", vec![&one]),
        (both.clone(), "", vec![&one, &two]),
        (both, &*two, vec![&one, &two]),
        (ahead, "", vec![&one, &fast]),
        (fifth, "", vec![&one, &two]),
    ] {
        let now = NOW + 2 * SECOND;
        let mut session = config.get_session(&request(&cookie, header, now)).unwrap();
        assert!(!session.is_new(), "{cookie}");
        session.clear();
        let left = set_cookies(&mut session).remove(0);
        let left = left.split(';').next().unwrap();
        for twin in twins {
            for cookie in [format!("h3={twin}; {left}"), format!("{left}; h3={twin}")] {
                for later in [0, 1, 250, 400] {
                    let after = get_at(&config, &cookie, now + later * SECOND);
                    assert_eq!(after.data(), "{}", "{header} {later}");
                }
            }
        }
    }
}

#[test]
fn a_logout_is_final_whatever_became_of_the_other_cookies() {
    let ids = |ids: &str| {
        Config::from_json(format!(r#"{{"password":{{{ids}}},"seal":"h3-2"}}"#)).unwrap()
    };
    let new = r#""k2":"a new password of at least 32 characters""#;
    let here = ids(&format!(r#"{new},"k1":"{PASSWORD}""#));
    let own = sealed_at(&here, r#"{"user":1}"#, NOW);
    let untried = sealed_at(&ids(new), r#"{"user":1}"#, NOW + SECOND).replace("*k2*", "**");
    for (config, own, twin, until) in [
        // Of a password that was not tried; lacking a chunk, forged, from the future.
        (&here, own, untried, 1),
        (&config(""), String::new(), "h3=__chunked__2".to_owned(), 1),
        (&config(""), String::new(), "h3=h3s1..AAAA".to_owned(), 1),
        (
            &config(""),
            String::new(),
            sealed_at(&config(""), r#"{"user":1}"#, NOW + 540 * SECOND),
            60,
        ),
    ] {
        let own = if own.is_empty() {
            sealed_at(config, r#"{"user":1}"#, NOW)
        } else {
            own
        };
        let mut session = get_at(config, &format!("{own}; {twin}"), NOW + 2 * SECOND);
        session.clear();
        let left = set_cookies(&mut session).remove(0);
        let left = left.split(';').next().unwrap();
        for stays in [&own, &twin] {
            let cookie = format!("{stays}; {left}");
            get_at(config, &cookie, NOW + until * SECOND);
            assert_eq!(
                get_at(config, &cookie, NOW + until * SECOND).data(),
                "{}",
                "{cookie}"
            );
        }
    }
}

#[test]
fn a_logout_of_a_header_session_is_final_for_cookies_that_were_not_looked_at() {
    let config = config(r#""maxAge":3600"#);
    let token = |at| token_at(&config, r#"{"user":1}"#, at);
    let (header, own, ahead) = (token(NOW), token(NOW), token(NOW + 300 * SECOND));
    let cookie = format!("h3={ahead}; h3={own}");
    let mut session = config.get_session(&request(&cookie, &header, NOW)).unwrap();
    session.clear();
    let left = set_cookies(&mut session).remove(0);
    let left = left.split(';').next().unwrap();
    for later in [1, 299, 601] {
        let after = get_at(
            &config,
            &format!("h3={ahead}; {left}"),
            NOW + later * SECOND,
        );
        assert_eq!(after.data(), "{}", "{later}");
    }
}

#[test]
fn a_session_with_data_is_never_sealed_ahead_of_now() {
    // Else whoever has a leaked password would outlive the notBefore that is set for it.
    let config = config("");
    let [one, two] = [300, 595].map(|ahead| sealed_at(&config, "{}", NOW + ahead * SECOND));
    let mut session = use_at(&config, &format!("{one}; {two}"), NOW);
    session.rotate().unwrap();
    assert_eq!(session.created_at(), Some(NOW));
    session.clear();
    session.set("a", "1").unwrap();
    assert_eq!(session.created_at(), Some(NOW));
}

#[test]
fn of_cookies_as_old_as_each_other_the_last_counts_whatever_options_sealed_them() {
    let limits = ["", r#""maxAge":7200"#, r#""maxAge":3600"#].map(config);
    for before in &limits {
        for after in &limits {
            let [one, two] = [(before, 1), (after, 2)]
                .map(|(config, n)| sealed_at(config, &format!(r#"{{"n":{n}}}"#), NOW));
            let session = use_at(&limits[0], &format!("{one}; {two}"), NOW + SECOND);
            assert_eq!(session.data(), r#"{"n":2}"#);
        }
    }
}

#[test]
fn a_large_session_from_the_header_goes_into_no_more_cookies_than_a_write_may_make() {
    let big = format!(r#"{{"a":"{}"}}"#, "x".repeat(6_200));
    for seal in [r#""seal":"h3-1""#, r#""seal":"h3s1""#] {
        let token = token_at(&config(&format!(r#""cookie":false,{seal}"#)), &big, NOW);
        let config = config(seal);
        let mut session = config.use_session(&request("", &token, NOW)).unwrap();
        assert_eq!(session.rotate().unwrap_err().kind(), ErrorKind::TooLarge);
    }
}

#[test]
fn an_empty_session_lives_as_long_as_those_whose_place_it_takes() {
    let before = config(r#""maxAge":3600"#);
    let [one, two] = [NOW, NOW + SECOND].map(|at| sealed_at(&before, "{}", at));
    let mut session = get_at(&config(""), &format!("{one}; {two}"), NOW + 2 * SECOND);
    session.clear();
    let left = set_cookies(&mut session).remove(0);
    assert!(left.contains("; Max-Age=3599; "), "{left}");
}

#[test]
fn a_fifth_cookie_is_not_looked_at_and_not_destroyed() {
    let config = config("");
    let stale: String = (0..4).map(|n| format!("h3=h3s1..AAAA{n}; ")).collect();
    let fifth = stale.clone() + &sealed_at(&config, "{}", NOW);
    assert!(set_cookies(&mut use_at(&config, &fifth, NOW)).is_empty());
    assert_eq!(set_cookies(&mut use_at(&config, &stale, NOW)).len(), 1);
}

#[test]
fn of_two_cookies_from_a_clock_that_is_ahead_the_newer_is_the_session() {
    let config = config("");
    let [old, new] = [100, 200].map(|ahead| {
        sealed_at(
            &config,
            &format!(r#"{{"n":{ahead}}}"#),
            NOW + ahead * SECOND,
        )
    });
    for cookie in [format!("{old}; {new}"), format!("{new}; {old}")] {
        assert_eq!(get_at(&config, &cookie, NOW).data(), r#"{"n":200}"#);
    }
}

#[test]
fn a_session_that_came_larger_than_writes_may_make_it_can_grow_shorter_and_be_rotated() {
    let big = format!(
        r#"{{"a":"{}","b":"{}"}}"#,
        "x".repeat(8000),
        "y".repeat(3000)
    );
    let cookie = sealed_at(&config(MANY), &big, NOW);
    let config = config("");
    // Also where a token is longer today, by an id or a limit.
    let longer = Config::from_json(format!(
        r#"{{"password":{{"k1":"{PASSWORD}"}},"maxAge":3600,"idleTimeout":600}}"#
    ));
    use_at(&longer.unwrap(), &cookie, NOW).rotate().unwrap();
    let open = || use_at(&config, &cookie, NOW);
    open().rotate().unwrap();
    open().set("b", "1").unwrap();
    open().remove("b").unwrap();
    let more = open().set_text("c", &"x".repeat(4000)).unwrap_err();
    assert_eq!(more.kind(), ErrorKind::TooLarge);
    // What is written after a logout is no longer that session.
    let mut cleared = open();
    cleared.clear();
    assert_eq!(
        cleared.replace(&big).unwrap_err().kind(),
        ErrorKind::TooLarge
    );
    let mut session = open();
    session.rotate().unwrap();
    let mut jar = jar::Jar::default();
    jar.take(&mut session);
    assert_eq!(use_at(&config, &jar.header(), NOW).data(), big);
}

#[test]
fn an_update_that_fits_is_taken_however_its_names_are_written() {
    let config = config(r#""cookie":{"maxChunks":1}"#);
    let member = |n: usize, name: &str| format!(r#""{name}{n}":1"#);
    let object = |name: &str| {
        let members: Vec<String> = (0..150).map(|n| member(n, name)).collect();
        format!("{{{}}}", members.join(","))
    };
    let mut session = use_at(&config, "", NOW);
    session.replace(object("Имя")).unwrap();
    let data = session.data().to_owned();
    session.update(object(r"\u0418\u043c\u044f")).unwrap();
    assert_eq!(session.data(), data);
}

#[test]
fn a_session_slides_also_where_it_cannot_move_or_needs_more_cookies_now() {
    let large = |len: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(len));
    let before = config(r#""idleTimeout":600"#);
    let moving = config(
        r#""idleTimeout":600,"seal":{"format":"h3-1","accept":["h3-1","h3s1"],"migrate":true}"#,
    );
    let smaller = config(r#""idleTimeout":600,"cookie":{"chunkMaxLength":2000}"#);
    let cookie = sealed_at(&before, &large(2800), NOW);
    for today in [moving, smaller] {
        let mut session = get_at(&today, &cookie, NOW + 400 * SECOND);
        let mut jar = jar::Jar::of(&cookie);
        jar.take(&mut session);
        let slid = get_at(&today, &jar.header(), NOW + 800 * SECOND);
        assert_eq!(slid.data(), large(2800));
    }
}

#[test]
fn a_response_varies_on_what_it_says_and_on_what_was_looked_at() {
    let vary = |config: &Config, present: &str| {
        String::from_utf8(h3s::cache::vary(config, present.as_bytes()).into_owned()).unwrap()
    };
    let usual = config("");
    assert_eq!(vary(&usual, ""), "Cookie, x-h3-session");
    assert_eq!(
        vary(&usual, "Accept, cookie"),
        "Accept, cookie, x-h3-session"
    );
    assert_eq!(vary(&usual, "*"), "*");
    let header = config(r#""cookie":false,"sessionHeader":"X-Mine""#);
    assert_eq!(vary(&header, "Accept"), "Accept, x-mine");
}

#[test]
fn vary_names_what_was_looked_at() {
    assert_eq!(config("").vary(), Some("Cookie, x-h3-session"));
    assert_eq!(config(r#""sessionHeader":false"#).vary(), Some("Cookie"));
    assert_eq!(
        config(r#""cookie":false,"sessionHeader":"X-Mine""#).vary(),
        Some("x-mine")
    );
    assert_eq!(
        config(r#""name":"My_App""#).header_name(),
        Some("x-my_app-session")
    );
}

#[test]
fn a_token_that_is_asked_for_after_its_cookies_is_theirs() {
    for (options, chunks) in [
        ("", 0),
        (r#""idleTimeout":60"#, 0),
        (r#""cookie":{"chunkMaxLength":64}"#, 2),
    ] {
        let mut session = get_at(&config(options), "", NOW);
        session.set_int("a", 1).unwrap();
        let cookies = set_cookies(&mut session);
        let value = |cookie: &str| {
            let pair = cookie.split(';').next().unwrap();
            pair.split_once('=').unwrap().1.to_owned()
        };
        let token: String = match chunks {
            0 => value(&cookies[0]),
            _ => cookies[1..].iter().map(|cookie| value(cookie)).collect(),
        };
        assert_eq!(cookies.len(), chunks + 1, "{options}");
        assert_eq!(session.seal().unwrap(), token);
        assert_eq!(set_cookies(&mut session), cookies);
        assert_eq!(session.seal().unwrap(), token);
    }
}
