"""The extension does what ctypes does, and leaks nothing; and which of the two it is."""

from __future__ import annotations

import enum
import gc
import json
import math
import os
import random
import subprocess
import sys
import sysconfig
import threading
import tracemalloc
import weakref
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Callable, cast

import h3s
import pytest
from h3s import _core, _json
from h3s._abi import fast

from conftest import NOW, PASSWORD, SOURCE, cookie_of, run
from test_vectors import sealed_by_another

ROOT = Path(__file__).resolve().parents[3]
BUILT = ROOT / "target/python/_extension.abi3.so"

Deed = Callable[[Any], Any]

needs_built = pytest.mark.skipif(not BUILT.is_file(), reason="the extension was not built")


# ---- Which of the two ----------------------------------------------------------------------------


def told(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "H3S_PYTHON"}
    given = {"PYTHONPATH": str(SOURCE), "H3S_LIBRARY": str(ROOT / "target/lib/libh3s.so")}
    return run([sys.executable, "-m", "h3s", "version"], {**clean, **given, **environment})


def test_the_variable_decides_how_the_tests_run() -> None:
    assert h3s.backend() == os.environ.get("H3S_PYTHON", h3s.backend())
    assert (_core.extension is None) == (h3s.backend() == "ctypes")


def test_the_version_command_says_what_is_loaded_and_how() -> None:
    lines = told(H3S_PYTHON="ctypes").stdout.splitlines()
    assert lines[0].startswith(f"h3s {h3s.__version__}; libh3s {h3s.__version__} in /")
    assert lines[1] == "by ctypes, since H3S_PYTHON says so"


@needs_built
def test_the_extension_is_used_where_it_is() -> None:
    assert told().stdout.endswith("\nby extension\n")
    assert told(H3S_PYTHON="extension").stdout.endswith("\nby extension\n")


def test_without_it_the_package_goes_by_ctypes_and_says_why(elsewhere: Path) -> None:
    done = told(PYTHONPATH=str(elsewhere))
    assert done.stdout.endswith("\nby ctypes, since it was not built\n") and not done.stderr
    last = told(PYTHONPATH=str(elsewhere), H3S_PYTHON="extension").stderr.splitlines()[-1]
    assert "LibraryError" in last and "it was not built" in last


def test_one_that_cannot_be_loaded_is_not_used_and_that_is_said(elsewhere: Path) -> None:
    beside = elsewhere / "h3s/_extension.abi3.so"
    beside.write_bytes(b"no library")
    done = told(PYTHONPATH=str(elsewhere))
    assert f"by ctypes, since {beside} cannot be loaded: " in done.stdout and not done.stderr
    last = told(PYTHONPATH=str(elsewhere), H3S_PYTHON="extension").stderr.splitlines()[-1]
    assert "LibraryError" in last and str(beside) in last


def test_one_for_another_abi_version_is_not_used(elsewhere: Path, tmp_path: Path) -> None:
    header = (ROOT / "include/h3s.h").read_text().replace("#define H3S_ABI_VERSION 0", "#define H3S_ABI_VERSION 7")
    (tmp_path / "include").mkdir()
    (tmp_path / "include/h3s.h").write_text(header)
    python = sysconfig.get_path("include")
    if not Path(python, "Python.h").is_file():
        pytest.skip("no headers of Python")
    other = elsewhere / "h3s/_extension.abi3.so"
    other.unlink(missing_ok=True)
    folders = [f"-I{tmp_path}/include", f"-I{python}"]
    source = str(ROOT / "bindings/python/extension/_extension.c")
    subprocess.run(["cc", "-shared", "-fPIC", *folders, source, "-o", str(other)], check=True, timeout=60)
    assert told(PYTHONPATH=str(elsewhere)).stdout.endswith(f"{other} cannot be loaded: it is for ABI version 7\n")


def test_another_value_of_the_variable_is_an_error() -> None:
    last = told(H3S_PYTHON="fast").stderr.splitlines()[-1]
    assert "LibraryError" in last and "'fast'" in last and "ctypes" in last


