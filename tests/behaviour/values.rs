use std::sync::LazyLock;

use h3s::{Config, ErrorKind, ValueType};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn with(data: &str) -> h3s::Session {
    let config = config("");
    use_at(&config, &sealed_at(&config, data, NOW), NOW)
}

/// What a write by pointer makes of some data.
fn set_at(data: &str, pointer: &str, json: &str) -> String {
    let mut session = with(data);
    session.set_at(pointer, json).expect(pointer);
    session.data().to_owned()
}

fn removed_at(data: &str, pointer: &str) -> String {
    let mut session = with(data);
    session.remove_at(pointer).expect(pointer);
    session.data().to_owned()
}

/// The byte of a pointer at which it is refused, with the data as it was.
fn refused_at(data: &str, pointer: &str) -> usize {
    let mut session = with(data);
    let error = session.set_at(pointer, "1").expect_err(pointer);
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::Data, Some("pointer")),
        "{pointer}"
    );
    assert_eq!(session.data(), data);
    assert!(!session.is_dirty());
    error.offset().expect("an offset")
}

#[test]
fn appending_to_a_cart_that_is_not_there_yet_is_one_call() {
    let mut session = with("{}");
    session.set_at("/cart/items/-", r#"{"sku":"A-1"}"#).unwrap();
    session.set_at("/cart/items/-", r#""B-2""#).unwrap();
    assert_eq!(
        session.data(),
        r#"{"cart":{"items":[{"sku":"A-1"},"B-2"]}}"#
    );
    assert!(session.is_dirty());
}

#[test]
fn set_at_replaces_what_is_there_and_leaves_the_rest_byte_for_byte() {
    let data = r#"{"n":1.0e5,"\u0061":{"b":[1,[2,3],{"c":"\/"}]},"z":-0.0}"#;
    assert_eq!(
        set_at(data, "/a/b/1/0", "[9]"),
        r#"{"n":1.0e5,"\u0061":{"b":[1,[[9],3],{"c":"\/"}]},"z":-0.0}"#
    );
    assert_eq!(
        set_at(data, "/a/b/2/c", " { \"d\" : 1 } "),
        r#"{"n":1.0e5,"\u0061":{"b":[1,[2,3],{"c":{"d":1}}]},"z":-0.0}"#
    );
    assert_eq!(
        set_at(data, "/a/b/2/new", "null"),
        r#"{"n":1.0e5,"\u0061":{"b":[1,[2,3],{"c":"\/","new":null}]},"z":-0.0}"#
    );
}

#[test]
fn an_index_that_is_the_length_of_an_array_appends() {
    assert_eq!(set_at(r#"{"a":[]}"#, "/a/0", "1"), r#"{"a":[1]}"#);
    assert_eq!(set_at(r#"{"a":[1]}"#, "/a/1", "2"), r#"{"a":[1,2]}"#);
    assert_eq!(
        set_at(r#"{"a":[1]}"#, "/a/-/b/-", "2"),
        r#"{"a":[1,{"b":[2]}]}"#
    );
}

#[test]
fn what_is_missing_on_the_way_is_an_array_only_where_it_is_appended_to() {
    assert_eq!(set_at("{}", "/a/b/c", "1"), r#"{"a":{"b":{"c":1}}}"#);
    assert_eq!(set_at("{}", "/a/-/-/b", "1"), r#"{"a":[[{"b":1}]]}"#);
    assert_eq!(
        set_at(r#"{"x":1}"#, "/users/42", "1"),
        r#"{"x":1,"users":{"42":1}}"#
    );
    assert_eq!(set_at(r#"{"a":{}}"#, "/a/-", "1"), r#"{"a":{"-":1}}"#);
}

#[test]
fn tokens_are_unescaped_and_may_be_empty() {
    assert_eq!(set_at("{}", "/a~1b/c~0d", "1"), r#"{"a/b":{"c~d":1}}"#);
    assert_eq!(set_at("{}", "/~01", "1"), r#"{"~1":1}"#);
    assert_eq!(set_at("{}", "/", "1"), r#"{"":1}"#);
    assert_eq!(set_at("{}", "//", "1"), r#"{"":{"":1}}"#);
    assert_eq!(set_at("{}", "/q\"\n/é", "1"), r#"{"q\"\n":{"é":1}}"#);
}

#[test]
fn the_empty_pointer_replaces_the_whole_data() {
    assert_eq!(set_at(r#"{"a":1}"#, "", r#" {"b":2}"#), r#"{"b":2}"#);
    let mut session = with(r#"{"a":1}"#);
    let error = session.set_at("", "[]").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_eq!(session.data(), r#"{"a":1}"#);
}

#[test]
fn a_pointer_that_leads_nowhere_is_an_error_at_its_byte() {
    let data = r#"{"s":"t","n":null,"a":[1,2],"o":{"b":true}}"#;
    assert_eq!(refused_at(data, "s"), 0);
    assert_eq!(refused_at(data, "/s/x"), 3);
    assert_eq!(refused_at(data, "/n/x/y"), 3);
    assert_eq!(refused_at(data, "/a/0/x"), 5);
    assert_eq!(refused_at(data, "/o/b/x"), 5);
    assert_eq!(refused_at(data, "/a/3"), 3);
    assert_eq!(refused_at(data, "/a/01"), 3);
    assert_eq!(refused_at(data, "/a/+1"), 3);
    assert_eq!(refused_at(data, "/a/99999999999999999999"), 3);
    assert_eq!(refused_at(data, "/a/"), 3);
    assert_eq!(refused_at(data, "/o/~2"), 3);
    assert_eq!(refused_at(data, "/o/x~"), 3);
}

#[test]
fn the_levels_of_a_pointer_count_among_the_128() {
    let mut session = with("{}");
    let deepest = "/a".repeat(128);
    session.set_at(&deepest, "1").unwrap();
    let data = session.data().to_owned();
    for (pointer, json) in [
        ("/a".repeat(129), "1"),
        (deepest, "[]"),
        ("/b".repeat(127), "[[]]"),
    ] {
        let error = session.set_at(&pointer, json).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        assert!(error.message().contains("128"), "{error}");
        assert_eq!(session.data(), data);
    }
    session.set_at(&"/b".repeat(127), "[]").unwrap();
}

#[test]
fn what_would_not_fit_is_refused_before_a_long_pointer_is_walked() {
    let mut session = with("{}");
    let error = session
        .set_at(&format!("/{}", "x".repeat(1 << 20)), "1")
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(session.data(), "{}");
}

#[test]
fn remove_at_takes_the_comma_along() {
    let data = r#"{"a":[1,[2],3],"b":{"c":1},"d":2}"#;
    assert_eq!(removed_at(data, "/a"), r#"{"b":{"c":1},"d":2}"#);
    assert_eq!(removed_at(data, "/b"), r#"{"a":[1,[2],3],"d":2}"#);
    assert_eq!(removed_at(data, "/d"), r#"{"a":[1,[2],3],"b":{"c":1}}"#);
    assert_eq!(removed_at(data, "/a/0"), data.replace("1,[2]", "[2]"));
    assert_eq!(removed_at(data, "/a/1"), data.replace("[2],", ""));
    assert_eq!(removed_at(data, "/a/2"), data.replace(",3", ""));
    assert_eq!(removed_at(data, "/a/1/0"), data.replace("[2]", "[]"));
    assert_eq!(removed_at(data, "/b/c"), data.replace(r#""c":1"#, ""));
}

#[test]
fn removing_what_is_not_there_is_a_write_and_no_error() {
    let data = r#"{"a":[1],"b":"t"}"#;
    for pointer in ["/c", "/a/1", "/a/-", "/a/01", "/a/0/x", "/b/x/y", "/c/d"] {
        let mut session = with(data);
        session.remove_at(pointer).unwrap();
        assert_eq!(session.data(), data);
        assert!(session.is_dirty(), "{pointer}");
    }
}

#[test]
fn the_whole_data_cannot_be_removed() {
    let mut session = with(r#"{"a":1}"#);
    let error = session.remove_at("").unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::Data, Some("pointer"))
    );
    assert!(session.remove_at("a").is_err());
    assert_eq!(session.data(), r#"{"a":1}"#);
}

#[test]
fn set_at_after_clear_starts_a_fresh_session_and_remove_at_does_not() {
    let mut session = with(r#"{"a":{"secret":1}}"#);
    session.clear();
    let error = session.remove_at("/a").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
    session.set_at("/a/b", "1").unwrap();
    assert_eq!(session.data(), r#"{"a":{"b":1}}"#);
    assert!(session.is_new());
}

#[test]
fn a_value_has_the_type_that_its_json_has() {
    let session = with(r#"{"n":null,"b":false,"i":-1,"s":"1","a":[],"o":{"":{}}}"#);
    for (pointer, value_type) in [
        ("", Some(ValueType::Object)),
        ("/n", Some(ValueType::Null)),
        ("/b", Some(ValueType::Bool)),
        ("/i", Some(ValueType::Number)),
        ("/s", Some(ValueType::String)),
        ("/a", Some(ValueType::Array)),
        ("/o/", Some(ValueType::Object)),
        ("/a/0", None),
        ("/x", None),
        ("n", None),
    ] {
        assert_eq!(session.value_type(pointer), value_type, "{pointer}");
    }
}

#[test]
fn a_value_of_another_type_is_no_number_bool_or_text() {
    let session = with(r#"{"n":null,"t":true,"i":7,"h":0.5,"s":"7"}"#);
    assert_eq!(session.int("/i"), Some(7));
    assert_eq!(session.double("/i"), Some(7.0));
    assert_eq!(session.double("/h"), Some(0.5));
    assert_eq!(session.bool("/t"), Some(true));
    assert_eq!(session.text("/s").as_deref(), Some("7"));
    for pointer in ["/n", "/t", "/h", "/s", "/x"] {
        assert_eq!(session.int(pointer), None, "{pointer}");
    }
    for pointer in ["/n", "/i", "/s", "/x"] {
        assert_eq!(session.bool(pointer), None, "{pointer}");
    }
    for pointer in ["/n", "/t", "/i", "/x"] {
        assert_eq!(session.text(pointer), None, "{pointer}");
    }
}

#[test]
fn numbers_and_bools_are_written_as_json_says_them() {
    let mut session = with("{}");
    session.set_int("i", i64::MIN).unwrap();
    session.set_bool("t", true).unwrap();
    session.set_bool("f", false).unwrap();
    session.set_double("d", 0.1).unwrap();
    session.set_double("whole", 2.0).unwrap();
    session.set_double("large", 1e300).unwrap();
    let data = r#"{"i":-9223372036854775808,"t":true,"f":false,"d":0.1,"whole":2,"large":1e+300}"#;
    assert_eq!(session.data(), data);
    assert_eq!(session.int("/i"), Some(i64::MIN));
    assert_eq!(session.double("/large"), Some(1e300));
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = session.set_double("d", value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        assert_eq!(session.data(), data);
    }
}

#[test]
fn an_iterator_gives_members_with_their_names_unescaped() {
    let session = with(r#"{"o":{"a":1,"\u0062\n":[2,3],"\ud800":"x"}}"#);
    let members: Vec<_> = session
        .entries("/o")
        .map(|entry| (entry.key().unwrap().into_owned(), entry.json()))
        .collect();
    let expected = [("a", "1"), ("b\n", "[2,3]"), ("\u{FFFD}", "\"x\"")];
    let expected = expected.map(|(key, json)| (key.to_owned(), json));
    assert_eq!(members, expected);
}

#[test]
fn an_iterator_gives_elements_without_names() {
    let session = with(r#"{"a":["x",{"b":[]},[],null]}"#);
    let elements: Vec<_> = session.entries("/a").map(|entry| entry.json()).collect();
    assert_eq!(elements, [r#""x""#, r#"{"b":[]}"#, "[]", "null"]);
    assert!(session.entries("/a").all(|entry| entry.key().is_none()));
    assert_eq!(session.entries("/a/1").count(), 1);
    for pointer in ["/a/2", "/a/3", "/a/0", "/x", "a"] {
        assert_eq!(session.entries(pointer).count(), 0, "{pointer}");
    }
    assert_eq!(session.entries("").count(), 1);
}

#[test]
fn ensure_makes_a_got_session_a_used_one() {
    let config = config("");
    let mut session = get_at(&config, "", NOW);
    assert!(set_cookies(&mut session).is_empty());
    session.ensure().unwrap();
    assert!(session.is_dirty());
    assert_eq!(set_cookies(&mut session).len(), 1);
    session.ensure().unwrap();
    assert!(!session.is_dirty());
}

#[test]
fn ensure_sets_nothing_for_a_session_that_came() {
    let config = config("");
    let cookie = sealed_at(&config, "{}", NOW);
    let mut session = get_at(&config, &cookie, NOW);
    session.ensure().unwrap();
    assert!(!session.is_dirty());
    let token = token_at(&config, "{}", NOW);
    let mut session = config.unseal(&Request::from_token(&token).at(NOW)).unwrap();
    session.ensure().unwrap();
    assert!(!session.is_dirty());
}

#[test]
fn ensure_has_something_to_give_whatever_was_sealed_before() {
    let with_cookies = config("");
    let mut session = get_at(&with_cookies, "", NOW);
    session.seal().unwrap();
    session.ensure().unwrap();
    assert!(session.is_dirty());
    assert_eq!(set_cookies(&mut session).len(), 1);
    let without = config(r#""cookie":false"#);
    let mut session = get_at(&without, "", NOW);
    session.ensure().unwrap();
    assert!(session.is_dirty());
    session.seal().unwrap();
    assert!(!session.is_dirty());
}

#[test]
fn ensure_asks_for_no_token_that_was_taken_where_there_are_no_cookies() {
    let config = config(r#""cookie":false"#);
    let mut session = get_at(&config, "", NOW);
    let token = session.seal().unwrap().to_owned();
    session.ensure().unwrap();
    assert!(!session.is_dirty());
    assert_eq!(session.seal().unwrap(), token);
}

#[test]
fn ensure_protects_what_may_be_valid_elsewhere_as_use_does() {
    let here = config("");
    let elsewhere = config(r#""seal":"h3-1""#);
    for (cookie, is_protected) in [
        (sealed_at(&elsewhere, "{}", NOW), true),
        (
            sealed_at(&here, "{}", NOW).replace("h3s1.", "h3s1.other"),
            true,
        ),
        ("h3=h3s1.nonsense".to_owned(), false),
    ] {
        let used = use_at(&here, &cookie, NOW);
        let mut got = get_at(&here, &cookie, NOW);
        got.ensure().unwrap();
        assert_eq!(got.is_dirty(), used.is_dirty(), "{cookie}");
        assert_eq!(got.is_dirty(), !is_protected, "{cookie}");
    }
}

#[test]
fn ensure_replaces_no_cookie_that_another_site_kept_back() {
    let config = config("");
    let mut session = config
        .get_session(&Request::new("").cross_site(true).at(NOW))
        .unwrap();
    session.ensure().unwrap();
    assert!(!session.is_dirty());
}

#[test]
fn ensure_does_not_undo_a_clear() {
    let config = config("");
    let mut session = get_at(&config, "", NOW);
    session.clear();
    session.ensure().unwrap();
    assert!(session.is_cleared());
    assert!(session.id().is_none());
}

#[test]
fn a_header_token_without_an_id_is_given_one_where_there_are_no_cookies() {
    let config = config(r#""seal":"h3-1","cookie":false"#);
    let token = config.iron_seal(r#"{"other":1}"#, NOW).unwrap();
    let mut session = config.use_session(&request("", &token, NOW)).unwrap();
    assert!(session.is_new() && session.is_dirty());
    let id = session.id().unwrap().to_owned();
    let token = session.seal().unwrap().to_owned();
    let session = config.use_session(&request("", &token, NOW)).unwrap();
    assert_eq!((session.id(), session.is_dirty()), (Some(&*id), false));
}

#[test]
fn ensure_gives_a_token_without_an_id_a_cookie_as_use_does() {
    let config = config(r#""seal":"h3-1""#);
    let token = config.iron_seal(r#"{"other":1}"#, NOW).unwrap();
    let cookie = format!("h3={token}");
    assert!(use_at(&config, &cookie, NOW).is_dirty());
    let mut session = get_at(&config, &cookie, NOW);
    assert!(!session.is_dirty());
    session.ensure().unwrap();
    assert!(session.is_dirty());
}

// One for all cases, since to derive its keys takes longer than a case.
static CONFIG: LazyLock<Config> = LazyLock::new(|| config(""));

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The library keeps in mind where it has found a member.
    #[test]
    fn after_any_reads_and_writes_a_member_has_the_value_that_was_set_last(
        steps in vec((0..4_usize, 0..6_usize, prop_oneof![Just("1"), Just("123456"), Just(r#"{"b":2}"#), Just("[]")]), 1..30),
    ) {
        let keys = ["a", "b", "c", "a/b", "~", "\u{e9}"];
        let pointers = ["/a", "/b", "/c", "/a~1b", "/~0", "/\u{e9}"];
        let mut session = get_at(&CONFIG, "", NOW);
        let mut expected: [Option<&str>; 6] = [None; 6];
        for (step, at, json) in steps {
            match step {
                0 => prop_assert_eq!(session.find(pointers[at]), expected[at]),
                1 => {
                    session.remove(keys[at]).unwrap();
                    expected[at] = None;
                }
                2 => {
                    session.set_at(pointers[at], json).unwrap();
                    expected[at] = Some(json);
                }
                _ => {
                    session.set(keys[at], json).unwrap();
                    expected[at] = Some(json);
                }
            }
        }
        for (pointer, expected) in pointers.into_iter().zip(expected) {
            prop_assert_eq!(session.find(pointer), expected);
            let inside = (expected == Some(r#"{"b":2}"#)).then_some(2);
            prop_assert_eq!(session.int(&format!("{pointer}/b")), inside);
        }
    }
}
