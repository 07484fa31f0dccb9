"""The zone of what is revoked: who keeps it up to date, what it outlives, and when it is stale."""

from __future__ import annotations

import fcntl
import http.client
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import OPTIONS, PATIENCE, Nginx, Upstream, cookie_of, cookie_with, sessions, set_cookies, wait_until
from others import Other, revoking, soon
from test_configuration import check
from test_reload import memory
from test_revocation import refused_soon, who

WHO = """
h3s get;
location = /who { return 200 "$h3s_status $h3s_data_user"; }
location = /out { h3s_revoke session; return 200 out; }
location = /pid { return 200 $pid; }
location = /figures {
    return 200 "$h3s_revocations_entries $h3s_revocations_room $h3s_revocations_missed $h3s_revocations_heard_at";
}
location = /stale { return 200 "[$h3s_stale] $h3s_status"; }
location = /page.txt { h3s_require /user; }
location /plain/ { proxy_pass http://UPSTREAM; }
"""
ZONE = "h3s_revocations zone=sessions:256k;"


def start(nginx: Nginx, workers: int = 1, zone: str = ZONE, **revocation: Any) -> Other:
    options = revoking(nginx.folder, **revocation)
    nginx.start(WHO, http=zone, options=options, workers=workers)
    return Other(options)


def revoke(other: Other, cookie: str) -> None:
    id = sessions().get(cookie).id
    assert id
    other.append(other.session(id))


def figures(client: httpx.Client) -> list[int]:
    return [int(number) for number in client.get("/figures").text.split()]


# ---- Who keeps it up to date ----


def test_what_is_revoked_is_known_before_the_first_request(nginx: Nginx, client: httpx.Client) -> None:
    options = revoking(nginx.folder, stale="closed")
    other, cookie = Other(options), cookie_with({"user": "Zoe"})
    revoke(other, cookie)
    nginx.start(WHO, http=ZONE, options=options)
    assert who(client, cookie) == "revoked" and figures(client)[0] == 1


def test_one_worker_reads_and_all_of_them_refuse(nginx: Nginx, client: httpx.Client) -> None:
    other = start(nginx, workers=4)
    for _ in range(3):
        cookie = cookie_with({"user": "Zoe"})
        revoke(other, cookie)
        refused_soon(client, cookie)
        assert {who(client, cookie) for _ in range(40)} == {"revoked"}
    assert the_reader(nginx)


def the_reader(nginx: Nginx) -> int:
    """The worker whose turn it is. One that was kept from it closes the file when it is back."""
    found: list[int] = []

    def is_one() -> bool:
        found[:] = readers(nginx)
        return len(found) == 1

    wait_until(is_one, "not one worker reads")
    return found[0]


def readers(nginx: Nginx) -> list[int]:
    """The workers that have the file open."""
    return [pid for pid in nginx.workers() if opens(pid)]


def opens(pid: int) -> bool:
    return any(os.path.basename(target(file)) == "revocations" for file in Path(f"/proc/{pid}/fd").iterdir())


def target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


@pytest.mark.parametrize("workers", [1, 3])
def test_where_the_worker_that_reads_is_killed_another_takes_its_turn(
    nginx: Nginx, client: httpx.Client, workers: int
) -> None:
    other = start(nginx, workers=workers)
    known = cookie_with({"user": "Zoe"})
    revoke(other, known)
    refused_soon(client, known)
    killed: set[int] = set()
    for _ in range(3):
        reader = the_reader(nginx)
        killed.add(reader)
        os.kill(reader, signal.SIGKILL)
        wait_until(lambda: len(set(nginx.workers()) - killed) == workers, "no new worker")
        assert who(client, known) == "revoked"
        cookie = cookie_with({"user": "Zoe"})
        revoke(other, cookie)
        refused_soon(client, cookie)
    # That is what the fixture looks for at the end, and is wanted here.
    log = nginx.folder / "error.log"
    log.write_text(log.read_text().replace("exited on signal 9", "was killed").replace("[alert]", "[killed]"))


def test_a_worker_that_hangs_loses_its_turn(nginx: Nginx) -> None:
    other = start(nginx, workers=2)
    cookie = cookie_with({"user": "Zoe"})
    revoke(other, cookie)
    reader = the_reader(nginx)
    os.kill(reader, signal.SIGSTOP)
    try:
        soon(lambda: set(readers(nginx)) - {reader} != set(), "nobody takes the turn")
    finally:
        os.kill(reader, signal.SIGCONT)
    assert the_reader(nginx)


