"""pip builds the library into a wheel, and the wheel needs neither Rust nor this tree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from conftest import run

PACKAGE = Path(__file__).resolve().parents[1]
CARGO_TARGET = PACKAGE.parents[1] / "target"
#: Of the package that is built, where what the extension needs is there, and where it is not.
WAYS = ("extension", "ctypes") if Path(sysconfig.get_path("include"), "Python.h").is_file() else ("ctypes",)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "-w",
            str(folder),
            str(PACKAGE),
        ],
        env={**os.environ, "CARGO_TARGET_DIR": str(CARGO_TARGET)},
        check=True,
        timeout=900,
    )
    (made,) = folder.iterdir()
    return made


def test_the_wheel_is_for_this_platform_and_any_python_3(wheel: Path) -> None:
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    assert wheel.name.endswith(f"-py3-none-{platform}.whl")


def test_a_source_distribution_has_what_the_build_script_reads() -> None:
    root = PACKAGE.parents[1]
    read = [name for name in re.findall(r'"([^"\n]+)"', (root / "build.rs").read_text()) if (root / name).exists()]
    packed = re.findall(r'(?m)^"\.\./\.\./(.+)" = "crate/\1"$', (PACKAGE / "pyproject.toml").read_text())
    assert {"docs/OPTIONS.md", "cbindgen.toml", "src/ffi.rs"} <= set(read)
    assert [name for name in read if name not in packed and name.split("/")[0] not in packed] == []


def test_pyright_agrees_with_mypy() -> None:
    # mypy, which the linters run, reads tests/typed.py as well.
    pyright = PACKAGE.parents[1] / "tests/interop/node_modules/pyright/index.js"
    done = run(["node", str(pyright), "--pythonpath", sys.executable, "-p", str(PACKAGE)], dict(os.environ))
    assert done.returncode == 0 and "0 errors" in done.stdout, done.stdout


def test_an_install_for_development_works_on_the_tree(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv/bin/python")
    environment = {name: value for name, value in os.environ.items() if name not in ("H3S_LIBRARY", "PYTHONPATH")}
    command = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "-e",
        str(PACKAGE),
    ]
    subprocess.run(command, env=environment, check=True, timeout=900)
    program = "import h3s; print(h3s.__file__, h3s._abi.slow._name, h3s.backend()); h3s.Sessions(password='x' * 32)"
    done = run([python, "-c", program], {**environment, "H3S_PYTHON": WAYS[0]}, folder=tmp_path)
    library = PACKAGE.parents[1] / "target/lib/libh3s.so"
    assert done.stdout.split() == [str(PACKAGE / "src/h3s/__init__.py"), str(library), WAYS[0]], done.stderr


def test_the_wheel_works_where_there_is_no_rust(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    environment = {"PATH": str(tmp_path / "venv/bin"), "HOME": str(tmp_path)}
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", str(wheel)]
    subprocess.run(install, env=environment, check=True, timeout=300)
    program = (
        "import h3s, pathlib, shutil\n"
        "assert shutil.which('cargo') is None\n"
        "assert pathlib.Path(h3s._abi.slow._name).parent == pathlib.Path(h3s.__file__).parent\n"
        "assert pathlib.Path(h3s.__file__).with_name('py.typed').exists()\n"
        "session = h3s.Sessions(password='x' * 32).use()\n"
        "session['a'] = 1\n"
        "print(len(session.set_cookies()), h3s.backend())\n"
    )
    for way in WAYS:
        done = run([str(python), "-c", program], {**environment, "H3S_PYTHON": way}, folder=tmp_path)
        assert done.stdout == f"1 {way}\n", done.stderr


@pytest.mark.parametrize("lacking", [{"CC": "no-such-compiler"}, {"CFLAGS": "-DPyMODINIT_FUNC=%"}])
def test_without_a_compiler_the_wheel_has_no_extension_and_the_build_says_so(
    tmp_path: Path, lacking: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--verbose", "--disable-pip-version-check", "--no-deps"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(CARGO_TARGET), **lacking}
    done = run([*command, "-w", str(tmp_path), str(PACKAGE)], environment)
    assert done.returncode == 0 and "h3s goes by ctypes, which is slower, since " in done.stdout + done.stderr
    (made,) = tmp_path.iterdir()
    names = zipfile.ZipFile(made).namelist()
    assert "h3s/libh3s.so" in names and not [name for name in names if "_extension" in name]
