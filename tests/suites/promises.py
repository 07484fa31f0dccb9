"""promises.py docs/SECURITY.md: each promise there has a number and a list of tests, which exist.

A line of the list names a suite and, in backquotes, a test in it. Prints what is wrong, nothing if
all is well.
"""

import re
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: How a test begins in a binding's language, and in which files.
BINDINGS = {"python": ("def", "tests/test_*.py"), "nginx": ("def", "tests/test_*.py"), "go": ("func", "**/*_test.go")}


@cache
def text(*patterns: str) -> str:
    """The files' text, without lines that are comments."""
    files = [file for pattern in patterns for file in sorted(ROOT.glob(pattern)) if "node_modules" not in file.parts]
    lines = (line for file in files for line in file.read_text().splitlines())
    return "\n".join(line for line in lines if not line.lstrip().startswith(("#", "//", "*", "/*")))


def exists(suite: str, name: str) -> bool:
    if suite == "fuzz":
        return (ROOT / f"fuzz/targets/{name}.rs").exists()
    if suite == "rust":
        functions = text("src/**/*.rs", "tests/*.rs", "tests/behaviour/*.rs")
        return f"fn {name}(" in functions or f'"name": "{name}"' in text("tests/vectors/*.json")
    if suite in BINDINGS:
        return f"{BINDINGS[suite][0]} {name}(" in text(f"bindings/{suite}/{BINDINGS[suite][1]}")
    if suite == "node":
        return f'test("{name}", ' in text("bindings/node/test/*.mjs")
    if suite in ("c", "threads") and f"cmocka_unit_test({name})" in text("c-tests/*.c"):
        return True
    return name in text(f"tests/suites/{suite}.sh", f"tests/{suite}/*.py", f"tests/interop/{suite}/*.mjs")


def main(page: str) -> list[str]:
    promised = set(re.findall(r"^(\d+)\. \*\*", page, re.MULTILINE))
    lists = dict(re.findall(r"^Promise (\d+):\n\n((?:- .+\n)*)", page, re.MULTILINE))
    wrong = [f"promise {number} has no list of tests" for number in sorted(promised - lists.keys())]
    wrong += [f"tests are listed for {number}, which is no promise" for number in sorted(lists.keys() - promised)]
    for number, lines in lists.items():
        tests = re.findall(r"^- ([a-z-]+): `([^`]+)`(?: \(.+\))?$", lines, re.MULTILINE)
        if not tests or len(tests) != lines.count("\n"):
            wrong.append(f"promise {number} names no test, or one of no suite")
        wrong += [
            f"promise {number}: there is no test {name} in {suite}" for suite, name in tests if not exists(suite, name)
        ]
    return wrong if promised else ["there are no numbered promises"]


if __name__ == "__main__":
    problems = main(Path(sys.argv[1]).read_text())
    print("\n".join(problems))
    sys.exit(bool(problems))
