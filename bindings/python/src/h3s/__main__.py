"""The command line: `python -m h3s`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import secrets
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, NoReturn, Optional

from . import __version__, _abi, _bridge
from ._core import backend, why_not
from ._explain import Explanation, request_of
from .errors import REASONS, ConfigError, H3sError, Rejected
from .options import check, read_file, with_changes
from .revocations import MemoryStore, Revocations, end_of
from .session import Session
from .sessions import Sessions
from .valkey import PREFIX, ValkeyStore


def main(arguments: Optional[list[str]] = None) -> int:
    parser = _parser()
    parsed, others = parser.parse_known_args(arguments)
    if others:
        # Without what stands behind them: it may be a password, or a token.
        names = {name[0] for other in others if (name := re.match(r"--[a-z-]+", other))}
        parser.error(f"what is not known here: {', '.join(sorted(names)) or 'an argument'}; see --help")
    try:
        status: int = parsed.run(parsed)
    except Rejected as error:
        print(f"rejected: {error.reason}: {REASONS.get(error.reason, error)}", file=sys.stderr)
        return 1
    except (H3sError, OSError) as error:
        print(f"h3s: {error}", file=sys.stderr)
        return 2
    return status


class _Parser(argparse.ArgumentParser):
    """One that takes no option by the beginning of its name, and quotes no argument: who writes
    --password and one means neither a file nor that it be printed."""

    def __init__(self, **more: Any) -> None:
        super().__init__(allow_abbrev=False, **more)

    def error(self, message: str) -> NoReturn:
        super().error(re.sub(r"(?s)invalid choice: .* \(choose", "invalid choice (choose", message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m h3s",
        description="Seals, opens and checks sessions of libh3s, h3, Nuxt and Nitro.",
        epilog="The password is $SESSION_PASSWORD, the text of --password-file, or in the options; never an argument.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    new = commands.add_parser("new-password", help="print a random password")
    new.set_defaults(run=_new_password)

    version = commands.add_parser("version", help="print the versions, and how the library is called")
    version.set_defaults(run=_version)

    common = _Parser(add_help=False)
    common.add_argument("--options", metavar="FILE", help="a JSON file of options")
    common.add_argument("--password-file", metavar="FILE")
    common.add_argument("--name", help='the cookie\'s name, if there is no options file ("h3")')
    formats = ["h3s1", "h3-1", "h3-2", "fe26.2", "iron-session", "authjs", "next-auth", "auth0", "better-auth"]
    common.add_argument("--format", choices=formats, help="what seals, if there is no options file (opens all)")

    seal = commands.add_parser("seal", parents=[common], help="a JSON object on standard input to a token")
    seal.set_defaults(run=_seal)

    unseal = commands.add_parser(
        "unseal", parents=[common], help="a token, or a whole Cookie header, on standard input to its data and times"
    )
    unseal.set_defaults(run=_unseal)

    explain = commands.add_parser(
        "explain",
        parents=[common],
        help="a request's headers, on standard input, to what was tried of them, and why it is or is not the session",
    )
    explain.add_argument(
        "line",
        nargs="*",
        help="a header, such as 'Cookie: a=b', in place of standard input. (What is an argument, others on this"
        " machine may see.)",
    )
    explain.add_argument("--server", metavar="URL", help="a server of Valkey or Redis that knows what is revoked")
    explain.add_argument("--prefix", default=PREFIX, help="as of revocations (%(default)s)")
    explain.set_defaults(run=_explain)

    revocations = commands.add_parser("revocations", help="what is revoked: follow a stream, list it, add to it")
    _add_revocations(revocations.add_subparsers(required=True, metavar="COMMAND"))

    checks = commands.add_parser("check", help="check an options file, with or without a password")
    checks.add_argument("file")
    checks.add_argument("--password-file", metavar="FILE")
    checks.set_defaults(run=_check)
    return parser


def _add_revocations(commands: Any) -> None:
    common = _Parser(add_help=False)
    common.add_argument("--options", metavar="FILE", required=True, help="a JSON file of options, with revocation")
    common.add_argument("--password-file", metavar="FILE")
    common.add_argument(
        "--prefix", default=PREFIX, help="what comes before the cookie's name in the stream's key (%(default)s)"
    )

    follow = commands.add_parser(
        "follow",
        parents=[common],
        help="hand on what is revoked between a server of Valkey or Redis and the options' revocation.file",
    )
    follow.add_argument("server", metavar="URL", help="such as valkey://127.0.0.1:6379/0")
    follow.set_defaults(run=_follow)

    there = _Parser(add_help=False, parents=[common])
    there.add_argument("--server", metavar="URL", help="a server in place of the options' revocation.file")
    listing = commands.add_parser(
        "list", parents=[there], help="print what each entry revokes, and until when it matters"
    )
    listing.set_defaults(run=_list)
    add = commands.add_parser("add", parents=[there], help="revoke by hand")
    add.add_argument("kind", choices=["session", "subject", "everybody"])
    add.add_argument("text", nargs="?", help="the session's id, or the subject")
    add.set_defaults(run=_add)


def _new_password(_: argparse.Namespace) -> int:
    print(secrets.token_urlsafe(32))
    return 0


def _version(_: argparse.Namespace) -> int:
    library = _abi.slow
    print(f"h3s {__version__}; libh3s {library.h3s_version().decode()} in {library._name}")
    print(f"by {backend()}{f', since {why_not}' if why_not else ''}")
    return 0


def _seal(parsed: argparse.Namespace) -> int:
    try:
        data = json.loads(sys.stdin.buffer.read())
    except ValueError as error:
        raise H3sError(f"standard input is not JSON: {error}") from None
    except RecursionError:
        raise H3sError("standard input has too many levels of nesting") from None
    if not isinstance(data, dict):
        raise H3sError("standard input is no JSON object")
    session = _sessions(parsed).get()
    session.replace(data)
    print(session.seal())
    return 0


def _unseal(parsed: argparse.Namespace) -> int:
    text = sys.stdin.buffer.read().decode("latin-1").strip()
    if text.lower().startswith("cookie:"):
        text = text[len("cookie:") :].strip()
    sessions = _sessions(parsed)
    # No token has an equals sign in it, and no cookie is without one.
    if "=" not in text:
        return _show(sessions.unseal(text))
    session = sessions.get(cookie=text)
    if session.rejection is not None and session.is_new:
        raise Rejected("", reason=session.rejection)
    if session.is_new:
        raise H3sError(f"there is no cookie {sessions.cookie_name} in it")
    return _show(session)


def _explain(parsed: argparse.Namespace) -> int:
    # As HTTP's bytes stand in Python.
    given = os.fsencode("\n".join(parsed.line)) if parsed.line else sys.stdin.buffer.read()
    text = given.decode("latin-1")
    options = _options(parsed)
    # An error of Python's own would have the text in it.
    check(options)
    explanation = Explanation(json.loads(options), lambda options: _alone(json.dumps(options), None))
    sessions = explanation.sessions
    if sessions.revocations is None and parsed.server:
        raise H3sError("--server: these options have no revocation, so nothing is revoked under them")
    if sessions.revocations is not None and (parsed.server or "file" in explanation.options["revocation"]):
        sessions.revocations.apply(_lines(parsed, sessions))
    for line in explanation.told(request_of(text, sessions.header_name)):
        print(line)
    return 0 if explanation.has_session else 1


def _lines(parsed: argparse.Namespace, sessions: Sessions) -> Iterator[str]:
    """What was revoked, by a server or else by the options' file."""
    revocations = sessions.revocations
    assert revocations is not None
    if parsed.server:
        return _bridge.lines_of_stream(ValkeyStore(parsed.server, prefix=parsed.prefix).stream_of(revocations))
    return _bridge.lines_of_file(_bridge.file_of(sessions._handle))


