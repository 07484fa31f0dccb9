"""dockerfiles.py FILE: checks a Dockerfile, and prints the commands that its last stage runs.

No daemon is needed: each COPY has its source in the tree or in a stage before, and the last stage
neither has a compiler nor builds anything. FILE.dockerignore leaves out what git ignores, and .git:
in a work tree that is a file which names a folder that is not in the image.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KNOWN = {"FROM", "RUN", "COPY", "WORKDIR", "USER", "EXPOSE", "CMD"}
COMPILERS = r"\b(cargo|rustc|rustup|gcc|cc|make|golang|go build)\b"


def instructions(text: str) -> list[tuple[str, str]]:
    lines = re.sub(r"(?m)^#.*\n", "", text).replace("\\\n", " ").splitlines()
    parts = [line.partition(" ") for line in lines if line.strip()]
    return [(name, " ".join(rest.split())) for name, _, rest in parts]


def check(text: str) -> list[str]:
    """The commands of the last stage. Raises ValueError at what is wrong."""
    stages: dict[str, list[tuple[str, str]]] = {}
    for name, rest in instructions(text):
        if name not in KNOWN:
            raise ValueError(f"there is no instruction {name}")
        if name == "FROM":
            image, _, stage = rest.partition(" AS ")
            if not re.fullmatch(r"[a-z]+:[a-z0-9.-]+", image):
                raise ValueError(f"an image without a version: {image}")
            current = stages.setdefault(stage, [])
            continue
        if name == "COPY":
            sources = rest.split()[:-1]
            if sources[0].startswith("--from="):
                if sources[0].removeprefix("--from=") not in list(stages)[:-1]:
                    raise ValueError(f"no stage before has this name: {rest}")
            elif not all((ROOT / source).exists() for source in sources):
                raise ValueError(f"the tree has no such file: {rest}")
        current.append((name, rest))
    last = stages.pop("")
    commands = [rest for name, rest in last if name == "RUN"]
    if not stages or any(re.search(COMPILERS, command) for command in commands):
        raise ValueError("the last stage builds something")
    if not any(name == "USER" and rest not in ("root", "0") for name, rest in last):
        raise ValueError("the last stage runs as root")
    return commands


def check_ignored(text: str) -> None:
    """Raises ValueError where a line is missing."""
    of_git = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    wanted = {".git"} | {f"**/{line.rstrip('/')}" for line in of_git}
    missing = wanted - set(text.splitlines())
    if missing:
        raise ValueError(f"not left out of the image: {', '.join(sorted(missing))}")


if __name__ == "__main__":
    check_ignored(Path(f"{sys.argv[1]}.dockerignore").read_text(encoding="utf-8"))
    for command in check(Path(sys.argv[1]).read_text(encoding="utf-8")):
        print(command)
