//! The cookies beside the session's own: `name.1`, `name.2` and so on, into which a token is cut
//! that is too long for one, and `name.seen`, which says when it was last seen.
//!
//! Others number their chunks from 0, and nothing counts them.

use crate::seal::ChunkNames;

/// How many chunks a session may have, in h3 and here.
pub(crate) const MAX_CHUNKS: usize = 100;

/// The longest cookie, name and value, that browsers keep: so no longer one comes from here.
pub(crate) const MAX_COOKIE_LEN: usize = 4096;

/// What the name of the cookie that says when the session was last seen has after the session's.
pub(super) const SEEN: &[u8] = b".seen";

/// What the value of the cookie starts with when the token is in `name.1`, `name.2` and so on. The
/// number of chunks follows it.
pub(super) const CHUNKED: &[u8] = b"__chunked__";

/// What a session's cookies are called.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(super) session: &'a str,
    pub(super) chunks: ChunkNames,
}

/// Which of the cookies beside the session's own a request brought.
#[derive(Clone, Copy, Default)]
pub(crate) struct Received {
    /// The chunks, by bits.
    chunks: u128,
    /// The session's own.
    pub(super) has_main: bool,
    /// The one that says when the session was last seen.
    pub(super) has_seen: bool,
}

/// The number that `name__0` has here, the first chunk of nextjs-auth0. Those of all others, which
/// have a dot before their number, end before it. There are more left than fit into a header.
const AUTH0: usize = MAX_CHUNKS + 1;

/// The first chunk before a chunk of this number, or that itself.
pub(super) fn first_chunk(number: usize) -> usize {
    if number < AUTH0 { 0 } else { AUTH0 }
}

/// What the name of a chunk has after the session's.
pub(super) fn suffix(number: usize) -> String {
    match number.checked_sub(AUTH0) {
        Some(number) => format!("__{number}"),
        None => format!(".{number}"),
    }
}

impl Received {
    pub(super) fn has_chunks(self) -> bool {
        self.chunks != 0
    }

    pub(super) fn insert_chunk(&mut self, number: usize) {
        self.chunks |= 1 << number;
    }

    /// How many chunks there are after a first one before one is missing.
    pub(super) fn chunks_in_a_row(self, first: usize) -> usize {
        let row = (self.chunks >> first >> 1).trailing_ones() as usize;
        row.min(MAX_CHUNKS)
    }

    /// The chunks but for so many that are written, which are numbered from `first` on.
    pub(super) fn chunks_but(self, first: usize, count: usize) -> impl Iterator<Item = usize> {
        let written = u128::MAX
            .checked_shl(count as u32)
            .map_or(0, |beyond| !beyond)
            << first;
        let mut rest = self.chunks & !written;
        std::iter::from_fn(move || {
            let next = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(next)
        })
    }
}

impl Names<'_> {
    /// The number of a chunk, by what stands behind the session's name.
    pub(super) fn chunk_number(self, after: &[u8]) -> Option<usize> {
        let (first, digits) = match after {
            [b'.', digits @ ..] => (0, digits),
            [b'_', b'_', digits @ ..] if self.chunks == ChunkNames::Auth0 => (AUTH0, digits),
            _ => return None,
        };
        let number = match digits {
            b"0" if self.chunks != ChunkNames::FromOne => first,
            digits => first + chunk_number(digits)?,
        };
        (number < u128::BITS as usize).then_some(number)
    }
}

/// A number of a chunk or of chunks: 1 to 100, as h3 writes it.
pub(super) fn chunk_number(digits: &[u8]) -> Option<usize> {
    let canonical = (1..=3).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && digits[0] != b'0';
    let number = std::str::from_utf8(digits)
        .ok()
        .filter(|_| canonical)?
        .parse()
        .ok()?;
    (1..=MAX_CHUNKS).contains(&number).then_some(number)
}
