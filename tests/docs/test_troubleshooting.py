"""Each symptom of docs/TROUBLESHOOTING.md, provoked: it comes of the cause that the page names,
shows the messages that the page quotes, and goes with the cure.

A test is of the section whose title it has. What stands there in a ```text block is what its
test has to see.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h3s
import httpx
import pytest
from h3s.asgi import SessionMiddleware as AsgiMiddleware
from h3s.asgi import session_of as asgi_session_of
from h3s.wsgi import SessionMiddleware, session_of
from servers import asgi_server, wsgi_server

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/TROUBLESHOOTING.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
PASSWORD, OTHER = "an example of 32 characters or more", "another example of 32 characters or more"
DAY = 24 * 3600.0
NOW = 1_800_000_000.0

Test = Callable[..., None]
PROVOKED: dict[str, Test] = {}


def symptom(title: str) -> Callable[[Test], Test]:
    def of(test: Test) -> Test:
        PROVOKED[title] = test
        return test

    return of


class Seen:
    """What a test has seen. At its end, each line that its section quotes must be among it."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: object) -> None:
        self.texts.append(str(text))


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Iterator[Seen]:
    title = next(title for title, test in PROVOKED.items() if test is request.function)
    watched = Seen()
    yield watched
    for block in re.findall(r"^```text\n(.*?)^```$", SECTIONS[title], re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            assert any(line in text for text in watched.texts), f"the page quotes {line!r}, seen was {watched.texts}"


def example(title: str) -> dict[str, Any]:
    """The options that a section shows."""
    (block,) = re.findall(r"^```json\n(.*?)^```$", SECTIONS[title], re.MULTILINE | re.DOTALL)
    options: dict[str, Any] = json.loads(block)
    return options


def made(**options: Any) -> h3s.Sessions:
    return h3s.Sessions(**{"password": PASSWORD, **options})


def sealed(sessions: h3s.Sessions, data: dict[str, Any] | None = None, now: float = NOW) -> str:
    """The Cookie header of a visitor whose session holds this."""
    session = sessions.use(now=now)
    session.update(data if data is not None else {"user": "ada"})
    return "; ".join(value.split(";")[0] for value in session.set_cookies())


def reason(sessions: h3s.Sessions, cookie: str, now: float = NOW) -> str | None:
    session = sessions.get(cookie, now=now)
    assert session.is_new == (session.source is None)
    return session.rejection if session.is_new else "opens"


def count(environ: Any, start_response: Any) -> list[bytes]:
    session = session_of(environ)
    session["count"] = session.get("count", 0) + 1
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(session["count"]).encode()]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """A server, once it listens."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        try:
            end = time.monotonic() + 30
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                    break
                except OSError:
                    assert server.poll() is None and time.monotonic() < end, f"{command[0]} does not listen"
                    time.sleep(0.02)
            yield
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


@contextmanager
def nginx(folder: Path, inside: str) -> Iterator[str]:
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr;\n"
        f"events {{ }}\nhttp {{ access_log off;\n"
        + "".join(
            f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f"server {{ listen 127.0.0.1:{port}; {inside} }} }}\n"
    )
    command = ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
    with running(command, port):
        yield f"http://127.0.0.1:{port}"


def raw(at: str, head: str) -> str:
    """One request as it is written here, whose head any library might write otherwise."""
    host, port = at.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n".encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer.decode()


def cli(*arguments: str, env: dict[str, str] | None = None) -> str:
    """What the command line says."""
    known = {**os.environ, "PYTHONPATH": str(Path(h3s.__file__).parents[1]), **(env or {})}
    done = subprocess.run(
        [sys.executable, *arguments], check=False, env=known, capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr


def test_each_symptom_of_the_page_is_provoked_and_no_other() -> None:
    assert [*PROVOKED] == [title for title in SECTIONS if title != "Ask for the reason first"]


def test_the_table_has_every_reason_there_is() -> None:
    table = re.findall(r"^\| (.*?) \|", SECTIONS["Ask for the reason first"], re.MULTILINE)
    named = {name for cell in table for name in re.findall(r"`(\w+)`", cell)}
    assert named == set(h3s.errors.REASONS)


@symptom("Each request has a new session")
def test_why_a_session_is_new_is_said_in_the_log(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "h3s")
    plain = made(cookie={"secure": False})
    for sessions, cookie in ((plain, None), (plain, sealed(made(name="other"))), (made(), None)):
        with wsgi_server(SessionMiddleware(count, sessions, clock=lambda: NOW)) as at:
            for _ in range(2):
                answer = httpx.get(at, headers={"Cookie": cookie} if cookie else {}, timeout=20)
                assert answer.text == "1"
    for record in caplog.records:
        seen(record.getMessage())
    assert made(name="__Host-ours", development=True).cookie_name == "ours"


def test_two_calls_of_logging_show_that_log() -> None:
    calls = re.search(r"`(logging\.basicConfig\(.*?)`", SECTIONS["Ask for the reason first"])
    assert calls
    program = (
        f"import logging; {calls[1]}\n"
        "import h3s, h3s.wsgi, wsgiref.util\n"
        "environ = {}\n"
        "wsgiref.util.setup_testing_defaults(environ)\n"
        "def app(environ, start_response):\n"
        "    h3s.wsgi.session_of(environ)['a'] = 1\n"
        "    start_response('200 OK', [])\n"
        "    return []\n"
        f"list(h3s.wsgi.SessionMiddleware(app, h3s.Sessions(password={PASSWORD!r}))(environ, lambda *_: None))\n"
    )
    assert "DEBUG:h3s:" in (said := cli("-c", program)) and "since the request has no cookie" in said


@symptom("No cookie comes back over plain HTTP")
def test_a_secure_cookie_does_not_come_back_over_plain_http_unless_in_development(seen: Seen) -> None:
    for options, counts in (({"password": PASSWORD}, "11"), (example("No cookie comes back over plain HTTP"), "12")):
        sessions = h3s.Sessions(**options)
        with wsgi_server(SessionMiddleware(count, sessions)) as at, httpx.Client(timeout=20) as client:
            first = client.get(at)
            assert ("; Secure" in first.headers["set-cookie"]) == (counts == "11")
            assert first.text + client.get(at).text == counts


@symptom("400 or 431 before the application is reached")
def test_servers_refuse_a_header_that_is_too_long_and_the_write_can_be_refused_before(
    seen: Seen, tmp_path: Path
) -> None:
    large = {"text": "x" * 20_000}
    cookie = sealed(made(seal="h3-2"), large)
    with nginx(tmp_path, "return 200 here;") as at:
        answer = raw(at, f"Cookie: {cookie}\r\n")
        status, heading, why = answer.split()[1], *re.findall("<center>(.*?)</center>", answer)[:2]
        assert "400 Bad Request" in heading
        seen(f"{status} {why}")
        # What the default of h3s1 lets through fits into a line.
        most = made()
        for length in range(5_900, 6_400, 10):
            try:
                fits = sealed(most, {"text": "x" * length})
            except h3s.TooLarge:
                break
        assert length < 6_390 and "200 OK" in raw(at, f"Cookie: {fits}\r\n")
    port = free_port()
    program = f"require('http').createServer((q, s) => s.end('here')).listen({port}, '127.0.0.1')"
    with running(["node", "-e", program], port):
        seen(raw(f"http://127.0.0.1:{port}", f"Cookie: {cookie}\r\n").split("\r\n")[0])
    cured = h3s.Sessions.from_json(json.dumps(example("400 or 431 before the application is reached")))
    with pytest.raises(h3s.TooLarge):
        sealed(cured, large)
    with nginx(tmp_path, "large_client_header_buffers 4 64k; return 200 here;") as at:
        assert "200 OK" in raw(at, f"Cookie: {cookie}\r\n")
    with running(["node", "--max-http-header-size=65536", "-e", program], port):
        assert "200 OK" in raw(f"http://127.0.0.1:{port}", f"Cookie: {cookie}\r\n")


@symptom("A write fails since the session is too large")
def test_a_write_that_fits_into_no_cookies_changes_nothing(seen: Seen) -> None:
    sessions = made()
    session = sessions.get(sealed(sessions, {"user": "ada"}), now=NOW)
    with pytest.raises(h3s.TooLarge) as refused:
        session["text"] = "x" * 20_000
        session.set_cookies()
    seen(refused.value)


@symptom("Everybody is logged out after a deployment")
@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"password": OTHER}, "bad_seal"),
        ({"password": secrets.token_hex()}, {"password": secrets.token_hex()}, "bad_seal"),
        ({"password": {"k1": PASSWORD}}, {"password": {"k2": OTHER}}, "unknown_key"),
        ({}, {"seal": "h3-2"}, "unsupported_format"),
        ({}, {"max_age": 3600}, "expired"),
        ({}, {"idle_timeout": 3600}, "idle"),
        ({}, {"not_before": NOW + 1}, "revoked"),
        ({}, {"name": "renamed"}, None),
        ({"password": {"k1": PASSWORD}}, {"password": {"k2": OTHER, "k1": PASSWORD}}, "opens"),
        ({"seal": "h3-1"}, {"seal": {"format": "h3s1", "accept": ["h3s1", "h3-1"]}}, "opens"),
    ],
)
def test_the_reason_says_which_option_has_changed(
    before: dict[str, Any], after: dict[str, Any], said: str | None, seen: Seen
) -> None:
    assert reason(made(**after), sealed(made(**before)), NOW + DAY) == said
    assert said in (None, "opens") or f"`{said}`" in SECTIONS["Everybody is logged out after a deployment"]


@symptom("`unknown_key`")
def test_a_server_that_lacks_the_new_password_refuses_its_tokens_and_leaves_the_cookie(seen: Seen) -> None:
    new_first = made(password={"k2": OTHER, "k1": PASSWORD})
    old, new_second = made(password={"k1": PASSWORD}), made(password={"k1": PASSWORD, "k2": OTHER})
    cookie = sealed(new_first)
    assert "h3=h3s1.k2." in cookie
    assert reason(old, cookie) == "unknown_key"
    assert old.use(cookie, now=NOW).set_cookies() == []
    assert reason(new_second, cookie) == "opens"
    assert reason(made(password={"renamed": PASSWORD}), sealed(old)) == "unknown_key"


@symptom("`bad_seal`")
def test_a_token_that_does_not_fit_its_key_is_badly_sealed(seen: Seen) -> None:
    sessions = made()
    cookie = sealed(sessions)
    refused = {
        "another password of that id": reason(made(password=OTHER), cookie),
        "a line break at its end": reason(made(password=PASSWORD + "\n"), cookie),
        "another name": reason(made(name="renamed"), cookie.replace("h3=", "renamed=")),
        "8,192 iterations": reason(made(seal="h3-1"), sealed(made(seal="h3-2"))),
        "changed": reason(sessions, cookie[:-20] + ("A" if cookie[-20] != "A" else "B") + cookie[-19:]),
    }
    assert set(refused.values()) == {"bad_seal"}, refused
    said = subprocess.run("echo ab; printf %s ab", check=True, shell=True, capture_output=True, text=True).stdout
    assert said == "ab\nab"


@symptom("`malformed`")
def test_what_is_no_token_or_comes_from_the_future_is_malformed(seen: Seen) -> None:
    sessions = made()
    assert reason(sessions, "h3=8f14e45f-ceea-4a2b") == "malformed"
    assert reason(sessions, sealed(sessions)[:40]) == "malformed"
    assert reason(sessions, sealed(sessions, now=NOW + 660)) == "malformed"
    assert reason(sessions, sealed(sessions, now=NOW + 540)) == "opens"


@symptom("Nuxt loses sessions")
def test_a_session_of_h3_opens_only_with_its_format_name_and_password(seen: Seen) -> None:
    h3_1, h3_2 = made(seal="h3-1"), made(seal="h3-2")
    assert reason(made(), sealed(h3_1)) == reason(made(), sealed(h3_2)) == "unsupported_format"
    assert reason(h3_1, sealed(h3_2)) == reason(made(seal="h3-1", password=OTHER), sealed(h3_1)) == "bad_seal"
    assert reason(h3_1, sealed(made(seal="h3-1", name="nuxt-session"))) is None
    # There is the old password alone; here the new one is first, and a read is enough.
    here = made(seal="h3-1", password={"new": OTHER, "old": PASSWORD})
    (moved,) = here.get(sealed(h3_1), now=NOW).set_cookies()
    assert reason(h3_1, moved.split(";")[0]) == "unknown_key"
    second = made(seal="h3-1", password={"old": PASSWORD, "new": OTHER})
    for value in second.get(sealed(h3_1), now=NOW).set_cookies():
        assert reason(h3_1, value.split(";")[0]) == "opens"


def forged() -> str:
    """A token that is well-formed and new: one that was refused before costs nothing."""
    salts = [secrets.token_hex(32) for _ in range(2)]
    return f"h3=Fe26.2**{salts[0]}*{'A' * 22}*{'A' * 22}**{salts[1]}*{'A' * 43}"


@symptom("429: `H3S_ERR_BUSY`")
def test_who_forges_tokens_is_busy_and_so_is_everybody_whose_address_is_the_proxys(seen: Seen) -> None:
    sessions, proxy = made(seal="h3-2"), "192.0.2.1"
    good = sealed(made(seal="h3-2"))
    with pytest.raises(h3s.Busy) as busy:
        for tried in range(200):
            sessions.get(forged(), peer=proxy, now=NOW)
    seen(busy.value)
    assert tried >= 20
    with pytest.raises(h3s.Busy):
        sessions.get(forged(), peer=proxy, now=NOW)
    assert sessions.get(forged(), peer="192.0.2.2", now=NOW).rejection == "bad_seal"
    assert sessions.get(good, peer="192.0.2.3", now=NOW)["user"] == "ada"
    native = made()
    for _ in range(300):
        native.get("h3=h3s1.." + secrets.token_urlsafe(60), peer=proxy, now=NOW)


@symptom("`H3S_ERR_COLD`")
def test_where_no_key_may_be_derived_an_unknown_token_is_cold_until_it_was_opened_once(seen: Seen) -> None:
    cookie, sessions = sealed(made(seal="h3-2")), made(seal="h3-2")
    with pytest.raises(h3s.Cold) as cold:
        sessions.get(cookie, now=NOW, warm_only=True)
    seen(cold.value)
    assert sessions.get(cookie, now=NOW)["user"] == "ada"
    assert sessions.get(cookie, now=NOW, warm_only=True)["user"] == "ada"
    assert made().get(sealed(made()), now=NOW, warm_only=True)["user"] == "ada"


@symptom("The session header never arrives")
def test_nginx_drops_a_header_with_an_underscore_and_check_warns_of_it(seen: Seen, tmp_path: Path) -> None:
    cured = example("The session header never arrives")
    risky = {name: value for name, value in cured.items() if name != "sessionHeader"}
    for options, arrives in ((risky, False), (cured, True)):
        (tmp_path / "session.json").write_text(json.dumps(options))
        said = cli("-m", "h3s", "check", str(tmp_path / "session.json"))
        seen(said)
        assert ("servers drop headers" in said) != arrives
        sessions = h3s.Sessions.from_json(json.dumps(options))
        header = sessions.header_name
        assert header == ("x-session" if arrives else "x-__host-session-session")
        session = sessions.use()
        session["count"] = 41
        app = SessionMiddleware(count, sessions)
        with wsgi_server(app) as behind, nginx(tmp_path, f"location / {{ proxy_pass {behind}; }}") as at:
            assert httpx.get(at, headers={header: session.seal()}, timeout=20).text == ("42" if arrives else "1")


@symptom("Cookie lines are joined by commas")
def test_a_wsgi_server_joins_cookie_lines_by_commas_and_asgi_does_not(seen: Seen) -> None:
    sessions = made()
    lines = f"Cookie: theme=dark\r\nCookie: {sealed(sessions, {'count': 41})}\r\n"
    with wsgi_server(SessionMiddleware(count, sessions, clock=lambda: NOW)) as at:
        assert raw(at, lines).endswith("\r\n\r\n1")
        assert raw(at, lines.replace("\r\nCookie: h3", "; h3")).endswith("\r\n\r\n42")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        session = asgi_session_of(scope)
        session["count"] = session.get("count", 0) + 1
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": str(session["count"]).encode()})

    with asgi_server(AsgiMiddleware(app, sessions, clock=lambda: NOW)) as at:
        assert raw(at, lines).endswith("\r\n\r\n42")


@symptom("A stale cookie of another path")
def test_of_two_cookies_the_newest_counts_and_a_logout_leaves_an_empty_session(seen: Seen) -> None:
    sessions = made()
    stale, newest = sealed(sessions, {"n": 1}, NOW), sealed(sessions, {"n": 2}, NOW + 60)
    for both in (f"{stale}; {newest}", f"{newest}; {stale}"):
        session = sessions.get(both, now=NOW + 120)
        assert session["n"] == 2
        session.clear()
        (value,) = session.set_cookies()
        assert "Max-Age=0" not in value
        after = sessions.get(f"{stale}; {value.split(';')[0]}", now=NOW + 121)
        assert after == {} and after.source == "cookie"
    session = sessions.get(newest, now=NOW + 120)
    session.clear()
    assert all("Max-Age=0" in value for value in session.set_cookies())


@symptom("A write has no effect")
def test_a_write_after_the_headers_is_warned_of_and_lost(seen: Seen) -> None:
    def stream(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"first"
        session_of(environ)["late"] = True

    with warnings.catch_warnings(record=True) as caught, wsgi_server(SessionMiddleware(stream, made())) as at:
        warnings.simplefilter("always")
        answer = httpx.get(at, timeout=20)
    assert answer.text == "first" and "set-cookie" not in answer.headers
    for warning in caught:
        seen(warning.message)


@symptom("Of two writes at once one is gone")
def test_of_two_requests_at_once_the_last_answer_counts(seen: Seen) -> None:
    sessions = made()
    cookie = sealed(sessions)
    one, two = sessions.get(cookie, now=NOW), sessions.get(cookie, now=NOW)
    one["one"] = two["two"] = True
    one.set_cookies()
    (last,) = two.set_cookies()
    assert sessions.get(last.split(";")[0], now=NOW) == {"user": "ada", "two": True}


@symptom("A copied cookie opens after the logout")
def test_clear_leaves_a_copy_and_revoke_does_not(seen: Seen, tmp_path: Path) -> None:
    sessions = made(max_age=3600, revocation={"file": str(tmp_path / "revocations")})
    copied = sealed(sessions)
    sessions.get(copied, now=NOW).clear()
    assert reason(sessions, copied) == "opens"
    sessions.get(copied, now=NOW).revoke()
    assert reason(sessions, copied) == "revoked"
    sessions.close()


@symptom("503 at a logout")
def test_a_logout_that_cannot_be_written_is_503_and_logs_nobody_out(seen: Seen, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(0o500)
    sessions = made(max_age=3600, revocation={"file": str(folder / "revocations")})

    def logout(environ: Any, start_response: Any) -> list[bytes]:
        session_of(environ).revoke()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"bye"]

    cookie = sealed(sessions)
    user = os.geteuid()
    with wsgi_server(SessionMiddleware(logout, sessions, clock=lambda: NOW)) as at:
        # root could write to it.
        os.seteuid(user or 65534)
        try:
            answer = httpx.get(at, headers={"Cookie": cookie}, timeout=20)
            with pytest.raises(h3s.StoreError) as failed:
                sessions.get(cookie, now=NOW).revoke()
        finally:
            os.seteuid(user)
    assert answer.status_code == 503 and "set-cookie" not in answer.headers
    seen(failed.value)
    assert reason(sessions, cookie) == "opens"
    sessions.close()


@symptom("503: `H3S_ERR_STALE`")
def test_who_has_not_heard_for_too_long_refuses_where_the_options_say_closed(seen: Seen, tmp_path: Path) -> None:
    for stale in ("closed", "open"):
        revocation = {"file": str(tmp_path / stale), "stale": stale, "max_stale": 5}
        sessions = made(max_age=3600, revocation=revocation)
        now = time.time()
        cookie = sealed(sessions, now=now)
        assert reason(sessions, cookie, now) == "opens"
        if stale == "open":
            assert sessions.get(cookie, now=now + 600).is_stale
        else:
            with pytest.raises(h3s.StaleError) as refused:
                sessions.get(cookie, now=now + 600)
            seen(refused.value)
        sessions.close()


@symptom("A session ends although it is in use")
def test_no_write_extends_max_age_and_rotate_or_idle_timeout_do(seen: Seen) -> None:
    for options, rotates, alive in (
        ({"max_age": 3600}, False, "expired"),
        ({"max_age": 3600}, True, "opens"),
        ({"idle_timeout": 3600}, False, "opens"),
    ):
        sessions = made(**options)
        cookie = sealed(sessions)
        session = sessions.get(cookie, now=NOW + 3000)
        session["n"] = 1
        if rotates:
            session.rotate()
        cookie = "; ".join(value.split(";")[0] for value in session.set_cookies())
        assert reason(sessions, cookie, NOW + 4000) == alive


@symptom("A visitor who comes from another site is a stranger")
def test_a_request_of_another_site_without_the_cookie_replaces_none_until_it_writes(seen: Seen) -> None:
    assert h3s.is_cross_site({"Sec-Fetch-Site": "cross-site"}.get)
    sessions = made(cookie={"same_site": "strict"})
    session = sessions.use(cross_site=True, now=NOW)
    assert session.is_new and session.set_cookies() == []
    session["user"] = "ada"
    assert "SameSite=Strict" in session.set_cookies()[0]
    assert reason(sessions, sealed(sessions)) == "opens"


@symptom("The options are refused")
def test_an_option_that_is_wrong_is_an_error_that_names_it(seen: Seen, tmp_path: Path) -> None:
    for options in ({"password": PASSWORD, "maxage": 3600}, {"password": "short"}):
        with pytest.raises(h3s.ConfigError) as refused:
            h3s.Sessions.from_json(json.dumps(options))
        seen(refused.value)
        (tmp_path / "wrong.json").write_text(json.dumps(options))
        assert str(refused.value.key) in cli("-m", "h3s", "check", str(tmp_path / "wrong.json"))


@symptom("The library is not found")
def test_the_loader_and_python_say_that_the_library_is_missing(seen: Seen, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text("#include <h3s.h>\nint main(void) { return h3s_abi_version() < 0; }\n")
    program = str(tmp_path / "main")
    compiled = ["cc", str(tmp_path / "main.c"), "-o", program, f"-I{ROOT}/include", f"-L{ROOT}/target/lib", "-lh3s"]
    subprocess.run(compiled, check=True, timeout=60)
    # Without what ldconfig has written, and where the system's own folders have none.
    loader = re.search(r"interpreter: (.*?)\]", cli_of(["readelf", "-l", program]))
    assert loader
    seen(cli_of([loader[1], "--inhibit-cache", program]))
    found = subprocess.run([program], check=False, env={"LD_LIBRARY_PATH": f"{ROOT}/target/lib"}, timeout=60)
    assert found.returncode == 0
    seen(cli("-c", f"import h3s; h3s.Sessions(password={PASSWORD!r})", env={"H3S_LIBRARY": "/nowhere/libh3s.so"}))


def cli_of(command: list[str]) -> str:
    assert shutil.which(command[0])
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=60)
    return done.stdout + done.stderr
