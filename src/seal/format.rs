//! What a token is sealed in, with what, and what it held when it is opened.

use super::kind::Kind;
use crate::Error;
use crate::id::IdRef;
use crate::limits::Lifetime;
use crate::record::Record;

/// What a token is sealed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    H3s1,
    Fe26(Iterations),
    IronSession,
    Jwe(Kind),
}

impl Format {
    /// Whether all that read this format know a session in several cookies: h3 1 does not.
    pub(crate) fn is_read_in_chunks(self) -> bool {
        match self {
            Format::H3s1 | Format::Jwe(_) => true,
            Format::Fe26(_) | Format::IronSession => false,
        }
    }

    /// Whether sessions are sealed in it here, and not only opened.
    pub(crate) fn is_written(self) -> bool {
        match self {
            Format::Jwe(kind) => kind.is_written(),
            _ => true,
        }
    }

    /// Whether a read may seal a session again in it. What tells no time at which it was made would
    /// begin anew.
    pub(crate) fn is_renewed(self) -> bool {
        self.is_written() && self.tells_created_at()
    }

    /// Whether a session without data may be set by what only reads. Where any session is a login,
    /// as in Auth.js, that would log a visitor in.
    pub(crate) fn sets_empty(self) -> bool {
        !matches!(self, Format::Jwe(_))
    }

    /// What it is called in messages.
    pub(crate) fn family(self) -> &'static str {
        match self {
            Format::H3s1 => "h3s1",
            Format::Fe26(_) | Format::IronSession => "Fe26.2",
            Format::Jwe(kind) => kind.name(),
        }
    }

    /// Whether its chunks are numbered from 1, and the session's own cookie counts them, as in h3.
    pub(crate) fn counts_chunks(self) -> bool {
        match self {
            Format::H3s1 | Format::Fe26(_) => true,
            Format::IronSession | Format::Jwe(_) => false,
        }
    }

    /// Whether a token says when its session was made. Else a session counts as made when it was
    /// sealed last, and has an id of its token.
    pub(crate) fn tells_created_at(self) -> bool {
        match self {
            Format::H3s1 | Format::Fe26(_) | Format::Jwe(_) => true,
            Format::IronSession => false,
        }
    }

    /// When a session was made at the latest of which a token tells a time. Where it tells whole
    /// seconds, who logs in right after a logout everywhere must be let in all the same.
    pub(crate) fn made_at_latest(self, created_at: i64) -> i64 {
        match self {
            Format::Jwe(kind) if kind.tells_seconds() => created_at.saturating_add(999),
            _ => created_at,
        }
    }

    /// Whether a session has the same id in each of its tokens, whoever sealed them: else only its
    /// subject tells one that was revoked.
    pub(crate) fn keeps_id(self) -> bool {
        match self {
            Format::H3s1 | Format::Fe26(_) => true,
            Format::IronSession => false,
            Format::Jwe(kind) => kind.keeps_id(),
        }
    }

    /// Whether a session that is only read slides beside its token, and not in it.
    pub(crate) fn slides_beside(self) -> bool {
        match self {
            Format::H3s1 => true,
            Format::Fe26(_) | Format::IronSession | Format::Jwe(_) => false,
        }
    }

    /// Whether it has a place for a lifetime of one session.
    pub(crate) fn holds_lifetimes(self) -> bool {
        match self {
            Format::H3s1 => true,
            Format::Fe26(_) | Format::IronSession | Format::Jwe(_) => false,
        }
    }
}

/// Which number of PBKDF2 iterations a Fe26.2 token has. Servers that know only one of them cannot
/// open the others' tokens, so each token keeps its own until it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Iterations {
    /// What the options say.
    Own,
    /// The other one that is accepted as well.
    Other,
}

