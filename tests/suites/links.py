"""links.py [FOLDER]: every link and picture of the repository's pages leads somewhere.

To a file or a folder of the repository, and where it names one, to a heading of the page. Nothing
of the network is asked; what a link to elsewhere says is only that it begins with https.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

CODE = re.compile(r"^ *(`{3,}|~{3,}).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(
    r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^()\s>]+)>?[^()]*\)|<(?:img|a|source)\b[^>]*?(?:src|srcset|href)=\"([^\"]+)\""
)
#: What others have written, and we keep as it came.
FOREIGN = "tests/supply/advisories/"


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for title in re.findall(r"^#{1,6} +(.*?)#* *$", CODE.sub("", text), re.MULTILINE):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        same = sum(1 for one in found if re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", one))
        found.add(f"{anchor}-{same}" if anchor in found else anchor)
    return found


def links(text: str) -> list[str]:
    """Where the links of a page lead, but for those in code."""
    prose = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", lambda code: "`" * len(code[0]), CODE.sub("", text), flags=re.DOTALL)
    return [one or other for one, other in LINK.findall(prose)]


def faults(page: Path, root: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    found = []
    for link in links(text):
        if re.match(r"https://|mailto:", link):
            continue
        to, _, anchor = unquote(link).partition("#")
        there = (page.parent / to).resolve() if to else page
        if "://" in link or to.startswith("/") or not there.is_relative_to(root) or not there.exists():
            found.append(f"{page.relative_to(root)}: {link} leads nowhere")
        elif anchor and (there.suffix != ".md" or anchor not in anchors(there.read_text(encoding="utf-8"))):
            found.append(f"{page.relative_to(root)}: {link} leads to no heading")
    return found


def pages(root: Path) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=root, capture_output=True, text=True, check=False
    )
    names = listed.stdout.split() if listed.returncode == 0 else []
    every = [root / name for name in names] if names else [*root.rglob("*.md")]
    skipped = {"target", "node_modules"}
    return sorted(
        page
        for page in every
        if page.is_file()
        and not skipped & set(page.relative_to(root).parts)
        and not str(page.relative_to(root)).startswith(FOREIGN)
    )


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    every = pages(root)
    wrong = [fault for page in every for fault in faults(page, root)]
    count = sum(len(links(page.read_text(encoding="utf-8"))) for page in every)
    print("\n".join(wrong) or f"all {count} links of {len(every)} pages lead somewhere")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
