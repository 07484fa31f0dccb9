"""Logging out for good: what nginx revokes and refuses, and what becomes of a logout that fails."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest
from conftest import (
    FE26,
    OPTIONS,
    PATIENCE,
    Nginx,
    Upstream,
    cookie_with,
    opened,
    sessions,
    set_cookies,
    value_of,
    visitor,
    wait_until,
)  # fmt: skip
from others import Other, revoking, soon
from test_races import PARALLEL, ROUNDS

ZONE = "h3s_revocations zone=sessions:256k;"
LOCATIONS = """
h3s get;
location = /who { return 200 "$h3s_status $h3s_data_user"; }
location = /page.txt { h3s_require /user; }
location = /logout { h3s_revoke session; return 303 /; }
location = /logout-everywhere { h3s_revoke subject; return 303 /; }
location = /rotate { h3s_rotate on; return 200 rotated; }
location / { h3s_upstream on; proxy_pass http://UPSTREAM; }
location /plain/ { proxy_pass http://UPSTREAM; }
"""


def start(nginx: Nginx, locations: str = LOCATIONS, **options: Any) -> Other:
    options = {**revoking(nginx.folder), **options}
    nginx.start(locations, http=ZONE, options=options)
    return Other(options)


def who(client: httpx.Client, cookie: str) -> str:
    return client.get("/who", headers={"Cookie": cookie}).text.strip()


def refused_soon(client: httpx.Client, cookie: str) -> None:
    """Within the second that a logout of another process may take."""
    soon(lambda: who(client, cookie) == "revoked", "nginx does not hear of the logout")


def jar(response: httpx.Response) -> str:
    """The cookies that a response leaves of the session."""
    return "; ".join(value.split(";")[0] for value in set_cookies(response) if "Max-Age=0" not in value)


@pytest.mark.parametrize("options", [OPTIONS, FE26], ids=["h3s1", "fe26.2"])
def test_a_copied_cookie_is_refused_after_the_logout(
    nginx: Nginx, client: httpx.Client, options: dict[str, Any]
) -> None:
    other = start(nginx, **options)
    cookie, same_user = (cookie_with({"user": "Zoe"}, options) for _ in range(2))
    assert who(client, cookie) == "valid Zoe" == who(client, same_user)
    logout = client.get("/logout", headers={"Cookie": cookie})
    assert logout.status_code == 303 and set_cookies(logout)[0].startswith("h3=;")
    assert who(client, cookie) == "revoked"
    assert client.get("/page.txt", headers={"Cookie": cookie}).status_code == 401
    assert other.status(cookie) == "revoked"
    assert who(client, same_user) == "valid Zoe" and other.status(same_user) == "valid"


def test_a_logout_of_another_process_is_heeded_within_a_second(nginx: Nginx, client: httpx.Client) -> None:
    other = start(nginx)
    cookie = cookie_with({"user": "Zoe"})
    assert client.get("/page.txt", headers={"Cookie": cookie}).status_code == 200
    id = sessions().get(cookie).id
    assert id
    other.append(other.session(id))
    refused_soon(client, cookie)
    refused = client.get("/page.txt", headers={"Cookie": cookie})
    assert refused.status_code == 401 and not set_cookies(refused)
    assert '"h3s_require", session: revoked' in nginx.error_log()


def test_all_sessions_of_a_user_end_at_once(nginx: Nginx, client: httpx.Client) -> None:
    other = start(nginx)
    # Who logs in at the very millisecond is let in.
    cookies = [cookie_with({"user": "Zoe", "n": n}, now=time.time() - 1) for n in range(3)]
    stranger = cookie_with({"user": "Ada"})
    logout = client.get("/logout-everywhere", headers={"Cookie": cookies[0]})
    assert logout.status_code == 303 and "Max-Age=0" in set_cookies(logout)[0]
    assert [who(client, cookie) for cookie in (*cookies, stranger)] == ["revoked"] * 3 + ["valid Ada"]
    assert [other.status(cookie) for cookie in (*cookies, stranger)] == ["revoked"] * 3 + ["valid"]
    later = cookie_with({"user": "Zoe"}, now=time.time() + 1)
    assert who(client, later) == "valid Zoe"
    assert "alone was revoked" not in nginx.error_log()


def test_a_session_without_a_subject_is_revoked_alone_and_the_log_says_so(nginx: Nginx, client: httpx.Client) -> None:
    start(nginx)
    cookie = cookie_with({"cart": [1]})
    assert client.get("/logout-everywhere", headers={"Cookie": cookie}).status_code == 303
    assert who(client, cookie) == "revoked"
    assert "the session alone was revoked, and no other of its subject" in nginx.error_log()
    # Who has none has nothing to be revoked.
    assert client.get("/logout-everywhere").status_code == 303
    assert nginx.error_log().count("alone was revoked") == 1


def test_a_rotation_leaves_nothing_of_the_former_id(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    upstream.answer("/login", ("X-Session-Rotate", "1"))
    other = start(nginx)
    for path in ("/rotate", "/login"):
        before = cookie_with({"user": "Zoe"})
        rotated = client.get(path, headers={"Cookie": before})
        client.cookies.clear()
        assert rotated.status_code == 200
        assert who(client, before) == "revoked" == other.status(before)
        assert who(client, jar(rotated)) == "valid Zoe" and other.status(jar(rotated)) == "valid"


@pytest.mark.parametrize("what", ["session", "subject"])
@pytest.mark.parametrize(
    "beside",
    [
        [],
        [("X-Session-Update", '{"user":null}')],
        [("X-Session-Clear", "1")],
        [("X-Session-Rotate", "1")],
        [("Set-Cookie", "h3=; Path=/; HttpOnly")],  # h3's own logout
    ],
)
def test_an_upstream_revokes_by_a_header(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, what: str, beside: list[tuple[str, str]]
) -> None:
    upstream.answer("/out", ("X-Session-Revoke", what), *beside)
    other = start(nginx)
    cookie, same_user = (cookie_with({"user": "Zoe"}, now=time.time() - 1) for _ in range(2))
    out = client.get("/out", headers={"Cookie": cookie})
    assert out.status_code == 200 and out.text == "answered"
    assert not [name for name in out.headers if "session" in name.lower()]
    # An update beside it begins another session.
    session = opened(out) if jar(out) else None
    assert bool(session) == (beside[:1] == [("X-Session-Update", '{"user":null}')])
    client.cookies.clear()
    expected = "revoked" if what == "subject" else "valid"
    assert who(client, cookie) == "revoked" == other.status(cookie)
    assert who(client, same_user).split()[0] == expected == other.status(same_user)


@pytest.mark.parametrize(
    "header", [("X-Session-Clear", "1"), ("X-Session-Update", '{"user":null}'), ("X-Session-Rotate", "1")]
)
def test_what_the_upstream_does_to_the_session_keeps_no_location_from_revoking_it(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, header: tuple[str, str]
) -> None:
    upstream.answer("/out", header)
    other = start(
        nginx,
        LOCATIONS + "location = /out { h3s_upstream on; h3s_revoke subject; proxy_pass http://UPSTREAM; }",
    )
    cookie, same_user = (cookie_with({"user": "Zoe"}, now=time.time() - 1) for _ in range(2))
    out = client.get("/out", headers={"Cookie": cookie})
    assert out.status_code == 200 and not jar(out)
    assert [who(client, each) for each in (cookie, same_user)] == ["revoked"] * 2
    assert [other.status(each) for each in (cookie, same_user)] == ["revoked"] * 2


@pytest.mark.parametrize("value", ["1", "yes", "", "Session"])
def test_a_header_that_says_nothing_is_a_bad_gateway(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, value: str
) -> None:
    upstream.answer("/out", ("X-Session-Revoke", value))
    start(nginx)
    cookie = cookie_with({"user": "Zoe"})
    out = client.get("/out", headers={"Cookie": cookie})
    assert out.status_code == 502 and not set_cookies(out)
    assert 'upstream sent "X-Session-Revoke" with a value' in nginx.error_log()
    assert who(client, cookie) == "valid Zoe"


def test_an_upstream_cannot_revoke_where_the_options_do_not(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    upstream.answer("/out", ("X-Session-Revoke", "session"))
    nginx.start("h3s get; location / { h3s_upstream on; proxy_pass http://UPSTREAM; }")
    assert client.get("/out", headers={"Cookie": cookie_with({"user": 1})}).status_code == 502
    assert 'the options have no "revocation"' in nginx.error_log()


def test_an_upstream_s_logout_counts_even_where_nginx_does_not_pass_its_response_on(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    upstream.answer("/away", ("X-Session-Revoke", "session"), ("X-Accel-Redirect", "/page-of-all.txt"))
    upstream.answer("/broken", ("X-Session-Revoke", "session"), status=500)
    upstream.answer("/check", ("X-Session-Revoke", "session"), status=204)
    (nginx.folder / "html/page-of-all.txt").write_text("a page\n")
    other = start(
        nginx,
        LOCATIONS
        + """
        location = /page-of-all.txt { }
        location = /broken {
            h3s_upstream on; proxy_intercept_errors on; error_page 500 =200 /page-of-all.txt;
            proxy_pass http://UPSTREAM;
        }
        location = /checked { auth_request /check; try_files /page.txt =404; }
        """,
    )
    paths = ["/away", "/broken", "/checked"]
    for path in paths:
        cookie = cookie_with({"user": "Zoe"})
        answer = client.get(path, headers={"Cookie": cookie})
        assert (answer.status_code, answer.text) == (200, "a page\n"), path
        assert "Max-Age=0" in set_cookies(answer)[0], path
        assert who(client, cookie) == "revoked" == other.status(cookie), path


def test_a_logout_revokes_wherever_it_leads(nginx: Nginx, client: httpx.Client) -> None:
    other = start(
        nginx,
        """
        h3s get;
        location = /who { return 200 "$h3s_status $h3s_data_user"; }
        location = /tried { h3s_revoke session; try_files /none /page.txt; }
        location = /missing { h3s_revoke session; error_page 404 =200 /page.txt; }
        location = /rewritten { h3s_revoke session; rewrite ^ /page.txt last; }
        location = /deleted { h3s_clear on; try_files /none /tried; }
        location = /set { h3s_set user Ada; try_files /none /tried; }
        location = /rotated { h3s_rotate on; try_files /none /tried; }
        location = /both { h3s_clear on; h3s_revoke session; return 200; }
        location = /failed { h3s_revoke session; return 404; }
        location = /refused { h3s_revoke session; deny all; try_files /page.txt =404; }
        location = /page.txt { }
        """,
    )
    for path in ("/tried", "/missing", "/rewritten", "/deleted", "/set", "/rotated", "/both"):
        cookie = cookie_with({"user": "Zoe"})
        answer = client.get(path, headers={"Cookie": cookie})
        assert answer.status_code == 200 and not jar(answer) and set_cookies(answer), path
        assert who(client, cookie) == "revoked" == other.status(cookie), path
    for path in ("/failed", "/refused"):
        cookie = cookie_with({"user": "Zoe"})
        answer = client.get(path, headers={"Cookie": cookie})
        assert answer.status_code in (403, 404) and not set_cookies(answer)
        assert who(client, cookie) == "valid Zoe", path


def test_a_subrequest_revokes_even_where_the_page_is_on_its_way(nginx: Nginx, client: httpx.Client) -> None:
    (nginx.folder / "html/page.shtml").write_text('before <!--#include virtual="/out" --> after')
    other = start(
        nginx,
        """
        h3s get;
        location = /who { return 200 "$h3s_status $h3s_data_user"; }
        location = /page.shtml { ssi on; ssi_types *; }
        location = /out { h3s_revoke session; return 200 out; }
        """,
    )
    cookie = cookie_with({"user": "Zoe"})
    page = client.get("/page.shtml", headers={"Cookie": cookie})
    assert page.text == "before out after" and not set_cookies(page)
    assert who(client, cookie) == "revoked" == other.status(cookie)


# ---- A logout that fails ----


FAILING = """
h3s get;
location = /who { return 200 "$h3s_status $h3s_data_user"; }
location = /text { h3s_revoke session; return 200 text; }
location = /away { h3s_revoke session; return 303 /; }
location = /file { h3s_revoke session; try_files /page.txt =404; }
location = /proxied { h3s_revoke session; proxy_pass http://UPSTREAM; }
location = /redirected { h3s_revoke session; try_files /none /page.txt; }
location = /rewritten { h3s_revoke session; rewrite ^ /page.txt last; }
location = /hidden { h3s_revoke session; error_page 503 =200 /page.txt; return 303 /; }
location = /masked-header { h3s_upstream on; error_page 503 =200 /page.txt; proxy_pass http://UPSTREAM/header; }
location = /masked { h3s_revoke session; error_page 500 503 =200 /page.txt; recursive_error_pages on; try_files /page.txt =404; }
location = /rotated { h3s_rotate on; return 200 text; }
location = /page.txt { }
location / { h3s_upstream on; proxy_pass http://UPSTREAM; }
location = /checked { auth_request /check; try_files /page.txt =404; }
location = /checked-here { auth_request /text; try_files /page.txt =404; }
"""
PATHS = [
    *("/text", "/away", "/file", "/proxied", "/redirected", "/rewritten", "/hidden", "/masked", "/rotated"),
    *("/header", "/masked-header", "/accel", "/checked", "/checked-here"),
]


@pytest.mark.parametrize("path", PATHS)
def test_a_logout_that_cannot_be_made_known_is_an_error_and_leaves_the_session(
    nginx: Nginx, upstream: Upstream, path: str
) -> None:
    upstream.answer("/header", ("X-Session-Revoke", "session"))
    upstream.answer("/check", ("X-Session-Revoke", "session"))
    upstream.answer("/accel", ("X-Session-Revoke", "session"), ("X-Accel-Redirect", "/page.txt"))
    start(nginx, FAILING)
    shared = nginx.folder / "shared"
    shared.rename(nginx.folder / "elsewhere")
    cookie = cookie_with({"user": "Zoe"})
    with visitor(nginx) as client:
        answer = client.get(path, headers={"Cookie": cookie})
        assert answer.status_code == (500 if "checked" in path else 503)
        assert not set_cookies(answer) and "x-session" not in str(answer.headers).lower()
        assert "what is revoked could not be made known" in nginx.error_log()
        assert who(client, cookie) == "valid Zoe"
        (nginx.folder / "elsewhere").rename(shared)
        again = client.get(path, headers={"Cookie": cookie})
        assert again.status_code in (200, 303) and who(client, cookie) == "revoked"


def test_a_full_zone_is_no_silent_logout(nginx: Nginx, client: httpx.Client) -> None:
    options = revoking(nginx.folder)
    nginx.start(
        LOCATIONS + "location = /figures { return 200 '$h3s_revocations_entries $h3s_revocations_room $h3s_revocations_missed'; }",
        http="h3s_revocations zone=sessions:32k;", options=options,
    )  # fmt: skip
    other = Other(options)
    entries, room, missed = map(int, client.get("/figures").text.split())
    assert entries == missed == 0 and 64 <= room <= 1024
    other.append(b"\n".join(other.session(f"id-{n}") for n in range(4 * room)))
    soon(lambda: int(client.get("/figures").text.split()[2]) > 0, "the zone does not fill up")
    wait_until(lambda: 'zone "sessions" of "h3s_revocations" has no room' in nginx.error_log(), "nothing is said")
    statuses = set()
    for _ in range(50):
        cookie = cookie_with({"user": "Zoe"})
        logout = client.get("/logout", headers={"Cookie": cookie})
        statuses.add(logout.status_code)
        assert logout.status_code in (303, 503) and other.status(cookie) == "revoked"
        assert (who(client, cookie) == "revoked") == (logout.status_code == 303)
    assert 503 in statuses


# ---- What goes upstream ----


def test_a_revoked_session_does_not_go_upstream(nginx: Nginx, client: httpx.Client, upstream: Upstream) -> None:
    start(nginx)
    cookie, fresh = cookie_with({"user": "Zoe"}), cookie_with({"user": "Ada"})
    token = cookie.partition("=")[2]
    assert value_of(client.get("/plain/", headers={"Cookie": cookie}), "Cookie") == cookie
    client.get("/logout", headers={"Cookie": cookie})
    for headers in (
        {"Cookie": f"theme=dark; {cookie}"},
        {"Cookie": f"{cookie}; theme=dark; {cookie}"},
        {"Cookie": f"h3=rubbish; theme=dark; {cookie}"},
        {"Cookie": f"{cookie}; h3=rubbish; theme=dark"},
        {"Cookie": f"h3=__chunked__2; h3.1={token[:9]}; h3.2={token[9:]}; theme=dark"},
        {"Cookie": f"theme=dark; {cookie}", "X-H3-Session": "rubbish"},
        {"Cookie": "theme=dark", "X-H3-Session": token},
    ):
        seen = client.get("/plain/", headers=headers)
        assert seen.status_code == 200 and value_of(seen, "Cookie") == "theme=dark", headers
        assert value_of(seen, "X-H3-Session") is None and not set_cookies(seen), headers
    seen = client.get("/plain/", headers={"Cookie": f"{cookie}; {fresh}"})
    assert value_of(seen, "Cookie") == fresh
    seen = client.get("/told", headers={"Cookie": cookie})
    assert value_of(seen, "X-Session-Data") == "{}" and value_of(seen, "Cookie") is None


def test_what_h3_would_read_and_nginx_does_not_stays_here(nginx: Nginx, client: httpx.Client) -> None:
    options = {**revoking(nginx.folder), "sessionHeader": False}
    nginx.start(LOCATIONS, http=ZONE, options=options)
    cookie = cookie_with({"user": "Zoe"})
    client.get("/logout", headers={"Cookie": cookie})
    seen = client.get("/plain/", headers={"X-H3-Session": cookie.partition("=")[2]})
    assert seen.status_code == 200 and value_of(seen, "X-H3-Session") is None


# ---- One client, many requests ----


def test_of_reads_writes_and_a_logout_at_once_the_logout_wins(
    nginx: Nginx, client: httpx.Client, upstream: Upstream
) -> None:
    upstream.answer("/update", ("X-Session-Update", '{"value":"updated"}'))
    idle = {**revoking(nginx.folder), "idleTimeout": 3600}
    nginx.start(
        """
        location = /who { h3s get; return 200 "$h3s_status $h3s_data_user"; }
        location = /read { h3s get; return 200 $h3s_id; }
        location = /write { h3s use; h3s_set value written; return 200; }
        location = /update { h3s use; h3s_upstream on; proxy_pass http://UPSTREAM; }
        location = /logout { h3s get; h3s_revoke session; return 200; }
        """,
        http=ZONE, options=idle, workers=2,
    )  # fmt: skip
    own = {**OPTIONS, "idleTimeout": 3600}
    for turn in range(ROUNDS):
        order = random.Random(turn)
        # So long ago that each read slides it.
        cookie = cookie_with({"user": "Zoe"}, own, now=time.time() - 3000)
        paths = [*["/read", "/write", "/update"] * (PARALLEL // 3), "/logout"]
        order.shuffle(paths)
        with ThreadPoolExecutor(PARALLEL) as pool:
            answers = list(pool.map(partial(client.get, headers={"Cookie": cookie}), paths))
        for answer in answers:
            assert answer.status_code == 200
            # Whichever of the answers is the last one to arrive.
            left = jar(answer)
            assert left == "" or ".seen=" in left or "Zoe" not in who(client, left), turn
        assert who(client, cookie) == "revoked"
        client.cookies.clear()


class Held(dict[str, tuple[int, list[tuple[str, str]], str]]):
    """An upstream's answers, which it keeps to itself for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.released = threading.Event(), threading.Event()

    def get(self, *arguments: Any) -> Any:
        self.asked.set()
        assert self.released.wait(PATIENCE)
        return super().get(*arguments)


@pytest.mark.parametrize("answer", [("X-Session-Rotate", "1"), ("X-Session-Update", '{"a":1}'), ("X-Nothing", "")])
@pytest.mark.parametrize("idle", [3600, 0])
def test_an_answer_that_comes_after_the_logout_brings_no_session_back(
    nginx: Nginx, client: httpx.Client, upstream: Upstream, answer: tuple[str, str], idle: int
) -> None:
    own = {**OPTIONS, "idleTimeout": idle} if idle else OPTIONS
    upstream.answers = held = Held()
    upstream.answer("/late", answer)
    other = start(nginx, LOCATIONS + "location = /set { h3s_set a b; proxy_pass http://UPSTREAM/late; }", **own)
    for path in ("/late", "/set"):
        held.asked.clear()
        held.released.clear()
        cookie = cookie_with({"user": "Zoe"}, own, now=time.time() - 3000)
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(client.get, path, headers={"Cookie": cookie})
            assert held.asked.wait(PATIENCE)
            id = sessions(own).get(cookie).id
            assert id
            other.append(other.session(id))
            refused_soon(client, cookie)
            held.released.set()
            assert late.result(PATIENCE).status_code == 200 and not set_cookies(late.result())
    assert "has ended while its request was on its way" in nginx.error_log()
