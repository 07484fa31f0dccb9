//! What is sealed and set with the formats that are accepted: an option about anything else would
//! be without effect.

use super::{Format, SealOptions};
use crate::Error;
use crate::seal::Formats;

/// What comes to pass with the formats that are accepted.
pub(in crate::options) struct Effects {
    /// A read may seal a session again.
    pub(in crate::options) renews: bool,
    /// A read or a write may set a session's cookie,
    pub(in crate::options) seals: bool,
    /// or split it into several.
    pub(in crate::options) splits: bool,
}

impl SealOptions {
    pub(in crate::options) fn effects(&self) -> Effects {
        let is_written = self.format.sealed().is_written();
        // What a read seals again keeps its format, whichever seals what is written.
        let renews = |format: Format| format.sealed().is_renewed();
        let splits = |format: Format| renews(format) && format.sealed().is_read_in_chunks();
        let renews = self.migrate || self.accepts_any(renews);
        Effects {
            renews,
            seals: is_written || renews,
            splits: is_written || self.accepts_any(splits),
        }
    }

    /// Refuses to move sessions where there are none, or no place for them.
    pub(super) fn check_migrate(&self, formats: &Formats) -> Result<(), Error> {
        let refused = |message| Err(Error::config("seal.migrate", message));
        // Of h3's formats the other number of iterations may be accepted without being listed.
        let opens_other = (formats.fe26.as_ref()).is_some_and(|fe26| fe26.other.is_some());
        if !self.migrate {
            Ok(())
        } else if !formats.seals.is_written() {
            refused("the format is only read: set seal.format to one that seals")
        } else if !opens_other && !self.accepts_any(|format| format != self.format) {
            refused(
                "no other format is accepted whose sessions could move: list it in seal.accept, or \
                 remove this option",
            )
        } else {
            Ok(())
        }
    }
}
