"""Whether the committed results are whole, and whether the README shows their figures.

    page.py FOLDER [--sizes] [--builds] [--readme FILE]

--sizes: they must have all sizes. --builds: they must have both builds of the library.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

from budgets import OVER_LIMIT
from peers import BUILDS, FORMS, PEER_SIZES, PEERS, SIZES, WORKS
from report import figures_in


def faults(folder: Path, sizes: bool, builds: bool, readme: Path | None) -> list[str]:
    """What is wrong, if anything."""
    page = (folder / "RESULTS.md").read_text()
    found = []
    if readme:
        shown, measured = figures_in(readme.read_text()), figures_in(page)
        if len(measured) != 3 or shown != measured:
            found.append(f"{readme} shows {shown}, the page has {measured}")
        if f"]({folder / 'request.svg'})" not in readme.read_text():
            found.append(f"{readme} does not show the chart")
    sections = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    requests = next((text for title, text in sections.items() if title.startswith("A request")), "")
    everywhere = "".join(sections.values())
    for peer in PEERS:
        # Two only seal and open. Where Ruby's packages cannot be installed, the page says so; and
        # not every run has a second build of the library.
        text = everywhere if peer.name in ("fernet", "hapi-iron") else requests
        missing = (peer.driver == "c-ring" and not builds) or (peer.driver == "ruby" and "Left out: ruby" in page)
        if not missing and not re.search(
            rf"^\| {re.escape(peer.label.removesuffix(' 2').removesuffix(' 1.15'))}[ |]", text, re.MULTILINE
        ):
            found.append(f"{peer.label} is missing")
    for size in PEER_SIZES if sizes else []:
        if f"{SIZES[size]:,} B" not in requests:
            found.append(f"{size} B are missing")
    rows = re.findall(r"^\| [^|]* \| (.*) \|$", requests, re.MULTILINE)
    for cell in (cell for row in rows[2:] for cell in row.split(" | ")):
        if cell != "–" and not float(cell.split()[0].replace(",", "")) > 0:
            found.append(f"{cell!r} is no time")
    found += limit_faults(sections.get("Beside the limit", ""), list(SIZES) if sizes else ["1024"], builds)
    charts = {name: ElementTree.parse(folder / name).getroot() for name in ("request.svg", "sizes.svg", "limit.svg")}
    for name, svg in charts.items():
        if not svg.tag.endswith("svg") or "libh3s, C" not in "".join(svg.itertext()):
            found.append(f"{name} is no chart of libh3s")
    return found + chart_faults(requests, "\n".join(charts["request.svg"].itertext()))


def limit_faults(section: str, sizes: list[str], builds: bool) -> list[str]:
    """Each build, form and size stands beside the limit, with a verdict where there is a budget."""
    found = []
    for build in BUILDS:
        for work in WORKS:
            _, there, text = section.partition(f"### {build.label}: a {work}\n")
            text = text.split("\n### ")[0]
            if not there and (builds or build.driver == "c"):
                found.append(f"{build.label}: a {work} is not beside the limit")
            for form, size in ((form, size) for form in FORMS for size in sizes if there):
                row = re.search(rf"^\| {form}, {SIZES[size]:,} B \|(.*)\|$", text, re.MULTILINE)
                cells = [cell.strip() for cell in row[1].split("|")] if row else []
                judged = work == "request" and size in OVER_LIMIT[build.driver]
                if len(cells) < 4 or not re.match(r"\*\*[\d,.]*[1-9]", cells[3]):
                    found.append(f"{build.label}: a {work} of {form}, {size} B, is not beside the limit")
                elif judged and not re.match(r"met|missed by", cells[-1]):
                    found.append(f"{build.label}: a {work} of {form}, {size} B, is neither met nor missed")
    return found


def chart_faults(requests: str, chart: str) -> list[str]:
    """The bars' labels have the values of the table's column for 1 KiB."""
    head, _, *rows = (line.strip("| ").split(" | ") for line in requests.splitlines() if line.startswith("|"))
    column = head.index("1,024 B")
    labels = (f"{row[0]}: {row[column].split(' ')[0]} µs" for row in rows if row[column] != "–")
    return [f"the chart has no bar of {label!r}" for label in labels if label not in chart]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--builds", action="store_true")
    parser.add_argument("--readme", type=Path)
    arguments = parser.parse_args()
    found = faults(arguments.folder, arguments.sizes, arguments.builds, arguments.readme)
    print("\n".join(found) or "all is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
