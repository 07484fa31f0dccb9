"""What docs/CONCEPTS.md says, a test for each section."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h3s
import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs/CONCEPTS.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
PASSWORD, OTHER = "an example of 32 characters or more", "another example of 32 characters or more"
NOW = 1_800_000_000.0

Test = Callable[..., None]
TESTED: dict[str, Test] = {}


def concept(title: str) -> Callable[[Test], Test]:
    def of(test: Test) -> Test:
        TESTED[title] = test
        return test

    return of


def made(**options: Any) -> h3s.Sessions:
    return h3s.Sessions(**{"password": PASSWORD, **options})


def header_of(session: h3s.Session) -> str:
    """The Cookie header with which a browser comes back."""
    return "; ".join(value.split(";")[0] for value in session.set_cookies())


def sealed(sessions: h3s.Sessions, now: float = NOW) -> str:
    session = sessions.use(now=now)
    session["user"] = "ada"
    return header_of(session)


def reason(sessions: h3s.Sessions, cookie: str, now: float = NOW) -> str | None:
    session = sessions.get(cookie, now=now)
    return session.rejection if session.is_new else "opens"


def test_each_section_has_its_test() -> None:
    assert [*TESTED] == SECTIONS


@concept("The session")
def test_use_sets_a_cookie_at_once_and_get_only_for_a_write() -> None:
    sessions = made()
    assert len(sessions.use().set_cookies()) == 1
    session = sessions.get()
    assert session.is_new and session.id and session.set_cookies() == []
    session["user"] = "ada"
    assert len(session.set_cookies()) == 1
    old = sealed(sessions)
    assert sessions.get(old, now=NOW)["user"] == "ada"


@concept("The password")
def test_the_first_password_seals_and_a_read_moves_a_session_to_it() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    both = json.loads(block)["password"]
    old = sealed(made(password={"k1": both["k1"]}))
    assert old.startswith("h3=h3s1.k1.")
    moved = header_of(made(password=both).get(old, now=NOW))
    assert moved.startswith("h3=h3s1.k2.")
    assert reason(made(password={"k2": both["k2"]}), moved) == "opens"


@concept("The name")
def test_a_token_opens_under_its_name_alone() -> None:
    users, staff = made(), made(name="staff")
    cookie = sealed(users)
    assert reason(staff, cookie) is None
    assert reason(staff, cookie.replace("h3=", "staff=")) == "bad_seal"
    assert staff.header_name == "x-staff-session"


@concept("The format")
def test_a_read_keeps_the_format_and_a_write_moves_it() -> None:
    theirs = sealed(made(seal="h3-1"))
    both: dict[str, Any] = {"format": "h3s1", "accept": ["h3s1", "h3-1"]}
    session = made(seal=both).get(theirs, now=NOW)
    assert session["user"] == "ada" and session.set_cookies() == []
    session["n"] = 1
    assert header_of(session).startswith("h3=h3s1.")
    assert header_of(made(seal={**both, "migrate": True}).get(theirs, now=NOW)).startswith("h3=h3s1.")
    with pytest.raises(h3s.StateError):
        made(seal="h3-1").get(theirs, now=NOW).set_lifetime(60)


@concept("Lifetimes")
def test_each_lifetime_counts_and_is_extended_as_the_table_says() -> None:
    aged = made(max_age=100)
    session = aged.get(sealed(aged), now=NOW + 80)
    session["n"] = 1
    assert reason(aged, header_of(session), NOW + 101) == "expired"
    session = aged.get(sealed(aged), now=NOW + 80)
    session.rotate()
    assert reason(aged, header_of(session), NOW + 101) == "opens"

    idle = made(idle_timeout=100)
    cookie = sealed(idle)
    assert idle.get(cookie, now=NOW + 40).set_cookies() == []
    slid = f"{cookie}; {header_of(idle.get(cookie, now=NOW + 60))}"
    assert reason(idle, slid, NOW + 140) == "opens"
    assert reason(idle, cookie, NOW + 140) == "idle"

    session = aged.use(now=NOW)
    session.set_lifetime(50)
    own = header_of(session)
    assert reason(aged, own, NOW + 50) == "opens"
    assert reason(aged, own, NOW + 51) == "expired"
    session = aged.use(now=NOW)
    session.set_lifetime(500)
    assert reason(aged, header_of(session), NOW + 101) == "expired"

    # Today's options count.
    endless = sealed(made())
    assert reason(made(), endless, NOW + 10**9) == "opens"
    assert reason(made(max_age=1), endless, NOW + 2) == "expired"
    assert reason(made(not_before=NOW + 1), endless, NOW + 2) == "revoked"


@concept("Rotate, clear and revoke")
def test_rotate_gives_a_new_id_clear_a_deletion_and_revoke_an_end_for_everybody(tmp_path: Path) -> None:
    options: dict[str, Any] = {"max_age": 3600, "revocation": {"file": str(tmp_path / "revocations")}}
    here, there, now = made(**options), made(**options), time.time()
    session = here.get(sealed(here, now), now=now)
    former = session.id
    session.rotate()
    copied = header_of(session)
    assert session.id != former and here.get(copied, now=now)["user"] == "ada"

    session = here.get(copied, now=now)
    session.clear()
    assert "Max-Age=0" in session.set_cookies()[0]
    session["cart"] = []
    assert session == {"cart": []}
    assert reason(here, copied, now) == "opens"

    here.get(copied, now=now).revoke()
    assert reason(here, copied, now) == "revoked"
    # The other process follows the file by itself.
    while reason(there, copied, now) != "revoked":
        assert time.time() < now + 20
        time.sleep(0.02)
    here.close()
    there.close()


@concept("A token that is refused")
def test_a_cookie_that_another_server_may_open_stays_until_a_write() -> None:
    half = made(password={"k1": PASSWORD})
    cookie = sealed(made(password={"k2": OTHER, "k1": PASSWORD}))
    session = half.use(cookie, now=NOW)
    assert session.is_new and session.rejection == "unknown_key" and session.set_cookies() == []
    session["n"] = 1
    assert len(session.set_cookies()) == 1


@concept("Clients without cookies")
def test_the_header_goes_before_the_cookie() -> None:
    sessions = made(idle_timeout=100)
    session = sessions.use(now=NOW)
    session["from"] = "header"
    token = session.seal()
    opened = sessions.get(sealed(sessions), token, now=NOW + 60)
    assert opened["from"] == "header" and opened.source == "header" and opened.set_cookies() == []


@concept("Other sites")
def test_a_request_of_another_site_leaves_the_cookie_that_stayed_behind() -> None:
    assert h3s.is_cross_site({"Sec-Fetch-Site": "cross-site"}.get)
    session = made().use(cross_site=True)
    session.clear()
    assert session.set_cookies() == []
    session["user"] = "ada"
    assert len(session.set_cookies()) == 1


@concept("Caches")
def test_what_sets_the_cookie_is_private_and_what_read_the_session_varies() -> None:
    from h3s.wsgi import SessionMiddleware, session_of

    def app(environ: Any, start_response: Any) -> list[bytes]:
        session = session_of(environ)
        if session.get("user") is None:
            session["user"] = "ada"
        start_response("200 OK", [("Cache-Control", "public, max-age=60")])
        return [b""]

    sessions = made()

    def headers(cookie: str) -> dict[str, str]:
        said: dict[str, str] = {}
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_COOKIE": cookie, "wsgi.url_scheme": "https"}

        def start_response(_: str, lines: list[tuple[str, str]], *__: Any) -> Any:
            said.update(lines)

        list(SessionMiddleware(app, sessions, clock=lambda: NOW)(environ, start_response))
        return said

    new, known = headers(""), headers(sealed(sessions))
    assert "private" in new["Cache-Control"] and "public" not in new["Cache-Control"] and "Set-Cookie" in new
    assert "Set-Cookie" not in known and known["Cache-Control"] == "public, max-age=60"
    for said in (new, known):
        assert said["Vary"].lower() == "cookie, x-h3-session"


@concept("Several servers")
def test_servers_with_the_same_options_share_sessions_and_their_clocks_may_differ_a_little() -> None:
    options = json.dumps({"password": PASSWORD, "name": "ours", "maxAge": 3600})
    one, two = (h3s.Sessions.from_json(options) for _ in range(2))
    assert reason(two, sealed(one)) == "opens"
    assert reason(two, sealed(one, NOW + 30)) == "opens"
    assert reason(two, sealed(one, NOW + 660)) == "malformed"
    with pytest.raises(h3s.ConfigError):
        h3s.Sessions.from_json(options.replace("maxAge", "maxage"))


@concept("Threads and processes")
def test_only_a_token_of_h3_2_costs_a_slow_derivation_and_only_once() -> None:
    native, slow = made(), made(seal="h3-2")
    assert native.get(sealed(made()), now=NOW, warm_only=True)["user"] == "ada"
    cookie = sealed(made(seal="h3-2"))
    with pytest.raises(h3s.Cold):
        slow.get(cookie, now=NOW, warm_only=True)
    slow.get(cookie, now=NOW)
    assert slow.get(cookie, now=NOW, warm_only=True)["user"] == "ada"
