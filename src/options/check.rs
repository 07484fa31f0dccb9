//! Reads the options from JSON, and checks them: what a config is made of comes out.

use std::time::{Duration, UNIX_EPOCH};

use super::Options;
use super::cookie::CookieOptions;
use super::json::{Reader, Value};
use super::password::Passwords;
use super::revocation::{Revocation, RevocationOptions};
use super::seal::SealOptions;
use super::span::Span;
use crate::Error;
use crate::clock::LONGEST_LIFETIME_SEC;
use crate::cookie::{self, Attributes};
use crate::keyring::Password;
use crate::limits::Limits;
use crate::replica::Scope;
use crate::seal::{ChunkNames, Format, Formats, SEEN_LEN};

const LIFETIME: Span = Span {
    advice: "; leave it out for no limit",
    ..Span::new(1, LONGEST_LIFETIME_SEC as i64).of(" of seconds")
};
const MOMENT: Span = Span::new(0, 1 << 48).of(" of milliseconds since 1970");
const TOKEN_LEN: Span = Span::new(128, 1 << 24);
const ONLY_READ: &str = "sessions are only read in the formats that are accepted, so no cookie is \
     set by it: remove this option, or set seal.format to one that seals";
const WRONG_HEADER: &str = "the name of a request header, or false to turn it off";

/// Checked options.
pub(crate) struct Checked {
    pub(crate) formats: Formats,
    pub(crate) migrate: bool,
    pub(crate) limits: Limits,
    pub(crate) refresh: bool,
    pub(crate) max_token_len: usize,
    /// In lower case; empty when off.
    pub(crate) header_name: String,
    /// How cookies are set, if they are.
    pub(crate) attributes: Attributes,
    pub(crate) cookies: bool,
    /// There if sessions can be revoked.
    pub(crate) revocation: Option<Revocation>,
}

const READERS: &[Reader<Options>] = &[
    ("password", |options, value| {
        Passwords::from_value(value).map(|password| options.password = password)
    }),
    ("name", |options, value| {
        value.text("a cookie name").map(|name| options.name = name)
    }),
    ("maxAge", |options, value| {
        value
            .seconds(&LIFETIME)
            .map(|age| options.max_age = Some(age))
    }),
    ("idleTimeout", |options, value| {
        value
            .seconds(&LIFETIME)
            .map(|time| options.idle_timeout = Some(time))
    }),
    ("notBefore", |options, value| {
        let since = value.milliseconds(&MOMENT)?;
        options.not_before = UNIX_EPOCH.checked_add(since);
        Ok(())
    }),
    ("refresh", |options, value| {
        value
            .boolean()
            .map(|refresh| options.refresh = Some(refresh))
    }),
    ("maxTokenLength", |options, value| {
        value
            .integer(&TOKEN_LEN)
            .map(|len| options.max_token_len = len)
    }),
    ("sessionHeader", |options, value| {
        let name = match value.is_false() {
            true => None,
            false => Some(value.text(WRONG_HEADER)?),
        };
        options.session_header = Some(name);
        Ok(())
    }),
    ("cookie", |options, value| {
        CookieOptions::from_value(value).map(|cookie| options.cookie = cookie)
    }),
    ("seal", |options, value| {
        SealOptions::from_value(value).map(|seal| options.seal = seal)
    }),
    ("legacySealFallback", |options, value| {
        value
            .boolean()
            .map(|opens| options.legacy_seal_fallback = Some(opens))
    }),
    ("revocation", |options, value| {
        RevocationOptions::from_value(value).map(|revocation| options.revocation = revocation)
    }),
    ("development", |options, value| {
        value.boolean().map(|is_so| options.development = is_so)
    }),
];

