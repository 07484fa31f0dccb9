//! The Cookie header in: which of its cookies are the session's, and the tokens in them.

use std::borrow::Cow;

use memchr::memchr;
use tinyvec::{ArrayVec, TinyVec};

use super::chunks::{
    CHUNKED, MAX_CHUNKS, MAX_COOKIE_LEN, Names, Received, chunk_number, first_chunk,
};
use super::pairs::{Pair, Which, own, pairs, trimmed};
use crate::seal::{Refusal, SEEN_LEN, is_token_like};
use crate::{Error, Rejection};

/// Of several cookies of the session's name, so many are tried.
pub(crate) const MAX_CANDIDATES: usize = 4;

/// The session's cookies in a Cookie header.
pub(crate) struct SessionCookies<'a> {
    names: Names<'a>,
    header: &'a [u8],
    candidates: ArrayVec<[Candidate<'a>; MAX_CANDIDATES]>,
    /// How many cookies there are that begin like a token, also beyond the fourth, and the same
    /// again.
    count: usize,
    /// Some of them are no candidates, being beyond the fourth.
    has_more: bool,
    /// Some cookie had the name and a value, even if that is nothing like a token.
    any: bool,
    received: Received,
    /// What may say when the session was last seen. Of several, as many are tried as of tokens.
    seen: ArrayVec<[&'a [u8]; MAX_CANDIDATES]>,
}

/// A cookie of the session's name whose value begins like a token.
#[derive(Clone, Copy, Default)]
struct Candidate<'a> {
    value: &'a [u8],
    /// Where the cookies after it start in the header.
    after: usize,
    /// It is the first of several chunks, which nothing counts, and has this number.
    first_chunk: Option<usize>,
}

/// The token in one cookie, or in several.
pub(crate) struct Token<'a> {
    pub(crate) text: Cow<'a, [u8]>,
    /// In how many chunks it came after the first, whose number is this,
    chunks: usize,
    first: usize,
    /// and which may not have been there.
    has_first_chunk: bool,
    /// Its place among those that are tried.
    place: usize,
}

/// Which of a Cookie header's tokens one is: enough to know it again there, and to tell it from
/// those of another header, since what an authentic token ends with is its tag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    place: usize,
    len: usize,
    end: [u8; 16],
}

impl Token<'_> {
    /// In how many cookies it came, not counting the one that counts chunks.
    pub(crate) fn cookies(&self) -> usize {
        (self.chunks + usize::from(self.has_first_chunk)).max(1)
    }

    /// A call of its own: compared in place, memory is also read where there is no token, which
    /// changes nothing, but valgrind reports it.
    #[inline(never)]
    fn has(&self, mark: &Mark) -> bool {
        self.mark() == *mark
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            place: self.place,
            len: self.text.len(),
            end: self.text.last_chunk().copied().unwrap_or_default(),
        }
    }
}

/// The value of each chunk, and where it ends in the header. Few sessions have more than four.
type Chunks<'a> = TinyVec<[Option<(&'a [u8], usize)>; 4]>;

