"""The token format h3s1 as docs/FORMAT.md describes it.

It is a second implementation, which shares no code with the library.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
FUTURE_MS = 600_000
Options = dict[str, Any]


class Refused(Exception):
    """A token is refused; the argument is the reason."""


@dataclass
class Record:
    id: bytes
    created_at: int
    last_seen_at: int | None
    expires_at: int | None
    data: bytes
    lifetime: int | None = None
    ends_with_browser: bool = False


@cache
def master_key(password: str) -> bytes:
    return PBKDF2HMAC(hashes.SHA256(), 32, b"libh3s h3s1 password", 65_536).derive(password.encode())


def session_key(master: bytes, name: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, b"h3s1 session seal", name.encode()).derive(master)


def xaes_key(key: bytes, nonce: bytes) -> bytes:
    """The AES-256 key that XAES-256-GCM derives from a key and the first half of a nonce."""
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    subkey = int.from_bytes(aes.update(bytes(16)), "big") << 1
    subkey = subkey ^ (1 << 128) ^ 0x87 if subkey >> 128 else subkey
    blocks = (int.from_bytes(bytes([0, i, 0x58, 0]) + nonce[:12], "big") ^ subkey for i in (1, 2))
    return aes.update(b"".join(block.to_bytes(16, "big") for block in blocks))


def passwords(options: Options) -> dict[str, str]:
    """The passwords by their key ids. The first seals."""
    password = options["password"]
    if isinstance(password, str):
        return {"": password}
    if all(re.fullmatch("[0-9]+", key_id, re.ASCII) for key_id in password):
        highest = max(password, key=int)
        return {highest: password[highest], **password}
    return dict(password)


def candidates(options: Options, key_id: str) -> list[str]:
    """The passwords that a token's key id may mean."""
    known = passwords(options)
    if key_id in known:
        return [known[key_id]]
    if key_id:
        return list(known.values()) if list(known) == [""] else []
    return [known["default"]] if "default" in known else list(known.values())


def is_named(options: Options, key_id: str) -> bool:
    return key_id in passwords(options) or (key_id == "" and "default" in passwords(options))


def key_of(options: Options, password: str) -> bytes:
    return session_key(master_key(password), options.get("name", "h3"))


def seen_key(master: bytes, name: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, b"h3s1 seen", name.encode()).derive(master)


def seal_seen(options: Options, record: Record, last_seen_at: int, key_id: str = "") -> str:
    """What slides a session beside its token."""
    (password,) = candidates(options, key_id)
    key = seen_key(master_key(password), options.get("name", "h3"))
    time = last_seen_at.to_bytes(6, "big")
    mac = hmac.digest(key, record.id + record.created_at.to_bytes(6, "big") + time, "sha256")
    return base64.urlsafe_b64encode(time + mac[:16]).decode().rstrip("=")


def seen_by(options: Options, password: str, record: Record, value: str, now_ms: int) -> int:
    """When a value says that a session was seen; 0 if it is to be passed over."""
    if not re.fullmatch("[A-Za-z0-9_-]{30}", value, re.ASCII):
        return 0
    time = int.from_bytes(base64.urlsafe_b64decode(value + "==")[:6], "big")
    own = seal_seen({**options, "password": password}, record, time)
    return time if hmac.compare_digest(own, value) and time <= now_ms + FUTURE_MS else 0


def plaintext(record: Record) -> bytes:
    uuid = UUID.fullmatch(record.id) is not None
    times = [time for time in (record.last_seen_at, record.expires_at) if time is not None]
    flags = (record.last_seen_at is not None) | (record.expires_at is not None) << 1 | uuid << 2
    flags |= (record.lifetime is not None) << 3 | record.ends_with_browser << 4
    lifetime = b"" if record.lifetime is None else record.lifetime.to_bytes(4, "big")
    encoded_id = bytes.fromhex(record.id.decode().replace("-", "")) if uuid else bytes([len(record.id)]) + record.id
    return (
        bytes([flags])
        + b"".join(time.to_bytes(6, "big") for time in [record.created_at, *times])
        + lifetime
        + encoded_id
        + record.data
    )


def seal_plaintext(options: Options, text: bytes, nonce: bytes, key_id: str | None = None) -> str:
    key_id = next(iter(passwords(options))) if key_id is None else key_id
    (password,) = candidates(options, key_id)
    key = key_of(options, password)
    header = f"h3s1.{key_id}."
    sealed = AESGCM(xaes_key(key, nonce)).encrypt(nonce[12:], text, header.encode())
    return header + base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def seal(options: Options, record: Record, nonce: bytes) -> str:
    return seal_plaintext(options, plaintext(replace(record, data=written(record.data))), nonce)


