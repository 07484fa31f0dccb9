//! What is wrong with a file, before it becomes an error.

use std::io;

use crate::Error;

const LOCKED: &str =
    "another process keeps it locked: try again, or end that process, which `lslocks` names";

#[derive(Debug)]
pub(super) enum Fault {
    /// What could not be done, and what the system says.
    System(&'static str, io::Error),
    /// What is wrong with what was found.
    Wrong(&'static str),
    /// Another has the lock, for longer than this one may wait.
    Locked,
    /// Not the file's fault.
    Failed(Error),
}

impl Fault {
    /// For `map_err`: what could not be done.
    pub(super) fn to(what: &'static str) -> impl FnOnce(io::Error) -> Fault {
        move |error| Fault::System(what, error)
    }

    /// Whether this process may not do it, now or later.
    pub(super) fn is_forbidden(&self) -> bool {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        matches!(self, Fault::System(_, error)
            if matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Failed(error)
    }
}

impl From<Fault> for Error {
    /// Neither the path is in it nor anything of what was read.
    fn from(fault: Fault) -> Error {
        match fault {
            Fault::System(what, error) => Error::store(format!("cannot {what}: {error}")),
            Fault::Wrong(what) => Error::store(what),
            Fault::Locked => Error::store(LOCKED),
            Fault::Failed(error) => error,
        }
    }
}
