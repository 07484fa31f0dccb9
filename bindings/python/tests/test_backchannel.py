"""The example examples/python/backchannel_logout.py, with a provider's keys on loopback."""

from __future__ import annotations

import importlib.util
import json
import time
from pathlib import Path
from typing import Any

import h3s
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from conftest import PASSWORD, Serve, cookie_of
from stores import Broken, until

ISSUER, CLIENT = "https://accounts.example", "shop"
EVENTS: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


def example() -> Any:
    path = Path(__file__).resolve().parents[3] / "examples/python/backchannel_logout.py"
    spec = importlib.util.spec_from_file_location("backchannel_logout", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def keys(environ: Any, start_response: Any) -> list[bytes]:
    """The provider's JWKS."""
    key = {**jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k1", "use": "sig"}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"keys": [key]}).encode()]


def token(*, key: Any = KEY, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "1", "sub": "ada", "events": EVENTS}
    claims.update(changes)
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, "RS256", {"kid": "k1", "typ": "logout+jwt"})


class Shop:
    def __init__(self, wsgi: Serve, store: Broken) -> None:
        self.sessions = h3s.Sessions(
            password=PASSWORD, max_age=3600, revocation={"subject": "/user/sub"}, revocation_store=store
        )
        self.at = wsgi(example().application(self.sessions, ISSUER, CLIENT, wsgi(keys)))

    def login(self, user: str) -> str:
        session = self.sessions.use()
        session["user"] = {"sub": user}
        cookie = cookie_of(session)
        until(lambda: self.sessions.use().created_at != session.created_at)
        return cookie

    def is_in(self, cookie: str) -> bool:
        return self.sessions.get(cookie).source == "cookie"

    def post(self, token: str) -> httpx.Response:
        return httpx.post(self.at + "/backchannel-logout", data={"logout_token": token}, timeout=20)


@pytest.fixture
def store() -> Broken:
    return Broken()


@pytest.fixture
def shop(wsgi: Serve, store: Broken) -> Shop:
    return Shop(wsgi, store)


def test_the_providers_word_ends_all_sessions_of_that_user(shop: Shop) -> None:
    phone, desk, other = shop.login("ada"), shop.login("ada"), shop.login("bob")
    answer = shop.post(token())
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert [shop.is_in(cookie) for cookie in (phone, desk, other)] == [False, False, True]
    assert shop.is_in(shop.login("ada"))


@pytest.mark.parametrize(
    "changes",
    [
        {"key": OTHER_KEY},
        {"iss": "https://other.example"},
        {"aud": "another shop"},
        {"exp": 1},
        {"events": {}},
        {"events": "http://schemas.openid.net/event/backchannel-logout"},
        {"nonce": "of an ID token"},
        {"sub": None},
        {"jti": None},
    ],
    ids=str,
)
def test_whatever_is_no_logout_token_of_the_provider_ends_nothing(shop: Shop, changes: Any) -> None:
    cookie = shop.login("ada")
    answer = shop.post(token(**changes))
    assert answer.status_code == 400 and answer.json() == {"error": "invalid_request"}
    assert shop.is_in(cookie)


def test_a_request_without_a_token_ends_nothing(shop: Shop) -> None:
    assert shop.post("").status_code == shop.post("a.b.c").status_code == 400


def test_a_store_that_is_away_is_told_to_the_provider(shop: Shop, store: Broken) -> None:
    cookie = shop.login("ada")
    store.is_down = True
    assert shop.post(token()).status_code == 503 and shop.is_in(cookie)
    store.is_down = False
    assert shop.post(token()).status_code == 200 and not shop.is_in(cookie)
