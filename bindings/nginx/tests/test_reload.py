"""`nginx -s reload` with another options file."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any

import httpx
import pytest
from conftest import FE26, MODULE, OPTIONS, PATIENCE, Nginx, cookie_with, opened, set_cookies, wait_until

OLD = "the old password, 32 characters or more"
NEW = "the new password, 32 characters or more"


def memory(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * 4


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("options", [OPTIONS, FE26], ids=["h3s1", "fe26.2"])
def test_a_new_password_under_load_fails_no_request_and_logs_nobody_out(
    nginx: Nginx, options: dict[str, Any], steps: int
) -> None:
    before = {**options, "password": {"k1": OLD}}
    known = {**options, "password": {"k1": OLD, "k2": NEW}}
    after = {**options, "password": {"k2": NEW, "k1": OLD}}
    nginx.start("location / { h3s use; return 200 $h3s_id; }", options=before, workers=2)
    stop = threading.Event()
    faults: list[str] = []
    counts = [0] * 3
    # Whose password sealed each visitor's latest cookie.
    kinds = ["k1"] * 3

    def visitor(number: int) -> None:
        cookie, id = cookie_with({"n": number}, before), ""
        while not stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=PATIENCE)
            try:
                connection.request("GET", "/", headers={"Cookie": cookie, "Connection": "close"})
                answer = connection.getresponse()
                found = answer.read().decode()
                # For some 100 ms old and new workers run side by side. An old one that does not
                # know the new password takes its cookie for another server's: it opens no session,
                # but leaves the cookie alone.
                if answer.status != 200 or found != (id or found) and not (steps == 1 and found == ""):
                    faults.append(f"{answer.status} {found} after {id}")
                id = found or id
                for value in answer.headers.get_all("Set-Cookie") or []:
                    cookie = value.split(";")[0]
                    kinds[number] = "k2" if cookie.startswith(("h3=h3s1.k2.", "h3=Fe26.2*k2*")) else cookie
                counts[number] += 1
            except OSError as error:
                faults.append(repr(error))
            finally:
                connection.close()

    threads = [threading.Thread(target=visitor, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: min(counts) > 20, "no load")
    if steps == 2:
        nginx.options(known)
        nginx.reload()
        wait_until(lambda: len(nginx.workers()) == 2, "the old workers stay")
    nginx.options(after)
    nginx.reload()
    wait_until(lambda: kinds == ["k2"] * 3, "no cookie came under the new password")
    for _ in range(3):
        nginx.reload()
    done = list(counts)
    wait_until(lambda: all(new > old + 20 for new, old in zip(counts, done)), "no load")
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert not faults, faults[:5]
    assert kinds == ["k2"] * 3


def test_a_broken_file_leaves_the_old_one_in_force(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("location / { h3s use; return 200 $h3s_id; }")
    id = client.get("/").text
    nginx.options('{"password": "short"}')
    assert nginx.process is not None
    assert nginx.command("-t").returncode == 1
    # The master says so as [emerg]; this one is wanted, so the log starts afresh.
    nginx.process.send_signal(1)
    wait_until(lambda: "h3s.json:1: password" in nginx.error_log(), "nothing is said")
    (nginx.folder / "error.log").write_text("")
    assert client.get("/").text == id


def test_a_reload_can_take_the_module_out_and_put_it_back(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("location / { h3s use; return 200 $h3s_id; }", options=FE26)
    file = nginx.folder / "nginx.conf"
    with_module = file.read_text()
    # Where it is built in, its directives.
    without = with_module.replace(f"load_module {MODULE};", "").replace("h3s use;", "").replace("$h3s_id", "[]")
    without = without.replace("h3s_config h3s.json;", "")
    id = client.get("/").text
    for _ in range(3):
        file.write_text(without)
        nginx.reload()
        wait_until(lambda: client.get("/").text == "[]", "the old workers go on")
        file.write_text(with_module)
        nginx.reload()
        wait_until(lambda: client.get("/").text == id, "the session is gone")


def test_reloads_give_back_the_memory_of_the_old_configuration(nginx: Nginx) -> None:
    nginx.start("location / { h3s use; return 200 $h3s_id; }", options=FE26)
    assert nginx.process is not None
    for _ in range(5):
        nginx.reload()
    before = memory(nginx.process.pid)
    for _ in range(20):
        nginx.reload()
    grown = memory(nginx.process.pid) - before
    # The key cache and the keys of 20 configurations would be more.
    assert grown < 20 * 40, f"{grown} KiB"


def test_sessions_slide_and_move_to_the_first_password_when_read(nginx: Nginx, client: httpx.Client) -> None:
    options = {**OPTIONS, "idleTimeout": 600, "password": {"k2": NEW, "k1": OLD}}
    nginx.start("location / { h3s get; return 200 $h3s_data_user; }", options=options)
    old = client.get("/", headers={"Cookie": cookie_with({"user": 1}, {**options, "password": {"k1": OLD}})})
    assert set_cookies(old)[0].startswith("h3=h3s1.k2.") and opened(old, options)["user"] == 1
    client.cookies.clear()
    slid = client.get("/", headers={"Cookie": cookie_with({"user": 1}, options, now=time.time() - 400)})
    assert len(set_cookies(slid)) == 1
    client.cookies.clear()
    assert not set_cookies(
        client.get("/", headers={"Cookie": cookie_with({"user": 1}, options, now=time.time() - 200)})
    )
