"""Compiles the extension, which calls the library faster than ctypes: where a compiler is.

    python build_extension.py FILE [FLAG...]

FILE is what to make, and the flags go to the compiler. One file is for each CPython from 3.9 on.
Exits with 1, and says why, where it cannot be made. The package works without it, by ctypes.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "extension/_extension.c"
# In a source distribution the crate lies beside this file, in the repository two folders up.
HEADERS = (HERE / "crate/include", HERE.parents[1] / "include")
NAME = "_extension.abi3.so"


def build(out: Path, flags: Sequence[str] = ()) -> str:
    """Makes the file. Returns why not, where it cannot."""
    if platform.python_implementation() != "CPython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "it is for CPython with a GIL"
    headers = Path(sysconfig.get_path("include"))
    if not (headers / "Python.h").is_file():
        return f"the headers of Python are missing: {headers}/Python.h; in Debian: apt-get install python3-dev"
    compiler = shlex.split(os.environ.get("CC") or "cc")
    if shutil.which(compiler[0]) is None:
        return f"a C compiler is missing: {compiler[0]}; in Debian: apt-get install gcc libc6-dev"
    command = [*compiler, "-std=c99", "-O2", "-fPIC", "-fvisibility=hidden", "-fstack-protector-strong"]
    command += [f"-I{folder}" for folder in (headers, *HEADERS) if folder.is_dir()]
    made = out.with_name(f"{out.name}.{os.getpid()}")
    command += [*shlex.split(os.environ.get("CFLAGS", "")), *flags, str(SOURCE), "-o", str(made)]
    if sys.platform == "darwin":
        command += ["-bundle", "-undefined", "dynamic_lookup"]
    else:
        command += ["-shared", "-Wl,-z,relro", "-Wl,-z,now"]
    command += shlex.split(os.environ.get("LDFLAGS", ""))
    out.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return f"{compiler[0]} says: {done.stderr.strip()}"
    # A process may have the former one loaded.
    made.replace(out)
    return ""


if __name__ == "__main__":
    why_not = build(Path(sys.argv[1]), sys.argv[2:])
    if why_not:
        sys.exit(f"the extension was not built: {why_not}")
