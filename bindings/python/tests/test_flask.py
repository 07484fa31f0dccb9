"""A real Flask application, by a real cookie jar."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any, Callable
from uuid import UUID

import flask
import h3s
import httpx
import pytest
from h3s.flask import H3Session, H3SessionInterface, session
from markupsafe import Markup

from conftest import NOW, PASSWORD, Serve, cookie_of, cookies_of, no_other_site_ends_the_session


def application(sessions: h3s.Sessions) -> flask.Flask:
    app = flask.Flask("test")
    app.session_interface = H3SessionInterface(sessions)

    @app.get("/")
    def count() -> Any:
        flask.session["count"] = flask.session.get("count", 0) + 1
        return {**flask.session}

    @app.get("/read")
    def read() -> Any:
        return {**flask.session}

    @app.get("/untouched")
    def untouched() -> str:
        assert flask.session is not None
        return "hello"

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Any:
        old = flask.session.id  # type: ignore[attr-defined]
        flask.session.rotate()  # type: ignore[attr-defined]
        flask.session.update(user="Zoë", cart=[])
        flask.session.permanent = True
        return {"changed": old != flask.session.id}  # type: ignore[attr-defined]

    @app.get("/nested")
    def nested() -> Any:
        flask.session["cart"].append("apple")
        return {"modified": flask.session.modified}

    @app.get("/large")
    def large() -> Any:
        flask.session["text"] = "x" * 5_000
        return {}

    @app.route("/logout", methods=["GET", "POST"])
    def logout() -> Any:
        flask.session.clear()
        return {}

    @app.get("/seal")
    def seal() -> Any:
        flask.session.modified = True
        return {"new": flask.session.new, "accessed": flask.session.accessed}

    @app.get("/error")
    def error() -> Any:
        flask.session["error"] = True
        raise RuntimeError("on purpose")

    @app.get("/missing")
    def missing() -> Any:
        flask.session["missing"] = True
        flask.abort(404)

    return app


def test_a_whole_visit(wsgi: Serve, client: httpx.Client, sessions: h3s.Sessions) -> None:
    at = wsgi(application(sessions))
    untouched = client.get(at + "/untouched")
    assert not cookies_of(untouched) and "x-h3-session" not in untouched.headers.get("vary", "")
    assert not cookies_of(client.get(at + "/read"))
    first = client.get(at + "/")
    (cookie,) = cookies_of(first)
    assert first.json() == {"count": 1} and "Max-Age" not in cookie and "Expires" not in cookie
    assert "HttpOnly" in cookie and first.headers["cache-control"] == "private"
    assert first.headers["vary"] == "Cookie, x-h3-session"
    assert client.get(at + "/").json() == {"count": 2}
    login = client.get(at + "/login")
    assert login.json() == {"changed": True} and "Max-Age=3600" in cookies_of(login)[0]
    assert client.get(at + "/nested").json() == {"modified": True}
    read = client.get(at + "/read")
    assert read.json() == {"count": 2, "user": "Zoë", "cart": ["apple"]} and not cookies_of(read)
    assert len(cookies_of(client.get(at + "/large"))) > 2
    assert len(client.get(at + "/read").json()["text"]) == 5_000
    assert len(cookies_of(client.get(at + "/seal"))) > 2
    logout = client.get(at + "/logout")
    assert all("Max-Age=0" in value for value in cookies_of(logout)) and not client.cookies
    assert client.get(at + "/").json() == {"count": 1}


def test_no_other_site_ends_the_session(wsgi: Serve, sessions: h3s.Sessions) -> None:
    at = wsgi(application(sessions))
    no_other_site_ends_the_session(at + "/logout", at + "/login")


def test_errors_carry_the_cookie(wsgi: Serve, client: httpx.Client, sessions: h3s.Sessions) -> None:
    at = wsgi(application(sessions))
    for path, status in (("/error", 500), ("/missing", 404)):
        response = client.get(at + path)
        assert response.status_code == status and len(cookies_of(response)) == 1
    assert client.get(at + "/read").json() == {"error": True, "missing": True}


def test_old_and_foreign_sessions_are_none(wsgi: Serve, client: httpx.Client, sessions: h3s.Sessions) -> None:
    at = wsgi(application(sessions))
    for other, now in ((sessions, NOW - 10**8), (h3s.Sessions(password=PASSWORD[::-1]), None)):
        session = other.use(now=now)
        session["count"] = 41
        client.cookies.set("h3", cookie_of(session).partition("=")[2], domain="127.0.0.1")
        assert client.get(at + "/read").json() == {}


def test_a_changed_password_logs_nobody_out(wsgi: Serve, client: httpx.Client) -> None:
    cookie: h3s.CookieOptions = {"secure": False}
    before = wsgi(application(h3s.Sessions(password={"a": PASSWORD}, cookie=cookie)))
    after = wsgi(application(h3s.Sessions(password={"b": PASSWORD[::-1], "a": PASSWORD}, cookie=cookie)))
    assert client.get(before).json() == {"count": 1}
    read = client.get(after + "/read")
    assert read.json() == {"count": 1} and ".b." in cookies_of(read)[0]


def test_an_idle_session_slides_on_read(wsgi: Serve, client: httpx.Client) -> None:
    sessions = h3s.Sessions(password=PASSWORD, idle_timeout=timedelta(days=1), cookie={"secure": False})
    at = wsgi(application(sessions))
    session = sessions.use(now=time.time() - 15 * 3600)
    session["count"] = 1
    client.cookies.set("h3", cookie_of(session).partition("=")[2], domain="127.0.0.1")
    assert len(cookies_of(client.get(at + "/read"))) == 1


def test_many_at_once_are_kept_apart(wsgi: Serve, sessions: h3s.Sessions) -> None:
    at = wsgi(application(sessions))

    def visitor(_: int) -> list[int]:
        with httpx.Client(timeout=30) as client:
            return [client.get(at).json()["count"] for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(visitor, range(8))) == [list(range(1, 11))] * 8


def test_flasks_own_test_client_works(sessions: h3s.Sessions) -> None:
    client = application(sessions).test_client()
    with client.session_transaction() as session:
        session["count"] = 41
    assert client.get("/").json == {"count": 42}
    with client:
        client.get("/")
        assert flask.session["count"] == 43


# ---- Values with types that JSON has not ---------------------------------------------------------

TYPED: dict[str, Any] = {
    "tuple": (1, [2], ("a",)),
    "bytes": b"\x00\xff",
    "markup": Markup("<b>hi</b>"),
    "uuid": UUID(int=5),
    "datetime": datetime(2026, 1, 2, tzinfo=timezone.utc),
    "nested": {"list": [Markup("<i>"), {"when": datetime(2026, 1, 2, tzinfo=timezone.utc)}]},
    " t": [1],
    " m": "no markup",
    "a tag": {" m": "no markup"},
    "a dict": {"a": 1},
}


def typed(sessions: h3s.Sessions) -> Any:
    """An application that calls what it is given with its session."""
    app = flask.Flask("test")
    app.session_interface = H3SessionInterface(sessions)
    client = app.test_client()

    def visit(deed: Callable[[H3Session], Any]) -> Any:
        found = []

        def view() -> str:
            found.append(deed(session))
            return ""

        app.view_functions["deed"] = view
        assert client.get("/").status_code == 200
        return found[0]

    app.add_url_rule("/", "deed")
    return visit, client


@pytest.mark.parametrize("how", ["one by one", "update", "replace", "in place"])
def test_types_that_flasks_own_sessions_keep_are_kept(sessions: h3s.Sessions, how: str) -> None:
    visit, client = typed(sessions)

    def write(session: H3Session) -> None:
        if how == "update":
            session.update(TYPED)
        elif how == "replace":
            session.replace(TYPED)
        elif how == "one by one":
            for key, value in TYPED.items():
                session[key] = value
        else:
            for key, value in TYPED.items():
                session[key] = [0]
                session[key][0] = value

    def read(session: H3Session) -> dict[str, Any]:
        assert all(type(session[key]) is type(value) for key, value in TYPED.items()) or how == "in place"
        return dict(session)

    visit(write)
    expected = {key: [value] for key, value in TYPED.items()} if how == "in place" else TYPED
    assert visit(read) == expected
    assert visit(lambda session: (len(session), "_flask" in session, session.get("_flask"))) == (
        len(TYPED),
        False,
        None,
    )
    # What was only read is not written.
    assert not client.get("/").headers.getlist("Set-Cookie")


def test_other_services_find_plain_json(sessions: h3s.Sessions) -> None:
    visit, client = typed(sessions)
    visit(lambda session: session.update({key: TYPED[key] for key in ("tuple", "bytes", "markup", "uuid", "datetime")}))
    other = sessions.get(f"h3={client.get_cookie('h3').value}")
    assert other.pop("_flask") and other == {
        "tuple": [1, [2], ["a"]],
        "bytes": "AP8=",
        "markup": "<b>hi</b>",
        "uuid": str(UUID(int=5)),
        "datetime": "2026-01-02T00:00:00+00:00",
    }


POISON = [{" m": "<script>"}, {" d": 5}, {" b": "%"}, {" u": []}, {" t": 1}, {" di": 3}, [{" m": "<script>"}]]


@pytest.mark.parametrize("value", POISON)
@pytest.mark.parametrize("kept", [None, {}, {"bio": {" d": 5}}, {"bio": {" m": "<b>"}}, [1], "x", {"bio": "<script>"}])
def test_what_another_service_has_written_is_never_markup_nor_an_error(
    sessions: h3s.Sessions, value: Any, kept: Any
) -> None:
    visit, client = typed(sessions)
    theirs = sessions.get()
    theirs.update({"bio": value, " m": "<script>", "n": 1})
    if kept is not None:
        theirs["_flask"] = kept
    client.set_cookie("h3", cookie_of(theirs).partition("=")[2])
    assert visit(lambda session: (session["bio"], session["n"])) == (value, 1)
    everything = visit(dict)
    assert everything == {"bio": value, " m": "<script>", "n": 1}
    assert not any(isinstance(found, Markup) for found in [*everything.values(), *everything["bio"]])


def test_a_value_that_another_service_has_changed_has_no_type_any_more(sessions: h3s.Sessions) -> None:
    visit, client = typed(sessions)
    visit(lambda session: session.update(bio=Markup("<b>"), when=TYPED["datetime"]))
    theirs = sessions.get(f"h3={client.get_cookie('h3').value}")
    theirs["bio"] = "<script>"
    client.set_cookie("h3", cookie_of(theirs).partition("=")[2])
    bio, when = visit(lambda session: (session["bio"], session["when"]))
    assert type(bio) is str and when == TYPED["datetime"]


def test_types_go_with_their_values(sessions: h3s.Sessions) -> None:
    visit, client = typed(sessions)

    def kept() -> Any:
        return sessions.get(f"h3={client.get_cookie('h3').value}").get("_flask", {}).keys()

    visit(lambda session: session.update(a=Markup("<b>"), b=(1,), c=b"c"))
    assert kept() == {"a", "b", "c"}
    visit(lambda session: session.pop("a"))
    assert kept() == {"b", "c"}
    visit(lambda session: session.update(b=[1]))
    assert kept() == {"c"} and visit(lambda session: session["b"]) == [1]
    visit(lambda session: session.__setitem__("c", 1))
    assert not kept()
    visit(lambda session: session.update(a=(1,)))
    visit(lambda session: session.pop("a"))
    assert not kept()
    visit(lambda session: session.update(a=(1,)))
    visit(lambda session: session.replace(d=1))
    assert not kept() and visit(dict) == {"d": 1}


def test_a_typed_value_that_does_not_fit_changes_nothing(sessions: h3s.Sessions) -> None:
    visit, _ = typed(sessions)

    def write(session: H3Session) -> None:
        session["a"] = (1,)
        for value in (("x" * 20_000,), {"when": object()}):
            with pytest.raises(h3s.DataError):
                session["b"] = value
            with pytest.raises(h3s.DataError):
                session["a"] = value
        with pytest.raises(h3s.DataError, match="_flask"):
            session["_flask"] = {}

    visit(write)
    assert visit(dict) == {"a": (1,)}


def test_a_message_is_flashed(sessions: h3s.Sessions) -> None:
    visit, client = typed(sessions)
    visit(lambda session: flask.flash(Markup("<b>hi</b>"), "info"))
    ((category, message),) = visit(lambda session: flask.get_flashed_messages(with_categories=True))
    assert category == "info" and isinstance(message, Markup)
    assert visit(dict) == {} and "_flask" not in sessions.get(f"h3={client.get_cookie('h3').value}")


def test_a_logout_that_is_then_marked_as_modified_is_a_logout(sessions: h3s.Sessions) -> None:
    visit, client = typed(sessions)
    visit(lambda session: session.update(user="alice"))

    def logout(session: H3Session) -> None:
        session.clear()
        session.modified = True

    visit(logout)
    assert client.get_cookie("h3") is None


# ---- Whether it is permanent ---------------------------------------------------------------------

HOUR, DAY = 3600, 24 * 3600


class Server:
    """One of several with the same password; its clock stands at `now`."""

    def __init__(self, now: float = NOW, cookie: str = "", lifetime: Any = None, **options: Any) -> None:
        self.now = now
        self.sessions = h3s.Sessions(**{"password": PASSWORD, "max_age": timedelta(days=365), **options})
        self.app = flask.Flask("test")
        self.app.session_interface = H3SessionInterface(self.sessions, clock=lambda: self.now)
        if lifetime is not None:
            self.app.config["PERMANENT_SESSION_LIFETIME"] = lifetime
        self.client = self.app.test_client()
        if cookie:
            self.client.set_cookie("h3", cookie)
        self.app.add_url_rule("/", "deed")

    def visit(self, deed: Callable[[H3Session], Any]) -> tuple[Any, list[str]]:
        """What it says, and the response's cookies."""
        found = []

        def view() -> str:
            found.append(deed(session))
            return ""

        self.app.view_functions["deed"] = view
        response = self.client.get("/")
        assert response.status_code == 200
        return found[0], response.headers.getlist("Set-Cookie")

    def login(self, permanent: Any = None) -> str:
        """What the cookie then holds."""

        def deed(session: H3Session) -> None:
            session["user"] = 1
            if permanent is not None:
                session.permanent = permanent

        self.visit(deed)
        return self.cookie()

    def cookie(self) -> str:
        found = self.client.get_cookie("h3")
        assert found is not None
        return found.value


