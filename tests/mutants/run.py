"""What run.sh does: makes the copy, lets cargo-mutants work in it, and compares with named.txt."""

from __future__ import annotations

import argparse
import collections
import filecmp
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "tests/mutants"
WORK = ROOT / "target/mutants"
NAMED = HERE / "named.txt"
LEAST_PERCENT = 97

# One program of all tests takes half the time of several to build.
MODULE = """
#[cfg(test)]
#[allow(unsafe_code)]
#[path = "../{path}"]
mod {name}_tests;
"""
# Of the tests' program.
TESTS = """
[profile.dev]
debug = 0
[profile.test]
strip = "debuginfo"
[profile.dev.package.kept-pbkdf2]
opt-level = 3
"""
# Of the library that the C tests load.
LIBRARY = """
[profile.dev]
debug = 0
opt-level = 3
"""
PKG_CONFIG = """
libdir=${pcfiledir}/../lib
Name: libh3s
Description: of a mutant
Version: 0
Libs: -L${libdir} -lh3s -Wl,-rpath,${libdir}
Cflags: -I${pcfiledir}/../../include
"""
ENVIRONMENT = {
    "PROPTEST_CASES": "32",
    # The same cases for each mutant, and none of the time that a smaller one takes to find.
    "PROPTEST_RNG_SEED": "1",
    "PROPTEST_MAX_SHRINK_ITERS": "0",
    "RUST_BACKTRACE": "0",
    "CARGO_TERM_COLOR": "never",
}


