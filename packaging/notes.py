"""notes.py CHANGELOG VERSION: prints what a page in the form of Keep a Changelog says of it."""

import re
import sys
from pathlib import Path


def section(text: str, version: str) -> str:
    """What stands between the version's heading and the next one of its level."""
    _, _, rest = re.sub(rf"(?m)^## \[?{re.escape(version)}\]?(?: .*)?$", "\0", text).partition("\0")
    return re.split(r"(?m)^(?:## |\[[^\]]+\]: )", rest)[0].strip()


if __name__ == "__main__":
    page = Path(sys.argv[1])
    found = section(page.read_text(encoding="utf-8"), sys.argv[2]) if page.exists() else ""
    if not found:
        sys.exit(f"notes: {page} says nothing of {sys.argv[2]}: write its section")
    print(found)