@needs_built
@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="no /proc on this system")
def test_it_calls_the_library_that_ctypes_has_loaded() -> None:
    program = (
        "import h3s, os, pathlib\n"
        "h3s.Sessions(password='x' * 32).use().set_cookies()\n"
        "maps = pathlib.Path('/proc/self/maps').read_text().splitlines()\n"
        "assert {line.split()[-1] for line in maps if 'libh3s' in line} == {os.path.realpath(h3s._abi.slow._name)}\n"
        "print(h3s.backend())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "H3S_PYTHON": "extension"}
    done = run([sys.executable, "-c", program], environment)
    assert done.stdout == "extension\n", done.stderr
    needed = run(["readelf", "-d", str(BUILT)], dict(os.environ)).stdout
    assert "libc.so" in needed and "libh3s" not in needed


# ---- What it does --------------------------------------------------------------------------------


def data_of(session: h3s.Session) -> bytes:
    data: bytes = fast.h3s_session_data(session._handle).ptr
    return data


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types."""
    return type(one) is type(other) and repr(one) == repr(other)


READ = [
    *("0", "-0", "7", "-7", "999999999999999999", "-99999999999999999", "1000000000000000000", "-1000000000000000000"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "9" * 60),
    *("0.0", "-0.0", "1.0", "1.5e3", "1E5", "1e-5", "-1e+5", "1e400", "-1e400", "1e-400", "0.1", "1" * 60 + ".5"),
    *("5e-324", "1.7976931348623157e308", "123456789012345680000", "0." + "1" * 50),
    *(
        '""',
        '"a"',
        '"Zoë"',
        '"\U0001f36a"',
        '"\\u0041"',
        '"\\ud800"',
        '"\\"\\\\\\/\\n"',
        '"\x7f"',
        '"/"',
        '"' + "x" * 2000 + '"',
    ),
    *("true", "false", "null", "[]", "{}", "[1]", '{"a":[1.0]}'),
]


@pytest.mark.parametrize("text", READ, ids=lambda text: text[:30])
def test_a_value_reads_as_the_json_module_reads_it(sessions: h3s.Sessions, text: str) -> None:
    first = sessions.use(now=NOW)
    name = json.dumps({"v": 0}, separators=(",", ":")).replace("0", text).encode()
    first._write(fast.h3s_replace, name, len(name))
    wanted = _json.decode(text)
    reads: list[Deed] = [lambda s: s["v"], lambda s: s.get("v"), lambda s: dict(s)["v"]]
    for read in reads:
        session = sessions.get(cookie_of(first), now=NOW)
        assert same(read(session), wanted)
        assert same(read(session), wanted) and not session.is_dirty


NO_JSON = [
    *("tru", "truE", "true1", "nul", "nulls", "fals", "x", "NaN", "nan", "Infinity", "-Infinity", "inf", "-inf"),
    *("01", "-01", "1.", "-", ".5", "+1", "1e", "1e+", "1.e5", "0x1F", "1_000", "--1", "1.5.5", "1e5e5", "1-1", "0b1"),
    *('"', '"a', 'a"', '"a"b"', '"\x01"', '"\n"', '"\x1f"', '"\\', '"\\"', "1\x00", "true\x00"),
]


@pytest.mark.parametrize("text", NO_JSON, ids=repr)
def test_what_is_no_json_is_read_as_the_json_module_reads_it(text: str) -> None:
    token = sealed_by_another(f'{{"a":{text},"b":1}}')
    try:
        session = h3s.Sessions(password=PASSWORD).unseal(token, now=NOW)
    except h3s.Rejected:
        return
    found = session._find(b"/a")
    try:
        wanted = _json.decode(found or "")
    except h3s.DataError:
        reads: list[Deed] = [lambda s: s["a"], lambda s: {}[s.get("a")]]
        for read in reads:
            with pytest.raises(h3s.DataError if found else KeyError):
                read(session)
    else:
        assert same(session["a"], wanted) and same(session.get("a"), wanted)


class Text(str):
    pass


class Number(enum.IntEnum):
    ONE = 1


WRITTEN = [
    *(0, -1, 10**18, 2**63 - 1, -(2**63), 2**63, 2**200, True, False, None, Number.ONE),
    *(0.0, -0.0, 1.0, 0.1, 1e22, 1e16, 1.5e300, 5e-324, 123456789.125, math.pi),
    *(
        "",
        "a",
        "Zoë",
        "\U0001f36a",
        "\ud800",
        'quo"te\\',
        "\x00\x01\b\t\n\f\r\x1f",
        "\x7f\u2028",
        "/",
        Text("sub"),
        "x" * 2000,
    ),
    *([], {}, (), [1, "a"], {"a": {"b": None}}, ("a", 1.0)),
]


@pytest.mark.parametrize("value", WRITTEN, ids=lambda value: repr(value)[:30])
def test_a_value_is_written_as_the_json_module_writes_it(sessions: h3s.Sessions, value: Any) -> None:
    session = sessions.use(now=NOW)
    session["v"] = value
    assert data_of(session) == b'{"v":' + _json.text_of("v", value) + b"}"
    assert session["v"] is value and dict(session) == {"v": value}
    session["v"] = 1
    session["v"] = value
    assert session["v"] is value and dict.__getitem__(session, "v") is value


KEYS = [
    "a",
    "A_9",
    "_",
    "9",
    "",
    " ",
    "a/b",
    "a~b",
    "é",
    "a b",
    "k" * 126,
    "k" * 127,
    "k" * 128,
    "k" * 500,
    Text("sub"),
    "\ud800",
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: repr(key)[:20])
def test_every_key_is_found_written_and_removed(sessions: h3s.Sessions, key: str) -> None:
    if key == "\ud800":
        with pytest.raises(h3s.DataError, match="surrogates"):
            sessions.use(now=NOW)[key] = 1
        assert sessions.use(now=NOW).get(key) is None
        return
    first = sessions.use(now=NOW)
    first.update({key: 1, "other": 2})
    session = sessions.get(cookie_of(first), now=NOW)
    assert session[key] == 1 and session.get(key, 5) == 1
    session[key] = "two"
    assert session[key] == "two" and sessions.get(cookie_of(session), now=NOW) == {key: "two", "other": 2}
    del session[key]
    assert session.get(key) is None and session.get(key, 5) == 5 and session.get(key=key, default=6) == 6
    for one in (session, sessions.get(cookie_of(session), now=NOW)):
        with pytest.raises(KeyError) as missing:
            one[key]
        assert missing.value.args == (key,)


@pytest.mark.parametrize("key", [1, None, ("a",), b"a", 1.5])
def test_what_is_no_string_is_no_key(sessions: h3s.Sessions, key: Any) -> None:
    session = sessions.use(now=NOW)
    session["a"] = 1
    assert session.get(key) is None and key not in session
    with pytest.raises(KeyError):
        session[key]
    with pytest.raises(h3s.DataError):
        session[key] = 1
    with pytest.raises(TypeError):
        session.get([])  # type: ignore[arg-type]
    for arguments in ((), (1, 2, 3)):
        with pytest.raises(TypeError):
            session.get(*arguments)


def test_a_change_is_noticed_in_what_was_read_with_all_the_rest(sessions: h3s.Sessions) -> None:
    first = sessions.use(now=NOW)
    first.update(list=[1], dict={"a": 1})
    session = sessions.get(cookie_of(first), now=NOW)
    assert len(session) == 2 and not session.is_dirty
    session["list"].append(2)
    session.get("dict")["a"] = 3
    assert session.is_dirty
    assert sessions.get(cookie_of(session), now=NOW) == {"list": [1, 2], "dict": {"a": 3}}


@pytest.mark.parametrize("value", [2, "x", 1.5, True, None, [1]], ids=repr)
def test_a_list_in_whose_place_another_value_is_set_has_not_changed(sessions: h3s.Sessions, value: Any) -> None:
    session = sessions.use(now=NOW)
    session["v"] = former = [1]
    session["v"] = value
    former.append(2)
    assert session.set_cookies() and not session.is_dirty and session.set_cookies()
    assert sessions.get(cookie_of(session), now=NOW) == {"v": value}


def test_random_writes_leave_the_same_as_one_update(sessions: h3s.Sessions) -> None:
    order = random.Random(1)
    for _ in range(100):
        session, cookie = sessions.use(now=NOW), ""
        wanted: dict[str, Any] = {}
        for _ in range(order.randrange(12)):
            key, value = order.choice(["a", "b", "c/d", "é"]), order.choice(WRITTEN)
            deed = order.randrange(5)
            if deed == 0:
                session.pop(key, None)
                wanted.pop(key, None)
            elif deed == 1:
                assert session.get(key, "none") == wanted.get(key, "none")
            elif deed == 2:
                cookie = cookie_of(session) or cookie
                session = sessions.get(cookie, now=NOW)
                wanted = json.loads(json.dumps(wanted))
            else:
                session[key] = wanted[key] = value
        assert session == wanted and json.loads(data_of(session)) == json.loads(json.dumps(wanted))


def test_headers_may_be_text_or_bytes_and_nothing_else(sessions: h3s.Sessions) -> None:
    first = sessions.use(now=NOW)
    first["a"] = 1
    cookie, token = cookie_of(first), first.seal()
    for given in (cookie, cookie.encode(), "b=ë; " + cookie, "b=\u20ac\ud800; " + cookie):
        assert sessions.get(given, now=NOW) == {"a": 1}
    for given in (token, token.encode(), "Bearer " + token):
        assert sessions.get(header=given, now=NOW) == sessions.unseal(given, now=NOW) == {"a": 1}
    for wrong in (1, ["a"], object()):
        with pytest.raises(AttributeError, match="encode"):
            sessions.get(wrong, now=NOW)  # type: ignore[arg-type]
        with pytest.raises(AttributeError, match="encode"):
            sessions.get(peer=wrong, now=NOW)  # type: ignore[arg-type]
    assert sessions.get(cookie, peer="\ud800", now=NOW) == {"a": 1}


class Upper(h3s.Session):
    """What a subclass says of reading and writing goes for all that reads and writes."""

    def __getitem__(self, key: str) -> Any:
        return "got " + super().__getitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value.upper())


def test_a_subclass_may_read_and_write_in_its_own_way(sessions: h3s.Sessions) -> None:
    session = Upper(None)
    _core.take(session, sessions.use(now=NOW))
    session["a"] = "x"
    assert session["a"] == session.get("a") == session.pop("a") == "got X"
    assert session.get("a", 1) == 1 and session.setdefault("b", "y") == "y" and session["b"] == "got Y"
    assert sessions.get(cookie_of(session), now=NOW) == {"b": "Y"}


def test_what_cannot_be_written_opens_no_session(sessions: h3s.Sessions) -> None:
    session = h3s.RequestSession(lambda: sessions.use(now=NOW), "GET", "/")
    for value in (math.nan, {1}, object()):
        with pytest.raises(h3s.DataError):
            session["a"] = value
    assert not session.touched


def test_a_late_write_is_told_once_and_before_the_session_is_opened(sessions: h3s.Sessions) -> None:
    def refuse() -> h3s.Session:
        raise h3s.Busy("too many")

    for open in (refuse, lambda: sessions.use(now=NOW)):
        session = h3s.RequestSession(open, "GET", "/")
        session.headers_went()
        with pytest.warns(h3s.LateWriteWarning) as caught, suppress(h3s.Busy):
            session["a"] = 1
        assert len(caught) == 1


def test_other_threads_go_on_while_a_key_is_derived() -> None:
    derivation = {"salt_bits": 256, "iterations": 100_000, "min_password_length": 32}
    encryption: Any = {"algorithm": "aes-256-cbc", **derivation}
    integrity: Any = {"algorithm": "sha256", **derivation}
    seal: h3s.SealOptions = {"format": "h3-2", "encryption": encryption, "integrity": integrity}
    sessions = h3s.Sessions(password=PASSWORD, seal=seal)
    interval = sys.getswitchinterval()
    # Nobody has to give up the GIL, so that whoever has it does only by itself.
    sys.setswitchinterval(60)
    try:
        for number in range(20):
            entered, over = threading.Event(), threading.Event()
            forged = f"Fe26.2**{number:064x}*{'A' * 22}*{'A' * 22}**{number:064x}*{'A' * 43}"

            def work(forged: str = forged, entered: Any = entered, over: Any = over) -> None:
                entered.set()
                assert sessions.get(header=forged).rejection == "bad_seal"
                over.set()

            thread = threading.Thread(target=work)
            thread.start()
            entered.wait()
            went_on = not over.is_set()
            thread.join()
            if went_on:
                return
    finally:
        sys.setswitchinterval(interval)
    pytest.fail("each was over before another thread went on")


# ---- What it holds -------------------------------------------------------------------------------


def test_a_circle_through_a_session_is_collected(sessions: h3s.Sessions) -> None:
    session = sessions.use(now=NOW)
    inner: list[Any] = []
    session["list"] = inner
    inner.append(session)
    seen = weakref.ref(session)
    del session, inner
    gc.collect()
    assert seen() is None
    opened = h3s.RequestSession(lambda: sessions.use(now=NOW), "GET", "/")
    opened._late = partial(print, opened)
    seen = weakref.ref(opened)
    del opened
    gc.collect()
    assert seen() is None


def test_a_session_keeps_its_keys_and_gives_them_up(sessions: h3s.Sessions) -> None:
    config = sessions._handle
    before = sys.getrefcount(config)
    held = [sessions.get(now=NOW) for _ in range(100)]
    assert sys.getrefcount(config) == before + 100
    held[0].close()
    for session in held[1:50]:
        h3s.RequestSession([session].pop, "GET", "/").get("a")
    del held, session
    gc.collect()
    assert sys.getrefcount(config) == before


def deeds(sessions: h3s.Sessions) -> Iterator[Callable[[], Any]]:
    """All that the extension does, and each way in which it may go wrong."""
    first = sessions.use(now=NOW)
    first.update(count=1, text="Zoë" * 50, real=0.5, yes=True, none=None, escaped='"', list=[1], big=2**80)
    cookie, token = cookie_of(first), first.seal()
    forged = h3s.Sessions(password=PASSWORD[::-1]).use(now=NOW).seal()

    def request() -> None:
        session = sessions.get(cookie, b"", peer="192.0.2.1", now=NOW)
        for key in ("count", "text", "real", "yes", "none", "escaped", "list", "big", "missing"):
            session[key] = session.get(key)
            assert session.get(key) is session.get(key, 1)
        session["list"].append(2)
        assert session.is_dirty and session.set_cookies() and session.seal()
        del session["missing"]
        session["whole"] = len(session)
        session["list"] = [session["real"]]

    def wrong() -> None:
        session = sessions.use(cookie, now=NOW)
        for value in (object(), math.nan, math.inf, "\ud800" * 20_000, "x" * 20_000, {1}):
            with pytest.raises(h3s.DataError):
                session["count"] = value
        for key in (1, "\ud800"):
            with pytest.raises(h3s.DataError):
                session[key] = 1  # type: ignore[index]
        for key in ("missing", "mis/sing", 1):
            with pytest.raises(KeyError):
                session[key]  # type: ignore[index]
        session.close()
        session.close()
        for deed in (
            lambda: session["count"],
            lambda: session.get("count"),
            session.set_cookies,
            lambda: session.is_new,
        ):
            with pytest.raises(h3s.StateError):
                deed()
        with pytest.raises(h3s.StateError):
            session["count"] = 1
        with pytest.raises(h3s.Rejected):
            sessions.unseal(forged)
        with pytest.raises(TypeError):
            h3s.Session({})  # type: ignore[arg-type]

    def opened_later() -> None:
        for touch in (lambda s: s.get("count"), lambda s: s.set_cookies(), lambda s: s.is_new, lambda s: len(s)):
            session = h3s.RequestSession(lambda: sessions.unseal(token, now=NOW), "GET", "/")
            touch(session)
            session["count"] = 2
        failing = h3s.RequestSession(cast(Any, lambda: 1 // 0), "GET", "/")
        for touch in (lambda s: s["count"], lambda s: s.set_cookies(), lambda s: s.update(a=1), lambda s: s.is_new):
            with pytest.raises(ZeroDivisionError):
                touch(failing)
        with pytest.raises(ZeroDivisionError):
            failing["count"] = 1

    def across() -> None:
        headers = {"Sec-Fetch-Site": "cross-site", "Host": "a.example"}
        assert h3s.is_cross_site(headers.get) and not h3s.is_cross_site({"Sec-Fetch-Site": "none"}.get)

    yield from (request, wrong, opened_later, across)


def test_nothing_that_it_does_holds_memory(sessions: h3s.Sessions) -> None:
    for deed in deeds(sessions):
        tracemalloc.start()
        try:
            held = []
            for _ in range(7):
                for _ in range(60):
                    deed()
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
            # Python keeps some freed objects of each type for the next ones, so it may grow at
            # times. What leaks an object a turn grows each time.
            assert min(later - former for former, later in zip(held, held[1:])) < 60 * 12, deed
        finally:
            tracemalloc.stop()


def test_it_takes_no_more_references_than_it_gives_back(sessions: h3s.Sessions) -> None:
    watched: list[Any] = [
        h3s.Session,
        h3s.RequestSession,
        h3s.Sessions,
        _core._UNREAD,
        h3s._abi.Error,
        sessions._handle,
    ]
    if sys.version_info < (3, 12):
        # Later they are immortal, and only what is compiled for former versions counts them.
        watched += [None, True, "count", "list", object, ()]
    for deed in deeds(sessions):
        deed()
        gc.collect()
        before = [sys.getrefcount(one) for one in watched]
        for _ in range(150):
            deed()
        gc.collect()
        grown = [sys.getrefcount(one) - count for one, count in zip(watched, before)]
        assert max(map(abs, grown)) < 75, (deed, dict(zip(map(repr, watched), grown)))


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc on this system")
def test_150_000_counts_hold_memory_steady(sessions: h3s.Sessions) -> None:
    first = sessions.use(now=NOW)
    first["count"] = 1
    cookie = cookie_of(first)

    def requests(count: int) -> None:
        for _ in range(count):
            session = sessions.get(cookie, now=NOW)
            session["count"] += 1
            session.get("missing")
            session.set_cookies()

    requests(20_000)
    before = resident()
    requests(130_000)
    assert resident() - before < 1 << 20


# ---- What nobody does ----------------------------------------------------------------------------


def test_a_session_that_was_never_made_is_an_error_and_no_crash(sessions: h3s.Sessions) -> None:
    for kind in (h3s.Session, h3s.RequestSession):
        deeds: list[Deed] = [lambda s: s["a"], lambda s: s.get("a"), lambda s: s.update(a=1), lambda s: s.set_cookies()]
        for deed in deeds:
            with pytest.raises((AttributeError, h3s.StateError, RecursionError)):
                deed(kind.__new__(kind))
    session = sessions.use(now=NOW)
    for name in ("_values", "_given", "_late", "_config"):
        delattr(session, name)
    for deed in deeds[:3]:
        with pytest.raises(AttributeError):
            deed(session)


@needs_built
def test_only_a_session_is_opened_into_or_taken() -> None:
    sessions, extension = h3s.Sessions(password=PASSWORD), cast(Any, _core.extension or _core._linked(BUILT))

    made: Any = type("Session", (extension.Core,), {"_unread": None})

    def opened(kind: Any) -> Any:
        return extension.open(0, kind, sessions._handle, None, None, None, 0, False, False, None)

    for kind in (dict, object, int, h3s.Sessions, 1):
        with pytest.raises(TypeError):
            opened(kind)
    session = opened(made)
    pairs: list[tuple[Any, Any]] = [({}, session), (session, {}), (1, 2), (made(None), None)]
    for pair in pairs:
        with pytest.raises(TypeError):
            extension.take(*pair)
    for deed in (extension.open, extension.is_cross_site, extension.Core, lambda: extension.link({}, None, None)):
        with pytest.raises((TypeError, LookupError)):
            deed()
    with pytest.raises(AttributeError):
        session._handle = 1
    with pytest.raises(AttributeError):
        del session._handle
    assert session.set_cookies() == []
    other = made(None)
    extension.take(other, session)
    assert session._handle is None and other.set_cookies() == []


SUBINTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import h3s
program = '''
import h3s
sessions = h3s.Sessions(password="correct horse battery staple, and more of it")
session = sessions.use()
session["a"] = 1
assert sessions.get(session.set_cookies()[0].split(";")[0])["a"] == 1
print(h3s.backend())
'''
for _ in range(3):
    made = interpreters.create(SHARED)
    failed = interpreters.run_string(made, program)
    assert failed is None, failed
    interpreters.destroy(made)
sessions = h3s.Sessions(password="correct horse battery staple, and more of it")
assert sessions.use().set_cookies()
print("whole")
"""


@pytest.mark.skipif(sys.version_info < (3, 10), reason="its interpreters share more than they should")
def test_each_interpreter_of_a_process_has_its_own() -> None:
    # ctypes is for those that share a GIL.
    shared = '"legacy"' if sys.version_info >= (3, 13) else "isolated=False"
    program = SUBINTERPRETER.replace("SHARED", shared)
    done = run([sys.executable, "-c", program], {**os.environ, "PYTHONPATH": str(SOURCE)})
    assert done.returncode == 0 and done.stdout.split() == [h3s.backend()] * 3 + ["whole"], done.stderr
