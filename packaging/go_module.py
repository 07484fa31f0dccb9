"""go_module.py PATH FOLDER: writes the two Go modules under the path that they are published by.

In the repository they are `h3s` and `h3svalkey`, which no `go get` finds: where the project will
be hosted is the publisher's choice, and a module's path begins with that host. PATH and PATH/valkey
are what they become, in go.mod and in each import.

FOLDER then is what a module proxy serves: by GOPROXY=file://FOLDER, or, put on a web server, by a
page at https://PATH?go-get=1 that says `<meta name="go-import" content="PATH mod URL-OF-FOLDER">`.
Tests stay behind, since they need the repository.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "bindings/go"


def renamed(text: str, path: str) -> str:
    """A file of Go, or a page with such code, with the published paths in its imports."""
    text = re.sub(r'(?m)^((?:import )?\s*(?:\w+ )?)"h3s(valkey)?"$', lambda m: f'{m[1]}"{imported(m[2], path)}"', text)
    text = re.sub(r"(?m)^go mod edit -replace h3s=.*\n", "", text)
    return re.sub(r"(?m)^go (get|doc) h3s$", rf"go \1 {path}", text)


def imported(valkey: str | None, path: str) -> str:
    return f"{path}/valkey" if valkey else path


def requirements(text: str, path: str, version: str) -> str:
    """A go.mod without what holds in the repository alone."""
    text = re.sub(r"(?m)^module h3s(valkey)?$", lambda m: f"module {imported(m[1], path)}", text)
    text = re.sub(r"(?m)^(\s*)h3s v0\.0\.0$", rf"\1{path} v{version}", text)
    return re.sub(r"(?m)^replace h3s => .*\n", "", text).rstrip() + "\n"


def files(folder: Path) -> list[Path]:
    """What one of the modules consists of, without those below it, which are their own."""
    found = [file for file in sorted(folder.iterdir()) if file.is_file() and not file.name.endswith("_test.go")]
    return [file for file in found if file.suffix in (".go", ".md") or file.name == "go.sum"]


def write(folder: Path, path: str, root_path: str, version: str, out: Path, when: int) -> None:
    # As module proxies write upper case.
    there = out / re.sub("[A-Z]", lambda m: "!" + m[0].lower(), path) / "@v"
    there.mkdir(parents=True, exist_ok=True)
    needs = requirements((folder / "go.mod").read_text(), root_path, version)
    (there / "list").write_text(f"v{version}\n")
    (there / f"v{version}.mod").write_text(needs)
    stamp = time.gmtime(when)
    (there / f"v{version}.info").write_text(
        json.dumps({"Version": f"v{version}", "Time": time.strftime("%Y-%m-%dT%H:%M:%SZ", stamp)}) + "\n"
    )
    contents = {file.name: renamed(file.read_text(), root_path) for file in files(folder)}
    contents |= {"go.mod": needs, "LICENSE": (ROOT / "LICENSE").read_text()}
    with zipfile.ZipFile(there / f"v{version}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(contents.items()):
            archive.writestr(zipfile.ZipInfo(f"{path}@v{version}/{name}", stamp[:6]), text)


def main(path: str, out: Path) -> None:
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+(/[A-Za-z0-9._~-]+)*", path):
        sys.exit(f"go_module: {path} is no path of a module: it begins with a host, as example.org/libh3s does")
    found = re.search(r'(?m)^version = "(.*)"$', (ROOT / "Cargo.toml").read_text())
    assert found is not None
    when = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    write(SOURCE, path, path, found[1], out, when)
    write(SOURCE / "valkey", f"{path}/valkey", path, found[1], out, when)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: go_module.py PATH FOLDER")
    main(sys.argv[1], Path(sys.argv[2]))
