"""Django's signed_cookies backend, with its parser of cookies and its response. It speaks the
protocol of benches/peers/README.md, and is a process of its own since Django 6 needs a newer
Python.
"""

from __future__ import annotations

from typing import Any

import django
from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpResponse, parse_cookie
from protocol import OTHERS, PASSWORD, Works, changed, pair_of, refused, serve


def django_session(data: dict[str, Any]) -> Works:
    first = SessionStore()
    first.update(data)
    first.save()
    pair = f"sessionid={first.session_key}"
    cookie, forged, none = (OTHERS.format(own) for own in (pair, changed(pair), "a=b"))

    def store(header: str) -> SessionStore:
        return SessionStore(parse_cookie(header).get("sessionid"))

    response = HttpResponse()

    def request() -> str:
        session = store(cookie)
        session["count"] = session["count"] + 1
        session.save()
        response.cookies.clear()
        response.set_cookie("sessionid", session.session_key or "", max_age=3600, httponly=True)
        return response.cookies["sessionid"].OutputString()

    def count() -> object:
        refused(store(forged).get("count"))
        return store(OTHERS.format(pair_of(request())))["count"]

    return {
        "request": request,
        "read": lambda: store(cookie)["count"],
        "seal": first.save,
        "open": lambda: SessionStore(first.session_key)["count"],
        "forged": lambda: store(forged).get("count"),
        "none": lambda: store(none).get("count"),
        "bytes": len(pair),
        "count": count,
    }


if __name__ == "__main__":
    settings.configure(SECRET_KEY=PASSWORD)
    django.setup()
    serve({"django": (django.get_version(), django_session)})