impl<'a> SessionCookies<'a> {
    /// A Cookie header that is still to be read.
    pub(crate) fn new(header: &'a [u8], names: Names<'a>) -> SessionCookies<'a> {
        SessionCookies {
            names,
            header,
            candidates: ArrayVec::new(),
            count: 0,
            has_more: false,
            any: false,
            received: Received::default(),
            seen: ArrayVec::new(),
        }
    }

    /// Reads it. Any bytes will do: what is no cookie is passed over, as servers do.
    pub(crate) fn scan(&mut self) {
        for (which, value, after) in own(self.header, self.names) {
            match which {
                Which::Chunk(number) if !value.is_empty() => {
                    self.received.insert_chunk(number);
                    if number == first_chunk(number) && is_candidate(value) {
                        self.push(Candidate {
                            value,
                            after,
                            first_chunk: Some(number),
                        });
                    }
                }
                Which::Seen => {
                    self.received.has_seen = true;
                    if value.len() == SEEN_LEN {
                        // Beyond the fourth they are passed over, as tokens are.
                        let _ = self.seen.try_push(value);
                    }
                }
                Which::Main if !value.is_empty() => {
                    self.any = true;
                    self.received.has_main = true;
                    if is_candidate(value) {
                        self.push(Candidate {
                            value,
                            after,
                            first_chunk: None,
                        });
                    }
                }
                _ => {}
            }
        }
    }

    fn push(&mut self, candidate: Candidate<'a>) {
        self.count += 1;
        if !self.has(&candidate) {
            // Beyond the fourth, stale cookies are no longer the likely explanation.
            self.has_more |= self.candidates.try_push(candidate).is_some();
        }
    }

    /// Which cookies there are beside those with tokens.
    pub(crate) fn received(&self) -> Received {
        self.received
    }

    /// What may say when the session was last seen.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &'a [u8]> {
        self.seen.into_iter()
    }

    /// Whether there is any cookie of the session, whatever is in it.
    pub(crate) fn is_any(&self) -> bool {
        self.any || self.received.has_chunks()
    }

    /// How many cookies there are that begin like a token, and whether there are more than are
    /// tried.
    pub(crate) fn count(&self) -> (usize, bool) {
        (self.count, self.has_more)
    }

    /// Whether the very same token is a candidate already. What stands in chunks may be others,
    /// though it says the same.
    fn has(&self, candidate: &Candidate<'a>) -> bool {
        let is_whole =
            |one: &Candidate<'_>| one.first_chunk.is_none() && !one.value.starts_with(CHUNKED);
        let mut known = self.candidates.iter();
        is_whole(candidate) && known.any(|known| is_whole(known) && known.value == candidate.value)
    }

    /// Whether there are cookies of its name, but none whose value begins like a token.
    pub(crate) fn is_nonsense(&self) -> bool {
        self.any && self.candidates.is_empty()
    }

    /// The tokens to try, in order, or why one is none to try.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = Result<Token<'a>, Refusal>> {
        let candidates = self.candidates.iter().enumerate();
        candidates.map(|(place, candidate)| {
            let text = percent_decoded(candidate.value)?;
            let first = candidate.first_chunk.unwrap_or_default();
            let joined = |start: &[u8], count| {
                let text = self.joined(start, first, count, candidate.after)?;
                Ok::<_, Refusal>((text, count))
            };
            let (text, chunks) = match text.strip_prefix(CHUNKED) {
                _ if text.len() > MAX_COOKIE_LEN => return Err(Rejection::TooLarge.into()),
                _ if candidate.first_chunk.is_some() => {
                    joined(&text, self.received.chunks_in_a_row(first))?
                }
                Some(count) => joined(b"", chunk_number(count).ok_or(Rejection::Malformed)?)?,
                None => (text, 0),
            };
            Ok(Token {
                text,
                chunks,
                first,
                has_first_chunk: candidate.first_chunk.is_some(),
                place,
            })
        })
    }

    /// The token of what stands before them, and so many chunks after the first.
    fn joined(
        &self,
        start: &[u8],
        first: usize,
        count: usize,
        after: usize,
    ) -> Result<Cow<'a, [u8]>, Refusal> {
        let chunks = self.chunks_after(after, first, count)?;
        let mut text = Vec::new();
        let len = chunks.iter().flatten().map(|(chunk, _)| chunk.len());
        text.try_reserve_exact(len.sum::<usize>() + start.len())
            .map_err(|_| Error::memory())?;
        text.extend_from_slice(start);
        for chunk in chunks {
            // What came between may have dropped it.
            let (chunk, _) = chunk.ok_or_else(|| Rejection::Malformed.of_foreign())?;
            let chunk = percent_decoded(chunk)?;
            if chunk.len() > MAX_COOKIE_LEN {
                return Err(Rejection::TooLarge.into());
            }
            text.extend_from_slice(&chunk);
        }
        Ok(Cow::Owned(text))
    }

    /// The values of so many chunks that a cookie with the count would take, and where each ends in
    /// the header: the first one of the chunk's name after the count, else the first at all; an
    /// empty one is an absent one. (Browsers send the cookies of one path in the order in which
    /// they were made.)
    fn chunks_after(&self, after: usize, first: usize, count: usize) -> Result<Chunks<'a>, Error> {
        let mut chunks = Chunks::new();
        chunks.try_reserve(count).map_err(|_| Error::memory())?;
        chunks.resize(count, None);
        for (which, value, end) in own(self.header, self.names) {
            if let Which::Chunk(number) = which
                && !value.is_empty()
                && let Some(place) = number.checked_sub(first + 1)
                && let Some(chunk) = chunks.get_mut(place)
            {
                match chunk {
                    Some((_, known)) if *known > after || end <= after => {}
                    _ => *chunk = Some((value, end)),
                }
            }
        }
        Ok(chunks)
    }

    /// Where the cookies end in the header that have this token; nowhere if none has it.
    fn ends(&self, mark: Mark) -> ArrayVec<[usize; MAX_CHUNKS + 1]> {
        let mut ends = ArrayVec::new();
        for token in self.tokens() {
            if let Ok(token) = token
                && token.place == mark.place
                && token.has(&mark)
                && let Some(candidate) = self.candidates.get(mark.place)
            {
                ends.push(candidate.after);
                if let Ok(chunks) = self.chunks_after(candidate.after, token.first, token.chunks) {
                    ends.extend(chunks.iter().flatten().map(|(_, end)| *end));
                }
                break;
            }
        }
        ends
    }
}

