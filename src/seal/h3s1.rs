//! The native format, h3s1: XAES-256-GCM under keys of PBKDF2 and HKDF-SHA256. `docs/FORMAT.md` is
//! its specification.
//!
//! ```text
//! token     = "h3s1." kid "." base64url( nonce || ciphertext || tag )
//! plaintext = flags:u8  createdAt:u48  [lastSeenAt:u48]  [expiresAt:u48]  [lifetime:u32]  id  data
//! ```

mod seen;

use std::num::NonZeroU32;

use crate::buffer::Buffer;
use crate::data::Data;
use crate::id::Id;
use crate::keyring::{Key, Keyring};
use crate::limits::Lifetime;
use crate::record::Record;
use crate::seal::{Around, Format, Opened, Refusal, Stamp, base64url, sealed};
use crate::xaes::{NONCE_LEN, TAG_LEN};
use crate::{Error, Rejection};

pub(crate) use self::seen::{LEN as SEEN_LEN, open as open_seen, seal as seal_seen};

pub(super) const PREFIX: &[u8] = b"h3s1.";
/// Where the nonce stands in the buffer that a token is opened in. Before it there is room for the
/// text of its id, and so much more that the ciphertext is aligned: a difference of 1 %.
const START: usize = Id::TEXT_ROOM.next_multiple_of(8);
/// Flags, createdAt, an id of one byte, `{}`.
const PLAINTEXT_MIN_LEN: usize = 1 + 6 + 2 + 2;

const HAS_LAST_SEEN_AT: u8 = 1;
const HAS_EXPIRES_AT: u8 = 2;
const ID_IS_UUID: u8 = 4;
const HAS_LIFETIME: u8 = 8;
const ENDS_WITH_BROWSER: u8 = 16;
const ALL_FLAGS: u8 = 31;

/// Opens a token. Nothing of it is looked at, but for its outer form, before it is authenticated.
pub(super) fn open(keyring: &Keyring, token: &[u8]) -> Result<Opened, Refusal> {
    let (aad, key_id, body) = split(token).ok_or(Rejection::Malformed)?;
    let len = base64url::decoded_len(body.len());
    if len < NONCE_LEN + PLAINTEXT_MIN_LEN + TAG_LEN {
        return Err(Rejection::Malformed.into());
    }
    let (position, buffer) =
        sealed::open(keyring, |key| Some(&key.seal), key_id, aad, body, START)?;
    // It is authentic, so somebody has a use for it: a later version, say.
    let record = parse(buffer, START + len - TAG_LEN);
    let record = record.ok_or_else(|| Rejection::Malformed.of_foreign())?;
    Ok(Opened {
        seen_at_there: record.seen_at(),
        record,
        format: Format::H3s1,
        position,
        lacked_id: false,
        sealed_order: None,
    })
}

/// Seals a session. The nonce must never be used twice.
pub(super) fn seal(
    keyring: &Keyring,
    stamp: &Stamp<'_>,
    data: &Data,
    nonce: &[u8; NONCE_LEN],
    around: Around<'_>,
) -> Result<Vec<u8>, Error> {
    let key = keyring.first();
    let sealed_len = sealed_len(stamp, data.len());
    let header_len = header_len(key);
    let body_len = base64url::encoded_len(sealed_len);

    // One buffer: the token, and where it ends what goes into it.
    let mut text = around.begin(header_len + body_len, sealed_len)?;
    let start = text.len();
    text.extend_from_slice(PREFIX);
    text.extend_from_slice(key.id.as_bytes());
    text.push(b'.');
    let end = text.len() + body_len;
    text.resize(end, 0);
    text.extend_from_slice(nonce);
    write(stamp, data, &mut text);
    text.extend_from_slice(&[0; TAG_LEN]);

    let (token, plain) = text.split_at_mut(end);
    let token = token.get_mut(start..).ok_or_else(Error::internal)?;
    let (header, body) = token.split_at_mut(header_len);
    sealed::encrypt(&key.seal, header, plain)?;
    base64url::encode(plain, body)?;
    text.truncate(end);
    Ok(text)
}

/// How long [`seal`] makes a token with data of this length.
pub(super) fn token_len(keyring: &Keyring, stamp: &Stamp<'_>, data_len: usize) -> usize {
    header_len(keyring.first()) + base64url::encoded_len(sealed_len(stamp, data_len))
}

/// The header with its dot, which is authenticated as received; the key id; the rest. None if the
/// header is not well-formed.
fn split(token: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (key_id, body) = sealed::split_key_id(token.strip_prefix(PREFIX)?)?;
    let aad = token.get(..token.len() - body.len())?;
    Some((aad, key_id, body))
}

