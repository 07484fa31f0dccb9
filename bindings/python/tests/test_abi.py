"""The declarations are those of include/h3s.h, and the library is found where it should be."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import h3s
import pytest
from h3s import _abi

from conftest import SOURCE, run

ROOT = Path(__file__).resolve().parents[3]
HEADER = re.sub(r"/\*.*?\*/|^H3S_NODISCARD ", "", (ROOT / "include/h3s.h").read_text(), flags=re.DOTALL | re.MULTILINE)
TYPES: dict[str, Any] = {
    "void": None,
    "int32_t": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "uint32_t": ctypes.c_uint32,
    "size_t": ctypes.c_size_t,
    "char *": ctypes.c_char_p,
    "h3s_config *": ctypes.c_void_p,
    "h3s_session *": ctypes.c_void_p,
    "h3s_revocations *": ctypes.c_void_p,
    "h3s_revocations **": ctypes.POINTER(ctypes.c_void_p),
    "h3s_revocations_info *": ctypes.POINTER(_abi.RevocationsInfo),
    "h3s_counts *": ctypes.POINTER(_abi.Counts),
    "h3s_entry_info *": ctypes.POINTER(_abi.EntryInfo),
    "h3s_revocation_file *": ctypes.c_void_p,
    "h3s_revocation_file **": ctypes.POINTER(ctypes.c_void_p),
    "void *": ctypes.c_void_p,
    "h3s_config **": ctypes.POINTER(ctypes.c_void_p),
    "h3s_session **": ctypes.POINTER(ctypes.c_void_p),
    "h3s_str": _abi.Str,
    "h3s_str *": ctypes.POINTER(_abi.Str),
    "h3s_str **": ctypes.POINTER(ctypes.POINTER(_abi.Str)),
    "h3s_error *": ctypes.POINTER(_abi.Error),
    "h3s_request *": ctypes.POINTER(_abi.Request),
    "h3s_view *": ctypes.POINTER(_abi.View),
    "h3s_iter": _abi.Iter,
    "h3s_iter *": ctypes.POINTER(_abi.Iter),
    "uint32_t *": ctypes.POINTER(ctypes.c_uint32),
    "size_t *": ctypes.POINTER(ctypes.c_size_t),
    "int32_t *": ctypes.POINTER(ctypes.c_int32),
    "int64_t *": ctypes.POINTER(ctypes.c_int64),
    "double": ctypes.c_double,
    "double *": ctypes.POINTER(ctypes.c_double),
    "uint64_t": ctypes.c_uint64,
}


def c_type(text: str) -> Any:
    """Of a declaration such as `const struct h3s_str **list`."""
    text = re.sub(r"\b(const|struct)\b", " ", text)
    stars = "*" * text.count("*")
    name = text.replace("*", " ").split()[0]
    return TYPES[f"{name} {stars}".strip()]


def test_every_function_is_declared_as_in_the_header() -> None:
    declared = {}
    for result, name, arguments in re.findall(
        r"^((?:const |struct )*\w+ \**)(h3s_\w+)\(([^;{]*)\);", HEADER, re.MULTILINE
    ):
        listed = [] if arguments == "void" else [c_type(argument) for argument in arguments.split(",")]
        declared[name] = (c_type(result), listed)
    assert len(declared) == HEADER.count(");\n")
    assert declared == _abi.FUNCTIONS


@pytest.mark.parametrize(
    "name", ["counts", "entry_info", "error", "iter", "str", "request", "revocations_info", "view"]
)
def test_every_structure_is_declared_as_in_the_header(name: str) -> None:
    found = re.search(rf"typedef struct h3s_{name} \{{(.*?)\}}", HEADER, re.DOTALL)
    assert found
    declared = []
    for field in filter(None, (field.strip() for field in found[1].split(";"))):
        array = re.fullmatch(r"(\w+) (\w+)\[(\d+)\]", field)
        if array:
            one = ctypes.c_char if array[1] == "char" else c_type(array[1])
            declared.append((array[2], one * int(array[3])))
        else:
            declared.append((re.findall(r"\w+", field)[-1], c_type(field)))
    assert declared == getattr(_abi, name.title().replace("_", ""))._fields_


def test_every_number_is_that_of_the_header() -> None:
    numbers = {name: int(value) for name, value in re.findall(r"#define H3S_([A-Z_]+) (\d+)", HEADER)}
    assert len(numbers) > 25
    numbers = {name: value for name, value in numbers.items() if not name.startswith("VERSION_")}
    assert {name: getattr(_abi, name) for name in numbers} == numbers


def imported(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("H3S_LIBRARY", "H3S_PYTHON")}
    program = "import h3s; print(h3s._abi.slow._name)"
    return run([sys.executable, "-c", program], {**clean, "PYTHONPATH": str(SOURCE), **environment})


def test_the_package_and_the_library_are_of_one_version() -> None:
    assert _abi.fast.h3s_version().decode() == h3s.__version__


def test_a_missing_library_is_an_error_that_says_where_it_looked(elsewhere: Path) -> None:
    done = imported(PYTHONPATH=str(elsewhere))
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "LibraryError" in last and "not found" in last and "H3S_LIBRARY" in last and "make" in last
    assert str(elsewhere / "h3s/libh3s.so") in last and "libh3s.so.0" in last
    done = imported(H3S_LIBRARY=str(elsewhere / "nowhere.so"))
    assert "nowhere.so" in done.stderr and "libh3s.so.0" not in done.stderr


def test_a_library_that_is_there_and_cannot_be_loaded_is_not_said_to_be_missing(elsewhere: Path) -> None:
    beside = elsewhere / "h3s/libh3s.so"
    for text in (b"no library", b""):
        beside.write_bytes(text)
        for done in (imported(PYTHONPATH=str(elsewhere)), imported(H3S_LIBRARY=str(beside))):
            last = done.stderr.strip().splitlines()[-1]
            assert f"{beside} is there and cannot be loaded" in last and "not found" not in last
    # On the system, without the library that it needs itself.
    beside.unlink()
    source, other = elsewhere / "other.c", elsewhere / "lib/libh3s.so.0"
    other.parent.mkdir()
    source.write_text("int nothing;")
    needs = elsewhere / "libneeded.so"
    cc = ["cc", "-shared", "-fPIC", str(source), "-o"]
    subprocess.run([*cc, str(needs)], check=True, timeout=60)
    subprocess.run([*cc, str(other), "-Wl,--no-as-needed", str(needs)], check=True, timeout=60)
    needs.unlink()
    last = imported(PYTHONPATH=str(elsewhere), LD_LIBRARY_PATH=str(other.parent)).stderr.strip().splitlines()[-1]
    assert "cannot be loaded" in last and "libneeded.so" in last


def test_the_library_is_found_in_the_variable_then_beside_then_in_the_repository_then_on_the_system(
    elsewhere: Path,
) -> None:
    library = str(ROOT / "target/release/libh3s.so")
    assert imported(H3S_LIBRARY=library).stdout.strip() == library
    assert imported().stdout.strip() == str(ROOT / "target/lib/libh3s.so")
    assert imported(PYTHONPATH=str(elsewhere), LD_LIBRARY_PATH=str(ROOT / "target/lib")).stdout.strip() == "libh3s.so.0"
    # In a repository, what make leaves comes before what cargo alone has built.
    package = elsewhere / "bindings/python"
    shutil.copytree(elsewhere / "h3s", package / "src/h3s")
    (package / "build_library.py").touch()
    for folder in ("release", "lib"):
        place = elsewhere / "target" / folder / "libh3s.so"
        place.parent.mkdir(parents=True)
        shutil.copy(library, place)
        assert imported(PYTHONPATH=str(package / "src")).stdout.strip() == str(place)
    shutil.copy(library, elsewhere / "h3s/libh3s.so")
    assert imported(PYTHONPATH=str(elsewhere)).stdout.strip() == str(elsewhere / "h3s/libh3s.so")


def test_a_library_without_a_function_is_of_another_version(tmp_path: Path) -> None:
    source, other = tmp_path / "other.c", tmp_path / "other.so"
    source.write_text("unsigned h3s_abi_version(void) { return 0; }")
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(other)], check=True, timeout=60)
    assert "is of another version" in imported(H3S_LIBRARY=str(other)).stderr


def test_another_abi_version_is_refused(tmp_path: Path) -> None:
    source, other = tmp_path / "other.c", tmp_path / "other.so"
    source.write_text("unsigned h3s_abi_version(void) { return 7; }")
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(other)], check=True, timeout=60)
    done = imported(H3S_LIBRARY=str(other))
    assert "ABI version 7" in done.stderr and "LibraryError" in done.stderr
    source.write_text("int nothing;")
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(other)], check=True, timeout=60)
    assert "is not libh3s" in imported(H3S_LIBRARY=str(other)).stderr
