use std::collections::HashSet;

use h3s::{ErrorKind, Rejection};

use super::*;

fn names(cookies: &[String]) -> Vec<&str> {
    cookies
        .iter()
        .filter_map(|cookie| cookie.split('=').next())
        .collect()
}

#[test]
fn every_attribute_is_written() {
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
fn the_defaults_are_h3s() {
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
    let config = config("");
    let mut jar = jar::Jar::default();
    for (len, expected) in [
        (10, vec!["h3"]),
        (9000, vec!["h3", "h3.1", "h3.2", "h3.3", "h3.4"]),
        (4000, vec!["h3", "h3.1", "h3.2"]),
        (10, vec!["h3"]),
    ] {
        let mut session = use_at(&config, &jar.header(), NOW);
        session.set_text("a", "x".repeat(len)).unwrap();
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
fn clear_deletes_the_cookie_and_each_chunk_that_the_request_carried() {
    let config = config("");
    let cookie = sealed_at(&config, &format!(r#"{{"a":"{}"}}"#, "x".repeat(9000)), NOW);
    let mut session = use_at(
        &config,
        &format!("{cookie}; h3.7=stale; h3.101=not-ours; h3.01=nor-this"),
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
    let config = config("");
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
fn a_chunk_takes_its_first_occurrence() {
    let config = config("");
    let cookie = sealed_at(&config, &format!(r#"{{"a":"{}"}}"#, "x".repeat(9000)), NOW);
    assert!(!use_at(&config, &format!("{cookie}; h3.2=later"), NOW).is_new());
    assert!(use_at(&config, &format!("h3.2=earlier; {cookie}"), NOW).is_new());
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
    let few = super::config(r#""cookie":{"maxChunks":2}"#);
    assert_eq!(
        use_at(&few, "h3=__chunked__3", NOW).rejection(),
        Some(Rejection::TooLarge)
    );
    let long = format!("h3=h3s1..{}", "A".repeat(5000));
    assert_eq!(
        use_at(&config, &long, NOW).rejection(),
        Some(Rejection::TooLarge)
    );
}

#[test]
fn a_session_that_cannot_fit_is_refused_at_the_write_and_stays_as_it_was() {
    for (options, fits, does_not) in [
        ("", 290_000, 310_000),
        (r#""cookie":{"maxChunks":1}"#, 2800, 3000),
    ] {
        let mut session = use_at(&config(options), "", NOW);
        session.set_text("a", "x".repeat(fits)).unwrap();
        let before = session.data().to_owned();
        for result in [
            session.set_text("b", "x".repeat(does_not - fits)),
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
    let idle = config(r#""idleTimeout":60,"cookie":{"maxChunks":1,"chunkMaxLength":200}"#);
    let mut session = use_at(&idle, &sealed_at(&old, &tight, NOW), NOW + 40 * SECOND);
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
            "h3.x=1; h3.0=2; h3.101=3; H3=4; h3",
            "h3.x=1; h3.0=2; h3.101=3; H3=4; h3",
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

#[test]
fn vary_names_what_was_looked_at() {
    assert_eq!(config("").vary(), "Cookie, x-h3-session");
    assert_eq!(config(r#""sessionHeader":false"#).vary(), "Cookie");
    assert_eq!(
        config(r#""cookie":false,"sessionHeader":"X-Mine""#).vary(),
        "x-mine"
    );
    assert_eq!(
        config(r#""name":"My_App""#).header_name(),
        Some("x-my_app-session")
    );
}
