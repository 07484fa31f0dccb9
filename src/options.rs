//! The options: one JSON object with h3's own names, checked as a whole before anything is made of it.
//!
//! Every error names the option and says what is allowed. None quotes a value, which might be a password in the wrong place.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::clock::LONGEST_LIFETIME_SEC;
use crate::cookie::{self, Attributes, MAX_AGE_LIMIT_SEC, MAX_CHUNKS, MAX_COOKIE_LEN};
use crate::json::{self, Unescaped};
use crate::keyring::Password;
use crate::limits::Limits;
use crate::seal::{Format, Iterations, fe26};
use crate::{Error, ErrorKind};

/// Checked options. The passwords are wiped when they are dropped.
pub(crate) struct Options {
    pub(crate) passwords: Vec<(String, Password)>,
    /// What seals.
    pub(crate) format: Format,
    pub(crate) accepts_h3s1: bool,
    /// There if Fe26.2 is accepted.
    pub(crate) fe26: Option<fe26::Options>,
    pub(crate) migrate: bool,
    pub(crate) limits: Limits,
    pub(crate) refresh: bool,
    pub(crate) max_token_len: usize,
    /// In lower case; empty when off.
    pub(crate) header_name: String,
    /// How cookies are set, if they are.
    pub(crate) attributes: Attributes,
    pub(crate) cookies: bool,
}

const KEYS: [&str; 11] = [
    "password",
    "name",
    "maxAge",
    "idleTimeout",
    "notBefore",
    "refresh",
    "maxTokenLength",
    "sessionHeader",
    "cookie",
    "seal",
    "legacySealFallback",
];
const COOKIE_KEYS: [&str; 10] = [
    "path",
    "domain",
    "secure",
    "httpOnly",
    "sameSite",
    "partitioned",
    "priority",
    "maxAge",
    "chunkMaxLength",
    "maxChunks",
];
const SEAL_KEYS: [&str; 9] = [
    "format",
    "accept",
    "migrate",
    "iterations",
    "ttl",
    "timestampSkewSec",
    "localtimeOffsetMsec",
    "encryption",
    "integrity",
];

const MAX_TTL_MS: i64 = LONGEST_LIFETIME_SEC as i64 * 1000;
const MAX_SKEW_SEC: i64 = 365 * 86_400;
const MAX_OFFSET_MS: i64 = 10 * 365 * 86_400 * 1000;
/// Salts are hexadecimal, and have at most 128 digits.
const MAX_SALT_BITS: i64 = 512;
const MAX_ITERATIONS: i64 = 10_000_000;
const MAX_KEY_ID_LEN: usize = 32;
/// More than any option's text but a password needs, however it is spelt; more than any list of words needs; and as much as is shown of
/// what is not known. So nothing is copied but what is small.
const MAX_TEXT_LEN: usize = 8 * MAX_COOKIE_LEN;
const MAX_ELEMENTS: usize = 16;
const MAX_SHOWN_LEN: usize = 256;
const FE26_ONLY: &str = "this option is for the formats \"h3-1\" and \"h3-2\": set seal.format to one, list it in seal.accept, or remove this option";
const FORMATS: &str =
    "\"h3s1\", \"h3-1\" (h3 1, Nuxt, Nitro 2) or \"h3-2\" (h3 2; also \"fe26.2\")";
/// What seals and opens at h3 1.x, iron-session and @hapi/iron: no slow step at all.
const H3_1_ITERATIONS: u32 = 1;
const H3_2_ITERATIONS: u32 = 8192;
/// How many cookies a write may make where the options do not say: some; what h3 1 can read; and,
/// for h3 2, as many as there.
const MAX_CHUNKS_H3S1: usize = 3;
const MAX_CHUNKS_H3_1: usize = 1;

