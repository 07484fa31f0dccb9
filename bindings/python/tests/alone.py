"""What each supported Python must do without any other package; the suite runs it under each."""

from __future__ import annotations

import doctest
import json
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import h3s
from h3s import asgi, wsgi

assert callable(asgi.SessionMiddleware)
assert doctest.testmod(h3s).failed == 0
for vector in json.loads((Path(__file__).resolve().parents[3] / "tests/vectors/h3s1-open.json").read_text()):
    sessions = h3s.Sessions.from_json(json.dumps(vector["options"]))
    assert sessions.unseal(vector["token"], now=vector["now_ms"] / 1000) == json.loads(vector["data"])

sessions = h3s.Sessions(password="correct horse battery staple, and more of it", max_age=3600)
session = sessions.use()
session.update(user={"id": 42}, cart=[])
session["cart"].append("apple")
cookie = session.set_cookies()[0].split(";")[0]


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    found = wsgi.session_of(environ)
    assert found == {"user": {"id": 42}, "cart": ["apple"]}, found
    found.clear()
    start_response("200 OK", [])
    return [b""]


environ: dict[str, Any] = {"HTTP_COOKIE": cookie}
setup_testing_defaults(environ)
sent: list[tuple[str, str]] = []
list(wsgi.SessionMiddleware(application, sessions)(environ, lambda status, headers: sent.extend(headers)))
assert any(name == "Set-Cookie" and "Max-Age=0" in value for name, value in sent), sent

# What is revoked needs nothing else either, and its thread no more than the interpreter's own end.
store = h3s.MemoryStore()
revocable: Any = {"password": "correct horse battery staple, and more of it", "max_age": 3600, "revocation": {}}
sessions = h3s.Sessions(**revocable, revocation_store=store)
cookie = sessions.use().set_cookies()[0].split(";")[0]
sessions.get(cookie).revoke()
assert sessions.get(cookie).rejection == "revoked"
assert h3s.Sessions(**revocable, revocation_store=store).get(cookie).rejection == "revoked"
