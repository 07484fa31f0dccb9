//! What a response that carries a session must say to caches: one rule for every binding.
//!
//! A shared cache that stores such a response would hand one visitor's session to another. So a
//! response varies on what the session is found by, and is `private` where it sets a cookie. What
//! the application has said beside that stays.
//!
//! Where a value is not well-formed, it is read so that the error is on the safe side: what stands
//! behind a quotation mark without its partner is part of the string, and what has to be said goes
//! before it.
//!
//! ```
//! use h3s::{Config, Options, Request, cache};
//!
//! let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
//! let mut session = config.use_session(&Request::new(""))?;
//! // What the application says of the response, and what goes out.
//! let (vary, control) = ("Accept-Encoding", "public, max-age=60");
//! let vary = cache::vary(&config, vary);
//! assert_eq!(vary, "Accept-Encoding, Cookie, x-h3-session");
//! if !session.set_cookies()?.is_empty() {
//!     let control = cache::control(control);
//!     assert_eq!(control, "private, max-age=60");
//!     // And without the headers of which `cache::is_targeted` is true.
//! }
//! # Ok::<(), h3s::Error>(())
//! ```

use std::borrow::Cow;

use crate::Config;

/// The value of Vary for a response to a request whose session was looked at.
///
/// present: the header's value so far, several lines joined by `", "`; empty where there is none.
/// Text gives text, and bytes, which need not be UTF-8, give bytes. An empty result says that the
/// response needs no Vary.
///
/// ```
/// use h3s::cache;
///
/// # let options = h3s::Options::new("correct horse battery staple, and more of it");
/// # let config = h3s::Config::new(options)?;
/// assert_eq!(cache::vary(&config, ""), "Cookie, x-h3-session");
/// assert_eq!(cache::vary(&config, "Accept, cookie"), "Accept, cookie, x-h3-session");
/// let bytes: &[u8] = b"\xE4";
/// assert_eq!(*cache::vary(&config, bytes), *b"\xE4, Cookie, x-h3-session");
/// # Ok::<(), h3s::Error>(())
/// ```
#[must_use]
pub fn vary<'a, V: Value + ?Sized>(config: &'a Config, present: &'a V) -> Cow<'a, V> {
    V::from_bytes(whole(vary_pieces(config.vary_names(), present.as_bytes())))
}

/// The value of Cache-Control for a response that sets a session's cookie.
///
/// present: as for [`vary`]; and text gives text.
///
/// It says `private` beside `no-store`, too: some caches look for nothing else. Since
/// `private="Set-Cookie"` says less than `private`, it is replaced, as `public` and `s-maxage` are.
///
/// ```
/// assert_eq!(h3s::cache::control("public, max-age=60"), "private, max-age=60");
/// ```
#[must_use]
pub fn control<V: Value + ?Sized>(present: &V) -> Cow<'_, V> {
    V::from_bytes(whole(control_pieces(present.as_bytes())))
}

/// Whether a header speaks to a certain kind of shared cache, which heeds it in place of
/// Cache-Control: it must not stand beside a session's Set-Cookie.
///
/// Such are all that end in `-Cache-Control` (RFC 9213) and what caches had before:
/// `Surrogate-Control`, `Edge-Control` and `X-Accel-Expires`. Upper and lower case are one.
///
/// ```
/// use h3s::cache::is_targeted;
///
/// assert!(is_targeted("CDN-Cache-Control"));
/// assert!(!is_targeted("Cache-Control"));
/// ```
#[must_use]
pub fn is_targeted(name: impl AsRef<[u8]>) -> bool {
    let name = name.as_ref();
    const SUFFIX: &[u8] = b"-cache-control";
    const OLDER: [&[u8]; 3] = [b"surrogate-control", b"edge-control", b"x-accel-expires"];

    let end = name.len().saturating_sub(SUFFIX.len());
    name.get(end..)
        .is_some_and(|end| end.eq_ignore_ascii_case(SUFFIX))
        || OLDER.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// The value of a header: text, or bytes, which need not be UTF-8. HTTP allows any above 0x7F.
///
/// ```
/// let (text, bytes) = ("public", b"public");
/// assert_eq!(h3s::cache::control(text).into_owned(), "private".to_owned());
/// assert_eq!(h3s::cache::control(&bytes[..]).into_owned(), b"private".to_vec());
/// ```
pub trait Value: ToOwned + sealed::Value {}

impl Value for str {}
impl Value for [u8] {}

mod sealed {
    use std::borrow::Cow;

    pub trait Value: ToOwned {
        fn as_bytes(&self) -> &[u8];

        /// From pieces of such a value.
        fn from_bytes(bytes: Cow<'_, [u8]>) -> Cow<'_, Self>;
    }

    impl Value for [u8] {
        fn as_bytes(&self) -> &[u8] {
            self
        }

        fn from_bytes(bytes: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
            bytes
        }
    }

    impl Value for str {
        fn as_bytes(&self) -> &[u8] {
            self.as_bytes()
        }

        /// Text is cut beside ASCII alone, so that nothing is lost.
        fn from_bytes(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
            match bytes {
                Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
                Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
            }
        }
    }
}

/// The pieces of [`vary`]; one alone, if nothing has to change. They may be walked over twice, so
/// that they can go into memory of the caller's.
pub(crate) fn vary_pieces<'a>(
    names: &'a [u8],
    present: &'a [u8],
) -> impl Iterator<Item = &'a [u8]> + Clone {
    // In Vary no member is quoted. Where a mark stands all the same, readers may disagree about
    // what is behind it.
    let is_odd = present.contains(&b'"');
    let is_missing = move |name: &[u8]| {
        !Members(present).any(|member| member == b"*" || member.eq_ignore_ascii_case(name))
    };
    let missing = move |are: bool| Members(names).filter(move |name| are && is_missing(name));
    let (before, after) = (missing(is_odd), missing(!is_odd));
    let said = match missing(true).next() {
        None => present,
        Some(_) if is_odd => trimmed(present, |byte| !is_space(byte)),
        Some(_) => trimmed(present, |byte| !is_space(byte) && *byte != b','),
    };
    let said = Some(said).filter(|said| !said.is_empty());
    joined(before.chain(said).chain(after))
}

