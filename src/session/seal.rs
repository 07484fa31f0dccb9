//! Sealing a session: the cookies and the token that come of it.

use super::outgoing::{Due, Outgoing};
use super::{Others, Session, State};
use crate::Error;
use crate::cookie::{CookieEnd, Cookies};
use crate::record::{MAX_AHEAD_MS, Record};

/// What sealing made, before it is certain that it can be passed on. Until then the session stays
/// as it was.
struct Sealed {
    /// With a NUL.
    token: Vec<u8>,
    last_seen_at: Option<i64>,
    expires_at: Option<i64>,
}

impl Session {
    /// The Set-Cookie values that the response has to have. They are the same until the next write,
    /// after which the whole new list takes the place of the former one.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_int("visits", 1)?;
    /// for value in session.set_cookies()? {
    ///     println!("Set-Cookie: {value}");
    /// }
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Random`](crate::ErrorKind::Random), [`Memory`](crate::ErrorKind::Memory), or
    /// [`Rejected`](crate::ErrorKind::Rejected) if it has ended since (see [`Session::set_now`]).
    /// Nothing was sealed then.
    pub fn set_cookies(&mut self) -> Result<&Cookies, Error> {
        self.set_cookies_if(|_| Ok(()))
    }

    /// As [`Session::set_cookies`], unless they cannot be passed on: the session is then as if they
    /// had never been asked for.
    pub(crate) fn set_cookies_if(
        &mut self,
        check: impl FnOnce(&Cookies) -> Result<(), Error>,
    ) -> Result<&Cookies, Error> {
        static NONE: Cookies = Cookies::none();
        if !self.config.inner().cookies || !self.outgoing.is_due() {
            // What is due under `"cookie": false` is a token, and stays so.
            check(&NONE)?;
            return Ok(&NONE);
        }
        if let Outgoing::Taken { cookies, .. } = &self.outgoing {
            check(cookies)?;
        } else {
            let due = self.outgoing.due();
            let (sealed, cookies) = if due == Due::Seen {
                (None, self.seen_cookies()?)
            } else {
                let sealed = match self.state {
                    State::Cleared => None,
                    _ => self.sealed_now()?,
                };
                let cookies = self.make_cookies(sealed.as_ref())?;
                (sealed, cookies)
            };
            check(&cookies)?;
            let token = self.take_on(sealed);
            if due == Due::Seen {
                self.record.last_seen_at = Some(self.now);
            }
            self.outgoing = Outgoing::Taken {
                token,
                cookies,
                due,
            };
        }
        match &self.outgoing {
            Outgoing::Taken { cookies, .. } => Ok(cookies),
            _ => Err(Error::internal()),
        }
    }

    /// The session as a bare token, for a client that sends it back in the session header.
    ///
    /// ```
    /// # use h3s::{Config, Options, Request};
    /// # let config = Config::new(Options::new("correct horse battery staple, and more of it"))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// session.set_int("visits", 1)?;
    /// let token = session.seal()?;
    /// assert_eq!(config.unseal(&Request::from_token(token))?.int("/visits"), Some(1));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::set_cookies`]; [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) when it is
    /// longer than `maxTokenLength`; [`ErrorKind::State`](crate::ErrorKind::State) after
    /// [`Session::clear`].
    pub fn seal(&mut self) -> Result<&str, Error> {
        let token = without_nul(self.seal_z()?);
        std::str::from_utf8(token).map_err(|_| Error::internal())
    }

    pub(crate) fn seal_z(&mut self) -> Result<&[u8], Error> {
        self.check_not_cleared()?;
        let sealed = self.sealed_now()?;
        let token = match &sealed {
            Some(sealed) => &sealed.token,
            None => self.outgoing.token().ok_or_else(Error::internal)?,
        };
        let inner = self.config.inner();
        inner.check_token_len(without_nul(token).len())?;
        let (due, takes) = (self.outgoing.due(), !inner.cookies);
        if let Outgoing::Taken { token: None, .. } = &self.outgoing {
            let sealed = self.take_on(sealed);
            if let Outgoing::Taken { token, .. } = &mut self.outgoing {
                *token = sealed;
            }
        } else if !self.outgoing.is_taken() {
            let token = self.take_on(sealed).ok_or_else(Error::internal)?;
            self.outgoing = match due != Due::Nothing && takes {
                // The token is all that there is to take.
                true => Outgoing::Taken {
                    token: Some(token),
                    cookies: Cookies::none(),
                    due,
                },
                false => Outgoing::Sealed { token, due },
            };
        }
        self.outgoing.token().ok_or_else(Error::internal)
    }

