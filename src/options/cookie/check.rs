//! Reads the options under `cookie`, and refuses what browsers would.

use super::{CookieOptions, Priority, SameSite};
use crate::Error;
use crate::cookie::{MAX_AGE_LIMIT_SEC, MAX_CHUNKS, MAX_COOKIE_LEN};
use crate::limits::Limits;
use crate::options::json::{Reader, Value};
use crate::options::span::Span;

const MAX_AGE: Span = Span::new(1, MAX_AGE_LIMIT_SEC).of(" of seconds");
const CHUNK_LEN: Span = Span::new(1, MAX_COOKIE_LEN as i64);
const USUAL_CHUNK_LEN: usize = 4000;
const CHUNKS: Span = Span::new(1, MAX_CHUNKS as i64);
const WRONG_PATH: &str =
    "a path that starts with / and has no semicolon, control or non-ASCII characters";
const WRONG_DOMAIN: &str = "a domain name, e.g. \"example.com\"";

const READERS: &[Reader<CookieOptions>] = &[
    ("path", |cookie, value| {
        value.text(WRONG_PATH).map(|path| cookie.path = path)
    }),
    ("domain", |cookie, value| {
        value
            .text(WRONG_DOMAIN)
            .map(|domain| cookie.domain = Some(domain))
    }),
    ("secure", |cookie, value| {
        value.boolean().map(|secure| cookie.secure = secure)
    }),
    ("httpOnly", |cookie, value| {
        value
            .boolean()
            .map(|http_only| cookie.http_only = http_only)
    }),
    ("sameSite", |cookie, value| {
        same_site(value).map(|same_site| cookie.same_site = same_site)
    }),
    ("partitioned", |cookie, value| {
        value
            .boolean()
            .map(|partitioned| cookie.partitioned = partitioned)
    }),
    ("priority", |cookie, value| {
        value
            .one_of(Priority::WORDS)
            .map(|priority| cookie.priority = Some(priority))
    }),
    ("maxAge", |cookie, value| {
        value
            .seconds(&MAX_AGE)
            .map(|max_age| cookie.max_age = Some(max_age))
    }),
    ("chunkMaxLength", |cookie, value| {
        value
            .integer(&CHUNK_LEN)
            .map(|len| cookie.chunk_max_len = Some(len))
    }),
    ("maxChunks", |cookie, value| {
        value
            .integer(&CHUNKS)
            .map(|most| cookie.max_chunks = Some(most))
    }),
];

impl CookieOptions {
    /// None for `false`.
    pub(in crate::options) fn from_value(
        value: &Value<'_>,
    ) -> Result<Option<CookieOptions>, Error> {
        if value.is_false() {
            return Ok(None);
        }
        let mut cookie = CookieOptions::default();
        value.read_into(
            &mut cookie,
            READERS,
            "an object, or false for header sessions only",
        )?;
        Ok(Some(cookie))
    }

    /// Without what browsers take over HTTPS alone.
    pub(in crate::options) fn for_plain_http(self) -> CookieOptions {
        CookieOptions {
            secure: false,
            partitioned: false,
            same_site: match self.same_site {
                Some(SameSite::None) => Some(SameSite::Lax),
                other => other,
            },
            ..self
        }
    }

