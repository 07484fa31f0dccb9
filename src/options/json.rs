//! The options as JSON: typed reads of a value that name the option, and its byte, in every error.
//!
//! No error quotes a value, which may be a password in the wrong place; nor a name that may be one.

use std::borrow::Cow;
use std::time::Duration;

use super::span::Span;
use crate::json::{self, Unescaped};
use crate::{Error, ErrorKind};

/// More than any option's text but a password needs, escaped or not; and more than any list of
/// words needs. So nothing is copied but what is small.
const MAX_TEXT_LEN: usize = 32 * 1024;
const MAX_ELEMENTS: usize = 16;
/// No option has a longer name.
const MAX_NAME_LEN: usize = 24;

/// How an option is read from JSON: its name, and what puts its value into the options.
pub(super) type Reader<T> = (&'static str, fn(&mut T, &Value<'_>) -> Result<(), Error>);

/// A value of the options with the path that leads to it, for errors.
pub(super) struct Value<'a> {
    path: String,
    json: &'a [u8],
    offset: usize,
}

impl<'a> Value<'a> {
    /// Checks that a text is JSON, whatever is in it.
    pub(super) fn root(text: &'a [u8]) -> Result<Value<'a>, Error> {
        check_encoding(text)?;
        json::check(text, json::MAX_DEPTH).map_err(|error| {
            if error.kind() == ErrorKind::Memory {
                return error;
            }
            let not_json =
                Error::config("", format!("the options are not JSON: {}", error.message()));
            match error.offset() {
                Some(offset) => not_json.at(offset),
                None => not_json,
            }
        })?;
        Ok(Value {
            path: String::new(),
            json: text.trim_ascii(),
            offset: text.len() - text.trim_ascii_start().len(),
        })
    }

    /// Reads an object whose members are options, none of them unknown.
    pub(super) fn read_into<T>(
        &self,
        target: &mut T,
        readers: &[Reader<T>],
        what: &'static str,
    ) -> Result<(), Error> {
        for member in self.object(what)? {
            let name = json::unescape(self.slice(&member.name))?;
            let Some((name, read)) = readers.iter().find(|(known, _)| known.as_bytes() == &*name)
            else {
                let known: Vec<&str> = readers.iter().map(|(known, _)| *known).collect();
                let (key, message) = self.unknown(&name, &known);
                return Err(Error::config(key, message).at(self.offset + member.name.start - 1));
            };
            read(target, &self.child(self.path_of(name), &member))?;
        }
        Ok(())
    }

    /// Whether an object has a member.
    pub(super) fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    /// Names the place of an error that was found in the options' meaning: of the option at fault,
    /// or of what it is a part of, if that is given.
    pub(super) fn locate(&self, error: Error) -> Error {
        let (mut place, mut offset) = (None, None);
        for name in error.key().unwrap_or_default().split('.') {
            let value = place.as_ref().unwrap_or(self);
            let Some(member) = value.member(name) else {
                break;
            };
            let member = value.child(String::new(), &member);
            offset = Some(member.offset);
            place = Some(member);
        }
        match offset {
            Some(offset) => error.at(offset),
            None => error,
        }
    }

    pub(super) fn error(&self, message: impl Into<Cow<'static, str>>) -> Error {
        Error::config(self.path.clone(), message).at(self.offset)
    }

    /// That an option is missing in this object.
    pub(super) fn missing(&self, name: &str, message: &'static str) -> Error {
        Error::config(self.path_of(name), message).at(self.offset)
    }

    /// The members of an object whose names are the caller's: each name as it is written, the place
    /// of that, and the value.
    pub(super) fn members(
        &self,
        what: &'static str,
    ) -> Result<impl Iterator<Item = (&'a [u8], usize, Value<'a>)>, Error> {
        Ok(self.object(what)?.map(|member| {
            let value = self.child(self.path.clone(), &member);
            let name = self.slice(&member.name);
            (name, self.offset + member.name.start, value)
        }))
    }

    /// This value under another key in errors.
    pub(super) fn named(self, path: String) -> Value<'a> {
        Value { path, ..self }
    }

    pub(super) fn array(&self, what: &'static str) -> Result<Vec<Value<'a>>, Error> {
        let element = |range: std::ops::Range<usize>| Value {
            path: self.path.clone(),
            json: self.slice(&range),
            offset: self.offset + range.start,
        };
        let is_short = json::elements(self.json).nth(MAX_ELEMENTS).is_none();
        if self.json.first() != Some(&b'[') || !is_short {
            return Err(self.error(what));
        }
        Ok(json::elements(self.json).map(element).collect())
    }

    pub(super) fn is_false(&self) -> bool {
        self.json == b"false"
    }

    pub(super) fn is_true(&self) -> bool {
        self.json == b"true"
    }

    pub(super) fn boolean(&self) -> Result<bool, Error> {
        if self.is_true() || self.is_false() {
            Ok(self.is_true())
        } else {
            Err(self.error("true or false"))
        }
    }

    pub(super) fn integer<N: TryFrom<i64>>(&self, span: &Span) -> Result<N, Error> {
        let number = std::str::from_utf8(self.json)
            .ok()
            .and_then(|text| text.parse::<i64>().ok());
        number
            .and_then(|number| span.check("", number).ok())
            .and_then(|number| number.try_into().ok())
            .ok_or_else(|| self.error(span.message()))
    }

    pub(super) fn seconds(&self, span: &Span) -> Result<Duration, Error> {
        self.integer(span).map(Duration::from_secs)
    }

    pub(super) fn milliseconds(&self, span: &Span) -> Result<Duration, Error> {
        self.integer(span).map(Duration::from_millis)
    }

    pub(super) fn is_string(&self) -> bool {
        self.json.first() == Some(&b'"')
    }

    /// A string as it is written, without its quotes.
    pub(super) fn written(&self) -> &'a [u8] {
        json::unquoted(self.json).unwrap_or_default()
    }