impl Options {
    pub(crate) fn from_json(text: &[u8]) -> Result<Options, Error> {
        json::check(text, json::MAX_DEPTH).map_err(|error| {
            if error.kind() == ErrorKind::Memory {
                return error;
            }
            let not_json =
                Error::config("", format!("the options are not JSON: {}", error.message()));
            error
                .offset()
                .map_or(not_json.clone(), |offset| not_json.at(offset))
        })?;
        let mut options = Draft::default();
        let members = Value::root(text).members(&KEYS, "the options are one JSON object")?;
        for (key, value) in &members {
            match &**key {
                "seal" => options.seal = SealDraft::from_value(value)?,
                "legacySealFallback" => options.legacy = Some((value.boolean()?, value)),
                _ => {}
            }
        }
        let min_units = options.seal.min_password_units();
        for (key, value) in &members {
            match &**key {
                "password" => options.passwords = passwords(value, min_units)?,
                "name" => options.name = Some((value.text("a cookie name")?.into_owned(), value)),
                "maxAge" => options.limits.max_age = Some(value.seconds()?),
                "idleTimeout" => options.limits.idle_timeout = Some(value.seconds()?),
                "notBefore" => options.limits.not_before = Some(value.integer(0, 1 << 48)?),
                "refresh" => options.refresh = value.boolean()?,
                "maxTokenLength" => options.max_token_len = value.integer(128, 1 << 24)? as usize,
                "sessionHeader" => options.header = Some(session_header(value)?),
                "cookie" => options.cookie = Cookie::from_value(value)?,
                _ => {}
            }
        }
        options.finish()
    }
}

/// The options as they stand, before what depends on several of them is checked.
struct Draft<'a> {
    passwords: Vec<(String, Password)>,
    name: Option<(String, &'a Value<'a>)>,
    seal: SealDraft<'a>,
    legacy: Option<(bool, &'a Value<'a>)>,
    limits: Limits,
    refresh: bool,
    max_token_len: usize,
    header: Option<String>,
    cookie: Option<Cookie>,
}

impl Default for Draft<'_> {
    fn default() -> Self {
        Draft {
            passwords: Vec::new(),
            name: None,
            seal: SealDraft::default(),
            legacy: None,
            limits: Limits::default(),
            refresh: true,
            max_token_len: 16_384,
            header: None,
            cookie: Some(Cookie::default()),
        }
    }
}

impl Draft<'_> {
    fn finish(self) -> Result<Options, Error> {
        if self.passwords.is_empty() {
            return Err(Error::config(
                "password",
                "a password of at least 32 characters is required",
            ));
        }
        let seal = self.seal.finish(self.legacy)?;
        let name = match &self.name {
            Some((name, value)) if !is_token(name) => {
                return Err(value.error(
                    "a cookie name is one or more of A-Z a-z 0-9 ! # $ % & ' * + - . ^ _ ` | ~",
                ));
            }
            Some((name, value)) if is_chunk_of_another(name) => {
                return Err(value.error(
                    "a name that ends in .1 to .100 is that of another session's chunk: choose one without",
                ));
            }
            Some((name, _)) => name.clone(),
            None => "h3".to_owned(),
        };
        let header_name = self
            .header
            .unwrap_or_else(|| format!("x-{}-session", name.to_ascii_lowercase()));
        let cookies = self.cookie.is_some();
        let cookie = self.cookie.unwrap_or_default();
        if cookies {
            cookie.check(&name)?;
            cookie.check_outlives(&self.limits, self.refresh)?;
        }
        check_ttl_outlives(&seal, &self.limits, self.refresh)?;
        let attributes = Attributes {
            fixed: cookie.fixed(),
            max_age: cookie.max_age,
            chunk_max_len: cookie.chunk_max_len,
            max_chunks: cookie.max_chunks.unwrap_or(seal.max_chunks),
            // Whoever names a number has seen to the servers.
            fits_servers: cookie.max_chunks.is_none() && seal.format == Format::H3s1,
            name,
        };
        Ok(Options {
            passwords: self.passwords,
            format: seal.format,
            accepts_h3s1: seal.accepts_h3s1,
            fe26: seal.fe26,
            migrate: seal.migrate,
            limits: self.limits,
            refresh: self.refresh,
            max_token_len: self.max_token_len,
            header_name,
            attributes,
            cookies,
        })
    }
}

/// Refuses a `ttl` by which a token ends before a read may slide its session.
fn check_ttl_outlives(seal: &Seal, limits: &Limits, refresh: bool) -> Result<(), Error> {
    let ttl = seal.fe26.as_ref().and_then(|fe26| fe26.ttl_ms);
    match (ttl.filter(|ttl| *ttl > 0), limits.idle_timeout) {
        (Some(ttl), Some(idle)) if refresh && ttl <= idle / 2 => Err(Error::config(
            "seal.ttl",
            "the token ends before a read may slide the session, which takes more than half of idleTimeout: make it longer, or remove it",
        )),
        _ => Ok(()),
    }
}