    /// Seals what was not sealed since it changed last. None if it was.
    fn sealed_now(&self) -> Result<Option<Sealed>, Error> {
        if self.outgoing.token().is_some() {
            return Ok(None);
        }
        self.check_alive()?;
        let (inner, record) = (self.config.inner(), &self.record);
        let stamp = inner
            .seals
            .stamp(self.format, record, &inner.limits, self.now);
        Ok(Some(Sealed {
            token: inner.seals.seal(&stamp, &record.data, self.now)?,
            last_seen_at: stamp.last_seen_at,
            expires_at: stamp.expires_at,
        }))
    }

    /// Makes what was sealed the session's own, and gives its token.
    fn take_on(&mut self, sealed: Option<Sealed>) -> Option<Vec<u8>> {
        let Some(sealed) = sealed else {
            return self.outgoing.take_token();
        };
        self.record.last_seen_at = sealed.last_seen_at;
        self.record.expires_at = sealed.expires_at;
        Some(sealed.token)
    }

    /// What says that the session is seen now. Its own cookies stay as they are.
    fn seen_cookies(&self) -> Result<Cookies, Error> {
        self.check_alive()?;
        let (inner, record) = (self.config.inner(), &self.record);
        let value = inner
            .seals
            .seal_seen(self.origin.position, record, self.now)?;
        let end = match record.lifetime.ends_with_browser {
            true => CookieEnd::WithBrowser,
            false => CookieEnd::OfSession(self.expires_at()),
        };
        inner.attributes.set_seen(&value, self.now, end)
    }

    fn make_cookies(&self, sealed: Option<&Sealed>) -> Result<Cookies, Error> {
        let (inner, record, origin) = (self.config.inner(), &self.record, &self.origin);
        if self.state == State::Cleared {
            return match origin.others {
                Some(others) => self.empty_cookies(others),
                None => inner.attributes.delete(origin.received),
            };
        }
        let (token, last_seen_at) = match sealed {
            Some(sealed) => (sealed.token.as_slice(), sealed.last_seen_at),
            None => {
                let token = self.outgoing.token().ok_or_else(Error::internal)?;
                (token, record.last_seen_at)
            }
        };
        let seen_at = last_seen_at.unwrap_or(record.created_at);
        let end = match record.lifetime.ends_with_browser {
            true => CookieEnd::WithBrowser,
            false => CookieEnd::OfSession(self.cookie_end(record, seen_at)),
        };
        inner
            .attributes
            .set(without_nul(token), self.now, end, origin.received)
    }

    /// When the cookie of a session ends that was last seen at a time: with it, but where it slides
    /// beside its token as late as it may slide.
    fn cookie_end(&self, record: &Record, seen_at: i64) -> Option<i64> {
        let limits = self.config.inner().limits.of(record.lifetime);
        if self.format.slides_beside() && limits.idle_timeout.is_some() {
            limits.max_age_end(record.created_at).or(Some(i64::MAX))
        } else {
            limits.end(record.created_at, seen_at)
        }
    }

    /// A new, empty session's. Cookies of another path or domain cannot be deleted from here; so
    /// that none of their sessions comes back, one that is newer, and lives as long, has to take
    /// their place.
    fn empty_cookies(&self, others: Others) -> Result<Cookies, Error> {
        let inner = self.config.inner();
        // Ahead of now only where another one is, or may be, and by less than servers whose clocks
        // are a minute behind refuse. (No session with data is ever sealed ahead: it would outlive
        // a notBefore.)
        let unknown = match others.some_unknown {
            true => self.now + MAX_AHEAD_MS - 60_000,
            false => self.now,
        };
        let at = unknown.max(others.seen_at + 1);
        let empty = Record::new(at)?;
        let stamp = inner.seals.stamp(self.format, &empty, &inner.limits, at);
        let token = inner.seals.seal(&stamp, &empty.data, at)?;
        let end = match others.some_unknown || others.some_endless {
            true => Some(i64::MAX),
            false => self.cookie_end(&empty, at).max(others.end),
        };
        let (attributes, end) = (&inner.attributes, CookieEnd::OfSession(end));
        attributes.set(without_nul(&token), self.now, end, self.origin.received)
    }
}

fn without_nul(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\0").unwrap_or(text)
}
