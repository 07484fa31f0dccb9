//! What can go wrong, and why a token was refused.

use std::borrow::Cow;
use std::ffi::CStr;
use std::fmt;

mod rejection;

pub use rejection::Rejection;

/// The kinds of error. The discriminants are the statuses of the C ABI and are pinned.
///
/// ```
/// use h3s::ErrorKind;
///
/// // What a server answers.
/// let status = |kind| match kind {
///     ErrorKind::TooLarge => 413,
///     ErrorKind::Busy => 429,
///     _ => 500,
/// };
/// assert_eq!(status(ErrorKind::Memory), 500);
/// assert_eq!(ErrorKind::TooLarge.to_string(), "the session would be too large");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum ErrorKind {
    /// The call itself is wrong, e.g. a time is out of range.
    Argument = 1,
    /// The options are wrong; [`Error::key`] names the one at fault.
    Config = 2,
    /// The JSON, key or id given is wrong.
    Data = 3,
    /// The session would not fit in its cookies or in `maxTokenLength`.
    TooLarge = 4,
    /// Not possible in this state.
    State = 5,
    /// The token was refused, or the session has ended since it was opened;
    /// see [`Error::rejection`].
    Rejected = 6,
    /// The operating system gave no random bytes.
    Random = 7,
    /// Out of memory.
    Memory = 8,
    /// A slow key derivation is needed, and the caller wants none (`Request::warm_only`).
    Cold = 9,
    /// The peer has had too many tokens lately that take a slow key derivation. No session was
    /// made.
    Busy = 10,
    /// A fault in the library.
    Internal = 11,
    /// This server may not know of the latest logouts, and its options do not let it go on without
    /// (`"stale": "closed"`). No session was made.
    Stale = 12,
    /// [`Revocations`](crate::Revocations) have no room for an entry.
    Full = 13,
    /// The file of what is revoked cannot be read or written.
    Store = 14,
}

/// An error. It holds no secret and no session data, so it is fit for logs.
///
/// ```
/// let error = h3s::Options::from_json(r#"{"maxage": 60}"#).unwrap_err();
/// assert_eq!(error.key(), Some("maxage"));
/// println!("{error}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    key: Cow<'static, str>,
    offset: Option<usize>,
    rejection: Option<Rejection>,
}

