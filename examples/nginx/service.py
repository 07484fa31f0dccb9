"""A service without any session code: nginx tells it who asks, and seals what it answers into
the visitor's cookie."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        session = json.loads(self.headers["X-Session-Data"])
        self.answer({"user": session["user"], "cart": session.get("cart", [])})

    def do_POST(self) -> None:
        session = json.loads(self.headers["X-Session-Data"])
        item = self.rfile.read(min(int(self.headers["Content-Length"]), 100)).decode()
        cart = [*session.get("cart", []), item][-10:]
        self.answer({"user": session["user"], "cart": cart}, update={"cart": cart})

    def answer(self, body: object, update: object = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(200)
        if update is not None:
            self.send_header("X-Session-Update", json.dumps(update))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    ThreadingHTTPServer(("127.0.0.1", port), Service).serve_forever()
