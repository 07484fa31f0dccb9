use h3s::ErrorKind;

use super::*;

fn with(data: &str) -> h3s::Session {
    let config = config("");
    use_at(&config, &sealed_at(&config, data, NOW), NOW)
}

#[test]
fn what_update_does_not_touch_stays_byte_for_byte() {
    let exact = r#"{"big":12345678901234567890123,"float":1.0e5,"zero":-0.0,"z":{"b":1,"a":[{}]},"esc":"\u0041\/\ud800\u0000","emoji":"😀","":0}"#;
    let mut session = with(exact);
    assert_eq!(session.data(), exact);
    session.update(r#"{"new":1}"#).unwrap();
    let expected = exact.replace(r#""":0}"#, r#""":0,"new":1}"#);
    assert_eq!(session.data(), expected);
}

#[test]
fn update_keeps_the_place_of_a_key_and_puts_a_new_one_last() {
    let mut session = with(r#"{"a":1,"b":2,"c":3}"#);
    session
        .update(r#" { "d" : [ 1 , 2 ] , "b" : { "x" : " y " } } "#)
        .unwrap();
    assert_eq!(session.data(), r#"{"a":1,"b":{"x":" y "},"c":3,"d":[1,2]}"#);
}

#[test]
fn update_is_shallow() {
    let mut session = with(r#"{"user":{"name":"Ada","id":1}}"#);
    session.update(r#"{"user":{"id":2}}"#).unwrap();
    assert_eq!(session.data(), r#"{"user":{"id":2}}"#);
}

#[test]
fn keys_compare_after_unescaping() {
    let mut session = with(r#"{"\u0061":1}"#);
    session.set("a", "2").unwrap();
    assert_eq!(session.data(), r#"{"\u0061":2}"#);
    session.update(r#"{"a":3}"#).unwrap();
    assert_eq!(session.data(), r#"{"\u0061":3}"#);
    session.remove("a").unwrap();
    assert_eq!(session.data(), "{}");
}

#[test]
fn a_value_gives_way_to_one_of_any_length() {
    for len in [0, 1, 5, 6, 7, 20, 21, 22, 23, 100] {
        let mut session = with(r#"{"a":[1],"b":"12345","c":{"b":2}}"#);
        for value in [
            format!("\"{}\"", "x".repeat(len)),
            "0".into(),
            "\"12345\"".into(),
        ] {
            session.set("b", &value).unwrap();
            let expected = format!(r#"{{"a":[1],"b":{value},"c":{{"b":2}}}}"#);
            assert_eq!(session.data(), expected);
            assert_eq!(session.find("/b").unwrap(), value);
            let cookie = session.set_cookies().unwrap().iter().next().unwrap();
            let header = cookie.split(';').next().unwrap().to_owned();
            assert_eq!(use_at(&config(""), &header, NOW).data(), expected);
        }
    }
}

#[test]
fn a_removed_member_takes_one_comma_with_it() {
    let members = [r#""a":1"#, r#""b":[2,3]"#, r#""c":",\"d\":""#];
    for (gone, key) in ["a", "b", "c"].into_iter().enumerate() {
        let mut session = with(&format!("{{{}}}", members.join(",")));
        session.remove(key).unwrap();
        let mut left = members.to_vec();
        left.remove(gone);
        assert_eq!(session.data(), format!("{{{}}}", left.join(",")));
        session.remove(key).unwrap();
        assert_eq!(session.data(), format!("{{{}}}", left.join(",")));
    }
}

#[test]
fn set_takes_white_space_out_of_a_value() {
    let mut session = with(r#"{"a":"a long value that another one fits into"}"#);
    for key in ["a", "b"] {
        session.set(key, " [ 1 , \"x y\" ]\n").unwrap();
    }
    assert_eq!(session.data(), r#"{"a":[1,"x y"],"b":[1,"x y"]}"#);
}

#[test]
fn a_value_that_does_not_fit_leaves_the_old_one_in_place() {
    let config = config(r#""cookie":{"maxChunks":1,"chunkMaxLength":200}"#);
    let mut session = use_at(&config, &sealed_at(&config, r#"{"a":1,"b":2}"#, NOW), NOW);
    let long = format!("\"{}\"", "x".repeat(200));
    assert_eq!(
        session.set("a", &long).unwrap_err().kind(),
        ErrorKind::TooLarge
    );
    assert_eq!(session.set("a", "[").unwrap_err().kind(), ErrorKind::Data);
    assert_eq!(session.data(), r#"{"a":1,"b":2}"#);
}

#[test]
fn set_text_quotes_and_escapes() {
    let mut session = with("{}");
    session.set_text("k\"", "a\"\\\n\0é").unwrap();
    assert_eq!(session.data(), r#"{"k\"":"a\"\\\n\u0000é"}"#);
    assert_eq!(session.text("/k\"").unwrap(), "a\"\\\n\0é");
    session
        .set_text("k\"", "\u{8}\t\n\u{c}\r\u{0}\u{1f} \u{7f}")
        .unwrap();
    assert_eq!(
        session.data(),
        "{\"k\\\"\":\"\\b\\t\\n\\f\\r\\u0000\\u001f \u{7f}\"}"
    );
}

#[test]
fn bad_json_is_refused_at_its_byte_and_leaves_the_session_as_it_was() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(129), "}".repeat(129));
    let cases: [(&[u8], usize); 10] = [
        (b"", 0),
        (b"[1]", 0),
        (b" \r\n[1]", 3),
        (b"{\"a\":1,}", 7),
        (b"{\"a\":1,\"a\":2}", 8),
        (b"{\"b\":{\"a\":1,\"\\u0061\":2}}", 13),
        (b"{\"a\":\"\xFF\"}", 6),
        (b"{\"a\":\"\x01\"}", 6),
        (b"{} {}", 3),
        (deep.as_bytes(), 640),
    ];
    for (json, at) in cases {
        let mut session = with(r#"{"a":1}"#);
        for error in [
            session.update(json).unwrap_err(),
            session.replace(json).unwrap_err(),
        ] {
            assert_eq!(
                (error.kind(), error.offset()),
                (ErrorKind::Data, Some(at)),
                "{error}"
            );
        }
        assert_eq!(session.data(), r#"{"a":1}"#);
        assert!(!session.is_dirty());
    }
}

#[test]
fn data_may_nest_128_levels_however_it_is_written() {
    let value = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let mut session = with("{}");
    session.set("a", value(127)).unwrap();
    session
        .update(format!(r#"{{"b":{}}}"#, value(127)))
        .unwrap();
    session.set_text("long", &"x".repeat(256)).unwrap();
    for key in ["c", "long"] {
        assert_eq!(
            session.set(key, value(128)).unwrap_err().kind(),
            ErrorKind::Data
        );
    }
    session.set("long", value(127)).unwrap();
    assert_eq!(
        session
            .update(format!(r#"{{"c":{}}}"#, value(128)))
            .unwrap_err()
            .kind(),
        ErrorKind::Data
    );
}

#[test]
fn a_cleared_session_never_comes_back() {
    let config = config(r#""maxAge":60"#);
    let mut session = use_at(&config, &sealed_at(&config, r#"{"secret":1}"#, NOW), NOW);
    let id = session.id().unwrap().to_owned();
    session.clear();
    assert_eq!(
        (session.id(), session.data(), session.created_at()),
        (None, "{}", None)
    );
    assert!(session.is_cleared() && !session.is_new());
    assert_eq!(session.expires_at(), None);
    assert_eq!(session.log_id(), None);
    let cookies = set_cookies(&mut session);
    assert_eq!(cookies.len(), 1);
    assert!(
        cookies[0].starts_with("h3=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/")
    );

    session.set_now(NOW + 120 * SECOND).unwrap();
    session.update(r#"{"a":1}"#).unwrap();
    assert_eq!(session.data(), r#"{"a":1}"#);
    assert!(session.is_new() && session.id().unwrap() != id);
    let cookies = set_cookies(&mut session);
    assert_eq!(cookies.len(), 1, "no cookie is both deleted and set");
    assert!(cookies[0].starts_with("h3=h3s1."));
}

#[test]
fn after_clear_remove_rotate_seal_and_set_id_are_state_errors() {
    let mut session = with("{}");
    session.clear();
    assert_eq!(session.remove("a").unwrap_err().kind(), ErrorKind::State);
    assert_eq!(session.rotate().unwrap_err().kind(), ErrorKind::State);
    assert_eq!(session.seal().unwrap_err().kind(), ErrorKind::State);
    assert_eq!(session.set_id("x").unwrap_err().kind(), ErrorKind::State);
    assert!(session.update("nonsense").is_err());
    assert!(session.is_cleared(), "a failed write starts nothing");
    session.clear();
}

#[test]
fn a_new_or_rotated_session_takes_an_id_until_it_is_sealed() {
    let mut session = use_at(&config(""), "", NOW);
    session.set_id("my-id").unwrap();
    assert_eq!(session.id(), Some("my-id"));
    set_cookies(&mut session);
    assert_eq!(
        session.set_id("other").unwrap_err().kind(),
        ErrorKind::State
    );
    session.rotate().unwrap();
    session.set_id("other").unwrap();
    let mut opened = with("{}");
    assert_eq!(opened.set_id("other").unwrap_err().kind(), ErrorKind::State);
}

#[test]
fn an_id_is_1_to_255_graphic_bytes() {
    let mut session = use_at(&config(""), "", NOW);
    for (id, at) in [
        ("", 0),
        (" ", 0),
        ("a b", 1),
        ("é", 0),
        ("\x7F", 0),
        ("a\0", 1),
        (&"x".repeat(256), 255),
    ] {
        let error = session.set_id(id).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Data, Some(at)));
    }
    for id in [
        "!",
        "~",
        &"x".repeat(255),
        "ABCDEF01-2345-6789-ABCD-EF0123456789",
    ] {
        let mut session = use_at(&config(""), "", NOW);
        session.set_id(id).unwrap();
        let mut jar = jar::Jar::default();
        jar.take(&mut session);
        assert_eq!(use_at(&config(""), &jar.header(), NOW).id(), Some(id));
    }
}

#[test]
fn an_id_in_the_log_is_the_same_everywhere_and_not_the_id() {
    let (one, two) = (config(""), config(""));
    let cookie = sealed_at(&one, "{}", NOW);
    let (a, b) = (use_at(&one, &cookie, NOW), use_at(&two, &cookie, NOW));
    let log_id = a.log_id().unwrap().to_owned();
    assert_eq!(b.log_id(), Some(log_id.as_str()));
    assert_eq!(log_id.len(), 32);
    assert!(log_id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let named = config(r#""name":"other""#);
    let mut c = use_at(&named, "", NOW);
    c.set_id(a.id().unwrap()).unwrap();
    assert_ne!(c.log_id(), Some(log_id.as_str()));
}

#[test]
fn find_and_text_follow_rfc_6901() {
    let session = with(
        r#"{"a/b":1,"m~n":2,"":3,"list":["x",{"y":"\u00e9\n"}],"s":"plain","lone":"\ud800!"}"#,
    );
    for (pointer, json) in [("/a~1b", "1"), ("/m~0n", "2"), ("/", "3")] {
        assert_eq!(session.find(pointer), Some(json), "{pointer}");
    }
    for (pointer, json, text) in [
        ("/list/0", r#""x""#, "x"),
        ("/list/1/y", r#""\u00e9\n""#, "é\n"),
        ("/s", r#""plain""#, "plain"),
        ("/lone", r#""\ud800!""#, "\u{FFFD}!"),
    ] {
        assert_eq!(session.find(pointer), Some(json), "{pointer}");
        assert_eq!(session.text(pointer).as_deref(), Some(text), "{pointer}");
    }
    assert_eq!(session.find(""), Some(session.data()));
    for absent in [
        "a", "/nope", "/list/2", "/list/01", "/list/-", "/list/", "/s/x", "/a~2b", "/m~",
    ] {
        assert_eq!(session.find(absent), None, "{absent}");
    }
}

#[test]
fn a_text_is_a_string_and_nothing_else() {
    let session = with(r#"{"a":null,"b":false,"c":42,"d":[],"e":{},"f":"null","g":""}"#);
    for pointer in ["/a", "/b", "/c", "/d", "/e", "", "/z"] {
        assert_eq!(session.text(pointer), None, "{pointer}");
    }
    assert_eq!(session.text("/f").as_deref(), Some("null"));
    assert_eq!(session.text("/g").as_deref(), Some(""));
}

#[test]
fn what_was_only_read_sets_no_cookies() {
    let config = config("");
    let mut session = get_at(&config, &sealed_at(&config, "{}", NOW), NOW);
    assert!(session.set_cookies().unwrap().is_empty());
    session.set("a", "1").unwrap();
    assert!(!session.set_cookies().unwrap().is_empty());
}

#[test]
fn the_same_cookies_come_until_the_next_write() {
    let mut session = with("{}");
    session.set("a", "1").unwrap();
    let first = set_cookies(&mut session);
    assert_eq!(set_cookies(&mut session), first);
    session.set("a", "1").unwrap();
    assert_ne!(set_cookies(&mut session), first);
}

#[test]
fn sealing_a_token_does_not_take_the_cookies_away() {
    let mut session = with("{}");
    session.set("a", "1").unwrap();
    let token = session.seal().unwrap().to_owned();
    assert!(session.is_dirty());
    assert!(
        set_cookies(&mut session)[0].starts_with(&format!("h3={token};")),
        "one seal serves both"
    );
}

#[test]
fn a_token_that_could_not_come_back_in_the_header_is_not_sealed() {
    let mut session = use_at(&config(r#""cookie":{"maxChunks":100}"#), "", NOW);
    session.set_text("a", &"x".repeat(20_000)).unwrap();
    assert_eq!(session.seal().unwrap_err().kind(), ErrorKind::TooLarge);
    assert!(set_cookies(&mut session).len() > 1);
}

#[test]
fn update_merges_many_members_as_it_does_few() {
    for count in [1, 8, 9, 40] {
        let object = |from: usize, to: usize, value: usize| {
            let members: Vec<String> = (from..to)
                .map(|i| format!(r#""\u006b{i}":{value}"#))
                .collect();
            format!("{{{}}}", members.join(","))
        };
        let mut session = with(&object(0, count, 1).replace("\\u006b", "k"));
        session
            .update(object(count / 2, count + count / 2, 2))
            .unwrap();
        for i in 0..count + count / 2 {
            let expected = if i < count / 2 { "1" } else { "2" };
            assert_eq!(
                session.find(&format!("/k{i}")),
                Some(expected),
                "{count}, {i}"
            );
        }
        assert!(session.data().starts_with(r#"{"k0":"#));
        assert_eq!(session.data().matches(':').count(), count + count / 2);
    }
}

#[test]
fn without_cookies_a_session_stays_dirty_until_its_token_is_taken() {
    let config = config(r#""cookie":false"#);
    let mut session = get_at(&config, "", NOW);
    assert!(!session.is_dirty());
    session.set("a", "1").unwrap();
    assert!(set_cookies(&mut session).is_empty());
    assert!(session.is_dirty(), "nothing was given");
    let token = session.seal().unwrap().to_owned();
    assert!(!session.is_dirty());
    assert!(set_cookies(&mut session).is_empty() && !session.is_dirty());
    assert_eq!(session.seal().unwrap(), token);
    session.set("a", "2").unwrap();
    assert!(session.is_dirty());
}

#[test]
fn without_cookies_a_cleared_session_has_nothing_to_give_and_is_not_dirty() {
    let config = config(r#""cookie":false"#);
    let mut session = use_at(&config, "", NOW);
    session.clear();
    assert!(session.is_cleared() && !session.is_dirty());
    session.set("a", "1").unwrap();
    assert!(session.is_dirty(), "a fresh session has begun");
    session.clear();
    assert!(!session.is_dirty());
}

#[test]
fn a_name_takes_no_more_room_than_its_letters() {
    let name = "n".repeat(3000);
    let text = "x".repeat(2500);
    let mut session = with("{}");
    session.set(&name, format!("\"{text}\"")).unwrap();
    session.remove(&name).unwrap();
    session.set_text(&name, &text).unwrap();
    session.remove(&name).unwrap();
    session
        .set_at(&format!("/{name}"), format!("\"{text}\""))
        .unwrap();
    assert_eq!(session.data(), format!(r#"{{"{name}":"{text}"}}"#));
    // Each of a pointer's two bytes may be one of a name.
    let escapes = "~0".repeat(5000);
    let mut session = with("{}");
    session.set_at(&format!("/{escapes}"), "1").unwrap();
    assert_eq!(session.data().len(), 5006);
}

#[test]
fn an_id_that_does_not_fit_is_refused() {
    let config = config(r#""cookie":{"maxChunks":1,"chunkMaxLength":400}"#);
    let mut session = use_at(&config, "", NOW);
    session.set_text("a", &"x".repeat(100)).unwrap();
    let id = session.id().unwrap().to_owned();
    let error = session.set_id(&"x".repeat(255)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(session.id(), Some(&*id));
    session.set_id(&"x".repeat(100)).unwrap();
}

#[test]
fn a_new_id_is_logged_and_a_moved_clock_is_sealed() {
    let config = config(r#""idleTimeout":600"#);
    let mut session = use_at(&config, "", NOW);
    let log_id = session.log_id().unwrap().to_owned();
    session.rotate().unwrap();
    let rotated = session.log_id().unwrap().to_owned();
    assert_ne!(rotated, log_id);
    session.set_id("mine").unwrap();
    assert_ne!(session.log_id(), Some(rotated.as_str()));

    let token = session.seal().unwrap().to_owned();
    session.set_now(NOW + SECOND).unwrap();
    assert_ne!(session.seal().unwrap(), token);
    assert_eq!(session.last_seen_at(), Some(NOW + SECOND));
}

#[test]
fn a_value_that_grows_in_its_place_is_refused_beyond_the_limit() {
    let config = config(r#""cookie":{"maxChunks":1}"#);
    let text = |len: usize| format!("\"{}\"", "x".repeat(len));
    let most = (2000..4000)
        .rfind(|len| use_at(&config, "", NOW).set("a", text(*len)).is_ok())
        .unwrap();
    let cookie = sealed_at(&config, &format!(r#"{{"a":{}}}"#, text(most)), NOW);
    // What was opened has room behind the data for some bytes more.
    let mut session = use_at(&config, &cookie, NOW);
    for more in [1, 2, 10, 15, 100] {
        let error = session.set("a", text(most + more)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{more}");
    }
    session.set("a", text(most)).unwrap();
    assert_eq!(session.find("/a"), Some(text(most).as_str()));
}
