//! The formats of tokens, by their names.

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::options::json::Value;

const FORMATS: &str = "\"h3s1\", \"h3-1\" (h3 1, Nuxt, Nitro 2), \"h3-2\" (h3 2; also \"fe26.2\") \
     or \"iron-session\"";
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
}

impl Format {
    const ALL: [Format; 4] = [
        Format::H3s1,
        Format::H3v1,
        Format::H3v2,
        Format::IronSession,
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
        }
    }

    pub(super) fn from_value(value: &Value<'_>) -> Result<Format, Error> {
        Format::named(&value.text(FORMATS)?).ok_or_else(|| value.error(no_such_format()))
    }

    pub(super) fn list_from_value(value: &Value<'_>) -> Result<Vec<Format>, Error> {
        let formats = value.array(ACCEPTED)?;
        formats.iter().map(Format::from_value).collect()
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
