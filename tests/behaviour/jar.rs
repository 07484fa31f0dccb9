//! A browser's cookie jar, as far as one site needs it.

use cookie::Cookie;
use h3s::Session;

#[derive(Default)]
pub struct Jar(pub Vec<(String, String)>);

impl Jar {
    /// As one that would send this Cookie header.
    pub fn of(header: &str) -> Jar {
        let pairs = header.split("; ").filter_map(|pair| pair.split_once('='));
        Jar(pairs
            .map(|(name, value)| (name.into(), value.into()))
            .collect())
    }

    /// Takes the response's Set-Cookie values.
    pub fn take(&mut self, session: &mut Session) {
        for value in super::set_cookies(session) {
            let cookie = Cookie::parse(value).expect("a Set-Cookie value");
            self.0.retain(|(name, _)| name != cookie.name());
            if cookie.max_age().is_none_or(|age| age.is_positive()) {
                self.0.push((cookie.name().into(), cookie.value().into()));
            }
        }
    }

    /// The Cookie header of the next request.
    pub fn header(&self) -> String {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}
