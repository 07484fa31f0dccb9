//! What a request allocates, and what is in it when it is freed: counted, not timed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::borrow::Cow;
use std::cell::Cell;
use std::ptr::{null, null_mut};

use h3s::ffi::*;
use h3s::{Config, Error, Request, Revocations, Session};

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
    /// How often memory was freed that held [`SECRET`] or [`SECRET_ID`]; None
    /// where nothing is looked for.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// What is in a session, and in no memory that was freed.
const SECRET: &str = "only-for-Ada's-eyes";
/// As [`SECRET`], of an id that is a UUID.
const SECRET_ID: &str = "0b5d4f3e-9c1a-4f6e-8d2b-7a6c5e4f3d2c";

struct Watching;

// SAFETY: all is passed on to the system's allocator; counting touches only thread-local cells.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        BYTES.set(BYTES.get() + layout.size());
        // SAFETY: as the caller's. What is read must have been written.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        if let Some(left) = LEFT.get() {
            // SAFETY: it was allocated with this layout, and zeroed.
            let bytes = unsafe { std::slice::from_raw_parts(ptr, layout.size()) };
            let holds = |secret: &str| {
                bytes
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes())
            };
            LEFT.set(Some(left + usize::from(holds(SECRET) || holds(SECRET_ID))));
        }
        // SAFETY: as the caller's.
        unsafe { System.dealloc(ptr, layout) }
    }

    // Not `realloc`: the default of the trait moves, so that what a growing vector leaves behind is
    // seen as well.
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// The section on budgets of the design.
const BUDGET: usize = 5;

const OPTIONS: &str = r#"{"password":"correct horse battery staple, and more of it"}"#;

/// One request through the C ABI: open, set `count`, take the Set-Cookie value, free.
///
/// SAFETY: `config` is live.
unsafe fn request(config: *const h3s_config, cookie: &str, data: Option<&str>) -> String {
    let from = h3s_request {
        size: size_of::<h3s_request>() as u32,
        flags: 0,
        cookie: cookie.as_ptr().cast(),
        cookie_len: cookie.len(),
        header: null(),
        header_len: 0,
        peer: null(),
        peer_len: 0,
        now_ms: 0,
        revocations: null(),
    };
    let (mut session, mut list, mut count) = (null_mut(), null(), 0);
    // SAFETY: all pointers are to live locals, and the session is freed last.
    unsafe {
        assert_eq!(h3s_use(config, &from, &mut session, null_mut()), H3S_OK);
        let status = match data {
            Some(data) => h3s_replace(session, data.as_ptr().cast(), data.len(), null_mut()),
            None => h3s_set_json(session, c"count".as_ptr(), 5, c"2".as_ptr(), 1, null_mut()),
        };
        assert_eq!(status, H3S_OK);
        assert_eq!(
            h3s_set_cookies(session, &mut list, &mut count, null_mut()),
            H3S_OK
        );
        assert_eq!(count, 1);
        let before = COUNT.get();
        let value = std::slice::from_raw_parts((*list).ptr.cast(), (*list).len);
        let value = String::from_utf8(value.to_vec()).unwrap();
        COUNT.set(before);
        h3s_session_free(session);
        value
    }
}

#[test]
fn a_request_of_1_kib_allocates_at_most_five_times() {
    let mut config = null_mut();
    // SAFETY: as above; the config is freed once nothing uses it.
    unsafe {
        assert_eq!(
            h3s_config_new(
                OPTIONS.as_ptr().cast(),
                OPTIONS.len(),
                &mut config,
                null_mut()
            ),
            H3S_OK
        );
        let data = format!(
            r#"{{"count":1,"user":{{"name":"Ada"}},"x":"{}"}}"#,
            "x".repeat(950)
        );
        let cookie = request(config, "", Some(&data));
        let header = format!(
            "theme=dark; a=b; {}; lang=en",
            cookie.split(';').next().unwrap()
        );
        let before = COUNT.get();
        let after = request(config, &header, None);
        let allocations = COUNT.get() - before;
        assert!(after.starts_with("h3=h3s1.."));
        assert!(allocations <= BUDGET, "{allocations} allocations");
        h3s_config_free(config);
    }
}

