//! What the design promises of sessions, one sentence a test, with fixed clocks.

mod authjs;
mod cookies;
mod counts;
mod fe26;
mod format_options;
mod iron_session;
mod jar;
mod lifetimes;
mod opening;
mod options;
mod own_lifetime;
mod revocation;
mod revocation_file;
mod sliding;
mod typed_options;
mod types;
mod values;
mod writing;

use h3s::{Config, Request, Session};

/// Some time in 2027, in milliseconds.
pub const NOW: i64 = 1_800_000_000_000;
pub const SECOND: i64 = 1000;
pub const PASSWORD: &str = "correct horse battery staple, and more of it";

/// A config with the usual password and some more options, written as the inside of a JSON object.
pub fn config(more: &str) -> Config {
    let separator = if more.is_empty() { "" } else { "," };
    let options = format!(r#"{{"password":"{PASSWORD}"{separator}{more}}}"#);
    Config::from_json(options).expect("the options are right")
}

pub fn request<'a>(cookie: &'a str, header: &'a str, now_ms: i64) -> Request<'a> {
    Request::new(cookie).header(header).at(now_ms)
}

pub fn use_at(config: &Config, cookie: &str, now_ms: i64) -> Session {
    config
        .use_session(&request(cookie, "", now_ms))
        .expect("use")
}

pub fn get_at(config: &Config, cookie: &str, now_ms: i64) -> Session {
    config
        .get_session(&request(cookie, "", now_ms))
        .expect("get")
}

pub fn set_cookies(session: &mut Session) -> Vec<String> {
    let cookies = session.set_cookies().expect("set_cookies");
    cookies.iter().map(str::to_owned).collect()
}

/// The Cookie header of a session that was made at a time, with data.
pub fn sealed_at(config: &Config, data: &str, now_ms: i64) -> String {
    let mut session = use_at(config, "", now_ms);
    session.replace(data).expect("replace");
    let mut jar = jar::Jar::default();
    jar.take(&mut session);
    jar.header()
}

/// The bare token of a session that was made at a time.
pub fn token_at(config: &Config, data: &str, now_ms: i64) -> String {
    let mut session = use_at(config, "", now_ms);
    session.replace(data).expect("replace");
    session.seal().expect("seal").to_owned()
}