    /// Refuses what browsers refuse, and a lifetime by which the browser drops the cookie before a
    /// read may slide the session.
    pub(in crate::options) fn check(
        &self,
        name: &str,
        limits: &Limits,
        refresh: bool,
    ) -> Result<(), Error> {
        let starts_with = |prefix: &str| {
            name.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let is_http = starts_with("__Http-") || starts_with("__Host-Http-");
        let is_host = starts_with("__Host-");
        let is_prefixed = is_http || is_host || starts_with("__Secure-");
        let refused = |key: &'static str, message: &'static str| Err(Error::config(key, message));
        if !is_path(&self.path) {
            return refused("cookie.path", WRONG_PATH);
        }
        if self
            .domain
            .as_ref()
            .is_some_and(|domain| !is_domain(domain))
        {
            return refused("cookie.domain", WRONG_DOMAIN);
        }
        if self.same_site == Some(SameSite::None) && !self.secure {
            return refused(
                "cookie.sameSite",
                "\"none\" needs cookie.secure: browsers refuse SameSite=None without Secure",
            );
        }
        if self.partitioned && !self.secure {
            return refused(
                "cookie.partitioned",
                "true needs cookie.secure: browsers refuse Partitioned without Secure",
            );
        }
        if is_prefixed && !self.secure {
            return refused(
                "cookie.secure",
                "a name with the prefix __Host-, __Secure- or __Http- needs cookie.secure",
            );
        }
        if is_http && !self.http_only {
            return refused(
                "cookie.httpOnly",
                "a name with the prefix __Http- or __Host-Http- needs cookie.httpOnly",
            );
        }
        if is_host && (self.domain.is_some() || self.path != "/") {
            let key = match self.domain {
                Some(_) => "cookie.domain",
                None => "cookie.path",
            };
            return refused(
                key,
                "a name with the prefix __Host- allows no cookie.domain, and no cookie.path but \
                 \"/\"",
            );
        }
        if let Some(max_chunks) = self.max_chunks {
            CHUNKS.check("cookie.maxChunks", max_chunks)?;
        }
        self.check_len(name)?;
        let slides_after = limits.idle_timeout.filter(|_| refresh).map(|idle| idle / 2);
        match (self.max_age_sec()?, slides_after) {
            (Some(max_age), Some(slides_after)) if max_age * 1000 <= slides_after => refused(
                "cookie.maxAge",
                "the cookie ends before a read may slide the session, which takes more than half \
                 of idleTimeout: make it longer, or remove it",
            ),
            _ => Ok(()),
        }
    }

    fn check_len(&self, name: &str) -> Result<(), Error> {
        CHUNK_LEN.check("cookie.chunkMaxLength", self.chunk_len())?;
        let most = MAX_COOKIE_LEN.saturating_sub(name.len() + ".100".len());
        if self.chunk_len() <= most {
            return Ok(());
        }
        let key = match most {
            0 => "name",
            _ => "cookie.chunkMaxLength",
        };
        Err(Error::config(
            key,
            format!(
                "browsers keep no cookie over 4096 bytes: with this name, chunkMaxLength is at \
                 most {most}"
            ),
        ))
    }

    pub(in crate::options) fn max_age_sec(&self) -> Result<Option<i64>, Error> {
        let seconds = |age| MAX_AGE.check_seconds("cookie.maxAge", age);
        self.max_age.map(seconds).transpose()
    }

    pub(in crate::options) fn has_max_age(&self) -> bool {
        self.max_age.is_some()
    }

    pub(in crate::options) fn chunk_len(&self) -> usize {
        self.chunk_max_len.unwrap_or(USUAL_CHUNK_LEN)
    }

    pub(in crate::options) fn has_chunk_len(&self) -> bool {
        self.chunk_max_len.is_some()
    }

    pub(in crate::options) fn chunks(&self) -> Option<usize> {
        self.max_chunks
    }

    /// The attributes that are the same in every Set-Cookie.
    pub(in crate::options) fn fixed(&self) -> String {
        let mut out = String::new();
        if let Some(domain) = &self.domain {
            out += "; Domain=";
            out += domain;
        }
        out += "; Path=";
        out += &self.path;
        for (is_on, attribute) in [
            (self.http_only, "; HttpOnly"),
            (self.secure, "; Secure"),
            (self.partitioned, "; Partitioned"),
        ] {
            if is_on {
                out += attribute;
            }
        }
        for (attribute, value) in [
            ("; Priority=", self.priority.map(Priority::name)),
            ("; SameSite=", self.same_site.map(SameSite::name)),
        ] {
            if let Some(value) = value {
                out += attribute;
                out += value;
            }
        }
        out
    }
}

fn same_site(value: &Value<'_>) -> Result<Option<SameSite>, Error> {
    if value.is_true() || value.is_false() {
        return Ok(value.is_true().then_some(SameSite::Strict));
    }
    value.one_of(SameSite::WORDS).map(Some)
}

fn is_path(path: &str) -> bool {
    let is_allowed = |byte: u8| matches!(byte, 0x20..0x7F) && byte != b';';
    path.starts_with('/') && path.len() <= 1024 && path.bytes().all(is_allowed)
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.len() <= 253
        && domain
            .strip_prefix('.')
            .unwrap_or(domain)
            .split('.')
            .all(is_label)
}