/// Reads the plaintext that stands in `buffer` after the nonce and up to `end`, and keeps its id
/// and its data there. None if it is none.
fn parse(mut buffer: Buffer, end: usize) -> Option<Record> {
    let Head {
        created_at,
        last_seen_at,
        expires_at,
        lifetime,
        id,
        data_len,
    } = head(buffer.get(START + NONCE_LEN..end)?)?;
    let start = end - data_len;
    let id = match id {
        PlainId::Uuid => Id::of_uuid_in(&mut buffer, start - 16)?,
        PlainId::Text(len) => Id::of_text_in(&mut buffer, start - len..start)?,
    };
    Some(Record {
        id,
        created_at,
        last_seen_at,
        expires_at,
        lifetime,
        has_own_end: false,
        data: Data::from_sealed(buffer, start, end)?,
        extra: Buffer::default(),
    })
}

/// What stands before the data.
struct Head {
    created_at: i64,
    last_seen_at: Option<i64>,
    expires_at: Option<i64>,
    lifetime: Lifetime,
    id: PlainId,
    data_len: usize,
}

/// The id, which stands just before the data.
enum PlainId {
    Uuid,
    /// So long.
    Text(usize),
}

fn head(mut rest: &[u8]) -> Option<Head> {
    let [flags] = take(&mut rest)?;
    if flags & !ALL_FLAGS != 0 {
        return None;
    }
    let created_at = time(&mut rest)?;
    let last_seen_at = if flags & HAS_LAST_SEEN_AT != 0 {
        Some(time(&mut rest)?)
    } else {
        None
    };
    let expires_at = if flags & HAS_EXPIRES_AT != 0 {
        Some(time(&mut rest)?)
    } else {
        None
    };
    let max_age_sec = if flags & HAS_LIFETIME != 0 {
        Some(NonZeroU32::new(u32::from_be_bytes(take(&mut rest)?))?)
    } else {
        None
    };
    let id = if flags & ID_IS_UUID != 0 {
        rest = rest.get(16..)?;
        PlainId::Uuid
    } else {
        let [len] = take(&mut rest)?;
        rest = rest.get(len.into()..)?;
        PlainId::Text(len.into())
    };
    Some(Head {
        created_at,
        last_seen_at,
        expires_at,
        lifetime: Lifetime {
            max_age_sec,
            ends_with_browser: flags & ENDS_WITH_BROWSER != 0,
        },
        id,
        data_len: rest.len(),
    })
}

fn write(stamp: &Stamp<'_>, data: &Data, out: &mut Vec<u8>) {
    let uuid = stamp.id.uuid();
    let flag = |on: bool, flag: u8| if on { flag } else { 0 };
    out.push(
        flag(stamp.last_seen_at.is_some(), HAS_LAST_SEEN_AT)
            | flag(stamp.expires_at.is_some(), HAS_EXPIRES_AT)
            | flag(uuid.is_some(), ID_IS_UUID)
            | flag(stamp.lifetime.max_age_sec.is_some(), HAS_LIFETIME)
            | flag(stamp.lifetime.ends_with_browser, ENDS_WITH_BROWSER),
    );
    for time in [Some(stamp.created_at), stamp.last_seen_at, stamp.expires_at]
        .into_iter()
        .flatten()
    {
        out.extend_from_slice(&u48(time));
    }
    if let Some(seconds) = stamp.lifetime.max_age_sec {
        out.extend_from_slice(&seconds.get().to_be_bytes());
    }
    match uuid {
        Some(uuid) => out.extend_from_slice(uuid),
        None => {
            out.push(stamp.id.as_bytes().len() as u8);
            out.extend_from_slice(stamp.id.as_bytes());
        }
    }
    out.extend_from_slice(data.as_bytes());
}

fn header_len(key: &Key) -> usize {
    PREFIX.len() + key.id.len() + 1
}

fn sealed_len(stamp: &Stamp<'_>, data_len: usize) -> usize {
    let id_len = if stamp.id.is_uuid() {
        16
    } else {
        1 + stamp.id.as_bytes().len()
    };
    let times = [stamp.last_seen_at, stamp.expires_at];
    let times = times.iter().flatten().count();
    let lifetime_len = stamp.lifetime.max_age_sec.map_or(0, |_| 4);
    NONCE_LEN + 1 + 6 + 6 * times + lifetime_len + id_len + data_len + TAG_LEN
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*taken)
}

fn time(from: &mut &[u8]) -> Option<i64> {
    Some(time_of(&take(from)?))
}

fn time_of(bytes: &[u8; 6]) -> i64 {
    let pushed = |time, byte: &u8| time << 8 | i64::from(*byte);
    bytes.iter().fold(0, pushed)
}

fn u48(time: i64) -> [u8; 6] {
    let [_, _, bytes @ ..] = time.to_be_bytes();
    bytes
}

#[cfg(test)]
mod tests;
