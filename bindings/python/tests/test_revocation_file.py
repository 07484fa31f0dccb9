"""The processes of one machine share a file, and a stream is bridged to it."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import h3s
import pytest
from test_revocation import in_a_child

from conftest import PASSWORD, SOURCE, run
from stores import Server, logged_in, opened, server, until

__all__ = ["server"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "revocations"


def sharing(file: Path, **options: Any) -> h3s.Sessions:
    revocation: Any = {"subject": "/user/id", "file": file}
    return h3s.Sessions(password=PASSWORD, max_age=3600, revocation=revocation, **options)


@pytest.fixture
def options(file: Path, tmp_path: Path) -> Path:
    """An options file, without the password."""
    path = tmp_path / "options.json"
    path.write_text(json.dumps({"maxAge": 3600, "revocation": {"subject": "/user/id", "file": str(file)}}))
    return path


ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), *sys.path]), "SESSION_PASSWORD": PASSWORD}


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-m", "h3s", "revocations", *arguments], ENVIRONMENT)


@contextmanager
def following(at: Server, options: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "h3s", "revocations", "follow", at.url, "--options", str(options)]
    process = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)
        assert process.returncode == 0


# ---- The file ------------------------------------------------------------------------------------


def test_a_logout_is_refused_by_whoever_shares_the_file(file: Path) -> None:
    here, there = sharing(file), sharing(file)
    cookie = logged_in(here)
    here.get(cookie).revoke()
    assert here.get(cookie).rejection == "revoked"
    until(lambda: there.get(cookie).rejection == "revoked")
    assert sharing(file).get(cookie).rejection == "revoked"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_reads_and_writes_the_file(file: Path) -> None:
    sessions = sharing(file)
    cookies = [logged_in(sessions) for _ in range(2)]
    sessions.get(cookies[0]).revoke()

    def follows() -> bool:
        sessions.get(cookies[1]).revoke()
        return sharing(file).get(cookies[0]).rejection == "revoked"

    assert in_a_child(follows)
    until(lambda: sessions.get(cookies[1]).rejection == "revoked")


def test_a_file_that_was_deleted_comes_back_with_what_was_in_it(file: Path) -> None:
    sessions = sharing(file)
    cookie = logged_in(sessions)
    sessions.get(cookie).revoke()
    file.unlink()
    until(file.exists)
    assert sharing(file).get(cookie).rejection == "revoked"


def test_another_file_at_the_path_is_an_error_at_the_start_and_left_as_it_is(file: Path) -> None:
    file.write_text("something else\n")
    with pytest.raises(h3s.StoreError):
        sharing(file)
    assert file.read_text() == "something else\n"
    with pytest.raises(h3s.StoreError):
        sharing(file.parent / "nowhere" / "revocations")


def test_a_file_that_cannot_be_written_is_an_error_of_the_logout(file: Path) -> None:
    sessions = sharing(file)
    cookie = logged_in(sessions)
    file.mkdir()
    with pytest.raises(h3s.StoreError):
        sessions.get(cookie).revoke()
    assert sessions.get(cookie).source == "cookie"


# ---- The command line ----------------------------------------------------------------------------


def test_sessions_are_revoked_by_hand(file: Path, options: Path) -> None:
    sessions = sharing(file)
    one, two, three = (logged_in(sessions, user) for user in (1, 2, 3))
    moment = sessions.get(three).created_at
    until(lambda: sessions.use().created_at != moment)
    common = ["--options", str(options)]
    id_of_one, log_id = sessions.get(one).id, sessions.get(one).log_id
    assert cli("add", "session", id_of_one, *common).returncode == 0
    until(lambda: sessions.get(one).rejection == "revoked")
    assert cli("add", "subject", "2", *common).returncode == 0
    until(lambda: sessions.get(two).rejection == "revoked")
    assert sessions.get(three).rejection is None
    assert cli("add", "everybody", *common).returncode == 0
    until(lambda: sessions.get(three).rejection == "revoked")
    done = cli("list", *common)
    listed = done.stdout.splitlines()
    assert len(listed) == 3 and all(", until 20" in line and line.endswith(", key none") for line in listed)
    # No id, which is half a secret.
    assert listed[0].startswith(f"session of the log id {log_id}, until ")
    assert listed[1].startswith("subject '2', made before 20") and listed[2].startswith("everybody, made before 20")
    assert id_of_one not in done.stdout + done.stderr
    for wrong in (["add", "everybody", "all"], ["add", "session"], ["add", "session", "with space"]):
        done = cli(*wrong, *common)
        assert done.returncode == 2 and done.stderr.startswith("h3s: ") and done.stderr.count("\n") == 1


def test_a_list_is_no_way_to_write_to_the_terminal(file: Path, options: Path) -> None:
    sharing(file).revoke_subject("\x1b[2J\x9b\u202e\nZo\u00eb")
    listed = cli("list", "--options", str(options)).stdout.splitlines()
    assert len(listed) == 1 and listed[0].startswith(r"subject '\x1b[2J\x9b\u202e\nZo" + "\u00eb', made before ")


def test_what_an_entry_says_can_be_read(file: Path) -> None:
    sessions = sharing(file)
    revocations = sessions.revocations
    assert revocations is not None
    sessions.revoke_subject("ada", before=1_700_000_000)
    (line,) = file.read_text().splitlines()[1:]
    entry = revocations.read(line)
    assert (entry.kind, entry.whose) == ("subject", "ada") and entry.before is not None
    assert entry.before.timestamp() == 1_700_000_000 and entry.until > datetime.now(timezone.utc)
    for wrong in ("", "h3r1..x", line[:-1]):
        with pytest.raises(h3s.Rejected):
            revocations.read(wrong)


def test_a_list_tells_whose_entries_are_of_another_password(file: Path, options: Path) -> None:
    other = h3s.Sessions(password=PASSWORD[::-1], max_age=60, revocation={"file": str(file)})
    other.revoke_session("a")
    done = cli("list", "--options", str(options))
    assert "of another password or cookie" in done.stdout and PASSWORD not in done.stdout + done.stderr


def test_a_stream_is_listed_and_added_to(server: Server, options: Path) -> None:
    common = ["--options", str(options), "--server", server.url]
    assert cli("add", "session", "a", *common).returncode == 0
    assert len(cli("list", *common).stdout.splitlines()) == 1
    server.kill()
    for arguments in (["list"], ["add", "session", "a"]):
        done = cli(*arguments, *common)
        assert done.returncode == 2 and "h3s: " in done.stderr


def test_a_prefix_names_another_stream(server: Server, options: Path) -> None:
    common = ["--options", str(options), "--server", server.url]
    assert cli("add", "session", "a", "--prefix", "ours:", *common).returncode == 0
    assert server.client().xlen("ours:h3") == 1
    assert len(cli("list", "--prefix", "ours:", *common).stdout.splitlines()) == 1
    assert not cli("list", *common).stdout


# ---- The bridge ----------------------------------------------------------------------------------


def test_a_bridge_hands_on_what_is_revoked_in_both_directions(server: Server, file: Path, options: Path) -> None:
    by_file, by_stream = sharing(file), opened(server.store())
    before = [logged_in(by_file) for _ in range(2)]
    by_file.get(before[0]).revoke()
    by_stream.get(before[1]).revoke()
    with following(server, options):
        until(lambda: by_file.get(before[1]).rejection == by_stream.get(before[0]).rejection == "revoked")
        one, two = logged_in(by_file), logged_in(by_file)
        by_file.get(one).revoke()
        until(lambda: by_stream.get(one).rejection == "revoked")
        by_stream.get(two).revoke()
        until(lambda: by_file.get(two).rejection == "revoked")
        assert server.client().xlen("h3s:revocations:h3") == 4
    lines = file.read_text().count("\n")
    # Once more: nothing is written twice.
    with following(server, options):
        three = logged_in(by_file)
        by_stream.get(three).revoke()
        until(lambda: by_file.get(three).rejection == "revoked")
    assert server.client().xlen("h3s:revocations:h3") == 5 and file.read_text().count("\n") == lines + 1


def test_a_bridge_gives_back_to_a_server_what_that_has_lost(server: Server, file: Path, options: Path) -> None:
    by_file = sharing(file)
    cookie = logged_in(by_file)
    by_file.get(cookie).revoke()
    with following(server, options):
        until(lambda: server.client().xlen("h3s:revocations:h3") == 1)
        server.kill(with_data=True)
        server.start()
        until(lambda: server.client().xlen("h3s:revocations:h3") == 1)
    assert opened(server.store()).get(cookie).rejection == "revoked"


def test_a_bridge_gives_back_the_last_that_a_server_has_lost(server: Server, file: Path, options: Path) -> None:
    by_file = sharing(file)
    with following(server, options):
        by_file.revoke_session("a")
        until(lambda: server.client().xlen("h3s:revocations:h3") == 1)
        state = server.state()
        by_file.revoke_session("b")
        until(lambda: server.client().xlen("h3s:revocations:h3") == 2)
        server.go_back_to(state)
        # Whatever comes after the loss.
        by_file.revoke_session("c")
        until(lambda: server.client().xlen("h3s:revocations:h3") == 3)


def test_a_bridge_waits_for_a_server_that_is_not_there_yet(server: Server, file: Path, options: Path) -> None:
    by_file = sharing(file)
    by_file.revoke_session("a")
    server.kill()
    with following(server, options) as process:
        assert process.stderr is not None
        assert "not known here" in process.stderr.readline()
        server.start()
        until(lambda: server.client().xlen("h3s:revocations:h3") == 1)


def test_a_bridge_hands_on_nothing_that_the_password_does_not_open(server: Server, file: Path, options: Path) -> None:
    by_file = sharing(file)
    forged = opened(server.store(), password=PASSWORD[::-1])
    forged.revoke_session("a")
    server.client().xadd("h3s:revocations:h3", {"e": "h3r1..60.AAAA"})
    # An entry that is, with more behind it.
    opened(server.store()).revoke_session("b")
    (_, entry), *_ = server.client().xrevrange("h3s:revocations:h3", count=1)
    server.client().xadd("h3s:revocations:h3", {"e": entry[b"e"] + b"\njunk"})
    with following(server, options):
        real = opened(server.store())
        cookie = logged_in(real)
        real.get(cookie).revoke()
        until(lambda: by_file.get(cookie).rejection == "revoked")
    assert file.read_text().count("h3r1.") == 2


def test_a_bridge_needs_the_file_of_the_options(server: Server, tmp_path: Path) -> None:
    options = tmp_path / "options.json"
    options.write_text(json.dumps({"maxAge": 60, "revocation": {}}))
    done = cli("follow", server.url, "--options", str(options))
    assert done.returncode == 2 and "revocation.file" in done.stderr


def test_a_file_that_a_bridge_feeds_grows_stale_when_the_server_or_the_bridge_has_gone(
    server: Server, file: Path, options: Path
) -> None:
    revocation: Any = {"file": file, "max_stale": 1}
    sessions = h3s.Sessions(password=PASSWORD, max_age=3600, revocation=revocation)
    cookie = logged_in(sessions)
    with following(server, options):
        until(file.with_name(file.name + ".heard.h3").exists)
        until(lambda: not sessions.get(cookie).is_stale)
        server.freeze()
        until(lambda: sessions.get(cookie).is_stale)
        server.thaw()
        until(lambda: not sessions.get(cookie).is_stale)
    until(lambda: sessions.get(cookie).is_stale)


def test_a_bridge_of_one_cookie_says_nothing_of_another(server: Server, file: Path, options: Path) -> None:
    revocation: Any = {"file": file, "max_stale": 1}
    fed, other = (
        h3s.Sessions(password=PASSWORD, max_age=3600, revocation=revocation, name=name) for name in ("h3", "staff")
    )
    of_fed, of_other = logged_in(fed), logged_in(other)
    with following(server, options):
        until(file.with_name(file.name + ".heard.h3").exists)
    # Its bridge has gone, and the other never had one.
    until(lambda: fed.get(of_fed).is_stale)
    until(lambda: not other.get(of_other).is_stale)


def test_a_logout_fails_where_somebody_keeps_the_file_locked(file: Path) -> None:
    sessions = sharing(file)
    kept, cookie = logged_in(sessions), logged_in(sessions)
    sessions.get(kept).revoke()
    with file.open("rb") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        for _ in range(3):
            with pytest.raises(h3s.StoreError, match="locked"):
                sessions.get(cookie).revoke()
    assert sessions.get(cookie).source == "cookie"
    sessions.get(cookie).revoke()
    assert sharing(file).get(cookie).rejection == "revoked"


def test_a_bridge_fills_a_file_again_that_was_deleted(server: Server, file: Path, options: Path) -> None:
    with opened(server.store()) as by_stream, following(server, options):
        cookie = logged_in(by_stream)
        by_stream.get(cookie).revoke()
        until(lambda: file.exists() and "h3r1." in file.read_text())
        file.unlink()
        until(lambda: file.exists() and "h3r1." in file.read_text())
        assert sharing(file).get(cookie).rejection == "revoked"


def test_before_a_bridge_has_read_the_stream_nothing_was_heard(server: Server, file: Path, options: Path) -> None:
    heard = file.with_name(file.name + ".heard.h3")
    server.kill()
    with following(server, options):
        until(heard.exists)
        until(lambda: heard.stat().st_mtime == 0)
        server.start()
        until(lambda: heard.stat().st_mtime > 0)
