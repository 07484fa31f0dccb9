//! Whether the time that a forged token takes says how much of its tag is right, by dudect's
//! method: the times of two kinds of forgery, in random order, are compared by Welch's t-test. The
//! suite `timing` judges the result.
//!
//! For each format there is a control as well: the same opening of the same forgery, followed by a
//! comparison of the tags that ends at the first difference. If the test does not notice that one,
//! it would not notice the other either.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use dudect_bencher::rand::{Rng, RngExt};
use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main};
use h3s::{Config, Rejection, Request};

const NOW: i64 = 1_800_000_000_000;

/// How a forgery's tag differs from the right one.
#[derive(Clone, Copy)]
enum Wrong {
    FirstByte,
    LastByte,
    Everywhere,
}

use Wrong::{Everywhere, FirstByte, LastByte};

fn h3s1_first_or_last_byte(runner: &mut CtRunner, rng: &mut BenchRng) {
    compare(
        &Token::h3s1(),
        [FirstByte, LastByte],
        runner,
        rng,
        Token::open,
    );
}

fn h3s1_last_byte_or_all(runner: &mut CtRunner, rng: &mut BenchRng) {
    compare(
        &Token::h3s1(),
        [LastByte, Everywhere],
        runner,
        rng,
        Token::open,
    );
}

fn h3s1_control(runner: &mut CtRunner, rng: &mut BenchRng) {
    compare(
        &Token::h3s1(),
        [FirstByte, LastByte],
        runner,
        rng,
        Token::open_and_leak,
    );
}

fn fe26_first_or_last_byte(runner: &mut CtRunner, rng: &mut BenchRng) {
    compare(
        &Token::fe26(),
        [FirstByte, LastByte],
        runner,
        rng,
        Token::open,
    );
}

fn fe26_last_byte_or_all(runner: &mut CtRunner, rng: &mut BenchRng) {
    compare(
        &Token::fe26(),
        [LastByte, Everywhere],
        runner,
        rng,
        Token::open,
    );
}

fn fe26_control(runner: &mut CtRunner, rng: &mut BenchRng) {
    compare(
        &Token::fe26(),
        [FirstByte, LastByte],
        runner,
        rng,
        Token::open_and_leak,
    );
}

ctbench_main!(
    h3s1_first_or_last_byte,
    h3s1_last_byte_or_all,
    h3s1_control,
    fe26_first_or_last_byte,
    fe26_last_byte_or_all,
    fe26_control
);

/// A config, and a token of it that ends with a tag.
struct Token {
    config: Config,
    text: Vec<u8>,
    /// What the last so many characters say, of which the last `tag` bytes are the tag.
    tail_chars: usize,
    tail: Vec<u8>,
    tag: usize,
}

impl Token {
    fn h3s1() -> Token {
        // What follows the key id, whole: nonce, ciphertext and tag.
        Token::of("h3s1", |text| text.rsplit('.').next().unwrap().len(), 16)
    }

    fn fe26() -> Token {
        Token::of("fe26.2", |_| 43, 32)
    }

    fn of(format: &str, tail_chars: impl Fn(&str) -> usize, tag: usize) -> Token {
        let config = Config::from_json(format!(
            r#"{{"password":"correct horse battery staple, and more of it","seal":{{"format":"{format}"}}}}"#
        ))
        .unwrap();
        let mut session = config.use_session(&Request::new("").at(NOW)).unwrap();
        session.set("user", "1").unwrap();
        let text = session.seal().unwrap().to_owned();
        // Its key is one that the config knows: no forgery takes a derivation.
        assert!(config.unseal(&Request::from_token(&text).at(NOW)).is_ok());
        let tail_chars = tail_chars(&text);
        let tail = BASE64.decode(&text[text.len() - tail_chars..]).unwrap();
        Token {
            config,
            text: text.into(),
            tail_chars,
            tail,
            tag,
        }
    }

    fn right_tag(&self) -> &[u8] {
        &self.tail[self.tail.len() - self.tag..]
    }

    fn forged_tag(&self, wrong: Wrong, rng: &mut BenchRng) -> Vec<u8> {
        let mut tag = self.right_tag().to_vec();
        let last = tag.len() - 1;
        match wrong {
            FirstByte => tag[0] ^= rng.random_range(1..=255),
            LastByte => tag[last] ^= rng.random_range(1..=255),
            Everywhere => tag
                .iter_mut()
                .for_each(|byte| *byte ^= rng.random_range(1..=255)),
        }
        tag
    }

    fn open(&self, forged: &[u8], _tag: &[u8]) -> bool {
        self.config
            .unseal(&Request::from_token(forged).at(NOW))
            .is_ok()
    }

    fn open_and_leak(&self, forged: &[u8], tag: &[u8]) -> bool {
        self.open(forged, tag) || ends_at_the_first_difference(tag, self.right_tag())
    }
}

/// What must not be done.
#[inline(never)]
fn ends_at_the_first_difference(a: &[u8], b: &[u8]) -> bool {
    for (a, b) in a.iter().zip(b) {
        if std::hint::black_box(a) != std::hint::black_box(b) {
            return false;
        }
    }
    true
}

/// Times so many forgeries of two kinds.
fn compare(
    token: &Token,
    kinds: [Wrong; 2],
    runner: &mut CtRunner,
    rng: &mut BenchRng,
    open: fn(&Token, &[u8], &[u8]) -> bool,
) {
    let samples = std::env::var("H3S_SAMPLES").map_or(20_000, |set| set.parse().unwrap());
    // All are made before any is timed, and each is timed in the same place of memory, so that
    // nothing but its tag tells it from another.
    let forgeries: Vec<(bool, Vec<u8>)> = (0..samples)
        .map(|_| {
            let left = rng.next_u32().is_multiple_of(2);
            (left, token.forged_tag(kinds[usize::from(!left)], rng))
        })
        .collect();
    let rejection = token
        .config
        .unseal(&Request::from_token(&forge(token, &forgeries[0].1)).at(NOW))
        .unwrap_err()
        .rejection();
    assert_eq!(rejection, Some(Rejection::BadSeal));

    let (mut text, mut tag) = (token.text.clone(), token.right_tag().to_vec());
    for (left, forged) in forgeries {
        text.copy_from_slice(&forge(token, &forged));
        tag.copy_from_slice(&forged);
        let class = if left { Class::Left } else { Class::Right };
        runner.run_one(class, || open(token, &text, &tag));
    }
}

/// The token with another tag.
fn forge(token: &Token, tag: &[u8]) -> Vec<u8> {
    let mut tail = token.tail.clone();
    let start = tail.len() - tag.len();
    tail[start..].copy_from_slice(tag);
    let mut text = token.text.clone();
    let start = text.len() - token.tail_chars;
    BASE64.encode_slice(&tail, &mut text[start..]).unwrap();
    text
}
