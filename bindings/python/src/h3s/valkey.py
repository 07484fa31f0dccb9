"""What is revoked, through a stream of Valkey or Redis: for servers on many machines.

    store = h3s.valkey.ValkeyStore("valkey://10.0.0.5:6379/0")
    sessions = h3s.Sessions(..., max_age=3600, revocation={}, revocation_store=store)

The URL needs the package valkey: `pip install h3s[valkey]`.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterable, Sequence
from typing import Any, Optional, Protocol, Union

from .errors import ConfigError, StoreError
from .revocations import Feed, Revocations, end_of

__all__ = ["ValkeyStore"]

#: How many entries are read at once, and for how many milliseconds the server waits for the first.
COUNT = 1000
BLOCK = 1000
#: Seconds between two answers. One costs more than ten entries in it do, so that under load several
#: come at once; what comes after a quiet moment still comes without delay.
PAUSE = 0.02
#: How long a server that does not answer is waited for, in seconds: more than BLOCK.
TIMEOUT = 3.0

#: More characters no entry has.
LONGEST = 2048

_START = "0-0"


class ValkeyStore:
    """A stream for each cookie name. It is made with the first entry, and trimmed by time.

    server: its URL ("valkey://", "valkeys://" for TLS, "redis://", "unix://"), or a client of the
        packages valkey or redis, also of a cluster or through sentinels. It needs Valkey, or Redis
        6.2. An asyncio client is none: in an event loop, entries are published in a thread.
    key: the stream's, in place of "h3s:revocations:" and the cookie's name.

    How long a logout lasts once it was acknowledged is up to the server: see `appendfsync` there.
    What a server has lost that came back without its data, the processes that had published it
    publish again, for as long as they live.
    """

    def __init__(self, server: Union[str, Any], *, key: Optional[str] = None) -> None:
        client = _client_of(server) if isinstance(server, str) else server
        if not hasattr(client, "xadd") or ".asyncio" in type(client).__module__:
            raise ConfigError("a URL, or a client that is not asyncio's", key="server")
        self._client = client
        self._key = key

    def attach(self, revocations: Revocations) -> Feed:
        # Several times before it would be stale, since an answer without news is word of them, too.
        return self.stream_of(revocations, block=min(BLOCK, revocations.max_stale * 250))

    def stream_of(self, revocations: _Copy, *, block: int = BLOCK) -> _Stream:
        """The stream of a copy of what is revoked.

        block: how long `poll` waits, in milliseconds.
        """
        return _Stream(self._client, self._key or f"h3s:revocations:{revocations.cookie_name}", revocations, block)

    def __repr__(self) -> str:
        return "<h3s.valkey.ValkeyStore>"


def _client_of(url: str) -> Any:
    try:
        import valkey
    except ImportError:
        raise ConfigError("a URL needs the package valkey: pip install h3s[valkey]", key="server") from None
    # It knows its own names alone.
    url = url.replace("rediss://", "valkeys://", 1) if url.startswith("rediss://") else url
    url = url.replace("redis://", "valkey://", 1) if url.startswith("redis://") else url
    try:
        return valkey.Valkey.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
    except ValueError:
        # The error may have the password of the URL.
        raise ConfigError('the URL of a server, such as "valkey://127.0.0.1:6379/0"', key="server") from None


class _Copy(Protocol):
    """What is asked of Revocations."""

    cookie_name: str
    keep: int

    def apply(self, lines: Iterable[str]) -> int: ...

    def heard(self) -> None: ...


class _Stream:
    pause = PAUSE

    def __init__(self, client: Any, key: str, revocations: _Copy, block: int) -> None:
        self.client = client
        self.key = key
        self._asking = weakref.ref(revocations)
        self._keep = revocations.keep
        self._block = min(block, _longest_block(client))
        #: Up to where it is read, and was when it was last seen to be whole.
        self._last = self._seen = _START
        #: The last entry that this process has published.
        self._published = _START
        #: Whether there is more to be read at once.
        self._is_behind = True
        #: When it was last seen to be whole.
        self._checked_at = float("-inf")
        #: What this process has published, and until when it matters.
        self.own: dict[str, float] = {}
        self._forgot_at = time.monotonic()

    def publish(self, lines: Sequence[str]) -> None:
        oldest = int(time.time() * 1000) - self._keep
        try:
            for line in lines:
                added = self.client.xadd(self.key, {"e": line}, minid=max(oldest, 0), approximate=True)
                self._published = max(self._published, _text(added), key=_moment_of)
                self.own[line] = end_of(line)
        except Exception as error:
            raise StoreError(f"what was revoked could not be made known: {type(error).__name__}: {error}") from error

    def poll(self) -> bool:
        try:
            return self._read()
        except Exception:
            # It may come back without its data.
            self._checked_at = float("-inf")
            raise

    def _read(self) -> bool:
        revocations = self._asking()
        if revocations is None:
            return True
        self._check()
        block = None if self._is_behind else self._block
        answer = self.client.xread({self.key: self._last}, count=COUNT, block=block)
        messages = _messages_of(answer)
        if messages:
            revocations.apply(_line_of(fields) for _, fields in messages)
            self._last = _text(messages[-1][0])
        self._is_behind = len(messages) >= COUNT
        if not self._is_behind:
            revocations.heard()
        return not self._is_behind

    def _check(self) -> None:
        """Publishes again, and reads from the start, where the server has lost something.

        That shows by two entries that were in it. (After the last one that was read, others may
        have been added since.) At most once a second: under load, each answer has few entries.
        """
        now = time.monotonic()
        if self._checked_at + 1 > now:
            return
        if not all(self._is_there(entry) for entry in {self._published, self._seen}):
            self._is_behind = True
            self._publish_again()
            self._last = _START
        self._seen = self._last
        self._checked_at = now
        if self._forgot_at + 60 < now:
            self._forgot_at = now
            self._forget_ended()

    def _is_there(self, entry: str) -> bool:
        """Whether an entry is in the stream, but for what may have been trimmed."""
        if entry == _START or _moment_of(entry)[0] < time.time() * 1000 - self._keep:
            return True
        return bool(self.client.xrange(self.key, entry, entry, count=1))

    def _forget_ended(self) -> None:
        now = time.time()
        for line, end in list(self.own.items()):
            if end < now:
                del self.own[line]

    def _publish_again(self) -> None:
        self._forget_ended()
        published, self._published = self._published, _START
        try:
            self.publish(list(self.own))
        except StoreError:
            # It is tried again by the next call.
            self._published = published
            raise


def _longest_block(client: Any) -> int:
    """For how many milliseconds a client can be blocked before it gives up."""
    pool = getattr(client, "connection_pool", None)
    timeout = getattr(pool, "connection_kwargs", {}).get("socket_timeout")
    return BLOCK if not timeout else int(timeout * 500)


def _messages_of(answer: Any) -> list[Any]:
    """Of the one stream that was asked for, in either version of the protocol."""
    if not answer:
        return []
    if isinstance(answer, dict):
        (streams,) = answer.values()
        return [message for messages in streams for message in messages]
    messages: list[Any] = answer[0][1]
    return messages


def _line_of(fields: Any) -> str:
    """The entry of a message; nothing where that is none: anybody may have put others there."""
    line = _text((fields or {}).get(b"e") or (fields or {}).get("e") or "")
    return line if len(line) <= LONGEST and line.isprintable() else ""


def _text(value: Union[str, bytes]) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _moment_of(entry: str) -> tuple[int, int]:
    """When an entry was added, by its id: milliseconds since 1970, and its number then."""
    time, _, number = entry.partition("-")
    return int(time), int(number)
