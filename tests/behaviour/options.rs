use h3s::{Config, ErrorKind};

use super::*;

fn error(options: &str) -> h3s::Error {
    let error = Config::from_json(options).expect_err(options);
    assert_eq!(error.kind(), ErrorKind::Config, "{options}");
    error
}

/// The options' inside, with the usual password.
fn refused(more: &str) -> (String, String) {
    let error = error(&format!(r#"{{"password":"{PASSWORD}",{more}}}"#));
    (
        error.key().unwrap_or_default().to_owned(),
        error.message().to_owned(),
    )
}

#[test]
fn an_option_of_another_framework_or_in_the_wrong_place_is_told_where_it_belongs() {
    for (more, key, here) in [
        (r#""cookieName":"x""#, "cookieName", "name"),
        (r#""cookieOptions":{}"#, "cookieOptions", "cookie"),
        (r#""ttl":60"#, "ttl", "seal.ttl, in milliseconds"),
        (r#""secure":false"#, "secure", "cookie.secure"),
        (r#""format":"h3-1""#, "format", "seal.format"),
        (r#""subject":"/user""#, "subject", "revocation.subject"),
    ] {
        let expected = format!("there is no such option; here it is {here}");
        assert_eq!(refused(more), (key.to_owned(), expected));
        // What is named is one.
        let (name, _) = here.split_once(", ").unwrap_or((here, ""));
        let page = include_str!("../../docs/OPTIONS.md");
        assert!(page.contains(&format!("\n### `{name}`\n")), "{name}");
    }
    // In the object that it belongs into it is none of these.
    let (_, message) = refused(r#""cookie":{"ttl":1}"#);
    assert!(message.starts_with("there is no such option; there are "));
}

#[test]
fn every_bad_option_is_refused_by_name() {
    for (more, key) in [
        (r#""nmae":"x""#, "nmae"),
        (r#""name":1"#, "name"),
        (r#""name":"""#, "name"),
        (r#""name":"a b""#, "name"),
        (r#""name":"a=b""#, "name"),
        (r#""maxAge":0"#, "maxAge"),
        (r#""maxAge":-5"#, "maxAge"),
        (r#""maxAge":1.5"#, "maxAge"),
        (r#""maxAge":"60""#, "maxAge"),
        (r#""maxAge":99999999999999999999"#, "maxAge"),
        (r#""idleTimeout":true"#, "idleTimeout"),
        (r#""notBefore":-1"#, "notBefore"),
        (r#""refresh":1"#, "refresh"),
        (r#""maxTokenLength":1"#, "maxTokenLength"),
        (r#""sessionHeader":true"#, "sessionHeader"),
        (r#""sessionHeader":"""#, "sessionHeader"),
        (r#""sessionHeader":"Cookie""#, "sessionHeader"),
        (r#""cookie":true"#, "cookie"),
        (r#""cookie":{"pth":"/"}"#, "cookie.pth"),
        (r#""cookie":{"path":"app"}"#, "cookie.path"),
        (r#""cookie":{"path":"/;x"}"#, "cookie.path"),
        (r#""cookie":{"path":"/\r\n"}"#, "cookie.path"),
        (r#""cookie":{"domain":"a b"}"#, "cookie.domain"),
        (r#""cookie":{"domain":""}"#, "cookie.domain"),
        (r#""cookie":{"sameSite":"maybe"}"#, "cookie.sameSite"),
        (
            r#""cookie":{"sameSite":"none","secure":false}"#,
            "cookie.sameSite",
        ),
        (
            r#""cookie":{"partitioned":true,"secure":false}"#,
            "cookie.partitioned",
        ),
        (r#""cookie":{"priority":"urgent"}"#, "cookie.priority"),
        (r#""cookie":{"maxAge":0}"#, "cookie.maxAge"),
        (r#""cookie":{"maxAge":34560001}"#, "cookie.maxAge"),
        (r#""cookie":{"chunkMaxLength":0}"#, "cookie.chunkMaxLength"),
        (
            r#""cookie":{"chunkMaxLength":4091}"#,
            "cookie.chunkMaxLength",
        ),
        (r#""cookie":{"maxChunks":101}"#, "cookie.maxChunks"),
        (
            r#""cookie":{"chunkMaxLength":10,"maxChunks":2}"#,
            "cookie.chunkMaxLength",
        ),
        (
            r#""name":"__Host-s","cookie":{"path":"/app"}"#,
            "cookie.path",
        ),
        (
            r#""name":"__host-s","cookie":{"domain":"example.com"}"#,
            "cookie.domain",
        ),
        (
            r#""name":"__Secure-s","cookie":{"secure":false}"#,
            "cookie.secure",
        ),
        (r#""seal":[]"#, "seal"),
        (r#""seal":{"format":"h3s2"}"#, "seal.format"),
        (r#""seal":{"accept":["fe26.2"]}"#, "seal.accept"),
        (r#""seal":{"accept":["h3s1","h3s1"]}"#, "seal.accept"),
        (
            r#""seal":{"format":"fe26.2","encryption":{}}"#,
            "seal.encryption.algorithm",
        ),
        (
            r#""seal":{"format":"fe26.2","integrity":{"algorithm":"sha256","saltBits":256,"iterations":1}}"#,
            "seal.integrity.minPasswordlength",
        ),
        (
            r#""seal":{"format":"fe26.2","encryption":{"iterations":0}}"#,
            "seal.encryption.iterations",
        ),
        (r#""seal":{"format":"fe26.2","ttl":-1}"#, "seal.ttl"),
        (r#""seal":{"accept":[]}"#, "seal.accept"),
        (r#""seal":{"accept":{}}"#, "seal.accept"),
        (
            r#""idleTimeout":600,"seal":{"format":"h3-2","ttl":300000}"#,
            "seal.ttl",
        ),
        // Two slow derivations for one token.
        (
            r#""seal":{"format":"h3-1","accept":["h3-1","h3-2"],"integrity":{"algorithm":"sha256","saltBits":256,"iterations":2,"minPasswordlength":32}}"#,
            "seal.integrity.iterations",
        ),
        (r#""seal":{"migrate":1}"#, "seal.migrate"),
        (r#""seal":{"ttl":1}"#, "seal.ttl"),
        (r#""legacySealFallback":true"#, "legacySealFallback"),
        (r#""generateId":1"#, "generateId"),
        // The cookie of another session's chunk.
        (r#""name":"app.1""#, "name"),
        (r#""name":"app.seen""#, "name"),
        (r#""name":"app.100""#, "name"),
        (r#""name":".1""#, "name"),
        (
            r#""name":"__Http-s","cookie":{"secure":false}"#,
            "cookie.secure",
        ),
        (
            r#""name":"__http-s","cookie":{"httpOnly":false}"#,
            "cookie.httpOnly",
        ),
        (
            r#""name":"__Host-Http-s","cookie":{"httpOnly":false}"#,
            "cookie.httpOnly",
        ),
        (
            r#""name":"__Host-Http-s","cookie":{"path":"/app"}"#,
            "cookie.path",
        ),
        (
            r#""name":"__Host-Http-s","cookie":{"domain":"a.example"}"#,
            "cookie.domain",
        ),
        // The browser would drop it before a read may slide it.
        (
            r#""idleTimeout":60,"cookie":{"maxAge":30}"#,
            "cookie.maxAge",
        ),
        (r#""seal":"h3s2""#, "seal"),
        (
            r#""seal":{"format":"h3-1","iterations":2}"#,
            "seal.iterations",
        ),
        (r#""seal":{"iterations":1}"#, "seal.iterations"),
        (
            r#""seal":{"format":"h3-2","iterations":0}"#,
            "seal.iterations",
        ),
        (
            r#""seal":{"format":"h3-2","iterations":1,"integrity":{"algorithm":"sha256","saltBits":256,"iterations":1,"minPasswordlength":32}}"#,
            "seal.iterations",
        ),
        (
            r#""seal":{"format":"h3-2","accept":["h3-2","fe26.2"]}"#,
            "seal.accept",
        ),
        (
            r#""seal":"h3-1","legacySealFallback":true"#,
            "legacySealFallback",
        ),
        (
            r#""seal":{"format":"h3-2","accept":["h3-2","h3-1"]},"legacySealFallback":false"#,
            "legacySealFallback",
        ),
    ] {
        let (named, message) = refused(more);
        assert_eq!(named, key, "{more}: {message}");
        assert!(!message.is_empty());
    }
}

#[test]
fn a_number_is_taken_from_its_least_to_its_most_and_the_error_says_both() {
    let fe26 = |option: &str| format!(r#""seal":{{"format":"h3-2",{option}}}"#);
    let derivation = |of: &str, algorithm: &str, name: &str| {
        let numbers = [
            ("saltBits", "256"),
            ("iterations", "1"),
            ("minPasswordlength", "32"),
        ];
        let numbers = numbers.map(|(other, number)| {
            let number = if other == name { "N" } else { number };
            format!(r#""{other}":{number}"#)
        });
        let numbers = numbers.join(",");
        fe26(&format!(
            r#""{of}":{{"algorithm":"{algorithm}",{numbers}}}"#
        ))
    };
    let century = 100 * 365 * 86_400;
    for (key, more, least, most) in [
        ("maxAge", r#""maxAge":N"#.to_owned(), 1, century),
        ("idleTimeout", r#""idleTimeout":N"#.into(), 1, century),
        (
            "notBefore",
            r#""notBefore":N"#.into(),
            0,
            281_474_976_710_656,
        ),
        (
            "maxTokenLength",
            r#""maxTokenLength":N"#.into(),
            128,
            16_777_216,
        ),
        (
            "cookie.maxAge",
            r#""cookie":{"maxAge":N}"#.into(),
            1,
            34_560_000,
        ),
        (
            "cookie.maxChunks",
            r#""cookie":{"maxChunks":N}"#.into(),
            1,
            100,
        ),
        ("seal.iterations", fe26(r#""iterations":N"#), 1, 10_000_000),
        ("seal.ttl", fe26(r#""ttl":N"#), 0, century * 1000),
        (
            "seal.timestampSkewSec",
            fe26(r#""timestampSkewSec":N"#),
            0,
            31_536_000,
        ),
        (
            "seal.localtimeOffsetMsec",
            fe26(r#""localtimeOffsetMsec":N"#),
            -315_360_000_000,
            315_360_000_000,
        ),
        (
            "seal.encryption.saltBits",
            derivation("encryption", "aes-256-cbc", "saltBits"),
            1,
            512,
        ),
        (
            "seal.encryption.iterations",
            derivation("encryption", "aes-128-ctr", "iterations"),
            1,
            10_000_000,
        ),
        (
            "seal.integrity.minPasswordlength",
            derivation("integrity", "sha256", "minPasswordlength"),
            1,
            1024,
        ),
    ] {
        let with = |number: i64| {
            let text = format!("{{{more}}}").replace('N', &number.to_string());
            h3s::Options::from_json(text)
        };
        for number in [least, most] {
            assert!(with(number).is_ok(), "{key}: {number}");
        }
        for number in [least - 1, most + 1, i64::MAX, i64::MIN] {
            let error = with(number).expect_err(key);
            assert_eq!(error.key(), Some(key), "{number}");
            let span = format!("from {least} to {most}");
            assert!(error.message().contains(&span), "{error}");
        }
    }
}

#[test]
fn the_longest_cookie_leaves_room_for_its_name_and_the_number_of_a_chunk() {
    // Browsers keep 4,096 bytes: the name, .100 and the value.
    for (name, most) in [("h3".to_owned(), 4090), ("n".repeat(4091), 1)] {
        let with = |len: usize| {
            h3s::Options::from_json(format!(
                r#"{{"name":"{name}","cookie":{{"chunkMaxLength":{len}}}}}"#
            ))
        };
        assert!(with(most).is_ok());
        let error = with(most + 1).unwrap_err();
        assert_eq!(error.key(), Some("cookie.chunkMaxLength"));
        assert!(
            error.message().contains(&format!("at most {most}")),
            "{error}"
        );
    }
    for len in [4092, 4096, 5000] {
        let name = "n".repeat(len);
        let text = format!(r#"{{"name":"{name}","cookie":{{"chunkMaxLength":1}}}}"#);
        assert_eq!(
            h3s::Options::from_json(text).unwrap_err().key(),
            Some("name")
        );
    }
}

#[test]
fn a_path_has_at_most_1024_printable_characters() {
    let taken = |path: &str| {
        let cookie = h3s::CookieOptions::new().path(path);
        let checked = Config::check(&h3s::Options::default().cookie(cookie));
        if let Err(error) = &checked {
            assert_eq!(error.key(), Some("cookie.path"), "{path}");
        }
        checked.is_ok()
    };
    for path in ["/", "/a b", "/~!,=\"", &format!("/{}", "x".repeat(1023))] {
        assert!(taken(path), "{path}");
    }
    for path in [
        "",
        "a/",
        "/;",
        "/\t",
        "/\x7f",
        "/\u{e9}",
        &format!("/{}", "x".repeat(1024)),
    ] {
        assert!(!taken(path), "{path}");
    }
}

#[test]
fn a_domain_is_of_labels_as_domain_names_are() {
    let label = "x".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "x".repeat(61));
    let taken = |domain: &str| {
        let cookie = h3s::CookieOptions::new().domain(domain);
        Config::check(&h3s::Options::default().cookie(cookie)).is_ok()
    };
    for domain in ["example.com", ".example.com", "a-b.EXAMPLE", "1", &longest] {
        assert!(taken(domain), "{domain}");
    }
    for domain in [
        "",
        ".",
        "..a",
        "a..b",
        "a.",
        "-a.example",
        "a-.example",
        "a.-b",
        "a_b.example",
        "a;b",
        "\u{e9}.example",
        &format!("{label}x.example"),
        &format!("{longest}x"),
    ] {
        assert!(!taken(domain), "{domain}");
    }
}

#[test]
fn what_is_of_another_type_is_answered_with_what_is_wanted() {
    for (more, wanted) in [
        (r#""name":1"#, "a cookie name"),
        (
            r#""maxAge":"1""#,
            "a whole number of seconds from 1 to 3153600000; leave it out",
        ),
        (
            r#""notBefore":"1""#,
            "a whole number of milliseconds since 1970 from 0",
        ),
        (r#""refresh":0"#, "true or false"),
        (r#""cookie":[]"#, "an object, or false"),
        (
            r#""cookie":{"sameSite":0}"#,
            "one of \"lax\", \"strict\", \"none\"",
        ),
        (r#""seal":{"format":1}"#, "\"h3s1\", "),
        (r#""seal":{"accept":"h3s1"}"#, "a list of formats"),
        (r#""seal":{"accept":{}}"#, "a list of formats"),
    ] {
        let (_, message) = refused(more);
        assert!(message.starts_with(wanted), "{more}: {message}");
    }
    assert_eq!(refused(r#""name":1"#).1, "a cookie name");
    let accept = format!("\"x\"{}", ",\"h3s1\"".repeat(16));
    let (_, message) = refused(&format!(r#""seal":{{"accept":[{accept}]}}"#));
    assert!(message.starts_with("a list of formats"), "{message}");
}

#[test]
fn an_id_is_shown_up_to_16_characters_of_it() {
    for (id, key) in [
        ("x".repeat(16), format!("password.{}", "x".repeat(16))),
        ("x".repeat(17), "password".into()),
    ] {
        assert_eq!(
            error(&format!(r#"{{"password":{{"{id}":"short"}}}}"#)).key(),
            Some(&*key)
        );
    }
    let config = |id: &str| Config::check(&h3s::Options::with_passwords([(id, PASSWORD)]));
    assert!(config(&"x".repeat(32)).is_ok());
    for id in [&"x".repeat(33), "", "a-b", "\u{e9}"] {
        assert_eq!(config(id).unwrap_err().key(), Some("password"), "{id}");
    }
}

#[test]
fn a_config_says_what_its_options_come_to() {
    for (more, has_cookies, is_secure, may_be_cold) in [
        ("", true, true, false),
        (r#""cookie":{"secure":false}"#, true, false, false),
        (r#""cookie":false"#, false, false, false),
        (r#""seal":"h3-1""#, true, true, false),
        (r#""seal":"h3-2""#, true, true, true),
        (
            r#""seal":{"accept":["h3s1","h3-2"]},"cookie":false"#,
            false,
            false,
            true,
        ),
    ] {
        let config = config(more);
        assert_eq!(config.has_cookies(), has_cookies, "{more}");
        assert_eq!(config.is_secure(), is_secure, "{more}");
        assert_eq!(config.may_be_cold(), may_be_cold, "{more}");
    }
}

#[test]
fn the_least_room_that_is_taken_holds_an_empty_session() {
    let id = "x".repeat(32);
    for (more, option, least) in [
        (r#""idleTimeout":60,"maxAge":60"#, "maxTokenLength", 128),
        (r#""seal":"h3-1","maxAge":60"#, "maxTokenLength", 128),
        (r#""maxAge":60"#, "chunkMaxLength", 1),
        (r#""seal":"h3-1""#, "chunkMaxLength", 1),
    ] {
        let text = |len: usize| {
            let room = match option {
                "maxTokenLength" => format!(r#""cookie":false,"maxTokenLength":{len}"#),
                _ => format!(r#""cookie":{{"maxChunks":1,"chunkMaxLength":{len}}}"#),
            };
            format!(r#"{{"password":{{"{id}":"{PASSWORD}"}},{more},{room}}}"#)
        };
        let checked = |len: usize| Config::check(&h3s::Options::from_json(text(len)).unwrap());
        let len = (least..2000).find(|len| checked(*len).is_ok()).unwrap();
        let refused = checked(len - 1).unwrap_err();
        assert!(
            refused.key().unwrap().ends_with(option) && refused.message().contains("empty session")
        );
        let config = Config::from_json(text(len)).unwrap();
        let mut session = use_at(&config, "", NOW);
        assert_eq!(session.seal().unwrap().len(), len, "{more}");
    }
}

#[test]
fn an_option_may_be_written_with_escapes_up_to_32_kib() {
    // Six bytes for each of the longest path's characters.
    let path = format!(r"\u002f{}", r"\u0078".repeat(1023));
    let text = format!(r#"{{"cookie":{{"path":"{path}"}}}}"#);
    assert!(h3s::Options::from_json(text).is_ok());
    let header = |len: usize| {
        let text = format!(r#"{{"sessionHeader":"{}"}}"#, "x".repeat(len));
        h3s::Options::from_json(text).map_err(|error| error.key().unwrap().to_owned())
    };
    assert!(header(32 * 1024).is_ok());
    assert_eq!(header(32 * 1024 + 1).unwrap_err(), "sessionHeader");
}

#[test]
fn an_unknown_option_is_answered_with_the_nearest_known_one() {
    assert!(refused(r#""maxage":60"#).1.contains("did you mean maxAge?"));
    assert!(
        refused(r#""cookie":{"samesite":"lax"}"#)
            .1
            .contains("did you mean sameSite?")
    );
    assert!(
        refused(r#""sessionheader":false"#)
            .1
            .contains("did you mean sessionHeader?")
    );
    assert!(
        refused(r#""generateId":1"#)
            .1
            .contains("h3s_session_set_id")
    );
    assert!(refused(r#""crypto":1"#).1.contains("remove this option"));
    assert!(refused(r#""expires":1"#).1.contains("use maxAge"));
    // Half of its letters may be others.
    assert!(refused(r#""naxx":1"#).1.contains("did you mean name?"));
    assert!(
        refused(r#""nxxx":1"#)
            .1
            .contains("there are password, name")
    );
}

#[test]
fn a_name_that_may_be_a_password_is_not_shown() {
    let secrets = [
        "Zq7xV0aTg1Ub2Kc9Ld4Me5Nf6Og8Ph3R",
        "correcthorsebatterystapleandmore",
        "hunter2",
        "p\u{e4}sswort",
        "a secret",
        "\u{1}",
        "",
    ];
    for secret in secrets {
        let name = serde_json::to_string(secret).unwrap();
        for (object, text) in [
            ("", format!("{{{name}: 1}}")),
            ("cookie", format!("{{\"cookie\": {{{name}: 1}}}}")),
            ("seal", format!("{{\"seal\": {{{name}: 1}}}}")),
        ] {
            let error = h3s::Options::from_json(&text).unwrap_err();
            assert_eq!(
                (error.key().unwrap_or_default(), error.offset()),
                (object, text.find(&name))
            );
            assert!(error.message().contains("not shown"), "{error}");
            assert!(
                secret.is_empty() || !error.message().contains(secret),
                "{error}"
            );
        }
    }
    for name in ["nmae", "same_site", "x-session", "localtimeoffsetmillis"] {
        let error = h3s::Options::from_json(format!("{{\"{name}\": 1}}")).unwrap_err();
        assert_eq!(error.key(), Some(name));
    }
}

#[test]
fn an_id_that_may_be_a_password_is_not_shown() {
    let secret = "Zq7xV0aTg1Ub2Kc9Ld4Me5Nf6Og8Ph3R";
    for value in ["\"1\"", "1"] {
        let text = format!(r#"{{"password":{{"{secret}":{value}}}}}"#);
        assert_eq!(error(&text).key(), Some("password"));
    }
    // Where a password of 8 characters will do, an id of 8 may be one.
    let side = r#""saltBits":256,"iterations":1,"minPasswordlength":8"#;
    let seal = format!(
        r#"{{"format":"h3-2","encryption":{{"algorithm":"aes-256-cbc",{side}}},
            "integrity":{{"algorithm":"sha256",{side}}}}}"#
    );
    for (id, key) in [("hunter22", "password"), ("2026_11", "password.2026_11")] {
        let text = format!(r#"{{"password":{{"{id}":"short"}},"seal":{seal}}}"#);
        assert_eq!(error(&text).key(), Some(key));
    }
}

#[test]
fn options_in_another_encoding_are_refused_with_the_remedy() {
    let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (text, said) in [
        (&b"\xEF\xBB\xBF{}"[..], "byte order mark"),
        (b"\xFF\xFE{\0}\0", "UTF-16"),
        (&utf16, "UTF-16"),
        (b"{\"name\":\"Zo\xEB\"}", "not UTF-8"),
    ] {
        let error = h3s::Options::from_json(text).unwrap_err();
        assert_eq!((error.kind(), error.key()), (ErrorKind::Config, None));
        assert!(error.message().contains(said), "{error}");
        assert!(
            error.message().contains("save the file as UTF-8"),
            "{error}"
        );
    }
}

#[test]
fn options_are_checked_with_or_without_a_password() {
    let check = |text: &str| Config::check(&h3s::Options::from_json(text)?);
    assert!(check("{}").is_ok());
    assert!(check(r#"{"password":"short"}"#).is_err());
    assert!(check(&format!(r#"{{"password":"{PASSWORD}"}}"#)).is_ok());
    for text in [
        r#"{"cookie":{"chunkMaxLength":10,"maxChunks":2}}"#,
        r#"{"seal":"h3-1","cookie":false,"maxTokenLength":128}"#,
    ] {
        let with_password = format!(r#"{{"password":"{PASSWORD}",{}"#, &text[1..]);
        assert_eq!(check(text), Config::from_json(with_password).map(drop));
        assert!(check(text).is_err(), "{text}");
    }
    assert_eq!(
        Config::new(h3s::Options::default()).unwrap_err().key(),
        Some("password")
    );
}

#[test]
fn of_typed_passwords_that_are_numbers_the_highest_seals() {
    let new = "a new password of 32 characters or more";
    for (passwords, id) in [
        ([("2", PASSWORD), ("10", new)], "10"),
        ([("a", PASSWORD), ("10", new)], "a"),
    ] {
        let config = Config::new(h3s::Options::with_passwords(passwords)).unwrap();
        let token = use_at(&config, "", NOW).seal().unwrap().to_owned();
        assert!(token.starts_with(&format!("h3s1.{id}.")));
    }
    let twice = h3s::Options::with_passwords([("a", PASSWORD), ("a", new)]);
    assert_eq!(Config::new(twice).unwrap_err().key(), Some("password"));
}

#[test]
fn an_error_about_several_options_says_at_which_byte_one_of_them_is() {
    let text = r#"{ "na\u006de" : "__Host-s" , "cookie" : { "secure" : false } }"#;
    let error = h3s::Options::from_json(text).unwrap_err();
    assert_eq!(
        (error.key(), error.offset()),
        (Some("cookie.secure"), text.find("false"))
    );
    let text = r#"{"seal": {"format": "h3-2", "iterations": 2, "accept": ["h3-2", "h3-1"]},
        "legacySealFallback": false}"#;
    let error = h3s::Options::from_json(text).unwrap_err();
    assert_eq!(error.offset(), text.find("false"));
}

#[test]
fn an_option_for_fe26_2_alone_says_what_it_needs() {
    for more in [r#""seal":{"ttl":1}"#, r#""legacySealFallback":true"#] {
        assert!(refused(more).1.contains("set seal.format to one"));
    }
}

#[test]
fn under_fe26_2_alone_the_shortest_password_is_what_h3_was_told() {
    let side = |algorithm: &str, least: u32| {
        format!(
            r#"{{"algorithm":"{algorithm}","saltBits":256,"iterations":1,"minPasswordlength":{least}}}"#
        )
    };
    let options = |format: &str, least| {
        let (encryption, integrity) = (side("aes-256-cbc", least), side("sha256", 8));
        format!(
            r#"{{"password":"twelve chars","seal":{{{format},"encryption":{encryption},"integrity":{integrity}}}}}"#
        )
    };
    assert!(Config::from_json(options(r#""format":"fe26.2""#, 12)).is_ok());
    assert_eq!(
        error(&options(r#""format":"fe26.2""#, 13)).key(),
        Some("password")
    );
    let both = r#""format":"fe26.2","accept":["h3s1","fe26.2"]"#;
    assert_eq!(error(&options(both, 12)).key(), Some("password"));
}

#[test]
fn a_password_has_at_least_32_characters_as_javascript_counts_them() {
    assert_eq!(error("{}").key(), Some("password"));
    assert_eq!(error(r#"{"password":"short"}"#).key(), Some("password"));
    assert_eq!(error(r#"{"password":{}}"#).key(), Some("password"));
    assert_eq!(
        error(r#"{"password":{"a":"short"}}"#).key(),
        Some("password.a")
    );
    assert_eq!(error(r#"{"password":42}"#).key(), Some("password"));
    assert_eq!(error(r#"{"password":{"a":42}}"#).key(), Some("password.a"));
    assert!(Config::from_json(format!(r#"{{"password":"{}"}}"#, "😀".repeat(16))).is_ok());
    assert!(Config::from_json(format!(r#"{{"password":"{}"}}"#, "é".repeat(31))).is_err());
}

#[test]
fn where_a_framework_demands_no_length_only_an_empty_password_is_refused() {
    let error = error(r#"{"password":"","seal":"next-auth"}"#);
    assert_eq!(error.key(), Some("password"));
    assert!(error.message().contains("may not be empty"));
    assert!(Config::from_json(r#"{"password":"x","seal":"next-auth"}"#).is_ok());
}

#[test]
fn no_error_and_no_debug_output_holds_a_password() {
    let secret = "a very secret password of 32 characters or more";
    for options in [
        format!(r#"{{"password":{{"{secret}":"x"}}}}"#),
        format!(r#"{{"password":["{secret}"]}}"#),
        format!(r#"{{"password":"{secret}","name":"{secret}"}}"#),
        format!(r#"{{"password":"{secret}","cookie":{{"path":"{secret}"}}}}"#),
        format!(r#"{{"password":"{secret}","cookie":"{secret}"}}"#),
        format!(r#"{{"password":"{secret}\ud800"}}"#),
        format!(r#"{{"password":"{secret}"#),
    ] {
        let error = Config::from_json(&options).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("secret"),
            "{error:?}"
        );
    }
    let config = Config::from_json(format!(r#"{{"password":"{secret}"}}"#)).unwrap();
    let session = use_at(&config, "", NOW);
    assert!(!format!("{config:?} {session:?}").contains("secret"));
    assert!(!format!("{session:?}").contains(session.id().unwrap()));
}

#[test]
fn an_error_says_at_which_byte() {
    let options = format!("\n\t  {{ \"password\" : \"{PASSWORD}\" , \"maxAge\" : 0 }}");
    assert_eq!(error(&options).offset(), options.find("0 }"));
    let options =
        r#" { "password" : { "k1" : "correct horse battery staple, and more", "a b" : 1 } }"#;
    assert_eq!(error(options).offset(), options.find("a b"));
    let options = r#" {"seal": {"accept": [ "h3s1" , "h3s2" ]}}"#;
    assert_eq!(error(options).offset(), options.find("\"h3s2"));
    let options = format!(r#"{{"password":"{PASSWORD}","seal":{{"format":"h3s2"}}}}"#);
    assert_eq!(error(&options).offset(), options.find(r#""h3s2""#));
    assert_eq!(error("{\"password\":}").offset(), Some(12));
    assert_eq!(error("[]").offset(), Some(0));
}

#[test]
fn options_given_twice_or_in_any_white_space_are_read_as_json_has_them() {
    assert_eq!(error(r#"{"name":"a","name":"b"}"#).offset(), Some(13));
    let options = format!("\n\t{{ \"p\\u0061ssword\" : \"{PASSWORD}\" ,\r\n \"name\" : \"a\" }} ");
    assert_eq!(Config::from_json(options).unwrap().cookie_name(), "a");
}

#[test]
fn sessions_of_prefixed_names_work() {
    for name in ["__Host-s", "__Secure-s", "__Http-s", "__Host-Http-s"] {
        let config = config(&format!(r#""name":"{name}""#));
        let cookie = sealed_at(&config, r#"{"a":1}"#, NOW);
        assert_eq!(use_at(&config, &cookie, NOW).data(), r#"{"a":1}"#);
    }
}

#[test]
fn options_that_look_like_refused_ones_are_taken() {
    for more in [
        r#""name":"app.0""#,
        r#""name":"app.seen.x""#,
        r#""name":"app.unseen""#,
        r#""name":"app.101""#,
        r#""name":"app.01""#,
        r#""name":"app.1.x""#,
        r#""idleTimeout":60,"cookie":{"maxAge":31}"#,
        r#""idleTimeout":60,"refresh":false,"cookie":{"maxAge":30}"#,
        r#""name":"__Http-s","cookie":{"path":"/app","domain":"a.example"}"#,
        r#""seal":"h3-1""#,
        r#""idleTimeout":600,"seal":{"format":"h3-2","ttl":300001}"#,
        r#""idleTimeout":600,"refresh":false,"seal":{"format":"h3-2","ttl":300000}"#,
        r#""idleTimeout":600,"seal":{"format":"h3-2","ttl":0}"#,
        r#""seal":"h3-2","legacySealFallback":false"#,
        r#""seal":"fe26.2""#,
        r#""seal":"h3s1""#,
        r#""seal":{"format":"h3-1","iterations":1}"#,
        r#""seal":{"format":"h3-1","accept":["h3-1","h3-2","h3s1"]}"#,
    ] {
        config(more);
    }
}

#[test]
fn in_development_a_browser_keeps_the_cookie_over_plain_http() {
    for (more, name, attributes) in [
        (
            r#""name":"__Host-s""#,
            "s",
            "Path=/; HttpOnly; SameSite=Lax",
        ),
        (
            r#""name":"__host-HTTP-s""#,
            "s",
            "Path=/; HttpOnly; SameSite=Lax",
        ),
        (
            r#""name":"__Secure-__Host-Http-__http-s""#,
            "s",
            "Path=/; HttpOnly; SameSite=Lax",
        ),
        (
            r#""name":"s__Host-""#,
            "s__Host-",
            "Path=/; HttpOnly; SameSite=Lax",
        ),
        (
            r#""cookie":{"sameSite":"none","partitioned":true}"#,
            "h3",
            "Path=/; HttpOnly; SameSite=Lax",
        ),
        (
            r#""cookie":{"sameSite":"strict","path":"/a"}"#,
            "h3",
            "Path=/a; HttpOnly; SameSite=Strict",
        ),
        (r#""cookie":{"sameSite":false}"#, "h3", "Path=/; HttpOnly"),
    ] {
        let text = format!(r#"{{"password":"{PASSWORD}","development":true,{more}}}"#);
        let config = Config::from_json(text).unwrap();
        assert_eq!(config.cookie_name(), name, "{more}");
        assert_eq!(
            config.header_name().unwrap(),
            format!("x-{}-session", name.to_lowercase())
        );
        assert!(!config.is_secure());
        let mut session = use_at(&config, "", NOW);
        let cookies = session.set_cookies().unwrap();
        assert!(
            cookies
                .iter()
                .all(|cookie| cookie.ends_with(&format!("; {attributes}"))),
            "{more}"
        );
    }
    let without = format!(r#"{{"password":"{PASSWORD}","development":true,"cookie":false}}"#);
    assert!(!Config::from_json(without).unwrap().has_cookies());
}

#[test]
fn development_refuses_what_production_refuses_with_the_same_error() {
    for more in [
        r#""name":"__Host-s","cookie":{"domain":"a.example"}"#,
        r#""name":"__Host-s","cookie":{"path":"/app"}"#,
        r#""name":"__Host-Http-s","cookie":{"domain":"a.example"}"#,
        r#""name":"__Http-s","cookie":{"httpOnly":false}"#,
        r#""name":"__Secure-s","cookie":{"secure":false}"#,
        r#""name":"__Host-__Secure-s","cookie":{"path":"/app"}"#,
        r#""name":"__Host-a b""#,
        r#""name":"__Host-.1""#,
        r#""cookie":{"sameSite":"none","secure":false}"#,
        r#""cookie":{"partitioned":true,"secure":false}"#,
    ] {
        let of = |development: bool| {
            let error = error(&format!(
                r#"{{"password":"{PASSWORD}",{more},"development":{development}}}"#
            ));
            (
                error.key().unwrap().to_owned(),
                error.offset(),
                error.to_string(),
            )
        };
        assert_eq!(of(true), of(false), "{more}");
    }
}

#[test]
fn a_name_of_a_prefix_alone_is_refused_in_development() {
    // Without the prefix nothing is left, and with it no browser keeps it over plain HTTP.
    for name in ["__Host-", "__Secure-__Http-"] {
        let text = format!(r#"{{"password":"{PASSWORD}","name":"{name}","development":true}}"#);
        assert_eq!(error(&text).key(), Some("cookie.secure"), "{name}");
    }
}