/// The parts of a Cookie header that are not the session's, in order: what may go upstream.
/// Together they are never longer than the header.
pub(crate) fn strip<'a>(header: &'a [u8], names: Names<'a>) -> impl Iterator<Item = &'a [u8]> {
    kept(header, move |pair| !pair.may_be_of(names))
}

/// As [`strip`], but with the cookies of one token, if it is there, and with what may say when its
/// session was last seen.
pub(crate) fn strip_others<'a>(
    header: &'a [u8],
    names: Names<'a>,
    token: Option<Mark>,
) -> impl Iterator<Item = &'a [u8]> {
    let ends = token.map_or_else(ArrayVec::new, |mark| {
        let mut cookies = SessionCookies::new(header, names);
        cookies.scan();
        cookies.ends(mark)
    });
    kept(header, move |pair| {
        let is_of_token = ends.contains(&pair.end) || (!ends.is_empty() && pair.is_seen_of(names));
        !pair.may_be_of(names) || is_of_token
    })
}

fn kept<'a>(
    header: &'a [u8],
    mut is_kept: impl FnMut(&Pair<'a>) -> bool,
) -> impl Iterator<Item = &'a [u8]> {
    let mut first = true;
    let kept = pairs(header).filter(move |pair| !trimmed(pair.text).is_empty() && is_kept(pair));
    kept.filter_map(move |pair| {
        if std::mem::take(&mut first) {
            return Some(trimmed(pair.text));
        }
        // With the semicolon before it, which all but the header's first have.
        let start = pair.text.as_ptr().addr() - header.as_ptr().addr();
        header.get(start.checked_sub(1)?..start + pair.text.len())
    })
}

fn is_candidate(value: &[u8]) -> bool {
    // A percent-escape may hide any character of the prefix, so a value that has one near its start
    // counts as a candidate.
    value.starts_with(CHUNKED)
        || is_token_like(value)
        || value.iter().take(CHUNKED.len()).any(|byte| *byte == b'%')
}

/// A value with its percent-escapes resolved; as it is if it has none or a broken one.
fn percent_decoded(value: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    if memchr(b'%', value).is_none() {
        return Ok(Cow::Borrowed(value));
    }
    let mut out = Vec::new();
    out.try_reserve_exact(value.len())
        .map_err(|_| Error::memory())?;
    let mut rest = value;
    while let Some((byte, after)) = rest.split_first() {
        let hex = |digit: &u8| (*digit as char).to_digit(16);
        let escape = match after {
            [high, low, after @ ..] if *byte == b'%' => hex(high)
                .zip(hex(low))
                .map(|(high, low)| (high << 4 | low, after)),
            _ => None,
        };
        match escape {
            Some((escaped, after)) => {
                out.push(escaped as u8);
                rest = after;
            }
            None if *byte == b'%' => return Ok(Cow::Borrowed(value)),
            None => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    Ok(Cow::Owned(out))
}