def is_permanent(session: H3Session) -> bool:
    return session.permanent


def test_a_session_ends_with_the_browser_unless_it_is_permanent_and_every_server_knows() -> None:
    for permanent in (None, False, True):
        cookie = Server().login(permanent)
        other = Server(cookie=cookie)
        assert other.visit(is_permanent) == (bool(permanent), [])
        (again,) = other.visit(lambda session: session.update(n=1))[1]
        assert ("Max-Age" in again) == ("Expires" in again) == bool(permanent)
        third = Server(cookie=other.cookie())
        assert third.visit(is_permanent) == (bool(permanent), [])
        assert third.visit(dict)[0] == {"user": 1, "n": 1}, "the data has nothing of it"


def test_a_server_in_another_language_keeps_it_so() -> None:
    sessions = h3s.Sessions(password=PASSWORD)
    found = sessions.get(f"h3={Server().login()}", now=NOW)
    found.rotate()
    assert found.ends_with_browser and "Max-Age" not in found.set_cookies()[0]
    cookie = cookie_of(found).partition("=")[2]
    assert Server(cookie=cookie).visit(is_permanent) == (False, [])


def test_what_another_server_has_said_of_the_lifetime_stays() -> None:
    sessions = h3s.Sessions(password=PASSWORD)
    theirs = sessions.use(now=NOW)
    plain = cookie_of(theirs).partition("=")[2]
    theirs.set_lifetime(HOUR)
    short = cookie_of(theirs).partition("=")[2]
    for cookie, age in ((plain, 365 * DAY), (short, HOUR)):
        server = Server(cookie=cookie)
        assert server.visit(is_permanent) == (True, [])
        (again,) = server.visit(lambda session: session.update(n=1))[1]
        assert f"Max-Age={age};" in again
    server.visit(lambda session: setattr(session, "permanent", False))
    assert server.visit(lambda session: (session.lifetime, session.permanent))[0] == (timedelta(hours=1), False)


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [(None, 31 * DAY), (timedelta(minutes=5), 300), (300, 300), (timedelta(days=400), 365 * DAY)],
)
def test_a_permanent_session_lives_as_long_as_flasks_setting_says_and_never_longer_than_max_age(
    lifetime: Any, seconds: int
) -> None:
    server = Server(lifetime=lifetime)
    _, (cookie,) = server.visit(lambda session: setattr(session, "permanent", True))
    assert f"Max-Age={seconds};" in cookie
    token = server.cookie()
    assert not Server(NOW + seconds, token).visit(lambda session: session.new)[0]
    assert Server(NOW + seconds + 1, token).visit(lambda session: session.rejection)[0] == "expired"


