//! Sessions in Rust. It speaks the protocol of benches/peers/README.md.
//!
//! ```text
//! h3s          the crate; each nonce is a system call here, while the C ABI, which notices forks,
//!              buffers random bytes
//! private-jar  cookie-rs' PrivateJar around JSON
//! ring         the limit: AES-256-GCM of ring with a ready key, and base64-simd; a read is to open
//! ```

mod allocations;

use std::hint::black_box;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::{SystemTime, UNIX_EPOCH};

use base64_simd::{Out, URL_SAFE_NO_PAD};
use cookie::{Cookie, CookieJar, Key, SameSite};
use h3s::{Config, Request, Session};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::Value;

const PASSWORD: &str = "correct horse battery staple, and more of it";

fn main() {
    let folder = std::env::args().nth(1).expect("driver FOLDER");
    for line in stdin().lock().lines() {
        let line = line.expect("standard input is text");
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match words[..] {
            ["peers"] => format!(
                "runtime=Rust/{} h3s={} private-jar={} ring={}",
                env!("RUSTC_VERSION"),
                locked("h3s"),
                locked("cookie"),
                locked("ring")
            ),
            [work, peer, data, n] => {
                let data = std::fs::read_to_string(format!("{folder}/{data}.json"))
                    .expect("the data is there");
                let n = n.parse().expect("a number of calls");
                let answer = match peer {
                    "h3s" => sessions(work, &data, n),
                    "private-jar" => private_jar(work, &data, n),
                    "ring" => limit(work, data.as_bytes(), n),
                    _ => panic!("who is {peer}?"),
                };
                answer.map_or("-".into(), |answer| format!("{answer:.1}"))
            }
            _ => panic!("what is {line:?}?"),
        };
        writeln!(stdout(), "{answer}").expect("standard output is open");
    }
}

/// The version of a package in Cargo.lock.
fn locked(package: &str) -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let entry = lock
        .split("[[package]]")
        .find(|entry| entry.contains(&format!("name = \"{package}\"\n")));
    let version = entry.and_then(|entry| entry.split("version = \"").nth(1)?.split('"').next());
    version.expect("the package is locked")
}

/// A Cookie header with a session's cookies among three others.
fn header(pairs: &str) -> String {
    format!("theme=dark; _ga=GA1.1.1234567890.1700000000; {pairs}; lang=en")
}

/// What a browser sends back of a Set-Cookie value.
fn pair_of(cookie: &str) -> &str {
    cookie.split(';').next().unwrap_or_default()
}

/// One character of the token is another.
fn changed(pair: &str) -> String {
    let middle = pair.len() / 2;
    let other = if &pair[middle..=middle] == "A" {
        "B"
    } else {
        "A"
    };
    format!("{}{other}{}", &pair[..middle], &pair[middle + 1..])
}

/// CPU time of the process for each of `n` calls, in nanoseconds.
fn cpu_ns(n: u32, mut call: impl FnMut()) -> Option<f64> {
    for _ in 0..n / 10 {
        call();
    }
    let start = process_ns();
    for _ in 0..n {
        call();
    }
    Some((process_ns() - start) / f64::from(n))
}

fn process_ns() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a live local.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is past 1970")
        .as_millis() as i64
}