/// The options under `cookie`.
struct Cookie {
    path: String,
    domain: Option<String>,
    secure: bool,
    http_only: bool,
    same_site: Option<&'static str>,
    partitioned: bool,
    priority: Option<&'static str>,
    max_age: Option<i64>,
    chunk_max_len: usize,
    max_chunks: Option<usize>,
}

impl Default for Cookie {
    fn default() -> Cookie {
        Cookie {
            path: "/".into(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: Some("Lax"),
            partitioned: false,
            priority: None,
            max_age: None,
            chunk_max_len: 4000,
            max_chunks: None,
        }
    }
}

impl Cookie {
    /// None for `false`.
    fn from_value(value: &Value<'_>) -> Result<Option<Cookie>, Error> {
        if value.json == b"false" {
            return Ok(None);
        }
        let mut cookie = Cookie::default();
        for (key, value) in
            value.members(&COOKIE_KEYS, "an object, or false for header sessions only")?
        {
            match &*key {
                "path" => cookie.path = path(&value)?,
                "domain" => cookie.domain = Some(domain(&value)?),
                "secure" => cookie.secure = value.boolean()?,
                "httpOnly" => cookie.http_only = value.boolean()?,
                "sameSite" => cookie.same_site = same_site(&value)?,
                "partitioned" => cookie.partitioned = value.boolean()?,
                "priority" => cookie.priority = Some(value.one_of(&["Low", "Medium", "High"])?),
                "maxAge" => cookie.max_age = Some(value.integer(1, MAX_AGE_LIMIT_SEC)?),
                "chunkMaxLength" => {
                    cookie.chunk_max_len = value.integer(1, MAX_COOKIE_LEN as i64)? as usize
                }
                "maxChunks" => {
                    cookie.max_chunks = Some(value.integer(1, MAX_CHUNKS as i64)? as usize)
                }
                _ => return Err(Error::internal()),
            }
        }
        Ok(Some(cookie))
    }

