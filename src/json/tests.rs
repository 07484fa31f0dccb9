use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::check::FEW_NAMES;
use super::scan::{plain_end, value_end};
use super::strings::Plain;
use super::*;

/// What serde_json makes of a text, as far as it is asked the same: it does not look
/// for names that occur twice.
fn oracle(text: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(text).is_ok()
}

fn is_twice(error: &Error) -> bool {
    error.message().contains("twice")
}

/// JSON with white space and escapes of its own, and then perhaps not quite JSON.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let string = r#""([a-c]|\\["\\/bfnrt]|\\u[0-9a-fD8cC]{4}|é|😀| ){0,12}""#;
    let number = r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?";
    let leaf = prop_oneof![string, number, "true|false|null| null\t"];
    let json = leaf.prop_recursive(5, 40, 5, move |inner| {
        let member = (string, inner.clone()).prop_map(|(name, value)| format!("{name} :\n{value}"));
        prop_oneof![
            proptest::collection::vec(inner, 0..5)
                .prop_map(|list| format!("[{}]", list.join(" ,"))),
            proptest::collection::vec(member, 0..5)
                .prop_map(|list| format!(" {{ {} }}\r", list.join(","))),
        ]
    });
    let mutation = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (json, proptest::collection::vec(mutation, 0..3)).prop_map(|(json, mutations)| {
        let mut bytes = json.into_bytes();
        for (at, byte, what) in mutations {
            let at = at.index(bytes.len() + 1);
            match what {
                0 => bytes.insert(at, byte),
                1 => bytes.truncate(at),
                2 => bytes.insert(at, b"{}[]:,\"\\ 0"[usize::from(byte) % 10]),
                _ => drop((at < bytes.len()).then(|| bytes.remove(at))),
            }
        }
        bytes
    })
}