fn sessions(work: &str, data: &str, n: u32) -> Option<f64> {
    let cookie = r#""cookie":{"maxChunks":8}"#;
    let options =
        format!(r#"{{"password":"{PASSWORD}","maxAge":3600,"maxTokenLength":65536,{cookie}}}"#);
    let config = Config::from_json(&options).unwrap();
    let open = |cookie: &str| {
        config
            .use_session(&Request::new(cookie.as_bytes()))
            .unwrap()
    };
    let get = |cookie: &str| {
        config
            .get_session(&Request::new(cookie.as_bytes()))
            .unwrap()
    };
    let count = |session: &Session| session.find("/count").unwrap().parse::<u64>().unwrap();
    let mut session = open("");
    session.replace(data).unwrap();
    let cookies = session.set_cookies().unwrap();
    let pairs: Vec<&str> = cookies.iter().map(pair_of).collect();
    let pairs = pairs.join("; ");
    let (cookie, forged, none) = (header(&pairs), header(&changed(&pairs)), header("a=b"));
    let token = session.seal().unwrap().to_owned();
    let incremented = || {
        let mut session = open(&cookie);
        let next = count(&session) + 1;
        session.set("count", next.to_string()).unwrap();
        session
    };
    let request = || {
        black_box(incremented().set_cookies().unwrap().len());
    };
    match work {
        "request" => cpu_ns(n, request),
        "read" => cpu_ns(n, || {
            black_box(count(&open(&cookie)));
        }),
        "seal" => cpu_ns(n, || {
            session.update("{}").unwrap();
            black_box(session.seal().unwrap().len());
        }),
        "open" => cpu_ns(n, || {
            black_box(count(
                &config
                    .unseal(&Request::from_token(&token).at(now_ms()))
                    .unwrap(),
            ));
        }),
        "forged" => cpu_ns(n, || {
            black_box(get(&forged).is_new());
        }),
        "none" => cpu_ns(n, || {
            black_box(get(&none).is_new());
        }),
        "start" => cpu_ns(n, || {
            black_box(Config::from_json(&options).unwrap());
        }),
        "bytes" => Some(pairs.len() as f64),
        "count" => {
            assert!(get(&forged).is_new());
            let mut session = incremented();
            let cookies = session.set_cookies().unwrap();
            let pairs: Vec<&str> = cookies.iter().map(pair_of).collect();
            Some(count(&open(&header(&pairs.join("; ")))) as f64)
        }
        "allocations" => Some(allocations::of(request).0),
        "heap" => Some(allocations::of(request).1),
        _ => None,
    }
}

fn private_jar(work: &str, data: &str, n: u32) -> Option<f64> {
    let key = Key::from(PASSWORD.repeat(2).as_bytes());
    let value: Value = serde_json::from_str(data).unwrap();
    let seal = |value: &Value| {
        let mut jar = CookieJar::new();
        let cookie = Cookie::build(("session", value.to_string()))
            .path("/")
            .http_only(true)
            .secure(true);
        jar.private_mut(&key)
            .add(cookie.same_site(SameSite::Lax).build());
        jar.get("session").unwrap().clone()
    };
    let open = |header: &str| {
        let mut jar = CookieJar::new();
        for cookie in Cookie::split_parse_encoded(header).flatten() {
            jar.add_original(cookie.into_owned());
        }
        jar.private(&key)
            .get("session")
            .map(|cookie| serde_json::from_str::<Value>(cookie.value()).unwrap())
    };
    let count = |value: &Value| value["count"].as_u64().unwrap();
    let sealed = seal(&value);
    let pair = sealed.encoded().stripped().to_string();
    let (cookie, forged, none) = (header(&pair), header(&changed(&pair)), header("a=b"));
    let request = || {
        let mut value = open(&cookie).unwrap();
        value["count"] = (count(&value) + 1).into();
        seal(&value).encoded().to_string()
    };
    match work {
        "request" => cpu_ns(n, || {
            black_box(request().len());
        }),
        "read" => cpu_ns(n, || {
            black_box(count(&open(&cookie).unwrap()));
        }),
        "seal" => cpu_ns(n, || {
            black_box(seal(&value).value().len());
        }),
        "open" => cpu_ns(n, || {
            let mut jar = CookieJar::new();
            jar.add_original(sealed.clone());
            let opened = jar.private(&key).get("session").unwrap();
            black_box(count(&serde_json::from_str(opened.value()).unwrap()));
        }),
        "forged" => cpu_ns(n, || assert!(open(&forged).is_none())),
        "none" => cpu_ns(n, || assert!(open(&none).is_none())),
        "bytes" => Some(pair.len() as f64),
        "count" => {
            assert!(open(&forged).is_none());
            let value = open(&header(pair_of(&request()))).unwrap();
            Some(count(&value) as f64)
        }
        "allocations" => Some(allocations::of(|| drop(request())).0),
        "heap" => Some(allocations::of(|| drop(request())).1),
        _ => None,
    }
}

fn limit(work: &str, data: &[u8], n: u32) -> Option<f64> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[1; 32]).unwrap());
    let nonce = || Nonce::assume_unique_for_key([2; 12]);
    let mut text = vec![0; URL_SAFE_NO_PAD.encoded_length(data.len() + AES_256_GCM.tag_len())];
    let mut buffer = Vec::with_capacity(text.len());
    let mut seal = |text: &mut [u8]| {
        buffer.clear();
        buffer.extend_from_slice(data);
        key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut buffer)
            .unwrap();
        let _ = URL_SAFE_NO_PAD.encode(&buffer, Out::from_slice(text));
    };
    let mut sealed = vec![0; data.len() + AES_256_GCM.tag_len()];
    let mut open = |text: &[u8]| {
        let sealed = URL_SAFE_NO_PAD
            .decode(text, Out::from_slice(&mut sealed))
            .unwrap();
        black_box(
            key.open_in_place(nonce(), Aad::empty(), sealed)
                .unwrap()
                .len(),
        );
    };
    seal(&mut text);
    match work {
        "request" => cpu_ns(n, || {
            open(&text);
            seal(&mut text);
        }),
        "seal" => cpu_ns(n, || seal(&mut text)),
        "open" | "read" => cpu_ns(n, || open(&text)),
        _ => None,
    }
}
