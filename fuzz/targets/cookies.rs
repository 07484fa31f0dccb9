//! The Cookie header and the session header through `use`.
//!
//! Input: which config, the session header, 0xFF, the Cookie header. Bytes of 0x80 to 0x8F stand
//! for tokens and chunks, which no mutation would hit upon.
#![no_main]

use std::sync::LazyLock;

use h3s::{Config, Session, Source};
use h3s_fuzz::{IRON, NOW, check, check_set_cookies, config, cookie_header, request};
use libfuzzer_sys::fuzz_target;

struct Setting {
    config: Config,
    /// What stands for 0x80, 0x81 and so on.
    words: Vec<String>,
    ids: Vec<String>,
}

static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    [
        r#""maxAge":3600,"idleTimeout":600"#,
        r#""cookie":{"chunkMaxLength":100,"maxChunks":8}"#,
        r#""name":"__Host-s","refresh":false,"sessionHeader":"x-s""#,
        r#""cookie":false"#,
        IRON,
    ]
    .map(setting)
    .into()
});

fn setting(more: &str) -> Setting {
    let config = config(more);
    let mut words = Vec::new();
    let mut ids = Vec::new();
    // A token that opens; a younger one; one that is in chunks where they are short; one that has
    // ended where there is a limit.
    let tokens = [
        ("a", "1", 2000),
        ("b", "2", 1000),
        ("c", &*format!("\"{}\"", "c".repeat(200)), 1000),
        ("d", "4", 7_200_000),
    ];
    for (name, value, age) in tokens {
        let now_ms = NOW - age;
        let mut session = config.use_session(&request(b"", b"").at(now_ms)).unwrap();
        session.set(name, value).unwrap();
        ids.push(session.id().unwrap().to_owned());
        words.push(session.seal().unwrap().to_owned());
        for cookie in session.set_cookies().unwrap().iter() {
            words.push(cookie.split(';').next().unwrap().to_owned());
        }
    }
    Setting { config, words, ids }
}

/// The text with tokens in place of the bytes that stand for them.
fn with_tokens(setting: &Setting, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in text {
        match byte
            .checked_sub(0x80)
            .and_then(|i| setting.words.get(usize::from(i)))
        {
            Some(word) => out.extend_from_slice(word.as_bytes()),
            None => out.push(*byte),
        }
    }
    out
}

