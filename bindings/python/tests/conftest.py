"""Real servers on loopback, real cookie jars, and a clock that stands where a test puts it."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import h3s
import pytest


def what_to_install(names: list[str]) -> str:
    """One sentence in place of an ImportError for each file."""
    pinned = Path(__file__).resolve().parents[3] / "tests/requirements.txt"
    return f"this Python lacks {', '.join(names)}; run: {sys.executable} -m pip install -r {pinned}"


try:
    import httpx
    from servers import asgi_server, wsgi_server
except ModuleNotFoundError as error:
    sys.exit(what_to_install([str(error.name)]))

PASSWORD = "correct horse battery staple, and more of it"
NOW = 1_800_000_000
Serve = Callable[[Any], str]
#: The folder that the package is imported from.
SOURCE = Path(h3s.__file__).parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Finds out what the files that are asked for import."""
    files: set[Path] = set()
    for argument in config.args:
        path = Path(argument.split("::")[0])
        files.update(path.rglob("test_*.py") if path.is_dir() else [path])
    names: set[str] = set()
    for file in files:
        for node in ast.parse(file.read_text()).body if file.is_file() else []:
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    beside = {file.stem for file in Path(__file__).parent.glob("*.py")}
    missing = [name for name in sorted(names - beside) if importlib.util.find_spec(name) is None]
    if missing:
        raise pytest.UsageError(what_to_install(missing))


class StandingStill(h3s.Sessions):
    """For what counts so many a second: it is NOW, however slow the machine."""

    def get(self, *arguments: Any, **named: Any) -> h3s.Session:
        return super().get(*arguments, **{**named, "now": NOW})


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A copy of the package that lies in no repository."""
    shutil.copytree(Path(h3s.__file__).parent, tmp_path / "h3s")
    return tmp_path


@pytest.fixture
def sessions() -> h3s.Sessions:
    return h3s.Sessions(password=PASSWORD, max_age=3600, cookie={"secure": False})


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=20) as client:
        yield client


@pytest.fixture
def wsgi() -> Iterator[Serve]:
    yield from _serving(wsgi_server)


@pytest.fixture
def asgi() -> Iterator[Serve]:
    yield from _serving(asgi_server)


def _serving(server: Callable[[Any], Any]) -> Iterator[Serve]:
    running: list[Any] = []

    def serve(app: Any) -> str:
        running.append(server(app))
        address: str = running[-1].__enter__()
        return address

    yield serve
    for context in running:
        context.__exit__(None, None, None)


def cookies_of(response: httpx.Response) -> list[str]:
    return response.headers.get_list("set-cookie")


def from_another_site() -> list[dict[str, str]]:
    """What a browser says of where it was led from: by Fetch Metadata, and where there is none."""
    page = "https://evil.example"
    return [
        {"Sec-Fetch-Site": "cross-site", "Origin": page},
        {"Origin": page},
        {"Origin": "null"},
        {"Referer": page + "/"},
    ]


def from_the_own_site(at: str) -> list[dict[str, str]]:
    return [{"Sec-Fetch-Site": "same-origin", "Origin": at}, {"Origin": at}, {"Referer": at + "/form"}, {}]


def no_other_site_ends_the_session(logout: str, login: str) -> None:
    """The logout and the login of a server, by POST, without a cookie."""
    for headers in from_another_site():
        assert not cookies_of(httpx.post(logout, headers=headers)), headers
        assert cookies_of(httpx.post(login, headers=headers)), headers
    for headers in from_the_own_site(logout.rpartition("/")[0]):
        deleting = cookies_of(httpx.post(logout, headers=headers))
        assert deleting and all("Max-Age=0" in value for value in deleting), headers
        assert cookies_of(httpx.post(login, headers=headers)), headers


def run(
    command: list[str], environment: dict[str, str], *, folder: Optional[Path] = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs a program, in bounded time, and keeps what it says."""
    return subprocess.run(
        command, input=stdin, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def cookie_of(session: h3s.Session) -> str:
    """The Cookie header of the next request."""
    return "; ".join(value.split(";")[0] for value in session.set_cookies() if "Max-Age=0" not in value)
