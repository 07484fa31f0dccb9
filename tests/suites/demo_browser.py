"""demo_browser.py PROGRAM FOLDER: visits examples/serve.c with headless Chromium, as people do.

Clicks its links and buttons, checks what they do to the session, and leaves pictures in FOLDER: in
light and in dark, on a desk and on a phone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import chromium
from chromium import PATIENCE, Tab


class Page(Tab):
    def text(self, selector: str) -> str:
        """What an element says, empty where there is none."""
        return str(self.value(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''"))

    def click(self, label: str) -> None:
        """What a person clicks that reads so. Once the new page is there, this returns."""
        before = self.loads
        found = self.value(
            "(() => { const all = [...document.querySelectorAll('a, button')];"
            f"const one = all.filter(e => e.textContent === {json.dumps(label)});"
            "if (one.length === 1) one[0].click(); return one.length; })()"
        )
        assert found == 1, (label, found)
        self.until_loaded(before)


def visit(page: Page, address: str, folder: Path) -> None:
    page.screen(900, "light")
    page.go(address)
    assert page.text("#data") == '{"visits":1}' and "nowhere: it is new" in page.text("main")
    page.click("Visit again")
    assert page.text("#data") == '{"visits":2}' and "your cookie" in page.text("dl")
    assert "in 7 days" in page.text("main")
    id = page.text("#id")
    # Scripts of the page have no part in it.
    assert page.value("document.cookie") == ""

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
            wide = page.value("document.documentElement.scrollWidth <= innerWidth")
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
    page.call("Network.setCookie", url=address, name="h3", value="h3s1.k1.AAAA")
    page.click("Visit again")
    assert "was refused: malformed" in page.text(".note.bad")
    assert page.complaints == []


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


def main() -> None:
    program, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    server = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    try:
        with chromium.tab(Page) as page:
            address = address_of(server)
            visit(page, address, folder)
            others_end_nothing(address)
    finally:
        server.terminate()
        server.wait(PATIENCE)
    assert server.returncode == 0


if __name__ == "__main__":
    main()
