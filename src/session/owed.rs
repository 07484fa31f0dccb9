//! An entry of what a session has revoked, until it is made known.

use crate::Error;
use crate::record::Record;

/// An entry that is to be made known.
pub(super) struct Owed {
    /// With a NUL after it.
    line: String,
    /// What was rotated, by id, until the entry is handed out.
    pub(super) rotated: Option<Record>,
}

impl Owed {
    pub(super) fn new(mut line: String) -> Result<Owed, Error> {
        line.try_reserve(1).map_err(|_| Error::memory())?;
        line.push('\0');
        Ok(Owed {
            line,
            rotated: None,
        })
    }

    pub(super) fn line(&self) -> &str {
        self.line.strip_suffix('\0').unwrap_or(&self.line)
    }

    /// With its NUL.
    #[cfg(feature = "capi")]
    pub(super) fn line_z(&self) -> &[u8] {
        self.line.as_bytes()
    }
}
