"""The library, through its C ABI alone, for the tests in JavaScript.

A line of JSON in, a line of JSON out:

    ["config", {options}]
        its number
    ["token", config, id, {data}, made, sealed]
        a token of a session of these times
    ["cookies", config, [header, ...]]
        of each: the session's id or null, the rejection, the chunks that came, whether a logout
        replaces the cookie, and what may go upstream
    ["unseal", config, [token, ...]]
        of each: the payload's JSON, or null and the rejection; the session's id, createdAt and
        data, or null and the rejection
    ["update", config, [[data, update], ...]]
        of each: which text was refused or null, the data afterwards, and its names in order

A Cookie header is its bytes as Latin-1; all other text is UTF-8.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from ctypes import POINTER, byref, c_size_t, c_void_p, create_string_buffer
from typing import Any

from h3s._abi import OK, REQUEST_SIZE, VIEW_NEW, VIEW_SIZE, Error, Request, Str, View, fast

NOW = 1_800_000_000_000

configs: list[tuple[c_void_p, str]] = []


def expect(status: int, error: Error) -> None:
    if status != OK:
        raise RuntimeError(f"{error.key.decode()}: {error.message.decode()}")


def config(options: dict[str, Any]) -> int:
    text, handle, error = json.dumps(options).encode(), c_void_p(), Error()
    expect(fast.h3s_config_new(text, len(text), byref(handle), byref(error)), error)
    configs.append((handle, fast.h3s_config_cookie_name(handle).ptr.decode()))
    return len(configs) - 1


def fresh(number: int, now: int = NOW) -> c_void_p:
    session, error = c_void_p(), Error()
    request = Request(size=REQUEST_SIZE, now_ms=now)
    expect(fast.h3s_get(configs[number][0], byref(request), byref(session), byref(error)), error)
    return session


def token(number: int, name: str, data: dict[str, Any], born: int, sealed: int) -> str:
    session, error, out = fresh(number, born), Error(), Str()
    text, ident = json.dumps(data).encode(), name.encode()
    expect(fast.h3s_session_set_id(session, ident, len(ident), byref(error)), error)
    expect(fast.h3s_session_set_now(session, sealed, byref(error)), error)
    expect(fast.h3s_replace(session, text, len(text), byref(error)), error)
    expect(fast.h3s_seal(session, byref(out), byref(error)), error)
    made: bytes = out.ptr
    fast.h3s_session_free(session)
    return made.decode()


def cookies(number: int, headers: list[str]) -> list[Any]:
    handle, name = configs[number]
    prefix = len(name) + 1
    error, view, session = Error(), View(size=VIEW_SIZE), c_void_p()
    values, count = POINTER(Str)(), c_size_t()
    answers: list[Any] = []
    for header in headers:
        text = header.encode("latin-1")
        request = Request(size=REQUEST_SIZE, cookie=text, cookie_len=len(text), now_ms=NOW)
        expect(fast.h3s_use(handle, byref(request), byref(session), byref(error)), error)
        fast.h3s_session_view(session, byref(view))
        ident = None if view.flags & VIEW_NEW else view.id.ptr.decode()
        # Clearing deletes each chunk of the request; and the cookie, or replaces it.
        expect(fast.h3s_clear(session, byref(error)), error)
        expect(fast.h3s_set_cookies(session, byref(values), byref(count), byref(error)), error)
        left = dict(values[i].ptr.split(b";", 1)[0].split(b"=", 1) for i in range(count.value))
        fast.h3s_session_free(session)
        chunks = [int(each[prefix:]) for each in left if len(each) >= prefix]
        replaced = left[name.encode()] != b""
        out = create_string_buffer(len(text) + 1)
        kept = fast.h3s_cookie_strip(handle, text, len(text), out)
        answers.append([ident, view.rejection, chunks, replaced, out.raw[:kept].decode("latin-1")])
    return answers


def unseal(number: int, tokens: list[str]) -> list[Any]:
    handle = configs[number][0]
    error, session, length = Error(), c_void_p(), c_size_t()
    answers: list[Any] = []
    for each in tokens:
        text = each.encode()
        room = len(text) + 1
        out = create_string_buffer(room)
        request = Request(size=REQUEST_SIZE, header=text, header_len=len(text), now_ms=NOW)
        status = fast.h3s_iron_unseal(handle, byref(request), out, room, byref(length), byref(error))
        payload = [out.raw[: length.value].decode()] if status == OK else [None, error.key.decode()]
        if fast.h3s_unseal(handle, byref(request), byref(session), byref(error)) == OK:
            lacked = fast.h3s_session_is_new(session)
            ident = None if lacked else fast.h3s_session_id(session).ptr.decode()
            created_at = fast.h3s_session_created_at(session)
            opened: list[Any] = [[ident, created_at, fast.h3s_session_data(session).ptr.decode()]]
            fast.h3s_session_free(session)
        else:
            opened = [None, error.key.decode()]
        answers.append([payload, opened])
    return answers


def names(data: str) -> list[str] | None:
    try:
        # Numbers of thousands of digits are none of Python's business here.
        members = json.loads(data, object_pairs_hook=list, parse_int=str, parse_float=str)
    except ValueError:
        return None
    return [name for name, _ in members]


def update(number: int, changes: list[tuple[str, str]]) -> list[Any]:
    error = Error()
    answers: list[Any] = []
    for before, change in changes:
        session = fresh(number)
        refused: str | None = None
        for which, function, text in (("data", fast.h3s_replace, before), ("update", fast.h3s_update, change)):
            encoded = text.encode("utf-8", "surrogatepass")
            if refused is None and function(session, encoded, len(encoded), byref(error)) != OK:
                refused = which
        data = fast.h3s_session_data(session).ptr.decode()
        fast.h3s_session_free(session)
        answers.append([refused, data, names(data)])
    return answers


OPERATIONS: dict[str, Callable[..., Any]] = {
    "config": config,
    "token": token,
    "cookies": cookies,
    "unseal": unseal,
    "update": update,
}

for line in sys.stdin:
    operation, *arguments = json.loads(line)
    print(json.dumps(OPERATIONS[operation](*arguments)), flush=True)