fuzz_target!(|input: &[u8]| {
    let Some((which, rest)) = input.split_first() else {
        return;
    };
    let setting = &SETTINGS[usize::from(*which) % SETTINGS.len()];
    let config = &setting.config;
    let split = rest.iter().position(|byte| *byte == 0xFF);
    let (header, cookie) = split.map_or((&[][..], rest), |at| (&rest[..at], &rest[at + 1..]));
    let (header, cookie) = (with_tokens(setting, header), with_tokens(setting, cookie));

    let mut session = config
        .use_session(&request(&cookie, &header))
        .expect("a rejection is no error");
    check(&session);
    let known = setting.ids.iter().any(|id| Some(&**id) == session.id());
    assert_eq!(
        session.source() != Source::None,
        known,
        "a session of nobody, or nobody's of a session"
    );
    assert_eq!(session.is_new(), !known);

    let get = config.get_session(&request(&cookie, &header)).unwrap();
    assert_eq!(get.source(), session.source());
    assert_eq!(get.rejection(), session.rejection());
    assert!(get.source() != Source::None || !get.is_dirty());

    check_is_newest(config, &session, &cookie);

    // Upstream goes nothing of ours, and only what came.
    let stripped: Vec<u8> = config.strip_cookies(&cookie).flatten().copied().collect();
    assert!(stripped.len() <= cookie.len());
    let upstream = config.use_session(&request(&stripped, b"")).unwrap();
    assert_eq!(
        (upstream.source(), upstream.rejection()),
        (Source::None, None)
    );
    let again: Vec<u8> = config.strip_cookies(&stripped).flatten().copied().collect();
    assert_eq!(again, stripped);
    let name = config.cookie_name();
    assert!(pairs(&stripped).all(|pair| !is_to_some_h3(pair, name)));

    // Or of ours the one session that was opened.
    let own = session.strip_other_cookies(&cookie);
    let own: Vec<u8> = own.flatten().copied().collect();
    assert!(own.len() <= cookie.len());
    if session.source() == Source::Cookie {
        let upstream = config.use_session(&request(&own, b"")).unwrap();
        assert_eq!((upstream.id(), upstream.rejection()), (session.id(), None));
    } else {
        assert_eq!(own, stripped);
    }

    // A request from another site does no harm to a cookie that it may not bring.
    let from_elsewhere = request(&stripped, &header).cross_site(true);
    let mut visit = config.use_session(&from_elsewhere).unwrap();
    assert!(visit.set_cookies().unwrap().is_empty() || visit.source() != Source::None);
    visit.clear();
    assert!(visit.set_cookies().unwrap().is_empty());

    // What is written comes back.
    let cookie_before = &cookie;
    check_set_cookies(session.set_cookies().unwrap().iter());
    session.set("written", "true").unwrap();
    let cookie = cookie_header(session.set_cookies().unwrap().iter());
    let token = if cookie.is_empty() {
        session.seal().unwrap()
    } else {
        ""
    };
    let mut back = config
        .use_session(&request(cookie.as_bytes(), token.as_bytes()))
        .unwrap();
    assert_eq!(back.rejection(), None);
    assert_eq!(back.find("/written"), Some("true"));

    // And after clear never again.
    back.clear();
    check(&back);
    check_set_cookies(back.set_cookies().unwrap().iter());

    // Nor of several that opened: an empty one takes their place.
    let mut several = config.use_session(&request(cookie_before, b"")).unwrap();
    several.clear();
    let left = cookie_header(several.set_cookies().unwrap().iter());
    let next = config.get_session(&request(left.as_bytes(), b"")).unwrap();
    assert_eq!(next.data(), "{}");
});

fn pairs(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    header.split(|byte| *byte == b';')
}

/// Whether it is the session's cookie, and no chunk.
fn is_main(pair: &[u8], name: &str) -> bool {
    let end = pair.iter().position(|byte| *byte == b'=');
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let own = end.map_or(&[][..], |end| &pair[..end]);
    let start = own.iter().position(|byte| !blank(byte));
    let last = own.iter().rposition(|byte| !blank(byte));
    start
        .zip(last)
        .is_some_and(|(start, last)| &own[start..=last] == name.as_bytes())
}

/// Whether what JavaScript takes for white space is all that tells a name from the session's.
fn is_to_some_h3(pair: &[u8], name: &str) -> bool {
    let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(0);
    let latin1 = pair[..end].iter().map(|byte| char::from(*byte)).collect();
    let is_space = |c: char| c.is_whitespace() || c == '\u{feff}';
    [String::from_utf8_lossy(&pair[..end]).into(), latin1]
        .iter()
        .any(|key: &String| {
            let key = key.trim_matches(is_space);
            key == name
                || key
                    .strip_prefix(name)
                    .is_some_and(|rest| [".1", ".100"].contains(&rest))
        })
}

/// Whichever cookie is left out, none that opens is younger than the one that was taken. (Of more
/// than four, not all were tried.)
fn check_is_newest(config: &Config, session: &Session, cookie: &[u8]) {
    let all: Vec<&[u8]> = pairs(cookie).collect();
    let mains: Vec<usize> = (0..all.len())
        .filter(|i| is_main(all[*i], config.cookie_name()))
        .collect();
    if session.source() != Source::Cookie || mains.len() > 4 {
        return;
    }
    for left_out in mains {
        let mut rest = all.clone();
        rest.remove(left_out);
        let rest = rest.join(&b';');
        let other = config.get_session(&request(&rest, b"")).unwrap();
        let age = |session: &Session| session.last_seen_at().or(session.created_at());
        assert!(other.source() == Source::None || age(&other) <= age(session));
    }
}
