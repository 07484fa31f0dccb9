//! The formats of tokens, by their names.

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::options::json::Value;
use crate::seal::{self, Iterations, Kind};

const FORMATS: &str = "\"h3s1\", \"h3-1\" (h3 1, Nuxt, Nitro 2), \"h3-2\" (h3 2; also \"fe26.2\"), \
     \"iron-session\", \"authjs\", \"next-auth\", \"auth0\" or \"better-auth\"";
pub(super) const ACCEPTED: &str = "a list of formats, e.g. [\"h3s1\", \"h3-2\"], each once";

/// A format of tokens.
///
/// ```
/// use h3s::{Format, Options};
///
/// let options = Options::new("correct horse battery staple, and more of it").seal(Format::H3v1);
/// # let _ = options;
/// assert_eq!(Format::H3v1.to_string(), "h3-1");
/// assert_eq!("h3-1".parse(), Ok(Format::H3v1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The native format, `h3s1`. The default.
    H3s1,
    /// `h3-1`: Fe26.2 as h3 1.x has it, and so Nuxt 3 and 4, and Nitro 2.
    H3v1,
    /// `h3-2`: Fe26.2 as h3 2.x has it.
    H3v2,
    /// `iron-session`: Fe26.2 as iron-session 8 and 9 have it, and so WorkOS AuthKit.
    IronSession,
    /// `authjs`: the JWE of Auth.js, which is next-auth 5.
    AuthJs,
    /// `next-auth`: the JWE of next-auth 4. It is only read.
    NextAuth,
    /// `auth0`: the JWE of nextjs-auth0 4. It is only read.
    Auth0,
    /// `better-auth`: the JWE of better-auth's cookie cache. It is only read.
    BetterAuth,
}

impl Format {
    pub(super) const ALL: [Format; 8] = [
        Format::H3s1,
        Format::H3v1,
        Format::H3v2,
        Format::IronSession,
        Format::AuthJs,
        Format::NextAuth,
        Format::Auth0,
        Format::BetterAuth,
    ];

    /// Its name in JSON, e.g. `h3-1`.
    ///
    /// ```
    /// assert_eq!(h3s::Format::H3s1.name(), "h3s1");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::H3s1 => "h3s1",
            Format::H3v1 => "h3-1",
            Format::H3v2 => "h3-2",
            Format::IronSession => "iron-session",
            Format::AuthJs => "authjs",
            Format::NextAuth => "next-auth",
            Format::Auth0 => "auth0",
            Format::BetterAuth => "better-auth",
        }
    }

    pub(super) fn from_value(value: &Value<'_>) -> Result<Format, Error> {
        Format::named(&value.text(FORMATS)?).ok_or_else(|| value.error(no_such_format()))
    }

    pub(super) fn list_from_value(value: &Value<'_>) -> Result<Vec<Format>, Error> {
        let formats = value.array(ACCEPTED)?;
        formats.iter().map(Format::from_value).collect()
    }

    /// What it is to the seals.
    pub(super) fn sealed(self) -> seal::Format {
        match self {
            Format::H3s1 => seal::Format::H3s1,
            Format::H3v1 | Format::H3v2 => seal::Format::Fe26(Iterations::Own),
            Format::IronSession => seal::Format::IronSession,
            Format::AuthJs => seal::Format::Jwe(Kind::AuthJs),
            Format::NextAuth => seal::Format::Jwe(Kind::NextAuth),
            Format::Auth0 => seal::Format::Jwe(Kind::Auth0),
            Format::BetterAuth => seal::Format::Jwe(Kind::BetterAuth),
        }
    }

    /// What it is of JSON Web Encryption.
    pub(super) fn jwe(self) -> Option<Kind> {
        match self.sealed() {
            seal::Format::Jwe(kind) => Some(kind),
            _ => None,
        }
    }

    /// Whether h3 seals it.
    pub(super) fn is_h3(self) -> bool {
        matches!(self, Format::H3v1 | Format::H3v2)
    }

    fn named(name: &str) -> Option<Format> {
        match name {
            "fe26.2" => Some(Format::H3v2),
            name => Format::ALL.into_iter().find(|format| format.name() == name),
        }
    }
}

/// Also `fe26.2` for [`Format::H3v2`].
impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Format, Error> {
        Format::named(name).ok_or_else(|| Error::config("seal.format", no_such_format()))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn no_such_format() -> String {
    format!("there is no such format: use {FORMATS}")
}
