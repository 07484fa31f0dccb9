"""website.py FOLDER: the web site that `make site` has built is whole, and asks nobody else.

Each link leads to a page of it, and to an anchor that the page has. No script, style, font or
picture comes from another host. With Chromium, no page is wider than the window of a telephone,
and the menu of the colours does what it says.

Prints one line for each check, and the line that tests/run reads.
"""

from __future__ import annotations

import functools
import http.server
import json
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

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

# Each page is in a frame of that width, and somebody goes through the menu of its colours. With
# "auto" a page has those that the browser prefers. The styles of a mode are fetched when it is
# chosen for the first time.
LOOK = """<!doctype html><meta charset=utf-8><body><script>
const PAGES = %s;
const until = async (holds) => {
  for (let i = 0; i < 1000 && !holds(); i++) await new Promise((done) => setTimeout(done, 10));
};
(async () => {
  const seen = {};
  for (const page of PAGES) {
    const frame = document.createElement("iframe");
    frame.style = "width: %dpx; height: 800px";
    frame.src = page;
    await new Promise((done) => { frame.onload = done; document.body.append(frame); });
    const { contentDocument: shown, contentWindow: view } = frame;
    const top = shown.documentElement;
    seen[page] = { width: 0, preferred: view.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light" };
    for (const chosen of ["light", "dark", "auto"]) {
      shown.querySelector(`[data-bs-theme-value=${chosen}]`).click();
      const mode = top.dataset.bsTheme;
      const styles = [...shown.querySelectorAll("link[rel=stylesheet]")];
      await until(() => styles.every((link) => link.disabled || link.sheet));
      const code = shown.querySelector(".codehilite") ?? shown.body;
      const colours = [shown.body, code].flatMap((part) => {
        const { backgroundColor, color } = view.getComputedStyle(part);
        return [backgroundColor, color];
      });
      seen[page].width = Math.max(seen[page].width, top.scrollWidth);
      seen[page][chosen] = { mode, colours };
    }
    frame.remove();
  }
  await fetch("/seen", { method: "POST", body: JSON.stringify(seen) });
})();
</script>"""


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves the site and the page LOOK, which says here what it has seen."""

    look = b""
    seen: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def do_GET(self) -> None:
        if self.path == "/look":
            self.answer(self.look)
        else:
            super().do_GET()

    def do_POST(self) -> None:
        self.seen.put(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(b"")

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def seen_by_chromium(site: Site) -> dict[str, dict[str, Any]]:
    pages = [str(file.relative_to(site.root)) for file in site.files]
    Server.look = (LOOK % (json.dumps(pages), NARROW)).encode()
    handler = functools.partial(Server, directory=str(site.root))
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        flags += ["--disable-component-update", "--disable-sync", "--remote-debugging-port=0"]
        # Another one than what a page without a mode looks like.
        flags += [f"--user-data-dir={folder}", "--blink-settings=preferredColorScheme=0"]
        address = f"http://127.0.0.1:{server.server_port}/look"
        command = ["chromium", *flags, address]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as chromium:
            try:
                seen: dict[str, dict[str, Any]] = json.loads(Server.seen.get(timeout=120))
            finally:
                chromium.terminate()
                chromium.wait(20)
                server.shutdown()
    return seen


def too_wide(seen: dict[str, dict[str, Any]]) -> list[str]:
    return [f"{page} is {one['width']} wide in {NARROW}" for page, one in seen.items() if one["width"] > NARROW]


def wrong_colours(seen: dict[str, dict[str, Any]]) -> list[str]:
    found = []
    for page, one in seen.items():
        for chosen in ("light", "dark", "auto"):
            mode = one["preferred"] if chosen == "auto" else chosen
            # Those of the mode, and not what stands in the page before.
            if one[chosen]["mode"] != mode or one[chosen]["colours"] != one[mode]["colours"]:
                found.append(f"{page}: {chosen} shows {one[chosen]}")
        if set(one["light"]["colours"]) & set(one["dark"]["colours"]):
            found.append(f"{page}: {one['light']} and {one['dark']} have a colour in common")
    return found


def main() -> int:
    site = Site(Path(sys.argv[1]))
    checks = {
        "each page has become HTML": site.is_whole(),
        "each link leads to a page, and to an anchor of it": site.dead_links(),
        "nothing is fetched from elsewhere": site.foreign(),
    }
    skipped = 0
    if shutil.which("chromium"):
        seen = seen_by_chromium(site)
        checks[f"no page is wider than {NARROW} pixels in a window of that width"] = too_wide(seen)
        checks["the menu gives light, dark and preferred colours, to text and code"] = wrong_colours(seen)
    else:
        skipped = 2
        print("  skip  the look at it: needs chromium")
    for what, wrong in checks.items():
        print(f"  FAIL  {what}\n" + "\n".join(f"        {one}" for one in wrong) if wrong else f"  ok    {what}")
    failed = sum(1 for wrong in checks.values() if wrong)
    print(f"site: {len(checks) - failed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
