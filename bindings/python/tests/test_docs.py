"""Every example of README.md and of the package's docstring runs."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

import h3s
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


APPLICATIONS = [example for example in EXAMPLES if "\napp = " in str(example.values[0])]


def application_of(text: str) -> Any:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, str(README), "exec"), names)  # noqa: S102
    return names.get("app")


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_example_runs(text: str) -> None:
    application_of(text)


@pytest.mark.parametrize("text", APPLICATIONS)
def test_the_example_counts_in_curl(text: str, wsgi: Serve, asgi: Serve, tmp_path: Path) -> None:
    at = (asgi if "h3s.asgi" in text else wsgi)(application_of(text))
    curl = ["curl", "-sS", "--max-time", "20", "-c", "jar", "-b", "jar", at]
    seen = [run(curl, dict(os.environ), folder=tmp_path).stdout for _ in range(3)]
    assert [re.sub("[^0-9]", "", text) for text in seen] == ["1", "2", "3"]


@pytest.mark.parametrize("text", APPLICATIONS)
def test_the_example_counts_in_a_test_client(text: str) -> None:
    app = application_of(text)
    client: Any
    with warnings.catch_warnings():
        # Of what lies below Starlette's.
        warnings.simplefilter("ignore")
        if "h3s.asgi" in text:
            from starlette.testclient import TestClient

            client = TestClient(app)
        else:
            from werkzeug.test import Client

            client = Client(app)
        seen = [client.get("/").text for _ in range(3)]
    assert [re.sub("[^0-9]", "", text) for text in seen] == ["1", "2", "3"]


PAGE = b"""<!doctype html><link rel=icon href="data:,"><pre id=said></pre><script>
(async () => {
  const said = [];
  for (let i = 0; i < 3; i++) said.push((await (await fetch("/")).text()).replace(/[^0-9]/g, ""));
  document.getElementById("said").textContent = "seen " + said.join(" ");
})();
</script>"""


def with_a_page_wsgi(app: Any) -> Any:
    def application(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] != "/page":
            return app(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/html")])
        return [PAGE]

    return application


def with_a_page_asgi(app: Any) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] != "/page":
            await app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": PAGE})

    return application


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
@pytest.mark.parametrize("text", APPLICATIONS)
def test_the_example_counts_in_a_browser(text: str, wsgi: Serve, asgi: Serve, tmp_path: Path) -> None:
    app = application_of(text)
    at = asgi(with_a_page_asgi(app)) if "h3s.asgi" in text else wsgi(with_a_page_wsgi(app))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command = [
        "chromium",
        *flags,
        f"--user-data-dir={tmp_path}",
        "--virtual-time-budget=20000",
        "--dump-dom",
        at + "/page",
    ]
    assert "seen 1 2 3" in run(command, dict(os.environ)).stdout


@pytest.mark.parametrize("text", OPTIONS)
def test_the_options_in_the_docs_are_right(text: str) -> None:
    session = h3s.Sessions.from_json(text).use()
    session["count"] = 1
    assert len(session.set_cookies()) == 1


def test_the_commands_in_the_docs_run(tmp_path: Path) -> None:
    commands = [text for kind, text in BLOCKS if kind == "sh" and "python -m h3s" in text]
    # (One of them ends only when it is told to, see test_revocation_file.py.)
    follow, *scripts = sorted(commands, key=lambda text: "follow" not in text)
    assert "follow" in follow and len(scripts) == 3
    said = ""
    for script in scripts:
        script = script.replace("python -m", f"{sys.executable} -m")
        done = run(["bash", "-euc", script], {**os.environ, "PYTHONPATH": str(SOURCE)}, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        said += done.stdout
    (shown,) = (text for kind, text in BLOCKS if kind == "text" and text.startswith("options: cookie"))
    assert re.sub(r"made [\dT:+-]+", "made TIME", shown) in re.sub(r"made [\dT:+-]+", "made TIME", said)
    assert '"id": 42' in said and "subject '42', made before " in said and "everybody, made before " in said


def test_the_docstring_is_true() -> None:
    failed, tried = doctest.testmod(h3s)
    assert tried >= 4 and failed == 0
