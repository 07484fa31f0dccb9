"""What type checkers know of a session: run by none, checked by mypy and pyright."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import flask
import h3s
from django.http import HttpRequest
from h3s import asgi, django, wsgi
from h3s.flask import session as flask_session
from h3s.valkey import AsyncValkeyStore, ValkeyStore
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket
from typing_extensions import assert_type


def of_the_package() -> None:
    sessions = h3s.Sessions.from_file("session.json", password="secret")
    assert_type(sessions, h3s.Sessions)
    session = sessions.use(cookie="a=b")
    assert_type(session, h3s.Session)
    assert_type(session.copy(), dict[str, Any])
    assert_type(session | {"a": 1}, dict[str, Any])
    assert_type(session.created_at, Optional[datetime])
    session.set_lifetime(3600)
    session.set_lifetime(timedelta(hours=1), ends_with_browser=True)
    assert_type(session.lifetime, Optional[timedelta])
    assert_type(session.ends_with_browser, bool)
    session.update({"a": 1}, b=2)
    session |= {"c": 3}
    assert_type(session, h3s.Session)
    takes_a_dict(session)


def revoked(sessions: h3s.Sessions, session: h3s.Session) -> None:
    options: h3s.RevocationOptions = {"subject": "/user/id", "max_stale": timedelta(minutes=1), "stale": "closed"}
    h3s.Sessions(
        password="secret",
        max_age=60,
        revocation=options,
        revocation_store=ValkeyStore("valkey://127.0.0.1:6379/0"),
        revocation_room=100,
    )
    h3s.Sessions(password="secret", revocation={}, revocation_store=Polled())
    h3s.Sessions(password="secret", revocation={}, revocation_store=AsyncValkeyStore("unix:///socket", prefix="ours:"))
    session.revoke()
    session.revoke_everywhere()
    assert_type(session.is_stale, bool)
    sessions.revoke_subject(42, before=datetime.now(timezone.utc))
    sessions.revoke_session("id")
    sessions.revoke_everybody()
    assert_type(sessions.revocations, Optional[h3s.Revocations])
    if sessions.revocations is not None:
        assert_type(sessions.revocations.entries, int)
        assert_type(sessions.revocations.heard_at, Optional[datetime])


class Polled:
    """A store of one's own."""

    pause = 1.0

    def attach(self, revocations: h3s.Revocations) -> h3s.Feed:
        return self

    def publish(self, lines: Sequence[str]) -> None:
        pass

    def poll(self) -> bool:
        return True


def counted(sessions: h3s.Sessions) -> None:
    assert_type(sessions.counts(), h3s.Counts)
    assert_type(sessions.counts().refused["expired"], int)


def takes_a_dict(data: dict[str, Any]) -> None:
    pass


async def revoked_in_a_loop(sessions: h3s.Sessions) -> None:
    await sessions.arevoke_subject(42, before=datetime.now(timezone.utc))
    await sessions.arevoke_session("id")
    await sessions.arevoke_everybody()
    if sessions.revocations is not None:
        await sessions.revocations.start()
        await sessions.revocations.stop()


async def in_starlette(request: Request, websocket: WebSocket) -> Response:
    session = asgi.session_of(request)
    assert_type(session, h3s.RequestSession)
    assert_type(asgi.session_of(websocket, "staff").log_id, Optional[str])
    session.rotate()
    session.revoke()
    session.mark_modified()
    assert_type(session.modified, bool)
    return JSONResponse(session)


def in_wsgi(environ: dict[str, Any]) -> None:
    assert_type(wsgi.session_of(environ), h3s.RequestSession)
    wsgi.session_of(environ).clear()


def in_django(request: HttpRequest) -> None:
    session = django.session_of(request)
    assert_type(session, django.SessionStore)
    assert_type(session.h3s.log_id, Optional[str])
    session.h3s.rotate()
    assert_type(django.session_of(request, "cart").session_key, Optional[str])
    session.revoke_everywhere()
    session.set_expiry(timedelta(hours=1))
    assert_type(session.get_expiry_age(), int)
    assert_type(session.get_expiry_date(), datetime)
    assert_type(session.h3s.lifetime, Optional[timedelta])
    assert_type(session.modified, bool)


def in_flask() -> flask.Response:
    flask_session.rotate()
    flask_session.revoke()
    assert_type(flask_session.permanent, bool)
    flask_session.permanent = True
    assert_type(flask_session.get("user"), Any)
    assert_type(flask_session.id, str)
    return flask.jsonify(flask_session)
