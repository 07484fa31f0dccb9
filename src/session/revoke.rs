//! Revoking a session: what it owes to all servers.

use super::{Session, State};
use crate::revocation::Check;
use crate::{Error, Rejection};

impl Session {
    /// Ends the session as [`Session::clear`] does, and revokes it, whoever has a copy of its
    /// cookie or token: what every logout must call. Make [`Session::revocation_entries`] known to
    /// all servers before the response goes.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use h3s::{Config, Options, Request, RevocationOptions, Revocations};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// # let options = options.max_age(Duration::from_secs(60));
    /// # let options = options.revocation(RevocationOptions::new());
    /// # let (config, revocations) = (Config::new(options)?, Revocations::new(1_000)?);
    /// let mut session = config.use_session(&Request::new("").revocations(&revocations))?;
    /// session.set_cookies()?;
    /// session.revoke()?;
    /// assert!(session.is_cleared());
    /// assert_eq!(session.revocation_entries().len(), 1);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::State`](crate::ErrorKind::State) after [`Session::clear`],
    /// [`Config`](crate::ErrorKind::Config) where the options have no `revocation`,
    /// [`Random`](crate::ErrorKind::Random) or [`Memory`](crate::ErrorKind::Memory). Then the
    /// session is as it was.
    pub fn revoke(&mut self) -> Result<(), Error> {
        if self.state == State::Cleared && self.is_revoked {
            return Ok(());
        }
        self.check_not_cleared()?;
        self.owe_entry()?;
        self.clear();
        self.is_revoked = true;
        Ok(())
    }

    /// As [`Session::revoke`], for all sessions of its subject that were made before now: "log me
    /// out everywhere". What the subject is,
    /// [`RevocationOptions::subject`](crate::RevocationOptions::subject) says.
    ///
    /// To leave only this one: [`Session::rotate`], and then
    /// [`Config::revoke_subject`](crate::Config::revoke_subject) before [`Session::created_at`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use h3s::{Config, Options, Request, RevocationOptions, Revocations};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// # let revocation = RevocationOptions::new().subject("/user/id");
    /// # let options = options.max_age(Duration::from_secs(60)).revocation(revocation);
    /// # let (config, revocations) = (Config::new(options)?, Revocations::new(1_000)?);
    /// let mut session = config.use_session(&Request::new("").revocations(&revocations))?;
    /// session.set("user", r#"{"id": "ada"}"#)?;
    /// session.set_cookies()?;
    /// session.revoke_everywhere()?;
    /// assert_eq!(session.revocation_entries().len(), 2);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::revoke`]; also `State` where its data has no subject, and `Config` where the
    /// options do not say what that is.
    pub fn revoke_everywhere(&mut self) -> Result<(), Error> {
        self.check_not_cleared()?;
        let inner = self.config.inner();
        let revocation = inner.revocation()?;
        revocation.check_has_subject()?;
        let Some(subject) = revocation.subject_of(&self.record)? else {
            return Err(Error::state(
                "this session's data has no subject where revocation.subject says",
            ));
        };
        let entry = inner.seal_subject(&subject, self.now, self.now)?;
        // So that neither is owed without the other.
        self.owed.try_reserve(2).map_err(|_| Error::memory())?;
        self.owe_entry()?;
        self.owe(entry)?;
        self.clear();
        self.is_revoked = true;
        Ok(())
    }

    /// What is to be made known to all servers before the response goes, so that what was revoked
    /// (and by [`Session::rotate`] the former id) is refused: a line of text each, without its end.
    /// None of them is ever made known by the library itself; again does no harm.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use h3s::{Config, Options, Request, RevocationOptions, Revocations};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// # let options = options.max_age(Duration::from_secs(60));
    /// # let options = options.revocation(RevocationOptions::new());
    /// # let (config, revocations) = (Config::new(options)?, Revocations::new(1_000)?);
    /// let mut session = config.use_session(&Request::new("").revocations(&revocations))?;
    /// session.set_cookies()?;
    /// session.rotate()?;
    /// for entry in session.revocation_entries() {
    ///     println!("{entry}");
    /// }
    /// # Ok::<(), h3s::Error>(())
    /// ```
    pub fn revocation_entries(&self) -> impl ExactSizeIterator<Item = &str> {
        self.owed
            .iter()
            .map(|line| line.strip_suffix('\0').unwrap_or(line))
    }

    /// As [`Session::revocation_entries`], each with a NUL after it.
    #[cfg(feature = "capi")]
    pub(crate) fn revocation_entries_z(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.owed.iter().map(String::as_bytes)
    }

    /// Whether what is revoked might not have been known here when it was opened: see
    /// [`RevocationOptions::stale`](crate::RevocationOptions::stale).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use h3s::{Config, Options, Request, RevocationOptions, Revocations};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// # let options = options.max_age(Duration::from_secs(60));
    /// # let options = options.revocation(RevocationOptions::new());
    /// # let (config, revocations) = (Config::new(options)?, Revocations::new(1_000)?);
    /// let request = Request::new("").revocations(&revocations);
    /// assert!(config.use_session(&request)?.is_stale()); // nothing was heard yet
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.origin.is_stale
    }

    /// Owes an entry for its id, if that may be in a token, and sessions can be revoked.
    pub(super) fn owe_for_id(&mut self) -> Result<(), Error> {
        match self.config.inner().revocation {
            Some(_) => self.owe_entry(),
            None => Ok(()),
        }
    }

    fn owe_entry(&mut self) -> Result<(), Error> {
        self.config.inner().revocation()?;
        // An id that may still be set is in no token.
        if self.outgoing.id_is_open() {
            return Ok(());
        }
        let entry = self.config.inner().seal_session(&self.record, self.now)?;
        self.owe(entry)
    }

    fn owe(&mut self, mut entry: String) -> Result<(), Error> {
        self.owed.try_reserve(1).map_err(|_| Error::memory())?;
        entry.try_reserve(1).map_err(|_| Error::memory())?;
        entry.push('\0');
        self.owed.push(entry);
        Ok(())
    }

    /// Refuses a session that was revoked since it was opened.
    pub(super) fn check_not_revoked(&self) -> Result<(), Error> {
        self.check_is_not(|check| check.refuses(&self.record))
    }

    /// As [`Session::check_not_revoked`], but by its id alone: its data may have been written
    /// since, and be another subject's by now, who was logged out before.
    pub(super) fn check_id_not_revoked(&self) -> Result<(), Error> {
        self.check_is_not(|check| Ok(check.refuses_id(&self.record)))
    }

    fn check_is_not(
        &self,
        revoked: impl FnOnce(&Check<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let check = Check::new(&self.config, self.revocations.as_ref(), self.now)?;
        match check {
            Some(check) if self.state != State::Cleared && revoked(&check)? => {
                Err(Rejection::Revoked.into())
            }
            _ => Ok(()),
        }
    }
}