def test_the_lifetime_counts_from_when_it_was_last_made_permanent() -> None:
    server = Server(lifetime=300)
    for moment in (0, 200.5, 400.9):
        server.now = NOW + moment
        _, (cookie,) = server.visit(lambda session: setattr(session, "permanent", True))
        assert "Max-Age=300;" in cookie
    server.now = NOW + 600
    (cookie,) = server.visit(lambda session: session.update(n=1))[1]
    assert "Max-Age=100;" in cookie, "another write does not make it longer"
    server.now = NOW + 701
    assert server.visit(lambda session: session.rejection)[0] == "expired"


def test_a_session_that_is_rotated_first_or_afterwards_lives_as_long() -> None:
    def rotated_first(session: H3Session) -> None:
        session.rotate()
        session.permanent = True

    def rotated_last(session: H3Session) -> None:
        session.permanent = True
        session.rotate()

    def permanent(session: H3Session) -> None:
        session.permanent = True

    def rotated(session: H3Session) -> None:
        session.rotate()

    for deeds in ([rotated_first], [rotated_last], [permanent, rotated]):
        server = Server(NOW, Server().login(), lifetime=300)
        server.now = NOW + 5 * DAY
        (cookie,) = [server.visit(deed)[1][0] for deed in deeds][-1:]
        assert "Max-Age=300;" in cookie
        server.now += 301
        assert server.visit(lambda session: session.rejection)[0] == "expired"


