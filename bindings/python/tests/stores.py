"""Stores of what is revoked, for tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable, Optional

import h3s
import pytest
from h3s.valkey import ValkeyStore

from conftest import PASSWORD, cookie_of

OPTIONS: dict[str, Any] = {
    "password": PASSWORD,
    "max_age": timedelta(hours=1),
    "revocation": {"subject": "/user/id", "max_stale": timedelta(seconds=30)},
}


def opened(store: Any, **options: Any) -> h3s.Sessions:
    return h3s.Sessions(**{**OPTIONS, **options}, revocation_store=store)


def logged_in(sessions: h3s.Sessions, user: Any = 42) -> str:
    """The Cookie header of a new session."""
    session = sessions.use()
    session["user"] = {"id": user}
    return cookie_of(session)


def until(happened: Callable[[], Any]) -> None:
    """Waits for what another thread does."""
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.005)


class Broken:
    """A store that can be cut off."""

    pause = 0.01

    def __init__(self) -> None:
        self.is_down = False
        self.lines: list[str] = []
        self.polled = self.attached = 0

    def attach(self, revocations: h3s.Revocations) -> h3s.Feed:
        self.asking = weakref.ref(revocations)
        self.attached += 1
        return self

    def publish(self, lines: Sequence[str]) -> None:
        if self.is_down:
            raise ConnectionError("cut off")
        self.lines += lines

    def poll(self) -> bool:
        self.polled += 1
        if self.is_down:
            raise ConnectionError("cut off")
        revocations = self.asking()
        if revocations is not None:
            revocations.apply(self.lines)
            revocations.heard()
        return True


class Recording(Broken):
    """Knows on which threads it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[int] = []

    def publish(self, lines: Sequence[str]) -> None:
        self.threads.append(threading.get_ident())
        super().publish(lines)


class Server:
    """A real Valkey or Redis on loopback, that can be killed, frozen and started again."""

    def __init__(self, program: str, folder: Path, **more: str) -> None:
        self._program, self._folder, self._more = program, folder, more
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            self.port: int = probe.getsockname()[1]
        self.url = f"valkey://127.0.0.1:{self.port}/0"
        self._process: Optional[subprocess.Popen[bytes]] = None
        self.start()

    def start(self) -> None:
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self._folder),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
            "logfile": str(self._folder / "log"),
            "stream-node-max-entries": "10",
            "repl-diskless-sync-delay": "0",
            **self._more,
        }
        named = ((f"--{name}", *value.split(" ")) for name, value in settings.items())
        command = [self._program, *(part for parts in named for part in parts)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            with closing(self.client()) as client:
                until(lambda: _answers(client))
        except BaseException:
            self.kill()
            raise

    def client(self, **options: Any) -> Any:
        # Whoever tests with another store needs no such package.
        import valkey

        return valkey.Valkey(port=self.port, socket_timeout=5, **options)

    def store(self, **options: Any) -> ValkeyStore:
        return ValkeyStore(self.url, **options)

    def replica(self) -> Server:
        """Another one, that follows this one."""
        folder = self._folder / "replica"
        folder.mkdir()
        replica = Server(self._program, folder, replicaof=f"127.0.0.1 {self.port}")
        until(lambda: replica.client().info("replication")["master_link_status"] == "up")
        return replica

    def freeze(self) -> None:
        """As if the network were cut: connections stay, and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self, *, with_data: bool = False) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            self._process = None
        if with_data:
            for path in self._folder.glob("appendonlydir/*"):
                path.unlink()

    def state(self) -> int:
        """What it has on its disk, to go back to."""
        return self._log().stat().st_size

    def go_back_to(self, state: int) -> None:
        """As a server that fails before the last of its data is on the disk, and comes back."""
        self.kill()
        os.truncate(self._log(), state)
        self.start()

    def _log(self) -> Path:
        (log,) = self._folder.glob("appendonlydir/*.incr.aof")
        return log


def _answers(client: Any) -> bool:
    import valkey

    try:
        return bool(client.ping())
    except valkey.ValkeyError:
        return False


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        pytest.skip("needs valkey-server or redis-server")
    running = Server(program, tmp_path_factory.mktemp("server"))
    yield running
    running.kill()
