//! Sessions in Fe26.2, the format of h3: `tests/interop` holds them against the real packages.

use h3s::{ErrorKind, Rejection, Request, Source};

use super::*;

const FE26: &str = r#""seal":{"format":"fe26.2"}"#;

/// One iteration for both keys, as h3 1.x, iron-session and @hapi/iron.
const OLD: &str = r#""seal":{"format":"fe26.2",
    "encryption":{"algorithm":"aes-256-cbc","saltBits":256,"iterations":1,"minPasswordlength":32},
    "integrity":{"algorithm":"sha256","saltBits":256,"iterations":1,"minPasswordlength":32}}"#;

/// How a key is derived, as h3's options have it.
fn derivation(algorithm: &str, iterations: u32) -> String {
    format!(
        r#"{{"algorithm":"{algorithm}","saltBits":256,"iterations":{iterations},"minPasswordlength":32}}"#
    )
}

/// A token whose mac is not right, and whose salts nobody has seen.
fn forged(token: &str, number: u32) -> String {
    let mut parts: Vec<String> = token.split('*').map(str::to_owned).collect();
    parts[6] = format!("{number:064x}");
    parts.join("*")
}

#[test]
fn a_session_goes_round_in_either_cipher() {
    let ctr = r#""seal":{"format":"fe26.2",
        "encryption":{"algorithm":"aes-128-ctr","saltBits":128,"iterations":2,"minPasswordlength":32},
        "integrity":{"algorithm":"sha256","saltBits":512,"iterations":3,"minPasswordlength":32}}"#;
    for options in [FE26, OLD, ctr] {
        let config = config(options);
        for data in ["{}", r#"{"a":"é😀\ud800","b":[1.50,{}]}"#] {
            let cookie = sealed_at(&config, data, NOW);
            assert!(cookie.starts_with("h3=Fe26.2*"));
            let session = use_at(&config, &cookie, NOW + SECOND);
            assert_eq!(
                (session.data(), session.created_at(), session.is_new()),
                (data, Some(NOW), false)
            );
        }
    }
}

