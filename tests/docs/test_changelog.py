"""docs/CHANGELOG.md names this version, and its old and new names of functions are just that."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/CHANGELOG.md").read_text(encoding="utf-8")


def test_the_newest_version_on_the_page_is_that_of_the_library() -> None:
    found = re.search(r'(?m)^version = "(.*)"', (ROOT / "Cargo.toml").read_text())
    versions = re.findall(r"(?m)^## \[(\d+\.\d+\.\d+)\]", PAGE)
    assert found and versions[0] == found[1]
    assert versions == sorted(versions, reverse=True)
    assert re.search(r"(?m)^## \[Unreleased\]$", PAGE)


def test_functions_that_were_renamed_are_gone_and_their_new_names_are_there() -> None:
    symbols = set((ROOT / "c-tests/symbols.txt").read_text().split())
    rows = re.findall(r"(?m)^\| `(h3s_.*?)` \| (.*) \|$", PAGE)
    assert len(rows) == 3
    for old, new in rows:
        names = re.findall(r"`(h3s_\w+)", new)
        assert set(names) <= symbols
        # Where the name stayed, its arguments have changed.
        assert old not in symbols or old.partition("(")[0] in names
    header = (ROOT / "include/h3s.h").read_text()
    for name in re.findall(r"`(h3s_session_\w+)`", PAGE):
        assert re.search(rf"\b{name}\(const struct h3s_session \*session", header) or re.search(
            rf"\b{name}\(const h3s_session \*session", header
        ), name