    /// Refuses what browsers refuse.
    fn check(&self, name: &str) -> Result<(), Error> {
        let starts_with = |prefix: &str| {
            name.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let refused = |key: &'static str, message: &'static str| Err(Error::config(key, message));
        if self.same_site == Some("None") && !self.secure {
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
        let http_only = starts_with("__Http-") || starts_with("__Host-Http-");
        if (http_only || starts_with("__Host-") || starts_with("__Secure-")) && !self.secure {
            return refused(
                "cookie.secure",
                "a name with the prefix __Host-, __Secure- or __Http- needs cookie.secure",
            );
        }
        if http_only && !self.http_only {
            return refused(
                "cookie.httpOnly",
                "a name with the prefix __Http- or __Host-Http- needs cookie.httpOnly",
            );
        }
        if starts_with("__Host-") && (self.domain.is_some() || self.path != "/") {
            let key = if self.domain.is_some() {
                "cookie.domain"
            } else {
                "cookie.path"
            };
            return refused(
                key,
                "a name with the prefix __Host- allows no cookie.domain, and no cookie.path but \"/\"",
            );
        }
        if name.len() + ".100".len() + self.chunk_max_len > MAX_COOKIE_LEN {
            let most = MAX_COOKIE_LEN.saturating_sub(name.len() + ".100".len());
            return Err(Error::config(
                if most == 0 {
                    "name"
                } else {
                    "cookie.chunkMaxLength"
                },
                format!(
                    "browsers keep no cookie over 4096 bytes: with this name, chunkMaxLength is at most {most}"
                ),
            ));
        }
        Ok(())
    }

    /// Refuses a Max-Age by which the browser drops the cookie before a read may slide the session.
    fn check_outlives(&self, limits: &Limits, refresh: bool) -> Result<(), Error> {
        match (self.max_age, limits.idle_timeout) {
            (Some(max_age), Some(idle)) if refresh && max_age * 1000 <= idle / 2 => {
                Err(Error::config(
                    "cookie.maxAge",
                    "the cookie ends before a read may slide the session, which takes more than half of idleTimeout: make it longer, or remove it",
                ))
            }
            _ => Ok(()),
        }
    }

    /// The attributes that are the same in every Set-Cookie.
    fn fixed(&self) -> String {
        let mut out = String::new();
        if let Some(domain) = &self.domain {
            out += "; Domain=";
            out += domain;
        }
        out += "; Path=";
        out += &self.path;
        for (on, attribute) in [
            (self.http_only, "; HttpOnly"),
            (self.secure, "; Secure"),
            (self.partitioned, "; Partitioned"),
        ] {
            if on {
                out += attribute;
            }
        }
        for (attribute, value) in [
            ("; Priority=", self.priority),
            ("; SameSite=", self.same_site),
        ] {
            if let Some(value) = value {
                out += attribute;
                out += value;
            }
        }
        out
    }
}

/// The options under `seal`, with `legacySealFallback`.
struct Seal {
    format: Format,
    accepts_h3s1: bool,
    /// There if Fe26.2 is accepted.
    fe26: Option<fe26::Options>,
    migrate: bool,
    /// How many cookies a write may make, unless the options say.
    max_chunks: usize,
}

/// The options under `seal` as they stand.
struct SealDraft<'a> {
    format: FormatName,
    accept: Option<(Vec<FormatName>, Value<'a>)>,
    migrate: bool,
    iterations: Option<(u32, Value<'a>)>,
    encryption: Option<fe26::Derivation>,
    integrity: Option<fe26::Derivation>,
    /// The rest of Fe26.2's.
    fe26: fe26::Options,
    /// Some option that only Fe26.2 has.
    fe26_only: Option<Value<'a>>,
}

/// The formats by the names that the options have for them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FormatName {
    H3s1,
    /// Fe26.2 as h3 1 has it.
    H3v1,
    /// Fe26.2 as h3 2 has it.
    H3v2,
}

impl Default for SealDraft<'_> {
    fn default() -> Self {
        SealDraft {
            format: FormatName::H3s1,
            accept: None,
            migrate: false,
            iterations: None,
            encryption: None,
            integrity: None,
            fe26: fe26::Options::default(),
            fe26_only: None,
        }
    }
}

impl<'a> SealDraft<'a> {
    fn from_value(value: &Value<'a>) -> Result<Self, Error> {
        let mut seal = SealDraft::default();
        if value.is_string() {
            seal.format = format(value)?;
            return Ok(seal);
        }
        for (key, value) in value.members(&SEAL_KEYS, "the name of a format, or an object")? {
            let fe26 = &mut seal.fe26;
            match &*key {
                "format" => seal.format = format(&value)?,
                "accept" => {
                    seal.accept = Some((formats(&value)?, value));
                    continue;
                }
                "migrate" => seal.migrate = value.boolean()?,
                "iterations" => {
                    let iterations = value.integer(1, MAX_ITERATIONS)? as u32;
                    seal.iterations = Some((iterations, value));
                    continue;
                }
                "ttl" => fe26.ttl_ms = Some(value.integer(0, MAX_TTL_MS)?),
                "timestampSkewSec" => fe26.skew_ms = value.integer(0, MAX_SKEW_SEC)? * 1000,
                "localtimeOffsetMsec" => {
                    fe26.offset_ms = value.integer(-MAX_OFFSET_MS, MAX_OFFSET_MS)?
                }
                "encryption" => {
                    let (name, encryption) = derivation(&value, &["aes-256-cbc", "aes-128-ctr"])?;
                    seal.encryption = Some(encryption);
                    fe26.cipher = match name {
                        "aes-128-ctr" => fe26::Cipher::Aes128Ctr,
                        _ => fe26::Cipher::Aes256Cbc,
                    };
                }
                "integrity" => {
                    let (_, integrity) = derivation(&value, &["sha256"])?;
                    seal.integrity = Some(integrity);
                }
                _ => return Err(Error::internal()),
            }
            if !matches!(&*key, "format" | "migrate") {
                seal.fe26_only.get_or_insert(value);
            }
        }
        Ok(seal)
    }

    fn accepts(&self, name: FormatName) -> bool {
        match &self.accept {
            Some((names, _)) => names.contains(&name),
            None => self.format == name,
        }
    }

