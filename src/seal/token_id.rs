//! The id of a session whose token has none: a keyed hash of the token, so that all servers that
//! open it find the same, and it can be revoked.
//!
//! ```text
//! id  = a UUID of version 4, made of the first 16 bytes of HMAC-SHA256(key, token)
//! key = HKDF-SHA256(salt = "h3s token id", ikm = master, info = name, 32)
//! ```

use crate::Error;
use crate::id::Id;
use crate::keyring::{Key, keyed_hash};

/// Of a token that was sealed with this password. Sealed again, the session has another id.
pub(super) fn of(key: &Key, token: &[u8]) -> Result<Id, Error> {
    let hash = keyed_hash(&key.token_id, token);
    Id::from_random(*hash.first_chunk().ok_or_else(Error::internal)?)
}
