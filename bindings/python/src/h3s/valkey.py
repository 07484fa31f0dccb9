"""What is revoked, through a stream of Valkey or Redis: for servers on many machines.

    store = h3s.valkey.ValkeyStore("valkey://10.0.0.5:6379/0")
    sessions = h3s.Sessions(..., max_age=3600, revocation={}, revocation_store=store)

The URL needs the package valkey: `pip install h3s[valkey]`.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Sequence
from typing import Any, Optional, Union

from .errors import ConfigError, StoreError
from .revocations import Feed, Revocations, end_of

__all__ = ["ValkeyStore"]

#: How many entries are read at once, and for how many milliseconds the server waits for the first.
COUNT = 1000
BLOCK = 1000
#: How long a server that does not answer is waited for, in seconds: more than BLOCK.
TIMEOUT = 3.0

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
        return _Stream(self._client, self._key or f"h3s:revocations:{revocations.cookie_name}", revocations)

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


class _Stream:
    pause = 0.0

    def __init__(self, client: Any, key: str, revocations: Revocations) -> None:
        self._client = client
        self._key = key
        self._asking = weakref.ref(revocations)
        self._keep = revocations.keep
        self._block = _block_of(client)
        #: Up to where it is read, and the last entry that is certainly in it.
        self._last = self._known = _START
        #: Whether there is more to be read at once.
        self._is_behind = True
        #: When it was last seen to be whole.
        self._checked_at = float("-inf")
        #: What this process has published, and until when it matters.
        self._own: dict[str, float] = {}
        self._forgot_at = time.monotonic()

    def publish(self, lines: Sequence[str]) -> None:
        oldest = int(time.time() * 1000) - self._keep
        try:
            for line in lines:
                added = self._client.xadd(self._key, {"e": line}, minid=max(oldest, 0), approximate=True)
                self._know(_text(added))
                self._own[line] = end_of(line)
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
        answer = self._client.xread({self._key: self._last}, count=COUNT, block=block)
        messages = _messages_of(answer)
        if messages:
            revocations.apply(_line_of(fields) for _, fields in messages)
            self._last = _text(messages[-1][0])
            self._know(self._last)
        self._is_behind = len(messages) >= COUNT
        if not self._is_behind:
            revocations.heard()
        return not self._is_behind

    def _know(self, entry: str) -> None:
        self._known = max(self._known, entry, key=_moment_of)

    def _check(self) -> None:
        """Publishes again, and reads from the start, where the server has lost something.

        That shows by the last entry that was in it. At most once a second: under load, each
        answer has few entries.
        """
        now = time.monotonic()
        if self._checked_at + 1 > now:
            return
        known = self._known
        is_trimmed = _moment_of(known)[0] < time.time() * 1000 - self._keep
        if known != _START and not is_trimmed and not self._client.xrange(self._key, known, known, count=1):
            self._is_behind = True
            self._publish_again()
            self._last = _START
        self._checked_at = now
        if self._forgot_at + 60 < now:
            self._forgot_at = now
            self._forget_ended()

    def _forget_ended(self) -> None:
        now = time.time()
        for line, end in list(self._own.items()):
            if end < now:
                del self._own[line]

    def _publish_again(self) -> None:
        self._forget_ended()
        known, self._known = self._known, _START
        try:
            self.publish(list(self._own))
        except StoreError:
            # It is tried again by the next call.
            self._known = known
            raise


def _block_of(client: Any) -> int:
    """For how long a client can be blocked."""
    pool = getattr(client, "connection_pool", None)
    timeout = getattr(pool, "connection_kwargs", {}).get("socket_timeout")
    return BLOCK if not timeout else min(BLOCK, int(timeout * 500))


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
    """The entry of a message; anybody may have put others there."""
    return _text((fields or {}).get(b"e") or (fields or {}).get("e") or "")


def _text(value: Union[str, bytes]) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _moment_of(entry: str) -> tuple[int, int]:
    """When an entry was added, by its id: milliseconds since 1970, and its number then."""
    time, _, number = entry.partition("-")
    return int(time), int(number)