impl Error {
    /// What kind of error it is.
    ///
    /// ```
    /// use h3s::{Config, ErrorKind, Options};
    ///
    /// let error = Config::new(Options::new("too short")).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// One sentence that says what is wrong and what would be right.
    ///
    /// ```
    /// let error = h3s::Options::from_json(r#"{"refresh": "yes"}"#).unwrap_err();
    /// assert_eq!(error.message(), "true or false");
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The option or argument at fault, e.g. `cookie.sameSite`, or the name of the rejection.
    ///
    /// ```
    /// let error = h3s::Options::from_json(r#"{"cookie": {"sameSite": 1}}"#).unwrap_err();
    /// assert_eq!(error.key(), Some("cookie.sameSite"));
    /// ```
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        Some(&*self.key).filter(|key| !key.is_empty())
    }

    /// The first byte at fault in the input, where that can be said.
    ///
    /// ```
    /// let error = h3s::Options::from_json(r#"{"maxAge": "a week"}"#).unwrap_err();
    /// assert_eq!(error.offset(), Some(11));
    /// ```
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// Why the token was refused, for [`ErrorKind::Rejected`].
    ///
    /// ```
    /// use h3s::{Config, Options, Rejection, Request};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let error = config.unseal(&Request::from_token("h3s1.k2.AAAA")).unwrap_err();
    /// assert_eq!(error.rejection(), Some(Rejection::Malformed));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        self.rejection
    }

    /// The status of the C ABI.
    #[cfg(feature = "capi")]
    pub(crate) fn status(&self) -> i32 {
        self.kind as i32
    }

    fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
        Error {
            kind,
            message: message.into(),
            key: "".into(),
            offset: None,
            rejection: None,
        }
    }

    pub(crate) fn argument(name: &'static str, message: &'static str) -> Error {
        Error {
            key: name.into(),
            ..Error::new(ErrorKind::Argument, message)
        }
    }

    #[cfg(feature = "capi")]
    pub(crate) fn null(name: &'static str) -> Error {
        Error::argument(name, "a required pointer is NULL")
    }

    pub(crate) fn config(
        key: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Error {
        Error {
            key: key.into(),
            ..Error::new(ErrorKind::Config, message)
        }
    }

    pub(crate) fn data(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(ErrorKind::Data, message)
    }

    /// Of a JSON Pointer that something was to be written by.
    pub(crate) fn pointer(message: &'static str, offset: usize) -> Error {
        Error {
            key: "pointer".into(),
            ..Error::data(message).at(offset)
        }
    }

    pub(crate) fn too_large(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(ErrorKind::TooLarge, message)
    }

    pub(crate) fn state(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(ErrorKind::State, message)
    }

    pub(crate) fn random() -> Error {
        Error::new(
            ErrorKind::Random,
            "the operating system gave no random bytes",
        )
    }

    pub(crate) fn memory() -> Error {
        Error::new(ErrorKind::Memory, "out of memory")
    }

    pub(crate) fn cold() -> Error {
        Error::new(
            ErrorKind::Cold,
            "a slow key derivation is needed: repeat the call where it may take its time",
        )
    }

    pub(crate) fn busy() -> Error {
        Error::new(
            ErrorKind::Busy,
            "too many slow key derivations for this peer: answer 429, and try again in some seconds",
        )
    }

    pub(crate) fn stale() -> Error {
        Error::new(
            ErrorKind::Stale,
            "the latest logouts may not be known here: answer 503, and see why nothing is heard of them",
        )
    }

    pub(crate) fn full() -> Error {
        Error::new(
            ErrorKind::Full,
            "there is no room for all that is revoked: make a larger copy, and apply all entries to it",
        )
    }

    /// Of the file of what is revoked.
    pub(crate) fn store(message: impl Into<Cow<'static, str>>) -> Error {
        Error {
            key: "revocation.file".into(),
            ..Error::new(ErrorKind::Store, message)
        }
    }

    pub(crate) fn internal() -> Error {
        Error::new(
            ErrorKind::Internal,
            "a fault in libh3s; the handle can only be freed; please report it",
        )
    }

    pub(crate) fn at(self, offset: usize) -> Error {
        Error {
            offset: Some(offset),
            ..self
        }
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Error {
        Error {
            key: rejection.name().into(),
            rejection: Some(rejection),
            ..Error::new(ErrorKind::Rejected, rejection.description())
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.key, self.offset) {
            ("", None) => f.write_str(&self.message),
            ("", Some(offset)) => write!(f, "{} (at byte {offset})", self.message),
            (key, _) => write!(f, "{key}: {}", self.message),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let description = ErrorKind::description_of(*self as i32);
        f.write_str(description.to_str().unwrap_or_default())
    }
}

impl ErrorKind {
    /// A status of the C ABI in words.
    pub(crate) fn description_of(status: i32) -> &'static CStr {
        match status {
            -1 => c"there are no more",
            0 => c"success",
            1 => c"an argument is wrong",
            2 => c"the options are wrong",
            3 => c"the JSON, key, pointer or id given is wrong",
            4 => c"the session would be too large",
            5 => c"not possible in this state of the session",
            6 => c"the token was refused, or the session has ended",
            7 => c"the operating system gave no random bytes",
            8 => c"out of memory",
            9 => c"a slow key derivation is needed",
            10 => c"too many slow key derivations for this peer",
            11 => c"a fault in the library",
            12 => c"the latest logouts may not be known here",
            13 => c"there is no room for all that is revoked",
            14 => c"the file of what is revoked cannot be read or written",
            _ => c"unknown status",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_status_and_rejection_has_words_of_its_own() {
        let words: HashSet<_> = (-1..=14).map(ErrorKind::description_of).collect();
        assert_eq!(words.len(), 16);
        assert!(words.iter().all(|words| *words != c"unknown status"));
        for other in [-2, 15, i32::MAX, i32::MIN] {
            assert_eq!(ErrorKind::description_of(other), c"unknown status");
            assert_eq!(Rejection::name_of(other), c"unknown rejection");
        }
        assert_eq!(Rejection::name_of(0), c"none");
        for (number, rejection) in (1..).zip(Rejection::ALL) {
            assert_eq!(Rejection::name_of(number).to_str(), Ok(rejection.name()));
            assert_eq!(rejection.to_string(), rejection.name());
        }
        let words = Rejection::ALL.map(|reason| Error::from(reason).message().to_owned());
        assert_eq!(HashSet::from(words).len(), 8);
        let error = Error::from(Rejection::Idle).to_string();
        assert!(
            error.starts_with("idle: the session was not seen"),
            "{error}"
        );
    }
}