/// Entries of all kinds, none of which refuses it: it is looked up among each of them.
#[test]
fn to_look_a_session_up_among_what_is_revoked_allocates_nothing() {
    let now = 1_800_000_000_000;
    let count = |more: &str, known: Option<&Revocations>| {
        let password = "correct horse battery staple, and more of it";
        let options = format!(r#"{{"password":"{password}","maxAge":3600{more}}}"#);
        let config = Config::from_json(options).unwrap();
        let request = |cookie, now| match known {
            Some(known) => Request::new(cookie).at(now).revocations(known),
            None => Request::new(cookie).at(now),
        };
        let mut session = config.use_session(&request("", now)).unwrap();
        session.set_text("user", "ada").unwrap();
        let cookie = session.set_cookies().unwrap().iter().next().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        if let Some(known) = known.filter(|_| more.contains("subject")) {
            let entries = [
                config.revoke_session("another", now).unwrap(),
                config.revoke_subject("bob", now + 1, now + 1).unwrap(),
                config.revoke_everybody(now, now).unwrap(),
            ];
            assert_eq!(known.apply(&config, entries.join("\n"), now).unwrap(), 3);
        }
        let before = COUNT.get();
        let session = config.use_session(&request(&cookie, now)).unwrap();
        let allocations = COUNT.get() - before;
        assert!(!session.is_new());
        allocations
    };
    let [none, all] = [1, 1_000].map(|room| Revocations::new(room).unwrap());
    let off = count("", None);
    assert_eq!(count(r#","revocation":{}"#, Some(&none)), off);
    assert_eq!(
        count(r#","revocation":{"subject":"/user"}"#, Some(&all)),
        off
    );
}

/// Writes the secret in every way, and what else edits the data that it is in.
fn write_secrets(session: &mut Session) -> Result<(), Error> {
    session.replace(r#"{ "a": "only-for-Ada's-eyes", "n": 1 }"#)?;
    session.update(r#"{"b":{"c":["only-for-Ada's-eyes"]}}"#)?;
    session.update(r#"{"a":"\u006fnly-for-Ada's-eyes","b":"only-for-Ada's-eyes"}"#)?;
    session.set("d", r#" [ "only-for-Ada's-eyes" ] "#)?;
    session.set("d", r#""shorter, \" only-for-Ada's-eyes""#)?;
    session.set_text("e", SECRET)?;
    session.set_text("only-for-Ada's-eyes, and longer", "as a name")?;
    session.set_text(SECRET, "as a name")?;
    assert!(matches!(session.text("/e"), Some(Cow::Borrowed(SECRET))));
    session.set_at("/only-for-Ada's-eyes!/-/only-for-Ada's-eyes", "[]")?;
    session.set_at("/only-for-Ada's-eyes!/-", r#" "only-for-Ada's-eyes" "#)?;
    session.remove_at("/only-for-Ada's-eyes!/0/only-for-Ada's-eyes")?;
    session.insert("g", ["only-for-Ada's-eyes"; 20])?;
    session.remove("g")?;
    session.remove("n")?;
    session.rotate()?;
    session.set_id(SECRET)?;
    session.set_id(SECRET_ID)
}

#[test]
fn freed_memory_holds_nothing_of_a_session() {
    for more in ["", r#","seal":"fe26.2""#, r#","seal":"authjs""#] {
        let password = "correct horse battery staple, and more of it";
        let options = format!(r#"{{"password":"{password}","cookie":{{"maxChunks":9}}{more}}}"#);
        let config = Config::from_json(options).unwrap();
        LEFT.set(Some(0));
        let mut session = config.use_session(&Request::new("")).unwrap();
        write_secrets(&mut session).unwrap();
        let cookie = session.set_cookies().unwrap().iter().next().unwrap();
        let header = cookie.split(';').next().unwrap().to_owned();
        drop(session);
        let mut session = config.use_session(&Request::new(&header)).unwrap();
        assert!(session.data().contains("only-for-Ada's-eyes"));
        write_secrets(&mut session).unwrap();
        session.clear();
        assert_eq!(LEFT.replace(None), Some(0), "times, with {more:?}");
    }
}

#[test]
fn freed_memory_holds_nothing_of_who_was_logged_out() {
    let now = 1_800_000_000_000;
    for user in [SECRET.to_owned(), format!("\"{SECRET}")] {
        let config = Config::from_json(
            r#"{"password":"correct horse battery staple, and more of it","maxAge":60,
                "revocation":{"subject":"/user"}}"#,
        )
        .unwrap();
        let known = Revocations::new(10).unwrap();
        LEFT.set(Some(0));
        let mut session = config
            .use_session(&Request::new("").at(now).revocations(&known))
            .unwrap();
        session.set_id(SECRET_ID).unwrap();
        session.set_text("user", &user).unwrap();
        let token = session.seal().unwrap().to_owned();
        session.revoke_everywhere().unwrap();
        let request = Request::from_token(&token).at(now).revocations(&known);
        drop(config.unseal(&request).unwrap());
        let subject = config.revoke_subject(&user, now, now).unwrap();
        let id = config.revoke_session(SECRET_ID, now).unwrap();
        for entry in session
            .revocation_entries()
            .unwrap()
            .chain([&*subject, &*id])
        {
            known.apply(&config, entry, now).unwrap();
            config.unseal(&request).unwrap_err();
        }
        assert_eq!(LEFT.replace(None), Some(0), "times, with {user:?}");
    }
}

#[test]
fn freed_memory_holds_nothing_of_what_another_server_has_put_into_a_session() {
    let config = Config::from_json(
        r#"{"password":"correct horse battery staple, and more of it","seal":"h3-1"}"#,
    );
    let config = config.unwrap();
    let text = r#"{"id":"a","a":"only-for-Ada's-eyes","b":"only-for-Ada's-eyes","data":{}}"#;
    for text in [text.to_owned(), text.replace(',', " , ")] {
        let token = config.iron_seal_session(text, 1_800_000_000_000).unwrap();
        let request = Request::from_token(&token).at(1_800_000_000_000);
        LEFT.set(Some(0));
        let mut session = config.unseal(&request).unwrap();
        session.rotate().unwrap();
        session.seal().unwrap();
        drop(session);
        assert_eq!(LEFT.replace(None), Some(0));
    }
}

#[test]
fn cookies_take_little_more_memory_than_they_are_long() {
    for format in ["h3s1", "h3-2"] {
        let name = "n".repeat(200);
        let password = "correct horse battery staple, and more of it";
        let config = Config::from_json(format!(
            r#"{{"password":"{password}","name":"{name}","maxAge":60,"seal":"{format}","cookie":{{"chunkMaxLength":3000}}}}"#
        ));
        let config = config.unwrap();
        let mut session = config.use_session(&Request::new("")).unwrap();
        session.set_text("a", &"x".repeat(5000)).unwrap();
        session.seal().unwrap();
        BYTES.set(0);
        let cookies = session.set_cookies().unwrap();
        let bytes = BYTES.get();
        let len: usize = cookies.iter().map(str::len).sum();
        assert!((len..len + 250).contains(&bytes), "{bytes} bytes for {len}");
    }
}

#[test]
fn a_token_of_h3_takes_little_more_memory_than_text_ciphertext_and_token_are_long() {
    let password = "correct horse battery staple, and more of it";
    let config = Config::from_json(format!(r#"{{"password":"{password}","seal":"h3-1"}}"#));
    let config = config.unwrap();
    let json = format!("\"{}\"", "x".repeat(2000));
    let mut session = config.use_session(&Request::new("")).unwrap();
    session.set("a", &json).unwrap();
    // The keys are derived by then.
    config.iron_seal(&json, 1_800_000_000_000).unwrap();
    BYTES.set(0);
    config.iron_seal(&json, 1_800_000_000_000).unwrap();
    let raw = BYTES.get();
    BYTES.set(0);
    session.seal().unwrap();
    for bytes in [raw, BYTES.get()] {
        assert!((4000..9000).contains(&bytes), "{bytes} bytes for 2,000");
    }
}

#[test]
fn a_token_of_authjs_takes_little_more_memory_than_text_and_token_are_long() {
    let password = "correct horse battery staple, and more of it";
    let config = Config::from_json(format!(r#"{{"password":"{password}","seal":"authjs"}}"#));
    let mut session = config.unwrap().use_session(&Request::new("")).unwrap();
    session.set_text("a", &"x".repeat(2000)).unwrap();
    BYTES.set(0);
    let len = 2000 + session.seal().unwrap().len();
    let bytes = BYTES.get();
    assert!(
        (len..len + 1000).contains(&bytes),
        "{bytes} bytes for {len}"
    );
}

#[test]
fn an_edit_allocates_little_more_than_the_data_is_long() {
    let config = Config::from_json(OPTIONS).unwrap();
    let mut session = config.use_session(&Request::new("")).unwrap();
    let long = "x".repeat(1000);
    let object = format!(r#"{{"b":"{long}"}}"#);
    session.set_text("a", &long).unwrap();
    let mut edit = |what: &dyn Fn(&mut Session) -> Result<(), Error>| {
        BYTES.set(0);
        what(&mut session).unwrap();
        BYTES.get() - session.data().len()
    };
    let all = [
        edit(&|session| session.update(&object)),
        edit(&|session| session.set_text("c", &long)),
        edit(&|session| session.set(&long, "1")),
        edit(&|session| session.remove(&long)),
    ];
    assert!(all.iter().all(|bytes| *bytes < 1500), "{all:?} bytes");
    let value = format!("\"{long}\"");
    let copied_once = edit(&|session| session.set("d", &value));
    assert!(copied_once < 500, "{copied_once} bytes");
    edit(&|session| session.remove("d"));
    // A pointer of 2,000 bytes, to be walked in at most 128 steps.
    let pointer = format!("/{long}/{long}");
    let by_pointer = edit(&|session| session.set_at(&pointer, "1"));
    assert!(by_pointer < 12_000, "{by_pointer} bytes");
    // A buffer of twice what has to go into it, which was not known before.
    let list = ["x".repeat(100), "y".repeat(2000)];
    let mut session = config.use_session(&Request::new("")).unwrap();
    BYTES.set(0);
    session.insert("a", &list).unwrap();
    assert!(BYTES.get() < 10_000, "{} bytes", BYTES.get());
    BYTES.set(0);
    session.clear();
    let cookies = session.set_cookies().unwrap();
    let len: usize = cookies.iter().map(|cookie| cookie.len() + 1).sum();
    assert_eq!(BYTES.get(), len);
}