    /// A string no longer than any option has, but for passwords.
    pub(super) fn text(&self, what: &'static str) -> Result<String, Error> {
        self.short_text()?.ok_or_else(|| self.error(what))
    }

    /// What one of some words stands for, in upper or lower case, as h3 has them.
    pub(super) fn one_of<T: Copy>(&self, words: &[(&'static str, T)]) -> Result<T, Error> {
        let text = self.short_text()?.unwrap_or_default();
        one_of(words, &text).map_err(|message| self.error(message))
    }

    fn short_text(&self) -> Result<Option<String>, Error> {
        if !self.is_string() || self.written().len() > MAX_TEXT_LEN {
            return Ok(None);
        }
        let text = json::unescape(self.written())?;
        let text: &[u8] = match &text {
            Unescaped::Plain(text) => text,
            Unescaped::Escaped(text) => text,
        };
        Ok(std::str::from_utf8(text).ok().map(str::to_owned))
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

    fn member(&self, name: &str) -> Option<json::Member> {
        json::members(self.json)
            .find(|member| json::stands_for(self.slice(&member.name), name.as_bytes()))
    }

    fn child(&self, path: String, member: &json::Member) -> Value<'a> {
        Value {
            path,
            json: self.slice(&member.value),
            offset: self.offset + member.value.start,
        }
    }

    fn path_of(&self, name: &str) -> String {
        match &*self.path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    fn slice(&self, range: &std::ops::Range<usize>) -> &'a [u8] {
        self.json.get(range.clone()).unwrap_or_default()
    }

    /// The key and the message of an error about an unknown option. A name is shown only if it is
    /// short and has nothing but letters, `_` and `-`: a good password has 32 characters, or else
    /// digits or other characters.
    fn unknown(&self, name: &[u8], known: &[&str]) -> (String, String) {
        let is_word = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-');
        let shown = std::str::from_utf8(name).ok().filter(|name| {
            (1..=MAX_NAME_LEN).contains(&name.len()) && name.bytes().all(|b| is_word(&b))
        });
        match shown {
            Some(name) => (self.path_of(name), hint(&self.path, name, known)),
            None => (
                self.path.clone(),
                format!(
                    "an unknown option (its name is not shown: it may be a password); there are {}",
                    known.join(", ")
                ),
            ),
        }
    }
}

/// Says of a file in another encoding what would else be a fault in its JSON.
fn check_encoding(text: &[u8]) -> Result<(), Error> {
    if text.starts_with(b"\xEF\xBB\xBF") {
        return Err(Error::config(
            "",
            "the options begin with a byte order mark: save the file as UTF-8 without one",
        )
        .at(0));
    }
    let is_utf16 = [b"\xFF\xFE", b"\xFE\xFF"]
        .iter()
        .any(|mark| text.starts_with(*mark));
    if is_utf16 || text.contains(&0) {
        return Err(Error::config(
            "",
            "the options are not UTF-8, but UTF-16 or the like: save the file as UTF-8",
        ));
    }
    std::str::from_utf8(text).map(drop).map_err(|error| {
        Error::config("", "the options are not UTF-8: save the file as UTF-8")
            .at(error.valid_up_to())
    })
}

/// What to say of an unknown option: what h3 has but cannot be here, where it belongs, or the
/// nearest known name.
fn hint(path: &str, name: &str, known: &[&str]) -> String {
    if let ("", Some(here)) = (path, elsewhere(name)) {
        return format!("there is no such option; here it is {here}");
    }
    match name {
        "generateId" => {
            return "a function cannot stand in JSON: set an id on a new session instead \
                    (h3s_session_set_id)"
                .into();
        }
        "crypto" => return "the cryptography is the library's own: remove this option".into(),
        "expires" => return "use maxAge".into(),
        _ => {}
    }
    let nearest = known
        .iter()
        .map(|key| (strsim::osa_distance(name, key), key))
        .min();
    match nearest {
        Some((distance, key)) if distance <= key.len() / 2 => {
            format!("there is no such option; did you mean {key}?")
        }
        _ => format!("there is no such option; there are {}", known.join(", ")),
    }
}

/// Where that is which iron-session and others have beside the password, or which was put there.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "cookieName" => "name",
        "cookieOptions" => "cookie",
        "secret" => "password",
        "ttl" => "seal.ttl, in milliseconds",
        "format" => "seal.format",
        "accept" => "seal.accept",
        "migrate" => "seal.migrate",
        "path" => "cookie.path",
        "domain" => "cookie.domain",
        "secure" => "cookie.secure",
        "httpOnly" => "cookie.httpOnly",
        "sameSite" => "cookie.sameSite",
        "maxChunks" => "cookie.maxChunks",
        "subject" => "revocation.subject",
        "file" => "revocation.file",
        _ => return None,
    })
}

/// What a word stands for, in upper or lower case; else what would be right.
pub(super) fn one_of<T: Copy>(words: &[(&'static str, T)], text: &str) -> Result<T, String> {
    let found = words
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text));
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<String> = words
            .iter()
            .map(|(word, _)| format!("\"{word}\""))
            .collect();
        format!("one of {}", words.join(", "))
    })
}
