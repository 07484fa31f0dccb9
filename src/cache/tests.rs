use proptest::prelude::*;

use super::*;

/// The header's value with the session's part, as text.
fn varied(present: &str) -> String {
    let pieces = vary_pieces(b"Cookie, x-h3-session", present.as_bytes());
    String::from_utf8(whole(pieces).into_owned()).unwrap()
}

fn controlled(present: &str) -> String {
    let text = control(present);
    assert_eq!(*control(present.as_bytes()), *text.as_bytes());
    text.into_owned()
}

#[test]
fn vary_names_what_the_session_is_found_by() {
    for nothing in ["", " ", ",", " ,\t,"] {
        assert_eq!(varied(nothing), "Cookie, x-h3-session", "{nothing:?}");
    }
    for (present, wanted) in [
        ("Accept", "Accept, Cookie, x-h3-session"),
        ("Accept,cookie", "Accept,cookie, x-h3-session"),
        ("X-H3-SESSION", "X-H3-SESSION, Cookie"),
        (
            ", Accept,, Origin , ",
            "Accept,, Origin, Cookie, x-h3-session",
        ),
        ("Cookie2", "Cookie2, Cookie, x-h3-session"),
        ("*a", "*a, Cookie, x-h3-session"),
    ] {
        assert_eq!(varied(present), wanted);
    }
}

#[test]
fn a_vary_that_names_all_stays_as_it_is() {
    for present in [
        "Cookie, x-h3-session",
        "x-h3-session,COOKIE,,",
        " Cookie ,\tx-h3-session",
        "*",
        "Accept, *",
        " * ",
    ] {
        assert_eq!(varied(present), present);
    }
}

#[test]
fn vary_names_no_more_where_neither_cookie_nor_header_is_read() {
    for present in ["", "Accept", ", a"] {
        assert_eq!(
            *whole(vary_pieces(b"", present.as_bytes())),
            *present.as_bytes()
        );
    }
}

#[test]
fn what_is_behind_an_open_quotation_mark_hides_no_name_of_vary() {
    assert_eq!(varied("\"a, Cookie"), "Cookie, x-h3-session, \"a, Cookie");
    assert_eq!(varied("Cookie, \"*"), "x-h3-session, Cookie, \"*");
    assert_eq!(varied("\"a, *\""), "Cookie, x-h3-session, \"a, *\"");
    // Nor is a comma taken away that may be part of a string.
    assert_eq!(varied(" \"a,\t"), "Cookie, x-h3-session, \"a,");
}

#[test]
fn what_has_not_to_change_is_not_copied() {
    for present in ["Cookie, x-h3-session", "*", "a, *"] {
        let pieces = vary_pieces(b"Cookie, x-h3-session", present.as_bytes());
        assert!(matches!(whole(pieces), Cow::Borrowed(said) if said == present.as_bytes()));
    }
    assert!(matches!(whole(vary_pieces(b"", b"")), Cow::Borrowed(b"")));
    assert!(matches!(control(""), Cow::Borrowed("private")));
    assert!(matches!(
        control("no-store, Private"),
        Cow::Borrowed("no-store, Private")
    ));
}

#[test]
fn cache_control_keeps_shared_caches_from_storing() {
    for (present, wanted) in [
        ("", "private"),
        (" , ", "private"),
        ("max-age=60", "private, max-age=60"),
        ("public, max-age=60, s-maxage=600", "private, max-age=60"),
        ("no-store", "private, no-store"),
        ("no-cache, public,private", "private, no-cache"),
        ("private, s-maxage=9", "private"),
        (
            "Public , S-MaxAge = 9,, no-transform",
            "private, no-transform",
        ),
        ("public;x, s-maxage\t=1, private =\"\"", "private"),
        (
            "publicity, s-maxage-x=1, private-x",
            "private, publicity, s-maxage-x=1, private-x",
        ),
        ("\"public\", =public", "private, \"public\", =public"),
        ("stale-if-error=60", "private, stale-if-error=60"),
    ] {
        assert_eq!(controlled(present), wanted, "{present:?}");
    }
}

#[test]
fn private_for_some_headers_says_less_than_private() {
    assert_eq!(
        controlled("private=\"Set-Cookie, X\", max-age=5"),
        "private, max-age=5"
    );
    assert_eq!(controlled("private=Set-Cookie"), "private");
    assert_eq!(controlled("private, private=\"Set-Cookie\""), "private");
}

