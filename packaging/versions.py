"""versions.py: that whatever names the version names that of Cargo.toml. Prints what does not."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Where the version stands, and how.
PLACES = {
    "bindings/python/src/h3s/__init__.py": r'^__version__ = "(.*)"$',
    "bindings/node/package.json": r'^  "version": "(.*)"',
    "include/h3s.h": r'^#define H3S_VERSION "(.*)"$',
    "packaging/h3s.3": r'^\.TH H3S 3 "" "libh3s (.*?)"',
    "packaging/debian/changelog": r"^libh3s \(([^+)]*).*\)",
    "Cargo.lock": r'^name = "h3s"\nversion = "(.*)"$',
}
#: What need not be there.
OPTIONAL = {"bindings/node/package.json"}


def found(place: str, pattern: str) -> str:
    match = re.search(pattern, (ROOT / place).read_text(encoding="utf-8"), re.MULTILINE)
    return match[1] if match else "none"


if __name__ == "__main__":
    version = found("Cargo.toml", r'^version = "(.*)"$')
    versions = {p: found(p, how) for p, how in PLACES.items() if p not in OPTIONAL or (ROOT / p).exists()}
    wrong = [
        f"{place} is of version {other}, and Cargo.toml of {version}"
        for place, other in versions.items()
        if other != version
    ]
    if not (ROOT / f"tests/abi/libh3s-{version}.abi").exists():
        wrong.append(f"tests/abi has no record of {version}: run make abi-record")
    sys.exit("\n".join(wrong) or 0)
