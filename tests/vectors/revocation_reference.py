"""Revocation as docs/REVOCATION.md describes it: a second implementation, beside that of h3s1."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

import reference
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from reference import FUTURE_MS, Options, Record, Refused, malformed

SESSION, SUBJECT, EVERYBODY = 0, 1, 2
KINDS = ("session", "subject", "everybody")
MINUTE = 60
BLOCK = 32
FOR_EVER = 2**64 - 1
NO_SUBJECT: bytes | None = None


@dataclass(frozen=True)
class Entry:
    kind: int
    before: int
    text: bytes
    until: int
    """In seconds, as it stands in the clear."""


def entry_key(master: bytes, name: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, b"h3s revocation", name.encode()).derive(master)


def key_of(options: Options, password: str) -> bytes:
    return entry_key(reference.master_key(password), options.get("name", "h3"))


def plaintext(entry: Entry) -> bytes:
    text = bytes([entry.kind]) + entry.before.to_bytes(6, "big") + len(entry.text).to_bytes(2, "big") + entry.text
    return text + bytes(-len(text) % BLOCK)


def seal_plaintext(options: Options, until: str, text: bytes, nonce: bytes, key_id: str | None = None) -> str:
    key_id = next(iter(reference.passwords(options))) if key_id is None else key_id
    (password,) = reference.candidates(options, key_id)
    header = f"h3r1.{key_id}.{until}."
    key = reference.xaes_key(key_of(options, password), nonce)
    sealed = AESGCM(key).encrypt(nonce[12:], text, header.encode())
    return header + base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def seal(options: Options, entry: Entry, nonce: bytes, key_id: str | None = None) -> str:
    return seal_plaintext(options, str(entry.until), plaintext(entry), nonce, key_id)


def until(options: Options, kind: int, now_ms: int, before: int = 0, created_at: int | None = None) -> int:
    """When the last token has ended that an entry concerns, in seconds."""
    if "maxAge" in options:
        start = max(before, now_ms) if kind != SESSION or created_at is None else created_at
        end = start + options["maxAge"] * 1000
    else:
        end = now_ms + 2 * options["idleTimeout"] * 1000
    minutes: int = -(-(end + FUTURE_MS) // (MINUTE * 1000))
    return minutes * MINUTE


def open(options: Options, line: str) -> Entry:
    parts = re.fullmatch(r"h3r1\.([A-Za-z0-9_]{0,32})\.([1-9][0-9]{0,11})\.([A-Za-z0-9_-]*)", line, re.ASCII)
    if parts is None or int(parts[2]) % MINUTE or len(parts[3]) % 4 == 1:
        malformed()
    sealed = base64.urlsafe_b64decode(parts[3] + "=" * (-len(parts[3]) % 4))
    if base64.urlsafe_b64encode(sealed).decode().rstrip("=") != parts[3] or len(sealed) < 24 + BLOCK + 16:
        malformed()
    for password in reference.candidates(options, parts[1]):
        try:
            key = reference.xaes_key(key_of(options, password), sealed[:24])
            text = AESGCM(key).decrypt(sealed[12:24], sealed[24:], f"h3r1.{parts[1]}.{parts[2]}.".encode())
            return parse(text, int(parts[2]))
        except InvalidTag:
            pass
    raise Refused("bad_seal" if reference.is_named(options, parts[1]) else "unknown_key")


def parse(sealed: bytes, ends: int) -> Entry:
    kind, before, length = sealed[0], int.from_bytes(sealed[1:7], "big"), int.from_bytes(sealed[7:9], "big")
    entry = Entry(kind, before, sealed[9 : 9 + length], ends)
    if plaintext(entry) != sealed or not is_well_formed(entry):
        malformed()
    return entry


def is_well_formed(entry: Entry) -> bool:
    if entry.kind == SESSION:
        return entry.before == 0 and re.fullmatch(rb"[\x21-\x7e]{1,255}", entry.text) is not None
    if entry.kind == SUBJECT:
        return is_subject(entry.text)
    return entry.kind == EVERYBODY and not entry.text


def is_subject(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return 1 <= len(text) <= 1024


class Number(str):
    """A number as it is written."""


def subject_of(options: Options, data: bytes) -> bytes | None:
    """Whose session it is, by the JSON Pointer of the options."""
    pointer = options["revocation"].get("subject")
    if pointer is None:
        return NO_SUBJECT
    found: Any = json.loads(data, parse_int=Number, parse_float=Number)
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and re.fullmatch("0|[1-9][0-9]*", name, re.ASCII) and int(name) < len(found):
            found = found[int(name)]
        else:
            return NO_SUBJECT
    if not isinstance(found, str):
        return NO_SUBJECT
    try:
        text = found.encode()
    except UnicodeEncodeError:
        return NO_SUBJECT
    return text if is_subject(text) else NO_SUBJECT


class Replica:
    """What is revoked, as one process knows it."""

    def __init__(self) -> None:
        self.entries: dict[tuple[int, str, bytes], tuple[int, int]] = {}
        self.heard_at: int | None = None

    def apply(self, options: Options, text: str, now_ms: int) -> None:
        for ended in text.split("\n"):
            line = ended.removesuffix("\r")
            try:
                entry = open(options, line)
            except Refused:
                continue
            if entry.until * 1000 < now_ms:
                continue
            before = FOR_EVER if entry.kind == SESSION else min(entry.before, now_ms + FUTURE_MS)
            key = (entry.kind, options.get("name", "h3"), entry.text)
            known = self.entries.get(key, (0, 0))
            self.entries[key] = (max(known[0], before), max(known[1], entry.until))

    def heard(self, now_ms: int) -> None:
        known = self.heard_at or 0
        self.heard_at = now_ms if known > now_ms + FUTURE_MS else max(known, now_ms)

    def is_stale(self, options: Options, now_ms: int) -> bool:
        allowed = options["revocation"].get("maxStale", 60) * 1000
        return self.heard_at is None or not now_ms - allowed <= self.heard_at <= now_ms + FUTURE_MS

    def refuses(self, options: Options, record: Record, now_ms: int) -> bool:
        # An opener may forget what has ended. This one does it at once.
        self.entries = {key: entry for key, entry in self.entries.items() if entry[1] * 1000 >= now_ms}
        name, subject = options.get("name", "h3"), subject_of(options, record.data)
        keys = [(SESSION, name, record.id), (EVERYBODY, name, b"")]
        keys += [] if subject is None else [(SUBJECT, name, subject)]
        return any(record.created_at < self.entries.get(key, (0, 0))[0] for key in keys)


def open_token(options: Options, token: str, now_ms: int, replica: Replica) -> Record:
    record = reference.open(options, token, now_ms)
    if replica.refuses(options, record, now_ms):
        raise Refused("revoked")
    return record
