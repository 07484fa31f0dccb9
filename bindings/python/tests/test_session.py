"""Sessions and options, without a server."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import multiprocessing
import os
import pickle
import sys
import traceback
from collections import OrderedDict, defaultdict
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

import h3s
import pytest

from conftest import NOW, PASSWORD, SOURCE, cookie_of, run


def again(sessions: h3s.Sessions, session: h3s.Session, now: float = NOW) -> h3s.Session:
    return sessions.get(cookie=cookie_of(session), now=now)


# ---- The mapping ---------------------------------------------------------------------------------


def test_what_is_written_comes_back(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    values = {
        "s": "Zoë \U0001f36a \ud800",
        "i": 2**80,
        "f": 0.1,
        "t": True,
        "n": None,
        "l": [1, [2]],
        "d": {"a": {"b": []}},
    }
    session.update(values)
    session["one"] = 1
    found = again(sessions, session)
    assert found == {**values, "one": 1}
    assert list(found) == [*values, "one"] and len(found) == 8 and "l" in found and "x" not in found
    assert isinstance(found, MutableMapping)


def test_a_session_is_a_mapping_in_every_way(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session |= {"a": 1, "b": 2, "c": 3}
    session.update([("d", 4)], e=5)
    assert session.pop("a") == 1 and session.pop("a", None) is None
    assert session.setdefault("b", 9) == 2 and session.setdefault("f", []) == []
    assert session.popitem() in [("b", 2), ("f", [])]
    with pytest.raises(KeyError):
        session["nothing"]
    with pytest.raises(KeyError):
        del session["nothing"]
    del session["c"]
    assert session.get("c", 7) == 7 and session.get("c") is None
    assert again(sessions, session) == dict(session)


def test_what_was_read_alone_stays_the_same_object_among_the_rest(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session.replace({"a": [1], "b": 2, "c/d~": "é", "é": 3, "last": {}})
    found = again(sessions, session)
    read = found["a"]
    read.append(2)
    found["b"] = "new"
    found.update(last=4, more=5)
    assert found["c/d~"] == "é" and found["é"] == 3
    assert list(found.items()) == [("a", [1, 2]), ("b", "new"), ("c/d~", "é"), ("é", 3), ("last", 4), ("more", 5)]
    assert found["a"] is read
    assert again(sessions, found) == found
    for key in ("x", "", "a/0", "\ud800"):
        assert key not in found and again(sessions, found).get(key) is None


def test_nested_changes_are_noticed(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session["cart"] = {"items": []}
    session["list"] = mine = [1]
    session = again(sessions, session)
    session["cart"]["items"].append("apple")
    assert session.is_dirty
    assert again(sessions, session)["cart"] == {"items": ["apple"]}
    session = sessions.use(now=NOW)
    session["list"] = mine
    mine.append(2)
    for value in session.values():
        value.append(3)
    assert again(sessions, session)["list"] == [1, 2, 3]
    assert h3s.Sessions(password=PASSWORD).unseal(session.seal(), now=NOW) == {"list": [1, 2, 3]}


def test_a_session_that_was_only_read_sets_nothing(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session["l"] = [1, {"a": "b"}]
    session = again(sessions, session)
    assert session["l"] == [1, {"a": "b"}] and dict(session.items()) and not session.is_dirty
    assert session.set_cookies() == []


def test_what_is_not_touched_stays_byte_for_byte(sessions: h3s.Sessions) -> None:
    odd = '{"n":1.50e+00,"s":"\\u0041","l":[1.0,2e5]}'
    options = json.dumps({"password": PASSWORD, "seal": {"format": "fe26.2"}})
    with h3s.Sessions.from_json(options) as iron:
        token = iron.iron_seal({"id": "x", "createdAt": NOW * 1000, "data": {}}, as_session=True, now=NOW)
        assert iron.unseal(token, now=NOW) == {}
    session = sessions.use(now=NOW)
    h3s._abi.fast.h3s_replace(session._handle, odd.encode(), len(odd), None)
    assert session["l"] == [1.0, 2e5]
    session["more"] = 1
    assert h3s._abi.fast.h3s_session_data(session._handle).ptr.decode() == odd[:-1] + ',"more":1}'


@pytest.mark.parametrize("value", [object(), {1, 2}, float("nan"), float("inf"), datetime(2026, 1, 1), b"bytes"])
def test_what_json_cannot_hold_is_an_error_that_names_the_key(sessions: h3s.Sessions, value: Any) -> None:
    session = sessions.use(now=NOW)
    session["fine"] = 1
    for write in (session.update, session.replace):
        with pytest.raises(h3s.DataError) as error:
            write(bad=value)
        assert error.value.key == "bad" and str(error.value) == f"bad: {error.value.message}"
    with pytest.raises(h3s.DataError):
        session["bad"] = value
    session["list"] = []
    session["list"].append(value)
    with pytest.raises(h3s.DataError) as error:
        session.set_cookies()
    assert error.value.key == "list"
    del session["list"]
    assert again(sessions, session) == {"fine": 1}


def test_circles_depth_and_keys_that_are_no_strings(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    circle: list[Any] = []
    circle.append(circle)
    deep: Any = 0
    for _ in range(200):
        deep = [deep]
    bottomless: Any = 0
    for _ in range(100_000):
        bottomless = [bottomless]
    for value in (circle, deep, bottomless):
        with pytest.raises(h3s.DataError):
            session["x"] = value
    for key in (1, None, "\ud800"):
        with pytest.raises(h3s.DataError):
            session[key] = 1  # type: ignore[index]
    assert session == {}


def test_a_session_too_large_stays_as_it_was(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session["a"] = 1
    with pytest.raises(h3s.TooLarge) as error:
        session["b"] = "x" * 1_000_000
    assert error.value.key == "b"
    assert session == {"a": 1} and again(sessions, session) == {"a": 1}


def test_large_data_goes_into_several_cookies(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session["text"] = "x" * 5_000
    assert len(session.set_cookies()) > 2
    assert again(sessions, session)["text"] == "x" * 5_000


# ---- Verbs, times, reasons -----------------------------------------------------------------------


def test_rotate_keeps_the_data_and_changes_the_id(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session["user"] = 42
    session = again(sessions, session, NOW + 10)
    old, made = session.id, session.created_at
    session.rotate()
    assert session.id != old and made is not None and session.created_at == made + timedelta(seconds=10)
    assert again(sessions, session)["user"] == 42


def test_a_cleared_session_never_comes_back(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session["user"] = 42
    session = again(sessions, session)
    session.clear()
    assert session == {} and session.id == "" and session.created_at is None and session.log_id is None
    (deletion,) = session.set_cookies()
    assert "Max-Age=0" in deletion
    for verb in (session.rotate, session.seal):
        with pytest.raises(h3s.StateError):
            verb()
    session["fresh"] = 1
    assert again(sessions, session) == {"fresh": 1}


def test_replace_empties_and_fills_a_session_that_goes_on(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session.update(a=[1], b=2)
    name = session.id
    session.replace(c=[3])
    session["c"].append(4)
    assert again(sessions, session) == {"c": [3, 4]} and session.id == name
    session.replace()
    assert again(sessions, session) == {}


def test_times_are_aware(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=datetime.fromtimestamp(NOW, timezone.utc))
    assert session.created_at == datetime.fromtimestamp(NOW, timezone.utc)
    assert session.expires_at == datetime.fromtimestamp(NOW + 3600, timezone.utc)
    assert session.last_seen_at is None
    with pytest.raises(ValueError, match="time zone"):
        sessions.use(now=datetime(2026, 1, 1))


def test_every_end_of_a_session_has_its_reason(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    cookie, token = cookie_of(session), session.seal()
    late = sessions.use(cookie=cookie, now=NOW + 3601)
    assert (late.is_new, late.rejection, late.source) == (True, "expired", None)
    with pytest.raises(h3s.Expired) as expired:
        sessions.unseal(token, now=NOW + 3601)
    assert expired.value.reason == "expired"
    with pytest.raises(h3s.Rejected) as rejected:
        h3s.Sessions(password=PASSWORD[::-1]).unseal(token, now=NOW)
    assert rejected.value.reason == "bad_seal" and not isinstance(rejected.value, h3s.Expired)
    with pytest.raises(h3s.Expired):
        session.set_now(NOW + 3601)
    idle = h3s.Sessions(password=PASSWORD, idle_timeout=timedelta(minutes=1))
    assert idle.get(cookie=cookie_of(idle.use(now=NOW)), now=NOW + 61).rejection == "idle"
    revoked = h3s.Sessions(password=PASSWORD, not_before=datetime.fromtimestamp(NOW + 1, timezone.utc))
    assert revoked.get(cookie=cookie, now=NOW + 2).rejection == "revoked"


def test_use_sets_a_cookie_for_a_new_session_and_get_does_not(sessions: h3s.Sessions) -> None:
    assert sessions.use(now=NOW).is_dirty and not sessions.get(now=NOW).is_dirty
    assert sessions.use(now=NOW).set_cookies() and not sessions.get(now=NOW).set_cookies()


def test_the_header_comes_before_the_cookie(sessions: h3s.Sessions) -> None:
    one, two = sessions.use(now=NOW), sessions.use(now=NOW)
    one["n"], two["n"] = 1, 2
    found = sessions.get(cookie=cookie_of(one), header=two.seal(), now=NOW)
    assert found["n"] == 2 and found.source == "header" and sessions.header_name == "x-h3-session"
    assert sessions.get(cookie=cookie_of(one).encode(), header="", now=NOW).source == "cookie"
    assert sessions.vary == "Cookie, x-h3-session" and sessions.cookie_name == "h3"
    assert sessions.strip(f"a=1; {cookie_of(one)}; b=ë") == "a=1; b=ë"


def test_ids_of_ones_own(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session.set_id("user-42")
    assert again(sessions, session).id == "user-42"
    with pytest.raises(h3s.StateError):
        again(sessions, session).set_id("other")
    with pytest.raises(h3s.DataError):
        sessions.use(now=NOW).set_id("with space")


def test_a_password_is_changed_without_logging_anybody_out(sessions: h3s.Sessions) -> None:
    old = h3s.Sessions(password={"k1": PASSWORD})
    new = h3s.Sessions(password={"k2": PASSWORD[::-1], "k1": PASSWORD})
    session = old.use(now=NOW)
    session["user"] = 1
    moved = new.get(cookie=cookie_of(session), now=NOW)
    assert moved["user"] == 1 and ".k2." in moved.set_cookies()[0]


def test_raw_seals_and_fe26(sessions: h3s.Sessions) -> None:
    iron = h3s.Sessions(password=PASSWORD, seal={"format": "fe26.2", "accept": ["h3s1", "fe26.2"]})
    token = iron.iron_seal(["Zoë", {"a": 1}], now=NOW)
    assert iron.iron_unseal(token + "~2", now=NOW) == ["Zoë", {"a": 1}]
    with pytest.raises(h3s.Rejected):
        iron.iron_unseal(token[:-1], now=NOW)
    with pytest.raises(h3s.ConfigError):
        sessions.iron_seal(1)
    other = h3s.Sessions(password=PASSWORD, seal={"format": "fe26.2"})
    cold = cookie_of(other.use(now=NOW))
    with pytest.raises(h3s.Cold):
        iron.get(cookie=cold, warm_only=True, now=NOW)
    assert iron.get(cookie=cold, now=NOW).source == "cookie"
    assert iron.get(cookie=cold, warm_only=True, now=NOW).source == "cookie"


@pytest.mark.parametrize("value", [{"id": 1}, {"data": {"user": "admin"}}, {"createdAt": 1, "id": "x", "data": {}}])
def test_what_would_open_as_a_session_is_sealed_raw_only_when_asked(value: dict[str, Any]) -> None:
    iron = h3s.Sessions(password=PASSWORD, seal="h3-1")
    with pytest.raises(h3s.DataError):
        iron.iron_seal(value, now=NOW)
    token = iron.iron_seal(value, as_session=True, now=NOW)
    assert iron.iron_unseal(token, now=NOW) == value
    for harmless in ({"user": value}, [value], "data"):
        assert iron.iron_unseal(iron.iron_seal(harmless, now=NOW), now=NOW) == harmless


def test_a_raw_seal_opens_as_no_session_of_anybodys_choice() -> None:
    iron = h3s.Sessions(password=PASSWORD, seal="h3-1")
    for value in ({}, {"user": "admin"}, [{"data": {"user": "admin"}}]):
        session = iron.get(header=iron.iron_seal(value, now=NOW), now=NOW)
        assert session == {}
    session = iron.get(header=iron.iron_seal({"data": {"user": "admin"}}, as_session=True, now=NOW), now=NOW)
    assert session == {"user": "admin"}


def test_a_peer_that_forges_is_busy_and_others_are_not(sessions: h3s.Sessions) -> None:
    iron = h3s.Sessions(password=PASSWORD, seal={"format": "fe26.2"})
    token = iron.use(now=NOW).seal()
    head, _, mac = token.rsplit("*", 2)
    forged = [f"{head}*{number:064x}*{mac}" for number in range(21)]
    for one in forged[:20]:
        assert iron.get(header=one, peer="mallory", now=NOW).rejection == "bad_seal"
    with pytest.raises(h3s.Busy):
        iron.get(header=forged[20], peer="mallory", now=NOW)
    assert iron.get(header=token, peer="mallory", now=NOW).source == "header"
    assert iron.get(header=forged[20], peer="alice", now=NOW).rejection == "bad_seal"


@pytest.mark.parametrize("name", ["unseal", "iron_unseal"])
def test_a_bare_token_costs_its_peer_and_may_be_left_cold(name: str) -> None:
    iron = h3s.Sessions(password=PASSWORD, seal="h3-2")
    head, _, mac = h3s.Sessions(password=PASSWORD, seal="h3-2").use(now=NOW).seal().rsplit("*", 2)
    unseal = getattr(iron, name)
    for number in range(20):
        with pytest.raises(h3s.Rejected) as refused:
            unseal(f"{head}*{number:064x}*{mac}", peer="mallory", now=NOW)
        assert refused.value.reason == "bad_seal"
    cold = f"{head}*{20:064x}*{mac}"
    with pytest.raises(h3s.Busy):
        unseal(cold, peer="mallory", now=NOW)
    with pytest.raises(h3s.Cold):
        unseal(cold, peer="alice", now=NOW, warm_only=True)
    for warm_only in (False, True):
        with pytest.raises(h3s.Rejected):
            unseal(cold, peer="alice", now=NOW, warm_only=warm_only)


def test_ensure_makes_a_session_of_get_one_of_use(sessions: h3s.Sessions) -> None:
    session = sessions.get(now=NOW)
    assert session.set_cookies() == []
    session.ensure()
    assert len(session.set_cookies()) == 1
    opened = sessions.get(cookie_of(session), now=NOW)
    opened.ensure()
    assert opened.set_cookies() == []
    session.clear()


@pytest.mark.parametrize(
    ("address", "busy"),
    [
        ("192.0.2.1:{}", 40),
        ("[::ffff:192.0.2.1]:{}", 40),
        ("2001:db8:1:2::{:x}", 40),
        ("[2001:db8:1:2::{:x}]:443", 40),
        ("fe80::{:x}%eth0", 40),
        ("192.0.2.{}", 0),
        ("2001:db8:1:{:x}::1", 0),
    ],
)
def test_one_ipv6_network_is_one_peer_as_one_ipv4_address_is(address: str, busy: int) -> None:
    iron = h3s.Sessions(password=PASSWORD, seal="h3-2")
    head, _, mac = iron.use(now=NOW).seal().rsplit("*", 2)
    got = 0
    for number in range(60):
        try:
            iron.get(header=f"{head}*{number:064x}*{mac}", peer=address.format(number), now=NOW)
        except h3s.Busy:
            got += 1
    assert got == busy


# ---- Options -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("password", {"password": "short"}),
        ("max_age", {"max_age": -1}),
        ("max_age", {"max_age": timedelta(milliseconds=1)}),
        ("cookie.same_site", {"cookie": {"same_site": "none", "secure": False}}),
        ("cookie.same_sight", {"cookie": {"same_sight": "lax"}}),
        ("seal.format", {"seal": {"format": "jwt"}}),
        ("name", {"name": "app.1"}),
        ("seal", {"seal": "jwt"}),
        ("seal", {"seal": ["h3-1"]}),
        ("seal.iterations", {"seal": {"format": "h3-1", "iterations": 2}}),
        ("seal.iterations", {"seal": {"iterations": 1}}),
        ("not_before", {"not_before": datetime(2026, 1, 1)}),
        ("session_header", {"session_header": object()}),
    ],
)
def test_wrong_options_name_the_key_as_it_was_written(key: str, options: dict[str, Any]) -> None:
    with pytest.raises(h3s.ConfigError) as error:
        h3s.Sessions(**{"password": PASSWORD, **options})
    assert error.value.key == key and str(error.value) == f"{key}: {error.value.message}"
    assert not error.value.message.startswith(key) and error.value.offset is None
    assert PASSWORD not in str(error.value) and PASSWORD not in repr(error.value)


def test_every_option_is_understood() -> None:
    derivation = {"salt_bits": 256, "iterations": 1, "min_password_length": 32}
    seal: Any = {
        "format": "fe26.2",
        "accept": ("h3s1", "fe26.2"),
        "migrate": True,
        "ttl": 5000,
        "timestamp_skew_sec": 1,
        "localtime_offset_msec": 0,
        "encryption": {"algorithm": "aes-128-ctr", **derivation},
        "integrity": {"algorithm": "sha256", **derivation},
    }
    sessions = h3s.Sessions(
        password={"a": PASSWORD},
        name="s",
        max_age=timedelta(hours=1),
        idle_timeout=60,
        not_before=NOW,
        refresh=False,
        max_token_length=1000,
        session_header=False,
        cookie={
            "path": "/app",
            "domain": "example.com",
            "secure": True,
            "http_only": False,
            "same_site": "strict",
            "partitioned": True,
            "priority": "high",
            "max_age": timedelta(minutes=1),
            "chunk_max_length": 1000,
            "max_chunks": 5,
        },
        seal=seal,
        legacy_seal_fallback=False,
    )
    (value,) = sessions.use(now=NOW).set_cookies()
    wanted = "Path=/app Domain=example.com Secure SameSite=Strict Partitioned Priority=High Max-Age=60"
    assert value.startswith("s=Fe26.2*a*") and all(f"; {part}" in value for part in wanted.split())
    assert "HttpOnly" not in value and sessions.header_name == ""


@pytest.mark.parametrize("name", ["h3s1", "h3-1", "h3-2", "fe26.2"])
def test_a_formats_name_stands_for_the_object_that_has_nothing_else(name: str) -> None:
    short, long = h3s.Sessions(password=PASSWORD, seal=name), h3s.Sessions(password=PASSWORD, seal={"format": name})
    file = h3s.Sessions.from_json(json.dumps({"password": PASSWORD, "seal": name}))
    for one in (short, long, file):
        session = one.use(now=NOW)
        session["user"] = "Zoë"
        for other in (short, long, file):
            assert other.get(cookie=cookie_of(session), now=NOW) == {"user": "Zoë"}
    assert cookie_of(short.use(now=NOW)).startswith("h3=h3s1." if name == "h3s1" else "h3=Fe26.2*")


def test_h3_1_and_h3_2_differ_in_their_iterations() -> None:
    one, two = h3s.Sessions(password=PASSWORD, seal="h3-1"), h3s.Sessions(password=PASSWORD, seal="h3-2")
    as_one = h3s.Sessions(password=PASSWORD, seal={"format": "h3-2", "iterations": 1})
    assert one.unseal(as_one.use(now=NOW).seal(), now=NOW) == as_one.unseal(one.use(now=NOW).seal(), now=NOW) == {}
    # h3 2 opens what h3 1 has sealed, but not the other way around.
    assert two.unseal(one.use(now=NOW).seal(), now=NOW) == {}
    with pytest.raises(h3s.Rejected):
        one.unseal(two.use(now=NOW).seal(), now=NOW)


@pytest.mark.parametrize(("seal", "fits"), [("h3s1", 5_900), ("h3-1", 2_500), ("h3-2", 200_000)])
def test_the_format_decides_how_many_cookies_a_write_may_make(seal: str, fits: int) -> None:
    def chunks(sessions: h3s.Sessions, length: int) -> int:
        session = sessions.use(now=NOW)
        session["text"] = "x" * length
        return len(session.set_cookies())

    by_default = h3s.Sessions(password=PASSWORD, seal=seal)
    few: h3s.CookieOptions = {"max_chunks": 5}
    assert (chunks(by_default, fits) == 1) == (seal == "h3-1")
    with pytest.raises(h3s.TooLarge):
        chunks(by_default, fits * 3 // 2)
    assert chunks(h3s.Sessions(password=PASSWORD, seal=seal, cookie=few), 8_000) > 3


def test_of_passwords_whose_ids_are_all_numbers_the_highest_seals() -> None:
    two, ten = PASSWORD + "2", PASSWORD + "10"
    for password in ({"10": ten, "2": two}, {"2": two, "10": ten}):
        sessions = h3s.Sessions(password=password)
        assert sessions.use(now=NOW).seal().startswith("h3s1.10.")
    assert h3s.Sessions(password={"2": two, "k": ten}).use(now=NOW).seal().startswith("h3s1.2.")


def test_options_from_a_file_or_a_text(tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps({"password": PASSWORD, "name": "ours"}))
    for place in (path, str(path)):
        assert h3s.Sessions.from_file(place).cookie_name == "ours"
    assert h3s.Sessions.from_json(path.read_text()).cookie_name == "ours"
    assert h3s.Sessions.from_json('{"name": "ours"}', password=PASSWORD).cookie_name == "ours"
    assert h3s.Sessions.from_json('{"name": "ours"}', password={"1": PASSWORD}).cookie_name == "ours"
    with pytest.raises(h3s.ConfigError, match="nowhere"):
        h3s.Sessions.from_file(tmp_path / "nowhere.json")
    with pytest.raises(TypeError, match="from_file"):
        h3s.Sessions.from_json(path)  # type: ignore[arg-type]
    with pytest.raises(h3s.ConfigError) as error:
        h3s.Sessions.from_json('{"password": "short"}')
    assert error.value.key == "password"


def test_an_error_keeps_its_key_its_offset_and_its_message_apart(sessions: h3s.Sessions) -> None:
    text = f'{{"password": "{PASSWORD}", "maxAge": "1"}}'
    with pytest.raises(h3s.ConfigError) as error:
        h3s.Sessions.from_json(text)
    assert (error.value.key, error.value.offset) == ("maxAge", text.index('"1"'))
    assert "maxAge" not in error.value.message and str(error.value) == f"maxAge: {error.value.message}"
    with pytest.raises(h3s.ConfigError) as error:
        h3s.Sessions.from_json(text[:-1])
    assert (error.value.key, error.value.offset) == (None, len(text) - 1)
    assert str(error.value) == error.value.message
    session = sessions.use(now=NOW)
    for key, value in (("bad", object()), ("\ud800", 1)):
        with pytest.raises(h3s.DataError) as wrong:
            session[key] = value
        assert wrong.value.key == key and key not in wrong.value.message
        assert str(wrong.value).encode().endswith(b": " + wrong.value.message.encode())
    with pytest.raises(h3s.Rejected) as refused:
        sessions.unseal("h3s1..forged")
    assert (refused.value.key, refused.value.offset, str(refused.value)) == (None, None, refused.value.message)


def test_an_error_has_no_offset_into_a_text_that_nobody_gave() -> None:
    text = f'{{ "password": "{PASSWORD}", "maxAge": "1" }}'
    changes: list[dict[str, Any]] = [{"password": PASSWORD}, {"development": True}]
    for given in changes:
        with pytest.raises(h3s.ConfigError) as error:
            h3s.Sessions.from_json(text, **given)
        assert (error.value.key, error.value.offset) == ("maxAge", None)


WRONG = {
    "quotes that docker keeps": f'\'{{"password": "{PASSWORD}"}}\'',
    "a byte order mark": f'\ufeff{{"password": "{PASSWORD}"}}',
    "a comment": f'// sessions\n{{"password": "{PASSWORD}"}}',
    "YAML": f"password: {PASSWORD}",
    "the password alone": PASSWORD,
    "a list": f'["{PASSWORD}"]',
    "a string": f'"{PASSWORD}"',
    "the password as a name": f'{{"{PASSWORD}": 1, "{PASSWORD}": 2}}',
    "no end": f'{{"password": "{PASSWORD}',
    "nested": "[" * 100_000 + PASSWORD,
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("given", [{}, {"password": PASSWORD[::-1]}, {"development": True}])
def test_no_error_of_a_text_or_file_quotes_it(tmp_path: Path, text: str, given: dict[str, Any]) -> None:
    path = tmp_path / "options.json"
    for encoding in ("utf-8", "utf-16", "utf-32"):
        path.write_bytes(text.encode(encoding))
        with pytest.raises(h3s.ConfigError) as error:
            h3s.Sessions.from_file(path, **given)
        told = "".join(traceback.format_exception(error.value))
        assert error.value.__context__ is None
        assert PASSWORD not in told.replace("\0", "") and PASSWORD[::-1] not in told
        with pytest.raises(h3s.ConfigError) as error:
            h3s.Sessions.from_json(text, **given)
        assert PASSWORD not in str(error.value)


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    for encoding in ("utf-16", "latin-1"):
        path.write_bytes(
            json.dumps({"password": PASSWORD, "cookie": {"path": "/é"}}, ensure_ascii=False).encode(encoding)
        )
        with pytest.raises(h3s.ConfigError, match="UTF-8"):
            h3s.Sessions.from_file(path)


@pytest.mark.parametrize("given", [{}, {"password": PASSWORD}, {"development": True}])
@pytest.mark.parametrize("twice", ['"name": "a", "name": "b"', '"cookie": {"path": "/a", "path": "/b"}'])
def test_an_option_given_twice_is_an_error(given: dict[str, Any], twice: str) -> None:
    with pytest.raises(h3s.ConfigError, match="twice"):
        h3s.Sessions.from_json(f'{{"password": "{PASSWORD}", {twice}}}', **given)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"cookie": {"samesite": "lax"}}, "cookie.samesite: there is no such option; did you mean same_site?"),
        ({"cookie": {"http_only": False}, "name": "__Http-a"}, "needs cookie.http_only"),
        (
            {"seal": {"format": "h3-2", "encryption": {"salt_bits": 256}}},
            "salt_bits, iterations and min_password_length",
        ),
        ({"refresh": 1}, "refresh: True or False"),
        ({"cookie": True}, "cookie: a dict, or False for header sessions only"),
        ({"cookie": {"zzzzzzzz": 1}}, "there are path, domain, secure, http_only, same_site"),
        ({"seal": {"format": "h3s1", "generate_id": 1}}, "Session.set_id"),
    ],
)
def test_hints_are_in_pythons_spelling(options: Any, hint: str) -> None:
    with pytest.raises(h3s.ConfigError) as error:
        h3s.Sessions(password=PASSWORD, **options)
    assert hint in str(error.value)
    for name in ("sameSite", "httpOnly", "saltBits", "minPasswordlength"):
        assert name not in str(error.value)


# ---- Objects, threads, processes -----------------------------------------------------------------


def test_sessions_refuse_to_be_pickled_or_copied(sessions: h3s.Sessions) -> None:
    for thing in (sessions, sessions.use(now=NOW)):
        for copied in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="pickled"):
                copied(thing)


def test_sessions_show_no_secrets(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session["secret"] = "s3cret"
    shown = repr(sessions) + repr(session) + str(session)
    assert PASSWORD not in shown and "s3cret" not in shown and session.id not in shown


def test_sessions_free_themselves_and_close(sessions: h3s.Sessions) -> None:
    with sessions.use(now=NOW) as session:
        session["a"] = [1]
    for deed in (lambda: session["a"], lambda: session.update(a=1), session.set_cookies, lambda: session.id):
        with pytest.raises(h3s.StateError, match="closed"):
            deed()
    session.close()
    with h3s.Sessions(password=PASSWORD) as other:
        outlives = other.use(now=NOW)
    with pytest.raises(h3s.StateError, match="closed"):
        other.use()
    outlives["a"] = 1
    assert outlives.set_cookies()


def test_threads_share_sessions(sessions: h3s.Sessions) -> None:
    def work(number: int) -> bool:
        for _ in range(200):
            session = sessions.use(now=NOW)
            session["n"] = number
            if again(sessions, session)["n"] != number:
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def ids(sessions: h3s.Sessions, count: int) -> list[tuple[str, str]]:
    made = [sessions.use(now=NOW) for _ in range(count)]
    return [(session.id, session.seal()) for session in made]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_parent_and_child_never_draw_the_same(sessions: h3s.Sessions) -> None:
    ids(sessions, 1)
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=lambda: theirs.send(ids(sessions, 50)))
    child.start()
    mine = ids(sessions, 50)
    assert ours.poll(30)
    other = ours.recv()
    child.join(30)
    assert child.exitcode == 0
    assert len({one for pair in mine + other for one in pair}) == 200
    for _, token in other:
        assert sessions.unseal(token, now=NOW) == {}


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc on this system")
def test_200_000_requests_hold_memory_steady(sessions: h3s.Sessions) -> None:
    cookie = cookie_of(sessions.use(now=NOW))

    def requests(count: int) -> None:
        for number in range(count):
            session = sessions.use(cookie=cookie, now=NOW)
            session["list"] = [number]
            session["list"].append(number)
            session.set_cookies()
            if number % 10 == 0:
                with pytest.raises(h3s.DataError):
                    session["bad"] = {number}
                sessions.get(cookie="h3=h3s1..forged").close()

    requests(20_000)
    before = resident()
    requests(180_000)
    assert resident() - before < 2 << 20


def test_closing_while_another_thread_derives_a_key_frees_nothing_in_use() -> None:
    program = """
