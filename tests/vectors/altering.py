"""What the vectors are made with: nonces by name, and tokens and entries with something changed."""

from __future__ import annotations

import base64
import hashlib


def nonce_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:24]


def raw(token: str) -> bytes:
    body = token.rpartition(".")[2]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))


def with_raw(token: str, sealed_part: bytes) -> str:
    return token.rpartition(".")[0] + "." + base64.urlsafe_b64encode(sealed_part).decode().rstrip("=")


def flipped(token: str, at: int) -> str:
    """The token with one bit of its sealed part changed."""
    sealed_part = bytearray(raw(token))
    sealed_part[at] ^= 1
    return with_raw(token, bytes(sealed_part))


def truncated(token: str, count: int) -> str:
    return with_raw(token, raw(token)[:-count])
