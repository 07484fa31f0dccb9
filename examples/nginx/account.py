"""An application that opens the session itself, with the same options as nginx. What is revoked
here nginx refuses, and the other way round: both of them follow the file that the options name."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import h3s
from h3s.wsgi import SessionMiddleware, session_of


def account(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    session = session_of(environ)
    if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == "/logout":
        session.revoke()
        start_response("303 See Other", [("Location", "/")])
        return [b""]
    raw = json.dumps({"user": session.get("user"), "refused": session.rejection}).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [raw]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    options = sys.argv[2] if len(sys.argv) > 2 else Path(__file__).parent / "session.json"
    sessions = h3s.Sessions.from_json(Path(options).read_text())
    make_server("127.0.0.1", port, SessionMiddleware(account, sessions), handler_class=Quiet).serve_forever()
