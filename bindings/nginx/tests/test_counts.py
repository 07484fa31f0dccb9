"""h3s_counts: what all workers have opened, made, refused and sealed, as Prometheus reads it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from conftest import FE26, OPTIONS, Nginx, cookie_of, cookie_with, opened, sessions, wait_until
from others import revoking
from prometheus_client.parser import text_string_to_metric_families
from test_fe26 import exhaust

PAGE = """
location = /metrics { h3s off; h3s_counts; }
location = /who { h3s get; return 200 "$pid $h3s_status"; }
location = /set { h3s use; h3s_set visits 1; return 200 set; }
location = /new { h3s use; h3s_rotate on; return 200 new; }
location = /out { h3s get; h3s_clear on; return 200 out; }
location = /plain { return 200 plain; }
"""
Figures = dict[str, float]


def figures(client: httpx.Client, config: str = "h3s.json") -> Figures:
    """What stands on the page of an options file, by name and label, without what is 0."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    found = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.type == "counter" and family.documentation
        for sample in family.samples:
            labels = dict(sample.labels)
            if os.path.basename(labels.pop("config")) == config and sample.value:
                name = sample.name.removeprefix("h3s_").removesuffix("_total")
                found[" ".join([name, *labels.values()])] = sample.value
    return found


def grown(client: httpx.Client, act: Callable[[], Any], config: str = "h3s.json") -> Figures:
    """By how much each figure has grown that has. A request is counted once it is logged."""
    before = figures(client, config)
    act()
    after: Figures = {}

    def is_still() -> bool:
        # Until two pages in a row say the same, and something has come at all.
        nonlocal after
        last, after = after, figures(client, config)
        return after == last != before

    wait_until(is_still, "nothing is counted")
    return {name: value - before.get(name, 0) for name, value in after.items() if value > before.get(name, 0)}


