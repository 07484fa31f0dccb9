//! iron-session's sessions, and so those of WorkOS AuthKit: a token of the data itself, with `~2`
//! after it.
//!
//! ```text
//! token = "Fe26.2" * kid * salt * iv * ciphertext * expiration * salt' * mac "~2"
//! ```
//!
//! It has neither an id nor a time at which the session was made. The id is a keyed hash of the
//! token, so that each server finds the same. The session counts as made when its token was sealed,
//! which is `ttl` before that ends.

use super::cipher::BLOCK_LEN;
use super::{Fe26, IRON_SESSION};
use crate::buffer::Buffer;
use crate::clock::MAX_AHEAD_MS;
use crate::data::Data;
use crate::json::{self, slice};
use crate::keyring::Keyring;
use crate::record::Record;
use crate::seal::{Around, Caller, Format, Iterations, Opened, Refusal, Stamp, token_id};
use crate::{Error, Rejection};

/// How much sooner a cookie ends than its token, in iron-session.
const COOKIE_SKEW_MS: i64 = 60_000;

impl Fe26 {
    /// Opens a session's token, as [`Fe26::open`] does one of h3's.
    pub(in crate::seal) fn open_iron_session(
        &self,
        keyring: &Keyring,
        token: &[u8],
        now: i64,
        caller: Caller<'_>,
    ) -> Result<Opened, Refusal> {
        // What has no version is another one's.
        let sealed = token.strip_suffix(IRON_SESSION);
        let sealed = sealed.ok_or(Rejection::UnsupportedFormat)?;
        let opened = self.open_text(keyring, sealed, now, caller)?;
        let key = keyring.at(opened.position).ok_or_else(Error::internal)?;
        let data = data(opened.text, opened.len)?;
        let data = data.ok_or_else(|| Rejection::Malformed.of_foreign())?;
        let expires_at = opened.expiration.map(|end| self.last_moment(end));
        let created_at = opened.expiration.and_then(|end| self.sealed_at(end, now));
        let record = Record {
            id: token_id::of(key, token)?,
            created_at: created_at.unwrap_or(0),
            has_own_end: true,
            expires_at,
            data,
            ..Record::empty()
        };
        Ok(Opened {
            seen_at_there: record.created_at,
            sealed_order: expires_at,
            record,
            format: Format::IronSession,
            position: opened.position,
            lacked_id: false,
        })
    }

    /// Seals a session.
    pub(in crate::seal) fn seal_iron_session(
        &self,
        keyring: &Keyring,
        stamp: &Stamp<'_>,
        data: &Data,
        now: i64,
        around: Around<'_>,
    ) -> Result<Vec<u8>, Error> {
        let mut text = Buffer::with_room(data.len() + BLOCK_LEN)?;
        text.extend_from_slice(data.as_bytes());
        self.seal_text(
            keyring,
            text,
            Iterations::Own,
            stamp.expiration,
            now,
            around,
        )
    }

    /// When the cookie of a token ends that is sealed now; what has no end lives as long as a
    /// cookie can.
    pub(in crate::seal) fn cookie_end(&self, now: i64) -> i64 {
        match self.options.ttl_ms.unwrap_or_default() {
            0 => i64::MAX,
            ttl if ttl > COOKIE_SKEW_MS => now + ttl - COOKIE_SKEW_MS,
            ttl => now + ttl,
        }
    }

    /// When a token of this end was sealed; None if it was not sealed with today's `ttl`.
    fn sealed_at(&self, expiration: i64, now: i64) -> Option<i64> {
        let ttl = self.options.ttl_ms.filter(|ttl| *ttl > 0)?;
        let at = expiration.saturating_sub(ttl);
        (0..=now + MAX_AHEAD_MS).contains(&at).then_some(at)
    }
}

/// The data at the start of an authentic text, which is followed by padding. None if it is none.
fn data(mut text: Buffer, mut len: usize) -> Result<Option<Data>, Error> {
    // iron-session takes it for an empty session.
    if slice(&text, 0..len) == b"null" {
        return Ok(Some(Data::empty()));
    }
    let (spaced, depth) = json::spaces_and_depth(slice(&text, 0..len));
    if depth > json::MAX_DEPTH {
        return Ok(None);
    }
    if spaced {
        text = json::compact(slice(&text, 0..len))?;
        len = text.len();
        text.push(0);
    }
    Ok(Data::from_sealed(text, 0, len))
}
