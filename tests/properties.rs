//! What holds for any input. `make soak` runs these with more cases; `fuzz/` searches further.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cookie::Cookie;
use h3s::{Config, Error, ErrorKind, Rejection, Request, Revocations, Session};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

const NOW: i64 = 1_800_000_000_000;
const PASSWORD: &str = "correct horse battery staple, and more of it";

static CONFIG: LazyLock<Config> =
    LazyLock::new(|| config(json!({"maxAge": 3600, "idleTimeout": 600})));
static SMALL: LazyLock<Config> =
    LazyLock::new(|| config(json!({"cookie": {"chunkMaxLength": 100, "maxChunks": 100}})));

static REVOCABLE: LazyLock<Config> =
    LazyLock::new(|| config(json!({"maxAge": 3600, "revocation": {"subject": "/user"}})));

fn config(mut options: Value) -> Config {
    options["password"] = PASSWORD.into();
    Config::from_json(options.to_string()).unwrap()
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn request<'a>(cookie: &'a [u8], header: &'a [u8]) -> Request<'a> {
    Request::new(cookie).header(header).at(NOW)
}

/// JSON values without numbers that serde_json would spell differently.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any::<String>(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// An entry that is to be sealed: of one of few ids or subjects, so that they meet, or of
/// everybody; and when its sessions were made, before which it refuses them.
#[derive(Clone, Debug)]
struct Revoked(Option<(bool, u8)>, i64);

fn revoked() -> impl Strategy<Value = Revoked> {
    let whose = proptest::option::weighted(0.9, (any::<bool>(), 0_u8..4));
    (whose, -3..=0_i64).prop_map(|(whose, ago)| Revoked(whose, NOW + ago))
}

impl Revoked {
    fn seal(&self) -> String {
        let entry = match self.0 {
            Some((true, id)) => REVOCABLE.revoke_session(&format!("id-{id}"), NOW),
            Some((false, subject)) => REVOCABLE.revoke_subject(&subject.to_string(), self.1, NOW),
            None => REVOCABLE.revoke_everybody(self.1, NOW),
        };
        entry.unwrap()
    }

    /// By the words of the specification.
    fn refuses(&self, id: u8, subject: u8, created_at: i64) -> bool {
        match self.0 {
            Some((true, of)) => of == id,
            Some((false, of)) => of == subject && created_at < self.1,
            None => created_at < self.1,
        }
    }
}

/// Sessions of each of those ids and subjects, made at each of those times, as tokens.
static SESSIONS: LazyLock<Vec<(u8, u8, i64, String)>> = LazyLock::new(|| {
    let known = Revocations::new(1).unwrap();
    let all = (0..4_u8).flat_map(|id| (0..4_u8).map(move |subject| (id, subject)));
    let all = all.flat_map(|(id, subject)| (-3..=0).map(move |ago| (id, subject, NOW + ago)));
    all.map(|(id, subject, made)| {
        let request = Request::new("").at(made).revocations(&known);
        let mut session = REVOCABLE.get_session(&request).unwrap();
        session.set_id(&format!("id-{id}")).unwrap();
        session.set_int("user", subject.into()).unwrap();
        (id, subject, made, session.seal().unwrap().to_owned())
    })
    .collect()
});

fn is_refused(known: &Revocations, token: &str) -> bool {
    let request = Request::from_token(token).at(NOW).revocations(known);
    match REVOCABLE.unseal(&request) {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.rejection(), Some(Rejection::Revoked));
            true
        }
    }
}

fn answers(known: &Revocations) -> Vec<bool> {
    let tokens = SESSIONS.iter().map(|(.., token)| token);
    tokens.map(|token| is_refused(known, token)).collect()
}

fn applied(known: &Revocations, lines: impl AsRef<[u8]>) -> usize {
    known.apply(&REVOCABLE, lines, NOW).unwrap()
}

/// Few different names, so that they meet.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-f]",
        1 => any::<String>(),
        1 => Just("q\"\\\u{1}é".to_owned()),
    ]
}