#[test]
fn a_cache_control_that_says_private_stays_as_it_is() {
    for present in [
        "private",
        "PRIVATE",
        "private, no-store",
        "no-store,Private,, max-age=0",
        "max-age=0 , private ",
        "private, x=\"public, s-maxage=9\"",
    ] {
        assert_eq!(controlled(present), present);
    }
}

#[test]
fn a_comma_in_a_quoted_string_separates_no_directives() {
    for (present, wanted) in [
        ("no-cache=\"a, public\"", "private, no-cache=\"a, public\""),
        (
            "x=\"a\\\", public\", public",
            "private, x=\"a\\\", public\"",
        ),
        ("x=\"a\\\\\", public, y", "private, x=\"a\\\\\", y"),
        ("x=\\\"a, public\", y", "private, x=\\\"a, public\", y"),
        ("x=\"a, private", "private, x=\"a, private"),
        ("x=\"a,", "private, x=\"a,"),
        ("x=\"a\\", "private, x=\"a\\"),
        ("\"", "private, \""),
    ] {
        assert_eq!(controlled(present), wanted, "{present:?}");
    }
}

#[test]
fn headers_for_some_shared_caches_are_known_by_their_names() {
    for name in [
        "CDN-Cache-Control",
        "Cloudflare-CDN-Cache-Control",
        "x-litespeed-cache-control",
        "-Cache-Control",
        "Surrogate-Control",
        "EDGE-CONTROL",
        "X-Accel-Expires",
    ] {
        assert!(is_targeted(name.as_bytes()), "{name}");
    }
    for name in [
        "",
        "Cache-Control",
        "XCache-Control",
        "CDN-Cache-Control-X",
        "CDN_Cache_Control",
        "Surrogate-Key",
        "X-Surrogate-Control",
        "Expires",
    ] {
        assert!(!is_targeted(name.as_bytes()), "{name}");
    }
}

/// Bytes of which many are those that a list is made of.
fn list() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[,\" \t=\\\\*]",
        3 => "(?i:cookie|x-h3-session|public|private|s-maxage|no-store)",
        1 => "[a-z]",
    ];
    prop_oneof![
        proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..64),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_second_time_changes_nothing(present in list()) {
        let once = control(present.as_slice()).into_owned();
        prop_assert_eq!(&*control(once.as_slice()), &*once);
        let names = b"Cookie, x-h3-session";
        let once = whole(vary_pieces(names, &present)).into_owned();
        let twice = whole(vary_pieces(names, &once));
        // What stands before a quotation mark is read in one way only.
        prop_assert_eq!(&*twice, &*once);
    }

    #[test]
    fn nothing_that_was_said_is_lost_but_what_lets_shared_caches_store(present in list()) {
        let sent = control(present.as_slice()).into_owned();
        let is_kept = |member: &&[u8]| {
            let name = name_of(member).to_ascii_lowercase();
            !matches!(&*name, b"public" | b"s-maxage" | b"private")
        };
        let before: Vec<_> = Members(&present).filter(is_kept).collect();
        let after: Vec<_> = Members(&sent).filter(is_kept).collect();
        prop_assert_eq!(before, after);
        prop_assert!(Members(&sent).any(|member| member.eq_ignore_ascii_case(b"private")));
        prop_assert!(Members(&sent).all(|member| is_kept(&member) || member.eq_ignore_ascii_case(b"private")));
    }

    #[test]
    fn vary_names_all_and_loses_none(present in list()) {
        let sent = whole(vary_pieces(b"Cookie, x-h3-session", &present)).into_owned();
        let names: Vec<_> = Members(&sent).collect();
        for name in [&b"Cookie"[..], b"x-h3-session"] {
            let is_named = |member: &&[u8]| *member == b"*" || member.eq_ignore_ascii_case(name);
            prop_assert!(names.iter().any(is_named));
        }
        for member in Members(&present) {
            prop_assert!(names.contains(&member));
        }
    }

    #[test]
    fn twice_as_much_room_and_a_little_is_enough(present in list()) {
        prop_assert!(control(present.as_slice()).len() < present.len() * 2 + 16);
        let names = b"Cookie, x-h3-session";
        prop_assert!(whole(vary_pieces(names, &present)).len() < present.len() + names.len() + 3);
    }
}
