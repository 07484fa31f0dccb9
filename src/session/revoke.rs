//! Revoking a session: what it owes to all servers.

use super::owed::Owed;
use super::{Session, State, Unopened};
use crate::counts::Count;
use crate::record::Record;
use crate::revocation::Check;
use crate::{Error, Rejection, clock};

const NO_ID: &str = "tokens of its format keep no id, by which earlier ones could be revoked: log \
     the user out everywhere, by revocation.subject";

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
    /// assert_eq!(session.revocation_entries()?.len(), 1);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where the request may have brought a session that did not open here, which would live on:
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) if it was not tried, so that the next request
    /// may find it, and [`Rejected`](crate::ErrorKind::Rejected) if it may be valid elsewhere, as
    /// under an unknown key. [`State`](crate::ErrorKind::State) in the formats of other frameworks
    /// whose tokens keep no id. [`Config`](crate::ErrorKind::Config) where the options have no
    /// `revocation`, [`Random`](crate::ErrorKind::Random) or [`Memory`](crate::ErrorKind::Memory).
    /// Then the session is as it was.
    pub fn revoke(&mut self) -> Result<(), Error> {
        self.move_clock();
        self.revoke_with(None)
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
    /// assert_eq!(session.revocation_entries()?.len(), 2);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Session::revoke`]; also `State` after [`Session::clear`] or where its data has no
    /// subject, and `Config` where the options do not say what that is.
    pub fn revoke_everywhere(&mut self) -> Result<(), Error> {
        self.check_not_cleared()?;
        self.move_clock();
        let inner = self.config.inner();
        let revocation = inner.revocation()?;
        revocation.check_has_subject()?;
        let Some(subject) = revocation.subject_of(&self.record)? else {
            return Err(Error::state(
                "this session's data has no subject where revocation.subject says",
            ));
        };
        let entry = inner.seal_subject(&subject, self.now, self.now)?;
        self.revoke_with(Some(entry))
    }

    /// Owes an entry for each id of the request's that may be in a token, and another one, or none
    /// of all these.
    fn revoke_with(&mut self, entry: Option<String>) -> Result<(), Error> {
        let inner = self.config.inner();
        inner.revocation()?;
        match self.origin.unopened {
            Some(Unopened::Untried) => return Err(Error::busy()),
            Some(Unopened::Foreign(reason)) => return Err(reason.into()),
            None => {}
        }
        let ended = self.ended.as_ref().ok_or_else(Error::memory)?;
        let owes_ids = match entry {
            None => !ended.is_empty() || self.in_a_token().is_some(),
            // All earlier tokens of its subject end; whose those were that `clear` ended is
            // forgotten.
            Some(_) => !ended.is_empty(),
        };
        if owes_ids && !(self.came_in.keeps_id() && inner.seals.format().keeps_id()) {
            return Err(Error::state(NO_ID));
        }
        let mut owed = Vec::new();
        owed.try_reserve_exact(ended.len() + 2)
            .map_err(|_| Error::memory())?;
        for record in ended.iter().chain(self.in_a_token()) {
            owed.push(Owed::new(inner.seal_session(record, self.now)?)?);
        }
        if let Some(entry) = entry {
            owed.push(Owed::new(entry)?);
        }
        self.owed
            .try_reserve(owed.len())
            .map_err(|_| Error::memory())?;
        self.owed.append(&mut owed);
        self.end(Count::Revoked);
        self.ended = Some(Vec::new());
        Ok(())
    }

    /// A connection may have outlived its request by days, and its session been set anew meanwhile:
    /// what revokes that must not have ended already.
    fn move_clock(&mut self) {
        if self.by_system_clock {
            self.now = self.now.max(clock::system());
        }
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
    /// session.revoke()?;
    /// for entry in session.revocation_entries()? {
    ///     println!("{entry}");
    /// }
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) after [`Session::rotate`], where a
    /// logout of the former id was heard of since: answer without the session's cookies. Only
    /// when they are asked for first, since they are to be applied here, too.
    pub fn revocation_entries(&mut self) -> Result<impl ExactSizeIterator<Item = &str>, Error> {
        self.hand_out()?;
        Ok(self.owed.iter().map(|owed| owed.line()))
    }

    /// As [`Session::revocation_entries`], each with a NUL after it.
    #[cfg(feature = "capi")]
    pub(crate) fn revocation_entries_z(
        &mut self,
    ) -> Result<impl ExactSizeIterator<Item = &[u8]>, Error> {
        self.hand_out()?;
        Ok(self.owed.iter().map(|owed| owed.line_z()))
    }

    /// A logout that came after `rotate` would pass over the new id.
    fn hand_out(&mut self) -> Result<(), Error> {
        if self.owed.iter().all(|owed| owed.rotated.is_none()) {
            return Ok(());
        }
        let check = Check::new(&self.config, self.revocations.as_ref(), self.now)?;
        let mut rotated = self.owed.iter().filter_map(|owed| owed.rotated.as_ref());
        if check.is_some_and(|check| rotated.any(|former| check.refuses_id(former))) {
            return Err(Rejection::Revoked.into());
        }
        self.owed.iter_mut().for_each(|owed| owed.rotated = None);
        Ok(())
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

    /// Owes an entry for the id that it had before it was rotated, if that may be in a token, and
    /// sessions can be revoked.
    pub(super) fn owe_for_rotated(&mut self) -> Result<(), Error> {
        let inner = self.config.inner();
        let Some(former) = self.in_a_token().filter(|_| inner.revocation.is_some()) else {
            return Ok(());
        };
        let mut owed = Owed::new(inner.seal_session(former, self.now)?)?;
        owed.rotated = Some(former.id_alone()?);
        self.owed.try_reserve(1).map_err(|_| Error::memory())?;
        self.owed.push(owed);
        Ok(())
    }

    /// Keeps in mind what `clear` is about to end, should it be revoked later in this request.
    pub(super) fn remember_ended(&mut self) {
        let Some(record) = self
            .in_a_token()
            .filter(|_| self.config.inner().revocation.is_some())
        else {
            return;
        };
        let (id, ended) = (record.id_alone(), self.ended.take());
        self.ended = ended.zip(id.ok()).and_then(|(mut ended, id)| {
            ended.try_reserve(1).ok()?;
            ended.push(id);
            Some(ended)
        });
    }

    /// Its record, if its id may be in a token: one that may still be set is in none.
    fn in_a_token(&self) -> Option<&Record> {
        let may_be = self.state != State::Cleared && !self.outgoing.id_is_open();
        may_be.then_some(&self.record)
    }

    /// Refuses a session that was revoked since it was opened.
    pub(super) fn check_not_revoked(&self) -> Result<(), Error> {
        let check = Check::new(&self.config, self.revocations.as_ref(), self.now)?;
        let made = self.came_in.made_at_latest(self.record.created_at);
        match check {
            Some(check) if self.state != State::Cleared && check.refuses(&self.record, made)? => {
                Err(Rejection::Revoked.into())
            }
            _ => Ok(()),
        }
    }

    /// Refuses to give another id to a session that may have been logged out: the new id would
    /// outlive that. (By its id alone: its data may have been written since, and be another
    /// subject's by now, who was logged out before.)
    pub(super) fn check_may_rotate(&self) -> Result<(), Error> {
        let check = Check::new(&self.config, self.revocations.as_ref(), self.now)?;
        match check.zip(self.in_a_token()) {
            Some((check, record)) if check.refuses_id(record) => Err(Rejection::Revoked.into()),
            Some((check, _)) if check.is_stale() => Err(Error::stale()),
            _ => Ok(()),
        }
    }
}
