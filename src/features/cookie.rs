//! Set-Cookie values as the crate `cookie` has them.

use cookie::Cookie;

use crate::Cookies;

impl Cookies {
    /// The values as [`cookie::Cookie`], in the order of [`Cookies::iter`], e.g. for a framework's
    /// jar, or to log a name and a lifetime. All attributes are there but `Priority`, which that
    /// crate does not know: where [`CookieOptions::priority`] is set, send [`Cookies::iter`].
    ///
    /// ```
    /// use h3s::{Config, Options, Request};
    ///
    /// let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// for cookie in session.set_cookies()?.to_cookies() {
    ///     assert_eq!((cookie.name(), cookie.http_only()), ("h3", Some(true)));
    /// }
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// [`CookieOptions::priority`]: crate::CookieOptions::priority
    pub fn to_cookies(&self) -> impl Iterator<Item = Cookie<'_>> {
        // What is written here can be read there, as a test holds.
        self.iter().filter_map(|value| Cookie::parse(value).ok())
    }
}
