//! Options in Rust are refused as their JSON is.

use std::time::{Duration, UNIX_EPOCH};

use h3s::{
    Config, CookieOptions, Encryption, Format, KeyDerivation, Options, SameSite, SealOptions,
};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn an_option_is_refused_in_rust_as_in_json() {
    let cookie = |cookie: CookieOptions| Options::default().cookie(cookie);
    let seal = |seal: SealOptions| Options::default().seal(seal);
    let (c, s) = (CookieOptions::new, || SealOptions::new(Format::H3v2));
    let derivation = KeyDerivation::new;
    for (json, options, key) in [
        (r#""password": "short""#, Options::new("short"), "password"),
        (
            r#""password": {"a": "short"}"#,
            Options::with_passwords([("a", "short")]),
            "password.a",
        ),
        (
            r#""password": {"a b": "short"}"#,
            Options::with_passwords([("a b", "short")]),
            "password",
        ),
        (
            r#""password": {}"#,
            Options::with_passwords([("", ""); 0]),
            "password",
        ),
        (r#""name": "a b""#, Options::default().name("a b"), "name"),
        (
            r#""maxAge": 0"#,
            Options::default().max_age(secs(0)),
            "maxAge",
        ),
        (
            r#""maxAge": 1.5"#,
            Options::default().max_age(secs(3) / 2),
            "maxAge",
        ),
        (
            r#""idleTimeout": 3153600001"#,
            Options::default().idle_timeout(secs(3_153_600_001)),
            "idleTimeout",
        ),
        (
            r#""notBefore": -1"#,
            Options::default().not_before(UNIX_EPOCH - secs(1)),
            "notBefore",
        ),
        (
            r#""maxTokenLength": 127"#,
            Options::default().max_token_len(127),
            "maxTokenLength",
        ),
        (
            r#""sessionHeader": """#,
            Options::default().session_header(""),
            "sessionHeader",
        ),
        (
            r#""sessionHeader": "COOKIE""#,
            Options::default().session_header("COOKIE"),
            "sessionHeader",
        ),
        (
            r#""cookie": {"path": "a"}"#,
            cookie(c().path("a")),
            "cookie.path",
        ),
        (
            r#""cookie": {"domain": ""}"#,
            cookie(c().domain("")),
            "cookie.domain",
        ),
        (
            r#""cookie": {"sameSite": "none", "secure": false}"#,
            cookie(c().same_site(SameSite::None).secure(false)),
            "cookie.sameSite",
        ),
        (
            r#""cookie": {"maxAge": 34560001}"#,
            cookie(c().max_age(secs(34_560_001))),
            "cookie.maxAge",
        ),
        (
            r#""cookie": {"maxAge": 0}"#,
            cookie(c().max_age(secs(0))),
            "cookie.maxAge",
        ),
        (
            r#""cookie": {"chunkMaxLength": 0}"#,
            cookie(c().chunk_max_len(0)),
            "cookie.chunkMaxLength",
        ),
        (
            r#""cookie": {"maxChunks": 101}"#,
            cookie(c().max_chunks(101)),
            "cookie.maxChunks",
        ),
        (
            r#""seal": {"format": "h3-2", "accept": []}"#,
            seal(s().accept([])),
            "seal.accept",
        ),
        (
            r#""seal": {"format": "h3-2", "accept": ["h3-2", "h3-2"]}"#,
            seal(s().accept([Format::H3v2; 2])),
            "seal.accept",
        ),
        (
            r#""seal": {"ttl": 1}"#,
            seal(SealOptions::default().ttl(secs(1))),
            "seal.ttl",
        ),
        (
            r#""seal": {"format": "h3-2", "ttl": 0.5}"#,
            seal(s().ttl(Duration::from_micros(500))),
            "seal.ttl",
        ),
        (
            r#""seal": {"format": "h3-2", "timestampSkewSec": 31536001}"#,
            seal(s().timestamp_skew(secs(31_536_001))),
            "seal.timestampSkewSec",
        ),
        (
            r#""seal": {"format": "h3-2", "localtimeOffsetMsec": 315360000001}"#,
            seal(s().localtime_offset_ms(315_360_000_001)),
            "seal.localtimeOffsetMsec",
        ),
        (
            r#""seal": {"format": "h3-2", "iterations": 10000001}"#,
            seal(s().iterations(10_000_001)),
            "seal.iterations",
        ),
        (
            r#""seal": {"format": "h3-2", "encryption": {"algorithm": "aes-256-cbc",
                "saltBits": 513, "iterations": 1, "minPasswordlength": 32}}"#,
            seal(s().encryption(Encryption::Aes256Cbc, derivation().salt_bits(513))),
            "seal.encryption.saltBits",
        ),
        (
            r#""seal": {"format": "h3-2", "integrity": {"algorithm": "sha256",
                "saltBits": 256, "iterations": 0, "minPasswordlength": 32}}"#,
            seal(s().integrity(derivation().iterations(0))),
            "seal.integrity.iterations",
        ),
        (
            r#""seal": {"format": "h3-2", "integrity": {"algorithm": "sha256",
                "saltBits": 256, "iterations": 1, "minPasswordlength": 1025}}"#,
            seal(s().integrity(derivation().min_password_len(1025))),
            "seal.integrity.minPasswordlength",
        ),
        (
            r#""legacySealFallback": true"#,
            Options::default().legacy_seal_fallback(true),
            "legacySealFallback",
        ),
    ] {
        let of_json = Options::from_json(format!("{{{json}}}")).expect_err(json);
        let of_rust = Config::check(&options).expect_err(json);
        assert_eq!(
            (of_json.key(), of_rust.key()),
            (Some(key), Some(key)),
            "{json}"
        );
        assert_eq!(of_json.message(), of_rust.message(), "{json}");
        assert!(of_json.offset().is_some() && of_rust.offset().is_none());
    }
}
