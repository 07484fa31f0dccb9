//! Sessions of Auth.js, and those of others that are only read: `tests/formats.rs` has the vectors
//! of the real packages.

use h3s::{ErrorKind, Rejection, Request};

use super::jar::Jar;
use super::*;

const DAY: i64 = 86_400 * SECOND;

/// The options of a cookie's name and format.
fn options(name: &str, seal: &str, more: &str) -> Config {
    config(&format!(r#""name":"{name}","seal":{seal}{more}"#))
}

fn authjs(more: &str) -> Config {
    options("__Secure-authjs.session-token", r#""authjs""#, more)
}

/// Made by next-auth 4.24.15 at [`NOW`].
fn of_next_auth() -> String {
    let text = concat!(
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..Srlr503qBKuhEdb7.",
        "WNtLkPikxFcHSEID6Ypnr16N62UIAbL0sgdKpILjQWpQXhMVNFaQ_qFTovvHxrSFSw_aFU6mwGSynkskcuZUnyqQcqU",
        "Wl7azl5ic29ewJLqM8zpTqDTuseIboMbm7C1KMIm3Z-TKkR24B8551VOCs1AQwj8XCyIF5ByZdRSU6keTcNka0bTw6s",
        "Jly5d5y1id-sZFtARPTBe8.v1KF9JUm6CW2y3PFjLk7PA"
    );
    format!("next-auth.session-token={text}")
}

#[test]
fn a_session_of_authjs_goes_round_with_its_id_and_the_time_it_was_made() {
    let config = authjs("");
    let cookie = sealed_at(&config, r#"{"sub":"7","name":"Ada"}"#, NOW);
    assert!(
        cookie.starts_with("__Secure-authjs.session-token=eyJ"),
        "{cookie}"
    );
    let session = get_at(&config, &cookie, NOW + DAY);
    assert_eq!(session.data(), r#"{"sub":"7","name":"Ada"}"#);
    assert_eq!(session.created_at(), Some(NOW));
    let end = NOW + 30 * DAY;
    assert_eq!(session.expires_at(), Some(end + 15 * SECOND - 1));

    // A write keeps the id and the end; rotate has others.
    let mut written = get_at(&config, &cookie, NOW + DAY);
    written.set_text("name", "Ada L.").unwrap();
    let cookies = set_cookies(&mut written);
    assert!(cookies[0].contains("; Max-Age=2505600; "), "{cookies:?}");
    let back = get_at(&config, cookies[0].split(';').next().unwrap(), NOW + DAY);
    assert_eq!((back.id(), back.created_at()), (session.id(), Some(NOW)));
    assert_eq!(back.expires_at(), session.expires_at());
    written.rotate().unwrap();
    let cookies = set_cookies(&mut written);
    let back = get_at(&config, cookies[0].split(';').next().unwrap(), NOW + DAY);
    assert_eq!(back.created_at(), Some(NOW + DAY));
    assert_ne!(back.id(), session.id());
}

#[test]
fn max_age_is_that_of_authjs_and_no_write_extends_it() {
    let config = authjs(r#","maxAge":3600"#);
    let cookie = sealed_at(&config, "{}", NOW);
    let mut session = get_at(&config, &cookie, NOW + 1800 * SECOND);
    session.set("a", "1").unwrap();
    let cookies = set_cookies(&mut session);
    assert!(cookies[0].contains("; Max-Age=1800; "), "{cookies:?}");
    assert_eq!(session.expires_at(), Some(NOW + 3600 * SECOND));
    let late = get_at(&config, &cookie, NOW + 3600 * SECOND + 1);
    assert_eq!(late.rejection(), Some(Rejection::Expired));
}

#[test]
fn a_visit_makes_no_session_of_authjs_since_that_would_be_a_login() {
    let config = authjs("");
    let mut session = use_at(&config, "", NOW);
    assert!(session.is_new() && !session.is_dirty());
    assert!(set_cookies(&mut session).is_empty());
    session.set_text("sub", "7").unwrap();
    assert_eq!(set_cookies(&mut session).len(), 1);
    // Nor does a logout leave an empty one, be it that several cookies came.
    let one = sealed_at(&config, r#"{"sub":"7"}"#, NOW);
    let other = sealed_at(&config, r#"{"sub":"8"}"#, NOW);
    let mut session = use_at(&config, &format!("{one}; {other}"), NOW);
    session.clear();
    let cookies = set_cookies(&mut session);
    assert!(
        cookies
            .iter()
            .all(|cookie| cookie.contains("=; Max-Age=0;")),
        "{cookies:?}"
    );
}

#[test]
fn what_a_token_of_authjs_says_itself_is_no_data() {
    let config = authjs("");
    let mut session = use_at(&config, "", NOW);
    session.set_text("sub", "7").unwrap();
    for (name, value) in [
        ("iat", "1"),
        ("exp", "1"),
        ("jti", "1"),
        ("\\u0065xp", "1"),
        ("nbf", "9e12"),
        ("nbf", r#""soon""#),
    ] {
        let object = format!(r#"{{"{name}":{value}}}"#);
        let error = session.update(&object).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data, "{name}");
        assert_eq!(
            session.replace(&object).unwrap_err().kind(),
            ErrorKind::Data
        );
    }
    assert_eq!(session.data(), r#"{"sub":"7"}"#);
    // What has come keeps nobody out.
    session.set_int("nbf", NOW / 1000).unwrap();
    assert_eq!(set_cookies(&mut session).len(), 1);
}

#[test]
fn a_token_of_authjs_is_bound_to_the_cookies_name() {
    let token = token_at(&authjs(""), r#"{"sub":"7"}"#, NOW);
    let other = options("authjs.session-token", r#""authjs""#, "");
    let error = other
        .unseal(&Request::from_token(&token).at(NOW))
        .unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::UnknownKey));
}

#[test]
fn a_session_of_several_cookies_is_joined_from_zero() {
    let config = authjs("");
    let text = "x".repeat(6000);
    let mut session = use_at(&config, "", NOW);
    session.set_text("a", &text).unwrap();
    let mut jar = Jar::default();
    jar.take(&mut session);
    let name = "__Secure-authjs.session-token";
    let chunks: Vec<String> = (0..3).map(|number| format!("{name}.{number}")).collect();
    assert_eq!(jar.names(), chunks);
    let back = get_at(&config, &jar.header(), NOW);
    assert_eq!(back.text("/a").as_deref(), Some(&*text));
    // One is missing: it may have been dropped on the way, and what is left is not destroyed.
    let mut some = Jar::of(&jar.header());
    some.0.remove(1);
    let mut session = use_at(&config, &some.header(), NOW);
    assert!(session.is_new());
    assert!(set_cookies(&mut session).is_empty());
}

#[test]
fn an_older_secret_opens_and_a_read_seals_with_todays() {
    let old = authjs("");
    let cookie = sealed_at(&old, r#"{"sub":"7"}"#, NOW);
    let both = format!(
        r#"{{"password":{{"new":"short","old":"{PASSWORD}"}},
            "name":"__Secure-authjs.session-token","seal":"authjs"}}"#
    );
    let both = Config::from_json(both).unwrap();
    let mut session = use_at(&both, &cookie, NOW + DAY);
    let cookies = set_cookies(&mut session);
    let today = cookies[0].split(';').next().unwrap();
    let resealed = get_at(&both, today, NOW + DAY);
    assert_eq!(
        (resealed.id(), resealed.data()),
        (session.id(), session.data())
    );
    assert_eq!(
        (resealed.created_at(), resealed.expires_at()),
        (Some(NOW), session.expires_at())
    );
    assert_eq!(
        get_at(&old, today, NOW).rejection(),
        Some(Rejection::UnknownKey)
    );
}

#[test]
fn a_format_that_is_only_read_is_never_written() {
    for (name, seal) in [
        ("next-auth.session-token", "next-auth"),
        ("__session", "auth0"),
        ("better-auth.session_data", "better-auth"),
    ] {
        let config = options(name, &format!(r#""{seal}""#), "");
        let mut session = use_at(&config, "", NOW);
        assert!(
            session.is_new() && set_cookies(&mut session).is_empty(),
            "{seal}"
        );
        let error = session.set("a", "1").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::State, "{seal}");
        assert!(error.message().contains(seal), "{}", error.message());
        assert_eq!(session.seal().unwrap_err().kind(), ErrorKind::State);
        assert_eq!(session.rotate().unwrap_err().kind(), ErrorKind::State);
        session.clear();
        assert!(
            set_cookies(&mut session)[0].contains("=; Max-Age=0;"),
            "{seal}"
        );
    }
}

#[test]
fn a_session_that_is_only_read_moves_with_a_write_or_under_migrate_alone() {
    let of = |migrate: bool| {
        let seal =
            format!(r#"{{"format":"h3s1","accept":["h3s1","next-auth"],"migrate":{migrate}}}"#);
        options("next-auth.session-token", &seal, "")
    };
    let mut session = use_at(&of(false), &of_next_auth(), NOW);
    assert_eq!(session.find("/user/id"), Some("7"));
    assert!(set_cookies(&mut session).is_empty());
    let mut session = use_at(&of(true), &of_next_auth(), NOW);
    let cookies = set_cookies(&mut session);
    assert!(
        cookies[0].starts_with("next-auth.session-token=h3s1."),
        "{cookies:?}"
    );
    let seal = r#""seal":{"format":"next-auth","migrate":true}"#;
    let error = Config::from_json(format!(r#"{{"password":"{PASSWORD}",{seal}}}"#));
    assert_eq!(error.unwrap_err().key(), Some("seal.migrate"));
}

#[test]
fn what_a_framework_would_take_for_its_session_is_stripped() {
    for (name, seal, others) in [
        ("s", "authjs", "s.101 s.00 s.01 s.x sx s__0 s. s.seen"),
        ("s", "next-auth", "s.101 s.00 s.x sx"),
        ("s", "iron-session", "s.00 s.101"),
        ("s", "better-auth", "s.101 s.00"),
        (
            "__session",
            "auth0",
            "__session__00 __session__007 __session__101 appSession appSession.0 appSession.12",
        ),
    ] {
        let config = options(name, &format!(r#""{seal}""#), "");
        for other in others.split(' ') {
            let header = format!("theme=dark; \u{a0}{other}=eyJx; a=1");
            let kept: Vec<&[u8]> = config.strip_cookies(&header).collect();
            assert_eq!(kept.concat(), b"theme=dark; a=1", "{seal} {other}");
            let session = get_at(&config, &header, NOW);
            let kept: Vec<&[u8]> = session.strip_other_cookies(&header).collect();
            assert_eq!(kept.concat(), b"theme=dark; a=1", "{seal} {other}");
        }
    }
    // In h3 alone a cookie of another name is another's.
    let config = options("s", r#""h3s1""#, "");
    let header = "s.101=a; s.x=b; sx=c; appSession=d";
    let kept: Vec<&[u8]> = config.strip_cookies(header).collect();
    assert_eq!(kept.concat(), header.as_bytes());
    let auth0 = options("__session", r#""auth0""#, "");
    assert_eq!(auth0.strip_cookies("appSessions=1").count(), 1);
}

#[test]
fn a_read_never_makes_an_anonymous_session_a_login() {
    let cookie = sealed_at(&options("s", r#""h3s1""#, ""), "{}", NOW);
    let iron = sealed_at(&options("s", r#""iron-session""#, ""), "{}", NOW);
    let seal = r#"{"format":"authjs","accept":["authjs","h3s1","iron-session"],"migrate":true}"#;
    let config = options("s", seal, "");
    for cookie in [&cookie, &iron] {
        let mut session = use_at(&config, cookie, NOW + SECOND);
        assert!(!session.is_new());
        assert!(set_cookies(&mut session).is_empty());
        session.set_text("sub", "7").unwrap();
        assert!(set_cookies(&mut session)[0].starts_with("s=eyJ"));
    }
}

/// What nextjs-auth0 keeps of a login that is under way, in a cookie of its own.
const TRANSACTION: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.\
    Uxy2FP1OomvE-XtwtVdYum8uhAIRy1hJ7KRU4D-LQooN1Nc4g_rv1GmrNAZW-NnbDUXkMM_AwBLurhGaSM3SxJn0CncxvRV\
    bIwfOOXPLvSovh2wBUMuIbth21nAQWfPnj4qzIIrQGsQZWihYkqd5BFMo__TOLK2xeMhqBlu2XQ4yOg.\
    pJvzPZyEjfsn0f6P_iSe_w";

#[test]
fn a_login_under_way_is_no_session_of_auth0() {
    let config = options("__session", r#""auth0""#, "");
    let mut session = use_at(&config, &format!("__session={TRANSACTION}"), NOW);
    assert!(session.is_new());
    assert_eq!(session.rejection(), Some(Rejection::Malformed));
    assert!(set_cookies(&mut session).is_empty(), "nor is it destroyed");
}

#[test]
fn a_visit_destroys_no_token_that_names_no_key() {
    // One of NextAuth.js is like one of Auth.js under another name or secret.
    for accept in [r#""authjs""#, r#""authjs","better-auth""#, r#""auth0""#] {
        let seal = format!(r#"{{"format":"h3s1","accept":["h3s1",{accept}]}}"#);
        let config = options("next-auth.session-token", &seal, "");
        let mut session = use_at(&config, &of_next_auth(), NOW);
        assert_eq!(session.rejection(), Some(Rejection::BadSeal), "{accept}");
        assert!(set_cookies(&mut session).is_empty(), "{accept}");
    }
    // What names one, and is not under it, is forged.
    let config = authjs("");
    let mut forged = sealed_at(&config, r#"{"sub":"7"}"#, NOW);
    let at = forged.find("..").unwrap() + 2;
    let other = if &forged[at..=at] == "A" { "B" } else { "A" };
    forged.replace_range(at..=at, other);
    let h3s1 = r#"{"format":"h3s1","accept":["h3s1","authjs"]}"#;
    let config = options("__Secure-authjs.session-token", h3s1, "");
    let mut session = use_at(&config, &forged, NOW);
    assert_eq!(session.rejection(), Some(Rejection::BadSeal));
    assert_eq!(set_cookies(&mut session).len(), 1);
}

/// As of next-auth, with a `kid` in its header.
const NEXT_WITH_KID: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoieCJ9..\
    AAAAAAAAAAAAAAAA.mycO8Y4WyhDFD3DjCQJdxHq97SUwWotSIlu0wFMyJt0BPse8hXbb3bvEvWLfiThDVrt3S0oYYg.\
    E7NKxQRwPxup44_pkycdXA";

#[test]
fn a_token_that_names_a_key_is_none_of_a_format_that_names_none() {
    for (accept, rejection) in [
        (r#""next-auth""#, Rejection::UnsupportedFormat),
        (r#""next-auth","authjs""#, Rejection::UnknownKey),
    ] {
        let seal = format!(r#"{{"format":"h3s1","accept":["h3s1",{accept}]}}"#);
        let config = options("s", &seal, "");
        let session = get_at(&config, &format!("s={NEXT_WITH_KID}"), NOW);
        assert_eq!(session.rejection(), Some(rejection), "{accept}");
    }
}

/// Of nextjs-auth0 4.0.0, which wrote no `exp`, made at [`NOW`].
const WITHOUT_END: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.\
    UxytCPZf5XOF-WYn-1cP-WJNnksRmAULueYWozDGHJR5wsw1x6mo9Wm9NBMGsZrdDVLVK4OJlH6n7kSIQt-Bm4Ds.\
    9BAqimBGcUDXgYFFWqW_XA";
/// Of Auth.js, without `iat` and `exp`.
const WITHOUT_TIMES: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.\
    7p82p-UwHMlWVbU.jQyd0LuQoAA0FoqSVSJloQ";

fn first(cookies: &[String]) -> &str {
    cookies[0].split(';').next().unwrap()
}

#[test]
fn an_old_session_without_an_end_moves_to_authjs_alive() {
    let of_h3s1 = sealed_at(&options("s", r#""h3s1""#, ""), r#"{"sub":"7"}"#, NOW);
    let accept = r#""accept":["authjs","h3s1","auth0"],"migrate":true"#;
    let config = options("s", &format!(r#"{{"format":"authjs",{accept}}}"#), "");
    let now = NOW + 31 * DAY;
    for cookie in [of_h3s1, format!("s={WITHOUT_END}")] {
        for writes in [false, true] {
            let mut session = get_at(&config, &cookie, now);
            if writes {
                session.set("a", "1").unwrap();
            }
            let cookies = set_cookies(&mut session);
            assert!(cookies[0].contains("; Max-Age=2592000; "), "{cookies:?}");
            // Once it has an end, no write extends it.
            let mut back = get_at(&config, first(&cookies), now + DAY);
            assert_eq!(back.created_at(), Some(NOW));
            back.set("a", "2").unwrap();
            let cookies = set_cookies(&mut back);
            assert!(cookies[0].contains("; Max-Age=2505600; "), "{cookies:?}");
        }
    }
}

#[test]
fn a_session_of_authjs_without_times_is_alive_after_a_write() {
    let config = options("s", r#""authjs""#, "");
    let mut session = get_at(&config, &format!("s={WITHOUT_TIMES}"), NOW);
    assert_eq!(session.expires_at(), None);
    session.set("a", "1").unwrap();
    let cookies = set_cookies(&mut session);
    assert!(cookies[0].contains("; Max-Age=2592000; "), "{cookies:?}");
    let back = get_at(&config, first(&cookies), NOW);
    assert_eq!(
        (back.rejection(), back.text("/sub").as_deref()),
        (None, Some("7"))
    );
}

#[test]
fn a_longer_max_age_extends_no_session_of_authjs_until_it_rotates() {
    let short = options("s", r#""authjs""#, r#","maxAge":300"#);
    let long = options("s", r#""authjs""#, r#","maxAge":8640000"#);
    let cookie = sealed_at(&short, r#"{"sub":"7"}"#, NOW);
    let mut session = get_at(&long, &cookie, NOW + 100 * SECOND);
    for value in ["1", "2"] {
        session.set("a", value).unwrap();
        let cookies = set_cookies(&mut session);
        assert!(cookies[0].contains("; Max-Age=200; "), "{cookies:?}");
        let back = get_at(&long, first(&cookies), NOW + 200 * SECOND);
        assert_eq!(back.expires_at(), Some(NOW + 315 * SECOND - 1));
        let late = get_at(&long, first(&cookies), NOW + 315 * SECOND);
        assert_eq!(late.rejection(), Some(Rejection::Expired));
    }
    session.rotate().unwrap();
    let cookies = set_cookies(&mut session);
    assert!(cookies[0].contains("; Max-Age=8640000; "), "{cookies:?}");
    // A shorter one is kept to, however often the session is sealed.
    let cookie = sealed_at(&long, r#"{"sub":"7"}"#, NOW);
    let mut session = get_at(&short, &cookie, NOW + 100 * SECOND);
    for value in ["1", "2"] {
        session.set("a", value).unwrap();
        let cookies = set_cookies(&mut session);
        assert!(cookies[0].contains("; Max-Age=200; "), "{cookies:?}");
    }
}

/// Of Auth.js, with an `iat` of -5, and with one far below.
const BEFORE_1970: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.7p82p-UwHMlWVeRX5s4AG0ts237TeYQ-\
    ePOcXU67Irr6ZJ5IZGh-aWPI.ZsEdO0Lp96ayt1GONNMrYg";
const LONG_BEFORE: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.7p82p-UwHMlWVeRX5s4AG0ts3zfCLMRi\
    eKzVSF-xK_PrPtINZDgoYWOP6SEP2g.-eokFIHE8p1n7yOGTfWoLw";
/// Of NextAuth.js, with an `iat` of -5.
const NEXT_BEFORE_1970: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.mycO8Y4WyhDFD3DjCQJdxHqh4DkiD8MS\
    MFG1iUBlco9JcJ-mj2SKx_A.NU495xkENHL07PAlkLL_jw";

#[test]
fn a_time_before_1970_counts_as_1970() {
    for token in [BEFORE_1970, LONG_BEFORE, NEXT_BEFORE_1970] {
        for format in ["authjs", "h3s1", "h3-1"] {
            let seal =
                format!(r#"{{"format":"{format}","accept":["{format}","authjs","next-auth"]}}"#);
            let config = options(
                "s",
                &seal.replace(r#""authjs","authjs""#, r#""authjs""#),
                "",
            );
            let mut session = get_at(&config, &format!("s={token}"), NOW);
            assert_eq!(session.created_at(), Some(0));
            session.set("a", "1").unwrap();
            let back = get_at(&config, first(&set_cookies(&mut session)), NOW);
            assert_eq!(back.rejection(), None, "{format}");
            assert_eq!((back.created_at(), back.find("/a")), (Some(0), Some("1")));
        }
    }
}

/// Of NextAuth.js, made at [`NOW`] for a day.
const FOR_A_DAY: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.mycO8Y4WyhDFD3DjCQJdxHq97SUwWotS\
    Ilu0wFMyJt0BPse8hXbb3bvEvWLfiThDVrt3S0oYYg.7MrhicsZDPfHRk5un2fJEg";

fn moving(format: &str, more: &str) -> Config {
    let accept = format!(r#""accept":["{format}","next-auth"]"#);
    let seal = format!(r#"{{"format":"{format}",{accept},"migrate":true}}"#);
    options("s", &seal, more)
}

#[test]
fn a_session_that_moves_to_h3s1_ends_when_it_would_have_ended() {
    let cookie = format!("s={FOR_A_DAY}");
    for more in ["", r#","idleTimeout":8640000"#] {
        let config = moving("h3s1", more);
        for writes in [false, true] {
            let mut session = get_at(&config, &cookie, NOW + SECOND);
            let end = session.expires_at().unwrap();
            assert!(end < NOW + DAY + 15 * SECOND, "{more}");
            for value in ["1", "2"] {
                if writes {
                    session.set("a", value).unwrap();
                }
                let cookies = set_cookies(&mut session);
                assert!(cookies[0].contains("; Max-Age="), "{cookies:?}");
                let back = get_at(&config, first(&cookies), NOW + SECOND);
                assert_eq!(back.expires_at(), Some(end), "{more}");
                assert_eq!(session.expires_at(), Some(end), "{more}");
                let late = get_at(&config, first(&cookies), end + 1);
                assert_eq!(late.rejection(), Some(Rejection::Expired));
            }
        }
        // A login begins anew, for as long.
        let mut session = get_at(&config, &cookie, NOW + 3600 * SECOND);
        let mut moved = get_at(
            &config,
            first(&set_cookies(&mut session)),
            NOW + 3600 * SECOND,
        );
        for session in [&mut session, &mut moved] {
            session.rotate().unwrap();
            let back = get_at(&config, first(&set_cookies(session)), NOW + 3600 * SECOND);
            let end = NOW + 3600 * SECOND + DAY + 14 * SECOND;
            assert_eq!(back.expires_at(), Some(end), "{more}");
        }
    }
    // Under maxAge that is the end.
    let config = moving("h3s1", r#","maxAge":864000"#);
    let mut session = get_at(&config, &cookie, NOW + SECOND);
    let back = get_at(&config, first(&set_cookies(&mut session)), NOW + SECOND);
    assert_eq!(back.expires_at(), Some(NOW + 10 * DAY));
}

#[test]
fn no_read_moves_a_session_to_where_it_would_have_no_end() {
    let cookie = format!("s={FOR_A_DAY}");
    for (format, more, moves) in [
        ("h3-1", "", false),
        ("h3-2", r#","idleTimeout":60"#, false),
        ("h3-1", r#","maxAge":864000"#, true),
    ] {
        let mut session = get_at(&moving(format, more), &cookie, NOW + SECOND);
        assert_eq!(session.find("/sub"), Some(r#""7""#));
        assert_eq!(
            !set_cookies(&mut session).is_empty(),
            moves,
            "{format} {more}"
        );
    }
    let seal = r#"{"format":"iron-session","accept":["iron-session","next-auth"],"migrate":true"#;
    for (ttl, moves) in [("0", false), ("86400000", true)] {
        let config = options("s", &format!(r#"{seal},"ttl":{ttl}}}"#), "");
        let mut session = get_at(&config, &cookie, NOW + SECOND);
        assert_eq!(!set_cookies(&mut session).is_empty(), moves, "{ttl}");
    }
}

#[test]
fn a_session_that_authjs_would_refuse_does_not_move_there() {
    let cookie = sealed_at(
        &options("s", r#""h3s1""#, ""),
        r#"{"sub":"7","nbf":9e12}"#,
        NOW,
    );
    let seal = r#"{"format":"authjs","accept":["authjs","h3s1"],"migrate":true}"#;
    let mut session = get_at(&options("s", seal, ""), &cookie, NOW);
    assert_eq!(session.text("/sub").as_deref(), Some("7"));
    assert!(set_cookies(&mut session).is_empty());
}

#[test]
fn a_visit_destroys_no_token_of_another_kind() {
    let signed = "eyJhbGciOiJIUzI1NiJ9.e30.AAAA";
    let cache = "eyJzZXNzaW9uIjp7fX0";
    for seal in [
        r#""h3s1""#,
        r#"{"format":"h3s1","accept":["h3s1","better-auth"]}"#,
    ] {
        let config = options("better-auth.session_data", seal, "");
        for token in [signed, cache] {
            let cookie = format!("better-auth.session_data={token}");
            let mut session = use_at(&config, &cookie, NOW);
            assert!(session.is_new() && session.rejection().is_some());
            assert!(set_cookies(&mut session).is_empty(), "{seal} {token}");
        }
    }
}

#[test]
fn a_session_of_h3s1_in_chunks_stays_readable_beside_auth0() {
    let of_h3s1 = options("s", r#""h3s1""#, "");
    let text = "y".repeat(5000);
    let cookies = sealed_at(&of_h3s1, &format!(r#"{{"x":"{text}"}}"#), NOW);
    assert!(cookies.contains("s.2="), "{cookies}");
    let seal = r#"{"format":"h3s1","accept":["h3s1","auth0"]}"#;
    let both = options("s", seal, r#","cookie":{"maxChunks":5}"#);
    // Stale chunks of Auth0 are beside it.
    let mut jar = Jar::of(&format!("s__0=eyJx; {cookies}; s__1=stale"));
    let mut session = get_at(&both, &jar.header(), NOW);
    assert_eq!(session.text("/x").as_deref(), Some(&*text));
    assert_eq!(both.strip_cookies(&jar.header()).count(), 0);
    let header = jar.header();
    let kept: Vec<&[u8]> = session.strip_other_cookies(&header).collect();
    let kept = String::from_utf8(kept.concat()).unwrap();
    assert_eq!(kept.trim_start_matches("; ").trim_start(), cookies);

    // What is written, in more chunks, too, servers read that know h3s1 alone; Auth0's are deleted.
    session.set("a", "1").unwrap();
    session.set_text("z", &text[..3000]).unwrap();
    jar.take(&mut session);
    assert_eq!(jar.names(), ["s", "s.1", "s.2", "s.3"]);
    assert_eq!(get_at(&of_h3s1, &jar.header(), NOW).find("/a"), Some("1"));
    let mut session = get_at(&both, &format!("{}; s__0=eyJx", jar.header()), NOW);
    session.clear();
    let cookies = set_cookies(&mut session);
    assert_eq!(cookies.len(), 5, "{cookies:?}");
}