proptest! {
    // In a long run more than the usual 1024 texts are no JSON.
    #![proptest_config(ProptestConfig { failure_persistence: None, max_global_rejects: u32::MAX, ..ProptestConfig::default() })]

    #[test]
    fn check_accepts_what_serde_json_accepts_and_nothing_else(text in text()) {
        match check(&text, MAX_DEPTH) {
            Ok(spaces) => {
                prop_assert!(oracle(&text));
                let compact = compact(&text).unwrap();
                prop_assert_eq!(compact.len(), text.len() - spaces);
                prop_assert_eq!(check(&compact, MAX_DEPTH), Ok(0));
                let value = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
                prop_assert_eq!(value(&compact), value(&text));
            }
            Err(error) => {
                prop_assert!(is_twice(&error) || !oracle(&text), "{}", error);
                prop_assert!(error.offset().unwrap() <= text.len());
            }
        }
    }

    #[test]
    fn walking_any_text_ends_and_gives_whole_characters_before_its_end(
        text in text(),
        noise in "[\\[\\]{}:,\"\\\\ é0-9a-d]{0,60}",
    ) {
        let text = String::from_utf8_lossy(&text);
        for text in [&*text, &noise] {
            for start in 0..=text.len() {
                let bytes = text.as_bytes();
                let Some(mut container) = Container::at(bytes, start) else { continue };
                let mut end = start;
                while let Some(Place { name, value }) = container.next(bytes) {
                    let first = name.clone().map_or(value.start, |name| name.start);
                    prop_assert!(first > end && value.end < text.len() && !value.is_empty());
                    prop_assert_eq!(name.is_some(), container.is_object);
                    for place in name.into_iter().chain([value.clone()]) {
                        prop_assert!(text.get(place.clone()).is_some());
                        let _ = unescape_to_utf8(slice(bytes, place)).map(|text| std::str::from_utf8(&text).unwrap().len());
                    }
                    end = value.end;
                }
            }
        }
    }

    #[test]
    fn members_are_those_that_serde_json_sees(text in text()) {
        prop_assume!(check(&text, MAX_DEPTH).is_ok());
        let Ok(Value::Object(object)) = serde_json::from_slice(&text) else { return Ok(()) };
        let ours: Vec<(String, Value)> = members(&text).map(|member| {
            let name = unescape(slice(&text, member.name)).unwrap().to_vec();
            (String::from_utf8(name).unwrap(), serde_json::from_slice(slice(&text, member.value)).unwrap())
        }).collect();
        prop_assert_eq!(ours, object.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn an_object_or_array_ends_where_a_byte_by_byte_walk_sees_it_end(
        first in prop_oneof![Just(b'{'), Just(b'[')],
        rest in proptest::collection::vec(prop_oneof![6 => Just(b'a'), 1 => proptest::sample::select(b"{}[]\"\"\\".to_vec())], 0..300),
        before in 0..70_usize,
    ) {
        let text = [&[b' '].repeat(before), &[first][..], &rest].concat();
        let (mut depth, mut is_quoted, mut at) = (0, false, before);
        while let Some(byte) = text.get(at) {
            match byte {
                b'\\' if is_quoted => at += 1,
                b'"' => is_quoted = !is_quoted,
                b'{' | b'[' if !is_quoted => depth += 1,
                b'}' | b']' if !is_quoted => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                break;
            }
        }
        prop_assert_eq!(value_end(&text, before), at.min(text.len()));
    }

    #[test]
    fn quoting_is_that_of_serde_json(text in any::<String>()) {
        let mut quoted = Vec::new();
        quote(&text, &mut quoted);
        prop_assert_eq!(quoted.len(), quoted_len(text.as_bytes()));
        prop_assert_eq!(std::str::from_utf8(&quoted).unwrap(), serde_json::to_string(&text).unwrap());
        let escaped = &quoted[1..quoted.len() - 1];
        prop_assert_eq!(&*unescape(escaped).unwrap(), text.as_bytes());
        prop_assert!(stands_for(escaped, text.as_bytes()));
    }

    #[test]
    fn a_plain_run_ends_where_a_plain_loop_ends(text in proptest::collection::vec(prop_oneof![8 => 0x20_u8..=255, 1 => any::<u8>()], 0..60)) {
        for at in 0..=text.len() {
            let naive = text[at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            prop_assert_eq!(plain_end(&text, at), naive.map_or(text.len(), |len| at + len));
        }
    }
}

#[test]
fn a_text_without_backslashes_and_control_characters_is_read_the_fast_way() {
    for len in [1, 63, 64, 65, 200] {
        let plain = vec![b' '; len];
        assert!(Plain::of(&plain).is_some());
        for byte in (0..=255).filter(|byte| *byte < 0x20 || *byte == b'\\') {
            let (mut once, mut twice) = (plain.clone(), plain.clone());
            once[len - 1] = byte;
            twice[len / 2] = byte;
            twice[0] = byte;
            assert!(Plain::of(&once).is_none() && Plain::of(&twice).is_none());
        }
    }
    let others: Vec<u8> = (0x20..=255).filter(|byte| *byte != b'\\').collect();
    assert!(Plain::of(&others).is_some());
}

#[test]
fn lone_surrogates_stay_different() {
    assert!(check(br#"{"\ud800":1,"\ud801":2}"#, MAX_DEPTH).is_ok());
    assert!(is_twice(
        &check(br#"{"\ud800":1,"\uD800":2}"#, MAX_DEPTH).unwrap_err()
    ));
    assert_eq!(&*unescape(br"\ud83d\ude00").unwrap(), "😀".as_bytes());
    assert_eq!(&*unescape(br"\ud800").unwrap(), b"\xED\xA0\x80");
    assert_eq!(&*unescape(br"\uDFFF!").unwrap(), b"\xED\xBF\xBF!");
}

#[test]
fn a_name_twice_is_found_among_many_as_among_few() {
    for count in [2, FEW_NAMES, FEW_NAMES + 1, 1000] {
        let mut names: Vec<String> = (0..count)
            .map(|i| format!("\"n{i}\":{{\"n0\":0}}"))
            .collect();
        assert!(check(format!("{{{}}}", names.join(",")).as_bytes(), MAX_DEPTH).is_ok());
        names.push("\"n\\u0030\":1".into());
        let error = check(format!("{{{}}}", names.join(",")).as_bytes(), MAX_DEPTH).unwrap_err();
        assert!(is_twice(&error));
    }
}

#[test]
fn each_fault_is_told_at_its_byte() {
    let too_early = "the text ends too early";
    let (value, digit) = ("a JSON value was", "a digit was");
    let (brace, bracket) = ("a comma or } was", "a comma or ] was");
    let (name, colon) = ("a name in double quotes was", "a colon was");
    let cases: &[(&str, usize, &str)] = &[
        ("", 0, too_early),
        (" ", 1, too_early),
        ("[", 1, too_early),
        ("[1", 2, too_early),
        ("[1,", 3, too_early),
        ("{\"a\":1", 6, too_early),
        ("{\"a\":", 5, too_early),
        ("\"a", 2, too_early),
        ("\"\\n", 3, too_early),
        ("]", 0, value),
        ("[,1]", 1, value),
        ("[1,]", 3, value),
        ("[tru]", 1, value),
        ("[falsy]", 1, value),
        ("[nul", 1, value),
        ("[+1]", 1, value),
        ("{\"a\":}", 5, value),
        ("1 2", 2, "there is more text"),
        ("[]]", 2, "there is more text"),
        ("{\"a\":[1}}", 7, bracket),
        ("[{\"a\":1]]", 7, brace),
        ("[[1}]", 3, bracket),
        ("[1 2]", 3, bracket),
        ("[[]{}]", 3, bracket),
        ("{\"a\":1 2}", 7, brace),
        ("{\"a\":{};}", 7, brace),
        ("[{},[1};]", 6, bracket),
        ("{1:2}", 1, name),
        ("{,}", 1, name),
        ("{", 1, name),
        ("{\"a\":1,}", 7, name),
        ("{\"a\":1, ", 8, name),
        ("{\"a\" 1}", 5, colon),
        ("{\"a\"}", 4, colon),
        ("{\"a\"", 4, colon),
        ("{\"a\":1,\"a\":2}", 8, "an object has this name twice"),
        ("{\"a\":1,\"a\" :2}", 8, "an object has this name twice"),
        (
            "{\"a\":{\"b\":1},\"a\":2}",
            14,
            "an object has this name twice",
        ),
        (
            "{\"a\":[{\"b\":1,\"b\":2}]}",
            14,
            "an object has this name twice",
        ),
        (
            "{\"a\":1,\"\\u0061\":2}",
            8,
            "an object has this name twice",
        ),
        ("[-]", 2, digit),
        ("[-a]", 2, digit),
        ("[1.]", 3, digit),
        ("[1.e1]", 3, digit),
        ("[1e]", 3, digit),
        ("[1E+]", 4, digit),
        ("[01]", 2, bracket),
        ("[-01]", 3, bracket),
        ("[\"\\u12g4\"]", 2, "\\u takes four"),
        ("[\"\\u123", 2, "\\u takes four"),
        ("[\"\\x\"]", 2, "there is no such escape"),
        ("[\"\\", 2, "there is no such escape"),
        ("[\"a\u{1f}\"]", 3, "a control character"),
        ("[\"\\n\n\"]", 4, "a control character"),
    ];
    for (text, at, words) in cases {
        let error = check(text.as_bytes(), MAX_DEPTH).expect_err(text);
        assert!(error.message().starts_with(words), "{text}: {error}");
        assert_eq!(error.offset(), Some(*at), "{text}: {error}");
        // A text with an escape is read in another way.
        if !words.starts_with("there is more") {
            let escaped = format!("[\"\\n\",{text}");
            let error = check(escaped.as_bytes(), MAX_DEPTH).expect_err(&escaped);
            assert_eq!(error.offset(), Some(6 + at), "{escaped}: {error}");
        }
    }
}

#[test]
fn a_quoted_text_is_as_long_as_was_said() {
    for char in (0..0x80_u8).map(char::from).chain(['é', '😀']) {
        let (text, mut quoted) = (char.to_string(), Vec::new());
        quote(&text, &mut quoted);
        assert_eq!(quoted.len(), quoted_len(text.as_bytes()), "{text:?}");
        assert_eq!(quoted, serde_json::to_vec(&text).unwrap());
    }
}

#[test]
fn a_backslash_outside_a_string_escapes_nothing() {
    assert_eq!(value_end(br#"[\"]"]"#, 0), 6);
    assert_eq!(value_end(br#"["\"]"]"#, 0), 7);
}
