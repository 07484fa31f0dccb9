//! Why a token was refused.

use std::ffi::CStr;
use std::fmt;

/// Why a token was refused. The discriminants are those of the C ABI and are pinned.
///
/// ```
/// use h3s::{Config, Options, Rejection, Request};
///
/// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
/// let session = config.use_session(&Request::new("h3=h3s1..forged"))?;
/// assert!(session.is_new());
/// assert_eq!(session.rejection(), Some(Rejection::Malformed));
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Rejection {
    /// Not a well-formed token, or one from the future.
    Malformed = 1,
    /// A token of a format that the options do not accept.
    UnsupportedFormat = 2,
    /// Its key id is none of the passwords'.
    UnknownKey = 3,
    /// Forged, damaged, or sealed with another password or cookie name.
    BadSeal = 4,
    /// Older than `maxAge`, or past the end written into the token. In Fe26.2 that end stands
    /// outside the encryption and is looked at first, so that this is no proof that the token was
    /// authentic.
    Expired = 5,
    /// Not seen for longer than `idleTimeout`.
    Idle = 6,
    /// Created before `notBefore`, or revoked since.
    Revoked = 7,
    /// Longer than `maxTokenLength`, or in longer cookies than a browser would send.
    TooLarge = 8,
}

impl Rejection {
    #[cfg(feature = "capi")]
    pub(super) const ALL: [Rejection; 8] = [
        Rejection::Malformed,
        Rejection::UnsupportedFormat,
        Rejection::UnknownKey,
        Rejection::BadSeal,
        Rejection::Expired,
        Rejection::Idle,
        Rejection::Revoked,
        Rejection::TooLarge,
    ];

    /// Its name, as logs and the other languages have it.
    ///
    /// ```
    /// assert_eq!(h3s::Rejection::BadSeal.name(), "bad_seal");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name_z().to_str().unwrap_or_default()
    }

    /// The name of a rejection of the C ABI; 0 is `none`.
    #[cfg(feature = "capi")]
    pub(crate) fn name_of(number: i32) -> &'static CStr {
        match Rejection::ALL
            .into_iter()
            .find(|rejection| *rejection as i32 == number)
        {
            Some(rejection) => rejection.name_z(),
            None if number == 0 => c"none",
            None => c"unknown rejection",
        }
    }

    fn name_z(self) -> &'static CStr {
        match self {
            Rejection::Malformed => c"malformed",
            Rejection::UnsupportedFormat => c"unsupported_format",
            Rejection::UnknownKey => c"unknown_key",
            Rejection::BadSeal => c"bad_seal",
            Rejection::Expired => c"expired",
            Rejection::Idle => c"idle",
            Rejection::Revoked => c"revoked",
            Rejection::TooLarge => c"too_large",
        }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Rejection::Malformed => "the token is not well-formed, or from the future",
            Rejection::UnsupportedFormat => {
                "the token is of a format that seal.accept does not list"
            }
            Rejection::UnknownKey => "the token's key id is none of the passwords'",
            Rejection::BadSeal => {
                "the token is forged, damaged, or sealed with another password or cookie name"
            }
            Rejection::Expired => "the session is older than maxAge or past its own end",
            Rejection::Idle => "the session was not seen for longer than idleTimeout",
            Rejection::Revoked => "the session was revoked, or created before notBefore",
            Rejection::TooLarge => "the token is longer than can be valid",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