/// All that is sealed with a session's data, and what follows from it: when the session ends and
/// how long its token is. Computed by [`Seals::stamp`](super::Seals::stamp) alone, so that what is
/// checked before a write, what is told of the end, and what is sealed are the same.
#[derive(Clone, Copy)]
pub(crate) struct Stamp<'a> {
    pub(super) format: Format,
    pub(crate) id: IdRef<'a>,
    pub(crate) created_at: i64,
    pub(crate) last_seen_at: Option<i64>,
    /// What its token says of its end. Where a session slides beside that, it says nothing of
    /// `idleTimeout`.
    pub(crate) expires_at: Option<i64>,
    pub(crate) lifetime: Lifetime,
    /// When its cookie ends, if that ends before the browser is closed by itself.
    pub(crate) cookie_end: Option<i64>,
    /// What a Fe26.2 token says of its end outside the encryption, or the `exp` of a JWE.
    pub(super) expiration: Option<i64>,
    /// Members of a Fe26.2 payload that this library does not know.
    pub(crate) extra: &'a [u8],
}

impl<'a> Stamp<'a> {
    /// The same under another id.
    pub(crate) fn with_id(self, id: IdRef<'a>) -> Stamp<'a> {
        Stamp { id, ..self }
    }

    /// Whether its format has a place for all of it. (Of the lifetime alone one can tell: what
    /// other members there were, its own format keeps.)
    pub(crate) fn is_held(&self) -> bool {
        self.lifetime == Lifetime::default() || self.format.holds_lifetimes()
    }

    /// The same with another lifetime. When it ends is still as it was.
    pub(crate) fn with_lifetime(self, lifetime: Lifetime) -> Stamp<'a> {
        Stamp { lifetime, ..self }
    }

    /// The same with other members that this library does not know.
    pub(crate) fn with_extra(self, extra: &'a [u8]) -> Stamp<'a> {
        Stamp { extra, ..self }
    }
}

/// What an opened token held.
pub(crate) struct Opened {
    pub(crate) record: Record,
    pub(crate) format: Format,
    /// Which of the passwords it was sealed with. The one that seals today is the first, 0.
    pub(crate) position: usize,
    /// It had no id (Fe26.2 only): the record has one that is of the token. Its session is new and
    /// begins now, as in h3.
    pub(crate) lacked_id: bool,
    /// When it was last seen, else made, by the clock of whoever sealed it, which may be ahead.
    pub(crate) seen_at_there: i64,
    /// Of two tokens that were seen at the same time, the one in which this is later was sealed
    /// later. None where the format does not tell.
    pub(crate) sealed_order: Option<i64>,
}

impl Opened {
    /// Whether it does not say when its session was made or sealed: which may have ended by
    /// `maxAge`, or live for longer than what revokes it is kept.
    pub(crate) fn is_of_unknown_age(&self) -> bool {
        let is_foreign = matches!(self.format, Format::IronSession | Format::Jwe(_));
        is_foreign && self.record.created_at == 0
    }
}

/// Where a token is written: after so many bytes of a text, so that a cookie is made in one piece.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    /// What stands before it.
    pub(crate) before: [&'a [u8]; 2],
    /// For how many bytes there is to be room after it.
    pub(crate) after_len: usize,
}

impl Around<'_> {
    /// A token alone, with room for a NUL.
    pub(crate) const NUL: Around<'static> = Around {
        before: [b"", b""],
        after_len: 1,
    };

    pub(crate) fn before_len(&self) -> usize {
        self.before.iter().map(|piece| piece.len()).sum()
    }

    /// A text with what stands before a token so long, and room for that, what comes after it, and
    /// so many bytes of work.
    pub(super) fn begin(&self, token_len: usize, work_len: usize) -> Result<Vec<u8>, Error> {
        let len = self.before_len() + token_len + self.after_len.max(work_len);
        let mut text = Vec::new();
        text.try_reserve_exact(len).map_err(|_| Error::memory())?;
        self.before
            .iter()
            .for_each(|piece| text.extend_from_slice(piece));
        Ok(text)
    }
}