def test_two_nginx_hear_of_each_other_s_logouts(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, tmp_path: Path
) -> None:
    other = start(nginx)
    (tmp_path / "second").mkdir()
    second = Nginx(tmp_path / "second", upstream)
    try:
        second.start(WHO, http=ZONE, options=revoking(nginx.folder))
        with httpx.Client(base_url=second.url) as there:
            for here, over_there in ((client, there), (there, client)):
                cookie = cookie_with({"user": "Zoe"})
                assert who(over_there, cookie) == "valid Zoe"
                assert here.get("/out", headers={"Cookie": cookie}).text == "out"
                here.cookies.clear()
                refused_soon(over_there, cookie)
                assert other.status(cookie) == "revoked"
    finally:
        second.stop()


# ---- What it outlives ----


def test_a_reload_keeps_the_table_even_where_the_file_is_gone(nginx: Nginx, client: httpx.Client) -> None:
    other = start(nginx, workers=2)
    cookie = cookie_with({"user": "Zoe"})
    assert client.get("/out", headers={"Cookie": cookie}).text == "out"
    client.cookies.clear()
    for turn in range(3):
        shared = nginx.folder / "shared"
        (shared / "revocations").write_bytes(b"")
        nginx.reload()
        wait_until(lambda: len(nginx.workers()) == 2, "the old workers stay")
        assert who(client, cookie) == "revoked", turn
    later = cookie_with({"user": "Ada"})
    revoke(other, later)
    refused_soon(client, later)


def test_a_zone_of_another_size_is_made_anew_from_the_file(nginx: Nginx, client: httpx.Client) -> None:
    start(nginx)
    cookie = cookie_with({"user": "Zoe"})
    assert client.get("/out", headers={"Cookie": cookie}).text == "out"
    client.cookies.clear()
    room = figures(client)[1]
    file = nginx.folder / "nginx.conf"
    file.write_text(file.read_text().replace("sessions:256k", "sessions:1m"))
    nginx.reload()
    wait_until(lambda: figures(client)[1] > room, "the old workers go on")
    assert who(client, cookie) == "revoked" and figures(client)[0] == 1


def test_workers_of_a_former_configuration_leave_the_file_to_the_new_ones(nginx: Nginx, client: httpx.Client) -> None:
    """One waits for a request that lasts, and knows no new password."""
    other = start(nginx)
    (old,) = nginx.workers()
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=PATIENCE)
    connection.putrequest("POST", "/plain/")
    connection.putheader("Content-Length", "4")
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    # It is this worker that has taken the request, and not one that comes after the reload.
    assert connection.sock.recv(100).startswith(b"HTTP/1.1 100 ")
    new = {**revoking(nginx.folder), "password": {"k2": "the new password, 32 characters or more"}}
    nginx.options(new)
    nginx.reload()
    wait_until(lambda: len(nginx.workers()) == 2, "the old worker does not wait")
    after = Other(new)
    for _ in range(3):
        cookie = cookie_with({"user": "Zoe"}, {**OPTIONS, "password": new["password"]})
        id = sessions({**OPTIONS, "password": new["password"]}).get(cookie).id
        assert id
        after.append(after.session(id))
        refused_soon(client, cookie)
    assert not opens(old) and old in nginx.workers()
    connection.send(b"abcd")
    assert connection.getresponse().status == 200
    connection.close()
    del other


def test_a_reload_that_fails_leaves_the_old_workers_at_it(nginx: Nginx, client: httpx.Client) -> None:
    other = start(nginx)
    file = nginx.folder / "nginx.conf"
    right = file.read_text()
    file.write_text(right.replace("listen 127", "listen 127.0.0.1:1 so_keepalive=nonsense; listen 127", 1))
    assert nginx.process is not None
    nginx.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "so_keepalive" in nginx.error_log(), "nothing is said")
    (nginx.folder / "error.log").write_text("")
    cookie = cookie_with({"user": "Zoe"})
    revoke(other, cookie)
    refused_soon(client, cookie)


def test_reloads_and_logouts_leave_the_memory_as_it_was(nginx: Nginx) -> None:
    start(nginx)
    assert nginx.process is not None
    # Each thread that reads the file takes memory of its own at first.
    file = nginx.folder / "nginx.conf"
    file.write_text(file.read_text().replace("events", "thread_pool default threads=1; events", 1))
    nginx.reload()
    wait_until(lambda: len(nginx.workers()) == 1, "the old worker stays")

    made = sessions()

    def load() -> int:
        (worker,) = nginx.workers()
        connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=PATIENCE)
        for _ in range(200):
            connection.request("GET", "/out", headers={"Cookie": cookie_of(made.use())})
            assert connection.getresponse().read() == b"out"
        connection.close()
        return memory(worker)

    sizes = [load() for _ in range(10)]
    assert min(sizes[8:]) - max(sizes[4:6]) < 400, sizes
    for _ in range(5):
        nginx.reload()
        wait_until(lambda: len(nginx.workers()) == 1, "the old worker stays")
    before = memory(nginx.process.pid)
    for _ in range(15):
        nginx.reload()
    assert memory(nginx.process.pid) - before < 15 * 40


