"""Three services, in Python, Go and nginx, share what is revoked: a logout at one is final at all.

Those in Python and Go follow a stream of Valkey or Redis, nginx a file, and
`python -m h3s revocations follow` hands on between the two. All are real, and read one file of
options.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import valkey
from conftest import Nginx, free_port, set_cookies, wait_until

HERE = Path(__file__).parent
#: That of `go build`, see tests/suites/revocation.sh.
GO_SERVICE = os.environ.get("H3S_GO_SERVICE", str(HERE.parents[1] / "target/revocation/service"))
NAMES = ["python", "go", "nginx"]
#: For how many seconds a service may hear nothing.
MAX_STALE = 2
#: How often a time is measured at most, until it is good: the machine may be busy.
TRIES = 5

LOCATIONS = """
h3s get;
location = /who {
    h3s_require /user;
    add_header X-User $h3s_data_user;
    add_header X-Stale $h3s_stale;
    try_files /page.txt =404;
}
location = /login { h3s_set user $arg_user; h3s_rotate on; try_files /page.txt =404; }
location = /logout { h3s_revoke session; try_files /page.txt =404; }
"""


class Server:
    """A real Valkey or Redis, that can be killed and started again."""

    def __init__(self, program: str, folder: Path) -> None:
        folder.mkdir()
        self.program, self.folder, self.port = program, folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
            "logfile": str(self.folder / "log"),
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        self.process = subprocess.Popen([self.program, *options], stdout=subprocess.DEVNULL)
        wait_until(self._answers, "the server does not start")

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "log").read_text()
        with closing(valkey.Valkey(port=self.port, socket_timeout=5)) as client:
            try:
                return bool(client.ping())
            except valkey.ValkeyError:
                return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def lose_data(self) -> None:
        for path in self.folder.glob("appendonlydir/*"):
            path.unlink()


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()
            process.communicate(timeout=20)


class Services:
    """All of them: on one server, one file and one file of options."""

    def __init__(self, folder: Path, stack: ExitStack, program: str, **revocation: Any) -> None:
        self.folder, self.stack = folder, stack
        self.shared, self.options = folder / "shared", folder / "h3s.json"
        self.shared.mkdir()
        self.server = Server(program, folder / "server")
        stack.callback(self.server.kill)
        options = {
            "password": {"k1": secrets.token_urlsafe(32)},
            "maxAge": 3600,
            "cookie": {"secure": False},
            "revocation": {"subject": "/user", "file": str(self.shared / "revocations"), **revocation},
        }
        self.options.touch(0o600)
        self.options.write_text(json.dumps(options))
        self.bridge()
        nginx = Nginx(folder)
        nginx.start(LOCATIONS, http="h3s_revocations zone=revoked:256k;")
        stack.callback(nginx.stop)
        self.urls = {"python": self.python(), "go": self.printed(GO_SERVICE), "nginx": nginx.url}
        #: One that brings no more than the cookie that it is given, and keeps none.
        self.anybody = stack.enter_context(httpx.Client(timeout=20))

    def start(self, *command: str) -> subprocess.Popen[str]:
        return self.stack.enter_context(ended(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)))

    def printed(self, *command: str) -> str:
        """The address that a service prints once it answers."""
        process = self.start(*command, str(self.options), self.server.url)
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), process.poll()
        return address

    def python(self) -> str:
        return self.printed(sys.executable, str(HERE / "service.py"))

    def bridge(self) -> None:
        self.start(
            sys.executable, "-m", "h3s", "revocations", "follow", self.server.url, "--options", str(self.options)
        )

    def who(self, name: str, cookie: str) -> httpx.Response:
        """What a service says to whoever has a copy of the cookie."""
        self.anybody.cookies.clear()
        return self.anybody.get(f"{self.urls[name]}/who", headers={"Cookie": cookie})

    def status(self, name: str, cookie: str) -> int:
        return self.who(name, cookie).status_code

    def until_refused(self, cookie: str) -> dict[str, float]:
        """After how many seconds each service refuses it."""
        began, took = time.monotonic(), dict[str, float]()

        def all_refuse() -> bool:
            for name in self.urls.keys() - took.keys():
                answer = self.who(name, cookie)
                if answer.status_code == 401:
                    took[name] = time.monotonic() - began
                    # Whoever has logged in again keeps the new cookie.
                    assert not set_cookies(answer)
            return took.keys() == self.urls.keys()

        wait_until(all_refuse, "not all refuse it")
        return took

    def is_stale(self, name: str, cookie: str) -> bool:
        """Whether it answers as "open" has it where it has heard nothing."""
        answer = self.who(name, cookie)
        return answer.status_code == 200 and answer.headers.get("x-stale") == "1"

    def is_well(self, name: str, cookie: str) -> bool:
        answer = self.who(name, cookie)
        return answer.status_code == 200 and not answer.headers.get("x-stale")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Callable[..., Services]]:
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        pytest.skip("needs valkey-server or redis-server")
    with ExitStack() as stack:
        yield lambda **revocation: Services(tmp_path, stack, program, **revocation)


class Browser:
    """One that has a jar, which all ports of 127.0.0.1 share."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.client = services.stack.enter_context(httpx.Client(timeout=20))

    def get(self, name: str, path: str) -> httpx.Response:
        return self.client.get(f"{self.services.urls[name]}{path}")

    def log_in(self, name: str, user: str) -> str:
        """A copy of the cookie."""
        assert self.get(name, f"/login?user={user}").status_code == 200
        return f"h3={self.client.cookies['h3']}"

    def users(self) -> list[str | None]:
        """As whom each service knows it."""
        return [self.get(name, "/who").headers.get("x-user") for name in NAMES]


