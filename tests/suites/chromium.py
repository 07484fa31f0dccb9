"""Headless Chromium, told what to do by the DevTools protocol: for what only a browser does.

with tab(Tab) as page:
    page.go("http://127.0.0.1:3000/")
    assert page.value("document.cookie") == ""
"""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

#: Seconds that whatever is waited for may take on a machine that has much else to do.
PATIENCE = 60.0
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
]


class Tab:
    """A tab of a browser that runs for it alone."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last = 0
        #: How many pages have been loaded.
        self.loads = 0
        #: What its scripts threw and wrote as errors, and what the browser had against the page.
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol, and its result."""
        self._last += 1
        self._connection.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            message = self._receive()
            if message.get("id") == self._last:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                result: dict[str, Any] = message["result"]
                return result

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._connection.recv(PATIENCE))
        about = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self.loads += 1
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(about["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if about["type"] == "error":
                self.complaints.append(json.dumps(about["args"]))
            # Of the network it says each answer that is an error.
            case "Log.entryAdded" if about["entry"]["level"] == "error" and about["entry"]["source"] != "network":
                self.complaints.append(about["entry"]["text"])
        return message

    def go(self, address: str) -> None:
        """Returns once the page there is loaded."""
        before = self.loads
        self.call("Page.navigate", url=address)
        self.until_loaded(before)

    def until_loaded(self, before: int) -> None:
        """Until more pages were loaded than before. (The event may come ahead of an answer.)"""
        while self.loads == before:
            self._receive()

    def value(self, expression: str) -> Any:
        """Of JavaScript in the page, awaited if it is a promise."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Until it is true. It may throw, as while a page goes and another comes."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self.value(expression):
                    return
            except RuntimeError:
                pass
            if time.monotonic() > end:
                raise AssertionError(f"{expression} is not so; the page says: {self.value('document.body.innerText')}")
            time.sleep(0.05)

    def cookie(self, name: str) -> dict[str, Any] | None:
        """What the browser has of that name for the page, if anything."""
        cookies: list[dict[str, Any]] = self.call("Network.getCookies")["cookies"]
        return next((cookie for cookie in cookies if cookie["name"] == name), None)

    def screen(self, width: int, scheme: str) -> None:
        """The window's width in pixels, and the colours that the person prefers: light or dark."""
        size = {"width": width, "height": 1200, "deviceScaleFactor": 1}
        self.call("Emulation.setDeviceMetricsOverride", **size, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, file: Path) -> None:
        """Writes the whole page into a file, as PNG."""
        taken = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))


Page = TypeVar("Page", bound=Tab)


@contextmanager
def tab(kind: type[Page]) -> Iterator[Page]:
    """A new browser's, which knows no cookies and ends with the block. `kind` is Tab, or what tells
    it about the pages that are visited."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            ["chromium", *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with connect(_address(Path(profile), browser), max_size=None, open_timeout=PATIENCE) as connection:
                yield kind(connection)
        finally:
            browser.terminate()
            browser.wait(PATIENCE)


def _address(profile: Path, browser: subprocess.Popen[bytes]) -> str:
    """Where its first tab listens. It writes its port down once it does."""
    named, end = profile / "DevToolsActivePort", time.monotonic() + PATIENCE
    while not (named.exists() and named.read_text().count("\n") == 1):
        assert browser.poll() is None, "Chromium has ended"
        assert time.monotonic() < end, "Chromium does not start"
        time.sleep(0.02)
    port = named.read_text().split()[0]
    with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as listed:
        return str(next(one for one in json.load(listed) if one["type"] == "page")["webSocketDebuggerUrl"])
