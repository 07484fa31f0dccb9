"""Every example of README.md and of the package's docstring runs."""

from __future__ import annotations

import doctest
import os
import re
import sys
from pathlib import Path
from typing import Any

import h3s
import httpx
import pytest

from conftest import SOURCE, Serve, run

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
EXAMPLES = [
    pytest.param(text, id=f"{number}-{text.split(maxsplit=2)[1]}")
    for number, (kind, text) in enumerate(BLOCKS)
    if kind == "python"
]
OPTIONS = [pytest.param(text, id=str(number)) for number, (kind, text) in enumerate(BLOCKS) if kind == "json"]


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_example_runs(text: str, wsgi: Serve, asgi: Serve) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, str(README), "exec"), names)  # noqa: S102
    if "app" not in names:
        return
    at = (asgi if "h3s.asgi" in text else wsgi)(names["app"])
    # The examples' cookies are for HTTPS alone, so the jar is told by hand.
    first = httpx.get(at)
    cookie = first.headers["set-cookie"].split(";")[0]
    second = httpx.get(at, headers={"Cookie": cookie})
    assert "1" in first.text and "2" in second.text


@pytest.mark.parametrize("text", OPTIONS)
def test_the_options_are_right(text: str) -> None:
    session = h3s.Sessions.from_json(text).use()
    session["count"] = 1
    assert len(session.set_cookies()) == 1


def test_the_commands_run(tmp_path: Path) -> None:
    commands = [text for kind, text in BLOCKS if kind == "sh" and "python -m h3s" in text]
    assert len(commands) == 1
    script = commands[0].replace("python -m", f"{sys.executable} -m")
    done = run(["bash", "-euc", script], {**os.environ, "PYTHONPATH": str(SOURCE)}, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"id": 42' in done.stdout


def test_the_docstring_is_true() -> None:
    failed, tried = doctest.testmod(h3s)
    assert tried >= 4 and failed == 0
