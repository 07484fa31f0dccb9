//! The crate's types as Rust's own traits have them.

use h3s::{
    CookieOptions, Encryption, Error, ErrorKind, Format, Options, Priority, Rejection, Request,
    SameSite, Site, Source, cache,
};

use super::{NOW, config, use_at};

/// What a text is parsed as, whatever its case, and how that is written.
fn check_words<T>(key: &str, words: &[(&str, T, &str)])
where
    T: std::str::FromStr<Err = Error> + std::fmt::Display + PartialEq + std::fmt::Debug,
{
    for (word, value, shown) in words {
        assert_eq!(word.parse().as_ref(), Ok(value));
        assert_eq!(value.to_string(), *shown);
    }
    for wrong in ["", "hunter2", " lax"] {
        let error = wrong.parse::<T>().unwrap_err();
        assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some(key)));
        assert!(!error.message().contains("hunter2"), "{error}");
        let (first, ..) = words[0];
        assert!(error.message().contains(first), "{error}");
    }
}

#[test]
fn options_that_are_words_are_parsed_and_shown() {
    check_words(
        "cookie.sameSite",
        &[
            ("lax", SameSite::Lax, "Lax"),
            ("Strict", SameSite::Strict, "Strict"),
            ("NONE", SameSite::None, "None"),
        ],
    );
    check_words(
        "cookie.priority",
        &[
            ("low", Priority::Low, "Low"),
            ("Medium", Priority::Medium, "Medium"),
            ("HIGH", Priority::High, "High"),
        ],
    );
    check_words(
        "seal.encryption.algorithm",
        &[
            ("aes-256-cbc", Encryption::Aes256Cbc, "aes-256-cbc"),
            ("AES-128-CTR", Encryption::Aes128Ctr, "aes-128-ctr"),
        ],
    );
    check_words(
        "seal.format",
        &[
            ("h3s1", Format::H3s1, "h3s1"),
            ("h3-1", Format::H3v1, "h3-1"),
            ("h3-2", Format::H3v2, "h3-2"),
            ("fe26.2", Format::H3v2, "h3-2"),
        ],
    );
}

#[test]
fn sources_and_kinds_of_error_are_shown_in_words_of_their_own() {
    let sources = [Source::None, Source::Cookie, Source::Header, Source::Token];
    assert_eq!(
        sources.map(|source| source.to_string()),
        ["none", "cookie", "header", "token"]
    );
    let error = Error::from(Rejection::Idle);
    assert_eq!(
        error.kind().to_string(),
        "the token was refused, or the session has ended"
    );
    assert_eq!(ErrorKind::Internal.to_string(), "a fault in the library");
    // As any other error, in a box.
    let boxed: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert!(boxed.to_string().starts_with("idle: "));
}

#[test]
fn a_session_and_its_cookies_are_walked_through_in_a_for_loop() {
    let config = config(r#""cookie":{"chunkMaxLength":100}"#);
    let mut session = use_at(&config, "", NOW);
    session.replace(r#"{"a":1,"b\n":[2]}"#).unwrap();
    let mut seen = Vec::new();
    for entry in &session {
        seen.push((entry.key().unwrap().into_owned(), entry.json()));
    }
    assert_eq!(seen, [("a".into(), "1"), ("b\n".into(), "[2]")]);
    let mut entries = session.entries("");
    assert_eq!(entries.by_ref().count(), 2);
    assert!(entries.next().is_none());

    let cookies = session.set_cookies().unwrap().clone();
    let mut left = cookies.len();
    let mut values = cookies.iter();
    assert!(left > 1);
    while values.len() > 0 {
        assert_eq!((values.len(), values.clone().count()), (left, left));
        assert!(values.next().unwrap().starts_with("h3"));
        left -= 1;
    }
    assert_eq!((left, values.next()), (0, None));
    let all: Vec<_> = (&cookies).into_iter().collect();
    assert_eq!(all, cookies.iter().collect::<Vec<_>>());
}

#[test]
fn the_value_of_a_header_stays_text_or_bytes() {
    let config = config("");
    for (present, vary, control) in [
        ("", "Cookie, x-h3-session", "private"),
        ("Käse", "Käse, Cookie, x-h3-session", "private, Käse"),
        (
            "\u{2028},",
            "\u{2028}, Cookie, x-h3-session",
            "private, \u{2028}",
        ),
    ] {
        assert_eq!(cache::vary(&config, present), vary);
        assert_eq!(cache::control(present), control);
        assert_eq!(*cache::vary(&config, present.as_bytes()), *vary.as_bytes());
        assert_eq!(*cache::control(present.as_bytes()), *control.as_bytes());
    }
    let control = cache::control(&b"x=\"\xE4\""[..]);
    assert_eq!(*control, *b"private, x=\"\xE4\"");
    assert!(cache::is_targeted("cdn-cache-control") && cache::is_targeted(b"Edge-Control"));
}

#[test]
fn each_header_says_of_a_site_what_it_is_given_as() {
    let site = Site::new().host("own.example");
    assert!(!site.is_another());
    assert!(site.sec_fetch_site("cross-site").is_another());
    assert!(site.origin("https://evil.example").is_another());
    assert!(site.referer(b"https://evil.example/").is_another());
    assert!(!site.referer("https://own.example/").is_another());
    assert!(site.host("x").origin("https://own.example").is_another());
}

#[test]
fn no_debug_output_shows_what_headers_or_entries_say() {
    let site = Site::new()
        .origin("https://evil.example/hunter2")
        .referer("hunter2")
        .host("hunter2");
    let shown = format!("{site:?}");
    assert!(shown.contains("is_another: true"), "{shown}");
    let config = config("");
    let mut session = use_at(&config, "", NOW);
    session.replace(r#"{"hunter2":"hunter2"}"#).unwrap();
    let entries = format!(
        "{:?} {:?}",
        session.entries(""),
        (&session).into_iter().next()
    );
    assert!(entries.contains("Entries") && entries.contains("Entry"));
    let token = session.seal().unwrap().to_owned();
    let values = format!("{:?}", session.set_cookies().unwrap().iter());
    assert!(values.contains("len: 1"), "{values}");
    let shown = format!("{shown} {entries} {values} {:?}", Request::new(&token));
    assert!(
        !shown.contains("hunter2") && !shown.contains("h3s1"),
        "{shown}"
    );
    // Nor what is no bytes but text.
    assert!(!shown.contains("104, 117, 110"), "{shown}");
}

#[test]
fn options_without_a_password_can_be_compared() {
    assert_eq!(CookieOptions::new(), CookieOptions::default());
    assert_ne!(CookieOptions::new(), CookieOptions::new().path("/app"));
    assert!(format!("{:?}", Options::default()).contains("password: none"));
}
