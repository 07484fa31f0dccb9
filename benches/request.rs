//! A whole request and its steps, in Rust. `benches/limit.c` measures the same through the C ABI beside bare cryptography.
//!
//! Here each nonce is a system call of some 350 ns; the C ABI buffers random bytes, since it notices forks.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use h3s::{Config, Request};

const OPTIONS: &str = r#"{"password":"a benchmark's password, of no use to anybody else"}"#;
const NOW: i64 = 1_800_000_000_000;

/// A session's data of about so many bytes: a count, a user, and a list of strings.
fn data(len: usize) -> String {
    let mut data =
        r#"{"count":1,"user":{"id":4211,"name":"Ada Lovelace"},"roles":["reader""#.to_owned();
    while data.len() + 24 < len {
        data += &format!(",\"item-{:04}-abcdef\"", data.len());
    }
    data + "]}"
}

/// A Cookie header with the session among three other cookies, and the bare token.
fn header(config: &Config, data: &str) -> (String, String) {
    let mut session = config.use_session(&request(b"")).unwrap();
    session.replace(data).unwrap();
    let token = session.seal().unwrap().to_owned();
    let cookies = session.set_cookies().unwrap();
    let pairs: Vec<&str> = cookies
        .iter()
        .filter_map(|cookie| cookie.split(';').next())
        .collect();
    let header = format!(
        "theme=dark; _ga=GA1.1.1234567890.1700000000; {}; lang=en",
        pairs.join("; ")
    );
    assert_eq!(
        config
            .use_session(&request(header.as_bytes()))
            .unwrap()
            .data(),
        data
    );
    (header, token)
}

fn request(cookie: &[u8]) -> Request<'_> {
    Request {
        cookie,
        header: b"",
        peer: b"",
        warm_only: false,
        now_ms: NOW,
    }
}

fn sessions(c: &mut Criterion) {
    let config = Config::from_json(OPTIONS).unwrap();
    for len in [200, 1024, 3072] {
        let data = data(len);
        let (header, token) = header(&config, &data);
        let from = request(header.as_bytes());
        let mut group = c.benchmark_group("sessions");
        group.throughput(Throughput::Bytes(data.len() as u64));
        group.bench_function(BenchmarkId::new("R: open, set, cookie", len), |b| {
            b.iter(|| {
                let mut session = config.use_session(&from).unwrap();
                session.set("count", "2").unwrap();
                black_box(session.set_cookies().unwrap().len())
            })
        });
        group.bench_function(BenchmarkId::new("O: open", len), |b| {
            b.iter(|| black_box(config.use_session(&from).unwrap()))
        });
        group.bench_function(BenchmarkId::new("unseal", len), |b| {
            b.iter(|| black_box(config.unseal(&token, NOW).unwrap()))
        });
        let mut opened = config.use_session(&from).unwrap();
        group.bench_function(BenchmarkId::new("set", len), |b| {
            b.iter(|| opened.set("count", "2").unwrap())
        });
        group.bench_function(BenchmarkId::new("set and seal", len), |b| {
            b.iter(|| {
                opened.set("count", "2").unwrap();
                black_box(opened.seal().unwrap().len())
            })
        });
        group.bench_function(BenchmarkId::new("find", len), |b| {
            b.iter(|| black_box(opened.find("/user/name")))
        });
        let mut forged = token.clone().into_bytes();
        let middle = forged.len() / 2;
        forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
        group.bench_function(BenchmarkId::new("a forged token", len), |b| {
            b.iter(|| black_box(config.unseal(&forged, NOW).is_err()))
        });
        group.finish();
    }
    c.bench_function("no cookie at all: get", |b| {
        b.iter(|| {
            black_box(
                config
                    .get_session(&request(b"theme=dark; lang=en"))
                    .unwrap(),
            )
        })
    });
    c.bench_function("config", |b| b.iter(|| Config::from_json(OPTIONS).unwrap()));
}

criterion_group!(benches, sessions);
criterion_main!(benches);
