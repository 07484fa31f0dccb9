"""demo_browser.py PROGRAM FOLDER: visits examples/serve.c with headless Chromium, as people do.

Clicks its links and buttons, checks what they do to the session, and leaves pictures in FOLDER: in
light and in dark, on a desk and on a phone.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from websockets.sync.client import ClientConnection, connect

PATIENCE = 60
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


class Page:
    """A tab, by the DevTools protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.last = self.loads = 0
        self.faults: list[str] = []
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        self.last += 1
        self.socket.send(json.dumps({"id": self.last, "method": method, "params": params}))
        while True:
            message = self.receive()
            if message.get("id") == self.last:
                assert "error" not in message, (method, message["error"])
                result: dict[str, Any] = message["result"]
                return result

    def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(PATIENCE))
        self.loads += message.get("method") == "Page.loadEventFired"
        if message.get("method") == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            self.faults.append(message["params"]["entry"]["text"])
        return message

    def until_loaded(self, before: int) -> None:
        """Until more pages were loaded than before. (The event may come ahead of an answer.)"""
        while self.loads == before:
            self.receive()

    def go(self, address: str) -> None:
        before = self.loads
        self.send("Page.navigate", url=address)
        self.until_loaded(before)

    def ask(self, expression: str) -> Any:
        result = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, (expression, result)
        return result["result"].get("value")

    def text(self, selector: str) -> str:
        """What an element says, empty where there is none."""
        return str(self.ask(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''"))

    def click(self, label: str) -> None:
        """What a person clicks that reads so. Once the new page is there, this returns."""
        before = self.loads
        found = self.ask(
            "(() => { const all = [...document.querySelectorAll('a, button')];"
            f"const one = all.filter(e => e.textContent === {json.dumps(label)});"
            "if (one.length === 1) one[0].click(); return one.length; })()"
        )
        assert found == 1, (label, found)
        self.until_loaded(before)

    def picture(self, file: Path) -> None:
        taken = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))

    def screen(self, width: int, scheme: str) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=1200, deviceScaleFactor=1, mobile=width < 500
        )
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])


def visit(page: Page, address: str, folder: Path) -> None:
    page.screen(900, "light")
    page.go(address)
    assert page.text("#data") == '{"visits":1}' and "nowhere: it is new" in page.text("main")
    page.click("Visit again")
    assert page.text("#data") == '{"visits":2}' and "your cookie" in page.text("dl")
    assert "in 7 days" in page.text("main")
    id = page.text("#id")
    # Scripts of the page have no part in it.
    assert page.ask("document.cookie") == ""

    for label, reason in (
        ("a character changes", "bad_seal"),
        ("its end is cut off", "bad_seal"),
        ("it comes in 8 days", "expired"),
        ("another server gets it", "unknown_key"),
    ):
        page.click(label)
        assert f"Refused: {reason}" in page.text("#result"), page.text("#result")
        assert page.text("#id") == id and page.text("#data") == '{"visits":2}'
        if label == "a character changes":
            assert len(page.text("mark")) == 1
            page.picture(folder / "changed-light.png")
            page.screen(900, "dark")
            page.picture(folder / "changed-dark.png")
            page.screen(390, "dark")
            wide = page.ask("document.documentElement.scrollWidth <= innerWidth")
            page.picture(folder / "changed-phone.png")
            page.screen(900, "light")
            assert wide, "a phone has to scroll sideways"

    page.click("Rotate")
    assert page.text(".note").startswith("Rotated") and page.text("#id") not in ("", id)
    assert page.text("#data") == '{"visits":2}'
    id = page.text("#id")

    page.click("Clear")
    assert page.text(".note").startswith("Cleared") and page.text("#id") not in ("", id)
    assert page.text("#data") == "{}" and "It opens." in page.text("#copy")
    page.picture(folder / "cleared-light.png")
    page.click("Visit again")
    id = page.text("#id")

    page.click("Revoke")
    assert page.text(".note").startswith("Revoked") and page.text("#id") not in ("", id)
    assert "Refused: revoked" in page.text("#copy")
    page.picture(folder / "revoked-light.png")

    # By hand, as somebody might with the browser's tools: the page says why the session is new.
    page.send("Network.setCookie", url=address, name="h3", value="h3s1.k1.AAAA")
    page.click("Visit again")
    assert "was refused: malformed" in page.text(".note.bad")
    assert page.faults == [], page.faults


def others_end_nothing(address: str) -> None:
    """Neither a form of another site nor a mere link ends a session, or sets a cookie."""
    for method, headers, status in (
        ("POST", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", {"Sec-Fetch-Site": "same-site"}, 403),
        ("POST", {"Origin": "http://evil.test"}, 403),
        ("GET", {}, 405),
    ):
        for path in ("rotate", "clear", "revoke"):
            try:
                urlopen(Request(address + path, method=method, headers=headers), timeout=PATIENCE).close()
            except HTTPError as answer:
                assert answer.code == status and "Set-Cookie" not in answer.headers, (path, answer.code)
            else:
                raise AssertionError((method, path, headers))


def address_of(server: subprocess.Popen[str]) -> str:
    assert server.stdout
    address = server.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:"), address
    return address


def tab_of(profile: Path) -> str:
    """Where the first tab of a browser listens, which it writes down once it does."""
    named, end = profile / "DevToolsActivePort", time.monotonic() + PATIENCE
    while not (named.exists() and named.read_text().count("\n") == 1):
        assert time.monotonic() < end, "Chromium does not start"
        time.sleep(0.02)
    port = named.read_text().split()[0]
    with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as listed:
        tabs = [tab for tab in json.load(listed) if tab["type"] == "page"]
    return str(tabs[0]["webSocketDebuggerUrl"])


def main() -> None:
    program, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        server = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
        browser = subprocess.Popen(
            ["chromium", *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            with connect(tab_of(Path(profile)), max_size=None, open_timeout=PATIENCE) as socket:
                address = address_of(server)
                visit(Page(socket), address, folder)
                others_end_nothing(address)
        finally:
            for process in (browser, server):
                process.terminate()
                process.wait(PATIENCE)
        assert server.returncode == 0


if __name__ == "__main__":
    main()