#: What cargo-mutants says of each mutant.
Outcomes = list[tuple["Mutant", str]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/mutants/run.sh")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--since")
    parser.add_argument("--without-c", action="store_true")
    parser.add_argument("files", nargs="*", metavar="FILE")
    options = parser.parse_args()

    if not options.without_c:
        ENVIRONMENT["H3S_MUTANTS_C"] = "1"
    folders = [Folder(WORK / str(i)) for i in range(options.jobs)]
    for folder in folders:
        folder.make()
    choice = chosen(options.files, options.since)
    mutants = folders[0].list(choice)
    named = read_named(mutants, is_whole=not choice)
    skip: list[Mutant] = []
    jobs = [[f"--shard={i}/{options.jobs}"] for i in range(options.jobs)]
    if options.sample:
        skip = [mutant for mutant in mutants if reason(mutant, named)]
        shards = max(1, (len(mutants) - len(skip)) // options.sample)
        first = int(time.time() // 86400) * options.jobs
        jobs = [
            [f"--shard={(first + i) % (shards * options.jobs)}/{shards * options.jobs}"] for i in range(options.jobs)
        ]
    # Of all jobs, lest each cuts another list into shares.
    caught = {name for folder in folders for name in folder.caught_before(options.resume)}
    skip += [mutant for mutant in mutants if mutant.full_name in caught]
    running = [folder.start(choice, skip, job) for folder, job in zip(folders, jobs)]
    broken = [process.args for process in running if process.wait() not in (0, 2, 3)]
    outcomes = [outcome for folder in folders for outcome in folder.outcomes()]
    outcomes += [(mutant, "CaughtMutant") for mutant in mutants if mutant.full_name in caught]
    sys.exit(not report(outcomes, named) or bool(broken))


class Folder:
    """A copy of the code, and what is built of it."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path, self.tree = path, path / "tree"

    def make(self) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "src", "tests", "c-tests", "include"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout.split()  # fmt: skip
        texts: dict[str, str | None] = dict.fromkeys([*listed, "Cargo.lock", "README.md"])
        texts["Cargo.toml"] = tests_manifest()
        texts["src/lib.rs"] = (ROOT / "src/lib.rs").read_text() + modules()
        texts[".cargo/config.toml"] = f'[target."cfg(all())"]\nrunner = "{HERE / "runner.sh"}"\n'
        for old in self.tree.glob("src/**/*.rs"):
            if str(old.relative_to(self.tree)) not in texts:
                old.unlink()
        # What is the same stays as it is, and is not compiled again.
        for name, text in texts.items():
            source, copy = ROOT / name, self.tree / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if text is not None:
                if not copy.exists() or copy.read_text() != text:
                    copy.write_text(text)
            elif source.is_file() and not (copy.exists() and filecmp.cmp(source, copy, shallow=False)):
                shutil.copy(source, copy)
        self.make_library()

    def make_library(self) -> None:
        """What the C tests load, made of the same files by a manifest of its own."""
        library, target = self.path / "library", self.tree / "target"
        for folder in (library, target / "lib", target / "pkgconfig"):
            folder.mkdir(parents=True, exist_ok=True)
        link(library / "src", "../tree/src")
        link(library / "README.md", "../tree/README.md")
        link(target / "lib/libh3s.so", "../../../library/target/debug/libh3s.so")
        link(target / "lib/libh3s.so.0", "libh3s.so")
        (target / "pkgconfig/h3s.pc").write_text(PKG_CONFIG)
        (library / "Cargo.toml").write_text(library_manifest())
        shutil.copy(ROOT / "Cargo.lock", library)

    def mutants(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        environment = os.environ | ENVIRONMENT | {"CARGO_TARGET_DIR": str(self.path / "build")}
        command = ["cargo-mutants", "mutants", "--dir", str(self.tree), *arguments]
        return subprocess.Popen(command, env=environment, **options)

    def list(self, choice: Iterable[str]) -> list[Mutant]:
        process = self.mutants("--list", "--json", *choice, stdout=subprocess.PIPE)
        assert process.stdout
        listed = json.load(process.stdout)
        assert process.wait() == 0
        return [Mutant(self, entry) for entry in listed]

    def start(self, choice: Iterable[str], skip: Iterable[Mutant], job: Iterable[str]) -> subprocess.Popen[bytes]:
        config = self.path / "mutants.toml"
        excluded = [f"^{re.escape(mutant.full_name)}$" for mutant in skip]
        # TOML has JSON's strings.
        config.write_text("exclude_re = " + json.dumps(excluded) + "\n")
        arguments = [
            "--in-place", "--config", str(config), "--output", str(self.path),
            "--timeout", "600", "--build-timeout", "600", "--colors", "never", "--no-times",
            "--caught", "--sharding", "round-robin", *job, *choice,
        ]  # fmt: skip
        return self.mutants(*arguments)

    def caught_before(self, resumes: bool) -> set[str]:
        """What was caught since the last run that resumed none. Another one forgets it."""
        kept, last = self.path / "caught.txt", self.path / "mutants.out/caught.txt"
        if not resumes:
            kept.unlink(missing_ok=True)
            return set()
        lines = {line for path in (kept, last) if path.exists() for line in path.open()}
        kept.write_text("".join(sorted(lines)))
        return {line.rstrip("\n") for line in lines}

    def outcomes(self) -> Outcomes:
        path = self.path / "mutants.out/outcomes.json"
        # Where there is no mutant for it, there is no file.
        found = json.loads(path.read_text())["outcomes"] if path.exists() else []
        return [
            (Mutant(self, outcome["scenario"]["Mutant"]), outcome["summary"])
            for outcome in found
            if "Mutant" in outcome["scenario"]
        ]


class Mutant:
    """A change, called by its file, what it changes, and the line where it stands."""

    def __init__(self, folder: Folder, entry: dict[str, Any]) -> None:
        self.full_name, self.file = entry["name"], entry["file"]
        self.change = re.sub(r"^[^ ]+:\d+:\d+: ", "", self.full_name)
        lines = (folder.tree / self.file).read_text().splitlines()
        self.line = lines[entry["span"]["start"]["line"] - 1].strip()

    def __str__(self) -> str:
        return f"{self.file}: {self.change} @ {self.line}"


def chosen(files: Iterable[str], since: str | None) -> list[str]:
    """The options of cargo-mutants that leave only mutants of these files, and of changed lines."""
    choice = [argument for file in files for argument in ("--file", file)]
    if since:
        diff = WORK / "changes.diff"
        with diff.open("w") as out:
            subprocess.run(["git", "diff", since, "--", "src"], cwd=ROOT, check=True, stdout=out)
        choice += ["--in-diff", str(diff)]
    return choice


def link(path: pathlib.Path, to: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(to)


def manifest(crate_type: str) -> str:
    """Cargo.toml for nothing but one library."""
    text = (ROOT / "Cargo.toml").read_text()
    text = re.sub(r"\[build-dependencies\]\n(.+\n)*", "", text)
    text = text.replace("[package]\n", "[package]\nautotests = false\nautobenches = false\n"
                        "autoexamples = false\nbuild = false\n", 1)  # fmt: skip
    features = '"capi"' if crate_type == "cdylib" else '"capi", "cookie", "serde", "time"'
    library = f'[lib]\ncrate-type = ["{crate_type}"]\ndoctest = false\n\n'
    text = text.replace("[features]\n", f"{library}[features]\ndefault = [{features}]\n", 1)
    text = text.replace('["dep:cbindgen"]', "[]")
    # The crate itself is a dev-dependency only to turn the features on.
    return re.sub(r"^h3s = .*\n", "", text, flags=re.MULTILINE)


def tests_manifest() -> str:
    """With the tests in it, and keys that are derived once."""
    kept = f'pbkdf2 = {{ path = "{HERE / "pbkdf2"}", package = "kept-pbkdf2" }}\n'
    return re.sub(r"^pbkdf2 = \{ version.*\n", kept, manifest("rlib"), flags=re.MULTILINE) + TESTS


def library_manifest() -> str:
    return re.sub(r"\[dev-dependencies\]\n(.+\n)*", "", manifest("cdylib")) + LIBRARY


def modules() -> str:
    """The programs of tests/, as modules of the library."""
    found = [*ROOT.glob("tests/*.rs"), *ROOT.glob("tests/*/main.rs")]
    names = {path: path.parent.name if path.name == "main.rs" else path.stem for path in found}
    # Its header comes from build.rs, which here there is none of.
    return "\n#[cfg(test)]\nextern crate self as h3s;\n" + "".join(
        MODULE.format(path=path.relative_to(ROOT), name=names[path])
        for path in sorted(found)
        if path.name != "header.rs"
    )


def read_named(mutants: Iterable[Mutant], is_whole: bool) -> dict[str, str]:
    """The reason for each line of named.txt that names a mutant."""
    named: dict[str, str] = {}
    why = ""
    for line in NAMED.read_text().splitlines():
        if line.startswith("#"):
            why = line[1:].strip()
        elif line.strip():
            named[line.strip()] = why
    if is_whole:
        calls = {call for mutant in mutants for call in (str(mutant), str(mutant).split(" @ ")[0])}
        for line in named.keys() - calls:
            print(f"named.txt names no mutant: {line}")
    return named


def name_of(mutant: Mutant, named: Iterable[str]) -> str | None:
    """The line of named.txt that names it. One line may name several."""
    calls = (str(mutant), str(mutant).split(" @ ")[0])
    return next((call for call in calls if call in named), None)


def reason(mutant: Mutant, named: dict[str, str]) -> str | None:
    return named.get(name_of(mutant, named) or "")


def report(outcomes: Outcomes, named: dict[str, str]) -> bool:
    files: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    strangers: list[Mutant] = []
    survivors: collections.Counter[str] = collections.Counter()
    for mutant, summary in outcomes:
        survived = summary == "MissedMutant"
        if survived and not reason(mutant, named):
            strangers.append(mutant)
        count = "named" if survived and reason(mutant, named) else summary
        if name := name_of(mutant, named):
            survivors[name] += survived
        files[mutant.file][count] += 1
        files["all"][count] += 1

    columns = ["CaughtMutant", "Timeout", "MissedMutant", "named", "Unviable"]
    print(f"\n{'':32}" + "".join(f"{column.replace('Mutant', ''):>10}" for column in columns))
    for file in [*sorted(files.keys() - {"all"}), "all"]:
        print(f"{file:32}" + "".join(f"{files[file][column]:10}" for column in columns))
    for name in survivors:
        if not survivors[name]:
            print(f"named in named.txt, but caught: {name}")
    if strangers:
        print("\nNo test fails with these:\n" + "\n".join(f"  {mutant}" for mutant in strangers))
    counts = files["all"]
    caught = counts["CaughtMutant"] + counts["Timeout"]
    viable = caught + counts["MissedMutant"] + counts["named"]
    percent = 100 * caught / max(1, viable)
    print(f"\nmutants: {caught} of {viable} caught ({percent:.1f} %), {counts['named']} named")
    return viable > 0 and not strangers and (viable < 1000 or percent >= LEAST_PERCENT)


if __name__ == "__main__":
    main()