import os, threading, h3s
def forged(n):
    return "Fe26.2**" + "%064x" % n + "*" + "A" * 22 + "*" + "A" * 22 + "**" + "%064x" % n + "*" + "A" * 43
slow = {"salt_bits": 256, "iterations": 80000, "min_password_length": 32}
seal = {"format": "h3-2", "encryption": {"algorithm": "aes-256-cbc", **slow}, "integrity": {"algorithm": "sha256", **slow}}
for n in range(4):
    sessions = h3s.Sessions(password="correct horse battery staple, and more of it", seal=seal)
    token, entered = sessions.use().seal(), threading.Barrier(5)
    def work(deed):
        entered.wait()
        try:
            deed()
        except h3s.H3sError:
            pass
    deeds = [lambda: sessions.get("h3=" + forged(n)), lambda: sessions.unseal(forged(n + 9)),
             lambda: sessions.iron_seal(1), lambda: sessions.iron_unseal(forged(n + 99))]
    threads = [threading.Thread(target=work, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    entered.wait()
    # The others are let in as often as this one gives up the GIL.
    for _ in range(1000):
        os.sched_yield()
    sessions.close()
    junk = [bytearray(os.urandom(64)) * 40 for _ in range(200)]
    for thread in threads:
        thread.join()
print("whole")
"""
    done = run([sys.executable, "-c", program], {**os.environ, "PYTHONPATH": str(SOURCE), "MALLOC_PERTURB_": "165"})
    assert done.returncode == 0 and done.stdout == "whole\n", done.stderr


# ---- As a dict -----------------------------------------------------------------------------------


def test_a_session_is_taken_where_a_dict_is(sessions: h3s.Sessions) -> None:
    first = sessions.use(now=NOW)
    first.update(a=1, b=[2])
    cookie = cookie_of(first)

    def session() -> h3s.Session:
        return sessions.get(cookie, now=NOW)

    data = {"a": 1, "b": [2]}
    assert json.dumps(session()) == json.dumps(session(), indent=None, separators=(", ", ": ")) == json.dumps(data)
    assert json.loads(json.dumps(session(), indent=1, sort_keys=True)) == data and json.dumps(sessions.get()) == "{}"
    assert isinstance(session(), dict) and dict(session()) == {**session()} == data == session() and session() == data
    assert session() | {"c": 3} == {"c": 3} | session() == {**data, "c": 3}
    for plain in (session().copy(), session() | {}, {} | session()):
        assert type(plain) is dict and plain == data
    with pytest.raises(TypeError):
        session() | 1  # type: ignore[operator]
    assert list(reversed(session())) == ["b", "a"] and "%(a)s" % session() == "1"  # noqa: UP031
    copied, original = session().copy(), session()
    copied["a"] = 5
    assert not original.is_dirty and original["a"] == 1


def test_the_storage_of_a_session_has_the_data_once_it_was_read(sessions: h3s.Sessions) -> None:
    def storage(session: h3s.Session) -> dict[str, Any]:
        # As extension modules see it.
        return dict(list(dict.items(session)))

    session = sessions.get(now=NOW)
    assert "not read yet" in repr(storage(session))
    session["a"] = 1
    assert len(session) == 1 and storage(session) == {"a": 1}
    session["b"] = 2
    session.update(c=3)
    del session["a"]
    assert session.pop("b") == 2 and storage(session) == {"c": 3}
    session.replace(d=4)
    assert storage(session) == {"d": 4}
    session.clear()
    assert storage(session) == {}
    session.close()
    assert storage(session) == {}


@pytest.mark.parametrize("nested", [([1], {"a": 1}), {"t": ([1],)}, [([1],)], OrderedDict(a=[1]), defaultdict(list)])
def test_a_change_in_any_container_is_noticed(sessions: h3s.Sessions, nested: Any) -> None:
    session = sessions.use(now=NOW)
    session["v"] = nested
    session.set_cookies()
    assert not session.is_dirty
    inner: Any = session["v"]
    while not isinstance(inner, list) and not isinstance(inner, defaultdict):
        inner = inner[0] if isinstance(inner, tuple) else next(iter(inner.values()))
    if isinstance(inner, defaultdict):
        inner["new"].append(1)
    elif isinstance(inner[0], tuple):
        inner[0][0].append(2)
    else:
        inner.append(2)
    assert session.is_dirty
    assert sessions.get(cookie_of(session), now=NOW)["v"] == json.loads(json.dumps(nested))


def test_numbers_that_only_other_languages_hold_can_be_read_and_stay(sessions: h3s.Sessions) -> None:
    data = b'{"n":1e400,"m":-1E999,"i":' + b"9" * 5_000 + b',"o":{"n":1e400},"s":-0,"f":1.0e-400}'
    first = sessions.use(now=NOW)
    first._write(h3s._abi.fast.h3s_replace, data, len(data))
    session = sessions.get(cookie_of(first), now=NOW)
    assert session["n"] == session["o"]["n"] == session["i"] == math.inf and session["m"] == -math.inf
    assert session["s"] == 0 and session["f"] == 0.0 and not session.is_dirty
    session["other"] = 1
    assert session.set_cookies()
    assert h3s._abi.fast.h3s_session_data(session._handle).ptr == data[:-1] + b',"other":1}'
    session["o"]["x"] = 1
    with pytest.raises(h3s.DataError, match="o: "):
        session.set_cookies()


def test_no_method_of_a_dict_reads_past_the_mapping(sessions: h3s.Sessions) -> None:
    harmless = {"__class_getitem__", "__getattribute__", "__init__", "__new__", "__sizeof__", "fromkeys", "__hash__"}
    harmless |= {"__lt__", "__le__", "__gt__", "__ge__"}
    for name, method in vars(dict).items():
        if callable(method) and name not in harmless:
            assert getattr(h3s.Session, name) is not method, name
    first = sessions.use(now=NOW)
    first.update(a=1, b=2)

    def session() -> h3s.Session:
        return sessions.get(cookie_of(first), now=NOW)

    for one, other in ((session(), {"a": 1, "b": 2}), (sessions.get(now=NOW), {})):
        assert (one != other) is False and (other != one) is False
    assert session() != {}
    assert session().popitem() == ("b", 2) and "b" in session()
    with pytest.raises(KeyError):
        sessions.get(now=NOW).popitem()


def test_nothing_but_the_package_makes_a_session(sessions: h3s.Sessions) -> None:
    @dataclasses.dataclass
    class Holder:
        session: dict[str, Any]

    made: Any = h3s.Session
    deeds: list[Callable[[], Any]] = [lambda: made({"a": 1}), lambda: dataclasses.asdict(Holder(sessions.use(now=NOW)))]
    for deed in deeds:
        with pytest.raises(TypeError, match="comes from Sessions"):
            deed()


def test_what_is_closed_says_so(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    session.close()
    other = h3s.Sessions(password=PASSWORD)
    other.close()
    for deed in (lambda: session.log_id, lambda: session.get("a"), lambda: other.strip("a=b")):
        with pytest.raises(h3s.StateError, match="closed"):
            deed()


@pytest.mark.parametrize(
    "options",
    [
        {"cookie": {1: 2}},
        {"not_before": "x"},
        {"not_before": math.inf},
        {"cookie": {"same_site": "lax", "sameSite": "none"}},
    ],
)
def test_every_wrong_option_is_a_config_error(options: Any) -> None:
    with pytest.raises(h3s.ConfigError) as error:
        h3s.Sessions(password=PASSWORD, **options)
    assert error.value.key
