"""website.py FOLDER: the web site that `make site` has built is whole, and asks nobody else.

Each link leads to a page of it, and to an anchor that the page has. No script, style, font or
picture comes from another host. With Chromium, no page is wider than the window of a telephone,
and the menu of the colours does what it says.

Prints one line for each check, and the line that tests/run reads.
"""

from __future__ import annotations

import functools
import http.server
import re
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import chromium

#: Attributes by which a page makes a browser fetch something at once.
FETCHES = {("script", "src"), ("img", "src"), ("link", "href"), ("source", "srcset"), ("iframe", "src")}
NARROW = 390


class Page(HTMLParser):
    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            if (tag, name) in FETCHES and value:
                self.fetched.append(value)
            elif tag == "a" and name == "href" and value:
                self.links.append(value)


class Site:
    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        # That of errors is shown at any address, so its links are absolute.
        self.files = [file for file in sorted(self.root.rglob("*.html")) if file.name != "404.html"]
        self.pages = {file: Page(file) for file in self.files}

    def dead_links(self) -> list[str]:
        found = []
        for file, page in self.pages.items():
            for link in page.links + page.fetched:
                parts = urlparse(link)
                if parts.scheme or parts.netloc:
                    continue
                there = (file.parent / unquote(parts.path)).resolve() if parts.path else file
                there = there / "index.html" if there.is_dir() else there
                if not there.is_file() or not there.is_relative_to(self.root):
                    found.append(f"{file.relative_to(self.root)}: {link} leads nowhere")
                elif parts.fragment and unquote(parts.fragment) not in self.anchors_of(there):
                    found.append(f"{file.relative_to(self.root)}: {link} leads to no anchor")
        return found

    def anchors_of(self, file: Path) -> set[str]:
        return self.pages[file].anchors if file in self.pages else set()

    def foreign(self) -> list[str]:
        """What a browser would fetch from elsewhere."""
        found = [
            f"{file.relative_to(self.root)}: {link}"
            for file, page in self.pages.items()
            for link in page.fetched
            if urlparse(link).netloc
        ]
        for style in self.root.rglob("*.css"):
            for link in re.findall(
                r"(?:url\(|@import )[\"']?((?:https?:)?//[^\"')]+)", style.read_text(encoding="utf-8")
            ):
                found.append(f"{style.relative_to(self.root)}: {link}")
        return found

    def is_whole(self) -> list[str]:
        """Each page of the navigation is there, and each code block and table has become one."""
        texts = {file: file.read_text(encoding="utf-8") for file in self.files}
        found = [f"{file.name}: ``` is left" for file, text in texts.items() if re.search(r"<p>[^<]*```", text)]
        found += [
            f"{file.name}: a row of a table is left" for file, text in texts.items() if re.search(r"<p>\| ", text)
        ]
        return found + ([] if len(texts) > 15 else [f"there are {len(texts)} pages"])


# ---- With a browser ------------------------------------------------------------------------------

# What the menu of the colours has made of a page. The styles of a mode are fetched when it is
# chosen for the first time.
SEEN = """(async () => {
  const styles = [...document.querySelectorAll("link[rel=stylesheet]")];
  while (!styles.every((link) => link.disabled || link.sheet)) await new Promise((done) => setTimeout(done, 10));
  const { documentElement: top, body } = document;
  const colours = [body, document.querySelector(".codehilite") ?? body].flatMap((part) => {
    const { backgroundColor, color } = getComputedStyle(part);
    return [backgroundColor, color];
  });
  return { mode: top.dataset.bsTheme, width: top.scrollWidth, colours };
})()"""


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def seen_by_chromium(site: Site) -> dict[str, dict[str, dict[str, Any]]]:
    """Of each page what is SEEN with each choice in the menu, by somebody who prefers `dark`."""
    seen: dict[str, dict[str, dict[str, Any]]] = {}
    handler = functools.partial(Handler, directory=str(site.root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with chromium.tab(chromium.Tab) as tab:
                tab.screen(NARROW, "dark")
                for page in (str(file.relative_to(site.root)) for file in site.files):
                    tab.go(f"http://127.0.0.1:{server.server_port}/{page}")
                    seen[page] = {}
                    for chosen in ("light", "dark", "auto"):
                        tab.value(f"document.querySelector('[data-bs-theme-value={chosen}]').click()")
                        seen[page][chosen] = tab.value(SEEN)
        finally:
            server.shutdown()
    return seen


def too_wide(seen: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    widths = {page: max(one["width"] for one in shown.values()) for page, shown in seen.items()}
    return [f"{page} is {width} wide in {NARROW}" for page, width in widths.items() if width > NARROW]


def wrong_colours(seen: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    found = []
    for page, shown in seen.items():
        modes = {chosen: one["mode"] for chosen, one in shown.items()}
        if modes != {"light": "light", "dark": "dark", "auto": "dark"}:
            found.append(f"{page} is {modes}")
        light, dark, auto = (shown[chosen]["colours"] for chosen in ("light", "dark", "auto"))
        if set(light) & set(dark) or auto != dark:
            found.append(f"{page} has the colours {light} in light, {dark} in dark, {auto} in auto")
    return found


def main() -> int:
    site = Site(Path(sys.argv[1]))
    checks = {
        "each page has become HTML": site.is_whole(),
        "each link leads to a page, and to an anchor of it": site.dead_links(),
        "nothing is fetched from elsewhere": site.foreign(),
    }
    seen = seen_by_chromium(site)
    checks[f"no page is wider than {NARROW} pixels in a window of that width"] = too_wide(seen)
    checks["the menu gives light, dark and preferred colours, to text and code"] = wrong_colours(seen)
    for what, wrong in checks.items():
        print(f"  FAIL  {what}\n" + "\n".join(f"        {one}" for one in wrong) if wrong else f"  ok    {what}")
    failed = sum(1 for wrong in checks.values() if wrong)
    print(f"site: {len(checks) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
