"""The command line: `python -m h3s`."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from typing import Any, Optional

from . import __version__, _abi
from ._core import backend, why_not
from .errors import REASONS, ConfigError, H3sError, Rejected
from .options import SealOptions, check, read_file, with_changes
from .session import Session
from .sessions import Sessions


def main(arguments: Optional[list[str]] = None) -> int:
    parsed = _parser().parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
    except Rejected as error:
        print(f"rejected: {error.reason}: {REASONS.get(error.reason, error)}", file=sys.stderr)
        return 1
    except (H3sError, OSError) as error:
        print(f"h3s: {error}", file=sys.stderr)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m h3s",
        description="Seals, opens and checks sessions of libh3s, h3, Nuxt and Nitro.",
        epilog="The password is $SESSION_PASSWORD, the text of --password-file, or in the options; never an argument.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    new = commands.add_parser("new-password", help="print a random password")
    new.set_defaults(run=_new_password)

    version = commands.add_parser("version", help="print the versions, and how the library is called")
    version.set_defaults(run=_version)

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--options", metavar="FILE", help="a JSON file of options")
    common.add_argument("--password-file", metavar="FILE")
    common.add_argument("--name", help='the cookie\'s name, if there is no options file ("h3")')
    formats = ["h3s1", "h3-1", "h3-2", "fe26.2"]
    common.add_argument("--format", choices=formats, help="what seals, if there is no options file (opens all)")

    seal = commands.add_parser("seal", parents=[common], help="a JSON object on standard input to a token")
    seal.set_defaults(run=_seal)

    unseal = commands.add_parser(
        "unseal", parents=[common], help="a token, or a whole Cookie header, on standard input to its data and times"
    )
    unseal.set_defaults(run=_unseal)

    checks = commands.add_parser("check", help="check an options file, with or without a password")
    checks.add_argument("file")
    checks.add_argument("--password-file", metavar="FILE")
    checks.set_defaults(run=_check)
    return parser


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
        data = json.load(sys.stdin)
    except ValueError as error:
        raise H3sError(f"standard input is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise H3sError("standard input is no JSON object")
    session = _sessions(parsed).get()
    session.replace(data)
    print(session.seal())
    return 0


def _unseal(parsed: argparse.Namespace) -> int:
    text = sys.stdin.read().strip()
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
    sessions = Sessions.from_json(text, password=secrets.token_hex(512))
    print(f"{parsed.file}: right; cookie {sessions.cookie_name}, header {sessions.header_name or 'none'}")
    odd = [character for character in "_." if character in sessions.header_name]
    if odd:
        print(
            f"sessionHeader: nginx, gunicorn and other servers drop headers with {' or '.join(map(repr, odd))} in their"
            " name, so header clients would have no session: set one without, e.g. x-session, or false for none",
            file=sys.stderr,
        )
    return 0


def _sessions(parsed: argparse.Namespace) -> Sessions:
    password = _password(parsed)
    if parsed.options:
        return Sessions.from_file(parsed.options, password=password)
    if password is None:
        raise ConfigError("missing; set SESSION_PASSWORD, or give --password-file or --options", key="password")
    seal: SealOptions = {"format": parsed.format or "h3s1", "accept": ["h3s1", "h3-1", "h3-2"]}
    return Sessions(password=password, name=parsed.name, seal=seal)


def _password(parsed: argparse.Namespace) -> Optional[str]:
    if not parsed.password_file:
        return os.environ.get("SESSION_PASSWORD")
    with open(parsed.password_file, encoding="utf-8") as file:
        return file.read().strip()


if __name__ == "__main__":
    sys.exit(main())
