//! The claims of a token: a session's data, and what is said of its id and its times.
//!
//! ```text
//! {…,"iat":1800000000,"exp":1802592000,"jti":"…"}
//! ```

use std::io::Write;

use super::date;
use crate::Error;
use crate::buffer::Buffer;
use crate::data::Data;
use crate::data::value::double;
use crate::id::Id;
use crate::json::{self, slice};
use crate::limits::earlier;
use crate::seal::Stamp;
use crate::seal::kind::Kind;

/// How long a token may be opened after its `exp`, and before its `nbf`.
pub(super) const TOLERANCE_SEC: i64 = 15;
/// What a framework sets itself, and is no data.
pub(super) const OWN: [&[u8]; 3] = [b"iat", b"exp", b"jti"];
/// Of the last time that a token may hold, the seconds: as in h3s1, 48 bits of milliseconds.
const LAST_SEC: f64 = ((1_u64 << 48) / 1000) as f64;

/// A session as its claims tell it.
pub(super) struct Claims {
    /// None where they tell none.
    pub(super) id: Option<Id>,
    /// In milliseconds; 0 where they do not tell.
    pub(super) created_at: i64,
    /// In milliseconds, without tolerance.
    pub(super) end: Option<i64>,
    /// In seconds.
    not_before: Option<f64>,
    pub(super) data: Data,
}

impl Claims {
    /// Whether its time is still to come.
    pub(super) fn is_not_yet(&self, now: i64) -> bool {
        self.not_before.is_some_and(|begin| begin > last_begin(now))
    }
}

/// The last `nbf` that has come.
fn last_begin(now: i64) -> f64 {
    (now.div_euclid(1000) + TOLERANCE_SEC) as f64
}

/// Whether an `nbf` has come.
pub(super) fn has_begun(value: &[u8], now: i64) -> bool {
    double(value).is_some_and(|begin| begin <= last_begin(now))
}

/// Reads an authentic text. None if it is no session of its format.
pub(super) fn parse(text: Buffer, kind: Kind) -> Result<Option<Claims>, Error> {
    let is_json = json::check_sealed(&text, json::MAX_DEPTH)?.is_some();
    let text = json::compact(&text)?;
    if !is_json || text.first() != Some(&b'{') {
        return Ok(None);
    }
    let mut data = Buffer::with_room(text.len() + 1)?;
    let (mut iat, mut exp, mut nbf, mut jti) = (None, None, None, None);
    for member in json::members(&text) {
        let name = slice(&text, member.name.clone());
        let value = slice(&text, member.value.clone());
        let is = |own: &[u8]| json::stands_for(name, own);
        let time = if is(b"iat") {
            Some(&mut iat)
        } else if is(b"exp") {
            Some(&mut exp)
        } else if is(b"nbf") {
            Some(&mut nbf)
        } else {
            None
        };
        if let Some(time) = time {
            *time = double(value);
            if time.is_none() {
                return Ok(None);
            }
        }
        if is(b"jti") {
            jti = Some(value);
        }
        if !OWN.iter().any(|own| is(own)) {
            let before = if data.is_empty() { b'{' } else { b',' };
            data.push(before);
            data.extend_from_slice(slice(&text, member.name.start - 1..member.value.end));
        }
    }
    if data.is_empty() {
        data.push(b'{');
    }
    data.push(b'}');
    let end = data.len();
    data.push(0);
    let Some(data) = Data::from_sealed(data, 0, end) else {
        return Ok(None);
    };
    let claims = Claims {
        id: id(jti)?,
        created_at: milliseconds(iat.unwrap_or(0.0)),
        // It ends with the second, and tolerance is of whole ones.
        end: exp.map(|exp| milliseconds(exp.ceil())),
        not_before: nbf,
        data,
    };
    claims.of(kind)
}

impl Claims {
    /// With what a format says of its session in other places.
    fn of(self, kind: Kind) -> Result<Option<Claims>, Error> {
        // Other things are sealed under the same keys: a login that is under way, say.
        let (objects, id_at, created_at, ends_at) = match kind {
            Kind::AuthJs | Kind::NextAuth => return Ok(Some(self)),
            Kind::Auth0 => (
                ["/user", "/internal"],
                "/internal/sid",
                "/internal/createdAt",
                "/internal/sessionExpiresAt",
            ),
            Kind::BetterAuth => (
                ["/session"; 2],
                "/session/id",
                "/session/createdAt",
                "/session/expiresAt",
            ),
        };
        let find = |pointer: &str| self.data.find(pointer.as_bytes());
        let time = |pointer| match kind {
            Kind::BetterAuth => find(pointer).and_then(json::unquoted).and_then(date::parse),
            _ => find(pointer).and_then(double).map(milliseconds),
        };
        let is_object = |at| find(at).is_some_and(|value| value.first() == Some(&b'{'));
        if !objects.into_iter().all(is_object) {
            return Ok(None);
        }
        let own_end = time(ends_at).map(|end| match kind {
            // Of which nothing is tolerated; of the other, nextjs-auth0 takes half a minute.
            Kind::BetterAuth => end + 1 - TOLERANCE_SEC * 1000,
            _ => end - 30_000 - TOLERANCE_SEC * 1000,
        });
        Ok(Some(Claims {
            id: id(find(id_at))?,
            created_at: time(created_at).unwrap_or(0).max(0),
            end: earlier(self.end, own_end),
            ..self
        }))
    }
}

/// Writes the claims of a session; `out` has the room for it.
pub(super) fn write(stamp: &Stamp<'_>, data: &Data, out: &mut Vec<u8>) {
    let data = data.as_bytes();
    out.extend_from_slice(data.strip_suffix(b"}").unwrap_or(data));
    if data != b"{}" {
        out.push(b',');
    }
    // Writing to a vector with room does not fail.
    let (iat, exp) = times(stamp);
    let _ = write!(out, "\"iat\":{iat},\"exp\":{exp},\"jti\":");
    json::quote(stamp.id.as_str(), out);
    out.push(b'}');
}

/// How long [`write`] makes them with data of this length.
pub(super) fn len(stamp: &Stamp<'_>, data_len: usize) -> usize {
    let (iat, exp) = times(stamp);
    let comma = usize::from(data_len > 2);
    let digits = |time: i64| time.checked_ilog10().map_or(1, |log| log as usize + 1);
    data_len
        + comma
        + "\"iat\":,\"exp\":,\"jti\":".len()
        + digits(iat)
        + digits(exp)
        + json::quoted_len(stamp.id.as_bytes())
}

fn times(stamp: &Stamp<'_>) -> (i64, i64) {
    (
        stamp.created_at / 1000,
        stamp.expiration.unwrap_or_default(),
    )
}

fn id(value: Option<&[u8]>) -> Result<Option<Id>, Error> {
    match value.and_then(json::unquoted) {
        Some(quoted) => Id::from_text(&json::unescape(quoted)?),
        None => Ok(None),
    }
}
/// No time before 1970 has a place in a token.
fn milliseconds(seconds: f64) -> i64 {
    (seconds.clamp(0.0, LAST_SEC) * 1000.0) as i64
}