#[test]
fn a_token_in_one_cipher_does_not_open_in_the_other() {
    let of = |algorithm| {
        let encryption = derivation(algorithm, 1);
        config(&format!(
            r#""seal":{{"format":"h3-1","encryption":{encryption}}}"#
        ))
    };
    let (cbc, ctr) = (of("aes-256-cbc"), of("aes-128-ctr"));
    for (one, other) in [(&cbc, &ctr), (&ctr, &cbc)] {
        let token = token_at(one, r#"{"a":1}"#, NOW);
        let request = Request::from_token(&token).at(NOW);
        assert_eq!(one.unseal(&request).unwrap().data(), r#"{"a":1}"#);
        assert!(other.unseal(&request).unwrap_err().rejection().is_some());
    }
}

#[test]
fn a_token_is_cold_while_either_key_is() {
    for (encryption, integrity) in [(1, 2), (2, 1), (2, 2)] {
        let options = format!(
            r#""seal":{{"format":"h3-2","encryption":{},"integrity":{}}}"#,
            derivation("aes-256-cbc", encryption),
            derivation("sha256", integrity)
        );
        let token = token_at(&config(&options), "{}", NOW);
        let here = config(&options);
        let request = Request::from_token(&token).at(NOW);
        let cold = here.unseal(&request.warm_only(true)).unwrap_err();
        assert_eq!(cold.kind(), ErrorKind::Cold, "{encryption}, {integrity}");
        let request = Request::from_token(&token).at(NOW);
        here.unseal(&request).unwrap();
        here.unseal(&request.warm_only(true)).unwrap();
    }
}

#[test]
fn a_session_was_last_seen_when_h3_says() {
    let config = config(r#""idleTimeout":600,"seal":"h3-2""#);
    let seen = NOW + 5 * SECOND;
    for (there, here) in [(seen, Some(seen)), (0, None)] {
        let raw = format!(r#"{{"id":"a","createdAt":{NOW},"lastSeenAt":{there},"data":{{}}}}"#);
        let token = config.iron_seal_session(raw, NOW).unwrap();
        let request = Request::from_token(&token).at(NOW + 10 * SECOND);
        assert_eq!(config.unseal(&request).unwrap().last_seen_at(), here);
    }
}

#[test]
fn the_published_ticket_of_hapi_iron_opens() {
    let config = Config::from_json(
        r#"{"password":"some_not_random_password_that_is_also_long_enough","seal":{"format":"fe26.2"}}"#,
    )
    .unwrap();
    let ticket = "Fe26.2**0cdd607945dd1dffb7da0b0bf5f1a7daa6218cbae14cac51dcbd91fb077aeb5b*aOZLCKLhCt0D5IU1qLTtYw*g0ilNDlQ3TsdFUqJCqAm9iL7Wa60H7eYcHL_5oP136TOJREkS3BzheDC1dlxz5oJ**05b8943049af490e913bbc3a2485bee2aaf7b823f4c41d0ff0b7c168371a3772*R8yscVdTBRMdsoVbdDiFmUL8zb-c3PQLGJn4Y8C-AqI";
    for token in [ticket.to_owned(), format!("{ticket}~2")] {
        assert_eq!(
            *config
                .iron_unseal(&Request::from_token(&token).at(NOW))
                .unwrap(),
            r#"{"a":1,"b":2,"c":[3,4,5],"d":{"e":"f"}}"#
        );
    }
}

#[test]
fn a_raw_seal_goes_round_and_lives_for_the_ttl_and_a_minute() {
    let config = config(r#""seal":{"format":"fe26.2","ttl":5000}"#);
    for json in ["1", "null", "[ ]", r#"{"a": "b"}"#] {
        let token = config.iron_seal(json, NOW).unwrap();
        let compact = json.replace(' ', "");
        assert_eq!(
            *config
                .iron_unseal(&Request::from_token(&token).at(NOW + 64_999))
                .unwrap(),
            compact
        );
        let late = config
            .iron_unseal(&Request::from_token(&token).at(NOW + 65_000))
            .unwrap_err();
        assert_eq!(late.rejection(), Some(Rejection::Expired));
    }
    assert_eq!(
        config.iron_seal("{", NOW).unwrap_err().kind(),
        ErrorKind::Data
    );
    let native = super::config("").iron_seal("1", NOW).unwrap_err();
    assert_eq!(
        (native.kind(), native.key()),
        (ErrorKind::Config, Some("seal.accept"))
    );
}

#[test]
fn a_read_leaves_the_number_of_iterations_as_it_came_and_a_write_changes_it() {
    let [h3v1, h3v2] = [r#""seal":"h3-1""#, FE26].map(config);
    let old = sealed_at(&h3v1, r#"{"a":1}"#, NOW);
    for verb in [use_at, get_at] {
        let mut session = verb(&h3v2, &old, NOW + SECOND);
        assert_eq!(
            (session.data(), session.created_at()),
            (r#"{"a":1}"#, Some(NOW))
        );
        assert!(set_cookies(&mut session).is_empty());
        session.set("b", "2").unwrap();
        let written = set_cookies(&mut session).remove(0);
        let written = written.split(';').next().unwrap();
        assert_eq!(
            use_at(&h3v2, written, NOW + SECOND).data(),
            r#"{"a":1,"b":2}"#
        );
        let refused = use_at(&h3v1, written, NOW + SECOND);
        assert_eq!(refused.rejection(), Some(Rejection::BadSeal));
    }
    let strict = config(&format!(r#"{FE26},"legacySealFallback":false"#));
    assert_eq!(
        get_at(&strict, &old, NOW).rejection(),
        Some(Rejection::BadSeal)
    );
}

#[test]
fn a_slide_and_a_new_password_keep_the_number_of_iterations() {
    for (seals, peer) in [
        (r#""seal":"h3-2""#, r#""seal":"h3-1""#),
        (
            r#""seal":{"format":"h3-1","accept":["h3-1","h3-2"]}"#,
            r#""seal":"h3-2","legacySealFallback":false"#,
        ),
    ] {
        let named = |password: &str, seal: &str| {
            Config::from_json(format!(
                r#"{{"password":{password},"idleTimeout":600,{seal}}}"#
            ))
            .unwrap()
        };
        let own = format!(r#""{PASSWORD}""#);
        let there = named(&own, peer);
        let cookie = sealed_at(&there, r#"{"a":1}"#, NOW);
        let mut slid = get_at(&named(&own, seals), &cookie, NOW + 301 * SECOND);
        let pair = set_cookies(&mut slid).remove(0);
        let pair = pair.split(';').next().unwrap().to_owned();
        assert_eq!(
            use_at(&there, &pair, NOW + 301 * SECOND).data(),
            r#"{"a":1}"#
        );

        let both = format!(r#"{{"new":"another password of at least 32 characters","old":{own}}}"#);
        let mut renewed = get_at(&named(&both, seals), &cookie, NOW + SECOND);
        let pair = set_cookies(&mut renewed).remove(0);
        let pair = pair.split(';').next().unwrap().to_owned();
        let new = r#"{"new":"another password of at least 32 characters"}"#;
        let session = use_at(&named(new, peer), &pair, NOW + SECOND);
        assert_eq!(
            (session.data(), session.created_at()),
            (r#"{"a":1}"#, Some(NOW))
        );
    }
}

#[test]
fn migrate_changes_the_number_of_iterations_on_a_read() {
    let h3v1 = config(r#""seal":"h3-1""#);
    let migrating = config(r#""seal":{"format":"h3-2","migrate":true}"#);
    let strict = config(r#""seal":"h3-2","legacySealFallback":false"#);
    let old = sealed_at(&h3v1, r#"{"a":1}"#, NOW);
    let moved = set_cookies(&mut get_at(&migrating, &old, NOW)).remove(0);
    let moved = moved.split(';').next().unwrap();
    assert_eq!(use_at(&strict, moved, NOW).data(), r#"{"a":1}"#);
    assert!(set_cookies(&mut get_at(&migrating, moved, NOW)).is_empty());
}

#[test]
fn a_read_never_splits_what_came_in_one_cookie() {
    // h3 1 reads no chunks.
    let id = "k".repeat(32);
    let of = |password: String| {
        Config::from_json(format!(
            r#"{{"password":{password},"idleTimeout":600,"seal":"h3-2"}}"#
        ))
        .unwrap()
    };
    let there = of(format!(r#""{PASSWORD}""#));
    let mut session = use_at(&there, "", NOW);
    let largest = (1..3000)
        .rev()
        .find(|len| {
            session.set_text("a", &"x".repeat(*len)).unwrap();
            set_cookies(&mut session).len() == 1
        })
        .unwrap();
    let cookie = sealed_at(
        &there,
        &format!(r#"{{"a":"{}"}}"#, "x".repeat(largest)),
        NOW,
    );
    let new = "another password of at least 32 characters";
    let here = of(format!(r#"{{"{id}":"{new}","old":"{PASSWORD}"}}"#));
    for later in [SECOND, 400 * SECOND] {
        let mut read = get_at(&here, &cookie, NOW + later);
        assert!(!read.is_new() && set_cookies(&mut read).is_empty());
    }
}

#[test]
fn seal_takes_the_name_of_a_format_and_a_number_of_iterations() {
    let token = |seal: &str| token_at(&config(&format!(r#""seal":{seal}"#)), "{}", NOW);
    let opens = |seal: &str, token: &str| {
        config(&format!(r#""seal":{seal},"legacySealFallback":false"#))
            .unseal(&Request::from_token(token).at(NOW))
            .is_ok()
    };
    let (one, many) = (
        r#"{"format":"fe26.2","iterations":1}"#,
        r#"{"format":"fe26.2","iterations":8192}"#,
    );
    for (seal, iterations) in [
        (r#""h3-1""#, 1),
        (r#""h3-2""#, 8192),
        (r#""fe26.2""#, 8192),
        (r#"{"format":"h3-1"}"#, 1),
        (r#"{"format":"h3-2"}"#, 8192),
        (one, 1),
        (many, 8192),
    ] {
        let token = token(seal);
        assert_eq!(opens(one, &token), iterations == 1, "{seal}");
        assert_eq!(opens(many, &token), iterations == 8192, "{seal}");
    }
    assert!(token(r#""h3s1""#).starts_with("h3s1."));
}

#[test]
fn every_part_of_a_token_counts() {
    let config = config(r#""maxAge":60,"seal":{"format":"fe26.2"}"#);
    let token = token_at(&config, r#"{"a":1}"#, NOW);
    let parts: Vec<&str> = token.split('*').collect();
    for (part, text) in parts.iter().enumerate() {
        let mut changed = parts.clone();
        let last = if text.ends_with('A') { "B" } else { "A" };
        let other = match part {
            1 => "x".to_owned(),
            5 => format!("{}0", &text[..text.len() - 1]).replacen('1', "2", 1),
            _ => format!("{}{last}", &text[..text.len() - 1]),
        };
        changed[part] = &other;
        assert!(
            config
                .unseal(&Request::from_token(&changed.join("*")).at(NOW))
                .is_err(),
            "part {part}"
        );
        for odd in ["", "*", "é", "=", " "] {
            changed[part] = odd;
            if changed[part] != *text {
                assert!(
                    config
                        .unseal(&Request::from_token(&changed.join("*")).at(NOW))
                        .is_err(),
                    "part {part}: {odd}"
                );
            }
        }
    }
}

#[test]
fn a_token_with_a_part_that_cannot_be_is_malformed() {
    let config = config(r#""maxAge":60,"seal":"h3-1""#);
    let token = token_at(&config, r#"{"a":1}"#, NOW);
    let parts: Vec<&str> = token.split('*').collect();
    let refusal = |part: usize, text: &str| {
        let mut changed = parts.clone();
        changed[part] = text;
        let token = changed.join("*");
        let refused = config.unseal(&Request::from_token(&token).at(NOW));
        refused.map(drop).unwrap_err().rejection().unwrap()
    };
    for (part, text) in parts.iter().enumerate().skip(1) {
        let cut = text.get(..text.len().saturating_sub(1)).unwrap();
        for odd in ["=", " ", ".", "\u{e9}", "*"].map(|end| format!("{cut}{end}")) {
            assert_eq!(refusal(part, &odd), Rejection::Malformed, "{part}: {odd}");
        }
    }
    for part in [2, 3, 4, 6, 7] {
        assert_eq!(refusal(part, ""), Rejection::Malformed, "{part}");
    }
    for (part, text, why) in [
        (1, "a_Z9", Rejection::UnknownKey),
        (1, "a-b", Rejection::Malformed),
        (2, &"a".repeat(128), Rejection::BadSeal),
        (2, &"a".repeat(129), Rejection::Malformed),
        (5, "", Rejection::BadSeal),
        (5, &"9".repeat(21), Rejection::BadSeal),
        (5, &"9".repeat(22), Rejection::Malformed),
        (6, &"a".repeat(128), Rejection::BadSeal),
        (6, &"a".repeat(129), Rejection::Malformed),
    ] {
        assert_eq!(refusal(part, text), why, "{part}: {text}");
    }
}

#[test]
fn a_session_that_was_never_seen_is_as_old_as_when_it_was_made() {
    let config = config(r#""idleTimeout":600,"seal":"h3-1""#);
    for never in ["0", "null", "false", "\"\""] {
        let raw = format!(r#"{{"id":"a","createdAt":{NOW},"lastSeenAt":{never},"data":{{}}}}"#);
        let token = config.iron_seal_session(raw, NOW).unwrap();
        let session = config
            .unseal(&Request::from_token(&token).at(NOW + SECOND))
            .unwrap();
        assert_eq!(session.last_seen_at(), None, "{never}");
    }
}

#[test]
fn an_id_in_the_token_is_ignored_under_a_string_and_picks_among_several() {
    let named = |first: &str, second: &str| {
        let other = "another password of at least 32 characters";
        Config::from_json(format!(
            r#"{{"password":{{"{first}":"{PASSWORD}","{second}":"{other}"}},{FE26}}}"#
        ))
        .unwrap()
    };
    let token = token_at(&named("one", "two"), r#"{"a":1}"#, NOW);
    assert!(token.starts_with("Fe26.2*one*"));
    assert_eq!(
        config(FE26)
            .unseal(&Request::from_token(&token).at(NOW))
            .unwrap()
            .data(),
        r#"{"a":1}"#
    );
    let unknown = named("eins", "zwei")
        .unseal(&Request::from_token(&token).at(NOW))
        .unwrap_err();
    assert_eq!(unknown.rejection(), Some(Rejection::UnknownKey));
    let plain = token_at(&config(FE26), r#"{"a":1}"#, NOW);
    assert!(
        named("default", "two")
            .unseal(&Request::from_token(&plain).at(NOW))
            .is_ok()
    );
    assert!(
        named("one", "two")
            .unseal(&Request::from_token(&plain).at(NOW))
            .is_ok()
    );
}

#[test]
fn what_javascript_would_read_the_same_reads_the_same_and_unknown_members_stay() {
    let config = config(r#""idleTimeout":600,"seal":{"format":"fe26.2","ttl":0}"#);
    let raw = r#" { "id" : "a\"b" , "cre\u0061tedAt": 1.8e12, "x":{"y": [1 ]}, "data" : { "n" : 1 },"z":"é" } "#;
    let token = config.iron_seal_session(raw, NOW).unwrap();
    let mut session = use_at(&config, &format!("h3={token}"), NOW);
    assert_eq!(
        (session.id(), session.created_at(), session.data()),
        (Some("a\"b"), Some(NOW), r#"{"n":1}"#)
    );
    session.set("n", "2").unwrap();
    session.rotate().unwrap();
    let id = session.id().unwrap().to_owned();
    let resealed = session.seal().unwrap().to_owned();
    assert_eq!(
        *config
            .iron_unseal(&Request::from_token(&resealed).at(NOW))
            .unwrap(),
        format!(
            r#"{{"id":"{id}","createdAt":{NOW},"data":{{"n":2}},"lastSeenAt":{NOW},"x":{{"y":[1]}},"z":"é"}}"#
        )
    );
}

#[test]
fn a_payload_without_an_id_gets_one_and_is_new_with_its_data() {
    let config = config(FE26);
    for raw in [
        r#"{"createdAt":1,"data":{"a":1}}"#,
        r#"{"id":"","data":{"a":1}}"#,
        r#"{"id":null,"createdAt":null,"data":{"a":1}}"#,
    ] {
        let cookie = format!("h3={}", config.iron_seal_session(raw, NOW).unwrap());
        let mut session = use_at(&config, &cookie, NOW);
        assert!(session.is_new() && session.id().unwrap().len() == 36);
        assert_eq!(
            (session.data(), session.created_at()),
            (r#"{"a":1}"#, Some(NOW))
        );
        assert_eq!(session.source(), Source::Cookie);
        assert_eq!(set_cookies(&mut session).len(), 1);
        assert!(set_cookies(&mut get_at(&config, &cookie, NOW)).is_empty());
    }
    let empty = config.iron_seal_session(r#"{"id":"x"}"#, NOW).unwrap();
    let session = config.unseal(&Request::from_token(&empty).at(NOW)).unwrap();
    assert_eq!((session.data(), session.created_at()), ("{}", Some(0)));
    for raw in [
        "[]",
        "null",
        r#"{"id":7,"data":{}}"#,
        r#"{"id":"a b"}"#,
        r#"{"id":"a","createdAt":"x"}"#,
        r#"{"id":"a","createdAt":-1}"#,
        r#"{"id":"a","createdAt":1e99}"#,
        r#"{"id":"a","data":[]}"#,
        r#"{"id":"a","lastSeenAt":true}"#,
    ] {
        let token = config.iron_seal_session(raw, NOW).unwrap();
        let refused = config
            .unseal(&Request::from_token(&token).at(NOW))
            .unwrap_err();
        assert_eq!(refused.rejection(), Some(Rejection::Malformed), "{raw}");
    }
}

#[test]
fn data_of_128_levels_travels_and_a_level_more_does_not() {
    let config = config(FE26);
    let nested = |levels: usize| {
        format!(
            "{{\"a\":{}{}}}",
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        )
    };
    let cookie = sealed_at(&config, &nested(128), NOW);
    assert_eq!(use_at(&config, &cookie, NOW).data(), nested(128));
    let mut session = use_at(&config, "", NOW);
    assert_eq!(
        session.replace(nested(129)).unwrap_err().kind(),
        ErrorKind::Data
    );
    assert!(config.iron_seal(nested(129), NOW).is_err());
}

#[test]
fn a_session_moves_to_the_other_format_on_its_next_write_or_under_migrate_on_its_next_read() {
    let formats = [("h3s1", "fe26.2", "h3=Fe26"), ("fe26.2", "h3s1", "h3=h3s1")];
    for (from, to, start) in formats {
        let before = config(&format!(
            r#""idleTimeout":600,"seal":{{"format":"{from}"}}"#
        ));
        let after = |more: &str| {
            config(&format!(
                r#""idleTimeout":600,"seal":{{"format":"{to}","accept":["h3s1","fe26.2"]{more}}}"#
            ))
        };
        let cookie = sealed_at(&before, r#"{"a":1}"#, NOW);

        let waits = after("");
        let mut session = use_at(&waits, &cookie, NOW);
        let id = session.id().unwrap().to_owned();
        assert!(set_cookies(&mut session).is_empty());
        // It slides as it is, for others to read.
        let mut session = use_at(&waits, &cookie, NOW + 301 * SECOND);
        let slid = set_cookies(&mut session);
        assert!(slid.len() == 1 && !slid[0].starts_with(start), "{slid:?}");
        session.set("b", "2").unwrap();
        assert!(set_cookies(&mut session)[0].starts_with(start));

        let mut session = use_at(&after(r#","migrate":true"#), &cookie, NOW);
        let moved = set_cookies(&mut session);
        assert!(moved[0].starts_with(start));
        let pair = moved[0].split(';').next().unwrap();
        let again = use_at(&waits, pair, NOW);
        assert_eq!(
            (again.id(), again.data(), again.created_at()),
            (Some(&*id), r#"{"a":1}"#, Some(NOW))
        );

        let refused = use_at(
            &config(&format!(r#""seal":{{"format":"{to}"}}"#)),
            &cookie,
            NOW,
        );
        assert_eq!(refused.rejection(), Some(Rejection::UnsupportedFormat));
    }
}

#[test]
fn the_cookie_ends_with_the_session_and_the_token_a_ttl_after_its_seal() {
    let config = config(r#""maxAge":3600,"seal":{"format":"fe26.2"}"#);
    let mut session = use_at(&config, &sealed_at(&config, "{}", NOW), NOW + 60 * SECOND);
    session.set("a", "1").unwrap();
    assert_eq!(session.expires_at(), Some(NOW + 3_600_000));
    let cookie = set_cookies(&mut session).remove(0);
    assert!(cookie.contains("Max-Age=3540"));
    let expiration = cookie.split('*').nth(5).unwrap().to_owned();
    assert_eq!(expiration, (NOW + 3_660_000).to_string());
}

#[test]
fn a_ttl_of_0_gives_the_token_no_end() {
    let config = config(r#""seal":{"format":"h3-1","ttl":0}"#);
    let cookie = sealed_at(&config, "{}", NOW);
    assert_eq!(cookie.split('*').nth(5), Some(""));
    let years_later = use_at(&config, &cookie, NOW + 10 * 365 * 86_400 * SECOND);
    assert!(!years_later.is_new());
    assert_eq!(years_later.expires_at(), None);
}

#[test]
fn a_session_ends_with_the_token_of_a_peer_that_let_it_live_for_less() {
    let short = config(r#""seal":{"format":"h3-1","ttl":60000}"#);
    let cookie = sealed_at(&short, "{}", NOW);
    let here = config(r#""maxAge":3600,"seal":"h3-1""#);
    // A minute of skew is taken on top.
    let session = use_at(&here, &cookie, NOW + SECOND);
    assert_eq!(session.expires_at(), Some(NOW + 120 * SECOND - 1));
}

#[test]
fn a_token_ends_by_the_clock_that_the_options_set_right() {
    let with = |more: &str| config(&format!(r#""seal":{{"format":"h3-1","ttl":60000{more}}}"#));
    let token = token_at(&with(""), "{}", NOW);
    let behind = with(r#","timestampSkewSec":0,"localtimeOffsetMsec":100000"#);
    let ahead = with(r#","timestampSkewSec":0,"localtimeOffsetMsec":-100000"#);
    let refusal = |config: &Config, now| {
        let opened = config.unseal(&Request::from_token(&token).at(now));
        opened.err().and_then(|error| error.rejection())
    };
    assert_eq!(refusal(&behind, NOW - 41 * SECOND), None);
    assert_eq!(
        refusal(&behind, NOW - 40 * SECOND),
        Some(Rejection::Expired)
    );
    assert_eq!(refusal(&ahead, NOW + 159 * SECOND), None);
    assert_eq!(
        refusal(&ahead, NOW + 160 * SECOND),
        Some(Rejection::Expired)
    );
    let lenient = with(r#","timestampSkewSec":5"#);
    assert_eq!(refusal(&lenient, NOW + 65 * SECOND - 1), None);
    assert_eq!(
        refusal(&lenient, NOW + 65 * SECOND),
        Some(Rejection::Expired)
    );
    // And so it is sealed.
    let theirs = token_at(&behind, "{}", NOW);
    let parts: Vec<&str> = theirs.split('*').collect();
    assert_eq!(parts[5], (NOW + 160 * SECOND).to_string());
}

#[test]
fn a_salt_has_two_digits_for_each_eight_bits_of_it() {
    for (bits, digits) in [(1, 2), (8, 2), (9, 4), (256, 64), (512, 128)] {
        let side = format!(r#""saltBits":{bits},"iterations":1,"minPasswordlength":32"#);
        let config = config(&format!(
            r#""seal":{{"format":"h3-2","encryption":{{"algorithm":"aes-256-cbc",{side}}},
                "integrity":{{"algorithm":"sha256",{side}}}}}"#
        ));
        let token = token_at(&config, "{}", NOW);
        let parts: Vec<&str> = token.split('*').collect();
        assert_eq!((parts[2].len(), parts[6].len()), (digits, digits), "{bits}");
        assert!(config.unseal(&Request::from_token(&token).at(NOW)).is_ok());
    }
}

#[test]
fn salts_are_kept_and_initialisation_vectors_are_not() {
    let config = config(FE26);
    let parts = |token: &str| {
        let parts: Vec<String> = token.split('*').map(str::to_owned).collect();
        (parts[2].clone(), parts[6].clone(), parts[3].clone())
    };
    let (a, b) = (token_at(&config, "{}", NOW), token_at(&config, "{}", NOW));
    let ((salt_a, mac_a, iv_a), (salt_b, mac_b, iv_b)) = (parts(&a), parts(&b));
    assert_eq!((&salt_a, &mac_a), (&salt_b, &mac_b));
    assert_ne!(salt_a, mac_a);
    assert_ne!(iv_a, iv_b);
    let next_day = parts(&token_at(&config, "{}", NOW + 86_400 * SECOND));
    assert!(next_day.0 != salt_a && next_day.1 != mac_a);
}

#[test]
fn a_cold_token_is_cold_once_and_only_for_those_who_want_it_warm() {
    let (there, here) = (config(FE26), config(FE26));
    let cookie = sealed_at(&there, r#"{"a":1}"#, NOW);
    let warm_only = request(&cookie, "", NOW).warm_only(true);
    let cold = here.use_session(&warm_only).unwrap_err();
    assert_eq!(cold.kind(), ErrorKind::Cold);
    assert!(
        there.use_session(&warm_only).is_ok(),
        "whoever sealed it is warm"
    );
    assert_eq!(use_at(&here, &cookie, NOW).data(), r#"{"a":1}"#);
    assert!(here.use_session(&warm_only).is_ok());
}

#[test]
fn a_peer_that_floods_is_busy_and_nobody_else_notices() {
    let (there, here) = (config(FE26), config(FE26));
    let token = token_at(&there, r#"{"a":1}"#, NOW);
    let other = token_at(&config(FE26), r#"{"b":1}"#, NOW);
    let by = |peer: &'static [u8], header: &str, now| {
        let request = request("", header, now).peer(peer);
        here.use_session(&request)
            .map(|session| session.data().to_owned())
    };
    // Valid tokens are never charged, however many.
    for n in 0..25 {
        assert_eq!(by(b"mallory", &token, NOW).unwrap(), r#"{"a":1}"#, "{n}");
    }
    for n in 0..20 {
        assert_eq!(by(b"mallory", &forged(&token, n), NOW).unwrap(), "{}");
    }
    let busy = by(b"mallory", &forged(&token, 20), NOW).unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy);
    let cookie = format!("h3={}", forged(&token, 20));
    let request = request(&cookie, "", NOW).peer("mallory");
    assert_eq!(
        here.use_session(&request).unwrap_err().kind(),
        ErrorKind::Busy
    );
    assert_eq!(
        here.get_session(&request).unwrap_err().kind(),
        ErrorKind::Busy
    );
    assert_eq!(
        by(b"mallory", &other, NOW).unwrap_err().kind(),
        ErrorKind::Busy
    );
    // What is warm, a neighbour, and one without a name notice nothing.
    assert_eq!(by(b"mallory", &token, NOW).unwrap(), r#"{"a":1}"#);
    assert_eq!(by(b"alice", &forged(&token, 21), NOW).unwrap(), "{}");
    assert_eq!(by(b"", &forged(&token, 22), NOW).unwrap(), "{}");
    // And it passes.
    assert_eq!(
        by(b"mallory", &forged(&token, 23), NOW + 200).unwrap(),
        "{}"
    );
    assert!(by(b"mallory", &forged(&token, 24), NOW + 200).is_err());
    assert_eq!(by(b"mallory", &other, NOW + 400).unwrap(), r#"{"b":1}"#);
}

#[test]
fn the_first_refusal_is_told_also_where_it_took_a_derivation_to_find_out() {
    let config = config(r#""seal":{"accept":["h3s1","h3-2"]}"#);
    let there = super::config(r#""seal":"h3-2""#);
    let forged = forged(&token_at(&there, "{}", NOW), 1);
    let session = use_at(&config, &format!("h3={forged}; h3=h3s1..AAAA"), NOW);
    assert_eq!(session.rejection(), Some(Rejection::BadSeal));
    let session = use_at(&config, &format!("h3=h3s1..AAAA; h3={forged}"), NOW);
    assert_eq!(session.rejection(), Some(Rejection::Malformed));
}

#[test]
fn a_refused_cookie_is_not_the_first_beside_a_header_that_was_not_looked_at() {
    let config = config(r#""seal":{"accept":["h3s1","h3-2"]}"#);
    let good = sealed_at(&config, r#"{"a":1}"#, NOW);
    let cold = token_at(&super::config(r#""seal":"h3-2""#), "{}", NOW);
    let by = |header: &str| {
        let cookie = format!("h3=h3s1..AAAA; {good}");
        let request = request(&cookie, header, NOW).peer("mallory");
        config.use_session(&request).unwrap().rejection()
    };
    for n in 0..20 {
        assert_eq!(by(&forged(&cold, n)), Some(Rejection::BadSeal), "{n}");
    }
    assert_eq!(by(&forged(&cold, 20)), None);
    assert_eq!(by(""), Some(Rejection::Malformed));
}

#[test]
fn a_bare_token_is_cold_for_those_who_want_it_warm() {
    let (there, here, raw) = (config(FE26), config(FE26), config(FE26));
    let token = token_at(&there, r#"{"a":1}"#, NOW);
    let request = Request::from_token(&token).at(NOW);
    let cold = here.unseal(&request.warm_only(true)).unwrap_err();
    assert_eq!(cold.kind(), ErrorKind::Cold);
    assert_eq!(here.unseal(&request).unwrap().data(), r#"{"a":1}"#);
    assert!(here.unseal(&request.warm_only(true)).is_ok());
    let cold = raw.iron_unseal(&request.warm_only(true)).unwrap_err();
    assert_eq!(cold.kind(), ErrorKind::Cold);
    assert!(raw.iron_unseal(&request).is_ok());
    assert!(raw.iron_unseal(&request.warm_only(true)).is_ok());
}

#[test]
fn a_peer_that_floods_with_bare_tokens_is_busy() {
    let (there, here) = (config(FE26), config(FE26));
    let token = token_at(&there, "{}", NOW);
    for n in 0..20 {
        let forged = forged(&token, n);
        let request = Request::from_token(&forged).peer("mallory").at(NOW);
        let refused = match n % 2 {
            0 => here.unseal(&request).unwrap_err(),
            _ => here.iron_unseal(&request).unwrap_err(),
        };
        assert_eq!(refused.rejection(), Some(Rejection::BadSeal), "{n}");
    }
    let request = Request::from_token(&token).at(NOW);
    let mallory = request.peer("mallory");
    let busy = here.unseal(&mallory).unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy);
    let busy = here.iron_unseal(&mallory).unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy);
    assert!(here.unseal(&request.peer("alice")).is_ok());
}

#[test]
fn a_raw_seal_is_no_session_unless_it_may_be_one() {
    let config = config(FE26);
    for json in [
        r#"{"data":{"user":"admin"}}"#,
        r#"{"createdAt":1,"i\u0064":"x"}"#,
        r#"{ "a" : 1 , "d\u0061ta" : null }"#,
    ] {
        assert_eq!(
            config.iron_seal(json, NOW).unwrap_err().kind(),
            ErrorKind::Data,
            "{json}"
        );
        assert!(config.iron_seal_session(json, NOW).is_ok());
    }
    for json in [r#"{"user":{"id":1,"data":2}}"#, r#"[{"id":1}]"#, r#""id""#] {
        assert!(config.iron_seal(json, NOW).is_ok(), "{json}");
    }
}

#[test]
fn raw_seals_that_the_options_rule_out_are_not_looked_at() {
    let config = super::config("");
    let long = "x".repeat(100_000);
    for error in [
        config.iron_seal("{", NOW).unwrap_err(),
        config.iron_seal(&long, NOW).unwrap_err(),
        config.iron_unseal(&request("", &long, NOW)).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[test]
fn a_rotation_that_does_not_fit_beside_unknown_members_is_refused() {
    let options = format!(r#"{FE26},"cookie":{{"maxChunks":1,"chunkMaxLength":600}}"#);
    let config = config(&options);
    let (mut fits, mut refused) = (0, 0);
    for len in 0.. {
        let more = "x".repeat(len);
        let raw = format!(r#"{{"id":"i","createdAt":{NOW},"data":{{}},"more":"{more}"}}"#);
        let token = config.iron_seal_session(raw, NOW).unwrap();
        if token.len() > 600 {
            break;
        }
        let mut session = use_at(&config, &format!("h3={token}"), NOW);
        match session.rotate() {
            Ok(()) => fits += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TooLarge);
                refused += 1;
                continue;
            }
        }
        assert_eq!(set_cookies(&mut session).len(), 1, "with {len} more");
    }
    assert!(fits > 0 && refused > 0, "{fits} fit, {refused} do not");
}

/// Cookies whose macs are not right, and whose salts nobody has seen.
fn forgeries(token: &str, numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers
        .map(|number| format!("h3={}", forged(token, number)))
        .collect()
}

fn by<'a>(peer: &'a [u8], cookie: &'a str, header: &'a str) -> Request<'a> {
    request(cookie, header, NOW).peer(peer)
}

#[test]
fn a_request_costs_one_slow_derivation_whatever_it_carries() {
    let (there, here) = (config(FE26), config(FE26));
    let token = token_at(&there, "{}", NOW);
    // Twenty failed derivations may come at once: that many requests of five tokens each.
    for n in 0..20 {
        let cookie = forgeries(&token, 10 * n..10 * n + 4).join("; ");
        let header = forged(&token, 10 * n + 5);
        assert!(
            here.get_session(&by(b"mallory", &cookie, &header)).is_ok(),
            "{n}"
        );
    }
    let last = forged(&token, 1000);
    let busy = here.get_session(&by(b"mallory", "", &last)).unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy);
}

#[test]
fn a_refused_token_is_neither_charged_nor_derived_for_again() {
    let (there, here) = (config(FE26), config(FE26));
    let stale = forged(&token_at(&there, "{}", NOW), 1);
    let cookie = format!("h3={stale}");
    for n in 0..100 {
        let session = here.get_session(&by(b"alice", &cookie, "")).unwrap();
        assert_eq!(session.rejection(), Some(Rejection::BadSeal), "{n}");
    }
    // It is not even cold any more.
    let warm_only = by(b"alice", &cookie, &stale).warm_only(true);
    assert!(here.get_session(&warm_only).is_ok());
}

#[test]
fn a_stale_cookie_before_the_good_one_makes_nobody_busy() {
    let (there, here) = (config(FE26), config(FE26));
    let token = token_at(&there, r#"{"a":1}"#, NOW);
    let good = format!("h3={token}");
    assert_eq!(get_at(&here, &good, NOW).data(), r#"{"a":1}"#);
    for n in 0..20 {
        let _ = here.get_session(&by(b"alice", "", &forged(&token, n)));
    }
    for n in 20..60 {
        let cookie = format!("h3={}; {good}", forged(&token, n));
        let session = here.get_session(&by(b"alice", &cookie, "")).unwrap();
        assert_eq!(session.data(), r#"{"a":1}"#);
    }
}

#[test]
fn a_cold_cookie_that_may_be_the_newer_one_is_never_passed_over() {
    let [login, one, two] = [FE26; 3].map(config);
    let old = sealed_at(&login, r#"{"user":"alice"}"#, NOW);
    let new = sealed_at(&login, r#"{"user":"alice","n":1}"#, NOW + SECOND);
    let both = format!("{old}; {new}");
    // Both processes have seen the visitor, who logs out at one of them.
    let mut session = get_at(&one, &both, NOW + SECOND);
    assert_eq!(
        get_at(&two, &both, NOW + SECOND).data(),
        r#"{"user":"alice","n":1}"#
    );
    session.clear();
    let left = set_cookies(&mut session).remove(0);
    let cookie = format!("{old}; {}", left.split(';').next().unwrap());
    let warm_only = request(&cookie, "", NOW + 2 * SECOND).warm_only(true);
    assert_eq!(
        two.get_session(&warm_only).unwrap_err().kind(),
        ErrorKind::Cold
    );
    assert_eq!(get_at(&two, &cookie, NOW + 2 * SECOND).data(), "{}");
    assert_eq!(
        two.get_session(&warm_only).unwrap().data(),
        "{}",
        "warm from then on"
    );
    // Nor does a stale cookie that is refused make every request cold.
    let stale = format!("h3={}; {new}", forged(&new[3..], 1));
    let stale = request(&stale, "", NOW + 2 * SECOND);
    assert!(two.get_session(&stale).is_ok());
    assert!(two.get_session(&stale.warm_only(true)).is_ok());
}

#[test]
fn a_read_seals_nothing_while_some_cookie_was_not_looked_at() {
    let idle = format!(r#"{FE26},"idleTimeout":600"#);
    let stale = sealed_at(&config(&idle), r#"{"n":1}"#, NOW);
    let third = sealed_at(&config(&idle), r#"{"n":2}"#, NOW + SECOND);
    let here = config(&idle);
    let mut session = get_at(&here, &format!("{third}; {stale}"), NOW + 400 * SECOND);
    assert_eq!(session.data(), r#"{"n":1}"#, "the last one is tried first");
    assert!(set_cookies(&mut session).is_empty());
    let mut session = get_at(&here, &format!("{third}; {stale}"), NOW + 400 * SECOND);
    assert_eq!(session.data(), r#"{"n":2}"#);
    assert_eq!(set_cookies(&mut session).len(), 1);
}

#[test]
fn a_logout_is_final_also_beside_a_cookie_that_was_not_looked_at() {
    let [old, new] = [NOW, NOW + SECOND].map(|at| sealed_at(&config(FE26), r#"{"user":1}"#, at));
    let here = config(FE26);
    let mut session = get_at(&here, &format!("{old}; {new}"), NOW + 2 * SECOND);
    session.clear();
    let left = set_cookies(&mut session).remove(0);
    let left = left.split(';').next().unwrap();
    for twin in [&old, &new] {
        for cookie in [format!("{twin}; {left}"), format!("{left}; {twin}")] {
            // The first visit may find that there is more to try.
            get_at(&here, &cookie, NOW + 3 * SECOND);
            assert_eq!(get_at(&here, &cookie, NOW + 3 * SECOND).data(), "{}");
        }
    }
}

#[test]
fn with_one_derivation_all_cookies_under_its_salts_open() {
    let there = config(FE26);
    let [old, new] =
        [1, 2].map(|n| sealed_at(&there, &format!(r#"{{"n":{n}}}"#), NOW + n * SECOND));
    for cookie in [format!("{old}; {new}"), format!("{new}; {old}")] {
        let session = get_at(&config(FE26), &cookie, NOW + 3 * SECOND);
        assert_eq!(session.data(), r#"{"n":2}"#);
    }
}

#[test]
fn what_sealed_here_stays_warm_after_the_salts_have_changed() {
    let here = config(FE26);
    let before = sealed_at(&here, "{}", NOW);
    sealed_at(&here, "{}", NOW + 2 * 86_400 * SECOND);
    let warm_only = request(&before, "", NOW + SECOND).warm_only(true);
    assert!(!here.get_session(&warm_only).unwrap().is_new());
}

#[test]
fn what_is_authentic_and_not_understood_is_not_destroyed_by_a_visit() {
    let here = config(FE26);
    let long = "x".repeat(300);
    for raw in [
        r#"{"id":42,"createdAt":1,"data":{"user":1}}"#,
        &format!(r#"{{"id":"{long}","data":{{}}}}"#),
        r#"{"id":"a b"}"#,
        r#"{"id":"a","data":[1]}"#,
        r#"{"id":"a","createdAt":"1"}"#,
    ] {
        let cookie = format!("h3={}", here.iron_seal_session(raw, NOW).unwrap());
        let mut session = use_at(&here, &cookie, NOW);
        assert_eq!(session.rejection(), Some(Rejection::Malformed));
        assert!(set_cookies(&mut session).is_empty(), "{raw}");
    }
    // iron-session's, in which the data stands alone.
    let theirs = here.iron_seal(r#"{"user":1}"#, NOW).unwrap();
    let mut session = use_at(&here, &format!("h3={theirs}~2"), NOW);
    assert_eq!(session.rejection(), Some(Rejection::UnsupportedFormat));
    assert!(set_cookies(&mut session).is_empty());
    // Of which one without the mark opens, as the oldest of all.
    let own = sealed_at(&here, r#"{"own":1}"#, NOW);
    for cookie in [format!("h3={theirs}; {own}"), format!("{own}; h3={theirs}")] {
        assert_eq!(use_at(&here, &cookie, NOW).data(), r#"{"own":1}"#);
    }
}

#[test]
fn a_payload_that_gets_an_id_on_a_visit_keeps_its_number_of_iterations() {
    let h3v1 = config(r#""seal":"h3-1""#);
    let raw = h3v1.iron_seal_session(r#"{"data":{"a":1}}"#, NOW).unwrap();
    let mut session = use_at(&config(FE26), &format!("h3={raw}"), NOW);
    let pair = set_cookies(&mut session).remove(0);
    let pair = pair.split(';').next().unwrap();
    assert_eq!(use_at(&h3v1, pair, NOW).id(), session.id());
}

#[test]
fn a_cold_header_is_not_passed_over_for_a_warm_cookie() {
    let (there, here) = (config(FE26), config(FE26));
    let header = token_at(&there, r#"{"from":"header"}"#, NOW);
    let cookie = sealed_at(&here, r#"{"from":"cookie"}"#, NOW);
    let both = request(&cookie, &header, NOW);
    let cold = here.get_session(&both.warm_only(true)).unwrap_err();
    assert_eq!(cold.kind(), ErrorKind::Cold);
    assert_eq!(here.get_session(&both).unwrap().source(), Source::Header);
}

#[test]
fn a_cookie_that_was_not_looked_at_is_not_destroyed_and_opens_at_the_next_visit() {
    let (there, here) = (config(FE26), config(FE26));
    let token = token_at(&there, r#"{"a":1}"#, NOW);
    let cookie = format!("h3={token}; h3={}", forged(&token, 1));
    let mut first = use_at(&here, &cookie, NOW);
    assert!(first.is_new() && set_cookies(&mut first).is_empty());
    assert_eq!(use_at(&here, &cookie, NOW).data(), r#"{"a":1}"#);
}

#[test]
fn the_newer_cookie_is_the_session_also_where_it_alone_is_cold() {
    let (there, here) = (config(FE26), config(FE26));
    let old = sealed_at(&here, r#"{"n":1}"#, NOW);
    let new = sealed_at(&there, r#"{"n":2}"#, NOW + SECOND);
    let session = use_at(&here, &format!("{old}; {new}"), NOW + SECOND);
    assert_eq!(session.data(), r#"{"n":2}"#);
}

#[test]
fn all_addresses_of_one_network_are_limited_as_one_peer() {
    let (there, here) = (config(FE26), config(FE26));
    let token = token_at(&there, "{}", NOW);
    let asked = |n: u32| {
        let peer = format!("2001:db8:1:2::{n:x}");
        here.get_session(&by(peer.as_bytes(), "", &forged(&token, n)))
            .is_ok()
    };
    assert_eq!((0..60).filter(|n| asked(*n)).count(), 20);
}

#[test]
fn authentic_cold_tokens_have_a_limit_of_their_own() {
    let [there, here] = [r#""seal":{"format":"h3-2","iterations":2}"#; 2].map(config);
    // Each day has salts of its own.
    let tokens: Vec<String> = (0..201)
        .map(|day| token_at(&there, "{}", NOW - day * 86_400 * SECOND))
        .collect();
    for (n, token) in tokens.iter().take(200).enumerate() {
        assert!(here.get_session(&by(b"office", "", token)).is_ok(), "{n}");
    }
    let busy = here
        .get_session(&by(b"office", "", &tokens[200]))
        .unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy);
    assert!(
        here.get_session(&by(b"elsewhere", "", &tokens[200]))
            .is_ok()
    );
    assert!(
        here.get_session(&by(b"office", "", &tokens[0])).is_ok(),
        "warm ones go on"
    );
}

#[test]
fn changing_from_a_string_to_ids_finds_the_right_password_by_one_derivation_a_request() {
    let new = "a new password of at least 32 characters";
    let ids = || {
        Config::from_json(format!(
            r#"{{"password":{{"k2":"{new}","k1":"{PASSWORD}"}},{FE26}}}"#
        ))
        .unwrap()
    };
    // What had no id was sealed under the older password.
    let here = ids();
    assert_eq!(
        get_at(&here, &sealed_at(&config(FE26), r#"{"a":1}"#, NOW), NOW).data(),
        r#"{"a":1}"#
    );
    // A peer that knows only strings is ahead: the first of its tokens takes two visits, and is not
    // destroyed; the others do not.
    let ahead = Config::from_json(format!(r#"{{"password":"{new}",{FE26}}}"#)).unwrap();
    let there = || {
        sealed_at(
            &Config::from_json(format!(r#"{{"password":"{new}",{FE26}}}"#)).unwrap(),
            r#"{"b":1}"#,
            NOW,
        )
    };
    let cookie = sealed_at(&ahead, r#"{"b":1}"#, NOW);
    let mut first = use_at(&here, &cookie, NOW);
    assert!(first.is_new() && set_cookies(&mut first).is_empty());
    assert_eq!(use_at(&here, &cookie, NOW).data(), r#"{"b":1}"#);
    for _ in 0..3 {
        assert_eq!(use_at(&here, &there(), NOW).data(), r#"{"b":1}"#);
    }
}

#[test]
fn what_another_number_of_iterations_has_made_unreadable_is_not_destroyed_by_a_visit() {
    let strict = r#""seal":"h3-2","legacySealFallback":false"#;
    for (there, here) in [
        ("\"seal\":\"h3-2\"", "\"seal\":\"h3-1\""),
        ("\"seal\":\"h3-1\"", strict),
    ] {
        let (there, here) = (config(there), config(here));
        let mut session = use_at(&here, &sealed_at(&there, "{}", NOW), NOW);
        assert!(session.is_new() && set_cookies(&mut session).is_empty());
    }
    // Where both open, what does not is forged.
    let (there, here) = (config(FE26), config(FE26));
    let cookie = format!("h3={}", forged(&token_at(&there, "{}", NOW), 1));
    assert_eq!(set_cookies(&mut use_at(&here, &cookie, NOW)).len(), 1);
}
