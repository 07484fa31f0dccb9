//! What is revoked is refused: on every server, in every format, whatever a late answer brings
//! back.

use h3s::{Config, ErrorKind, Rejection, Request, Revocations, Session};

use super::jar::Jar;
use super::{NOW, PASSWORD, SECOND, config, set_cookies};

const MINUTE: i64 = 60 * SECOND;
const REVOCABLE: &str = r#""maxAge":3600,"revocation":{"subject":"/user/id"}"#;

/// One server: a config, and what it knows to be revoked.
struct Server {
    config: Config,
    revocations: Revocations,
}

impl Server {
    fn new(options: &str) -> Server {
        Server::of(&format!(r#"{{"password":"{PASSWORD}",{options}}}"#))
    }

    fn of(json: &str) -> Server {
        let revocations = Revocations::new(1_000).unwrap();
        revocations.heard(NOW).unwrap();
        Server {
            config: Config::from_json(json).unwrap(),
            revocations,
        }
    }

    fn request<'a>(&'a self, cookie: &'a str, now: i64) -> Request<'a> {
        Request::new(cookie).at(now).revocations(&self.revocations)
    }

    fn open(&self, cookie: &str, now: i64) -> Session {
        self.config.use_session(&self.request(cookie, now)).unwrap()
    }

    /// The Cookie header of a session with data.
    fn sealed(&self, data: &str, now: i64) -> String {
        let mut session = self.open("", now);
        session.replace(data).unwrap();
        let mut jar = Jar::default();
        jar.take(&mut session);
        jar.header()
    }

    fn hear(&self, entries: &[String], now: i64) -> usize {
        let lines = entries.join("\n");
        self.revocations.apply(&self.config, lines, now).unwrap()
    }

    fn rejection(&self, cookie: &str, now: i64) -> Option<Rejection> {
        self.open(cookie, now).rejection()
    }
}

fn entries(session: &mut Session) -> Vec<String> {
    let entries = session.revocation_entries().unwrap();
    entries.map(str::to_owned).collect()
}

#[test]
fn a_copied_cookie_is_refused_after_the_logout_on_every_server_that_has_heard_of_it() {
    for format in ["h3s1", "h3-1", "h3-2"] {
        let options = format!(r#"{REVOCABLE},"seal":"{format}""#);
        let (one, other) = (Server::new(&options), Server::new(&options));
        let copied = one.sealed(r#"{"user":{"id":"ada"}}"#, NOW);
        assert_eq!(other.rejection(&copied, NOW), None, "{format}");

        let mut session = one.open(&copied, NOW);
        session.revoke().unwrap();
        assert!(session.is_cleared() && session.id().is_none());
        assert!(set_cookies(&mut session)[0].starts_with("h3=; Max-Age=0;"));
        let entries = entries(&mut session);
        assert_eq!((one.hear(&entries, NOW), other.hear(&entries, NOW)), (1, 1));
        for server in [&one, &other] {
            let mut session = server.open(&copied, NOW);
            assert_eq!(session.rejection(), Some(Rejection::Revoked));
            assert_eq!((session.is_new(), session.data()), (true, "{}"));
            // A late answer must not replace the cookie of the next login.
            assert!(set_cookies(&mut session).is_empty());
            session.set_int("visits", 1).unwrap();
            assert_eq!(set_cookies(&mut session).len(), 1);
        }
    }
}

#[test]
fn a_revoked_cookie_beside_others_is_neither_replaced_by_a_visit_nor_outlived_by_a_logout() {
    let server = Server::new(REVOCABLE);
    let cookie = server.sealed("{}", NOW);
    let mut session = server.open(&cookie, NOW);
    session.revoke().unwrap();
    server.hear(&entries(&mut session), NOW);

    let with_forged = format!("{cookie}; h3=h3s1..AAAA");
    assert!(set_cookies(&mut server.open(&with_forged, NOW)).is_empty());
    // It never comes back, so that what takes its place need not be ahead of now.
    let two = format!("{cookie}; {}", server.sealed(r#"{"a":1}"#, NOW));
    let mut session = server.open(&two, NOW);
    assert_eq!(session.data(), r#"{"a":1}"#);
    session.clear();
    let mut jar = Jar::default();
    jar.take(&mut session);
    let session = server.open(&jar.header(), NOW + 10 * MINUTE);
    assert_eq!(
        (session.rejection(), session.created_at()),
        (None, Some(NOW + 1))
    );
}

#[test]
fn a_bare_token_and_a_header_are_refused_as_a_cookie_is() {
    let server = Server::new(REVOCABLE);
    let token = server.open("", NOW).seal().unwrap().to_owned();
    let request = Request::from_token(&token)
        .at(NOW)
        .revocations(&server.revocations);
    let mut session = server.config.unseal(&request).unwrap();
    session.revoke().unwrap();
    server.hear(&entries(&mut session), NOW);
    let error = server.config.unseal(&request).unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::Revoked));
    let mut session = server.config.use_session(&request).unwrap();
    assert_eq!(session.rejection(), Some(Rejection::Revoked));
    assert!(set_cookies(&mut session).is_empty());
}

#[test]
fn rotate_revokes_the_former_id_alone() {
    let server = Server::new(REVOCABLE);
    let before = server.sealed(r#"{"user":{"id":"ada"}}"#, NOW);
    let mut session = server.open(&before, NOW + 1);
    session.rotate().unwrap();
    let mut jar = Jar::default();
    jar.take(&mut session);
    server.hear(&entries(&mut session), NOW + 1);
    assert_eq!(server.rejection(&before, NOW + 1), Some(Rejection::Revoked));
    assert_eq!(server.rejection(&jar.header(), NOW + 1), None);
    // Both the former and the last id, if it is revoked then.
    session.revoke().unwrap();
    assert_eq!(entries(&mut session).len(), 2);
    server.hear(&entries(&mut session), NOW + 1);
    let rejection = server.rejection(&jar.header(), NOW + 1);
    assert_eq!(rejection, Some(Rejection::Revoked));
}

#[test]
fn who_logs_in_with_a_session_from_before_a_logout_everywhere_is_let_in() {
    let server = Server::new(REVOCABLE);
    let guest = server.sealed(r#"{"cart":[1]}"#, NOW);
    let entry = server.config.revoke_subject("ada", NOW + 5, NOW + 5);
    server.hear(&[entry.unwrap()], NOW + 5);
    let mut login = server.open(&guest, NOW + 9);
    login.set("user", r#"{"id":"ada"}"#).unwrap();
    login.rotate().unwrap();
    let mut jar = Jar::default();
    jar.take(&mut login);
    assert_eq!(server.rejection(&jar.header(), NOW + 9), None);
}

#[test]
fn who_changes_the_password_leaves_this_session_alone() {
    let server = Server::new(REVOCABLE);
    let [own, other] = [0, 1].map(|at| server.sealed(r#"{"user":{"id":"ada"}}"#, NOW + at));
    let mut session = server.open(&own, NOW + 9);
    session.rotate().unwrap();
    let before = session.created_at().unwrap();
    // By a clock that has gone on since the request began.
    let entry = server.config.revoke_subject("ada", before, NOW + 12);
    server.hear(&[entry.unwrap()], NOW + 12);
    let mut jar = Jar::default();
    jar.take(&mut session);
    let rejections = [&other, &jar.header()].map(|cookie| server.rejection(cookie, NOW + 12));
    assert_eq!(rejections, [Some(Rejection::Revoked), None]);
}

#[test]
fn a_session_that_was_revoked_while_its_request_ran_gets_no_new_id() {
    let server = Server::new(REVOCABLE);
    let cookie = server.sealed(r#"{"a":1}"#, NOW);
    let (mut login, mut logout) = (server.open(&cookie, NOW), server.open(&cookie, NOW));
    logout.revoke().unwrap();
    server.hear(&entries(&mut logout), NOW);
    let error = login.rotate().unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::Revoked));
    assert_eq!(login.data(), r#"{"a":1}"#);
    assert_eq!(entries(&mut login).len(), 0);
}

#[test]
fn what_was_never_in_a_token_owes_nothing() {
    let server = Server::new(REVOCABLE);
    let mut session = server.open("", NOW);
    session.rotate().unwrap();
    session.revoke().unwrap();
    assert_eq!(entries(&mut session).len(), 0);

    let mut session = server.open("", NOW);
    session.seal().unwrap();
    session.set_int("visits", 1).unwrap();
    session.revoke().unwrap();
    session.revoke().unwrap();
    assert_eq!(entries(&mut session).len(), 1);

    // Nor again.
    let mut session = server.open("", NOW);
    session.revoke().unwrap();
    session.revoke().unwrap();
    assert_eq!(entries(&mut session).len(), 0);

    let plain = config(r#""maxAge":3600"#);
    let mut session = plain.use_session(&Request::new("").at(NOW)).unwrap();
    session.seal().unwrap();
    session.rotate().unwrap();
    assert_eq!(entries(&mut session).len(), 0);
    session.seal().unwrap();
    let error = session.revoke().unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::Config, Some("revocation"))
    );
    assert!(!session.is_cleared());
}

#[test]
fn what_clear_has_ended_can_still_be_revoked_in_the_same_request() {
    let server = Server::new(REVOCABLE);
    let cookie = server.sealed("{}", NOW);
    let written = |session: &mut Session| session.set_int("visits", 1).unwrap();
    let sealed = |session: &mut Session| drop(session.seal().unwrap().to_owned());
    let clear: fn(&mut Session) = Session::clear;
    let revoke = |session: &mut Session| session.revoke().unwrap();
    let rotate = |session: &mut Session| session.rotate().unwrap();
    type Steps<'a> = &'a [&'a dyn Fn(&mut Session)];
    let cases: [(Steps<'_>, usize); 7] = [
        (&[&clear, &revoke], 1),
        (&[&clear, &revoke, &revoke], 1),
        (&[&clear, &written, &revoke], 1),
        (&[&clear, &written, &sealed, &revoke], 2),
        (&[&clear, &written, &sealed, &clear, &revoke], 2),
        (&[&rotate, &sealed, &clear, &revoke], 2),
        (&[&revoke, &written, &sealed, &clear, &revoke], 2),
    ];
    for (at, (steps, owed)) in cases.into_iter().enumerate() {
        let mut session = server.open(&cookie, NOW);
        steps.iter().for_each(|step| step(&mut session));
        assert!(session.is_cleared(), "{at}");
        let owed_there = entries(&mut session);
        assert_eq!(owed_there.len(), owed, "{at}");
        let fresh = Server::new(REVOCABLE);
        fresh.hear(&owed_there, NOW);
        assert_eq!(fresh.rejection(&cookie, NOW), Some(Rejection::Revoked));
    }
    // Whose it was is not known any more.
    let mut session = server.open(&cookie, NOW);
    session.clear();
    let error = session.revoke_everywhere().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
}

#[test]
fn a_token_without_an_id_is_refused_after_its_logout_on_every_server() {
    for format in ["h3-1", "h3-2"] {
        let options = format!(r#"{REVOCABLE},"seal":"{format}""#);
        let (one, other) = (Server::new(&options), Server::new(&options));
        let raw = format!(r#"{{"createdAt":{NOW},"data":{{"a":1}}}}"#);
        let seal = || one.config.iron_seal_session(&raw, NOW).unwrap();
        let (cookie, another) = (format!("h3={}", seal()), format!("h3={}", seal()));
        let mut session = one.open(&cookie, NOW + SECOND);
        assert!(session.is_new());
        assert_eq!(other.open(&cookie, NOW).id(), session.id());
        assert_ne!(other.open(&another, NOW).id(), session.id());
        // What it is the id of is in a token, and so stays.
        let error = session.set_id("another").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::State);
        let mut rotated = other.open(&cookie, NOW);
        rotated.rotate().unwrap();
        assert_eq!(entries(&mut rotated).len(), 1);

        session.revoke().unwrap();
        let entries = entries(&mut session);
        for server in [&one, &other] {
            assert_eq!(server.hear(&entries, NOW), 1);
            assert_eq!(server.rejection(&cookie, NOW), Some(Rejection::Revoked));
            assert_eq!(server.rejection(&another, NOW), None);
        }
    }
}

#[test]
fn a_logout_where_the_session_was_not_tried_is_an_error_and_comes_to_pass_at_the_next_request() {
    let revocable = r#""maxAge":3600,"revocation":{},"seal":"h3-2""#;
    let new = "a new password of at least 32 characters";
    let there = Server::of(&format!(r#"{{"password":"{new}",{revocable}}}"#));
    let here = Server::of(&format!(
        r#"{{"password":{{"k2":"{new}","k1":"{PASSWORD}"}},{revocable}}}"#
    ));
    let cookie = there.sealed("{}", NOW);
    let mut session = here.open(&cookie, NOW);
    session.set_int("visits", 1).unwrap();
    for _ in 0..2 {
        assert_eq!(session.revoke().unwrap_err().kind(), ErrorKind::Busy);
        assert!(!session.is_cleared());
        // Of what has come nothing is known.
        session.set_int("visits", 2).unwrap();
    }
    let mut session = here.open(&cookie, NOW);
    assert_eq!(session.rejection(), None);
    session.revoke().unwrap();
    let entries = entries(&mut session);
    // By the new password, which both have.
    assert_eq!(there.hear(&entries, NOW), 1);
    assert_eq!(there.rejection(&cookie, NOW), Some(Rejection::Revoked));
}

#[test]
fn a_logout_of_what_may_be_a_session_elsewhere_is_an_error() {
    let server = Server::new(REVOCABLE);
    for (cookie, reason) in [
        ("h3=h3s2.AAAA", Some(Rejection::UnsupportedFormat)),
        (
            "h3=h3s1..AAAA; h3=Fe26.2**a",
            Some(Rejection::UnsupportedFormat),
        ),
        ("h3=h3s1..AAAA", None),
        ("h3=nonsense", None),
        ("", None),
    ] {
        let mut session = server.open(cookie, NOW);
        let revoked = session.revoke();
        let rejection = revoked.err().map(|error| error.rejection().unwrap());
        assert_eq!(
            (rejection, session.is_cleared()),
            (reason, reason.is_none())
        );
        assert_eq!(entries(&mut session).len(), 0);
    }
}

#[test]
fn a_logout_is_an_error_where_what_did_not_open_may_be_the_newer_session() {
    let new = "a new password of at least 32 characters";
    let revocable = r#""maxAge":3600,"revocation":{},"seal":"h3-2""#;
    let there = Server::of(&format!(r#"{{"password":"{new}",{revocable}}}"#));
    let former = Server::of(&format!(r#"{{"password":"{PASSWORD}",{revocable}}}"#));
    let here = Server::of(&format!(
        r#"{{"password":{{"k2":"{new}","k1":"{PASSWORD}"}},{revocable}}}"#
    ));
    let stale = former.sealed("{}", NOW - SECOND);
    assert_eq!(here.rejection(&stale, NOW), None);
    let both = format!("{stale}; {}", there.sealed(r#"{"a":1}"#, NOW));
    let mut session = here.open(&both, NOW);
    assert_eq!(session.data(), "{}", "the newer one takes another key");
    assert_eq!(session.revoke().unwrap_err().kind(), ErrorKind::Busy);
    let mut session = here.open(&both, NOW);
    assert_eq!(session.data(), r#"{"a":1}"#);
    session.revoke().unwrap();

    // A header of a version that is not known here, and one whose session has ended, for the sake
    // of which no cookie is tried.
    let server = Server::new(REVOCABLE);
    let cookie = server.sealed("{}", NOW);
    let ended = server.sealed("{}", NOW - 61 * MINUTE);
    let ended = ended.split_once('=').unwrap().1;
    for (header, reason) in [
        ("h3s2.AAAA", Rejection::UnsupportedFormat),
        (ended, Rejection::Expired),
    ] {
        let request = server.request(&cookie, NOW).header(header);
        let mut session = server.config.use_session(&request).unwrap();
        let error = session.revoke().unwrap_err();
        assert_eq!(error.rejection(), Some(reason));
        let request = server.request("", NOW).header(header);
        let revoked = server.config.use_session(&request).unwrap().revoke();
        assert_eq!(revoked.is_err(), reason != Rejection::Expired, "{header}");
    }
}

#[test]
fn a_logout_counts_from_when_it_is_asked_for_and_not_from_when_the_session_was_opened() {
    let system = || {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        i64::try_from(since.as_millis()).unwrap()
    };
    let past = |time| {
        while system() <= time {
            std::thread::yield_now();
        }
        system()
    };
    let server = Server::new(REVOCABLE);
    let began = system();
    let cookie = server.sealed(r#"{"user":{"id":"ada"}}"#, began);
    let request = Request::new(&cookie).revocations(&server.revocations);
    let mut socket = server.config.use_session(&request).unwrap();
    let made = past(past(began));
    let later = server.sealed(r#"{"user":{"id":"ada"}}"#, made);
    past(made);
    socket.revoke_everywhere().unwrap();
    let entries = entries(&mut socket);
    assert_eq!(server.hear(&entries, system()), 2);
    assert_eq!(server.rejection(&later, system()), Some(Rejection::Revoked));
    // Who logs in again on the same connection is let in.
    socket.set("user", r#"{"id":"ada"}"#).unwrap();
    let token = format!("h3={}", socket.seal().unwrap());
    assert_eq!(server.rejection(&token, system()), None);
}

#[test]
fn what_revokes_a_token_without_an_id_outlasts_all_that_was_made_of_it() {
    let options = format!(r#"{REVOCABLE},"seal":"h3-1""#);
    let server = Server::new(&options);
    let raw = format!(r#"{{"createdAt":{NOW},"data":{{"a":1}}}}"#);
    let token = server.config.iron_seal_session(&raw, NOW).unwrap();
    let of_it = |now| {
        let mut session = server.open(&format!("h3={token}"), now);
        let mut jar = Jar::default();
        jar.take(&mut session);
        jar.header()
    };
    let (first, second) = (of_it(NOW), of_it(NOW + 50 * MINUTE));
    let mut session = server.open(&first, NOW + 55 * MINUTE);
    session.revoke().unwrap();
    let entries = entries(&mut session);
    for minutes in [56, 60, 61, 75, 105] {
        let now = NOW + minutes * MINUTE;
        let fresh = Server::new(&options);
        fresh.hear(&entries, now);
        assert!(fresh.rejection(&second, now).is_some(), "{minutes}");
    }
}

#[test]
fn a_logout_that_is_heard_of_after_a_rotation_keeps_that_from_being_made_known() {
    let server = Server::new(REVOCABLE);
    let cookie = server.sealed("{}", NOW);
    let (mut login, mut logout) = (server.open(&cookie, NOW), server.open(&cookie, NOW));
    login.rotate().unwrap();
    logout.revoke().unwrap();
    server.hear(&entries(&mut logout), NOW);
    for _ in 0..2 {
        let error = login.revocation_entries().err().unwrap();
        assert_eq!(error.rejection(), Some(Rejection::Revoked));
    }
    // What it owes itself is no logout.
    let cookie = server.sealed("{}", NOW);
    let mut login = server.open(&cookie, NOW);
    login.rotate().unwrap();
    for _ in 0..2 {
        server.hear(&entries(&mut login), NOW);
    }
}

#[test]
fn nobody_gets_a_new_id_where_a_logout_may_not_have_been_heard_of() {
    let server = Server::new(REVOCABLE);
    let cookie = server.sealed("{}", NOW);
    let late = NOW + 60 * SECOND + 1;
    let mut session = server.open(&cookie, late);
    assert_eq!(session.rotate().unwrap_err().kind(), ErrorKind::Stale);
    assert!(!session.is_dirty() && entries(&mut session).is_empty());
    // That of a new session is in no token.
    server.open("", late).rotate().unwrap();
    server.revocations.heard(late).unwrap();
    session.rotate().unwrap();
}

#[test]
fn a_user_is_logged_out_everywhere_and_can_log_in_again() {
    let server = Server::new(REVOCABLE);
    let ada = [0, 1, 2].map(|at| server.sealed(r#"{"user":{"id":42}}"#, NOW + at));
    let bob = server.sealed(r#"{"user":{"id":"43"}}"#, NOW);
    let guest = server.sealed(r#"{"user":{"id":null},"cart":[42]}"#, NOW);

    let mut session = server.open(&ada[0], NOW + 2);
    session.revoke_everywhere().unwrap();
    assert!(session.is_cleared());
    assert_eq!(server.hear(&entries(&mut session), NOW + 2), 2);

    let refused = ada
        .each_ref()
        .map(|cookie| server.rejection(cookie, NOW + 2));
    // The last of them was made at that very moment: it may be the next login.
    assert_eq!(
        refused,
        [Some(Rejection::Revoked), Some(Rejection::Revoked), None]
    );
    let others = [&bob, &guest].map(|cookie| server.rejection(cookie, NOW + 2));
    assert_eq!(others, [None, None]);
    let again = server.sealed(r#"{"user":{"id":"42"}}"#, NOW + 3);
    assert_eq!(server.rejection(&again, NOW + 3), None);
}

#[test]
fn who_rotates_at_the_moment_of_a_logout_everywhere_stays() {
    let server = Server::new(REVOCABLE);
    let cookie = server.sealed(r#"{"user":{"id":"ada"}}"#, NOW);
    let mut session = server.open(&cookie, NOW + 9);
    let entry = server
        .config
        .revoke_subject("ada", NOW + 9, NOW + 9)
        .unwrap();
    session.rotate().unwrap();
    let mut jar = Jar::default();
    jar.take(&mut session);
    server.hear(&[entry], NOW + 9);
    assert_eq!(server.rejection(&cookie, NOW + 9), Some(Rejection::Revoked));
    assert_eq!(server.rejection(&jar.header(), NOW + 9), None);
}

#[test]
fn a_subject_is_text_with_or_without_escapes_or_a_number_as_written() {
    let server = Server::new(REVOCABLE);
    let cases = [
        (r#""é\"x""#, "é\"x"),
        (r#""\u00e9""#, "é"),
        ("-1.50", "-1.50"),
        (r#""\ud800""#, "\u{FFFD}"),
    ];
    for (json, subject) in cases {
        let cookie = server.sealed(&format!(r#"{{"user":{{"id":{json}}}}}"#), NOW);
        assert_eq!(server.rejection(&cookie, NOW + 1), None, "{json}");
        let entry = server
            .config
            .revoke_subject(subject, NOW + 1, NOW + 1)
            .unwrap();
        server.hear(&[entry], NOW + 1);
        assert_eq!(
            server.rejection(&cookie, NOW + 1),
            Some(Rejection::Revoked),
            "{json}"
        );
    }
    let long = format!(r#""{}""#, "x".repeat(1025));
    for json in ["true", "null", "[1]", r#"{"id":1}"#, r#""""#, &long] {
        let cookie = server.sealed(&format!(r#"{{"user":{{"id":{json}}}}}"#), NOW);
        let mut session = server.open(&cookie, NOW);
        assert_eq!(
            session.revoke_everywhere().unwrap_err().kind(),
            ErrorKind::State
        );
        assert!(!session.is_cleared());
    }
}

#[test]
fn everybody_is_logged_out_of_one_cookies_sessions_alone() {
    let server = Server::new(REVOCABLE);
    let other = Server::new(&format!(r#"{REVOCABLE},"name":"other""#));
    let (own, others) = (server.sealed("{}", NOW), other.sealed("{}", NOW));
    let entry = server.config.revoke_everybody(NOW + 1, NOW + 1).unwrap();
    assert_eq!(other.hear(std::slice::from_ref(&entry), NOW + 1), 0);
    assert_eq!(server.hear(&[entry], NOW + 1), 1);
    assert_eq!(server.rejection(&own, NOW + 1), Some(Rejection::Revoked));
    assert_eq!(other.rejection(&others, NOW + 1), None);

    // Nor where both are of one process.
    other.hear(&[other.config.revoke_session("x", NOW).unwrap()], NOW);
    let shared = Request::new(&others)
        .at(NOW + 1)
        .revocations(&server.revocations);
    assert_eq!(other.config.use_session(&shared).unwrap().rejection(), None);
}

#[test]
fn an_entry_under_a_former_password_counts_and_a_forged_one_does_not() {
    let new = "a new password, which is of 32 characters or more";
    let two = |first, second| {
        let revocation = r#""maxAge":3600,"revocation":{}"#;
        let passwords = format!(r#"{{"{first}":"{PASSWORD}","{second}":"{new}"}}"#);
        let options = format!(r#"{{"password":{passwords},{revocation}}}"#);
        Config::from_json(options).unwrap()
    };
    // The first seals.
    let (former, now) = (two("a", "b"), two("b", "a"));
    let entry = former.revoke_everybody(NOW, NOW).unwrap();
    let revocations = Revocations::new(10).unwrap();
    assert_eq!(revocations.apply(&former, &entry, NOW).unwrap(), 1);
    assert_eq!(revocations.apply(&now, &entry, NOW).unwrap(), 0);
    let renamed = entry.replacen("h3r1.a.", "h3r1.b.", 1);
    assert_eq!(revocations.apply(&former, &renamed, NOW).unwrap(), 0);
    assert!(entry.starts_with("h3r1.a."));

    for at in 0..entry.len() {
        let mut forged = entry.clone().into_bytes();
        forged[at] = if forged[at] == b'1' { b'2' } else { b'1' };
        assert_eq!(revocations.apply(&former, &forged, NOW).unwrap(), 0, "{at}");
    }
}

#[test]
fn an_entry_ends_when_the_last_token_concerned_has() {
    let until = |entry: String| {
        let seconds = entry.split('.').nth(2).unwrap().parse::<i64>().unwrap();
        seconds * SECOND - NOW
    };
    let by_age = config(r#""maxAge":3600,"idleTimeout":60,"revocation":{"subject":"/u"}"#);
    let by_idleness = config(r#""idleTimeout":3600,"revocation":{"subject":"/u"}"#);
    for (config, longest) in [(by_age, 60 * MINUTE), (by_idleness, 120 * MINUTE)] {
        // By clocks that differ by ten minutes, and to the whole minute.
        let most = longest + 11 * MINUTE;
        let least = longest + 10 * MINUTE;
        for entry in [
            config.revoke_session("x", NOW),
            config.revoke_subject("x", NOW - 9_999, NOW),
            config.revoke_everybody(NOW - 9_999, NOW),
        ] {
            let until = until(entry.unwrap());
            assert!((least..=most).contains(&until), "{until}");
        }
        assert_eq!(config.revocations_matter_ms(), Some(most));
    }
    let server = Server::new(REVOCABLE);
    let entry = server.config.revoke_session("x", NOW).unwrap();
    assert_eq!(
        server.hear(std::slice::from_ref(&entry), NOW + 72 * MINUTE),
        0
    );
    assert_eq!(server.hear(&[entry], NOW + 70 * MINUTE), 1);
}

#[test]
fn a_moment_that_a_clock_far_ahead_has_named_locks_nobody_out() {
    let server = Server::new(REVOCABLE);
    let ahead = NOW + 40 * MINUTE;
    let entry = server.config.revoke_everybody(ahead, ahead).unwrap();
    assert_eq!(server.hear(&[entry], NOW), 1);
    let after = server.sealed("{}", NOW + 11 * MINUTE);
    assert_eq!(server.rejection(&after, NOW + 11 * MINUTE), None);
    let error = server.config.revoke_everybody(NOW + 11 * MINUTE, NOW);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Argument);
}

#[test]
fn who_has_not_heard_for_too_long_goes_on_or_refuses_as_the_options_say() {
    let open = Server::new(r#""maxAge":3600,"revocation":{"maxStale":60}"#);
    let closed = Server::new(r#""maxAge":3600,"revocation":{"maxStale":60,"stale":"closed"}"#);
    let (last, late) = (NOW + 60 * SECOND, NOW + 60 * SECOND + 1);
    for server in [&open, &closed] {
        let cookie = server.sealed(r#"{"a":1}"#, NOW);
        let session = server.open(&cookie, last);
        assert_eq!((session.data(), session.is_stale()), (r#"{"a":1}"#, false));
    }
    let cookie = open.sealed(r#"{"a":1}"#, NOW);
    let session = open.open(&cookie, late);
    assert_eq!((session.data(), session.is_stale()), (r#"{"a":1}"#, true));
    for result in [
        closed.config.use_session(&closed.request(&cookie, late)),
        closed.config.get_session(&closed.request(&cookie, late)),
    ] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Stale);
    }
    // Who brings no session is served, and what cannot be one is no reason to refuse.
    assert!(closed.open("", late).is_new());
    assert!(closed.open("h3=h3s1..AAAA", late).is_new());
    closed.revocations.heard(late).unwrap();
    assert_eq!(closed.open(&cookie, late).data(), r#"{"a":1}"#);
}

#[test]
fn without_a_subject_in_the_options_nobody_is_logged_out_everywhere() {
    let server = Server::new(r#""maxAge":3600,"revocation":{}"#);
    let error = server.open("", NOW).revoke_everywhere().unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::Config, Some("revocation.subject"))
    );
}

#[test]
fn options_and_request_belong_together() {
    let server = Server::new(REVOCABLE);
    let plain = config("");
    let without = server.config.use_session(&Request::new("").at(NOW));
    let beside = plain.use_session(&server.request("", NOW));
    let bare = server
        .config
        .unseal(&Request::from_token("h3s1..AAAA").at(NOW));
    for result in [without, beside, bare] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert_eq!(error.key(), Some("request.revocations"));
    }
    let entry = server.config.revoke_everybody(NOW, NOW).unwrap();
    let error = server.revocations.apply(&plain, entry, NOW).unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::Config, Some("revocation"))
    );
}

#[test]
fn a_connection_that_outlives_its_request_hears_of_the_logout_when_its_clock_moves() {
    let server = Server::new(REVOCABLE);
    let cookie = server.sealed(r#"{"a":1}"#, NOW);
    let mut socket = server.open(&cookie, NOW);
    let mut session = server.open(&cookie, NOW);
    session.revoke().unwrap();
    socket.set_now(NOW + 1).unwrap();
    server.hear(&entries(&mut session), NOW);
    let error = socket.set_now(NOW + 2).unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::Revoked));
    assert_eq!(socket.data(), r#"{"a":1}"#);

    // Also where the connection's first request has made the session.
    let mut socket = server.open("", NOW);
    let token = socket.seal().unwrap().to_owned();
    let mut session = server.open(&format!("h3={token}"), NOW);
    session.revoke().unwrap();
    socket.set_now(NOW + 1).unwrap();
    server.hear(&entries(&mut session), NOW);
    let error = socket.set_now(NOW + 2).unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::Revoked));
}

#[test]
fn more_entries_than_there_is_room_for_are_an_error_and_make_it_stale() {
    let server = Server::new(r#""maxAge":3600,"revocation":{"stale":"closed"}"#);
    let cookie = server.sealed("{}", NOW);
    let small = Revocations::new(1).unwrap();
    small.heard(NOW).unwrap();
    let all: Vec<String> = (0..40)
        .map(|at| {
            server
                .config
                .revoke_session(&format!("id-{at}"), NOW)
                .unwrap()
        })
        .collect();
    let error = small
        .apply(&server.config, all.join("\n"), NOW)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    let view = small.view(NOW);
    assert_eq!(view.entries + view.missed, 40);
    assert!(view.entries >= view.room && view.room >= 1);
    let request = Request::new(&cookie).at(NOW).revocations(&small);
    let error = server.config.use_session(&request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stale);
}

/// Sixteen requests of one browser at once, one of which is the logout, and answers in any order.
#[test]
fn a_logout_wins_whatever_late_answers_bring_back() {
    for logout_at in 0..16 {
        let server = Server::new(r#""maxAge":3600,"idleTimeout":600,"revocation":{}"#);
        let cookie = server.sealed(r#"{"user":"ada"}"#, NOW);
        // More than half of the idle time is used, so that a read slides.
        let now = NOW + 400 * SECOND;
        let mut sessions: Vec<Session> = (0..16).map(|_| server.open(&cookie, now)).collect();
        let mut jar = Jar::default();
        for (at, session) in sessions.iter_mut().enumerate() {
            if at == logout_at {
                session.revoke().unwrap();
                server.hear(&entries(session), now);
            } else if at % 2 == 0 {
                session.set_int("visits", at as i64).unwrap();
            }
        }
        // The logout's answer first: then all others bring cookies back.
        let mut logout = sessions.swap_remove(logout_at);
        jar.take(&mut logout);
        for session in &mut sessions {
            jar.take(session);
        }
        let session = server.open(&jar.header(), now + 1);
        assert_eq!(session.rejection(), Some(Rejection::Revoked));
        assert_eq!(session.data(), "{}");
    }
}

#[test]
fn who_logs_in_right_after_a_logout_everywhere_is_let_in_also_where_times_are_whole_seconds() {
    let server = Server::new(
        r#""name":"authjs.session-token","seal":"authjs","maxAge":3600,"revocation":{"subject":"/sub"}"#,
    );
    let before = server.sealed(r#"{"sub":"7"}"#, NOW - SECOND);
    let cookie = server.sealed(r#"{"sub":"7"}"#, NOW - MINUTE);
    let now = NOW + 900;
    let mut session = server.open(&cookie, now);
    session.revoke_everywhere().unwrap();
    server.hear(&entries(&mut session), now);
    let after = server.sealed(r#"{"sub":"7"}"#, now + 50);
    assert_eq!(server.rejection(&after, now + 100), None);
    for revoked in [&before, &cookie] {
        assert_eq!(server.rejection(revoked, now), Some(Rejection::Revoked));
    }
    // Who changes the password stays.
    let mut session = server.open(&after, now + SECOND);
    session.rotate().unwrap();
    let made = session.created_at().unwrap();
    let entry = server.config.revoke_subject("7", made, now + SECOND);
    let mut jar = Jar::default();
    jar.take(&mut session);
    server.hear(&entries(&mut session), now + SECOND);
    server.hear(&[entry.unwrap()], now + SECOND);
    let later = now + 2 * SECOND;
    assert_eq!(server.rejection(&jar.header(), later), None);
    assert_eq!(server.rejection(&after, later), Some(Rejection::Revoked));
}
