//! Processes of one machine make known by a file what they revoke.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use h3s::{Config, ErrorKind, Rejection, Request, RevocationFile, Revocations};

use super::{NOW, PASSWORD, SECOND, config};

const REVOCABLE: &str = r#""maxAge":3600,"revocation":{"subject":"/user/id"}"#;

/// A path of the test's own, whose file goes with it.
struct Path(PathBuf);

impl Path {
    fn new() -> Path {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("h3s-revocations-{}-{number}", std::process::id());
        Path(std::env::temp_dir().join(name))
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What a process has.
struct Process {
    config: Config,
    revocations: Revocations,
    file: RevocationFile,
}

impl Process {
    fn new(path: &Path, config: Config) -> Process {
        Process {
            config,
            revocations: Revocations::new(1_000).unwrap(),
            file: RevocationFile::open(&path.0).unwrap(),
        }
    }

    fn poll(&self, now: i64) -> usize {
        let polled = self.file.poll(&self.revocations, &self.config, now);
        polled.unwrap()
    }

    fn token(&self) -> String {
        let request = Request::new("").at(NOW).revocations(&self.revocations);
        let mut session = self.config.use_session(&request).unwrap();
        session.seal().unwrap().to_owned()
    }

    fn rejection(&self, token: &str) -> Option<Rejection> {
        let request = Request::from_token(token)
            .at(NOW)
            .revocations(&self.revocations);
        let unsealed = self.config.unseal(&request);
        unsealed.err().map(|error| error.rejection().unwrap())
    }

    fn revoke(&self, token: &str) {
        let request = Request::from_token(token)
            .at(NOW)
            .revocations(&self.revocations);
        let mut session = self.config.unseal(&request).unwrap();
        session.revoke().unwrap();
        for entry in session.revocation_entries().unwrap() {
            self.file.append(entry, NOW).unwrap();
        }
    }
}

#[test]
fn what_one_process_revokes_is_refused_by_every_other_that_polls() {
    let path = Path::new();
    let [one, other] = [0, 1].map(|_| Process::new(&path, config(REVOCABLE)));
    let (token, left) = (one.token(), one.token());
    assert_eq!((other.poll(NOW), other.rejection(&token)), (0, None));
    assert_eq!(other.revocations.view(NOW).heard_at, Some(NOW));
    one.revoke(&token);
    assert_eq!(other.poll(NOW + SECOND), 1);
    assert_eq!(other.rejection(&token), Some(Rejection::Revoked));
    assert_eq!(other.rejection(&left), None);
    assert_eq!(other.poll(NOW + 2 * SECOND), 0);
    assert_eq!(other.revocations.view(NOW).heard_at, Some(NOW + 2 * SECOND));
    // And by one that begins later.
    let late = Process::new(&path, config(REVOCABLE));
    assert_eq!(
        (late.poll(NOW), late.rejection(&token)),
        (1, Some(Rejection::Revoked))
    );
}

#[test]
fn entries_of_two_passwords_stand_in_one_file() {
    let path = Path::new();
    let of = |passwords: &str| {
        let json = format!(r#"{{"password":{passwords},{REVOCABLE}}}"#);
        Process::new(&path, Config::from_json(json).unwrap())
    };
    let old = of(r#"{"old":"an old password of at least 32 characters"}"#);
    let both = of(r#"{"new":"a new password of at least 32 characters",
                    "old":"an old password of at least 32 characters"}"#);
    let new = of(r#"{"new":"a new password of at least 32 characters"}"#);
    let (from_old, from_new) = (old.token(), both.token());
    old.revoke(&from_old);
    both.revoke(&from_new);
    assert_eq!((old.poll(NOW), both.poll(NOW), new.poll(NOW)), (1, 2, 1));
    assert_eq!(both.rejection(&from_old), Some(Rejection::Revoked));
    assert_eq!(both.rejection(&from_new), Some(Rejection::Revoked));
    assert_eq!(new.rejection(&from_new), Some(Rejection::Revoked));
}

#[test]
fn where_a_copy_is_full_all_that_fits_is_applied() {
    let path = Path::new();
    let one = Process::new(&path, config(REVOCABLE));
    let small = Revocations::new(10).unwrap();
    let entries: Vec<_> = (0..1000)
        .map(|i| one.config.revoke_session(&format!("s-{i}"), NOW).unwrap())
        .collect();
    one.file.append(entries.join("\n"), NOW).unwrap();
    let error = one.file.poll(&small, &one.config, NOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    let view = small.view(NOW);
    assert!(view.entries >= 10 && view.missed > 0);
    // Not again.
    assert_eq!(one.file.poll(&small, &one.config, NOW), Ok(0));
    assert_eq!(Process::new(&path, config(REVOCABLE)).poll(NOW), 1000);
}

/// As by a program that follows a stream for all processes of the machine.
#[test]
fn a_file_that_is_fed_from_elsewhere_has_heard_when_whoever_feeds_it_has() {
    let path = Path::new();
    let heard = Path(path.0.with_extension("heard.h3"));
    let one = Process::new(&path, config(REVOCABLE));
    let written = std::fs::File::create(&heard.0).unwrap();
    let modified = |at: i64| {
        let at = UNIX_EPOCH + Duration::from_millis(at.unsigned_abs());
        written.set_modified(at).unwrap();
    };
    let heard_at = |now| {
        one.poll(now);
        one.revocations.view(now).heard_at
    };
    modified(0);
    assert_eq!(heard_at(NOW), None);
    modified(NOW - 5 * SECOND);
    assert_eq!(heard_at(NOW), Some(NOW - 5 * SECOND));
    assert_eq!(heard_at(NOW + SECOND), Some(NOW - 5 * SECOND));
    // By a clock that is ahead, or was.
    modified(NOW + 5 * SECOND);
    assert_eq!(heard_at(NOW + SECOND), Some(NOW + SECOND));
    drop(heard);
    assert_eq!(heard_at(NOW + 2 * SECOND), Some(NOW + 2 * SECOND));
}

/// A file has the entries of all names, and is fed by a program for each of them.
#[test]
fn who_feeds_a_file_for_one_cookie_says_nothing_of_another() {
    let path = Path::new();
    let named = |name: &str| config(&format!(r#""name":"{name}","cookie":false,{REVOCABLE}"#));
    let heard_at = |name: &str| {
        let one = Process::new(&path, named(name));
        one.poll(NOW);
        one.revocations.view(NOW).heard_at
    };
    let odd = "!#$%&'*+-.^_`|~";
    let heard = [odd, "staff", "."].map(|name| {
        let heard = Path(path.0.with_extension(format!("heard.{name}")));
        let file = std::fs::File::create(&heard.0).unwrap();
        let at = UNIX_EPOCH + Duration::from_millis(NOW.unsigned_abs() - 1000);
        file.set_modified(at).unwrap();
        assert_eq!(heard_at(name), Some(NOW - SECOND));
        heard
    });
    for other in ["h3", "staf", "staff.x", "..", &"n".repeat(300)] {
        assert_eq!(heard_at(other), Some(NOW), "{other}");
    }
    drop(heard);
    assert_eq!(heard_at("staff"), Some(NOW));
}

#[test]
fn what_is_wrong_with_the_call_or_the_file_is_not_heard() {
    let path = Path::new();
    let one = Process::new(&path, config(REVOCABLE));
    let without = Config::from_json(format!(r#"{{"password":"{PASSWORD}"}}"#)).unwrap();
    let poll = |config, now| {
        let error = one.file.poll(&one.revocations, config, now).unwrap_err();
        (error.kind(), error.key().map(str::to_owned))
    };
    assert_eq!(
        poll(&without, NOW),
        (ErrorKind::Config, Some("revocation".into()))
    );
    assert_eq!(
        poll(&one.config, 0),
        (ErrorKind::Argument, Some("now_ms".into()))
    );
    std::fs::write(&path.0, "of somebody else").unwrap();
    let store = (ErrorKind::Store, Some("revocation.file".into()));
    assert_eq!(poll(&one.config, NOW), store);
    assert_eq!(one.revocations.view(NOW).heard_at, None);
}