# ---- The file's lock, and its length ----


@pytest.mark.parametrize("workers", [1, 2])
def test_who_keeps_the_file_locked_makes_logouts_fail_and_hangs_no_worker(
    nginx: Nginx, client: httpx.Client, workers: int
) -> None:
    other = start(nginx, workers=workers)
    known, cookie = cookie_with({"user": "Ada"}), cookie_with({"user": "Zoe"})
    revoke(other, known)
    with open(nginx.folder / "shared/revocations", "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # More than the workers could do if each logout waited, and the others meanwhile.
        for _ in range(50):
            out = client.get("/out", headers={"Cookie": cookie})
            assert out.status_code == 503 and not set_cookies(out)
            assert who(client, cookie) == "valid Zoe"
        # Who reads takes no lock.
        refused_soon(client, known)
    assert "what is revoked could not be made known" in nginx.error_log()
    assert "another process keeps it locked" in nginx.error_log()
    assert client.get("/out", headers={"Cookie": cookie}).text == "out"
    assert who(client, cookie) == "revoked" == other.status(cookie)


def test_the_worker_that_reads_the_file_compacts_it(nginx: Nginx, client: httpx.Client) -> None:
    other = start(nginx, workers=2)
    file = nginx.folder / "shared/revocations"
    entries = b"\n".join(other.session(f"id-{number}") for number in range(300))
    other.append(entries)
    made = file.stat().st_ino
    other.append(entries)
    assert file.stat().st_ino == made, "it was compacted by an append"
    wait_until(lambda: file.stat().st_ino != made, "it is not compacted")
    assert file.read_bytes().count(b"h3r1.") == 300
    assert sorted(file.parent.iterdir()) == [file]
    for _ in range(2):
        cookie = cookie_with({"user": "Zoe"})
        assert client.get("/out", headers={"Cookie": cookie}).text == "out"
        client.cookies.clear()
        assert who(client, cookie) == "revoked" == other.status(cookie)
    later = cookie_with({"user": "Ada"})
    revoke(other, later)
    refused_soon(client, later)
    assert figures(client)[0] == 303


# ---- Stale ----


@pytest.mark.parametrize("workers", [1, 2])
def test_where_the_file_cannot_be_read_open_goes_on_and_says_so(
    nginx: Nginx, client: httpx.Client, workers: int
) -> None:
    start(nginx, workers=workers, stale="open", maxStale=1)
    cookie, out = (cookie_with({"user": "Zoe"}) for _ in range(2))
    client.get("/out", headers={"Cookie": out})
    client.cookies.clear()
    headers = {"Cookie": cookie}
    assert client.get("/stale", headers=headers).text == "[] valid"
    shared, away = nginx.folder / "shared", nginx.folder / "away"
    shared.rename(away)
    wait_until(lambda: client.get("/stale", headers=headers).text == "[1] valid", "it does not grow stale")
    assert client.get("/page.txt", headers=headers).status_code == 200
    assert who(client, out) == "revoked", "what is known is refused all the same"
    failures = nginx.error_log().count("what is revoked cannot be read from")
    assert 1 <= failures <= workers and "[error]" in nginx.error_log()
    away.rename(shared)
    wait_until(lambda: client.get("/stale", headers=headers).text == "[] valid", "it stays stale")
    assert "is read again from" in nginx.error_log()


def test_where_the_file_cannot_be_read_closed_answers_503_and_touches_no_cookie(
    nginx: Nginx, client: httpx.Client
) -> None:
    start(nginx, stale="closed", maxStale=1)
    headers = {"Cookie": cookie_with({"user": "Zoe"})}
    assert client.get("/page.txt", headers=headers).status_code == 200
    shared, away = nginx.folder / "shared", nginx.folder / "away"
    shared.rename(away)
    wait_until(lambda: client.get("/page.txt", headers=headers).status_code == 503, "it does not grow stale")
    for path in ("/page.txt", "/out", "/plain/"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 503 and answer.headers["retry-after"] and not set_cookies(answer), path
        assert client.get(path).status_code == {"/page.txt": 401, "/out": 200, "/plain/": 200}[path]
    assert client.get("/stale", headers=headers).text == "[1] stale" and client.get("/stale").text == "[1] none"
    assert not set_cookies(client.get("/stale", headers=headers))
    assert "no session could be opened: " in nginx.error_log()
    away.rename(shared)
    wait_until(lambda: client.get("/page.txt", headers=headers).status_code == 200, "it stays stale")


@pytest.mark.parametrize(("cookie", "stale"), [("h3", "[1]"), ("other", "[]")])
def test_a_bridge_of_one_cookie_says_nothing_of_another(
    nginx: Nginx, client: httpx.Client, cookie: str, stale: str
) -> None:
    options = revoking(nginx.folder, maxStale=1)
    (nginx.folder / f"shared/revocations.heard.{cookie}").touch()
    os.utime(nginx.folder / f"shared/revocations.heard.{cookie}", (1, 1))
    nginx.start(WHO, http=ZONE, options=options)
    headers = {"Cookie": cookie_with({"user": "Zoe"})}
    assert client.get("/stale", headers=headers).text == f"{stale} valid"


def test_a_foreign_file_in_its_place_is_no_word_from_anybody(nginx: Nginx, client: httpx.Client) -> None:
    other = start(nginx, maxStale=1)
    headers = {"Cookie": cookie_with({"user": "Zoe"})}
    file = nginx.folder / "shared/revocations"
    revoke(other, cookie_with({}))
    file.rename(nginx.folder / "kept")
    file.write_text("somebody's notes\n")
    wait_until(lambda: client.get("/stale", headers=headers).text == "[1] valid", "it does not grow stale")
    assert file.read_text() == "somebody's notes\n"
    (nginx.folder / "kept").replace(file)
    wait_until(lambda: client.get("/stale", headers=headers).text == "[] valid", "it stays stale")


@pytest.mark.skipif(os.getuid() != 0, reason="needs to be root, so that the workers are not")
def test_a_worker_that_may_not_write_the_file_says_so_at_the_start_and_at_the_logout(
    nginx: Nginx, client: httpx.Client
) -> None:
    options = revoking(nginx.folder)
    other = Other(options)
    revoke(other, cookie_with({}))
    nginx.options(options)
    nginx.write(f"h3s_config h3s.json; {ZONE} server {{ listen 127.0.0.1:PORT; root FOLDER/html; {WHO} }}", workers=2)
    conf = nginx.folder / "nginx.conf"
    conf.write_text(conf.read_text().replace("user root;", "user nobody nogroup;"))
    for folder in (nginx.folder, *nginx.folder.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o711)
    shared = nginx.folder / "shared"
    shared.chmod(0o755)
    (shared / "revocations").chmod(0o644)
    nginx.run()
    told = f'no logout can be made known, so each will be a 503: the workers may not write to the folder "{shared}"'
    wait_until(lambda: told in nginx.error_log(), "the start says nothing")
    # A request to each of the two, and so none is still at its start.
    wait_until(lambda: len({client.get("/pid").text for _ in range(20)}) == 2, "one worker serves all")
    assert nginx.error_log().count("no logout can be made known") == 1
    cookie = cookie_with({"user": "Zoe"})
    assert client.get("/out", headers={"Cookie": cookie}).status_code == 503
    assert "what is revoked could not be made known" in nginx.error_log() and "ermission" in nginx.error_log()
    assert who(client, cookie) == "valid Zoe"
    revoke(other, cookie)
    refused_soon(client, cookie)


# ---- What `nginx -t` says ----


@pytest.mark.parametrize(
    ("revocation", "http", "said"),
    [
        ({}, "", '"h3s" needs "h3s_revocations", such as "h3s_revocations zone=sessions:1m"'),
        ({}, "h3s_revocations off;", '"h3s" needs "h3s_revocations"'),
        ({"file": None}, "h3s_revocations zone=a:1m;", '"h3s_revocations" needs a file: give its path before the zone'),
        ({"file": "/none/x"}, "h3s_revocations zone=a:1m;", "cannot find the folder of the file"),
        ({}, "h3s_revocations html zone=a:1m;", "no regular file"),
        ({}, "h3s_revocations zone=a;", '"zone=a" is no zone'),
        ({}, "h3s_revocations zone=:1m;", '"zone=:1m" is no zone'),
        ({}, "h3s_revocations zone=a:1k;", '"zone=a:1k" is no zone of 32768 bytes at least'),
        ({}, "h3s_revocations zone=a:much;", "is no zone"),
        ({}, "h3s_revocations /some/path;", '"/some/path" is no zone'),
        ({}, "h3s_revocations zone=a:1m; h3s_revocations zone=b:1m;", '"h3s_revocations" directive is duplicate'),
        ({"subject": None}, "h3s_revocations zone=a:1m; h3s_revoke subject;", '"h3s_revoke subject": revocation.subject'),
        ({}, "h3s_revocations zone=a:1m; h3s_revoke on;", 'invalid value "on"'),
        ({}, "h3s_revocations zone=a:1m; h3s_revoke session; h3s_set a b;", '"h3s_set" and "h3s_revoke" contradict each other'),
        ({}, "h3s_revocations zone=a:1m; h3s_revoke session; h3s_rotate on;", '"h3s_rotate" and "h3s_revoke" contradict'),
    ],
)  # fmt: skip
def test_wrong_revocations_are_named_with_the_remedy(
    nginx: Nginx, revocation: dict[str, Any], http: str, said: str
) -> None:
    options = revoking(nginx.folder, **revocation)
    for key in [key for key, value in options["revocation"].items() if value is None]:
        del options["revocation"][key]
    nginx.options(options)
    output = check(nginx, f"h3s_config h3s.json;\nh3s get; {http}\nserver {{ listen 127.0.0.1:PORT; }}")
    assert "[emerg]" in output and said in output and "nginx.conf:" in output, output


@pytest.mark.parametrize(
    ("http", "said"),
    [
        ("h3s get; h3s_revocations zone=a:1m;", 'add "revocation": {} to'),
        ("h3s get; h3s_revoke session;", '"h3s_revoke" needs "h3s_revocations", and "revocation" in the options'),
        ("h3s_revoke session;", '"h3s_revoke" needs "h3s get" or "h3s use"'),
    ],
)
def test_options_without_revocation_are_named_with_the_remedy(nginx: Nginx, http: str, said: str) -> None:
    output = check(nginx, f"h3s_config h3s.json;\n{http}\nserver {{ listen 127.0.0.1:PORT; }}")
    assert "[emerg]" in output and said in output and "nginx.conf:" in output, output


def test_a_zone_is_that_of_one_options_file(nginx: Nginx) -> None:
    options = revoking(nginx.folder)
    nginx.options(options)
    nginx.options({**options, "name": "other"}, "other.json")
    server = "server { listen 127.0.0.1:PORT; h3s get; h3s_config %s; h3s_revocations %s; }"

    def said(*pairs: tuple[str, str]) -> str:
        return check(nginx, "\n".join(server % pair for pair in pairs))

    assert "successful" in said(("h3s.json", "zone=a:1m"), ("h3s.json", "zone=a:1m"), ("other.json", "zone=b:1m"))
    assert "need a zone of their own" in said(("h3s.json", "zone=a:1m"), ("other.json", "zone=a:1m"))
    assert "need a zone of their own" in said(("h3s.json", "zone=a:1m"), ("h3s.json", "zone=b:1m"))
    assert "is another file's already" in said(("h3s.json", "zone=a:1m"), ("h3s.json", "/tmp/x zone=a:1m"))


def test_a_path_in_the_configuration_goes_before_that_of_the_options(nginx: Nginx, client: httpx.Client) -> None:
    options = revoking(nginx.folder)
    elsewhere = nginx.folder / "shared/elsewhere"
    nginx.start(WHO, http="h3s_revocations shared/elsewhere zone=sessions:256k;", options=options)
    cookie = cookie_with({"user": "Zoe"})
    assert client.get("/out", headers={"Cookie": cookie}).text == "out"
    assert elsewhere.exists() and not (nginx.folder / "shared/revocations").exists()
    assert Other({**options, "revocation": {"file": str(elsewhere)}}).status(cookie) == "revoked"


def test_what_is_left_out_where_no_session_is_needs_nothing(nginx: Nginx) -> None:
    nginx.options(revoking(nginx.folder))
    http = "h3s_config h3s.json; server { listen 127.0.0.1:PORT; } "
    assert "successful" in check(nginx, http)
    assert "successful" in check(nginx, http + ZONE)
    lifetime = "h3s_lifetime 1h; h3s_set a b; h3s_rotate on;"
    assert "successful" in check(nginx, f"h3s_config h3s.json; {ZONE} server {{ h3s get; {lifetime} }}")


def test_the_figures_tell_of_the_zone(nginx: Nginx, client: httpx.Client) -> None:
    other = start(nginx)
    entries, room, missed, heard_at = figures(client)
    assert entries == missed == 0 and room >= 2048 and abs(time.time() * 1000 - heard_at) < 60_000
    for _ in range(5):
        revoke(other, cookie_with({}))
    soon(lambda: figures(client)[0] == 5, "the entries are not counted")
    assert figures(client)[3] > heard_at
