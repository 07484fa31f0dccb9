"""build.py: makes the web site, target/site, of the pages that mkdocs.yml lists.

MkDocs wants all pages in one folder, and links to pages alone. So they are put into
target/site-pages as they lie in the repository, together with the pictures that they show. Whatever
else they link to becomes a page as well: a file its text, a folder the list of its files.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PAGES = ROOT / "target/site-pages"
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
#: What Pygments calls the languages whose ending is another name, and those that it has not.
LANGUAGES = {"rs": "rust", "h": "c", "hpp": "cpp", "mjs": "js", "py": "python", "sh": "bash", "": "text"}
PICTURES = (".svg", ".png")


def page_of(file: str) -> str:
    """The page for what a link leads to, a path from the top folder."""
    if file.endswith(".md") or file.endswith(PICTURES):
        return file
    if (ROOT / file / "README.md").is_file():
        return f"{file}/README.md"
    return f"{file}/files.md" if (ROOT / file).is_dir() else f"{file}.md"


def made_page(file: str) -> str:
    """The text of a page for a file or a folder that is none."""
    path = ROOT / file
    if path.is_dir():
        names = sorted(one.name + ("/" if one.is_dir() else "") for one in path.iterdir())
        return f"# {file}\n\n" + "".join(f"- `{name}`\n" for name in names if name[0] != "." and "cache" not in name)
    text = path.read_text(encoding="utf-8")
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    ending = path.suffix[1:]
    return f"# {file}\n\n{fence}{LANGUAGES.get(ending, ending)}\n{text.rstrip()}\n{fence}\n"


class Site:
    def __init__(self) -> None:
        self.made: set[str] = set()
        self.wrong: list[str] = []

    def put(self, file: str) -> None:
        """Puts a page of the repository there, and after it what it links to."""
        if file in self.made:
            return
        self.made.add(file)
        text = (ROOT / file).read_text(encoding="utf-8")
        parts = re.split(r"(?ms)(^ *(`{3,})\w*\n.*?^ *\2$)", text)
        # Every third part from the second on is a block of code, the next its fence.
        prose = [self.linked(file, part) for part in parts[0::3]]
        blocks = [*parts[1::3], ""]
        self.write(file, "".join(a + b for a, b in zip(prose, blocks)))

    def linked(self, file: str, text: str) -> str:
        def target_of(link: re.Match[str]) -> str:
            to, mark, anchor = link[3].partition("#")
            if not to or "://" in to:
                return link[0]
            there = os.path.normpath(os.path.join(os.path.dirname(file), to))
            if not (ROOT / there).exists() or there.startswith(".."):
                self.wrong.append(f"{file}: the link to {to} leads nowhere")
                return link[0]
            page = page_of(there)
            self.fetch(there, page)
            return f"{link[1]}[{link[2]}]({os.path.relpath(page, os.path.dirname(file) or '.')}{mark}{anchor})"

        # Markdown inside of HTML has to be asked for.
        return LINK.sub(target_of, text.replace("<details", '<details markdown="1"'))

    def fetch(self, there: str, page: str) -> None:
        if page.endswith(PICTURES):
            (PAGES / page).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / there, PAGES / page)
        elif (ROOT / page).is_file():
            self.put(page)
        elif page not in self.made:
            self.made.add(page)
            self.write(page, made_page(there))

    def write(self, page: str, text: str) -> None:
        (PAGES / page).parent.mkdir(parents=True, exist_ok=True)
        (PAGES / page).write_text(text, encoding="utf-8")


def colours(style: str) -> str:
    """The colours of code in one of Pygments' styles."""
    command = [sys.executable, "-m", "pygments", "-S", style, "-f", "html", "-a", ".codehilite"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> int:
    shutil.rmtree(PAGES, ignore_errors=True)
    site = Site()
    for file in re.findall(r"(?m)^ +- [^:]*: (\S+\.md)$", (HERE / "mkdocs.yml").read_text()):
        site.put(file)
    if site.wrong:
        print("\n".join(site.wrong), file=sys.stderr)
        return 1
    shutil.copyfile(HERE / "site.css", PAGES / "site.css")
    (PAGES / "code-light.css").write_text(colours("default"))
    (PAGES / "code-dark.css").write_text(colours("github-dark"))
    # Nothing of the time in the site, so that one source gives one. What --quiet leaves unsaid,
    # --strict does not count.
    env = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean", "-f", str(HERE / "mkdocs.yml")]
    done = subprocess.run(command, check=False, env=env, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print(done.stderr, end="", file=sys.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