def test_each_thing_done_counts_under_its_own_name(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(PAGE)
    assert figures(client) == {}
    cookie = {"Cookie": cookie_with({"user": "Zoe"})}
    token = {"X-H3-Session": sessions().unseal(cookie["Cookie"].removeprefix("h3=")).seal()}
    forged = {"Cookie": "h3=h3s1..AAAA"}
    assert grown(client, lambda: client.get("/who")) == {"made": 1}
    assert grown(client, lambda: client.get("/who", headers=cookie)) == {"opened cookie": 1}
    assert grown(client, lambda: client.get("/who", headers=token)) == {"opened header": 1}
    assert grown(client, lambda: client.get("/who", headers=forged)) == {"made": 1, "refused malformed": 1}
    assert grown(client, lambda: client.get("/set", headers=cookie)) == {"opened cookie": 1, "sealed": 1}
    assert grown(client, lambda: client.get("/new", headers=cookie)) == {"opened cookie": 1, "rotated": 1, "sealed": 1}
    assert grown(client, lambda: client.get("/out", headers=cookie)) == {"opened cookie": 1, "ended clear": 1}


def test_a_request_without_a_session_is_not_counted(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(PAGE)
    for _ in range(3):
        client.get("/plain")
        client.get("/metrics")
    # What comes later is counted, so what came before would be.
    assert grown(client, lambda: client.get("/who")) == {"made": 1}


def test_all_workers_count_into_one_page(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(PAGE, workers=4)
    cookie = {"Cookie": cookie_with({"user": "Zoe"})}
    pids: set[str] = set()

    def visit() -> None:
        for _ in range(200):
            pids.add(client.get("/who", headers=cookie).text.split()[0])

    assert grown(client, visit) == {"opened cookie": 200}
    assert len(pids) > 1


def test_the_figures_outlive_a_reload_and_a_worker(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(PAGE, workers=2)
    cookie = {"Cookie": cookie_with({"user": "Zoe"})}
    for _ in range(20):
        client.get("/who", headers=cookie)
    wait_until(lambda: figures(client) == {"opened cookie": 20}, "not all are counted")
    nginx.reload()
    wait_until(lambda: len(nginx.workers()) == 2, "the old workers stay")
    assert figures(client) == {"opened cookie": 20}
    # One of them ends, as it would by a fault; the master starts another.
    former = nginx.workers()
    os.kill(former[0], signal.SIGTERM)
    wait_until(lambda: len(nginx.workers()) == 2 and nginx.workers() != former, "no worker takes its place")
    assert grown(client, lambda: client.get("/who", headers=cookie)) == {"opened cookie": 1}
    assert figures(client) == {"opened cookie": 21}


def test_each_options_file_has_its_own_figures(nginx: Nginx, client: httpx.Client, anyone: httpx.Client) -> None:
    former = {"k1": "the old password, 32 characters or more"}
    other = {**OPTIONS, "password": {"k2": "the new password, 32 characters or more", **former}}
    nginx.options(other, 'the "other".json')
    nginx.start(PAGE + "location = /other { h3s_config 'the \"other\".json'; h3s get; return 200 $h3s_status; }")
    cookie = {"Cookie": cookie_with({"user": "Zoe"}, {**OPTIONS, "password": former})}
    seen = grown(client, lambda: client.get("/other", headers=cookie), 'the "other".json')
    assert seen == {"opened cookie": 1, "opened_old_password": 1, "renewed password": 1, "sealed": 1}
    assert figures(client) == {}
    assert grown(client, lambda: anyone.get("/who", headers=cookie)) == {"made": 1, "refused unknown_key": 1}


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("\u00e9\u20ac.json".encode(), "\u00e9\u20ac.json"),
        (b"\xe9.json", r"\xe9.json"),
        (b"a\xed\xa0\x80.json", r"a\xed\xa0\x80.json"),
        (b"\xc3\xa9\xc3.json", r"\xc3\xa9\xc3.json"),
        (b"\xff" * 200 + b".json", r"\xff" * 200 + ".json"),
        (b'a\\ \t"b".json', 'a\\ \t"b".json'),
    ],
)
def test_the_page_is_utf8_whatever_a_file_is_called(
    nginx: Nginx, client: httpx.Client, name: bytes, label: str
) -> None:
    nginx.options(OPTIONS, os.fsdecode(name))
    nginx.options(OPTIONS)
    server = "h3s_config h3s.json; server { listen 127.0.0.1:PORT;" + PAGE + "location = /odd { h3s_config 'NAME'; } }"
    nginx.write(server)
    file = nginx.folder / "nginx.conf"
    quoted = name.replace(b"\\", b"\\\\")
    file.write_bytes(file.read_bytes().replace(b"NAME", quoted))
    nginx.run()
    page = client.get("/metrics").content.decode()
    families = list(text_string_to_metric_families(page))
    assert families
    for family in families:
        names = {os.path.basename(sample.labels["config"]) for sample in family.samples}
        assert names == {"h3s.json", label}


def test_a_request_counts_once_whatever_it_includes(nginx: Nginx, client: httpx.Client) -> None:
    parts = "".join(f'<!--#include virtual="{path}" -->' for path in ("/who", "/who?2", "/metrics", "/set"))
    (nginx.folder / "html/parts.html").write_text(parts)
    nginx.start(
        PAGE
        + "location = /parts.html { ssi on; ssi_types text/plain; h3s get; }"
        + "location = /gate { h3s get; h3s_require /user; try_files /page.txt =404; }"
        + "location = /auth { auth_request /gate; try_files /page.txt =404; }"
        + "location = /led { h3s get; error_page 404 = @other; return 404; }"
        + "location @other { h3s get; return 200 $h3s_status; }"
        + "location = /twice { mirror /who; h3s get; try_files /page.txt =404; }"
    )
    cookie = {"Cookie": cookie_with({"user": "Zoe"})}
    page = client.get("/parts.html", headers=cookie).text
    assert page.count("valid") == 2 and "# TYPE h3s_opened_total counter" in page
    for path in ("/parts.html", "/auth", "/led", "/twice"):

        def visit(path: str = path) -> None:
            assert client.get(path, headers=cookie).status_code == 200

        assert grown(client, visit) == {"opened cookie": 1}, path


def test_a_client_that_floods_counts_as_busy_and_a_wait_for_a_key_as_cold(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(PAGE + "location = /page.txt { h3s get; h3s_require /user; }", options=FE26)
    cookie = {"Cookie": cookie_with({"user": "Zoe"}, FE26)}
    assert grown(client, lambda: client.get("/who", headers=cookie)) == {"opened cookie": 1, "cold": 1}
    seen = grown(client, lambda: exhaust(nginx))
    assert seen["refused bad_seal"] >= 20 and seen["busy"] >= 1


def test_a_logout_for_good_counts_as_one(nginx: Nginx, client: httpx.Client) -> None:
    options = revoking(nginx.folder)
    zone = "h3s_revocations zone=sessions:256k;"
    nginx.start(PAGE + "location = /end { h3s get; h3s_revoke session; return 200 out; }", http=zone, options=options)
    cookie = {"Cookie": cookie_with({"user": "Zoe"})}
    assert grown(client, lambda: client.get("/end", headers=cookie)) == {"opened cookie": 1, "ended revoke": 1}
    assert grown(client, lambda: client.get("/who", headers=cookie)) == {"made": 1, "refused revoked": 1}


@pytest.mark.parametrize("order", [0, 1])
def test_a_zone_of_revocations_is_no_zone_of_counts(nginx: Nginx, order: int) -> None:
    # Of one name and size.
    nginx.options(revoking(nginx.folder))
    revocations = "h3s_revocations zone=h3s_counts:256k;"
    counts = "location = /metrics { h3s_counts; }"
    server = [f"{revocations} {counts}", f"{counts} {revocations}"][order]
    nginx.write(f"h3s_config h3s.json; server {{ listen 127.0.0.1:PORT; {server} }}")
    tested = nginx.command("-t")
    assert tested.returncode == 1
    assert 'the shared memory zone "h3s_counts" is already declared for a different use' in tested.stderr


def test_each_reason_for_a_refusal_has_a_line(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(PAGE)
    reasons = re.findall(
        r'^h3s_refused_total\{config="[^"]*",reason="(\w+)"\} 0$', client.get("/metrics").text, re.MULTILINE
    )
    assert reasons == list(sessions().counts().refused)


def test_the_page_is_only_read(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start(PAGE)
    page = client.get("/metrics")
    assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert int(page.headers["content-length"]) == len(page.content)
    head = client.head("/metrics")
    assert head.status_code == 200 and head.content == b""
    assert client.post("/metrics", content=b"a body").status_code == 405


def test_sessions_that_nobody_asks_about_are_counted_all_the_same(nginx: Nginx, client: httpx.Client) -> None:
    nginx.start("location = /metrics { h3s_counts; } location / { h3s use; h3s_set visits 1; return 200 set; }")
    answer = client.get("/")
    assert dict(opened(answer)) == {"visits": "1"}
    assert figures(client).keys() >= {"made", "sealed"}
    assert cookie_of(opened(answer)) == ""


@pytest.mark.parametrize("allowed", [True, False])
def test_a_location_with_the_page_has_access_checks_as_any_other(
    nginx: Nginx, client: httpx.Client, allowed: bool
) -> None:
    who = "127.0.0.1" if allowed else "192.0.2.1"
    nginx.start(f"location = /metrics {{ allow {who}; deny all; h3s_counts; }}")
    assert client.get("/metrics").status_code == (200 if allowed else 403)
