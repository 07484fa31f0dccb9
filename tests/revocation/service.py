"""The service in Python of these tests.

    service.py OPTIONS URL

has the sessions of a file of shared options, and follows what is revoked through the server of
Valkey or Redis at the URL. It listens on a free port of 127.0.0.1 and prints its address.

/login?user=NAME and /logout do so. /who answers 200, with the user in X-User, and X-Stale: 1 where
the latest logouts may not be known; 401 to whoever has no session.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import h3s
from h3s.valkey import ValkeyStore
from h3s.wsgi import SessionMiddleware, session_of


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    session = session_of(environ)
    status, headers = "200 OK", [("Content-Length", "0")]
    if environ["PATH_INFO"] == "/login":
        session.rotate()
        session["user"] = parse_qs(environ["QUERY_STRING"])["user"][0]
    elif environ["PATH_INFO"] == "/logout":
        session.revoke()
    elif "user" not in session:
        status = "401 Unauthorized"
    else:
        headers.append(("X-User", session["user"]))
        if session.is_stale:
            headers.append(("X-Stale", "1"))
    start_response(status, headers)
    return []


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    sessions = h3s.Sessions.from_file(sys.argv[1], revocation_store=ValkeyStore(sys.argv[2]))
    server = Threaded(("127.0.0.1", 0), Quiet)
    server.set_app(SessionMiddleware(application, sessions))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