def _show(session: Session) -> int:
    times = {name: getattr(session, name) for name in ("created_at", "last_seen_at", "expires_at")}
    shown: dict[str, Any] = {"id": session.id}
    shown.update((name, time.isoformat(timespec="milliseconds") if time else None) for name, time in times.items())
    shown["data"] = dict(session)
    print(json.dumps(shown, indent=2, ensure_ascii=False))
    return 0


def _check(parsed: argparse.Namespace) -> int:
    text, password = read_file(parsed.file), _password(parsed)
    check(text)
    if password is not None:
        check(with_changes(text, password, development=False))
    # The names do not depend on the password, which is here longer than any that options ask for.
    sessions = _alone(text, secrets.token_hex(512))
    print(f"{parsed.file}: right; cookie {sessions.cookie_name}, header {sessions.header_name or 'none'}")
    odd = [character for character in "_." if character in sessions.header_name]
    if odd:
        print(
            f"sessionHeader: nginx, gunicorn and other servers drop headers with {' or '.join(map(repr, odd))} in their"
            " name, so header clients would have no session: set one without, e.g. x-session, or false for none",
            file=sys.stderr,
        )
    return 0


def _follow(parsed: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="h3s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    store = _bridge.Bridge(ValkeyStore(parsed.server, prefix=parsed.prefix))
    sessions = Sessions.from_file(parsed.options, password=_password(parsed), revocation_store=store)
    while not stop.wait(3600):
        pass
    sessions.close()
    return 0


def _list(parsed: argparse.Namespace) -> int:
    sessions = Sessions.from_file(parsed.options, password=_password(parsed), revocation_store=MemoryStore())
    revocations = sessions.revocations
    assert revocations is not None
    now = time.time()
    for line in _lines(parsed, sessions):
        end = end_of(line)
        if end >= now:
            until = datetime.fromtimestamp(end, timezone.utc).isoformat()
            print(f"{_told(revocations, line)}, until {until}, key {line.split('.')[1] or 'none'}")
    return 0


def _told(revocations: Revocations, line: str) -> str:
    """What an entry revokes."""
    try:
        entry = revocations.read(line)
    except Rejected:
        return "of another password or cookie"
    before = f", made before {entry.before.isoformat(timespec='milliseconds')}" if entry.before else ""
    if entry.kind == "session":
        return f"session of the log id {entry.whose}"
    # Whoever has named the subject may have put anything into it.
    return f"{entry.kind} {entry.whose!r}{before}" if entry.whose else f"{entry.kind}{before}"


def _add(parsed: argparse.Namespace) -> int:
    if (parsed.kind == "everybody") == (parsed.text is not None):
        raise H3sError("add session ID, add subject TEXT, or add everybody")
    store = ValkeyStore(parsed.server, prefix=parsed.prefix) if parsed.server else None
    sessions = Sessions.from_file(parsed.options, password=_password(parsed), revocation_store=store)
    if parsed.kind == "session":
        sessions.revoke_session(parsed.text)
    elif parsed.kind == "subject":
        sessions.revoke_subject(parsed.text)
    else:
        sessions.revoke_everybody()
    sessions.close()
    return 0


def _sessions(parsed: argparse.Namespace) -> Sessions:
    return _alone(_options(parsed), None)


def _options(parsed: argparse.Namespace) -> str:
    """The JSON text of the options, with their password, where one is given."""
    password = _password(parsed)
    if parsed.options:
        return with_changes(read_file(parsed.options), password, development=False)
    if password is None:
        raise ConfigError("missing; set SESSION_PASSWORD, or give --password-file or --options", key="password")
    accept = ["h3s1", "h3-1", "h3-2"]
    if parsed.format not in (None, "fe26.2", *accept):
        # What other frameworks seal has rules of its own.
        accept = [parsed.format]
    options: dict[str, Any] = {"password": password, "seal": {"format": parsed.format or "h3s1", "accept": accept}}
    if parsed.name is not None:
        options["name"] = parsed.name
    return json.dumps(options)


def _alone(text: str, password: Optional[str]) -> Sessions:
    """Sessions that follow no store: what is revoked is not known to them."""
    try:
        return Sessions.from_json(text, password=password, revocation_store=MemoryStore())
    except ConfigError as error:
        if error.key != "revocation_store":
            raise
    return Sessions.from_json(text, password=password)


def _password(parsed: argparse.Namespace) -> Optional[str]:
    if not parsed.password_file:
        return os.environ.get("SESSION_PASSWORD")
    return read_file(parsed.password_file).strip()


if __name__ == "__main__":
    sys.exit(main())
