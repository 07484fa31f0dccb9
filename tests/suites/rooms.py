"""rooms.py: the files of src/ and of the nginx module are rooms, with arrows that go one way.

Checks that imports between the modules of src/ make no circle, that nothing there imports `ffi`,
that no file is longer than 400 lines, and that each room imports only those that stand below it in
docs/CONTRIBUTING.md; and that a file of the nginx module calls only files that stand below it in
the list of ngx_http_h3s.h. Prints what is wrong, nothing if all is well.

An import leads to the module that defines what is imported: re-exports are looked through, and a
module that only declares its children, or passes on their names, has no arrow to them.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 400

Module = tuple[str, ...]


def code(text: str) -> str:
    """Rust without comments, strings, characters, and what is compiled for tests alone."""
    noise = r"""//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|"(?:\\.|[^"\\])*"|'(?:\\[^']+|[^'\\])'"""
    text = re.sub(noise, " ", text, flags=re.DOTALL)
    while found := re.search(r"#\[cfg\(test\)\]\s*mod \w+\s*(;|\{)", text):
        depth, end = int(found[1] == "{"), found.end()
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        text = text[: found.start()] + text[end:]
    return text


def leaves(tree: str) -> list[str]:
    """The paths of a `use`: `a::{b, c::d as e}` is `a::b` and `a::c::d`."""
    head, brace, rest = tree.partition("{")
    if not brace:
        return [re.sub(r"\s+as\s+\w+|\s", "", tree)]
    parts, depth, start = [], 0, 0
    inner = rest.rstrip().removesuffix("}")
    for at, char in enumerate(inner + ","):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append(inner[start:at])
            start = at + 1
    return [head.strip() + leaf for part in parts if part.strip() for leaf in leaves(part)]


class Crate:
    """The modules under a folder, and what each imports of the others."""

    def __init__(self, folder: Path) -> None:
        self.text: dict[Module, str] = {}
        self.files: dict[Module, Path] = {}
        for file in sorted(folder.rglob("*.rs")):
            name = file.relative_to(folder).with_suffix("").parts
            if name[-1] != "tests":
                module = () if name == ("lib",) else name[:-1] if name[-1] == "mod" else name
                self.text[module] = code(file.read_text())
                self.files[module] = file
        self.passed_on: dict[Module, dict[str, Module]] = {module: {} for module in self.text}
        self.paths: dict[Module, set[Module]] = {module: set() for module in self.text}
        for module in self.text:
            self.read(module)

    def read(self, module: Module) -> None:
        text = self.text[module]
        uses = re.findall(r"(?m)^\s*(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);", text)
        rest = re.sub(r"(?m)^\s*(?:pub(?:\([^)]*\))?\s+)?use\s+[^;]+;", "", text)
        for public, tree in uses:
            for leaf in leaves(tree):
                path = self.absolute(module, leaf)
                if public and path:
                    self.passed_on[module][leaf.rpartition("::")[2]] = path
                elif path:
                    self.paths[module].add(path)
        for path in re.findall(r"(?<![\w:])(?:\w+::)+\w+", rest):
            if found := self.absolute(module, path):
                self.paths[module].add(found)

    def absolute(self, module: Module, path: str) -> Module | None:
        """The path from the crate's root; None for one that leads elsewhere."""
        first, *parts = path.split("::")
        if first == "crate":
            return tuple(parts)
        if first in ("super", "self"):
            base = module if first == "self" else module[:-1]
            while parts and parts[0] == "super":
                base, parts = base[:-1], parts[1:]
            return (*base, *parts)
        return (*module, first, *parts) if (*module, first) in self.text else None

    def home(self, path: Module) -> Module:
        """The module that defines what a path names."""
        depth = max(n for n in range(len(path) + 1) if path[:n] in self.text)
        module, name = path[:depth], path[depth : depth + 1]
        onward = self.passed_on[module].get(name[0]) if name else None
        return self.home(onward) if onward and onward != path else module

    def arrows(self) -> dict[Module, set[Module]]:
        return {module: {self.home(path) for path in paths} - {module} for module, paths in self.paths.items()}


def circles(arrows: dict[Module, set[Module]]) -> list[str]:
    """Modules that lead back to themselves, each circle once."""
    reach = {module: set(to) for module, to in arrows.items()}
    for between, onward in reach.items():
        for to in reach.values():
            if between in to:
                to |= onward
    together = {frozenset(other for other in reach[m] if m in reach[other]) for m in reach if m in reach[m]}
    return [" <-> ".join("::".join(module) or "lib" for module in sorted(circle)) for circle in together]


def check_crate(root: Path) -> list[str]:
    folder = root / "src"
    crate = Crate(folder)
    arrows = crate.arrows()
    wrong = [f"src: the imports of {circle} make a circle" for circle in sorted(circles(arrows))]
    for module, to in arrows.items():
        if module[:1] not in ((), ("ffi",)) and any(other[:1] == ("ffi",) for other in to):
            wrong.append(f"{crate.files[module].relative_to(root)} imports ffi")
    wrong += check_list(root, arrows)
    for file in sorted(folder.rglob("*.rs")):
        lines = len(file.read_text().splitlines())
        if lines > MAX_LINES:
            wrong.append(f"{file.relative_to(root)} has {lines} lines, over {MAX_LINES}")
    return wrong


def check_list(root: Path, arrows: dict[Module, set[Module]]) -> list[str]:
    """The rooms in the order of the list that people read."""
    text = (root / "docs/CONTRIBUTING.md").read_text()
    section = text.partition("## The rooms of src/\n")[2].partition("\nBindings see only")[0]
    items = re.findall(r"(?m)^- ((?:`\w+`,\s)*`\w+`):", section)
    order = [name for item in items for name in re.findall(r"`(\w+)`", item)]
    rooms = {module[0] for module in arrows if module}
    if sorted(order) != sorted(rooms):
        return [f"docs/CONTRIBUTING.md: its list of rooms differs in {sorted(rooms ^ set(order))}"]
    return [
        f"{'::'.join(module)} imports {other[0]}, which stands above it in docs/CONTRIBUTING.md"
        for module, to in arrows.items()
        for other in sorted(to)
        if module and other and order.index(other[0]) < order.index(module[0])
    ]


def check_nginx(root: Path) -> list[str]:
    folder = root / "bindings/nginx/src"
    order = re.findall(r"(?m)^ \* {5}(ngx_http_h3s_\w+\.c)", (folder / "ngx_http_h3s.h").read_text())
    texts = {file.name: re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL) for file in folder.glob("*.c")}
    if sorted(order) != sorted(texts):
        return ["the list of files in ngx_http_h3s.h is not that of its folder"]
    defined = {
        function: name
        for name, text in texts.items()
        for function in re.findall(r"(?m)^(ngx_http_h3s_\w+)\([^;{]*\)\n\{", text)
    }
    wrong = []
    for name, text in texts.items():
        for function in sorted(set(re.findall(r"\bngx_http_h3s_\w+\b", text)) & defined.keys()):
            if order.index(defined[function]) < order.index(name):
                wrong.append(f"{name} calls {function} of {defined[function]}, which stands above it")
        if (lines := len((folder / name).read_text().splitlines())) > MAX_LINES:
            wrong.append(f"{name} has {lines} lines, over {MAX_LINES}")
    return wrong


def check(root: Path) -> list[str]:
    """What is wrong in a tree."""
    return check_crate(root) + check_nginx(root)


if __name__ == "__main__":
    sys.exit("\n".join(check(ROOT)) or None)
