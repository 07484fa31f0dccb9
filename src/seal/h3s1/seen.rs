//! When a session was last seen, beside its token: so that a read that slides under `idleTimeout`
//! sends no data, and can undo neither a write nor a logout that was answered before it.
//!
//! ```text
//! value = base64url( lastSeenAt:u48 || mac[0:16] )
//! mac   = HMAC-SHA256(key, id || createdAt:u48 || lastSeenAt:u48)
//! ```

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::u48;
use crate::Error;
use crate::buffer::leaving_no_trace;
use crate::keyring::Key;
use crate::record::Record;
use crate::seal::base64url;

/// How long a value is, in characters.
pub(crate) const LEN: usize = 30;
const TIME_LEN: usize = 6;
const MAC_LEN: usize = 16;

/// What says that a session was seen at a time.
pub(crate) fn seal(key: &Key, record: &Record, at: i64) -> Result<[u8; LEN], Error> {
    let mut sealed = [0; TIME_LEN + MAC_LEN];
    let (time, mac) = sealed.split_at_mut(TIME_LEN);
    time.copy_from_slice(&u48(at));
    let computed = leaving_no_trace(|| Ok::<_, Error>(mac_of(key, record, at)?.finalize()))?;
    let computed = computed.into_bytes();
    mac.copy_from_slice(computed.get(..MAC_LEN).ok_or_else(Error::internal)?);
    let mut value = [0; LEN];
    base64url::encode(&sealed, &mut value)?;
    Ok(value)
}

/// When a session was seen, by a value; None where that is not authentic, or another session's.
pub(crate) fn open(key: &Key, record: &Record, value: &[u8]) -> Result<Option<i64>, Error> {
    let Some(sealed) = base64url::decode(value)?.filter(|_| value.len() == LEN) else {
        return Ok(None);
    };
    let Some((time, mac)) = sealed.split_first_chunk::<TIME_LEN>() else {
        return Ok(None);
    };
    let at = super::time_of(time);
    let checked =
        leaving_no_trace(|| Ok::<_, Error>(mac_of(key, record, at)?.verify_truncated_left(mac)))?;
    Ok(checked.is_ok().then_some(at))
}

fn mac_of(key: &Key, record: &Record, at: i64) -> Result<Hmac<Sha256>, Error> {
    let mac = Hmac::<Sha256>::new_from_slice(&**key.seen).map_err(|_| Error::internal())?;
    Ok(mac
        .chain_update(record.id().as_bytes())
        .chain_update(u48(record.created_at))
        .chain_update(u48(at)))
}
