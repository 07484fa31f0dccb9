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
    /// The chunks 0 to 100, by bits: of each separator.
    chunks: [u128; 2],
    /// The session's own.
    pub(super) has_main: bool,
    /// The one that says when the session was last seen.
    pub(super) has_seen: bool,
}

/// One of the cookies into which a token was cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) separator: Separator,
    pub(super) number: usize,
}

/// What stands before the number of a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Separator {
    #[default]
    Dot,
    /// In nextjs-auth0, whose sessions are only read.
    TwoUnderscores,
}

impl Separator {
    fn as_str(self) -> &'static str {
        match self {
            Separator::Dot => ".",
            Separator::TwoUnderscores => "__",
        }
    }
}

impl Chunk {
    /// One that is written.
    pub(super) fn new(number: usize) -> Chunk {
        Chunk {
            separator: Separator::Dot,
            number,
        }
    }

    /// What its name has after the session's.
    pub(super) fn suffix(self) -> String {
        format!("{}{}", self.separator.as_str(), self.number)
    }
}

impl Received {
    pub(super) fn has_chunks(self) -> bool {
        self.chunks != [0; 2]
    }

    pub(super) fn insert_chunk(&mut self, chunk: Chunk) {
        let [dots, underscores] = &mut self.chunks;
        let numbers = match chunk.separator {
            Separator::Dot => dots,
            Separator::TwoUnderscores => underscores,
        };
        *numbers |= 1 << chunk.number;
    }

    /// How many chunks there are from 1 on before one is missing.
    pub(super) fn chunks_in_a_row(self, separator: Separator) -> usize {
        let [dots, underscores] = self.chunks;
        let numbers = match separator {
            Separator::Dot => dots,
            Separator::TwoUnderscores => underscores,
        };
        (numbers >> 1).trailing_ones() as usize
    }

    /// The chunks but for so many that are written, which are numbered from `first` on.
    pub(super) fn chunks_but(self, first: usize, count: usize) -> impl Iterator<Item = Chunk> {
        let written = u128::MAX
            .checked_shl(count as u32)
            .map_or(0, |beyond| !beyond)
            << first;
        let [dots, mut underscores] = self.chunks;
        let mut rest = dots & !written;
        let mut separator = Separator::Dot;
        std::iter::from_fn(move || {
            if rest == 0 {
                separator = Separator::TwoUnderscores;
                rest = std::mem::take(&mut underscores);
            }
            let number = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(Chunk { separator, number })
        })
    }
}

impl Names<'_> {
    /// The chunk, by what stands behind the session's name.
    pub(super) fn chunk(self, after: &[u8]) -> Option<Chunk> {
        let auth0 = || {
            after
                .strip_prefix(b"__")
                .filter(|_| self.chunks == ChunkNames::Auth0)
        };
        let (separator, digits) = match after.strip_prefix(b".") {
            Some(digits) => (Separator::Dot, digits),
            None => (Separator::TwoUnderscores, auth0()?),
        };
        let number = match digits {
            b"0" => (self.chunks != ChunkNames::FromOne).then_some(0),
            digits => chunk_number(digits),
        };
        Some(Chunk {
            separator,
            number: number?,
        })
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
