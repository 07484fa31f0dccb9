"""width.py FILE...: prints each comment, header line and Markdown line over 100 columns.

Code is the formatters' business: a line of code may be longer, but not because of a comment at its
end. A column is a character; a tab reaches to the next multiple of 8, as gofmt and make take it.
A word that cannot be broken, such as a URL, may stand alone on a longer line.
"""

import ast
import re
import sys
from pathlib import Path

WIDTH = 100
#: Written by others: packages of the tests, and advisories as their database has them.
ELSEWHERE = {"node_modules", "advisories"}
#: Every line counts here: prose, and the headers that C programmers read as documentation.
WHOLE = {".md", ".h", ".hpp"}

# In each, what is in the group `comment` is one, and the rest keeps what only resembles one apart.
QUOTED = r'"(?:\\.|[^"\\\n])*"'
C = rf"{QUOTED}|'(?:\\.|[^'\\\n])*'|(?P<comment>//[^\n]*|/\*.*?\*/)"
# A lifetime opens no character, and a raw string ends at its own number of hashes.
RUST = rf"""\br(?P<hashes>#*)".*?"(?P=hashes)|{QUOTED}|'(?:\\[^\n]*?|[^'\\\n])'|(?P<comment>//[^\n]*|/\*.*?\*/)"""
GO = rf"`[^`]*`|{C}"
JAVASCRIPT = rf"`(?:\\.|[^`\\])*`|{C}"
LUA = rf"{QUOTED}|'(?:\\.|[^'\\\n])*'|(?P<comment>--[^\n]*)"
HTML = r"(?P<comment><!--.*?-->)"
# A `#` inside a word, as in ${#names[@]} or a colour, starts none.
HASH = rf"{QUOTED}|'[^'\n]*'|(?<!\S)(?P<comment>\#[^\n]*)"

SYNTAX = {
    **dict.fromkeys([".c", ".cc", ".cpp", ".css"], C),
    ".rs": RUST,
    ".go": GO,
    ".mod": GO,
    **dict.fromkeys([".js", ".jsx", ".mjs", ".ts"], JAVASCRIPT),
    ".lua": LUA,
    ".html": HTML,
    **dict.fromkeys([".sh", ".py", ".rb", ".toml", ".yml", ".yaml", ".conf", ".txt", ".supp", ".suppr"], HASH),
}
#: Files without a suffix whose comments are those of a shell.
NAMED = {"Makefile", "config", "run"}


def syntax(path: Path) -> str:
    """The pattern of a file's comments; empty if it is of no language that is checked."""
    return SYNTAX.get(path.suffix, HASH if path.name in NAMED else "")


def docstrings(text: str) -> set[int]:
    """The lines of a Python file that strings standing as statements take."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def comments(path: Path, text: str) -> set[int]:
    """The lines, from 1, that are in a comment or end in one."""
    found = docstrings(text) if path.suffix == ".py" else set()
    for match in re.finditer(syntax(path), text, re.DOTALL):
        if match["comment"]:
            first = text.count("\n", 0, match.start("comment")) + 1
            found.update(range(first, first + match["comment"].count("\n") + 1))
    return found


def is_unbreakable(line: str) -> bool:
    """Whether at most a mark such as `-` or `//` stands before a single word."""
    return len(re.sub(r"^\W*", "", line).split()) <= 1


def too_wide(path: Path) -> list[int]:
    """The numbers of the lines that are too wide."""
    if ELSEWHERE.intersection(path.parts) or not (path.suffix in WHOLE or syntax(path)):
        return []
    text = path.read_text(encoding="utf-8")
    wide = {
        number
        for number, line in enumerate(text.split("\n"), 1)
        if len(line.expandtabs()) > WIDTH and not is_unbreakable(line)
    }
    return sorted(wide if path.suffix in WHOLE else wide and wide & comments(path, text))


if __name__ == "__main__":
    lines = [f"{name}:{number}" for name in sys.argv[1:] for number in too_wide(Path(name))]
    print("\n".join(lines))
    sys.exit(bool(lines))
