//! Whether another site has led the browser here.

use std::fmt;

/// What a request says about the page that it comes from. A header that the request lacks is empty.
///
/// A SameSite cookie stays behind when another site leads the browser here: by a form, and under
/// `strict` also by a link. Such a request must not replace or delete the cookie that it came
/// without: see [`Request::cross_site`](crate::Request::cross_site).
///
/// ```
/// use h3s::Site;
///
/// let site = Site::new().origin("https://evil.example").host("own.example");
/// assert!(site.is_another());
/// ```
#[derive(Clone, Copy, Default)]
#[must_use]
pub struct Site<'a> {
    pub(crate) sec_fetch_site: &'a [u8],
    pub(crate) origin: &'a [u8],
    pub(crate) referer: &'a [u8],
    pub(crate) host: &'a [u8],
}

impl<'a> Site<'a> {
    /// A request without any of these headers, which says nothing of another site.
    ///
    /// ```
    /// assert!(!h3s::Site::new().is_another());
    /// ```
    pub fn new() -> Site<'a> {
        Site::default()
    }

    /// The value of `Sec-Fetch-Site`; several lines joined by `", "`, here and below.
    ///
    /// ```
    /// assert!(h3s::Site::new().sec_fetch_site("cross-site").is_another());
    /// ```
    pub fn sec_fetch_site(self, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Site<'a> {
        let sec_fetch_site = value.as_ref();
        Site {
            sec_fetch_site,
            ..self
        }
    }

    /// The value of `Origin`.
    ///
    /// ```
    /// let site = h3s::Site::new().origin("http://127.0.0.1:3000").host("127.0.0.1:8000");
    /// assert!(!site.is_another());
    /// ```
    pub fn origin(self, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Site<'a> {
        let origin = value.as_ref();
        Site { origin, ..self }
    }

    /// The value of `Referer`.
    ///
    /// ```
    /// let site = h3s::Site::new().referer("https://own.example/page").host("own.example");
    /// assert!(!site.is_another());
    /// ```
    pub fn referer(self, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Site<'a> {
        let referer = value.as_ref();
        Site { referer, ..self }
    }

    /// The value of `Host`, or of `:authority`, with a port or without. Behind a proxy it is what
    /// the browser asked for.
    ///
    /// ```
    /// let site = h3s::Site::new().origin("https://own.example").host("own.example:8443");
    /// assert!(!site.is_another());
    /// ```
    pub fn host(self, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Site<'a> {
        let host = value.as_ref();
        Site { host, ..self }
    }

    /// Whether another site has led the browser here.
    ///
    /// Browsers send `Sec-Fetch-Site` over HTTPS and to localhost. Where it is missing, the host
    /// in `Origin`, else in `Referer`, is compared with `Host`, without regard to ports. What is
    /// not understood is another site: a false alarm costs little, since it only matters to
    /// requests without the cookie, and a write sets it all the same. (A link over plain HTTP that
    /// sends no `Referer` cannot be told from one of the own site.)
    ///
    /// ```
    /// use h3s::Site;
    ///
    /// let site = Site::new().host("own.example");
    /// assert!(site.origin("https://evil.example").is_another());
    /// assert!(!site.origin("https://own.example").is_another());
    /// ```
    #[must_use]
    pub fn is_another(&self) -> bool {
        let mut said = self
            .sec_fetch_site
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .filter(|value| !value.is_empty())
            .peekable();
        if said.peek().is_some() {
            return said.any(|value| value.eq_ignore_ascii_case(b"cross-site"));
        }
        let Some(page) = [self.origin, self.referer]
            .into_iter()
            .map(<[u8]>::trim_ascii)
            .find(|page| !page.is_empty())
        else {
            return false;
        };
        match (authority(page).and_then(host), host(self.host)) {
            (Some(page), Some(own)) => !page.eq_ignore_ascii_case(own),
            _ => true,
        }
    }
}

impl fmt::Debug for Site<'_> {
    /// Without what the headers say: an address may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("is_another", &self.is_another())
            .finish_non_exhaustive()
    }
}

/// What stands between `://` and the path. An opaque origin (`null`) has none.
fn authority(url: &[u8]) -> Option<&[u8]> {
    let colon = url.iter().position(|byte| *byte == b':')?;
    let rest = url.get(colon..)?.strip_prefix(b"://")?;
    rest.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next()
}