    /// Decides what depends on several options; `legacy` is `legacySealFallback`.
    fn finish(mut self, legacy: Option<(bool, &Value<'_>)>) -> Result<Seal, Error> {
        let accepts = (
            self.accepts(FormatName::H3s1),
            self.accepts(FormatName::H3v1),
            self.accepts(FormatName::H3v2),
        );
        if let Some((_, value)) = self.accept.as_ref().filter(|_| !self.accepts(self.format)) {
            return Err(value.error("the format that seals (seal.format) must be among them"));
        }
        let fe26 = match accepts {
            (_, false, false) => {
                let iterations = self.iterations.as_ref().map(|(_, value)| value);
                let only = self.fe26_only.as_ref().or(iterations);
                if let Some(value) = only.or(legacy.map(|(_, value)| value)) {
                    return Err(value.error(FE26_ONLY));
                }
                None
            }
            (_, h3v1, h3v2) => Some(self.fe26(h3v1, h3v2, legacy)?),
        };
        Ok(Seal {
            format: match self.format {
                FormatName::H3s1 => Format::H3s1,
                FormatName::H3v1 | FormatName::H3v2 => Format::Fe26(Iterations::Own),
            },
            accepts_h3s1: accepts.0,
            fe26,
            migrate: self.migrate,
            max_chunks: match self.format {
                FormatName::H3s1 => MAX_CHUNKS_H3S1,
                FormatName::H3v1 => MAX_CHUNKS_H3_1,
                FormatName::H3v2 => MAX_CHUNKS,
            },
        })
    }

    /// Fe26.2's options where one or both of h3's formats are accepted: whose number of iterations
    /// is its own, and which other one it opens.
    fn fe26(
        &mut self,
        h3v1: bool,
        h3v2: bool,
        legacy: Option<(bool, &Value<'_>)>,
    ) -> Result<fe26::Options, Error> {
        let own = if self.format == FormatName::H3v1 || !h3v2 {
            FormatName::H3v1
        } else {
            FormatName::H3v2
        };
        let mut iterations = match own {
            FormatName::H3v1 => H3_1_ITERATIONS,
            _ => H3_2_ITERATIONS,
        };
        if let Some((given, value)) = &self.iterations {
            if self.encryption.is_some() || self.integrity.is_some() {
                return Err(value.error(
                    "seal.encryption and seal.integrity say it already: remove it, or them",
                ));
            }
            if own == FormatName::H3v1 && *given != H3_1_ITERATIONS {
                return Err(value.error(
                    "\"h3-1\" has 1 iteration: use \"h3-2\" for another number, or remove this option",
                ));
            }
            iterations = *given;
        }
        let derivation = |given: Option<fe26::Derivation>| {
            given.unwrap_or(fe26::Derivation {
                iterations,
                ..fe26::Derivation::default()
            })
        };
        let encryption = derivation(self.encryption.take());
        let integrity = derivation(self.integrity.take());
        let other = match (own, legacy) {
            (FormatName::H3v1, Some((_, value))) => {
                return Err(value.error(
                    "\"h3-1\" itself has 1 iteration, so there is nothing to fall back to: remove this option",
                ));
            }
            (FormatName::H3v1, None) => h3v2.then_some(H3_2_ITERATIONS),
            (_, Some((false, value))) if h3v1 => {
                return Err(
                    value.error("false refuses what seal.accept lists as \"h3-1\": remove one")
                );
            }
            (_, Some((false, _))) => None,
            _ => Some(H3_1_ITERATIONS),
        };
        let other = other.filter(|other| *other != integrity.iterations);
        if let Some(other) = other.filter(|other| *other > 1 && integrity.iterations > 1) {
            return Err(Error::config(
                "seal.integrity.iterations",
                format!(
                    "one request makes one slow derivation, so only one number of iterations may be above 1, and seal.accept asks for {other} as well"
                ),
            ));
        }
        Ok(fe26::Options {
            other,
            encryption,
            integrity,
            ..std::mem::take(&mut self.fe26)
        })
    }

    /// The shortest password, in UTF-16 units as h3 counts them: 32, unless only Fe26.2 is used and its options, which may also ask for
    /// more, ask for less.
    fn min_password_units(&self) -> usize {
        let units = |derivation: &Option<fe26::Derivation>| {
            let given = derivation.as_ref().map(|given| given.min_password_units);
            given.unwrap_or(fe26::Derivation::default().min_password_units)
        };
        let h3s1 = if self.accepts(FormatName::H3s1) {
            32
        } else {
            0
        };
        if self.accepts(FormatName::H3v1) || self.accepts(FormatName::H3v2) {
            h3s1.max(units(&self.encryption))
                .max(units(&self.integrity))
        } else {
            h3s1
        }
    }
}

fn format(value: &Value<'_>) -> Result<FormatName, Error> {
    match &*value.text(FORMATS)? {
        "h3s1" => Ok(FormatName::H3s1),
        "h3-1" => Ok(FormatName::H3v1),
        "h3-2" | "fe26.2" => Ok(FormatName::H3v2),
        _ => Err(value.error(format!("there is no such format: use {FORMATS}"))),
    }
}

fn formats(value: &Value<'_>) -> Result<Vec<FormatName>, Error> {
    const WHAT: &str = "a list of formats, e.g. [\"h3s1\", \"h3-2\"], each once";
    let mut formats = Vec::new();
    for element in value.array(WHAT)? {
        let format = format(&element)?;
        if formats.contains(&format) {
            return Err(element.error(WHAT));
        }
        formats.push(format);
    }
    Ok(formats)
}

/// `encryption` with its algorithm, or `integrity`, whose algorithm can only be `sha256`.
fn derivation(
    value: &Value<'_>,
    algorithms: &[&'static str],
) -> Result<(&'static str, fe26::Derivation), Error> {
    const KEYS: [&str; 4] = ["algorithm", "saltBits", "iterations", "minPasswordlength"];
    let mut derivation = fe26::Derivation::default();
    let mut algorithm = "";
    let members = value.members(&KEYS, "an object")?;
    for (key, value) in &members {
        match &**key {
            "algorithm" => algorithm = value.one_of(algorithms)?,
            "saltBits" => {
                derivation.salt_len = (value.integer(1, MAX_SALT_BITS)? as usize).div_ceil(8) * 2
            }
            "iterations" => derivation.iterations = value.integer(1, MAX_ITERATIONS)? as u32,
            _ => derivation.min_password_units = value.integer(1, 1024)? as usize,
        }
    }
    // h3 takes the object as it is and fills nothing in.
    for key in KEYS {
        if !members.iter().any(|(present, _)| present == key) {
            let path = format!("{}.{key}", value.path);
            return Err(Error::config(
                path,
                "missing: h3 needs algorithm, saltBits, iterations and minPasswordlength, all four",
            )
            .at(value.offset));
        }
    }
    Ok((algorithm, derivation))
}

fn passwords(value: &Value<'_>, min_units: usize) -> Result<Vec<(String, Password)>, Error> {
    const WHAT: &str = "a string of at least 32 characters, or an object {id: password} whose first password seals, or the highest if all ids are numbers";
    if value.is_string() {
        return Ok(vec![(String::new(), password(value, WHAT, min_units)?)]);
    }
    let mut passwords = Vec::new();
    for member in value.object(WHAT)? {
        let id = value.slice(&member.name);
        let valid = (1..=MAX_KEY_ID_LEN).contains(&id.len())
            && id
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let Some(id) = std::str::from_utf8(id).ok().filter(|_| valid) else {
            // Neither quoted nor in the key: a password may stand where the id belongs.
            return Err(value
                .error("an id is 1 to 32 of A-Z a-z 0-9 _")
                .at(value.offset + member.name.start));
        };
        let inner = value.child(format!("password.{id}"), &member);
        passwords.try_reserve(1).map_err(|_| Error::memory())?;
        passwords.push((
            id.to_owned(),
            password(&inner, "a string of at least 32 characters", min_units)?,
        ));
    }
    if passwords.is_empty() {
        return Err(value.error("at least one password is required"));
    }
    highest_first(&mut passwords);
    Ok(passwords)
}

/// Where all ids are numbers, the password of the highest seals, as in iron-session: JavaScript,
/// which may have written the options, puts such names into an order of its own.
fn highest_first(passwords: &mut [(String, Password)]) {
    let number = |id: &str| {
        let digits = id.trim_start_matches('0');
        (digits.len(), digits.to_owned())
    };
    let numbers = passwords
        .iter()
        .all(|(id, _)| id.bytes().all(|byte| byte.is_ascii_digit()));
    let highest = (0..)
        .zip(passwords.iter())
        .max_by_key(|(i, (id, _))| (number(id), std::cmp::Reverse(*i)));
    if let Some((highest, _)) = highest.filter(|_| numbers)
        && let Some(passwords) = passwords.get_mut(..=highest)
    {
        passwords.rotate_right(1);
    }
}

fn password(value: &Value<'_>, what: &'static str, min_units: usize) -> Result<Password, Error> {
    if !value.is_string() {
        return Err(value.error(what));
    }
    let spelt = value.spelling();
    let mut bytes = Zeroizing::new(Vec::new());
    bytes
        .try_reserve_exact(spelt.len())
        .map_err(|_| Error::memory())?;
    json::decode(spelt, |piece| bytes.extend_from_slice(piece));
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| value.error("a password has no unpaired surrogates"))?;
    if text.chars().map(char::len_utf16).sum::<usize>() < min_units {
        return Err(value.error(format!(
            "a password has at least {min_units} characters: make one with `openssl rand -base64 32`"
        )));
    }
    let mut password = Password::default();
    password
        .try_reserve_exact(text.len())
        .map_err(|_| Error::memory())?;
    password.push_str(text);
    Ok(password)
}

/// The header's name in lower case; empty for `false`.
fn session_header(value: &Value<'_>) -> Result<String, Error> {
    if value.json == b"false" {
        return Ok(String::new());
    }
    const WHAT: &str = "the name of a request header, or false to turn it off";
    let name = value.text(WHAT)?.to_ascii_lowercase();
    if !is_token(&name) || name == "cookie" {
        return Err(value.error(WHAT));
    }
    Ok(name)
}

fn path(value: &Value<'_>) -> Result<String, Error> {
    const WHAT: &str =
        "a path that starts with / and has no semicolon, control or non-ASCII characters";
    let path = value.text(WHAT)?;
    let valid = path.starts_with('/')
        && path
            .bytes()
            .all(|byte| matches!(byte, 0x20..0x7F) && byte != b';');
    if valid && path.len() <= 1024 {
        Ok(path.into_owned())
    } else {
        Err(value.error(WHAT))
    }
}

fn domain(value: &Value<'_>) -> Result<String, Error> {
    const WHAT: &str = "a domain name, e.g. \"example.com\"";
    let domain = value.text(WHAT)?;
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let valid = domain.len() <= 253
        && domain
            .strip_prefix('.')
            .unwrap_or(&domain)
            .split('.')
            .all(label);
    if valid {
        Ok(domain.into_owned())
    } else {
        Err(value.error(WHAT))
    }
}

fn same_site(value: &Value<'_>) -> Result<Option<&'static str>, Error> {
    match value.json {
        b"true" => Ok(Some("Strict")),
        b"false" => Ok(None),
        _ => value.one_of(&["Lax", "Strict", "None"]).map(Some),
    }
}

/// Whether a session of a shorter name would take this one's cookie for its chunk.
fn is_chunk_of_another(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, number)| cookie::chunk_number(number.as_bytes()).is_some())
}

/// A token of RFC 9110, which names of cookies and headers are.
fn is_token(text: &str) -> bool {
    let symbol = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(symbol)
}

/// A value of the options with the path that leads to it, for errors.
struct Value<'a> {
    path: String,
    json: &'a [u8],
    offset: usize,
}

impl<'a> Value<'a> {
    fn root(text: &'a [u8]) -> Value<'a> {
        let start = text.len() - text.trim_ascii_start().len();
        Value {
            path: String::new(),
            json: text.trim_ascii(),
            offset: start,
        }
    }

    fn child(&self, path: String, member: &json::Member) -> Value<'a> {
        Value {
            path,
            json: self.slice(&member.value),
            offset: self.offset + member.value.start,
        }
    }

