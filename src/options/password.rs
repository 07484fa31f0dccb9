//! The passwords: by id, or one without. They are wiped when dropped, and no error shows one.

use std::cmp::Reverse;
use std::fmt;

use zeroize::Zeroizing;

use super::json::Value;
use crate::keyring::Password;
use crate::{Error, json};

const MAX_ID_LEN: usize = 32;
/// As much of an id as errors show: a longer one may be a password in the place of its id.
const MAX_SHOWN_ID_LEN: usize = 16;
/// More digits than JavaScript counts exactly are no id of iron-session's.
const MAX_NUMBER_LEN: usize = 15;
const WRONG_ID: &str = "an id is 1 to 32 of A-Z a-z 0-9 _";

#[derive(Clone, Default)]
#[cfg_attr(test, derive(PartialEq))]
pub(super) enum Passwords {
    /// To be set before there is a config.
    #[default]
    Missing,
    Plain(Password),
    ById(Vec<(String, Password)>),
}

impl Passwords {
    pub(super) fn plain(password: impl Into<String>) -> Passwords {
        Passwords::Plain(Zeroizing::new(password.into()))
    }

    pub(super) fn by_id<I: Into<String>, P: Into<String>>(
        passwords: impl IntoIterator<Item = (I, P)>,
    ) -> Passwords {
        let passwords = passwords.into_iter();
        let passwords =
            passwords.map(|(id, password)| (id.into(), Zeroizing::new(password.into())));
        Passwords::ById(passwords.collect())
    }

    pub(super) fn from_value(value: &Value<'_>) -> Result<Passwords, Error> {
        if value.is_string() {
            return Ok(Passwords::Plain(password(value)?));
        }
        let mut passwords = Vec::new();
        for (id, offset, inner) in value.members(
            "a string of at least 32 characters, or an object {id: password} whose first password \
             seals, or the highest if all ids are numbers",
        )? {
            let Some(id) = std::str::from_utf8(id).ok().filter(|id| is_id(id)) else {
                return Err(value.error(WRONG_ID).at(offset));
            };
            let password = password(&inner.named(key_of(id, usize::MAX)))?;
            passwords.try_reserve(1).map_err(|_| Error::memory())?;
            passwords.push((id.to_owned(), password));
        }
        Ok(Passwords::ById(passwords))
    }

    /// Refuses passwords of fewer UTF-16 units, which is how h3 counts. A missing one is right.
    pub(super) fn check(&self, min_units: usize) -> Result<(), Error> {
        match self {
            Passwords::Missing => Ok(()),
            Passwords::Plain(password) => check_length("password".into(), password, min_units),
            Passwords::ById(passwords) if passwords.is_empty() => Err(Error::config(
                "password",
                "at least one password is required",
            )),
            Passwords::ById(passwords) => {
                for (i, (id, password)) in passwords.iter().enumerate() {
                    if !is_id(id) {
                        return Err(Error::config("password", WRONG_ID));
                    }
                    if passwords.iter().take(i).any(|(other, _)| other == id) {
                        return Err(Error::config("password", "an id is given twice"));
                    }
                    check_length(key_of(id, min_units), password, min_units)?;
                }
                Ok(())
            }
        }
    }

    /// Refuses ids that are not whole numbers as JavaScript writes them.
    pub(super) fn check_ids_are_numbers(&self) -> Result<(), Error> {
        let Passwords::ById(passwords) = self else {
            return Ok(());
        };
        let is_number = |id: &str| {
            id.len() <= MAX_NUMBER_LEN
                && id.bytes().all(|byte| byte.is_ascii_digit())
                && (id == "0" || !id.starts_with('0'))
        };
        match passwords.iter().all(|(id, _)| is_number(id)) {
            true => Ok(()),
            false => Err(Error::config(
                "password",
                "iron-session's ids of passwords are whole numbers, e.g. {\"1\": …, \"2\": …}",
            )),
        }
    }

    /// The passwords by id, the one that seals first; nothing stands for the id of a plain one.
    pub(super) fn into_list(self) -> Result<Vec<(String, Password)>, Error> {
        match self {
            Passwords::Missing => Err(Error::config(
                "password",
                "one of at least 32 characters is required: make one with `openssl rand -base64 32`",
            )),
            Passwords::Plain(password) => Ok(vec![(String::new(), password)]),
            Passwords::ById(mut passwords) => {
                highest_first(&mut passwords);
                Ok(passwords)
            }
        }
    }

    /// The ids as in [`Passwords::into_list`].
    pub(super) fn ids(&self) -> Vec<String> {
        let Passwords::ById(passwords) = self else {
            return vec![String::new()];
        };
        let ids = passwords.iter().map(|(id, _)| (id.clone(), ()));
        let mut ids: Vec<_> = ids.collect();
        highest_first(&mut ids);
        ids.into_iter().map(|(id, ())| id).collect()
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Passwords::Missing => f.write_str("none"),
            Passwords::Plain(_) => f.write_str("[secret]"),
            Passwords::ById(passwords) => write!(f, "[{} secrets]", passwords.len()),
        }
    }
}

/// Where all ids are numbers, the password of the highest seals, as in iron-session: JavaScript,
/// which may have written the options, puts such names into an order of its own.
fn highest_first<T>(passwords: &mut [(String, T)]) {
    let number = |id: &str| {
        let digits = id.trim_start_matches('0');
        (digits.len(), digits.to_owned())
    };
    let numbers = passwords
        .iter()
        .all(|(id, _)| id.bytes().all(|byte| byte.is_ascii_digit()));
    let highest = (0..)
        .zip(passwords.iter())
        .max_by_key(|(i, (id, _))| (number(id), Reverse(*i)));
    if let Some((highest, _)) = highest.filter(|_| numbers)
        && let Some(passwords) = passwords.get_mut(..=highest)
    {
        passwords.rotate_right(1);
    }
}

fn is_id(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=MAX_ID_LEN).contains(&id.len()) && id.bytes().all(is_allowed)
}

/// What an error calls the password of an id, which is left out where it may be a password itself:
/// of the length of one, or long.
fn key_of(id: &str, min_units: usize) -> String {
    if id.len() <= MAX_SHOWN_ID_LEN && id.len() < min_units {
        format!("password.{id}")
    } else {
        "password".into()
    }
}

fn check_length(key: String, password: &Password, min_units: usize) -> Result<(), Error> {
    if password.encode_utf16().count() < min_units {
        let least = match min_units {
            1 => "may not be empty".to_owned(),
            _ => format!("has at least {min_units} characters"),
        };
        return Err(Error::config(
            key,
            format!("a password {least}: make one with `openssl rand -base64 32`"),
        ));
    }
    Ok(())
}

fn password(value: &Value<'_>) -> Result<Password, Error> {
    if !value.is_string() {
        return Err(value.error("a string of at least 32 characters"));
    }
    let written = value.written();
    let mut bytes = Zeroizing::new(Vec::new());
    bytes
        .try_reserve_exact(written.len())
        .map_err(|_| Error::memory())?;
    json::decode(written, |piece| bytes.extend_from_slice(piece));
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            *bytes = error.into_bytes();
            Err(value.error("a password has no unpaired surrogates"))
        }
    }
}