def test_rotate_leaves_a_shorter_lifetime_of_another_server_as_it_is() -> None:
    theirs = h3s.Sessions(password=PASSWORD).use(now=NOW)
    theirs.set_lifetime(60)
    server = Server(NOW + 30, cookie_of(theirs).partition("=")[2])
    _, (cookie,) = server.visit(lambda session: session.rotate())
    assert "Max-Age=60;" in cookie


def test_what_begins_after_clear_ends_with_the_browser_unless_it_is_permanent() -> None:
    def login(session: H3Session) -> bool:
        session.clear()
        assert not session.permanent
        session["user"] = 2
        return session.permanent

    def permanent_login(session: H3Session) -> bool:
        session.clear()
        session.permanent = True
        session["user"] = 2
        return session.permanent

    server = Server(cookie=Server().login(True))
    said, (cookie,) = server.visit(login)
    assert not said and "Max-Age" not in cookie
    said, (cookie,) = server.visit(permanent_login)
    assert said and f"Max-Age={31 * DAY};" in cookie


def test_a_logout_stays_one_whatever_is_said_of_its_permanence() -> None:
    def logout(session: H3Session) -> None:
        session.permanent = True
        session.clear()
        session.permanent = False

    server = Server(cookie=Server().login(True))
    server.visit(logout)
    assert server.client.get_cookie("h3") is None


