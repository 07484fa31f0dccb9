"""What was opened, made, refused and sealed: for whoever watches a service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from . import _abi
from ._abi import fast


@dataclass(frozen=True)
class Counts:
    """What was done with Sessions since they were made, by all threads of this process.

    Each figure only grows. A forked child goes on from what its parent had counted.
    """

    #: Calls of `use` and `get` whose session a cookie brought.
    opened_cookie: int
    #: Those whose session the session header brought.
    opened_header: int
    #: Bare tokens that `unseal` opened.
    opened_token: int
    #: Calls of `use` and `get` that had to make a session.
    made: int
    #: Of those that were brought: sealed with another password than the first. Once this stands
    #: still, the others can be dropped.
    opened_old_password: int
    #: Of those that were brought: in another format than the one that seals.
    opened_other_format: int
    #: Calls with `warm_only` that would have had to derive a key. Under ASGI each such request is
    #: opened again in a thread, and so counted again.
    cold: int
    #: Calls that raised Busy.
    busy: int
    #: Calls that raised StaleError.
    stale: int
    #: Tokens that were sealed, be it after a write, for a session just made, or on a read.
    sealed: int
    #: Of sessions that were only read: cookies made that let them live on under `idle_timeout`, and
    #: do no more.
    slid: int
    #: Of sessions that were only read: cookies made that move them to the first password.
    moved_password: int
    #: Of sessions that were only read: cookies made that move them to the format that seals.
    moved_format: int
    #: Sessions that got a new id.
    rotated: int
    #: Sessions that `clear` ended.
    cleared: int
    #: Sessions that `revoke` or `revoke_everywhere` ended.
    revoked: int
    #: By reason, as `Session.rejection` has it: requests of which the first candidate was refused,
    #: be it that another one opened, and bare tokens that were.
    refused: Mapping[str, int]


#: The reasons, by their numbers.
_REASONS = {
    number: fast.h3s_rejection_str(number).decode()
    for name, number in vars(_abi).items()
    if name.startswith("REJECTION_") and number
}


def of(found: _abi.Counts) -> Counts:
    """What the library gave."""
    names = (field.name for field in fields(Counts) if field.name != "refused")
    refused = {reason: found.refused[number] for number, reason in _REASONS.items()}
    return Counts(**{name: getattr(found, name) for name in names}, refused=refused)
