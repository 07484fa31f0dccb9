"""nextjs_browser.py [--screenshot FILE] ADDRESS: visits examples/nextjs with headless Chromium, as
somebody who types and clicks. The login's password is in DEMO_PASSWORD.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import chromium
from chromium import Tab

COOKIE = "authjs.session-token"


class Page(Tab):
    #: That of the application.
    address = ""

    def visit(self, path: str) -> None:
        self.go(self.address + path)

    def sees(self, text: str) -> None:
        self.wait(f"document.body.innerText.includes({json.dumps(text)})")

    def type(self, field: str, text: str) -> None:
        found = f"document.querySelector('input[name={field}]')"
        # What is typed before React has taken the page over would stay, but not what is clicked.
        self.wait(f"Object.keys({found}).some((key) => key.startsWith('__react'))")
        self.value(f"{found}.select()")
        self.call("Input.insertText", text=text)

    def click(self, button: str) -> None:
        found = f"[...document.querySelectorAll('button')].find((b) => b.innerText === {json.dumps(button)})"
        self.wait(f"!!{found}")
        self.value(f"{found}.click()")

    def log_in(self, password: str) -> None:
        self.type("name", "zoe")
        self.type("password", password)
        self.click("Log in")

    def status(self, path: str) -> int:
        status: int = self.value(f"fetch({json.dumps(path)}).then((answer) => answer.status)")
        return status


def visit(page: Page, password: str, screenshot: Path | None) -> None:
    page.visit("/members")
    assert page.value("location.pathname + location.search") == "/login?callbackUrl=/members"
    page.log_in("a wrong one")
    page.sees("That is not the right name and password.")
    assert page.cookie(COOKIE) is None
    page.log_in(password)
    page.sees("Members only")
    page.sees("nginx let you pass, Zoë")

    page.visit("/")
    page.sees("Hello, Zoë")
    for item in ("an apple", "a pear"):
        page.type("item", item)
        page.click("Put it in")
        page.wait(f"[...document.querySelectorAll('li')].at(-1)?.innerText === {json.dumps(item)}")
    page.visit("/")
    page.sees("an apple")
    if screenshot:
        page.picture(screenshot)
    cookie = page.cookie(COOKIE)
    assert cookie is not None
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["session"]) == (True, "Lax", False), cookie
    assert page.value("document.cookie") == ""
    assert page.status("/service/") == 200

    page.click("Log out")
    page.sees("Nobody is logged in")
    assert page.cookie(COOKIE) is None
    assert page.status("/service/") == 401

    page.visit("/login")
    page.log_in(password)
    page.sees("Hello, Zoë")
    copy = page.cookie(COOKIE)
    assert copy is not None
    # Auth.js counts whole seconds: a logout everywhere ends what was sealed in an earlier one.
    since = int(time.time())
    page.wait(f"Date.now() >= {since + 1} * 1000")
    page.click("Log out everywhere")
    page.sees("Nobody is logged in")
    assert page.cookie(COOKIE) is None
    page.call("Network.setCookie", url=page.address, name=COOKIE, value=copy["value"], httpOnly=True, sameSite="Lax")
    page.wait("fetch('/members').then((answer) => answer.redirected)")
    page.visit("/")
    page.sees("Nobody is logged in")
    page.visit("/members")
    page.sees("Log in")
    assert page.complaints == []


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--screenshot", type=Path, help="where a picture of the page is left")
    parser.add_argument("address")
    given = parser.parse_args()
    with chromium.tab(Page) as page:
        page.address = given.address
        page.screen(900, "light")
        visit(page, os.environ["DEMO_PASSWORD"], given.screenshot)


if __name__ == "__main__":
    main()
