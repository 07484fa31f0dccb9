//! The handle of a process's copy of what is revoked.

use super::owners::Owners;
use crate::Revocations;

/// A process's copy of what is revoked. Any number of threads and configs may share one.
pub struct h3s_revocations {
    pub(super) revocations: Revocations,
    pub(super) owners: Owners,
}