    fn slice(&self, range: &std::ops::Range<usize>) -> &'a [u8] {
        self.json.get(range.clone()).unwrap_or_default()
    }

    fn error(&self, message: impl Into<Cow<'static, str>>) -> Error {
        Error::config(self.path.clone(), message).at(self.offset)
    }

    fn object(
        &self,
        what: &'static str,
    ) -> Result<impl Iterator<Item = json::Member> + use<'a>, Error> {
        if self.json.first() == Some(&b'{') {
            Ok(json::members(self.json))
        } else {
            Err(self.error(what))
        }
    }

    /// The members of an object with none but known names.
    fn members(
        &self,
        known: &[&str],
        what: &'static str,
    ) -> Result<Vec<(String, Value<'a>)>, Error> {
        let mut members = Vec::new();
        for member in self.object(what)? {
            let name = json::unescape(self.slice(&member.name))?;
            let is_known = known.iter().any(|known| known.as_bytes() == &*name);
            let start = name.get(..MAX_SHOWN_LEN).unwrap_or(&name);
            let name = String::from_utf8_lossy(start).into_owned();
            let path = if self.path.is_empty() {
                name.clone()
            } else {
                format!("{}.{name}", self.path)
            };
            if !is_known {
                let unknown = Error::config(
                    path.escape_debug().take(48).collect::<String>(),
                    hint(&name, known),
                );
                return Err(unknown.at(self.offset + member.name.start - 1));
            }
            members.push((name, self.child(path, &member)));
        }
        Ok(members)
    }

