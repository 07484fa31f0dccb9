"""promises.py docs/SECURITY.md: each promise there is numbered, and each number has tests in the table; each test that is named exists.

A test is named in backquotes, in words that stand in a file of tests. Prints what is wrong, nothing if all is well.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ["tests", "c-tests", "fuzz", "src", "bindings", "benches"]
KINDS = {".rs", ".c", ".py", ".go", ".sh", ".mjs", ".json", ".toml"}


def texts() -> str:
    files = (file for folder in TESTS for file in (ROOT / folder).rglob("*"))
    return "\n".join(
        file.read_text()
        for file in files
        if file.suffix in KINDS and "node_modules" not in file.parts and file.is_file()
    )


def main(page: str) -> list[str]:
    promised = set(re.findall(r"^(\d+)\. \*\*", page, re.MULTILINE))
    rows = dict(re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE))
    known = texts()
    wrong = [f"promise {number} has no row in the table" for number in sorted(promised - rows.keys())]
    wrong += [f"the table has a row for {number}, which is no promise" for number in sorted(rows.keys() - promised)]
    for number, row in rows.items():
        names = re.findall(r"`([^`]+)`", row)
        wrong += [f"promise {number} names no test"] if not names else []
        wrong += [f"promise {number}: there is no test {name}" for name in names if name not in known]
    return wrong if promised else ["there are no numbered promises"]


if __name__ == "__main__":
    problems = main(Path(sys.argv[1]).read_text())
    print("\n".join(problems))
    sys.exit(bool(problems))
