//! The formats of a token, and which one a token is in.

use crate::record::Record;
use crate::{Error, Rejection};

pub(crate) mod base64url;
pub(crate) mod fe26;
pub(crate) mod h3s1;

/// The formats by their names in the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    H3s1,
    Fe26,
}

/// What an opened token held.
pub(crate) struct Opened {
    pub(crate) record: Record,
    pub(crate) format: Format,
    /// The key, and the number of iterations, are those that seal today.
    pub(crate) current: bool,
    /// It had no id (Fe26.2 only): the record has a new one and begins now, as in h3.
    pub(crate) lacked_id: bool,
}

/// What the start of a token says of its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    /// Like one of this library's formats.
    Like(Format),
    /// Like a token of another version of h3s or Fe26.
    Foreign,
    /// Like no token at all.
    Unlike,
}

/// Tells the format of a token by its prefix alone.
pub(crate) fn looks(token: &[u8]) -> Looks {
    if token.starts_with(h3s1::PREFIX) {
        Looks::Like(Format::H3s1)
    } else if token.starts_with(fe26::PREFIX) {
        Looks::Like(Format::Fe26)
    } else if versioned(token, b"h3s", b'.') || versioned(token, b"Fe26.", b'*') {
        Looks::Foreign
    } else {
        Looks::Unlike
    }
}

/// A prefix, digits, and a delimiter.
fn versioned(token: &[u8], prefix: &[u8], delimiter: u8) -> bool {
    let Some(rest) = token.strip_prefix(prefix) else {
        return false;
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && rest.get(digits) == Some(&delimiter)
}
