"""options.py: docs/OPTIONS.md names each option that the library knows, and no other; it is true.

It compares the headings with the tables in src/options, the names in each language with that
language's code, and has the library, under target/, check each example and each end of a range.
"""

import ctypes
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIELDS = ["type", "default", "range", "example", "Python", "Go", "Rust", "h3"]
PASSWORD = "of as many characters as an option can ask for: ".ljust(1024, "x")
#: Where each part's options are read, and where its names in Go and in Rust stand.
READERS = {
    "": "check.rs",
    "cookie.": "cookie/check.rs",
    "revocation.": "revocation.rs",
    "seal.": "seal/check.rs seal/derivation.rs",
}
SETTERS = {
    "": "options.rs",
    "cookie.": "options/cookie.rs",
    "revocation.": "options/revocation.rs",
    "seal.": "options/seal.rs",
}
FINER = "seal.encryption."


def read_options(text: str) -> dict[str, dict[str, str]]:
    """What stands under each heading: the field's name, and its text."""
    found = {}
    for name, body in re.findall(r"(?ms)^### `([\w.]+)`$\n(.*?)(?=^##|\Z)", text):
        fields = re.findall(r"(?m)^- (\w+): (.*(?:\n  .*)*)", body)
        found[name] = {key: " ".join(value.split()) for key, value in fields}
    return found


def known_options() -> set[str]:
    """The names in the tables that the library reads options by."""
    known: set[str] = set()
    for prefix, files in READERS.items():
        text = "".join((ROOT / "src/options" / file).read_text() for file in files.split())
        for of, table in re.findall(r"(?ms)(?:READERS|readers): (.*?) = &?\[\n(.*?)^(?:    )?\];", text):
            own = FINER if "Read<" in of else prefix
            known.update(own + name for name in re.findall(r'(?m)^ *\("(\w+)", \|', table))
    return known


def names(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name.replace("dlength", "dLength"))


class Library:
    def __init__(self) -> None:
        self.check = ctypes.CDLL(str(ROOT / "target/lib/libh3s.so")).h3s_config_check

    def accepts(self, options: object) -> bool:
        text = json.dumps(options).encode()
        return bool(self.check(text, len(text), None) == 0)


def with_value(example: object, path: list[str], value: int) -> object:
    """The example with another value at a path."""
    if not path:
        return value
    assert isinstance(example, dict)
    return {**example, path[0]: with_value(example[path[0]], path[1:], value)}


def faults(name: str, fields: dict[str, str], library: Library) -> list[str]:
    order = [field for field in FIELDS if field in fields]
    if list(fields) != order or set(FIELDS) - set(order) - {"range"}:
        return [f"its fields are {list(fields)}"]
    prefix = FINER if name.startswith(FINER) else name[: name.rfind(".") + 1]
    found = []
    if snake(name.removeprefix(prefix)) not in names(fields["Python"]):
        found.append(f"in Python it is `{snake(name.removeprefix(prefix))}`")
    go = (ROOT / "bindings/go/options.go").read_text()
    if not re.search(rf"(?m)^\t(?:\w+, )*{names(fields['Go'])[0]}\b", go):
        found.append("Go has no such field")
    rust = (ROOT / "src" / SETTERS["seal." if prefix == FINER else prefix]).read_text()
    if f"pub fn {names(fields['Rust'])[0].rpartition('::')[2]}" not in rust:
        found.append("Rust has no such setter")

    example = json.loads(fields["example"].strip("`"))
    complete = {"password": PASSWORD, **example}
    if not library.accepts(complete):
        found.append("its example is refused")
    if ends := re.fullmatch(r"(-?\d+) to (\d+)", fields.get("range", "")):
        least, most = int(ends[1]), int(ends[2])
        for value, is_right in [(least, True), (least - 1, False), (most, True), (most + 1, False)]:
            if library.accepts(with_value(complete, name.split("."), value)) != is_right:
                found.append(f"{value} is {'refused' if is_right else 'accepted'}")
    return found


def main() -> int:
    options = read_options((ROOT / "docs/OPTIONS.md").read_text())
    known = known_options()
    wrong = [f"{name}: docs/OPTIONS.md does not have it" for name in sorted(known - options.keys())]
    wrong += [f"{name}: the library does not have it" for name in sorted(options.keys() - known)]
    library = Library()
    wrong += [f"{name}: {fault}" for name in options for fault in faults(name, options[name], library)]
    print("\n".join(wrong) or f"all {len(options)} options are as docs/OPTIONS.md says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