/// The host of an authority, without the port; an IPv6 address with its brackets. None where a user
/// is named, who may have the name of a host, or where it is not well-formed.
fn host(authority: &[u8]) -> Option<&[u8]> {
    let authority = authority.trim_ascii();
    let end = match authority.first()? {
        b'[' => authority.iter().position(|byte| *byte == b']')? + 1,
        _ => authority
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(end)?;
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    (is_port && !host.is_empty() && !host.contains(&b'@')).then_some(host)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_another(page: &str, own: &str) -> bool {
        let [by_origin, by_referer] = [
            Site {
                origin: page.as_bytes(),
                referer: b"https://other.example/",
                host: own.as_bytes(),
                ..Site::default()
            },
            Site {
                referer: page.as_bytes(),
                host: own.as_bytes(),
                ..Site::default()
            },
        ]
        .map(|site| site.is_another());
        assert_eq!(by_origin, by_referer, "{page:?} {own:?}");
        by_origin
    }

    #[test]
    fn sec_fetch_site_goes_before_all_else() {
        for (said, wanted) in [
            ("cross-site", true),
            (" Cross-Site ", true),
            ("same-origin, cross-site", true),
            ("cross-site,none", true),
            ("same-origin", false),
            ("same-site", false),
            ("none", false),
            ("cross-sites", false),
            ("nonsense", false),
        ] {
            let site = Site {
                sec_fetch_site: said.as_bytes(),
                origin: if wanted {
                    b"https://own.example"
                } else {
                    b"https://evil.example"
                },
                referer: b"",
                host: b"own.example",
            };
            assert_eq!(site.is_another(), wanted, "{said:?}");
        }
    }

    #[test]
    fn an_empty_sec_fetch_site_says_nothing() {
        for said in ["", " ", ", ,"] {
            let site = Site {
                sec_fetch_site: said.as_bytes(),
                origin: b"https://evil.example",
                referer: b"https://own.example/",
                host: b"own.example",
            };
            assert!(site.is_another(), "{said:?}");
        }
    }

    #[test]
    fn a_request_that_says_nothing_is_of_no_other_site() {
        assert!(!Site::default().is_another());
        let host = b"own.example";
        assert!(
            !Site {
                host,
                ..Site::default()
            }
            .is_another()
        );
        assert!(
            !Site {
                host,
                origin: b" ",
                referer: b"\t",
                ..Site::default()
            }
            .is_another()
        );
    }

    #[test]
    fn a_page_of_the_same_host_is_of_no_other_site_whatever_the_port() {
        for (page, own) in [
            ("https://own.example", "own.example"),
            ("http://own.example:8080", "own.example"),
            ("https://own.example", "own.example:8443"),
            ("https://own.example:", "own.example:"),
            ("https://OWN.example", "own.EXAMPLE"),
            ("https://own.example/a@b?c=d#e", "own.example"),
            ("https://own.example?x", "own.example"),
            ("https://own.example#x", "own.example"),
            ("http://[::1]:3000/", "[::1]:80"),
            ("http://[::1]", "[::1]"),
            ("http://127.0.0.1:3000", "127.0.0.1:8000"),
            ("x-own+scheme://own.example", "own.example"),
        ] {
            assert!(!is_another(page, own), "{page:?} {own:?}");
        }
    }

    #[test]
    fn a_page_of_another_host_or_of_none_is_of_another_site() {
        for (page, own) in [
            ("https://evil.example", "own.example"),
            ("https://sub.own.example", "own.example"),
            ("https://own.example.evil.example", "own.example"),
            ("https://own.exampl", "own.example"),
            ("https://own.example.", "own.example"),
            ("https://evil.example/own.example", "own.example"),
            ("https://evil.example/?https://own.example/", "own.example"),
            ("https://evil.example#own.example", "own.example"),
            ("https://own.example@evil.example", "own.example"),
            ("https://own.example:80@evil.example", "own.example"),
            ("https://user@own.example", "own.example"),
            ("https://user@own.example", "user@own.example"),
            ("https://own.example:80:90", "own.example"),
            ("https://own.example:80x", "own.example"),
            ("https://own.example, https://own.example", "own.example"),
            ("https://own.example https://evil.example", "own.example"),
            ("http://[::2]:80", "[::1]:80"),
            ("http://[::1]x", "[::1]"),
            ("http://[::1", "[::1"),
            ("http://[", "["),
            ("http://[own.example", "own.example"),
            ("http://::1", "[::1]"),
            ("http://127.0.0.1", "127.0.0.2"),
            ("null", "own.example"),
            ("null", "null"),
            ("about:blank", "blank"),
            ("own.example", "own.example"),
            ("//own.example", "own.example"),
            ("https:own.example", "own.example"),
            ("https:/own.example", "own.example"),
            ("https://", "own.example"),
            ("https://:8080", ":8080"),
            ("https:///own.example", "own.example"),
            ("https://own.example", ""),
            ("https://own.example", "[::1"),
            ("https://", ""),
            ("null", ""),
        ] {
            assert!(is_another(page, own), "{page:?} {own:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_page_is_of_the_own_site_only_if_it_begins_with_its_host(
            page in "[a-c]?:?/{0,3}[a-c@.:\\[\\]/?#, ]{0,12}", host in "[a-c@.:\\[\\]]{0,6}"
        ) {
            let site = Site { origin: page.as_bytes(), host: host.as_bytes(), ..Site::default() };
            if !page.trim_matches(' ').is_empty() && !site.is_another() {
                let own = match host.strip_prefix('[') {
                    Some(rest) => format!("[{}]", rest.split(']').next().unwrap()),
                    None => host.split(':').next().unwrap().to_owned(),
                };
                let (_, rest) = page.split_once("://").unwrap();
                prop_assert!(!own.is_empty() && !own.contains('@'));
                let rest = rest.trim_start_matches(' ').strip_prefix(&own).unwrap();
                prop_assert!(rest.is_empty() || rest.starts_with([':', '/', '?', '#', ' ']));
            }
        }

        #[test]
        fn any_bytes_get_an_answer(bytes in proptest::array::uniform4(proptest::collection::vec(any::<u8>(), 0..40))) {
            let [sec_fetch_site, origin, referer, host] = &bytes;
            let _ = Site { sec_fetch_site, origin, referer, host }.is_another();
        }
    }
}