def test_a_new_session_that_is_said_to_end_with_the_browser_costs_no_cookie() -> None:
    assert Server().visit(lambda session: setattr(session, "permanent", False))[1] == []


def test_a_lifetime_that_the_view_has_set_stays() -> None:
    server = Server()
    _, (cookie,) = server.visit(lambda session: session.set_lifetime(HOUR))
    assert f"Max-Age={HOUR};" in cookie and server.visit(is_permanent)[0]


def test_a_token_that_the_view_seals_says_the_same() -> None:
    def seal(session: H3Session) -> str:
        session["user"] = 1
        return session.seal()

    server = Server()
    token, _ = server.visit(seal)
    assert server.sessions.unseal(token, now=NOW).ends_with_browser


@pytest.mark.parametrize("lifetime", [0, -1, timedelta(seconds=0.5)])
def test_a_lifetime_of_no_second_is_an_error_that_names_the_setting(lifetime: Any) -> None:
    def deed(session: H3Session) -> None:
        with pytest.raises(h3s.ConfigError, match="PERMANENT_SESSION_LIFETIME"):
            session.permanent = True

    assert Server(lifetime=lifetime).visit(deed)[1] == []


def test_one_that_is_made_permanent_too_late_is_reported() -> None:
    server = Server()

    def view() -> flask.Response:
        def body() -> Any:
            yield "a"
            session.permanent = True

        return flask.Response(flask.stream_with_context(body()))

    server.app.view_functions["deed"] = view
    with pytest.warns(h3s.LateWriteWarning, match="so the write is lost"):
        assert server.client.get("/").text == "a"


def test_in_fe26_a_session_lasts_as_the_options_say_and_what_cannot_be_kept_is_refused() -> None:
    server = Server(seal="h3-1", max_age=7 * DAY)
    assert server.visit(is_permanent) == (True, [])
    _, (cookie,) = server.visit(lambda session: session.update(n=1))
    assert "Max-Age=604800;" in cookie
    assert server.visit(lambda session: setattr(session, "permanent", True))[1] == []

    def refused(session: H3Session, value: bool) -> str:
        with pytest.raises(h3s.StateError) as error:
            session.permanent = value
        return str(error.value)

    assert "Fe26.2" in server.visit(lambda session: refused(session, False))[0]
    for max_age, lifetime in ((7 * DAY, DAY), (None, None)):
        server = Server(seal="h3-1", max_age=max_age, lifetime=lifetime)
        said, _ = server.visit(lambda session: refused(session, True))
        assert "Fe26.2" in said and "PERMANENT_SESSION_LIFETIME" in said and "max_age" in said
