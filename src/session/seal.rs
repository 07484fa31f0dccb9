//! Sealing a session: the cookies and the token that come of it.

use super::outgoing::{Due, Outgoing, Token};
use super::{Others, Session, State};
use crate::Error;
use crate::clock::MAX_AHEAD_MS;
use crate::cookie::{CookieEnd, Cookies};
use crate::counts::Count;
use crate::id::Id;
use crate::json::slice;
use crate::record::Record;
use crate::seal::{Around, Stamp};

/// What sealing made, before it is certain that it can be passed on. Until then the session stays
/// as it was.
struct Sealed {
    token: Token,
    /// What the token makes the session's id, in a format whose tokens have none.
    id: Option<Id>,
    last_seen_at: Option<i64>,
    expires_at: Option<i64>,
}

impl Sealed {
    fn new(token: Token, id: Option<Id>, stamp: &Stamp<'_>) -> Sealed {
        Sealed {
            token,
            id,
            last_seen_at: stamp.last_seen_at,
            expires_at: stamp.expires_at,
        }
    }
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
            let (sealed, cookies) = match due {
                Due::Seen => (None, self.seen_cookies()?),
                _ if self.state == State::Cleared => (None, self.deleting_cookies()?),
                _ => self.sealed_cookies()?,
            };
            check(&cookies)?;
            let token = self.take_on(sealed);
            self.count_due(due);
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

    /// Whether [`Session::set_cookies`] or [`Session::seal`] may take a slow key derivation: some
    /// milliseconds, of Fe26.2 as h3 2 seals it, once a day for each [`Config`](crate::Config). An
    /// event loop had better leave such a seal to a thread.
    ///
    /// ```
    /// # use h3s::{Config, Format, Options, Request};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// let config = Config::new(options.seal(Format::H3v2))?;
    /// let mut session = config.use_session(&Request::new(""))?;
    /// assert!(session.is_cold());
    /// session.set_cookies()?;
    /// assert!(!config.use_session(&Request::new(""))?.is_cold());
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn is_cold(&self) -> bool {
        let seals = &self.config.inner().seals;
        let is_cleared = self.state == State::Cleared;
        let at = match self.origin.others {
            _ if self.outgoing.is_sealed() => return false,
            Some(others) if is_cleared && !self.outgoing.is_taken() => self.ahead_of(others),
            _ if is_cleared => return false,
            _ => self.now,
        };
        seals.seals_cold(self.format, at)
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
        self.outgoing.copy_token()?;
        let sealed = match self.outgoing.is_sealed() {
            true => None,
            false => Some(self.sealed_now()?),
        };
        let token = match &sealed {
            Some(sealed) => sealed.token.own(),
            None => self.outgoing.token(),
        };
        let token = token.ok_or_else(Error::internal)?;
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

    /// Seals the session, in a text of its own.
    fn sealed_now(&self) -> Result<Sealed, Error> {
        let stamp = self.stamp_now()?;
        self.sealed_alone(&stamp)
    }

    fn sealed_alone(&self, stamp: &Stamp<'_>) -> Result<Sealed, Error> {
        let (seals, data) = (&self.config.inner().seals, &self.record.data);
        let mut token = seals.seal(stamp, data, self.now, Around::NUL)?;
        let id = seals.id_of_token(self.format, &token)?;
        token.push(0);
        Ok(Sealed::new(Token::Own(token), id, stamp))
    }

    /// What sets the session's token, which is sealed if it was not since it changed last.
    fn sealed_cookies(&self) -> Result<(Option<Sealed>, Cookies), Error> {
        let (inner, record) = (self.config.inner(), &self.record);
        let (attributes, received) = (&inner.attributes, self.origin.received);
        let stamp = self.stamp_now()?;
        let end = match record.lifetime.ends_with_browser {
            true => CookieEnd::WithBrowser,
            false => CookieEnd::OfSession(stamp.cookie_end),
        };
        if let Some(token) = self.outgoing.token() {
            let cookies = attributes.set(without_nul(token), self.now, end, received)?;
            return Ok((None, cookies));
        }
        let token_len = inner.seals.token_len(&stamp, record.data.len());
        let Some(cookie) = attributes.whole(token_len, self.now, end, received) else {
            let sealed = self.sealed_alone(&stamp)?;
            let token = sealed.token.own().ok_or_else(Error::internal)?;
            let cookies = attributes.set(without_nul(token), self.now, end, received)?;
            return Ok((Some(sealed), cookies));
        };
        let around = Around {
            before: cookie.before(),
            after_len: cookie.after_len(),
        };
        let text = inner.seals.seal(&stamp, &record.data, self.now, around)?;
        let place = around.before_len()..text.len();
        let id = (inner.seals).id_of_token(self.format, slice(&text, place.clone()))?;
        let sealed = Sealed::new(Token::InCookie(place), id, &stamp);
        Ok((Some(sealed), cookie.finish(text)))
    }

    /// Makes what was sealed the session's own, and gives its token.
    fn take_on(&mut self, sealed: Option<Sealed>) -> Option<Token> {
        let Some(sealed) = sealed else {
            return self.outgoing.take_token();
        };
        if let Some(id) = sealed.id {
            self.record.id = id;
            self.log_id.take();
        }
        self.counters().add(Count::Sealed);
        self.record.last_seen_at = sealed.last_seen_at;
        self.record.expires_at = sealed.expires_at;
        Some(sealed.token)
    }

    /// What a seal would say now, if the session has not ended.
    fn stamp_now(&self) -> Result<Stamp<'_>, Error> {
        self.check_alive()?;
        self.check_written(self.format)?;
        let inner = self.config.inner();
        Ok(inner
            .seals
            .stamp(self.format, &self.record, &inner.limits, self.now))
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

    fn deleting_cookies(&self) -> Result<Cookies, Error> {
        match self.origin.others {
            // Where any session is a login, an empty one would be one, too.
            Some(others) if self.format.sets_empty() => self.empty_cookies(others),
            _ => self.config.inner().attributes.delete(self.origin.received),
        }
    }

    /// A new, empty session's. Cookies of another path or domain cannot be deleted from here; so
    /// that none of their sessions comes back, one that is newer, and lives as long, has to take
    /// their place.
    fn empty_cookies(&self, others: Others) -> Result<Cookies, Error> {
        let inner = self.config.inner();
        let at = self.ahead_of(others);
        let empty = Record::new(at)?;
        let stamp = inner.seals.stamp(self.format, &empty, &inner.limits, at);
        let token = inner.seals.seal(&stamp, &empty.data, at, Around::NUL)?;
        let end = match others.some_unknown || others.some_endless {
            true => Some(i64::MAX),
            false => stamp.cookie_end.max(others.end),
        };
        let (attributes, end) = (&inner.attributes, CookieEnd::OfSession(end));
        attributes.set(&token, self.now, end, self.origin.received)
    }

    /// When an empty session that is newer than these was made. Ahead of now only where another one
    /// is, or may be, and by less than servers whose clocks are a minute behind refuse. (No session
    /// with data is ever sealed ahead: it would outlive a notBefore.)
    fn ahead_of(&self, others: Others) -> i64 {
        let unknown = match others.some_unknown {
            true => self.now + MAX_AHEAD_MS - 60_000,
            false => self.now,
        };
        unknown.max(others.seen_at + 1)
    }
}

fn without_nul(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\0").unwrap_or(text)
}