def open_cookies(options: Options, cookie: str, now_ms: int) -> Record:
    """The session of a Cookie header that has one token, in one cookie."""
    name = options.get("name", "h3")
    pairs = [pair.split("=", 1) for pair in cookie.split("; ")]
    (token,) = (value for found, value in pairs if found == name)
    return open(options, token, now_ms, [value for found, value in pairs if found == f"{name}.seen"][:4])


def open(options: Options, token: str, now_ms: int, seen: Sequence[str] = ()) -> Record:
    if len(token.encode()) > options.get("maxTokenLength", 16_384):
        raise Refused("too_large")
    if not token.startswith("h3s1."):
        raise Refused("unsupported_format" if re.match(r"h3s[0-9]+\.|Fe26\.[0-9]+\*", token) else "malformed")
    parts = re.fullmatch(r"h3s1\.([A-Za-z0-9_]{0,32})\.([A-Za-z0-9_-]*)", token, re.ASCII)
    if parts is None or len(parts[2]) % 4 == 1:
        raise Refused("malformed")
    sealed = base64.urlsafe_b64decode(parts[2] + "=" * (-len(parts[2]) % 4))
    if base64.urlsafe_b64encode(sealed).decode().rstrip("=") != parts[2] or len(sealed) < 24 + 11 + 16:
        raise Refused("malformed")
    header = f"h3s1.{parts[1]}.".encode()
    for password in candidates(options, parts[1]):
        try:
            key = xaes_key(key_of(options, password), sealed[:24])
            text = AESGCM(key).decrypt(sealed[12:24], sealed[24:], header)
            break
        except InvalidTag:
            pass
    else:
        raise Refused("bad_seal" if is_named(options, parts[1]) else "unknown_key")
    record = parse(text)
    latest = max((seen_by(options, password, record, value, now_ms) for value in seen), default=0)
    if latest > max(record.created_at, record.last_seen_at or 0):
        record = replace(record, last_seen_at=latest)
    if max(record.created_at, record.last_seen_at or 0) > now_ms + FUTURE_MS:
        malformed()
    record = brought_back(record, now_ms)
    check_times(options, record, now_ms)
    return record


def brought_back(record: Record, now_ms: int) -> Record:
    """Times that are ahead count as now."""
    seen_at = record.last_seen_at
    return replace(
        record,
        created_at=min(record.created_at, now_ms),
        last_seen_at=None if seen_at is None else min(seen_at, now_ms),
    )


def parse(text: bytes) -> Record:
    def take(count: int) -> bytes:
        nonlocal text
        taken, text = text[:count], text[count:]
        return taken if len(taken) == count else malformed()

    def time() -> int:
        return int.from_bytes(take(6), "big")

    flags = take(1)[0]
    if flags > 31:
        malformed()
    created_at = time()
    last_seen_at = time() if flags & 1 else None
    expires_at = time() if flags & 2 else None
    lifetime = int.from_bytes(take(4), "big") if flags & 8 else None
    if lifetime == 0:
        malformed()
    if flags & 4:
        digits = take(16).hex()
        session_id = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])).encode()
    else:
        session_id = take(take(1)[0])
        if not re.fullmatch(rb"[\x21-\x7e]{1,255}", session_id) or UUID.fullmatch(session_id):
            malformed()
    check_data(text)
    return Record(session_id, created_at, last_seen_at, expires_at, text, lifetime, flags & 16 != 0)


def check_data(data: bytes) -> None:
    """What an opener checks of it."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        malformed()
    if not re.fullmatch(r"\{[^\x00-\x1f]*\}", text):
        malformed()


def written(given: bytes) -> bytes:
    """What a sealer writes of a text that it is given; ValueError for what it refuses."""

    def unique(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a name twice")

    def refused(constant: str) -> NoReturn:
        raise ValueError(constant)

    text = given.decode("utf-8")
    text = re.sub(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+', lambda found: found[1] or "", text)
    depth = deepest = 0
    for character in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        depth += (character in "{[") - (character in "}]")
        deepest = max(deepest, depth)
    if deepest > 128 or not text.startswith("{"):
        raise ValueError("too deep, or no object")
    json.loads(text, object_pairs_hook=unique, parse_int=str, parse_float=str, parse_constant=refused)
    return text.encode()


def check_times(options: Options, record: Record, now_ms: int) -> None:
    seen_at = record.created_at if record.last_seen_at is None else record.last_seen_at
    if record.created_at < options.get("notBefore", 0):
        raise Refused("revoked")
    ages = [age for age in (options.get("maxAge"), record.lifetime) if age is not None]
    if ages and now_ms - record.created_at > min(ages) * 1000:
        raise Refused("expired")
    if "idleTimeout" in options and now_ms - seen_at > options["idleTimeout"] * 1000:
        raise Refused("idle")
    if record.expires_at is not None and now_ms > record.expires_at:
        raise Refused("expired")


def malformed() -> NoReturn:
    raise Refused("malformed")
