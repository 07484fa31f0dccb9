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
    (error.key().to_owned(), error.message().to_owned())
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
        (r#""seal":{"migrate":1}"#, "seal.migrate"),
        (r#""seal":{"ttl":1}"#, "seal.ttl"),
        (r#""legacySealFallback":true"#, "legacySealFallback"),
        (r#""generateId":1"#, "generateId"),
        // The cookie of another session's chunk.
        (r#""name":"app.1""#, "name"),
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
        "password"
    );
    let both = r#""format":"fe26.2","accept":["h3s1","fe26.2"]"#;
    assert_eq!(error(&options(both, 12)).key(), "password");
}

#[test]
fn a_password_has_at_least_32_characters_as_javascript_counts_them() {
    assert_eq!(error("{}").key(), "password");
    assert_eq!(error(r#"{"password":"short"}"#).key(), "password");
    assert_eq!(error(r#"{"password":{}}"#).key(), "password");
    assert_eq!(error(r#"{"password":{"a":"short"}}"#).key(), "password.a");
    assert_eq!(error(r#"{"password":42}"#).key(), "password");
    assert!(Config::from_json(format!(r#"{{"password":"{}"}}"#, "😀".repeat(16))).is_ok());
    assert!(Config::from_json(format!(r#"{{"password":"{}"}}"#, "é".repeat(31))).is_err());
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
    assert!(!format!("{session:?}").contains(session.id()));
}

#[test]
fn an_error_says_at_which_byte() {
    let options = format!(r#" {{ "password" : "{PASSWORD}" , "maxAge" : 0 }}"#);
    assert_eq!(error(&options).offset(), options.find("0 }"));
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
        r#""name":"app.101""#,
        r#""name":"app.01""#,
        r#""name":"app.1.x""#,
        r#""idleTimeout":60,"cookie":{"maxAge":31}"#,
        r#""idleTimeout":60,"refresh":false,"cookie":{"maxAge":30}"#,
        r#""name":"__Http-s","cookie":{"path":"/app","domain":"a.example"}"#,
        r#""seal":"h3-1""#,
        r#""idleTimeout":600,"seal":{"format":"h3-2","ttl":300001}"#,
        r#""seal":"h3-2","legacySealFallback":false"#,
        r#""seal":"fe26.2""#,
        r#""seal":"h3s1""#,
        r#""seal":{"format":"h3-1","iterations":1}"#,
        r#""seal":{"format":"h3-1","accept":["h3-1","h3-2","h3s1"]}"#,
    ] {
        config(more);
    }
}