    fn array(&self, what: &'static str) -> Result<Vec<Value<'a>>, Error> {
        if self.json.first() != Some(&b'[') {
            return Err(self.error(what));
        }
        let element = |range: std::ops::Range<usize>| Value {
            path: self.path.clone(),
            json: self.slice(&range),
            offset: self.offset + range.start,
        };
        if json::elements(self.json).nth(MAX_ELEMENTS).is_some() {
            return Err(self.error(what));
        }
        Ok(json::elements(self.json).map(element).collect())
    }

    fn is_string(&self) -> bool {
        self.json.first() == Some(&b'"')
    }

    /// A string's spelling, without its quotes.
    fn spelling(&self) -> &'a [u8] {
        json::unquoted(self.json).unwrap_or_default()
    }

    fn text(&self, what: &'static str) -> Result<Cow<'a, str>, Error> {
        self.string()?.ok_or_else(|| self.error(what))
    }

    /// None for what is no string, or a longer one than any option has.
    fn string(&self) -> Result<Option<Cow<'a, str>>, Error> {
        if !self.is_string() || self.spelling().len() > MAX_TEXT_LEN {
            return Ok(None);
        }
        Ok(match json::unescape(self.spelling())? {
            Unescaped::Plain(text) => std::str::from_utf8(text).ok().map(Cow::Borrowed),
            Unescaped::Escaped(text) => {
                let text = std::str::from_utf8(&text).ok();
                text.map(|text| Cow::Owned(text.to_owned()))
            }
        })
    }

