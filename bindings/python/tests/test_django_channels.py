"""Channels, with its own middlewares as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import h3s
import httpx
import pytest
from django_project import accounts, project
from websockets.sync.client import connect

from conftest import Serve, cookie_of

# What follows needs the settings.
# isort: split
from channels.auth import AuthMiddlewareStack
from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import JsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from channels.sessions import SessionMiddlewareStack
from django.contrib.auth.models import User
from django.core.handlers.asgi import ASGIHandler
from django.test import Client
from h3s.django import sessions


class Consumer(JsonWebsocketConsumer):
    """Says what it finds in the session, and writes into it where it is told to."""

    def receive_json(self, content: Any, **kwargs: Any) -> None:
        scope: Any = self.scope
        session = scope["session"]
        if content == "write":
            session["late"] = 1
            session.save()
        user = scope["user"].get_username() if "user" in scope else None
        length = len(session.get("text", ""))
        self.send_json({"length": length, "count": session.get("count"), "key": session.session_key, "user": user})


class Counter(AsyncHttpConsumer):
    async def handle(self, body: bytes) -> None:
        scope: Any = self.scope
        session = scope["session"]
        session["count"] = session.get("count", 0) + 1
        await self.send_response(200, str(session["count"]).encode())


@pytest.fixture(autouse=True)
def whole_project() -> Iterator[None]:
    accounts()
    with project():
        yield


def ask(at: str, *lines: str, say: str = "read") -> Any:
    headers = [("Cookie", line) for line in lines]
    with connect(at.replace("http", "ws") + "/", additional_headers=headers, open_timeout=20) as socket:
        socket.send(json.dumps(say))
        return json.loads(socket.recv(timeout=20))


@pytest.mark.parametrize("size", [1, 5_000])
@pytest.mark.parametrize("stack", [SessionMiddlewareStack, AuthMiddlewareStack])
def test_a_websocket_opens_a_session_of_one_cookie_or_several(stack: Any, size: int, asgi: Serve) -> None:
    at = asgi(ProtocolTypeRouter({"websocket": stack(Consumer.as_asgi())}))
    session = sessions().use()
    session.update(text="x" * size, count=1)
    cookie = cookie_of(session)
    assert (len(cookie.split("; ")) > 1) == (size > 1)
    found = ask(at, "theme=dark; " + cookie)
    assert (found["length"], found["count"], found["key"]) == (size, 1, session.id)
    assert ask(at, "theme=dark", *cookie.split("; "))["length"] == size
    assert ask(at, "theme=dark")["count"] is None


def test_a_websocket_knows_who_logged_in_to_django(asgi: Serve) -> None:
    at = asgi(ProtocolTypeRouter({"http": ASGIHandler(), "websocket": AuthMiddlewareStack(Consumer.as_asgi())}))
    client = Client()
    session = client.session
    session["text"] = "x" * 5_000
    session.save()
    client.force_login(User.objects.get(username="zoe"))
    cookie = "; ".join(f"{morsel.key}={morsel.value}" for morsel in client.cookies.values())
    assert ask(at, cookie)["user"] == "zoe" and ask(at, cookie)["length"] == 5_000
    assert ask(at)["user"] == ""
    client.get("/logout")
    assert ask(at, "; ".join(f"{morsel.key}={morsel.value}" for morsel in client.cookies.values()))["user"] == ""


def test_a_websocket_that_saves_is_told_that_it_is_lost(asgi: Serve) -> None:
    at = asgi(ProtocolTypeRouter({"websocket": SessionMiddlewareStack(Consumer.as_asgi())}))
    with pytest.warns(h3s.LateWriteWarning, match="WEBSOCKET '/': the session was written"):
        ask(at, cookie_of(sessions().use()), say="write")


def test_an_http_consumer_keeps_its_session(asgi: Serve, client: httpx.Client) -> None:
    at = asgi(SessionMiddlewareStack(Counter.as_asgi()))
    assert [client.get(at + "/").text for _ in range(3)] == ["1", "2", "3"]