impl Options {
    /// Reads the options from the JSON that h3 and services in other languages read as well. It is
    /// checked as [`Config::new`](crate::Config::new) does, but that it needs no password, so that
    /// a file need hold no secret: set it then.
    ///
    /// ```
    /// let password = "correct horse battery staple, and more of it"; // from the environment, say
    /// let options = h3s::Options::from_json(r#"{"name": "app", "maxAge": 604800}"#)?;
    /// let config = h3s::Config::new(options.password(password))?;
    /// assert_eq!(config.cookie_name(), "app");
    ///
    /// let error = h3s::Options::from_json(r#"{"maxAge": "a week"}"#).unwrap_err();
    /// assert_eq!((error.key(), error.offset()), (Some("maxAge"), Some(11)));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): [`Error::key`] names the option, and
    /// [`Error::offset`] says at which byte it is.
    pub fn from_json(text: impl AsRef<[u8]>) -> Result<Options, Error> {
        let root = Value::root(text.as_ref())?;
        let mut options = Options::default();
        root.read_into(&mut options, READERS, "the options are one JSON object")?;
        options.check().map_err(|error| root.locate(error))?;
        Ok(options)
    }

    /// Refuses what cannot be, alone or together. That there is no password is right.
    pub(crate) fn check(&self) -> Result<Checked, Error> {
        let seal = self.seal.check(self.legacy_seal_fallback)?;
        self.password.check(self.seal.min_password_units())?;
        if self.seal.wants_numbers() {
            self.password.check_ids_are_numbers()?;
        }
        check_name(&self.name, seal.formats.chunk_names())?;
        let limits = self.limits()?;
        let refresh = self.refresh.unwrap_or(true);
        let name = self.cookie_name();
        let header_name = self.header_name(name)?;
        let max_token_len = TOKEN_LEN.check("maxTokenLength", self.max_token_len)?;
        let mut cookie = self.cookie.clone().unwrap_or_default();
        if self.cookie.is_some() {
            cookie.check(&self.name, &limits, refresh)?;
        }
        if self.development {
            // Checked before as well: what works in development must not fail in production.
            cookie = cookie.for_plain_http();
            if self.cookie.is_some() {
                cookie.check(name, &limits, refresh)?;
            }
        }
        self.seal.check_limits(&limits, refresh)?;
        self.check_effects()?;
        let max_chunks = cookie.chunks();
        if max_chunks.is_some_and(|chunks| chunks > seal.chunks.most) {
            return Err(Error::config(
                "cookie.maxChunks",
                format!(
                    "the format that seals is read in at most {} cookies",
                    seal.chunks.most
                ),
            ));
        }
        let attributes = Attributes {
            fixed: cookie.fixed(),
            max_age: cookie.max_age_sec()?,
            chunk_max_len: cookie.chunk_len(),
            max_chunks: max_chunks.unwrap_or(seal.chunks.usual),
            seen_len: match limits.idle_timeout {
                Some(_) if seal.formats.h3s1 => SEEN_LEN,
                _ => 0,
            },
            // Whoever names a number has seen to the servers.
            fits_servers: max_chunks.is_none() && seal.formats.seals == Format::H3s1,
            chunks: seal.formats.chunk_names(),
            counts_chunks: seal.formats.seals.counts_chunks(),
            name: name.to_owned(),
        };
        let revocation = self.revocation.as_ref();
        let revocation = revocation
            .map(|options| options.check(&limits, Scope::of(name)))
            .transpose()?;
        if let Some(revocation) = &revocation
            && !seal.formats.keep_ids()
        {
            revocation.check_has_subject()?;
        }
        Ok(Checked {
            formats: seal.formats,
            migrate: self.seal.migrates(),
            limits,
            refresh,
            max_token_len: usize::try_from(max_token_len).map_err(|_| Error::internal())?,
            header_name,
            attributes,
            cookies: self.cookie.is_some(),
            revocation,
        })
    }