    /// One of some words, in any case, as h3 has them.
    fn one_of(&self, words: &[&'static str]) -> Result<&'static str, Error> {
        let text = self.string()?.unwrap_or_default();
        let word = words.iter().find(|word| word.eq_ignore_ascii_case(&text));
        word.copied().ok_or_else(|| {
            let words: Vec<String> = words
                .iter()
                .map(|word| format!("\"{}\"", word.to_ascii_lowercase()))
                .collect();
            self.error(format!("one of {}", words.join(", ")))
        })
    }

    fn boolean(&self) -> Result<bool, Error> {
        match self.json {
            b"true" => Ok(true),
            b"false" => Ok(false),
            _ => Err(self.error("true or false")),
        }
    }

    fn integer(&self, least: i64, most: i64) -> Result<i64, Error> {
        let number = std::str::from_utf8(self.json)
            .ok()
            .and_then(|text| text.parse().ok());
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.error(format!("a whole number from {least} to {most}")))
    }

    /// A lifetime in seconds, as milliseconds.
    fn seconds(&self) -> Result<i64, Error> {
        let seconds = self.integer(1, LONGEST_LIFETIME_SEC as i64);
        seconds.map(|seconds| seconds * 1000).map_err(|_| {
            self.error(format!("a whole number of seconds from 1 to {LONGEST_LIFETIME_SEC}; leave it out for no limit"))
        })
    }
}

/// What to say of an unknown option: what h3 has but cannot be here, or the nearest known name.
fn hint(name: &str, known: &[&str]) -> String {
    match name {
        "generateId" => return "a function cannot stand in JSON: set an id on a new session instead (h3s_session_set_id)".into(),
        "crypto" => return "the cryptography is the library's own: remove this option".into(),
        "expires" => return "use maxAge".into(),
        _ => {}
    }
    let nearest = known
        .iter()
        .map(|key| (strsim::damerau_levenshtein(name, key), key))
        .min();
    match nearest {
        Some((distance, key)) if distance <= key.len() / 2 => {
            format!("there is no such option; did you mean {key}?")
        }
        _ => format!("there is no such option; there are {}", known.join(", ")),
    }
}
