"""The exceptions, in one tree: catch as broadly or as narrowly as you want."""

from __future__ import annotations

from typing import Optional

__all__ = [
    "Busy",
    "Cold",
    "ConfigError",
    "DataError",
    "Expired",
    "FullError",
    "H3sError",
    "LateWriteWarning",
    "LibraryError",
    "Rejected",
    "StaleError",
    "StateError",
    "StoreError",
    "TooLarge",
]

#: Why a token is refused, in words: of `Rejected.reason` and `Session.rejection`.
REASONS = {
    "malformed": "not a well-formed token, or one from the future",
    "unsupported_format": "of a format that seal.accept does not list",
    "unknown_key": "its key id is none of the passwords'",
    "bad_seal": "forged, damaged, or sealed with another password or cookie name",
    "expired": "older than maxAge, or past the end written into the token",
    "idle": "not seen for longer than idleTimeout",
    "revoked": "created before notBefore, or revoked since",
    "too_large": "longer than maxTokenLength, or in more or longer cookies than a browser would send",
}


class H3sError(Exception):
    """The base of all. No field ever holds a secret, nor any part of session data but a key.

    `str(error)` is the key, where there is one, and the message.
    """

    #: What is wrong, and where it helps what would be right. The key is not in it.
    message: str
    #: The option, argument or data key at fault, or None.
    key: Optional[str]
    #: The first byte at fault in the JSON that was given, or None.
    offset: Optional[int]

    def __init__(self, message: str, *, key: Optional[str] = None, offset: Optional[int] = None) -> None:
        super().__init__(message)
        self.message = message
        self.key = key
        self.offset = offset

    def __str__(self) -> str:
        if not self.key:
            return super().__str__()
        # A key may have unpaired surrogates, which no log takes.
        return f"{self.key}: {self.message}".encode("utf-8", "backslashreplace").decode()


class LibraryError(H3sError, ImportError):
    """The shared library is missing, or of another ABI version. The message says
    where it was looked for."""


class ConfigError(H3sError, ValueError):
    """An option is wrong: `key` names it, and the message says what would be right."""


class DataError(H3sError, ValueError):
    """A value that a session cannot hold, under `key`: JSON cannot, or it is no id or no lifetime.
    The session is as it was."""


class TooLarge(DataError):
    """The session would not fit in its cookies, or its token in `max_token_length`. The
    session is as it was."""


class StateError(H3sError):
    """Not possible in this state, e.g. `rotate` after `clear`."""


class Rejected(H3sError):
    """A token was refused."""

    #: Why: "malformed", "unsupported_format", "unknown_key", "bad_seal", "expired", "idle",
    #: "revoked" or "too_large".
    reason: str

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Expired(Rejected):
    """A token, or the session itself since, has ended: its reason is "expired" or "idle".

    "expired" is no proof that the token was authentic: in Fe26.2 the end
    stands outside the encryption.
    """


class Cold(H3sError):
    """Under `warm_only`: the token needs a slow key derivation. Repeat the call
    without it, in a thread."""


class Busy(H3sError):
    """This peer has had too many tokens lately that take a slow derivation, above all forged ones.

    No other token of the request opened. Answer 429, and touch no cookie.
    """


class StaleError(H3sError):
    """The latest logouts may not be known here, and the options say `"stale": "closed"`.

    Answer 503, and touch no cookie.
    """


class StoreError(H3sError):
    """What was revoked could not be made known: its store cannot be reached, or written to.

    The logout has not happened. Answer 503, so that it is tried again.
    """


class FullError(StoreError):
    """There is no room for what was revoked in this process, see `revocation_room`.

    Other servers know of it.
    """


class LateWriteWarning(RuntimeWarning):
    """A session was written after the headers of its response had gone, so the write is lost.

    Streams, background tasks and FastAPI's dependencies after their `yield` run then. Write before.
    """
