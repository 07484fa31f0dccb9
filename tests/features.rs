//! What the features serde, cookie and time give, and what a Rust program may rely on.

use std::collections::BTreeMap;

use cookie::{Cookie, SameSite};
use h3s::{Config, CookieOptions, Cookies, Error, ErrorKind, Options, Request, Session};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

const PASSWORD: &str = "correct horse battery staple, and more of it";
/// In 2027, in milliseconds.
const NOW: i64 = 1_800_000_000_123;

fn session(options: Options) -> Session {
    let config = Config::new(options).unwrap();
    config.use_session(&Request::new("").at(NOW)).unwrap()
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct User {
    name: String,
    roles: Vec<String>,
    nickname: Option<String>,
}

#[test]
fn a_struct_comes_back_as_it_was_inserted() {
    let mut session = session(Options::new(PASSWORD));
    let user = User {
        name: "Ada \"the\" 1st \u{1F600}".into(),
        roles: vec!["a/b~c".into(), "\\".into()],
        nickname: None,
    };
    for key in ["user", "", "a/b", "~1", "~", "\u{e9}\"\\"] {
        session.insert(key, &user).unwrap();
        assert_eq!(session.get::<User>(key).unwrap().as_ref(), Some(&user));
    }
    let all: BTreeMap<String, User> = session.data_as().unwrap();
    assert_eq!(all.len(), 6);
    session.replace_with(&user).unwrap();
    assert_eq!(session.data_as::<User>().unwrap(), user);
}

#[test]
fn a_large_value_is_inserted_whole() {
    let mut session = session(Options::new(PASSWORD));
    let numbers: Vec<u32> = (0..1000).collect();
    session.insert("numbers", &numbers).unwrap();
    assert_eq!(session.get("numbers").unwrap(), Some(numbers));
}

#[test]
fn insert_leaves_other_members_byte_for_byte() {
    let mut session = session(Options::new(PASSWORD));
    session
        .replace(r#"{"price":1.50,"a\u0062":[1e3]}"#)
        .unwrap();
    session.insert("visits", 2).unwrap();
    assert_eq!(
        session.data(),
        r#"{"price":1.50,"a\u0062":[1e3],"visits":2}"#
    );
}

#[test]
fn a_value_of_another_type_is_an_error_that_quotes_nothing() {
    let mut session = session(Options::new(PASSWORD));
    session
        .set("user", r#"{"name":"hunter2","id":17}"#)
        .unwrap();
    let error = session.get::<User>("user").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    for name in ["/user/name", "/user"] {
        let error = session.get_at::<u64>(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    let error = session.data_as::<BTreeMap<String, BTreeMap<String, u64>>>();
    assert_eq!(error.unwrap_err().offset(), Some(24));
}

#[test]
fn a_value_is_inserted_where_a_pointer_says() {
    let mut session = session(Options::new(PASSWORD));
    let user = User {
        name: "Ada \"the\" 1st".into(),
        roles: Vec::new(),
        nickname: None,
    };
    session.insert_at("/shop/users/-", &user).unwrap();
    session.insert_at("/shop/users/-", &user).unwrap();
    session.insert_at("/shop/users/1/roles/-", "admin").unwrap();
    session.insert_at("/a~1b", 1.5).unwrap();
    let users: Vec<User> = session.get_at("/shop/users").unwrap().unwrap();
    assert_eq!((users.len(), &users[0]), (2, &user));
    assert_eq!(users[1].roles, ["admin"]);
    assert_eq!(session.get("a/b").unwrap(), Some(1.5));
    let before = session.data().to_owned();
    let error = session.insert_at("/a~1b/c", 1).unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::Data, Some("pointer"))
    );
    let keyed_by_list = BTreeMap::from([(vec![1], 2)]);
    assert_eq!(
        session.insert_at("/c", keyed_by_list).unwrap_err().kind(),
        ErrorKind::Data
    );
    assert_eq!(session.data(), before);
    session
        .insert_at("", BTreeMap::from([("visits", 1)]))
        .unwrap();
    assert_eq!(session.data(), r#"{"visits":1}"#);
}

#[test]
fn what_json_cannot_say_is_a_data_error_and_changes_nothing() {
    let mut session = session(Options::new(PASSWORD));
    session.insert("a", 1).unwrap();
    let keyed_by_list = BTreeMap::from([(vec![1], 2)]);
    let error = session.insert("b", &keyed_by_list).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    let error = session.replace_with([1, 2]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_eq!(session.data(), r#"{"a":1}"#);
}

/// The session's cookies, in two forms that must say the same.
fn both(cookies: &Cookies) -> Vec<Cookie<'static>> {
    let parsed = cookies.iter().map(|value| Cookie::parse(value).unwrap());
    let parsed: Vec<_> = parsed.map(Cookie::into_owned).collect();
    let given: Vec<_> = cookies.to_cookies().map(Cookie::into_owned).collect();
    assert_eq!(given, parsed);
    assert_eq!(given.len(), cookies.len());
    given
}

#[test]
fn cookies_keep_all_attributes_as_another_crates_type() {
    let attributes = CookieOptions::new()
        .path("/app")
        .domain("example.com")
        .same_site(h3s::SameSite::None)
        .partitioned(true);
    let lifetime = std::time::Duration::from_secs(60);
    let options = Options::new(PASSWORD).cookie(attributes).max_age(lifetime);
    let mut session = session(options);
    let cookies = both(session.set_cookies().unwrap());
    let [cookie] = cookies.as_slice() else {
        panic!("{} cookies", cookies.len())
    };
    assert_eq!(cookie.name(), "h3");
    assert!(cookie.value().starts_with("h3s1."));
    assert_eq!(cookie.path(), Some("/app"));
    assert_eq!(cookie.domain(), Some("example.com"));
    assert_eq!(cookie.max_age(), Some(time::Duration::minutes(1)));
    assert_eq!(cookie.same_site(), Some(SameSite::None));
    let end = OffsetDateTime::from_unix_timestamp(NOW / 1000 + 60).unwrap();
    assert_eq!(cookie.expires_datetime(), Some(end));
    assert!(cookie.secure() == Some(true) && cookie.http_only() == Some(true));
    assert_eq!(cookie.partitioned(), Some(true));
}

#[test]
fn each_chunk_and_each_deletion_is_a_cookie_of_its_own() {
    let options = Options::new(PASSWORD).cookie(CookieOptions::new().chunk_max_len(1_000));
    let config = Config::new(options).unwrap();
    let mut session = config.use_session(&Request::new("").at(NOW)).unwrap();
    session.insert("a", "x".repeat(1_500)).unwrap();
    let cookies = both(session.set_cookies().unwrap());
    assert_eq!(cookies.len(), 4);
    let header: Vec<_> = cookies.iter().map(|c| c.stripped().to_string()).collect();
    let request = header.join("; ");
    let mut session = config.use_session(&Request::new(&request).at(NOW)).unwrap();
    session.clear();
    let deletions = both(session.set_cookies().unwrap());
    assert_eq!(deletions.len(), 4);
    assert!(
        deletions
            .iter()
            .all(|c| c.max_age() == Some(time::Duration::ZERO))
    );
}

#[test]
fn times_are_those_in_milliseconds() {
    let lifetime = std::time::Duration::from_secs(86_400);
    let mut session = session(Options::new(PASSWORD).idle_timeout(lifetime));
    session.insert("a", 1).unwrap();
    session.set_cookies().unwrap();
    let now = OffsetDateTime::from_unix_timestamp_nanos(i128::from(NOW) * 1_000_000).unwrap();
    assert_eq!(session.created_at_utc(), Some(now));
    assert_eq!(session.last_seen_at_utc(), Some(now));
    assert_eq!(session.expires_at_utc(), Some(now + time::Duration::DAY));
    session.clear();
    assert_eq!(session.created_at_utc(), None);
    assert_eq!(session.expires_at_utc(), None);
}

#[test]
fn the_last_time_that_can_be_now_is_a_date() {
    let last = 250_000_000_000_000;
    let century = std::time::Duration::from_secs(100 * 365 * 86_400);
    let config = Config::new(Options::new(PASSWORD).max_age(century)).unwrap();
    let session = config.use_session(&Request::new("").at(last)).unwrap();
    assert_eq!(session.expires_at_utc().unwrap().year(), 9992);
}

#[test]
fn all_types_can_be_sent_to_other_threads_and_shared() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Config>();
    check::<Session>();
    check::<Options>();
    check::<Request<'static>>();
    check::<Cookies>();
    check::<Error>();
    check::<h3s::Site<'static>>();
    check::<h3s::Entries<'static>>();
    check::<h3s::Entry<'static>>();
    check::<h3s::CookiesIter<'static>>();
}

#[test]
fn debug_output_says_what_is_no_secret() {
    let config = Config::new(Options::new(PASSWORD).name("app")).unwrap();
    let request = Request::new("abc").header("defg").cross_site(true).at(NOW);
    let shown = format!("{request:?}");
    for said in [
        "cookie_len: 3",
        "header_len: 4",
        "cross_site: true",
        "1800000000123",
    ] {
        assert!(shown.contains(said), "{shown}");
    }
    assert!(format!("{config:?}").contains("cookie_name: \"app\""));
    let mut session = config.use_session(&Request::new("").at(NOW)).unwrap();
    let shown = format!("{session:?}");
    assert!(shown.contains("source: None") && shown.contains("1800000000123"));
    assert!(format!("{:?}", session.set_cookies().unwrap()).contains("len: 1"));
    session.insert("a", [1]).unwrap();
    assert!(format!("{:?}", session.entries("/a").next()).contains("Entry"));
    let (none, plain) = (Options::default(), Options::new(PASSWORD));
    let several = Options::with_passwords([("a", PASSWORD), ("b", PASSWORD)]);
    for (options, said) in [
        (none, "none"),
        (plain, "[secret]"),
        (several, "[2 secrets]"),
    ] {
        let shown = format!("{options:?}");
        assert!(shown.contains(&format!("password: {said}")), "{shown}");
    }
}

#[test]
fn no_debug_output_holds_data_ids_or_tokens() {
    let config = Config::new(Options::new(PASSWORD)).unwrap();
    let mut session = config.use_session(&Request::new("")).unwrap();
    session.insert("secret", "hunter2").unwrap();
    let (id, token) = (
        session.id().unwrap().to_owned(),
        session.seal().unwrap().to_owned(),
    );
    let cookies = session.set_cookies().unwrap();
    let mut shown = format!("{config:?} {cookies:?} {:?}", Request::from_token(&token));
    shown += &format!(
        "{session:?} {:?}",
        Request::new(&format!("h3={token}")).header(&token)
    );
    assert!(!shown.contains(&token[20..40]), "{shown}");
    // As Rust shows bytes.
    assert!(!shown.contains(&format!("{:?}", &token.as_bytes()[20..24])[1..10]));
    assert!(
        !shown.contains("hunter2") && !shown.contains(&id),
        "{shown}"
    );
}
