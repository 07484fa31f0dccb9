"""Puts the library into the wheel, and the extension where it can be compiled: hatchling runs this
before it packs one.

With H3S_SYSTEM_LIBRARY=1 the wheel is without the library, for a distribution that has libh3s.so.0
as a package of its own, and with the extension in any case.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from build_extension import NAME, build

# In a source distribution the crate lies beside this file, in the repository two folders up.
CRATE = HERE / "crate" if (HERE / "crate").is_dir() else HERE.parents[1]


class Library(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            # The package finds what lies there, see _abi.py and _core.py.
            _library(CRATE / "target")
            _has_extension(CRATE / "target/python" / NAME)
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        # Of any Python 3: one that cannot load the extension goes by ctypes.
        build_data["tag"] = f"py3-none-{platform}"
        if os.environ.get("H3S_SYSTEM_LIBRARY"):
            extension = CRATE / "target/python" / NAME
            why_not = build(extension)
            if why_not:
                sys.exit(f"H3S_SYSTEM_LIBRARY asks for the extension, and {why_not}")
            build_data["force_include"][str(extension)] = f"h3s/{NAME}"
            return
        library = _library(Path(os.environ.get("CARGO_TARGET_DIR", CRATE / "target")))
        build_data["force_include"][str(library)] = f"h3s/{_name()}"
        # The terms of what is linked into the library want to be with each copy.
        licences = library.parent / "LICENCES.txt"
        command = [sys.executable, str(CRATE / "packaging/licences.py")]
        licences.write_bytes(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        build_data["extra_metadata"][str(licences)] = licences.name
        extension = library.parent / NAME
        if _has_extension(extension):
            build_data["force_include"][str(extension)] = f"h3s/{NAME}"


def _has_extension(file: Path) -> bool:
    why_not = build(file)
    if why_not:
        print(f"h3s goes by ctypes, which is slower, since {why_not}", file=sys.stderr)
    return not why_not


def _name() -> str:
    return "libh3s.dylib" if sys.platform == "darwin" else "libh3s.so"


def _library(target: Path) -> Path:
    cargo = shutil.which("cargo") or shutil.which("cargo", path=str(Path.home() / ".cargo/bin"))
    if cargo is None:
        sys.exit("Rust is missing: install it with rustup, or install a wheel, which needs none")
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    # As in the Makefile of the crate, so that neither has to build anew what the other has built.
    # Fetched before, since cargo names a folder after each registry. If not, the build says why.
    subprocess.run([cargo, "fetch", "--locked", "--quiet"], cwd=CRATE, env=environment, check=False)
    registries = sorted((Path(_cargo_home()) / "registry/src").glob("*"))
    remap = [f"--remap-path-prefix={CRATE}=.", *(f"--remap-path-prefix={folder}=/cargo" for folder in registries)]
    if environment.get("RUSTFLAGS"):
        environment["RUSTFLAGS"] = " ".join([environment["RUSTFLAGS"], *remap])
    setting = "build.rustflags=[{}]".format(",".join(f"'{flag}'" for flag in remap))
    command = [cargo, "rustc", "--release", "--lib", "--locked", "--features", "capi"]
    command += ["--crate-type", "cdylib,staticlib", "--config", setting, "--"]
    if sys.platform == "linux":
        command += ["-C", f"link-arg=-Wl,-soname,{_soname()}"]
    command += ["-C", "llvm-args=-inline-threshold=75"]
    subprocess.run(command, cwd=CRATE, env=environment, check=True)
    return target / "release" / _name()


def _soname() -> str:
    version = re.search(r'^version = "(\d+)', (CRATE / "Cargo.toml").read_text(), re.MULTILINE)
    assert version is not None
    return f"{_name()}.{version[1]}"


def _cargo_home() -> str:
    return os.environ.get("CARGO_HOME") or str(Path.home() / ".cargo")
