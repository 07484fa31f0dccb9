//! What is revoked, as one process knows it: a copy of what all servers have made known, which is
//! asked at each request instead of a database.

mod table;

use std::fmt;
use std::sync::Arc;
#[cfg(feature = "capi")]
use std::sync::atomic::AtomicU64;

pub use self::table::Kind;
use self::table::Table;
pub(crate) use self::table::{REFUSED_FOR_EVER, Scope};
use crate::{Error, clock, random};

/// A process's copy of what is revoked: the sessions, subjects and moments of the entries that were
/// applied to it. A request is checked against it, without a question to anybody.
///
/// It is cheap to clone, and shared by any number of threads and configs; each clone is the same
/// copy. It is of a fixed size, and forgets nothing before it has ended.
///
/// ```
/// use std::time::Duration;
/// use h3s::{Config, Options, Rejection, Request, RevocationOptions, Revocations};
///
/// let options = Options::new("correct horse battery staple, and more of it")
///     .max_age(Duration::from_secs(604_800))
///     .revocation(RevocationOptions::new());
/// let config = Config::new(options)?;
/// let revocations = Revocations::new(65_536)?;
///
/// let now = 1_800_000_000_000;
/// let request = Request::new("").at(now).revocations(&revocations);
/// let mut session = config.use_session(&request)?;
/// let copied = session.seal()?.to_owned();
/// session.revoke()?;
/// // What is to be made known to all servers, and is here at once.
/// for entry in session.revocation_entries()? {
///     revocations.apply(&config, entry, now)?;
/// }
///
/// let request = Request::from_token(&copied).at(now).revocations(&revocations);
/// let error = config.unseal(&request).unwrap_err();
/// assert_eq!(error.rejection(), Some(Rejection::Revoked));
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone)]
pub struct Revocations(Arc<Table>);

/// What [`Revocations::view`] tells.
///
/// ```
/// let view = h3s::Revocations::new(1_000)?.view(1_800_000_000_000);
/// assert_eq!((view.entries, view.missed, view.heard_at), (0, 0, None));
/// # Ok::<(), h3s::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevocationsView {
    /// How many entries there are that have not ended.
    pub entries: usize,
    /// How many there may be at least.
    pub room: usize,
    /// How many have found no room, so that what they revoke is not refused here: make a larger
    /// copy, and apply all entries to it.
    pub missed: usize,
    /// When it was last complete, in milliseconds since 1970; None: never.
    pub heard_at: Option<i64>,
}

impl Revocations {
    /// A copy without entries, with room for so many at least, 1 to 67,108,864. It takes 48 to 96
    /// bytes of memory for each.
    ///
    /// ```
    /// let revocations = h3s::Revocations::new(65_536)?;
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for a number out of range,
    /// [`Memory`](crate::ErrorKind::Memory) or [`Random`](crate::ErrorKind::Random).
    pub fn new(room: usize) -> Result<Revocations, Error> {
        Ok(Revocations(Arc::new(Table::new(room, random::array()?)?)))
    }

    /// A copy in memory that several processes share: zeroed, or what this function has made of it
    /// before, which is then taken over.
    #[cfg(feature = "capi")]
    pub(crate) fn within(memory: &'static [AtomicU64]) -> Result<Revocations, Error> {
        let table = Table::within(memory, random::array()?)?;
        Ok(Revocations(Arc::new(table)))
    }

    /// Says that all entries were applied that anybody had made known by a time, in milliseconds
    /// since 1970: whoever follows a store says so each time that it has read it to its end, also
    /// where there was nothing new.
    ///
    /// ```
    /// let revocations = h3s::Revocations::new(65_536)?;
    /// revocations.heard(1_800_000_000_000)?;
    /// assert_eq!(revocations.view(1_800_000_000_000).heard_at, Some(1_800_000_000_000));
    /// # Ok::<(), h3s::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for what is no time.
    pub fn heard(&self, now_ms: i64) -> Result<(), Error> {
        self.0.hear(clock::check(now_ms)?);
        Ok(())
    }

    /// How many entries there are at a time, in milliseconds since 1970, and how complete they are.
    /// It looks at all of its memory: for a page of figures, not for each request.
    ///
    /// ```
    /// let revocations = h3s::Revocations::new(65_536)?;
    /// assert!(revocations.view(1_800_000_000_000).room >= 65_536);
    /// # Ok::<(), h3s::Error>(())
    /// ```
    #[must_use]
    pub fn view(&self, now_ms: i64) -> RevocationsView {
        RevocationsView {
            entries: self.0.live(now_ms),
            room: self.0.room(),
            missed: self.0.missed(),
            heard_at: self.0.heard_at(),
        }
    }

    pub(crate) fn table(&self) -> &Table {
        &self.0
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").finish_non_exhaustive()
    }
}
