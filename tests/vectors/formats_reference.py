"""The formats of other frameworks as docs/FORMATS.md describes them.

It is a second implementation, which shares no code with the library.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from reference import FUTURE_MS, Refused

TOLERANCE = 15
SKEW_MS = 60_000
GCM, CBC = "A256GCM", "A256CBC-HS512"
#: Of each enc: the bytes of the key, the iv and the tag.
LENGTHS = {CBC: (64, 16, 32), GCM: (32, 12, 16)}
ENCS = {"authjs": [CBC, GCM], "next-auth": [GCM], "auth0": [GCM], "better-auth": [CBC]}
Options = dict[str, Any]


@dataclass
class Session:
    id: str | None
    created_at: int | None
    expires_at: int | None
    data: dict[str, Any]


def refuse(reason: str) -> NoReturn:
    raise Refused(reason)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        refuse("malformed")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return data if base64url(data) == text else refuse("malformed")


def parse(data: bytes) -> dict[str, Any]:
    """A JSON object that has no name twice."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        return found if len(found) == len(pairs) else refuse("malformed")

    try:
        value = json.loads(data.decode(), object_pairs_hook=members)
    except ValueError:
        refuse("malformed")
    return value if isinstance(value, dict) else refuse("malformed")


def secrets(options: Options) -> dict[str, str]:
    password = options["password"]
    return password if isinstance(password, dict) else {"": password}


# ---- The four that are JWE -----------------------------------------------------------------------


def derive_key(form: str, secret: str, name: str, length: int) -> bytes:
    salt, info = {
        "authjs": (name, f"Auth.js Generated Encryption Key ({name})"),
        "next-auth": ("", "NextAuth.js Generated Encryption Key"),
        "auth0": ("", "JWE CEK"),
        "better-auth": ("better-auth-session", "BetterAuth.js Generated Encryption Key"),
    }[form]
    return HKDF(hashes.SHA256(), length, salt.encode(), info.encode()).derive(secret.encode())


def thumbprint(form: str, key: bytes) -> str:
    jwk = f'{{"k":"{base64url(key)}","kty":"oct"}}'.encode()
    digest = hashlib.sha512 if form == "authjs" and len(key) == 64 else hashlib.sha256
    return base64url(digest(jwk).digest())


def checked_header(form: str, data: bytes) -> dict[str, str]:
    header = parse(data)
    if not {"alg", "enc"} <= set(header):
        refuse("malformed")
    if any(not isinstance(header[name], str) for name in ("alg", "enc", "kid") if name in header):
        refuse("malformed")
    with_kid = {"kid"} if form in ("authjs", "better-auth") else set()
    if not set(header) <= {"alg", "enc"} | with_kid or header["alg"] != "dir" or header["enc"] not in ENCS[form]:
        refuse("unsupported_format")
    return header


def keys_for(form: str, options: Options, header: dict[str, str]) -> list[bytes]:
    """Those that a token may be sealed with: one, but in better-auth without a kid."""
    length = LENGTHS[header["enc"]][0]
    keys = [derive_key(form, secret, options["name"], length) for secret in secrets(options).values()]
    if "kid" in header:
        keys = [key for key in keys if thumbprint(form, key) == header["kid"]]
        return keys or refuse("unknown_key")
    return keys if form == "better-auth" else keys[:1]


def unseal(enc: str, key: bytes, aad: bytes, iv: bytes, ciphertext: bytes, tag: bytes) -> bytes | None:
    if enc == GCM:
        try:
            return AESGCM(key).decrypt(iv, ciphertext + tag, aad)
        except InvalidTag:
            return None
    bits = (8 * len(aad)).to_bytes(8, "big")
    expected = hmac.digest(key[:32], aad + iv + ciphertext + bits, hashlib.sha512)[:32]
    if not hmac.compare_digest(expected, tag):
        return None
    cipher, unpadder = Cipher(algorithms.AES(key[32:]), modes.CBC(iv)).decryptor(), padding.PKCS7(128).unpadder()
    try:
        return unpadder.update(cipher.update(ciphertext) + cipher.finalize()) + unpadder.finalize()
    except ValueError:
        return None