def test_a_copied_cookie_is_refused_by_all_three_within_a_second_of_a_logout_at_any(
    services: Callable[..., Services], capsys: pytest.CaptureFixture[str]
) -> None:
    three = services()
    browser, other = Browser(three), Browser(three)
    other.log_in("go", "ada")
    for number, name in enumerate(NAMES):
        for _ in range(TRIES):
            copied = browser.log_in(NAMES[number - 1], "zoe")
            assert browser.users() == ["zoe"] * 3
            assert [three.status(each, copied) for each in NAMES] == [200] * 3
            assert browser.get(name, "/logout").status_code == 200
            assert not list(browser.client.cookies)
            took = three.until_refused(copied)
            measured = ", ".join(f"{each} {1000 * took[each]:.0f} ms" for each in NAMES)
            with capsys.disabled():
                print(f"\nafter a logout at {name} refused by {measured}", end="")
            if max(took.values()) < 1:
                break
        else:
            pytest.fail(f"it takes more than a second after a logout at {name}, {TRIES} times")
        assert browser.users() == [None] * 3
        assert other.users() == ["ada"] * 3
        assert [three.status(each, copied) for each in NAMES] == [401] * 3
    browser.log_in("python", "zoe")
    assert browser.users() == ["zoe"] * 3


@pytest.mark.parametrize("loses_data", [False, True], ids=["keeps-its-data", "loses-its-data"])
@pytest.mark.parametrize("stale", ["open", "closed"])
def test_while_the_server_is_away_open_goes_on_closed_refuses_and_nothing_is_forgotten(
    services: Callable[..., Services], stale: str, loses_data: bool
) -> None:
    three = services(maxStale=MAX_STALE, stale=stale)
    browser, other = Browser(three), Browser(three)
    out, late = (browser.log_in("python", "zoe") for _ in range(2))
    # The second login has revoked the session of the first.
    three.until_refused(out)
    cookie = other.log_in("go", "ada")
    assert all(three.is_well(name, each) for name in NAMES for each in (cookie, late))

    # What is known to be revoked is refused all the same.
    known = 401 if stale == "open" else 503

    def goes_on_or_refuses(name: str) -> bool:
        if stale == "open":
            return three.is_stale(name, cookie)
        answer = three.who(name, cookie)
        return answer.status_code == 503 and not set_cookies(answer)

    three.server.kill()
    for name in NAMES:
        # nginx, which follows the file, goes by what the bridge has heard.
        wait_until(partial(goes_on_or_refuses, name), f"{name} does not grow stale")
        assert three.status(name, out) == known
        # Whoever brings no session is served.
        assert three.status(name, "a=b") == 401
    for name in ("python", "go"):
        # A logout that cannot be made known has not happened.
        logout = other.get(name, "/logout")
        assert logout.status_code == 503 and not set_cookies(logout)
    # That at nginx is in the file, until the bridge can hand it on.
    assert browser.get("nginx", "/logout").status_code == (200 if stale == "open" else 503)
    assert three.status("nginx", late) == known

    if loses_data:
        three.server.lose_data()
    three.server.start()
    for name in NAMES:
        wait_until(partial(three.is_well, name, cookie), f"{name} stays stale")
    if stale == "closed":
        assert browser.get("nginx", "/logout").status_code == 200
    three.until_refused(late)
    assert [three.status(name, out) for name in NAMES] == [401] * 3
    # Nor does a service forget that begins now.
    three.urls["a new one"] = three.python()
    three.until_refused(out)
    three.until_refused(late)
    assert other.users() == ["ada"] * 3
    assert other.get("python", "/logout").status_code == 200
    three.until_refused(cookie)
