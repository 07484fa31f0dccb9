//! The sessions of other frameworks as JSON Web Encryption: any bytes as a token, and, behind the
//! right keys, any claims and any header.
//!
//! Input: by its first byte whose token it is (the lowest two bits), and what the rest is: a token
//! as it comes, its claims, or its header.
#![no_main]

use std::sync::LazyLock;

use h3s::{Config, Rejection, Request};
use h3s_fuzz::jwe::{Kind, seal};
use h3s_fuzz::{NOW, check, config};
use libfuzzer_sys::fuzz_target;

static CONFIGS: LazyLock<[Config; 4]> =
    LazyLock::new(|| Kind::ALL.map(|kind| config(&format!(r#""seal":"{}""#, kind.name()))));

fuzz_target!(|input: &[u8]| {
    let Some((what, rest)) = input.split_first() else {
        return;
    };
    let kind = Kind::ALL[usize::from(what % 4)];
    let config = &CONFIGS[usize::from(what % 4)];
    let token = match what / 4 % 3 {
        0 => rest.to_vec(),
        1 => seal(kind, kind.header(), rest).into_bytes(),
        _ => seal(kind, rest, br#"{"iat":1800000000,"session":{}}"#).into_bytes(),
    };
    let open = || config.unseal(&Request::from_token(&token).at(NOW));
    let mut session = match open() {
        Ok(session) => session,
        Err(error) => {
            let reason = error.rejection().expect("a refusal");
            // What is authentic is not said to be forged, nor is what nobody could seal.
            assert!(what / 4 % 3 == 0 || reason != Rejection::BadSeal, "{error}");
            return;
        }
    };
    check(&session);
    for pointer in ["", "/iat", "/user/id", "/session/id", "/internal/sid"] {
        let _ = (
            session.find(pointer),
            session.text(pointer),
            session.int(pointer),
        );
    }
    for own in ["/iat", "/exp", "/jti"] {
        assert_eq!(session.find(own), None);
    }
    let id = session.id().map(str::to_owned);
    assert_eq!(
        open().unwrap().id(),
        id.as_deref(),
        "it is the same each time"
    );
    match kind {
        Kind::AuthJs => {
            let (data, made) = (session.data().to_owned(), session.created_at());
            let token = session.seal().expect("it is sealed as it came").to_owned();
            let again = config.unseal(&Request::from_token(&token).at(NOW)).unwrap();
            assert_eq!((again.id(), again.data()), (id.as_deref(), &*data));
            assert_eq!(
                again.created_at().map(|at| at / 1000),
                made.map(|at| at / 1000)
            );
        }
        _ => assert!(session.seal().is_err() && session.set("a", "1").is_err()),
    }
});
