"""licences.py [--debian]: prints whose work is in the library, and under which terms.

These are the crates that are linked into it for this machine, each under the terms of MIT, and
Rust's standard library. Those terms want to be with each copy, so each package that has the library
has this text. `--debian`: as paragraphs of a debian/copyright, which has the terms themselves.

It asks cargo, and reads what cargo has fetched.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: What the terms of MIT begin with, below the title and the copyright lines.
BEGINS = "Permission is hereby granted, free of charge"
STANDARD_LIBRARY = "Rust's standard library, and the crates in it", "The Rust Project contributors"


def asked(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def linked(cargo: str) -> list[dict[str, Any]]:
    """The packages that the library consists of, but for itself."""
    # `metadata` knows where they are, but joins the features that they have for tests.
    known = json.loads(asked(cargo, "metadata", "--locked", "--format-version", "1", "--features", "capi"))
    tree = ("--locked", "--features", "capi", "--edges", "normal", "--prefix", "none", "--format", "{p}")
    wanted = {tuple(line.split()[:2]) for line in asked(cargo, "tree", *tree).splitlines()}
    packages = [package for package in known["packages"] if (package["name"], f"v{package['version']}") in wanted]
    if len(packages) != len(wanted):
        sys.exit(f"cargo knows {len(packages)} of the {len(wanted)} packages")
    own = known["resolve"]["root"]
    return sorted((p for p in packages if p["id"] != own), key=lambda package: str(package["name"]))


def terms(package: dict[str, Any]) -> tuple[list[str], str]:
    """The copyright lines of a package, and the terms of MIT in its words, in one line."""
    name, folder = package["name"], Path(package["manifest_path"]).parent
    if "MIT" not in re.split(r" OR |/", package["license"] or ""):
        sys.exit(f"{name} is not under the terms of MIT, but {package['license']}: say here how it is passed on")
    for pattern in ("LICENSE-MIT*", "LICENSE", "LICEN[CS]E.md"):
        for file in sorted(folder.glob(pattern)):
            before, found, text = file.read_text(encoding="utf-8").partition(BEGINS)
            if found:
                holders = [
                    line.strip()
                    for line in before.splitlines()
                    if re.match(r"\s*(Copyright|\(c\))", line, re.IGNORECASE)
                ]
                return holders, " ".join((found + text).split())
    sys.exit(f"{name} has no file with the terms of MIT in {folder}")


def plain(packages: list[dict[str, Any]]) -> Iterator[str]:
    yield "libh3s contains what follows, each under the terms at the end.\n"
    wordings: dict[str, str] = {}
    for package in packages:
        holders, text = terms(package)
        # In a few words more or less, or with other quotation marks; the first of them stands.
        wordings.setdefault(re.sub(r"\W", "", text).lower(), text)
        yield f"{package['name']} {package['version']}"
        yield "".join(f"    {holder}\n" for holder in holders)
    name, holder = STANDARD_LIBRARY
    yield f"{name}\n    Copyright (c) {holder}\n"
    for text in wordings.values():
        yield "The MIT License:\n\n" + textwrap.fill(text, 78) + "\n"


def debian(packages: list[dict[str, Any]]) -> Iterator[str]:
    for package in packages:
        holders, _ = terms(package)
        names = [re.sub(r"(?i)^(copyright|\(c\)|©|:|,|\s)+", "", holder) for holder in holders]
        yield f"\nFiles: crates/{package['name']}-{package['version']}/*"
        yield "Copyright: " + "\n           ".join(names or [f"the authors of {package['name']}"])
        yield "License: Expat"
    yield f"\nFiles: rust/library/*\nCopyright: {STANDARD_LIBRARY[1]}\nLicense: Expat\nComment: {STANDARD_LIBRARY[0]}."


if __name__ == "__main__":
    make = debian if sys.argv[1:] == ["--debian"] else plain
    print("\n".join(make(linked("cargo"))))