def claims_of(form: str, options: Options, token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 5 or parts[1]:
        refuse("malformed")
    text, iv, ciphertext, tag = (decode(part) for part in (parts[0], *parts[2:]))
    header = checked_header(form, text)
    enc = header["enc"]
    if (len(iv), len(tag)) != LENGTHS[enc][1:] or not ciphertext or (enc == CBC and len(ciphertext) % 16):
        refuse("malformed")
    for key in keys_for(form, options, header):
        plaintext = unseal(enc, key, parts[0].encode(), iv, ciphertext, tag)
        if plaintext is not None:
            return parse(plaintext)
    refuse("bad_seal")


def check_life(claims: dict[str, Any], now_ms: int) -> int | None:
    """The end in milliseconds, if there is one that has not come."""
    now = now_ms // 1000
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            refuse("malformed")
    if claims.get("nbf", 0) > now + TOLERANCE:
        refuse("malformed")
    if "exp" not in claims:
        return None
    return int(claims["exp"] * 1000) if claims["exp"] > now - TOLERANCE else refuse("expired")


def created_at(milliseconds: float, now_ms: int) -> int:
    """Of a clock that is a little ahead, it is now."""
    return int(min(milliseconds, now_ms)) if milliseconds <= now_ms + FUTURE_MS else refuse("malformed")


def milliseconds(date: str) -> int:
    return round(datetime.strptime(date, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)


def open_jwe(form: str, options: Options, token: str, now_ms: int) -> Session:
    claims = claims_of(form, options, token)
    end = check_life(claims, now_ms)
    made_by_sealer = ("exp",) if form == "auth0" else ("iat", "exp", "jti")
    data = {name: value for name, value in claims.items() if name not in made_by_sealer}
    if form == "auth0":
        if not all(isinstance(data.get(name), dict) for name in ("user", "internal")):
            refuse("malformed")
        inside = data["internal"]
        return Session(inside.get("sid") or None, created_at(inside["createdAt"] * 1000, now_ms), end, data)
    if form == "better-auth":
        session = data.get("session")
        if not isinstance(session, dict):
            refuse("malformed")
        if milliseconds(session["expiresAt"]) < now_ms:
            refuse("expired")
        return Session(session["id"], created_at(milliseconds(session["createdAt"]), now_ms), end, data)
    created = created_at(claims["iat"] * 1000, now_ms) if "iat" in claims else None
    return Session(claims.get("jti"), created, end, data)


# ---- iron-session --------------------------------------------------------------------------------


def fe26_key(password: str, salt: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha1", password.encode(), salt.encode(), 1, 32)


def open_iron(options: Options, token: str, now_ms: int) -> Session:
    seal = token.partition("~")[0]
    parts = seal.split("*")
    if parts[0] != "Fe26.2":
        refuse("unsupported_format" if parts[0].startswith("Fe26.") else "malformed")
    if len(parts) != 8 or not re.fullmatch(r"([1-9]\d*)?", parts[5]):
        refuse("malformed")
    _, key_id, salt, iv, ciphertext, expiration, mac_salt, mac = parts
    if expiration and int(expiration) <= now_ms - SKEW_MS:
        refuse("expired")
    password = options["password"]
    by_id = password if isinstance(password, dict) else {"1": password}
    if key_id not in by_id:
        refuse("unknown_key")
    sealed = (decode(iv), decode(ciphertext), decode(mac))
    if (len(sealed[0]), len(sealed[2])) != (16, 32) or len(sealed[1]) % 16:
        refuse("malformed")
    base = "*".join(parts[:6]).encode()
    if not hmac.compare_digest(hmac.digest(fe26_key(by_id[key_id], mac_salt), base, "sha256"), sealed[2]):
        refuse("bad_seal")
    cipher = Cipher(algorithms.AES(fe26_key(by_id[key_id], salt)), modes.CBC(sealed[0])).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    plaintext = unpadder.update(cipher.update(sealed[1]) + cipher.finalize()) + unpadder.finalize()
    return Session(None, None, int(expiration) if expiration else None, parse(plaintext))


def open(form: str, options: Options, token: str, now_ms: int) -> Session:
    if form == "iron-session":
        return open_iron(options, token, now_ms)
    return open_jwe(form, options, token, now_ms)
