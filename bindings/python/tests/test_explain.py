"""python -m h3s explain."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import h3s
import pytest
from test_cli import cli

from conftest import PASSWORD, SOURCE
from stores import Server, server
from test_vectors import VECTORS

__all__ = ["server"]

OLD, NEW = PASSWORD, "a new password of 32 characters or more"
DATA = {"user": "a confidential name"}
HOUR = 3600


@pytest.fixture
def explain(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """What is told of headers under options. Whatever it is, no secret is in it."""
    file, outputs, secrets = tmp_path / "options.json", [], {PASSWORD, NEW, "confidential"}

    def explain(text: str, *more: str, status: int = 0, **options: Any) -> str:
        file.write_text(json.dumps({"password": PASSWORD, **options}))
        # Whatever is long is a token, or a part of one.
        secrets.update(re.findall(r"[\w.*~-]{24,}(?![\w.*~-]*=)", text))
        done = cli("explain", "--options", str(file), *more, stdin=text, password="")
        assert (done.returncode, done.stderr) == (status, ""), done
        assert all(len(line) <= 100 for line in done.stdout.splitlines() if line.startswith(" ")), done.stdout
        outputs.append(done.stdout)
        return " ".join(done.stdout.split())

    yield explain
    assert outputs
    for output in outputs:
        assert not [secret for secret in secrets if secret in output]


def token(data: Any = DATA, *, now: Optional[float] = None, **options: Any) -> str:
    session = h3s.Sessions(**{"password": PASSWORD, **options}).use(now=now)
    session.replace(data)
    return session.seal()


def test_it_tells_what_opens_and_when_it_ends(explain: Callable[..., str]) -> None:
    made = time.time()
    told = explain(f"Cookie: theme=dark; h3={token(max_age=HOUR, now=made)}\r\n", maxAge=HOUR)
    assert "options: cookie h3, header x-h3-session; opens h3s1; one password, without an id" in told
    assert (
        "1. cookie h3: " in told and " characters, like h3s1, naming no password opens with the password; made " in told
    )
    ends = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(made + HOUR))
    assert f", ends {ends}" in told
    assert told.endswith("session: 1, the only one that opens") and "Path and Domain" not in told


def test_headers_are_read_as_curl_and_browsers_show_them(explain: Callable[..., str]) -> None:
    sealed = token()
    for text in (
        f"h3={sealed}",
        f"COOKIE: h3={sealed}",
        f"> GET /?a=b HTTP/1.1\r\n> Host: a.example\r\n> Cookie: h3={sealed}\r\n>\r\n",
        f":authority: a.example\ncookie: a=b\ncookie: h3={sealed}",
    ):
        assert "session: 1, the only one that opens" in explain(text)
    assert "session: 1, the only one there is" in explain(f"X-H3-Session: {sealed}")
    bearer = explain(f"authorization: Bearer {sealed}", sessionHeader="authorization")
    assert "header authorization: " in bearer and "like h3s1" in bearer
    assert explain(sealed).endswith("session: the token's")
    assert "refused as malformed" in explain(sealed[:20], status=1)


def test_what_is_an_argument_is_read_in_place_of_standard_input() -> None:
    done = cli("explain", f"Cookie: h3={token()}", "x-h3-session: h3s1..x")
    assert done.returncode == 0 and "session: 2, the only one that opens" in done.stdout, done


def test_the_header_goes_before_cookies_unless_it_is_refused(explain: Callable[..., str]) -> None:
    sealed, other = token(), token({"a": 1})
    assert "session: 1, the header goes before all cookies" in explain(f"x-h3-session: {sealed}\nCookie: h3={other}")
    told = explain(f"x-h3-session: {sealed[:-3]}\nCookie: h3={other}")
    assert "session: 2, the only one that opens" in told
    ended = token(now=time.time() - 2 * HOUR)
    told = explain(f"x-h3-session: {ended}\nCookie: h3={token()}", maxAge=HOUR, status=1)
    assert "The header named a session that has ended: then no cookie is looked at" in told


def test_of_several_cookies_of_one_name_it_names_the_newest(explain: Callable[..., str]) -> None:
    stale, newer = token(now=time.time() - 60), token()
    for first, second, number in ((stale, newer, 2), (newer, stale, 1)):
        told = explain(f"Cookie: h3={first}; a=b; h3={second}")
        assert "cookie h3 (1 of 2 of that name)" in told and "cookie h3 (2 of 2 of that name)" in told
        assert f"session: {number}, of the 2 that open the one that was seen or made last" in told
        assert "Path and Domain" in told
    told = explain(f"h3={newer}; h3={newer}; h3=x; " + "; ".join(f"h3={token()}" for _ in range(4)))
    assert "2. cookie h3" in told and "not looked at in this request: it is the same as one before" in told
    assert "not looked at in this request: it does not begin like a token" in told
    assert told.count("not looked at in this request: 4 cookies are tried") == 1


def test_the_password_that_opened_is_named_and_those_that_were_tried(explain: Callable[..., str]) -> None:
    passwords = {"k2": NEW, "k1": OLD}
    for key, password in passwords.items():
        told = explain(f"h3={token(password={key: password})}", password=passwords)
        assert f"passwords k2, k1 1. cookie h3: 106 characters, like h3s1, of password {key} opens with" in re.sub(
            r"\d+ characters", "106 characters", told
        )
        assert f"opens with password {key};" in told
    told = explain(f"h3={token(password={'k9': NEW})}", password=passwords, status=1)
    assert "refused as unknown_key; no password was tried: the passwords here are k2, k1" in told
    assert "cure: give every server the new password before" in told
    told = explain(f"h3={token(password={'k2': OLD})}", password=passwords, status=1)
    assert "refused as bad_seal; tried: password k2" in told
    assert "means: it was sealed under another password or cookie name" in told
    assert "cure: compare the password and the name with those of the server that sealed it" in told
    # Neither says of which password it is.
    seal = {"format": "h3-1"}
    told = explain(f"h3={token(seal='h3-1', password={'k1': OLD})}", password=passwords, seal=seal)
    assert "opens with password k1" in told
    told = explain(f"h3={token(seal='authjs', password=OLD)}", password={"2": NEW, "1": OLD}, seal="authjs")
    assert "like a JSON Web Encryption (authjs, better-auth)" in told and "opens with password 1;" in told


def test_a_session_that_has_ended_tells_its_times_and_which_option_ended_it(explain: Callable[..., str]) -> None:
    old = time.time() - 2 * HOUR
    made = time.strftime("made %Y-%m-%dT%H:%M:%S+00:00", time.gmtime(old))
    told = explain(f"h3={token(now=old)}", maxAge=HOUR, status=1)
    assert f"refused as expired; tried: the password {made} means: maxAge, 3600 s, has passed" in told
    told = explain(f"h3={token(now=old, idle_timeout=HOUR)}", idleTimeout=HOUR, status=1)
    assert f"refused as idle; tried: the password {made}, last seen" in told and "idleTimeout, 3600 s." in told
    told = explain(f"h3={token(now=old)}", notBefore=int(time.time() * 1000), status=1)
    assert f"refused as revoked; tried: the password {made} means: it was made before notBefore" in told
    short = token(now=old, seal={"format": "h3-1", "ttl": 1000})
    told = explain(f"h3={short}", seal="h3-1", status=1)
    assert "refused as expired" in told and "the end that is written in the token has passed" in told


def test_a_logout_is_told_by_the_file_of_what_is_revoked(explain: Callable[..., str], tmp_path: Path) -> None:
    revocation: Any = {"file": str(tmp_path / "revoked"), "subject": "/user"}
    sessions = h3s.Sessions(password=PASSWORD, max_age=HOUR, revocation=revocation)
    session = sessions.use(now=time.time() - 5)
    session.replace(DATA)
    sealed = session.seal()
    told = explain(f"h3={sealed}", maxAge=HOUR, revocation=revocation)
    assert "session: 1" in told and "Of what is revoked, nothing is known here" in told
    sessions.revoke_subject("a confidential name")
    sessions.close()
    told = explain(f"h3={sealed}", maxAge=HOUR, revocation=revocation, status=1)
    assert "refused as revoked" in told and "a logout or somebody else's order has ended it" in told
    assert "Of what is revoked, nothing is known here" not in told


def test_a_logout_is_told_by_a_server(explain: Callable[..., str], server: Server) -> None:
    options: dict[str, Any] = {"maxAge": HOUR, "revocation": {}}
    store = server.store()
    sessions = h3s.Sessions(password=PASSWORD, max_age=HOUR, revocation={}, revocation_store=store)
    session = sessions.use()
    sealed, identity = session.seal(), session.id
    sessions.revoke_session(identity)
    sessions.close()
    assert "session: 1" in explain(f"h3={sealed}", **options)
    assert "refused as revoked" in explain(f"h3={sealed}", "--server", server.url, status=1, **options)


def chunked(*, now: Optional[float] = None, **options: Any) -> list[str]:
    """The pairs of a session that takes several cookies."""
    made = {"chunk_max_length": 400, "max_chunks": 9}
    session = h3s.Sessions(**{"password": PASSWORD, "cookie": made, **options}).use(now=now)
    session.replace({"more": "x" * 900, **DATA})
    return [value.partition(";")[0] for value in session.set_cookies()]


def test_a_chunk_that_is_missing_is_named(explain: Callable[..., str]) -> None:
    pairs = chunked()
    assert f" characters in {len(pairs) - 1} cookies, like h3s1" in explain("; ".join(pairs))
    told = explain("; ".join(pair for pair in pairs if not pair.startswith("h3.2=")), status=1)
    assert "refused as malformed" in told
    assert f"means: the session is in {len(pairs) - 1} cookies, and number 2 of them is missing" in told
    pairs = chunked(seal="authjs")
    told = explain("; ".join(pairs), seal="authjs")
    assert "1. cookie h3.0: " in told and f" in {len(pairs)} cookies" in told and "session: 1" in told
    told = explain("; ".join(pair for pair in pairs if not pair.startswith("h3.2=")), seal="authjs", status=1)
    assert f"means: the session is in {len(pairs)} cookies, and number 2 of them is missing" in told


def test_a_token_of_another_format_is_told_by_its_looks(explain: Callable[..., str]) -> None:
    for seal, looks in (
        ("h3-1", "like Fe26.2 of h3 (h3-1, h3-2), naming no password"),
        ("iron-session", "like iron-session, of password 1"),
        ("authjs", "like a JSON Web Encryption (authjs, better-auth)"),
    ):
        told = explain(f"h3={token(seal=seal)}", status=1)
        assert looks in told and "refused as unsupported_format" in told and "in seal.accept" in told
    told = explain("h3=eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl", status=1)
    assert "like a JSON Web Token that is signed" in told and "signed and not encrypted is no session" in told
    told = explain("h3=h3s9.k.AAAA", status=1)
    assert "a version of a format that is not known here" in told and "a newer version of this library" in told
    escaped = token().replace("h", "%68", 1)
    assert "like h3s1" in explain(f"h3={escaped}")


def test_a_token_of_h3_s_other_version_is_told_from_one_under_another_password(explain: Callable[..., str]) -> None:
    for there, here in (("h3-1", {"seal": "h3-2", "legacySealFallback": False}), ("h3-2", {"seal": "h3-1"})):
        told = explain(f"h3={token(seal=there)}", status=1, **here)
        assert f"refused as bad_seal; tried: the password means: the password is right, but h3 {there[-1]} has" in told
        assert f'cure: set seal to "{there}", or list it in seal.accept; `npm ls h3`' in told
        told = explain(f"h3={token(seal=there, password=NEW)}", status=1, **here)
        assert (
            "means: it was sealed under another password, or was cut or changed on the way. cure: compare the" in told
        )
        assert "the password is right" not in told and "name" not in told.partition("cure:")[2].partition("session:")[0]


def test_sessions_of_frameworks_that_are_only_read_are_told(explain: Callable[..., str]) -> None:
    vectors = json.loads((VECTORS / "formats-open.json").read_text())
    for format in ("next-auth", "auth0", "better-auth"):
        vector = next(vector for vector in vectors if vector["format"] == format)
        told = explain(f"Cookie: {vector['cookie']}", status=1, **vector["options"])
        # It is of the time that the vectors have, which may be ahead or have passed.
        assert "1. cookie " in told and format in told
        assert "refused as malformed; it is genuine" in told or "refused as expired" in told, told


def test_a_token_of_a_clock_that_is_ahead_is_told_from_one_that_was_changed(explain: Callable[..., str]) -> None:
    for seal in ("h3s1", "h3-1", "authjs"):
        ahead = token(now=time.time() + HOUR, seal=seal)
        told = explain(f"h3={ahead}", seal=seal, status=1)
        assert "refused as malformed; it is genuine means: " in told and "NTP" in told
        told = explain(f"h3={ahead[:40]}", seal=seal, status=1)
        assert "refused as malformed; no password was tried" in told and "cut or changed" in told


def test_why_there_is_no_token_at_all_is_said(explain: Callable[..., str]) -> None:
    told = explain("Cookie: theme=dark", status=1)
    assert "session: none, so the request gets a new one The request has no cookie h3. Then, of these" in told
    assert "plain http, and the cookie is Secure" in told and "outside the cookie's path, /," in told
    told = explain("", status=1, development=True, cookie={"path": "/app"})
    assert "The request has no cookie." in told and "Secure" not in told and "/app" in told
    told = explain("h3=", status=1)
    assert "The cookie h3 is there, but empty" in told
    told = explain(f"session={token()}", status=1)
    assert "The cookie session looks like a token, but the name here is h3" in told
    told = explain(f"__Host-h3={token()}", status=1)
    assert "The cookie __Host-h3 looks like it, but the name here is h3" in told and "in development" in told
    told = explain(f"h3={token()}", status=1, cookie=False)
    assert 'the options have "cookie": false' in told
    assert "Sessions travel in the header x-h3-session alone" in told
    told = explain(f"x-session: {token()}", status=1)
    assert "The header x-session brings what looks like a token, but the session header here is x-h3-session" in told


def test_cookies_that_were_joined_by_a_comma_are_told(explain: Callable[..., str]) -> None:
    for text in (f"a=b, h3={token()}", f"h3={token()}, a=b"):
        told = explain(f"Cookie: {text}", status=1)
        assert "has joined Cookie headers by a comma" in told and "semicolon" in told
    assert "comma" not in explain(f"a=b,c; h3={token()}")


def test_a_token_that_is_too_long_says_so(explain: Callable[..., str]) -> None:
    told = explain(f"x-h3-session: {token({'a': 'x' * 300})}", status=1, maxTokenLength=200)
    assert "refused as too_large; no password was tried" in told and "raise maxTokenLength" in told
    told = explain(f"h3=h3s1..{'A' * 5000}", status=1)
    assert "refused as too_large" in told


def test_of_a_token_that_was_cut_no_part_is_shown(explain: Callable[..., str]) -> None:
    body = "QUJDREVGR0hJSktMTU5PUFFS"
    for cut in (f"h3s1.{body}", f"Fe26.2*{body}", f"h3s1.{body}-.{body}", f"eyJ{body}"):
        told = explain(f"h3={cut}", status=1)
        assert body not in told and "of password" not in told


def test_names_that_a_stranger_chose_do_no_harm(explain: Callable[..., str]) -> None:
    told = explain(f"\x1b[31m\u202e{'n' * 200}={token()}", status=1)
    assert "\x1b" not in told and "\u202e" not in told and "\\x1b[31m" in told and "n" * 70 not in told


def test_thousands_of_cookies_are_told_in_a_few_lines(explain: Callable[..., str]) -> None:
    # What takes a while for each of them, or for each pair, does not end in the time that there is.
    many = "; ".join(f"h3=h3s1..{number:032d}" for number in range(20_000))
    told = explain(f"Cookie: {many}; h3={token()}", status=1)
    assert "12. cookie h3 (12 of 20001 of that name)" in told and "13. " not in told
    assert "and 19989 more of that name, which are not looked at in this request" in told
    many = "; ".join(f"h3=x{number}" for number in range(20_000))
    told = explain(f"Cookie: {many}; h3={token()}")
    assert "session: 9, the only one that opens" in told and "and 19992 more of that name" in told
    sealed = token()
    told = explain("; ".join(f"other{number}={sealed}" for number in range(20_000)), status=1)
    assert told.count("looks like a token, but the name here is h3") == 8
    told = explain("\n".join(f"other{number}: {sealed}" for number in range(20_000)), status=1)
    assert told.count("brings what looks like a token") == 8
    assert "none" in explain(f"x=1; h3=a,{' ' * 200_000}; h3=a,{'b' * 200_000};", status=1)


def test_what_the_library_tries_is_not_said_to_be_passed_over(explain: Callable[..., str]) -> None:
    pairs = chunked()
    for text in (
        "; ".join(pair for pair in pairs if not pair.startswith("h3.1=")),
        "h3=__chunked__2; h3.1=nonsense; h3.2=nonsense",
        "h3=__chunked__2",
        "h3=nonsense%20",
    ):
        told = explain(text, status=1)
        assert "refused as malformed" in told and "not looked at" not in told
    # The same in quotes is the same, and leaves the fourth place to another.
    sealed, *others = (token(now=time.time() - 9 + number) for number in range(4))
    told = explain("; ".join(f"h3={value}" for value in (sealed, f'"{sealed}"', *others)))
    assert "2. cookie h3" in told and told.count("not looked at in this request: it is the same as one before") == 1
    assert "session: 5, of the 4 that open" in told and "cookies are tried" not in told
    for number in ("0", "01", "101", "\u0663"):
        told = explain(f"h3=__chunked__{number}; h3.1=x", status=1)
        assert "refused as malformed" in told and "is missing" not in told


def test_of_two_sessions_in_chunks_the_newer_is_named_with_its_own_chunks(explain: Callable[..., str]) -> None:
    # The cookies that count them have the same value.
    stale, newer = chunked(now=time.time() - 60), chunked()
    assert stale[0] == newer[0]
    for pairs, number in (([*stale, *newer], 2), ([*newer, *stale], 1)):
        assert f"session: {number}, of the 2 that open" in explain("; ".join(pairs))
    assert "session: 2, the only one that opens" in explain("; ".join([*chunked(password=NEW), *newer]))
    told = explain("; ".join([*chunked(seal="h3-1"), *newer]))
    assert "1. cookie h3 (1 of 2 of that name)" in told and "session: 2, the only one that opens" in told
    assert "like Fe26.2 of h3" in told and " cookies, like h3s1" in told


def test_a_session_of_a_clock_a_little_ahead_is_found_again(explain: Callable[..., str]) -> None:
    # It counts as made now, whenever it is opened.
    assert "session: 1, the only one that opens" in explain(f"h3={token(now=time.time() + 60)}")


def test_bytes_that_are_no_text_are_read_as_they_are() -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "SESSION_PASSWORD": PASSWORD}
    # As where the locale says so.
    environment["PYTHONIOENCODING"] = "utf-8:strict"
    for odd in (b"\xe9", b"\xff\xfe", b"\xc3\x85\xc2\x85", b"\xed\xa0\x80", b"\x1c\x1d\x0b\x0c"):
        header = b"Cookie: n=" + odd + f"; h3={token()}".encode()
        for arguments, given in (["explain"], header), (["explain", header], b""), (["unseal"], header):
            command = [sys.executable, "-m", "h3s", *arguments]
            done = subprocess.run(command, input=given, env=environment, capture_output=True, timeout=60, check=False)
            assert (done.returncode, done.stderr) == (0, b""), (done, odd)


def test_a_token_in_an_odd_place_is_told_and_not_shown(explain: Callable[..., str]) -> None:
    sealed, other = token(), token()
    told = explain(f"Authorization: Bearer {sealed}", status=1)
    assert "The header Authorization brings what looks like a token, but the session header here is" in told
    assert "There is a token without a name before it" in explain(f"{sealed}={other}", status=1)
    assert "The header (a token) brings" in explain(f"{sealed}: {other}", status=1)
    told = explain("nonsense", status=1)
    assert "refused as malformed" in told and "from its first character on" in told and "cookie of the" not in told


def test_mistakes_are_said_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "options.json"
    for text in (
        "{",
        '{"name": "a b"}',
        '{"password": "short"}',
        f'{{"password": "{PASSWORD}", "name": "a", "name": "b"}}',
    ):
        file.write_text(text)
        done: subprocess.CompletedProcess[str] = cli("explain", "--options", str(file), stdin="a=b", password="")
        assert done.returncode == 2 and done.stderr.startswith("h3s: ") and done.stderr.count("\n") == 1, done
        assert PASSWORD not in done.stderr
    done = cli("explain", "--server", "valkey://127.0.0.1:1", stdin="a=b")
    assert done.returncode == 2 and "these options have no revocation" in done.stderr, done
    done = cli("explain", stdin="a=b", password="")
    assert done.returncode == 2 and "password" in done.stderr, done