fn object(most: usize) -> impl Strategy<Value = Map<String, Value>> {
    vec((name(), value()), 0..most).prop_map(|members| members.into_iter().collect())
}

/// Bytes that resemble what they replace, or not at all.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..200),
        "(h3|h3\\.[0-9]{1,3}|a)? ?= ?\"?(__chunked__[0-9]{0,3}|h3s[0-9]\\.[a-z]{0,3}\\.[A-Za-z0-9_-]{0,90}|%[0-9a-f]{2})?\"?(; ?(h3|h3\\.1)=[a-z%\"]{0,9}){0,6}"
            .prop_map(String::into_bytes),
        "[\\[\\]{}:,\"\\\\ a0-9.eE+-]{0,60}".prop_map(String::into_bytes),
    ]
}

/// The same as text.
fn text() -> impl Strategy<Value = String> {
    noise().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether a write went through; nothing but its size may stop it.
fn fits(result: Result<(), Error>) -> bool {
    if let Err(error) = &result {
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
    result.is_ok()
}

#[derive(Default)]
struct Jar(BTreeMap<String, String>);

impl Jar {
    fn take(&mut self, session: &mut Session) {
        let mut seen = std::collections::HashSet::new();
        for text in session.set_cookies().unwrap().iter() {
            assert!(
                text.bytes().all(|byte| (0x20..0x7F).contains(&byte)),
                "{text:?}"
            );
            let cookie = Cookie::parse(text).unwrap();
            assert!(seen.insert(cookie.name().to_owned()), "set twice: {text}");
            assert_eq!(
                (cookie.secure(), cookie.http_only(), cookie.path()),
                (Some(true), Some(true), Some("/"))
            );
            if cookie.max_age().is_some_and(|age| age.is_zero()) {
                self.0.remove(cookie.name());
            } else {
                self.0
                    .insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
    }

    /// The Cookie header, in an order of its own and dressed up as other clients do.
    fn header(&self, style: &[u8]) -> Vec<u8> {
        let mut pairs: Vec<String> = vec!["theme=dark".into(), "=".into(), "x".into()];
        for (i, (name, value)) in self.0.iter().enumerate() {
            pairs.push(
                match style
                    .get(i % style.len().max(1))
                    .map_or(0, |style| style % 4)
                {
                    0 => format!("{name}={value}"),
                    1 => format!(" {name} =\t{value} "),
                    2 => format!("{name}=\"{value}\""),
                    _ => format!("{name}={}", value.replace('.', "%2E")),
                },
            );
        }
        let turn = style
            .first()
            .map_or(0, |style| usize::from(*style) % pairs.len());
        pairs.rotate_left(turn);
        pairs.join(";").into_bytes()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_header_makes_opening_panic(cookie in noise(), header in noise()) {
        for config in [&*CONFIG, &*SMALL] {
            let mut session = config.use_session(&request(&cookie, &header)).unwrap();
            session.set("a", "1").unwrap();
            let _ = session.set_cookies().unwrap().len();
            let kept: usize = config.strip_cookies(&cookie).map(<[u8]>::len).sum();
            prop_assert!(kept <= cookie.len());
        }
    }

    #[test]
    fn no_options_make_reading_them_panic(options in noise()) {
        let _ = Config::from_json(options);
    }

    #[test]
    fn no_input_makes_a_write_panic_or_leaves_bad_data(json in noise(), key in text(), pointer in text()) {
        let mut session = CONFIG.use_session(&request(b"", b"")).unwrap();
        let _ = session.update(&json);
        let _ = session.set(&key, &json);
        let _ = session.set_text(&key, &pointer);
        let _ = session.set_id(&pointer);
        let _ = session.find(&pointer);
        let _ = session.text(&pointer);
        let _ = session.remove(&key);
        let _ = session.replace(&json);
        prop_assert!(serde_json::from_str::<Map<String, Value>>(session.data()).is_ok());
    }

    #[test]
    fn seal_then_unseal_is_identity(data in object(6), id in "[!-~]{1,255}", later in 0_i64..600_000) {
        let mut session = CONFIG.use_session(&request(b"", b"")).unwrap();
        session.set_id(&id).unwrap();
        session.replace(Value::from(data).to_string()).unwrap();
        let token = session.seal().unwrap().to_owned();
        let opened = CONFIG.unseal(&Request::from_token(&token).at(NOW + later)).unwrap();
        prop_assert_eq!(opened.id(), session.id());
        prop_assert_eq!(opened.data(), session.data());
        prop_assert_eq!(opened.created_at(), session.created_at());
        prop_assert_eq!(opened.last_seen_at(), session.last_seen_at());
        prop_assert_eq!(opened.expires_at(), session.expires_at());
    }

    #[test]
    fn any_changed_token_is_refused(data in object(4), at in any::<Index>(), bit in 0..8_u32, cut in any::<Index>(), more in any::<u8>()) {
        let mut session = CONFIG.use_session(&request(b"", b"")).unwrap();
        session.replace(Value::from(data).to_string()).unwrap();
        let token = session.seal().unwrap().as_bytes().to_vec();
        let mut flipped = token.clone();
        flipped[at.index(token.len())] ^= 1 << bit;
        prop_assert!(CONFIG.unseal(&Request::from_token(&flipped).at(NOW)).is_err());
        prop_assert!(CONFIG.unseal(&Request::from_token(&token[..cut.index(token.len())]).at(NOW)).is_err());
        prop_assert!(CONFIG.unseal(&Request::from_token(&[token.as_slice(), &[more]].concat()).at(NOW)).is_err());
    }

    #[test]
    fn update_is_object_assign(data in object(12), update in object(12)) {
        let mut session = CONFIG.use_session(&request(b"", b"")).unwrap();
        session.replace(Value::from(data.clone()).to_string()).unwrap();
        session.update(Value::from(update.clone()).to_string()).unwrap();
        let mut model = data;
        for (name, value) in update {
            model.insert(name, value);
        }
        prop_assert_eq!(session.data(), Value::from(model).to_string());
    }

    #[test]
    fn any_sequence_of_writes_and_requests_does_what_a_plain_map_does(
        steps in vec((0..8_u8, name(), value(), 0..3000_usize), 1..12),
        style in vec(any::<u8>(), 0..6),
    ) {
        let mut jar = Jar::default();
        let mut model: Option<Map<String, Value>> = None;
        let mut session = SMALL.use_session(&request(b"", b"")).unwrap();
        for (what, name, value, len) in steps {
            let cleared = session.is_cleared();
            match what {
                0 => {
                    if fits(session.set(&name, value.to_string())) {
                        model.get_or_insert_default().insert(name, value);
                    }
                }
                1 => {
                    let text = "x".repeat(len);
                    if fits(session.set_text(&name, &text)) {
                        model.get_or_insert_default().insert(name, text.into());
                    }
                }
                2 => {
                    prop_assert_eq!(session.remove(&name).is_err(), cleared);
                    if let Some(model) = &mut model {
                        model.shift_remove(&name);
                    }
                }
                3 => {
                    let id = session.id().map(str::to_owned);
                    prop_assert_eq!(session.rotate().is_err(), cleared);
                    prop_assert!(cleared || session.id() != id.as_deref());
                }
                4 => {
                    session.clear();
                    model = None;
                }
                5 => {
                    let before = session.data().to_owned();
                    let failed = session.update(r#"{"a":}"#).is_err();
                    prop_assert!(failed);
                    prop_assert_eq!(session.data(), before);
                }
                _ => {
                    jar.take(&mut session);
                    prop_assert!(jar.0.keys().all(|name| name == "h3" || name.starts_with("h3.")));
                    let header = jar.header(&style);
                    session = SMALL.get_session(&request(&header, b"")).unwrap();
                    prop_assert_eq!(session.rejection(), None);
                    if let Some(main) = jar.0.get("h3") {
                        let chunks = main.strip_prefix("__chunked__").map_or(0, |count| count.parse().unwrap());
                        prop_assert_eq!(jar.0.len(), 1 + chunks, "no stale chunk");
                    } else {
                        prop_assert!(jar.0.is_empty());
                    }
                }
            }
            let expected = Value::from(model.clone().unwrap_or_default()).to_string();
            prop_assert_eq!(session.data(), expected);
        }
    }
}

/// Tokens of a JSON Pointer that often meet something.
fn tokens() -> impl Strategy<Value = Vec<String>> {
    let token = prop_oneof![
        4 => "[a-c]",
        2 => "[0-3]",
        2 => Just("-".to_owned()),
        1 => "[~/0a]{0,3}",
        1 => any::<String>(),
    ];
    vec(token, 0..5)
}

fn pointer(tokens: &[String]) -> String {
    let escaped = |token: &String| format!("/{}", token.replace('~', "~0").replace('/', "~1"));
    tokens.iter().map(escaped).collect()
}

/// Values whose members are often met.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        (0..9_i64).prop_map(Value::from),
        name().prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-c]|[0-3]|-", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The index of an array that a token means; the array's length for one more.
fn index(token: &str, len: usize) -> Option<usize> {
    if token == "-" {
        return Some(len);
    }
    let index: usize = token.parse().ok()?;
    (index <= len && index.to_string() == token).then_some(index)
}

/// What `set_at` does to a tree of values; None where it is an error.
fn set_in(value: &mut Value, tokens: &[String], new: Value) -> Option<()> {
    let Some((token, rest)) = tokens.split_first() else {
        *value = new;
        return Some(());
    };
    let missing = match rest.first() {
        Some(next) if next == "-" => json!([]),
        Some(_) => json!({}),
        None => Value::Null,
    };
    match value {
        Value::Object(members) => {
            set_in(members.entry(token.clone()).or_insert(missing), rest, new)
        }
        Value::Array(elements) => {
            let index = index(token, elements.len())?;
            if index == elements.len() {
                elements.push(missing);
            }
            set_in(&mut elements[index], rest, new)
        }
        _ => None,
    }
}

fn remove_in(value: &mut Value, tokens: &[String]) {
    let Some((token, rest)) = tokens.split_first() else {
        return;
    };
    match value {
        Value::Object(members) if rest.is_empty() => {
            members.shift_remove(token);
        }
        Value::Object(members) => {
            if let Some(member) = members.get_mut(token) {
                remove_in(member, rest);
            }
        }
        Value::Array(elements) => match index(token, elements.len()) {
            Some(index) if index < elements.len() && rest.is_empty() => {
                elements.remove(index);
            }
            Some(index) if index < elements.len() => remove_in(&mut elements[index], rest),
            _ => {}
        },
        _ => {}
    }
}

/// The value that a pointer names, by what serde_json knows of pointers.
fn found<'a>(root: &'a Value, tokens: &[String]) -> Option<&'a Value> {
    root.pointer(&pointer(tokens))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn writes_by_pointer_do_what_they_do_to_a_tree(
        members in vec(("[a-c]", tree()), 0..4),
        steps in vec((any::<bool>(), tokens(), tree()), 1..6),
    ) {
        let mut model = Value::Object(members.into_iter().collect());
        let mut session = SMALL.use_session(&request(b"", b"")).unwrap();
        if !fits(session.replace(model.to_string())) {
            return Ok(());
        }
        for (removes, tokens, new) in steps {
            let mut changed = model.clone();
            if removes {
                remove_in(&mut changed, &tokens);
                prop_assert_eq!(session.remove_at(&pointer(&tokens)).is_ok(), !tokens.is_empty());
                model = changed;
            } else {
                let may = set_in(&mut changed, &tokens, new.clone()).is_some() && changed.is_object();
                match session.set_at(&pointer(&tokens), new.to_string()) {
                    Ok(()) => {
                        prop_assert!(may);
                        model = changed;
                    }
                    Err(error) if error.kind() == ErrorKind::TooLarge => {}
                    Err(error) => {
                        prop_assert_eq!(error.kind(), ErrorKind::Data);
                        prop_assert!(!may);
                    }
                }
            }
            prop_assert_eq!(session.data(), model.to_string());
        }
    }

    #[test]
    fn reads_by_pointer_find_what_they_find_in_a_tree(
        members in vec(("[a-c]", tree()), 0..4),
        tokens in tokens(),
    ) {
        let model = Value::Object(members.into_iter().collect());
        let mut session = CONFIG.use_session(&request(b"", b"")).unwrap();
        session.replace(model.to_string()).unwrap();
        let at = pointer(&tokens);
        let expected = found(&model, &tokens);
        let value = session.find(&at).map(|json| serde_json::from_str::<Value>(json).unwrap());
        prop_assert_eq!(value.as_ref(), expected);
        prop_assert_eq!(session.int(&at), expected.and_then(Value::as_i64));
        prop_assert_eq!(session.bool(&at), expected.and_then(Value::as_bool));
        prop_assert_eq!(session.double(&at), expected.and_then(Value::as_f64));
        let entries: Vec<_> = session
            .entries(&at)
            .map(|entry| (entry.key().map(String::from), entry.json().to_owned()))
            .collect();
        let listed: Vec<_> = match expected {
            Some(Value::Array(elements)) => elements.iter().map(|value| (None, value.to_string())).collect(),
            Some(Value::Object(members)) => members.iter().map(|(name, value)| (Some(name.clone()), value.to_string())).collect(),
            _ => Vec::new(),
        };
        prop_assert_eq!(entries, listed);
        let text = session.text(&at);
        prop_assert_eq!(text.as_deref(), expected.and_then(Value::as_str));
    }

    #[test]
    fn a_double_is_read_back_as_it_was_written(value in any::<f64>(), whole in any::<i64>()) {
        let mut session = CONFIG.use_session(&request(b"", b"")).unwrap();
        prop_assert_eq!(session.set_double("d", value).is_ok(), value.is_finite());
        session.set_int("i", whole).unwrap();
        prop_assert_eq!(session.int("/i"), Some(whole));
        if value.is_finite() {
            prop_assert_eq!(session.double("/d"), Some(value));
            serde_json::from_str::<Value>(session.data()).unwrap();
        }
    }

    #[test]
    fn no_pointer_makes_a_write_panic_or_leaves_bad_data(pointers in vec(text(), 1..4), json in noise()) {
        let mut session = CONFIG.use_session(&request(b"", b"")).unwrap();
        for pointer in pointers {
            let _ = session.set_at(&pointer, &json);
            let _ = session.set_at(&format!("/{pointer}"), "[1,{}]");
            let _ = session.entries(&pointer).count();
            let _ = session.remove_at(&pointer);
            prop_assert!(serde_json::from_str::<Map<String, Value>>(session.data()).is_ok());
        }
    }

    #[test]
    fn entries_give_the_same_answers_in_any_order_and_however_often(
        all in vec(revoked(), 0..24),
        again in vec(any::<Index>(), 0..24),
        cuts in vec(any::<Index>(), 0..6),
        seed in any::<u64>(),
    ) {
        let lines: Vec<String> = all.iter().map(Revoked::seal).collect();
        let one = Revocations::new(64).unwrap();
        for line in &lines {
            prop_assert_eq!(applied(&one, line), 1);
        }
        let expected: Vec<bool> = SESSIONS
            .iter()
            .map(|(id, subject, made, _)| all.iter().any(|one| one.refuses(*id, *subject, *made)))
            .collect();
        prop_assert_eq!(&answers(&one), &expected);

        // Some of them again, in another order, and some at once.
        let mut others: Vec<&String> = lines.iter().collect();
        others.extend(again.iter().filter(|_| !lines.is_empty()).map(|at| at.get(&lines)));
        others.sort_by_key(|line| {
            line.bytes().fold(seed, |sum, byte| sum.rotate_left(7) ^ u64::from(byte))
        });
        let other = Revocations::new(64).unwrap();
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(others.len() + 1)).collect();
        places.sort_unstable();
        let mut from = 0;
        for to in places.into_iter().chain([others.len()]) {
            let part: Vec<&str> = others[from..to].iter().map(|line| line.as_str()).collect();
            prop_assert_eq!(applied(&other, part.join("\n")), part.len());
            from = to;
        }
        prop_assert_eq!(answers(&other), expected);
        prop_assert_eq!(one.view(NOW), other.view(NOW));
    }

    #[test]
    fn threads_that_apply_entries_at_once_give_the_answers_of_one_after_another(
        all in vec(revoked(), 0..24),
        shares in vec((any::<Index>(), 1_usize..3), 3),
    ) {
        let lines: Vec<String> = all.iter().map(Revoked::seal).collect();
        let one = Revocations::new(64).unwrap();
        prop_assert_eq!(applied(&one, lines.join("\n")), lines.len());
        let other = Revocations::new(64).unwrap();
        let start = std::sync::Barrier::new(shares.len());
        std::thread::scope(|scope| {
            for (first, step) in &shares {
                let (lines, other, start) = (&lines, &other, &start);
                scope.spawn(move || {
                    start.wait();
                    // Each some of them, from another place on; all of them by the end.
                    let first = first.index(lines.len().max(1));
                    for line in lines.iter().cycle().skip(first).step_by(*step).take(2 * lines.len()) {
                        applied(other, line);
                    }
                    lines.iter().for_each(|line| assert_eq!(applied(other, line), 1));
                });
            }
        });
        prop_assert_eq!(answers(&other), answers(&one));
        prop_assert_eq!(other.view(NOW).missed, 0);
    }

    #[test]
    fn an_entry_of_any_id_or_subject_opens_again_and_refuses_just_its_own(
        id in "[!-~]{1,255}",
        subject in "(?s).{1,256}",
    ) {
        let known = Revocations::new(16).unwrap();
        let sealed = |id: &str, subject: &str| {
            let request = Request::new("").at(NOW - 1).revocations(&known);
            let mut session = REVOCABLE.get_session(&request).unwrap();
            session.set_id(id).unwrap();
            session.set_text("user", subject).unwrap();
            session.seal().unwrap().to_owned()
        };
        let tokens = [sealed(&id, "x-"), sealed("x-", &subject), sealed(&format!("-{}", &id[1..]), &format!("{subject}-"))];
        let refused = |known: &Revocations| tokens.each_ref().map(|token| is_refused(known, token));
        prop_assert_eq!(refused(&known), [false; 3]);
        prop_assert_eq!(applied(&known, REVOCABLE.revoke_session(&id, NOW).unwrap()), 1);
        let is_same = id.starts_with('-');
        prop_assert_eq!(refused(&known), [true, id == "x-", is_same]);
        prop_assert_eq!(applied(&known, REVOCABLE.revoke_subject(&subject, NOW, NOW).unwrap()), 1);
        prop_assert_eq!(refused(&known), [true, true, is_same]);
    }

    #[test]
    fn a_line_with_any_change_is_passed_over(one in revoked(), at in any::<Index>(), change in any::<u8>(), how in 0..3) {
        let line = one.seal().into_bytes();
        let at = at.index(line.len());
        let mut changed = line.clone();
        match how {
            0 => changed[at] = change,
            1 => changed.insert(at, change),
            _ => { changed.remove(at); }
        }
        // Its own end, another's, or an empty line is none.
        let is_same = changed == line || [&b"\n"[..], b"\r\n"].iter().any(|end| changed.strip_prefix(*end) == Some(&line[..]));
        prop_assert_eq!(applied(&Revocations::new(4).unwrap(), &changed), usize::from(is_same));
        let among = [&line[..], &changed, &line].join(&b'\n');
        prop_assert_eq!(applied(&Revocations::new(4).unwrap(), among), 2 + usize::from(is_same));
    }

    #[test]
    fn no_lines_make_apply_panic(lines in vec(noise(), 0..4), prefix in "(h3r1\\.[a-z]{0,2}\\.[0-9]{0,13}\\.?)?") {
        let lines = lines.concat();
        let known = Revocations::new(4).unwrap();
        prop_assert_eq!(applied(&known, [prefix.as_bytes(), &lines].concat()), 0);
        prop_assert_eq!(known.view(NOW).entries, 0);
    }
}