/// The pieces of [`control`], as those of [`vary_pieces`].
pub(crate) fn control_pieces(present: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    const PRIVATE: &[u8] = b"private";
    const OTHERWISE: [&[u8]; 3] = [b"public", b"s-maxage", PRIVATE];

    let is_otherwise = |member: &&[u8]| {
        let name = name_of(member);
        OTHERWISE
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other))
    };
    let is_private = |member: &&[u8]| member.eq_ignore_ascii_case(PRIVATE);
    let is_enough = Members(present).any(|member| is_private(&member))
        && Members(present).all(|member| is_private(&member) || !is_otherwise(&member));
    let kept =
        Members(if is_enough { b"" } else { present }).filter(move |member| !is_otherwise(member));
    joined(std::iter::once(if is_enough { present } else { PRIVATE }).chain(kept))
}

/// A directive's name: `s-maxage` in `S-MaxAge = 60`.
fn name_of(directive: &[u8]) -> &[u8] {
    let end = directive
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)));
    directive
        .get(..end.unwrap_or(directive.len()))
        .unwrap_or_default()
}

/// The members of a list, as RFC 9110 has it (5.6.1): without the white space around them, and
/// without the empty ones. A comma in a quoted string separates nothing, and in one a backslash
/// takes the next byte's meaning away.
#[derive(Clone)]
struct Members<'a>(&'a [u8]);

impl<'a> Iterator for Members<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.0.is_empty() {
            let (mut is_quoted, mut is_escaped) = (false, false);
            let comma = self.0.iter().position(|byte| {
                let is_plain = !std::mem::take(&mut is_escaped);
                match byte {
                    b'"' if is_plain => is_quoted = !is_quoted,
                    b'\\' if is_plain => is_escaped = is_quoted,
                    _ => {}
                }
                *byte == b',' && !is_quoted
            });
            let (member, rest) = self.0.split_at(comma.unwrap_or(self.0.len()));
            self.0 = rest.get(1..).unwrap_or_default();
            let member = trimmed(member, |byte| !is_space(byte));
            if !member.is_empty() {
                return Some(member);
            }
        }
        None
    }
}

fn trimmed(text: &[u8], is_kept: impl Fn(&u8) -> bool) -> &[u8] {
    let start = text.iter().position(&is_kept).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(&is_kept)
        .map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// With a comma and a space between each two.
fn joined<'a>(
    members: impl Iterator<Item = &'a [u8]> + Clone,
) -> impl Iterator<Item = &'a [u8]> + Clone {
    const SEPARATOR: &[u8] = b", ";

    members
        .enumerate()
        .flat_map(|(i, member)| [if i == 0 { b"" } else { SEPARATOR }, member])
        .filter(|piece| !piece.is_empty())
}

fn whole<'a>(mut pieces: impl Iterator<Item = &'a [u8]> + Clone) -> Cow<'a, [u8]> {
    let copy = pieces.clone();
    match (pieces.next(), pieces.next()) {
        (None, _) => Cow::Borrowed(b""),
        (Some(all), None) => Cow::Borrowed(all),
        _ => Cow::Owned(copy.collect::<Vec<_>>().concat()),
    }
}

#[cfg(test)]
mod tests;
