"""python -m h3s."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import h3s
import pytest

from conftest import PASSWORD, SOURCE, run


def cli(*arguments: str, stdin: str = "", password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    environment.pop("SESSION_PASSWORD", None)
    if password:
        environment["SESSION_PASSWORD"] = password
    return run([sys.executable, "-m", "h3s", *arguments], environment, stdin=stdin)


def test_passwords_are_new_and_long_enough() -> None:
    made = {cli("new-password", password="").stdout.strip() for _ in range(3)}
    assert len(made) == 3
    for password in made:
        assert h3s.Sessions(password=password).use().is_new


@pytest.mark.parametrize(
    ("format", "start"), [("h3s1", "h3s1."), ("h3-1", "Fe26.2*"), ("h3-2", "Fe26.2*"), ("fe26.2", "Fe26.2*")]
)
def test_seal_and_unseal(format: str, start: str) -> None:
    sealed = cli("seal", "--format", format, stdin='{"user": "Zoë"}')
    token = sealed.stdout.strip()
    assert token.startswith(start)
    for text in (token, f"Cookie: a=b; h3={token}\r\n", f"h3={token}"):
        shown = json.loads(cli("unseal", stdin=text).stdout)
        assert (
            shown["data"] == {"user": "Zoë"} and shown["created_at"].endswith("+00:00") and shown["expires_at"] is None
        )
    refused = cli("unseal", stdin=token, password=PASSWORD[::-1])
    assert refused.returncode == 1 and "bad_seal" in refused.stderr and not refused.stdout
    refused = cli("unseal", stdin=f"h3={token}x*", password=PASSWORD)
    assert refused.returncode == 1 and "rejected: " in refused.stderr


def test_no_argument_is_printed_as_it_may_be_a_password() -> None:
    for arguments in (
        ("explain", "--password", PASSWORD, "a=b"),
        ("seal", "--password", PASSWORD),
        ("unseal", "--pass", PASSWORD),
        ("unseal", f"--password={PASSWORD}"),
        ("seal", f"-p{PASSWORD}"),
        ("unseal", PASSWORD),
        (PASSWORD,),
        ("seal", "--format", PASSWORD),
    ):
        done = cli(*arguments, password="")
        assert done.returncode == 2 and "usage: " in done.stderr, done
        assert PASSWORD not in done.stderr + done.stdout, done
    assert "what is not known here: --password; see --help" in cli("seal", f"--password={PASSWORD}").stderr


def test_mistakes_at_the_command_line_are_said_in_a_line(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff" * 40)
    for done in (
        cli("seal", "--password-file", str(binary), stdin="{}"),
        cli("seal", stdin='{"a":' + "[" * 100_000),
        cli("unseal", stdin="x", password=""),
        cli("unseal", stdin="a=b"),
        cli("seal", stdin="[1]"),
        cli("seal", stdin="{"),
        cli("seal", "--options", str(tmp_path / "nowhere"), stdin="{}"),
        cli("seal", "--password-file", str(tmp_path / "nowhere"), stdin="{}"),
    ):
        assert done.returncode == 2 and done.stderr.startswith("h3s: ") and done.stderr.count("\n") == 1, done
        assert PASSWORD not in done.stderr


def test_options_and_password_files(tmp_path: Path) -> None:
    options, secret = tmp_path / "options.json", tmp_path / "secret"
    options.write_text(json.dumps({"password": PASSWORD, "name": "ours", "maxAge": 60}))
    secret.write_text(PASSWORD[::-1] + "\n")
    assert "ours" in cli("check", str(options), password="").stdout
    token = cli("seal", "--options", str(options), stdin="{}", password="").stdout
    assert json.loads(cli("unseal", "--options", str(options), stdin=token, password="").stdout)["expires_at"]
    other = cli("unseal", "--options", str(options), "--password-file", str(secret), stdin=token)
    assert other.returncode == 1 and "bad_seal" in other.stderr
    options.write_text('{"name": "ours"}')
    for done in (
        cli("check", str(options), password=""),
        cli("check", str(options), password=PASSWORD),
        cli("check", str(options), "--password-file", str(secret), password="short"),
    ):
        assert done.returncode == 0 and "ours" in done.stdout, done
    wrong = cli("check", str(options), password="short")
    assert wrong.returncode == 2 and "password" in wrong.stderr and "32" in wrong.stderr
    options.write_text('{"password": "short"}')
    wrong = cli("check", str(options), password="")
    assert wrong.returncode == 2 and "password" in wrong.stderr and "32" in wrong.stderr


def test_options_with_revocation_are_checked_and_used_without_a_store(tmp_path: Path) -> None:
    options = tmp_path / "options.json"
    for revocation in ({}, {"file": "/nowhere/here/revocations", "stale": "closed"}):
        options.write_text(json.dumps({"maxAge": 60, "revocation": revocation}))
        assert cli("check", str(options), password="").returncode == 0
        token = cli("seal", "--options", str(options), stdin="{}").stdout
        assert json.loads(cli("unseal", "--options", str(options), stdin=token).stdout)["data"] == {}
    options.write_text(json.dumps({"revocation": {}}))
    assert "maxAge" in cli("check", str(options), password="").stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"name": "__Host-session"}, "'_'"),
        ({"name": "a.b_c"}, "'_' or '.'"),
        ({"name": "__Host-session", "sessionHeader": "x-session"}, ""),
        ({"name": "__Host-session", "sessionHeader": False}, ""),
        ({}, ""),
    ],
)
def test_check_tells_of_a_session_header_that_servers_drop(tmp_path: Path, options: Any, told: str) -> None:
    file = tmp_path / "options.json"
    file.write_text(json.dumps({"password": PASSWORD, **options}))
    done = cli("check", str(file), password="")
    assert done.returncode == 0 and told in done.stderr and bool(told) == bool(done.stderr)
