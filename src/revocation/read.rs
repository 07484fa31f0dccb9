//! What an entry says, for who wants to list what is revoked.

use super::entry;
use crate::Error;
use crate::config::Config;
use crate::replica::Kind;

/// What an entry revokes, and until when it matters. Times are in milliseconds since 1970.
///
/// It holds no id of a session, but what logs may have, see [`Session::log_id`](crate::Session).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevocationEntry {
    /// What of it is revoked.
    pub kind: Kind,
    /// Of a session its [`log_id`](crate::Session::log_id), of a subject itself, of everybody
    /// nothing.
    pub whose: String,
    /// Sessions are refused that were made before; 0 of a session, which is refused in any case.
    pub before_ms: i64,
    /// The entry matters until then, and may be forgotten afterwards.
    pub until_ms: i64,
}

impl Config {
    /// What an entry says that this config's passwords open.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use h3s::{Config, Options, RevocationKind, RevocationOptions};
    /// # let options = Options::new("correct horse battery staple, and more of it");
    /// # let revocation = RevocationOptions::new().subject("/user/id");
    /// # let options = options.max_age(Duration::from_secs(60)).revocation(revocation);
    /// let config = Config::new(options)?;
    /// let now = 1_800_000_000_000;
    /// let read = config.read_revocation(config.revoke_subject("ada", now, now)?)?;
    /// assert_eq!((read.kind, read.whose.as_str()), (RevocationKind::Subject, "ada"));
    /// assert_eq!(read.before_ms, now);
    /// assert_eq!(read.until_ms, now + 660_000);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) for a line that is no entry, or one of
    /// another password or cookie; [`Config`](crate::ErrorKind::Config) where the options have no
    /// `revocation`; or [`Memory`](crate::ErrorKind::Memory).
    pub fn read_revocation(&self, line: impl AsRef<[u8]>) -> Result<RevocationEntry, Error> {
        let inner = self.inner();
        inner.revocation()?;
        let opened = entry::open(inner.seals.keyring(), line.as_ref())?;
        let whose = match opened.kind {
            Kind::Session => inner.seals.log_id(opened.text()),
            Kind::Subject | Kind::Everybody => std::str::from_utf8(opened.text())
                .unwrap_or_default()
                .to_owned(),
        };
        Ok(RevocationEntry {
            kind: opened.kind,
            whose,
            before_ms: opened.before,
            until_ms: opened.until,
        })
    }
}
