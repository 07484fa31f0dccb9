"""chromium.py [--screenshot FILE] ADDRESS: visits the demo with headless Chromium, as somebody who
types and clicks. The login's password is in DEMO_PASSWORD.

Only a browser judges cookies as browsers do, and runs what Next.js sends to one. It is driven by
the DevTools protocol.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=900,1000",
    "--remote-debugging-port=0",
]
#: Seconds that whatever is waited for may take on a machine that has much else to do.
PATIENCE = 60.0
COOKIE = "authjs.session-token"


class Page:
    """A tab of the browser."""

    def __init__(self, connection: ClientConnection, address: str) -> None:
        self._connection = connection
        self.address = address
        self._number = 0
        #: What scripts of the page threw, and what React said of what it found otherwise.
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol, and its result."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message: dict[str, Any] = json.loads(self._connection.recv(timeout=PATIENCE))
            if message.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(message["params"]["exceptionDetails"]))
            if message.get("method") == "Runtime.consoleAPICalled" and message["params"]["type"] == "error":
                self.complaints.append(json.dumps(message["params"]["args"]))
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                result: dict[str, Any] = message["result"]
                return result

    def value(self, script: str) -> Any:
        """Of a JavaScript expression in the page; None where it throws, as while a page loads."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return None if "exceptionDetails" in answer else answer["result"].get("value")

    def wait(self, script: str) -> None:
        """Until the expression is true."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self.value(script):
                    return
            except RuntimeError:
                pass  # its page has gone meanwhile, and another comes
            if time.monotonic() > end:
                raise AssertionError(f"{script} is not so; the page says: {self.value('document.body.innerText')}")
            time.sleep(0.05)

    def go(self, path: str) -> None:
        self.call("Page.navigate", url=self.address + path)
        self.wait("document.readyState === 'complete'")

    def sees(self, text: str) -> None:
        self.wait(f"document.body.innerText.includes({json.dumps(text)})")

    def type(self, field: str, text: str) -> None:
        # What is typed before React has taken the page over would stay, but not what is clicked.
        self.wait(f"Object.keys({_field(field)}).some((key) => key.startsWith('__react'))")
        self.value(f"{_field(field)}.select()")
        self.call("Input.insertText", text=text)

    def click(self, button: str) -> None:
        found = f"[...document.querySelectorAll('button')].find((b) => b.innerText === {json.dumps(button)})"
        self.wait(f"!!{found}")
        self.value(f"{found}.click()")

    def log_in(self, password: str) -> None:
        self.type("name", "zoe")
        self.type("password", password)
        self.click("Log in")

    def cookie(self) -> dict[str, Any] | None:
        """The session's, if the browser has it."""
        cookies: list[dict[str, Any]] = self.call("Network.getCookies")["cookies"]
        return next((cookie for cookie in cookies if cookie["name"] == COOKIE), None)

    def status(self, path: str) -> int:
        status: int = self.value(f"fetch({json.dumps(path)}).then((answer) => answer.status)")
        return status

    def photograph(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


def _field(name: str) -> str:
    return f"document.querySelector('input[name={name}]')"


def visit(page: Page, password: str, screenshot: Path | None) -> None:
    page.go("/members")
    assert page.value("location.pathname + location.search") == "/login?callbackUrl=/members"
    page.log_in("a wrong one")
    page.sees("That is not the right name and password.")
    assert page.cookie() is None
    page.log_in(password)
    page.sees("Members only")
    page.sees("nginx let you pass, Zoë")

    page.go("/")
    page.sees("Hello, Zoë")
    for item in ("an apple", "a pear"):
        page.type("item", item)
        page.click("Put it in")
        page.wait(f"[...document.querySelectorAll('li')].at(-1)?.innerText === {json.dumps(item)}")
    page.go("/")
    page.sees("an apple")
    if screenshot:
        page.photograph(screenshot)
    cookie = page.cookie()
    assert cookie is not None
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["session"]) == (True, "Lax", False), cookie
    assert page.value("document.cookie") == ""
    assert page.status("/service/") == 200

    page.click("Log out")
    page.sees("Nobody is logged in")
    assert page.cookie() is None
    assert page.status("/service/") == 401

    page.go("/login")
    page.log_in(password)
    page.sees("Hello, Zoë")
    copy = page.cookie()
    assert copy is not None
    # Auth.js counts whole seconds: a logout everywhere ends what was sealed in an earlier one.
    since = int(time.time())
    page.wait(f"Date.now() >= {since + 1} * 1000")
    page.click("Log out everywhere")
    page.sees("Nobody is logged in")
    assert page.cookie() is None
    page.call("Network.setCookie", url=page.address, name=COOKIE, value=copy["value"], httpOnly=True, sameSite="Lax")
    page.wait("fetch('/members').then((answer) => answer.redirected)")
    page.go("/")
    page.sees("Nobody is logged in")
    page.go("/members")
    page.sees("Log in")
    assert page.complaints == []


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--screenshot", type=Path, help="where a picture of the page is left")
    parser.add_argument("address")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [chromium, *FLAGS, f"--user-data-dir={profile}", "about:blank"], stderr=subprocess.DEVNULL
        )
        try:
            port = Path(profile) / "DevToolsActivePort"
            end = time.monotonic() + PATIENCE
            while not (port.exists() and len(port.read_text().splitlines()) == 2) and time.monotonic() < end:
                assert browser.poll() is None, "Chromium has ended"
                time.sleep(0.05)
            tabs = f"http://127.0.0.1:{port.read_text().splitlines()[0]}/json/list"
            with urllib.request.urlopen(tabs, timeout=PATIENCE) as answer:
                tab = next(tab for tab in json.load(answer) if tab["type"] == "page")
            with connect(tab["webSocketDebuggerUrl"], max_size=None) as connection:
                visit(Page(connection, given.address), os.environ["DEMO_PASSWORD"], given.screenshot)
        finally:
            browser.terminate()
            browser.wait(PATIENCE)


if __name__ == "__main__":
    main()