    /// Refuses what would be without effect with the formats that are accepted.
    fn check_effects(&self) -> Result<(), Error> {
        let (effects, cookie) = (self.seal.effects(), self.cookie.as_ref());
        let is_given = |is_one: fn(&CookieOptions) -> bool| cookie.is_some_and(is_one);
        for (key, is_given, has_effect, message) in [
            (
                "refresh",
                self.refresh.is_some(),
                effects.renews,
                "no read seals a session again in the formats that are accepted: remove this option",
            ),
            (
                "cookie.maxAge",
                is_given(CookieOptions::has_max_age),
                effects.seals,
                ONLY_READ,
            ),
            (
                "cookie.chunkMaxLength",
                is_given(CookieOptions::has_chunk_len),
                effects.seals,
                ONLY_READ,
            ),
            (
                "cookie.maxChunks",
                is_given(|cookie| cookie.chunks().is_some()),
                effects.splits,
                ONLY_READ,
            ),
        ] {
            if is_given && !has_effect {
                return Err(Error::config(key, message));
            }
        }
        Ok(())
    }

    /// The passwords by id, the one that seals first; nothing stands for the id of a plain one.
    pub(crate) fn into_passwords(self) -> Result<Vec<(String, Password)>, Error> {
        self.password.into_list()
    }

    /// The passwords' ids in the same order. Where there is no password, one without an id.
    pub(crate) fn password_ids(&self) -> Vec<String> {
        self.password.ids()
    }

    fn limits(&self) -> Result<Limits, Error> {
        let lifetime = |key, time: Option<Duration>| {
            let seconds = time
                .map(|time| LIFETIME.check_seconds(key, time))
                .transpose()?;
            Ok::<_, Error>(seconds.map(|seconds| seconds * 1000))
        };
        let not_before = self.not_before.map(|moment| {
            let since = moment.duration_since(UNIX_EPOCH);
            MOMENT.check(
                "notBefore",
                since.map_or(u128::MAX, |since| since.as_millis()),
            )
        });
        Ok(Limits {
            max_age: lifetime("maxAge", self.max_age)?,
            idle_timeout: lifetime("idleTimeout", self.idle_timeout)?,
            not_before: not_before.transpose()?,
            token_life: self.seal.token_life()?,
        })
    }

    /// In development without the prefixes, since over plain HTTP browsers keep no cookie that has
    /// one. All of them: behind the first, which is all that browsers look for, may stand another.
    fn cookie_name(&self) -> &str {
        const PREFIXES: [&str; 4] = ["__Host-Http-", "__Host-", "__Secure-", "__Http-"];

        fn rest_of(name: &str) -> Option<&str> {
            PREFIXES.iter().find_map(|prefix| {
                let (start, rest) = name.split_at_checked(prefix.len())?;
                (start.eq_ignore_ascii_case(prefix) && !rest.is_empty()).then_some(rest)
            })
        }
        let mut name = self.name.as_str();
        if self.development {
            while let Some(rest) = rest_of(name) {
                name = rest;
            }
        }
        name
    }

    /// In lower case; empty when off.
    fn header_name(&self, cookie_name: &str) -> Result<String, Error> {
        match &self.session_header {
            None => Ok(format!("x-{}-session", cookie_name.to_ascii_lowercase())),
            Some(None) => Ok(String::new()),
            Some(Some(name)) if !is_token(name) || name.eq_ignore_ascii_case("cookie") => {
                Err(Error::config("sessionHeader", WRONG_HEADER))
            }
            Some(Some(name)) => Ok(name.to_ascii_lowercase()),
        }
    }
}

fn check_name(name: &str, chunks: ChunkNames) -> Result<(), Error> {
    if !is_token(name) {
        return Err(Error::config(
            "name",
            "a cookie name is one or more of A-Z a-z 0-9 ! # $ % & ' * + - . ^ _ ` | ~",
        ));
    }
    // Else a session of the shorter name would take this one's cookie for its chunk.
    if cookie::is_of_shorter_name(name, chunks) {
        let ends = match chunks {
            ChunkNames::FromOne => ".1 to .100",
            ChunkNames::FromZero => ".0 to .100",
            ChunkNames::Auth0 => ".0 to .100, __0 to __26",
        };
        return Err(Error::config(
            "name",
            format!(
                "a name that ends in {ends} or .seen is that of another session's cookie: choose \
                 one without"
            ),
        ));
    }
    Ok(())
}

/// A token of RFC 9110, which names of cookies and headers are.
fn is_token(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}
