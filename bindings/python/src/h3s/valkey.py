"""What is revoked, through a stream of Valkey or Redis: for servers on many machines.

    store = h3s.valkey.ValkeyStore("valkey://10.0.0.5:6379/0")
    sessions = h3s.Sessions(..., max_age=3600, revocation={}, revocation_store=store)

The URL needs the package valkey: `pip install h3s[valkey]`. Under ASGI, AsyncValkeyStore does
without threads.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Sequence
from inspect import iscoroutinefunction
from typing import Any, Optional, TypeVar, Union

from ._stream import Command, Copy, Steps, Stream
from .errors import ConfigError, StoreError
from .revocations import AsyncFeed, Feed, Revocations

__all__ = ["AsyncValkeyStore", "ValkeyStore"]

_Result = TypeVar("_Result")

#: How many entries are read at once, and for how many milliseconds the server waits for the first.
COUNT = 1000
BLOCK = 1000
#: In an event loop, which has other things to do every few milliseconds.
ASYNC_COUNT = 100
#: Seconds between two answers. One costs more than ten entries in it do, so that under load several
#: come at once; what comes after a quiet moment still comes without delay.
PAUSE = 0.02
#: How long a server that does not answer is waited for, in seconds: more than BLOCK.
TIMEOUT = 3.0
#: What comes before the cookie's name in a stream's key.
PREFIX = "h3s:revocations:"


class ValkeyStore:
    """A stream for each cookie name. It is made with the first entry, and trimmed by time.

    server: its URL ("valkey://", "valkeys://" for TLS, "redis://", "unix://"), or a client of the
        packages valkey or redis, also of a cluster or through sentinels. It needs Valkey, or Redis
        6.2. Give a client a `socket_timeout`, or a logout waits for as long as a server that is cut
        off; that of a URL has 3 seconds. For an asyncio client there is AsyncValkeyStore.
    prefix: what comes before the cookie's name in the stream's key. So sessions of different names
        never share a stream: what one may trim by its `max_age`, another would still need.

    A thread follows the stream. In an event loop, entries are published in another.

    How long a logout lasts once it was acknowledged is up to the server: see `appendfsync` there.
    What a server has lost that came back without its data, or without the last of it, the processes
    that had published it publish again, for as long as they live.
    """

    def __init__(self, server: Union[str, Any], *, prefix: str = PREFIX) -> None:
        if not isinstance(server, str) and (not hasattr(server, "xadd") or _is_async(server)):
            raise ConfigError("a URL, or a client that is not asyncio's: see AsyncValkeyStore", key="server")
        self._client = _client_of(server) if isinstance(server, str) else server
        self._prefix = prefix

    def attach(self, revocations: Revocations) -> Feed:
        return self.stream_of(revocations, block=_block_of(revocations))

    def stream_of(self, revocations: Copy, *, block: int = BLOCK) -> _Stream:
        """The stream of a copy of what is revoked.

        block: how long `poll` waits, in milliseconds.
        """
        return _Stream(self._client, self._prefix + revocations.cookie_name, revocations, block)

    def __repr__(self) -> str:
        return "<h3s.valkey.ValkeyStore>"


class AsyncValkeyStore:
    """As ValkeyStore, by asyncio: a task of the event loop follows the stream, and no thread.

    h3s.asgi.SessionMiddleware starts it with the application, or with the first request where the
    server has no lifespan. Elsewhere: `await sessions.revocations.start()`. WSGI, Flask and Django
    have no event loop to follow it in: give them ValkeyStore.

    server: its URL, from which each event loop makes a client; or an asyncio client of the packages
        valkey or redis, also of a cluster or through sentinels, which is the caller's to close.
    prefix: as of ValkeyStore.
    """

    def __init__(self, server: Union[str, Any], *, prefix: str = PREFIX) -> None:
        if isinstance(server, str):
            # It connects to nothing, and tells a wrong URL before any loop runs.
            _client_of(server)
        elif not hasattr(server, "xadd") or not _is_async(server):
            raise ConfigError("a URL, or an asyncio client: see ValkeyStore", key="server")
        self._server = server
        self._prefix = prefix

    def attach(self, revocations: Revocations) -> AsyncFeed:
        return _AsyncStream(self._server, self._prefix + revocations.cookie_name, revocations)

    def __repr__(self) -> str:
        return "<h3s.valkey.AsyncValkeyStore>"


# ---- Clients -------------------------------------------------------------------------------------


def _client_of(url: str, *, is_async: bool = False) -> Any:
    try:
        import valkey
        import valkey.asyncio
    except ImportError:
        raise ConfigError("a URL needs the package valkey: pip install h3s[valkey]", key="server") from None
    # It knows its own names alone.
    url = url.replace("rediss://", "valkeys://", 1) if url.startswith("rediss://") else url
    url = url.replace("redis://", "valkey://", 1) if url.startswith("redis://") else url
    kind: Any = valkey.asyncio.Valkey if is_async else valkey.Valkey
    try:
        return kind.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
    except ValueError:
        # The error may have the password of the URL.
        raise ConfigError('the URL of a server, such as "valkey://127.0.0.1:6379/0"', key="server") from None


def _is_async(client: Any) -> bool:
    return iscoroutinefunction(getattr(client, "execute_command", None))


def _block_of(revocations: Revocations) -> int:
    """For how many milliseconds the server waits for news.

    Several times before the copy would be stale, since an answer without news is word of them, too.
    """
    return min(BLOCK, revocations.max_stale * 250)


def _longest_block(client: Any) -> int:
    """For how many milliseconds a client can be blocked before it gives up."""
    pool = getattr(client, "connection_pool", None)
    timeout = getattr(pool, "connection_kwargs", {}).get("socket_timeout")
    return BLOCK if not timeout else int(timeout * 500)


def _called(client: Any, command: Command) -> Any:
    method, arguments, named = command
    return getattr(client, method)(*arguments, **named)


def _pipeline(client: Any, commands: list[Command]) -> Any:
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        _called(pipeline, command)
    return pipeline


def _unpublished(error: Exception) -> StoreError:
    return StoreError(f"what was revoked could not be made known: {type(error).__name__}: {error}")


# ---- In threads ----------------------------------------------------------------------------------


class _Stream:
    pause = PAUSE

    def __init__(self, client: Any, key: str, revocations: Copy, block: int) -> None:
        self.client = client
        self.key = key
        self._asking = weakref.ref(revocations)
        self._stream = Stream(key, revocations.keep, block=min(block, _longest_block(client)), count=COUNT)
        #: What this process has published, and until when it matters.
        self.own = self._stream.own

    def publish(self, lines: Sequence[str]) -> None:
        try:
            self._run(self._stream.publish(lines))
        except Exception as error:
            raise _unpublished(error) from error

    def poll(self) -> bool:
        revocations = self._asking()
        if revocations is None:
            return True
        try:
            return self._run(self._stream.poll(revocations))
        except Exception:
            self._stream.disconnected()
            raise

    def _run(self, steps: Steps[_Result]) -> _Result:
        try:
            commands = next(steps)
            while True:
                commands = steps.send(self._ask(commands))
        except StopIteration as end:
            result: _Result = end.value
            return result

    def _ask(self, commands: list[Command]) -> list[Any]:
        if len(commands) == 1:
            return [_called(self.client, commands[0])]
        answers: list[Any] = _pipeline(self.client, commands).execute()
        return answers


# ---- In an event loop ----------------------------------------------------------------------------


class _AsyncStream:
    pause = PAUSE

    def __init__(self, server: Any, key: str, revocations: Revocations) -> None:
        self._server = server
        self._asking = weakref.ref(revocations)
        #: The client, and the loop in which alone it works.
        self._client: Any = None
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        block = (
            _block_of(revocations) if isinstance(server, str) else min(_block_of(revocations), _longest_block(server))
        )
        self._stream = Stream(key, revocations.keep, block=block, count=ASYNC_COUNT)
        #: How long an answer is waited for, in seconds, whatever the client has been told.
        self._patience = TIMEOUT + block / 1000

    async def publish(self, lines: Sequence[str]) -> None:
        try:
            await self._run(self._stream.publish(lines))
        except Exception as error:
            raise _unpublished(error) from error

    async def poll(self) -> bool:
        revocations = self._asking()
        if revocations is None:
            return True
        try:
            return await self._run(self._stream.poll(revocations))
        except Exception:
            self._stream.disconnected()
            raise

    async def close(self) -> None:
        self._stream.disconnected()
        client, self._client, self._loop = self._client, None, None
        if client is not None and client is not self._server:
            await client.aclose()

    async def _run(self, steps: Steps[_Result]) -> _Result:
        try:
            commands = next(steps)
            while True:
                commands = steps.send(await asyncio.wait_for(self._ask(commands), self._patience))
        except StopIteration as end:
            result: _Result = end.value
            return result

    async def _ask(self, commands: list[Command]) -> list[Any]:
        client = self._connected()
        if len(commands) == 1:
            return [await _called(client, commands[0])]
        answers: list[Any] = await _pipeline(client, commands).execute()
        return answers

    def _connected(self) -> Any:
        if not isinstance(self._server, str):
            return self._server
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._client, self._loop = _client_of(self._server, is_async=True), loop
        return self._client
