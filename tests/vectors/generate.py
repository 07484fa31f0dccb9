"""Makes the vectors of docs/FORMAT.md, and those of docs/REVOCATION.md.

They are the same each time: the nonces come from the vectors' names.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import reference
import revocation_vectors
from altering import flipped, nonce_of, raw, truncated
from reference import Options, Record

HERE = Path(__file__).parent
NOW = 1_800_000_000_000
PASSWORD = "correct horse battery staple, and more of it"
PLAIN: Options = {"password": PASSWORD}
KEYED: Options = {
    "password": {"k2": "a new password of at least 32 characters", "k1": "an old password of at least 32 characters"}
}
ID = b"0b5e7a3c-91d4-4f0e-8a67-3c2d1e0f9b8a"
LONG = Record(ID, NOW, None, None, b'{"text":"%s"}' % (b"x" * 60))
LONG_LENGTH = 185
opening: list[dict[str, Any]] = []
refusing: list[dict[str, Any]] = []
writing: list[dict[str, Any]] = []
sliding: list[dict[str, Any]] = []


def record(
    data: str = "{}",
    session_id: bytes = ID,
    created: int = NOW,
    seen: int | None = None,
    end: int | None = None,
    lifetime: int | None = None,
    browser: bool = False,
) -> Record:
    return Record(session_id, created, seen, end, data.encode(), lifetime, browser)


def opens(
    name: str,
    comment: str,
    must: str,
    what: Record,
    options: Options = PLAIN,
    now: int = NOW,
    key_id: str | None = None,
    sealing: Options | None = None,
    prefix: bytes = b"",
) -> None:
    """sealing: the options that it was sealed under, if not those that it is opened under.

    prefix: what its nonce begins with.
    """
    nonce = prefix + nonce_of(name)[len(prefix) :]
    sealing = options if sealing is None else sealing
    token = reference.seal_plaintext(sealing, reference.plaintext(what), nonce, key_id)
    used = token.split(".")[1]
    (password,) = reference.candidates(sealing, used)
    master = reference.master_key(password)
    key = reference.session_key(master, options.get("name", "h3"))
    opened = reference.brought_back(what, now)
    opening.append(
        {
            "name": name,
            "comment": comment,
            "must": must.split(),
            "options": options,
            "now_ms": now,
            "token": token,
            "id": what.id.decode(),
            "created_at": opened.created_at,
            "last_seen_at": opened.last_seen_at,
            "expires_at": what.expires_at,
            "lifetime": what.lifetime,
            "ends_with_browser": what.ends_with_browser,
            "data": what.data.decode(),
            "master": master.hex(),
            "key": key.hex(),
            "nonce": nonce.hex(),
            "derived_key": reference.xaes_key(key, nonce).hex(),
            "aad": f"h3s1.{used}.".encode().hex(),
            "plaintext": reference.plaintext(what).hex(),
        }
    )


def refused(
    name: str, comment: str, must: str, token: str, rejection: str, options: Options = PLAIN, now: int = NOW
) -> None:
    refusing.append(
        {
            "name": name,
            "comment": comment,
            "must": must.split(),
            "options": options,
            "now_ms": now,
            "token": token,
            "rejection": rejection,
        }
    )


def sealed(name: str, text: bytes, options: Options = PLAIN, key_id: str | None = None) -> str:
    return reference.seal_plaintext(options, text, nonce_of(name), key_id)


def bad_text(name: str, comment: str, must: str, text: bytes) -> None:
    """Authentic, but its plaintext is not well-formed."""
    refused(name, comment, must, sealed(name, text), "malformed")


def bad_data(name: str, comment: str, must: str, data: bytes) -> None:
    bad_text(name, comment, must, reference.plaintext(Record(ID, NOW, None, None, data)))


def writes(name: str, comment: str, must: str, given: bytes, data: str) -> None:
    """A text that a sealer is given, and the data that it seals."""
    writing.append({"name": name, "comment": comment, "must": must.split(), "given": given.hex(), "data": data})


def writes_not(name: str, comment: str, must: str, given: bytes) -> None:
    writing.append({"name": name, "comment": comment, "must": must.split(), "given": given.hex(), "data": None})


def slides(
    name: str,
    comment: str,
    must: str,
    what: Record,
    seen: Sequence[str],
    last_seen_at: int | None,
    rejection: str | None = None,
    now: int = NOW,
    header: bool = False,
    options: Options | None = None,
) -> None:
    """A session and what stands beside it in the Cookie header.

    header: whether its token stands in the session header instead.
    """
    options = {**PLAIN, "idleTimeout": 3600} if options is None else options
    cookie_name = options.get("name", "h3")
    token = sealed(name, reference.plaintext(what), options)
    pairs = [] if header else [f"{cookie_name}={token}"]
    sliding.append(
        {
            "name": name,
            "comment": comment,
            "must": must.split(),
            "options": options,
            "now_ms": now,
            "cookie": "; ".join([*pairs, *(f"{cookie_name}.seen={value}" for value in seen)]),
            "header": token if header else "",
            "seen_key": reference.seen_key(reference.master_key(PASSWORD), cookie_name).hex(),
            "last_seen_at": last_seen_at,
            "rejection": rejection,
        }
    )


def bad_time(name: str, comment: str, must: str, what: Record, rejection: str, **options: Any) -> None:
    refused(name, comment, must, sealed(name, reference.plaintext(what)), rejection, {**PLAIN, **options})


def nested(levels: int) -> str:
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


def nested_arrays(levels: int) -> str:
    return '{"a":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


opens("empty", "no optional time, a UUID, no data", "M1 M2 M3 M4 M6 M7 M8 M10 M12", record())
opens("last-seen", "flag 1 alone", "M10 M11 M13", record(session_id=b"user!~42", seen=NOW - 1))
opens("expires", "flag 2 alone", "M10 M11 M13", record(session_id=b"user!~42", end=NOW + 1))
opens("last-seen-uuid", "flags 1 and 4", "M10 M11 M12", record(seen=NOW - 1))
opens("expires-uuid", "flags 2 and 4", "M10 M11 M12", record(end=NOW + 1))
opens("all-flags", "flags 1, 2 and 4", "M10 M11 M12", record('{"count":1}', seen=NOW - 2, end=NOW + 2))
opens(
    "text-id",
    "flags 1 and 2: both times and an id that is no UUID",
    "M10 M11 M13",
    record(session_id=b"user!~42", seen=NOW - 2, end=NOW + 2),
)
opens("short-id", "no flags, and an id of one byte", "M10 M13", record(session_id=b"!"))
opens("long-id", "an id of 255 bytes", "M13", record(session_id=b"x" * 255))
opens("upper-case-uuid", "a UUID in upper case is text", "M12 M13", record(session_id=ID.upper()))
opens("nil-uuid", "a UUID of no version", "M12", record(session_id=b"00000000-0000-0000-0000-000000000000"))
opens("almost-uuid", "g is no hexadecimal digit", "M12 M13", record(session_id=ID[:-1] + b"g"))
opens("uuid-without-hyphens", "32 digits are text", "M12 M13", record(session_id=ID.replace(b"-", b"")))
opens("lifetime", "flag 8: an hour of its own", "M10 M11 M28", record(lifetime=3600, end=NOW + 3_600_000))
opens(
    "ends-with-browser", "flag 16 alone, which takes no byte", "M10 M29", record(session_id=b"user!~42", browser=True)
)
opens(
    "every-flag",
    "1, 2, 4, 8 and 16",
    "M10 M11 M12 M28 M29",
    record('{"count":1}', seen=NOW - 2, end=NOW + 2, lifetime=2**32 - 1, browser=True),
)
opens(
    "at-its-lifetime",
    "alive at its limit, which is earlier than that of maxAge",
    "M21 M28",
    record(created=NOW - 1_000, lifetime=1),
    {**PLAIN, "maxAge": 60},
)
opens(
    "longer-than-max-age",
    "alive at the limit of maxAge, which is earlier",
    "M21 M28",
    record(created=NOW - 60_000, lifetime=61),
    {**PLAIN, "maxAge": 60},
)
opens("seen-before-created", "clocks are set back", "M11", record(seen=NOW - 1_000))
opens("latest-end", "the greatest time there is", "M11 M23", record(end=2**48 - 1))
opens("zero-times", "the first moment of 1970", "M11", record(created=0, seen=0), {"password": PASSWORD})
opens("first-password", "of several passwords the first seals", "M1 M9", record('{"by":"k2"}'), KEYED)
opens("older-password", "an older one opens", "M1 M9", record('{"by":"k1"}'), KEYED, key_id="k1")
opens("longest-key-id", "a key id of 32 characters", "M1", record(), {"password": {"Az09_" * 6 + "xx": PASSWORD}})
opens(
    "default",
    "an empty key id is the password called default",
    "M9",
    record(),
    {"password": {"k2": KEYED["password"]["k2"], "default": PASSWORD}},
    key_id="",
)
opens(
    "no-key-id-among-several",
    "where no password is called default, it is the one that opens it",
    "M9",
    record(),
    {"password": {"k2": KEYED["password"]["k2"], "k1": PASSWORD}},
    sealing=PLAIN,
)
opens(
    "any-key-id-under-a-string",
    "a password without an id opens tokens of any",
    "M9",
    record(),
    PLAIN,
    key_id="k1",
    sealing={"password": {"k1": PASSWORD}},
)
opens(
    "highest-number",
    "of ids that are all numbers the highest seals",
    "M25",
    record(),
    {"password": {"9": KEYED["password"]["k2"], "10": PASSWORD}},
)
opens(
    "number-and-name",
    "where one id is no number, the first seals",
    "M25",
    record(),
    {"password": {"9": PASSWORD, "k10": KEYED["password"]["k2"]}},
)
opens(
    "zeros-before-a-number",
    "of ids that are all numbers the highest seals, with zeros in front or not",
    "M25",
    record(),
    {"password": {"9": KEYED["password"]["k2"], "010": PASSWORD}},
)
opens(
    "default-by-its-id",
    "the password called default seals under its id",
    "M1 M9",
    record(),
    {"password": {"default": PASSWORD}},
)
opens("other-name", "another cookie name", "M7", record(), {"password": PASSWORD, "name": "__Host-session"})
opens("unicode-password", "a password in UTF-8", "M6", record(), {"password": "pässwörd 🔑 " * 4})
opens("same-prefix", "sealed under a key that was kept", "M8", record(), prefix=nonce_of("prefix")[:12])
opens("same-prefix-again", "another one of the same prefix", "M8", record(), prefix=nonce_of("prefix")[:12])
opens("non-ascii", "characters outside ASCII", "M14 M18", record('{"name":"Zoë 🦊","Ключ":"値"}'))
opens(
    "escapes",
    "escapes stay as they are written, lone surrogates too",
    "M14 M18",
    record(r'{"\u0061":"\u0041\/\"\\\b\f\n\r\t\u0000\ud800\uD83D\uDE00"}'),
)
opens(
    "numbers",
    "numbers stay as they are written",
    "M14 M18",
    record('{"big":12345678901234567890123,"f":1.0e5,"z":-0.0,"e":1E+2,"n":-7}'),
)
opens(
    "order",
    "names keep their order",
    "M14 M18",
    record('{"z":{"b":[1,[true,false,null]],"a":{}},"a":[],"":0,"10":1,"2":2}'),
)
opens("same-name-apart", "the same name in different objects", "M17", record('{"a":{"a":1},"b":[{"a":1},{"a":2}]}'))
opens(
    "names-apart",
    "names that differ in case, in Unicode normalization, or in their unpaired surrogates",
    "M17",
    record('{"a":1,"A":2,"\u00e9":3,"e\u0301":4,"' + r'\ud800":5,"\ud801":6,"\udc00":7}'),
)
opens("name-of-a-prototype", "a name like any other", "M14 M18", record('{"__proto__":{"a":1},"constructor":2}'))
opens(
    "spaces-in-strings",
    "white space in a string is significant; 0x7F and U+2028 are no control characters of JSON",
    "M15 M18",
    record('{" a ":"b  c","d":"\x7f\u2028\ufeff"}'),
)
opens("deep", "128 levels", "M16", record(nested(128)))
opens("deep-arrays", "127 levels of arrays in an object", "M16", record(nested_arrays(128)))
opens("brackets-in-a-string", "which are no levels", "M16", record('{"a":"' + "[" * 129 + r'\"{"}'))
opens("chunks", "as long as three cookies", "M14 M18", record('{"text":"' + "0123456789abcdef" * 562 + '"}'))
opens("at-max-token-length", "just as long as allowed", "M5", LONG, {**PLAIN, "maxTokenLength": LONG_LENGTH})
opens("at-max-age", "alive at the limit", "M21", record(created=NOW - 60_000), {**PLAIN, "maxAge": 60})
opens(
    "at-idle-timeout",
    "alive at the limit, by createdAt",
    "M22",
    record(created=NOW - 60_000),
    {**PLAIN, "idleTimeout": 60},
)
opens(
    "seen-lately",
    "lastSeenAt counts, not createdAt",
    "M22",
    record(created=NOW - 90_000, seen=NOW - 60_000),
    {**PLAIN, "idleTimeout": 60},
)
opens("at-expires-at", "alive at its own end", "M23", record(created=NOW - 9, end=NOW))
opens("at-not-before", "made at that very moment", "M20", record(), {**PLAIN, "notBefore": NOW})
opens(
    "ten-minutes-ahead",
    "clocks differ, and what is ahead counts as now",
    "M19 M26",
    record(created=NOW + 600_000, seen=NOW + 600_000),
)

good = sealed("good", reference.plaintext(record('{"hits":1}')))
body = good.rpartition(".")[2]
length = len(raw(good))
assert len(body) % 4 == 2, "so that the last character has stray bits"

long = sealed("long", reference.plaintext(LONG))
assert len(long) == LONG_LENGTH
refused(
    "one-too-long",
    "good, but for its length",
    "M5",
    long,
    "too_large",
    {**PLAIN, "maxTokenLength": LONG_LENGTH - 1},
)
refused("too-long", "longer than the usual maxTokenLength", "M5", good + "A" * 16_384, "too_large")
refused("too-long-and-foreign", "the length is checked first", "M5 M24", "h3s2." + "A" * 16_384, "too_large")
refused("nothing", "the empty token", "M2", "", "malformed")
refused("text", "no token at all", "M2", "hello", "malformed")
refused("upper-case-prefix", "the prefix is in lower case", "M2", "H3S1" + good[4:], "malformed")
refused("leading-space", "nothing stands before the prefix", "M2", " " + good, "malformed")
refused("next-version", "a later version of this format", "M2", "h3s2" + good[4:], "unsupported_format")
refused("version-12", "versions may have more digits", "M2", "h3s12.x", "unsupported_format")
refused("version-01", "or zeros in front", "M2", "h3s01.x", "unsupported_format")
refused("no-dot", "nothing after the version", "M2", "h3s1", "malformed")
refused("no-star", "Fe26.2 without its delimiter", "M2", "Fe26.2", "malformed")
refused("no-version", "no digits, no version", "M2", "h3s.x", "malformed")
refused(
    "fe26-2", "h3's own format, which these options do not accept", "M2", "Fe26.2**a*b*c**d*e", "unsupported_format"
)
refused("fe26-1", "its forerunner", "M2", "Fe26.1**a*b*c**d*e", "unsupported_format")
refused("no-second-dot", "no key id", "M1", "h3s1." + body.replace(".", ""), "malformed")
refused("long-key-id", "a key id of 33 characters", "M1", "h3s1." + "a" * 33 + "." + body, "malformed")
refused("key-id-hyphen", "a hyphen in the key id", "M1", "h3s1.a-b." + body, "malformed")
refused("key-id-non-ascii", "a letter outside ASCII in the key id", "M1", "h3s1.é." + body, "malformed")
refused("third-dot", "a dot in the sealed part", "M3", good + ".x", "malformed")
refused("padded", "padding", "M3", good + "==", "malformed")
standard = sealed("standard", reference.plaintext(record('{"hits":3}')))
assert {"-", "_"} < set(standard)
refused(
    "standard-alphabet",
    "+ and / are not in the alphabet",
    "M3",
    standard.replace("-", "+").replace("_", "/"),
    "malformed",
)
refused("space-inside", "white space in the sealed part", "M3", good[:40] + " " + good[40:], "malformed")
refused("line-feed", "white space at the end", "M3", good + "\n", "malformed")
refused(
    "stray-bits", "bits of the last character that no byte has", "M3", good[:-1] + chr(ord(good[-1]) + 1), "malformed"
)
stray = sealed("stray", reference.plaintext(record('{"hits":10}')))
assert len(stray.rpartition(".")[2]) % 4 == 3, "so that it has two stray bits"
refused("two-stray-bits", "the same, after two bytes", "M3", stray[:-1] + chr(ord(stray[-1]) + 1), "malformed")
refused("one-character-more", "a length that no bytes have", "M3", good + "AAA", "malformed")
refused("too-short", "50 bytes", "M4", "h3s1.." + base64.urlsafe_b64encode(bytes(50)).decode().rstrip("="), "malformed")
refused("too-short-and-unknown", "the syntax is checked before the key", "M4 M24", "h3s1.zz.AAAA", "malformed")
refused(
    "unknown-key",
    "no such password",
    "M9",
    sealed("unknown-key", reference.plaintext(record()), KEYED, "k1"),
    "unknown_key",
    {"password": {"k2": KEYED["password"]["k2"]}},
)
refused("key-id-under-a-string", "one of another password", "M9", "h3s1.k1." + body, "unknown_key")
refused("default-under-a-string", "the same", "M9", "h3s1.default." + body, "unknown_key")
refused("key-id-of-a-prototype", "no such password", "M9", "h3s1.__proto__." + body, "unknown_key", KEYED)
refused("no-key-id-under-an-object", "no password is called default", "M9", good, "unknown_key", KEYED)
refused(
    "default-and-another",
    "where a password is called default, no other is tried",
    "M9",
    good,
    "bad_seal",
    {"password": {"default": KEYED["password"]["k2"], "k1": PASSWORD}},
)
refused(
    "unknown-before-seal",
    "the key is chosen before the seal is checked",
    "M9 M24",
    "h3s1.zz." + base64.urlsafe_b64encode(bytes(51)).decode(),
    "unknown_key",
)
refused("flipped-nonce", "a bit of the first half of the nonce", "M8", flipped(good, 0), "bad_seal")
refused("flipped-nonce-2", "a bit of the second half of the nonce", "M8", flipped(good, 23), "bad_seal")
refused("flipped-ciphertext", "a bit of the ciphertext", "M8", flipped(good, 24), "bad_seal")
refused("flipped-tag", "the last bit of the tag", "M8", flipped(good, length - 1), "bad_seal")
refused(
    "swapped-key-id",
    "the key id is authenticated",
    "M8",
    sealed("swapped", reference.plaintext(record()), KEYED).replace("k2", "k1"),
    "bad_seal",
    KEYED,
)
same = {"password": {"a": PASSWORD, "b": PASSWORD}}
refused(
    "swapped-key-id-same-password",
    "even where both are one password",
    "M8",
    sealed("same", reference.plaintext(record()), same).replace(".a.", ".b."),
    "bad_seal",
    same,
)
refused("other-cookie-name", "the token of another cookie", "M7", good, "bad_seal", {**PLAIN, "name": "other"})
refused(
    "other-password",
    "another password",
    "M6",
    good,
    "bad_seal",
    {"password": "another password of at least 32 characters"},
)
refused("truncated", "three bytes are missing", "M8", truncated(good, 3), "bad_seal")

head = reference.plaintext(record())[:-2]
created = NOW.to_bytes(6, "big")
bad_text("flag-32", "an unknown flag", "M10", bytes([head[0] | 32]) + head[1:] + b"{}")
bad_text("flag-128", "an unknown flag", "M10", bytes([head[0] | 128]) + head[1:] + b"{}")
bad_text("cut-in-last-seen", "it ends within lastSeenAt", "M11", bytes([1]) + created + b"{}{}")
bad_text("cut-in-expires", "it ends within expiresAt", "M11", bytes([3]) + created * 2 + b"{}")
bad_text("cut-in-uuid", "it ends within the UUID", "M12", head[:-8])
bad_text("cut-in-id", "the id is longer than what is left", "M13", bytes([0]) + created + b"\x09" + b"abcd{}")
bad_text("cut-in-created", "flags that promise more than there is", "M11", bytes([7]) + created + b"abcd")
bad_text("cut-in-lifetime", "it ends within the lifetime", "M11", bytes([8]) + created + b"abc")
bad_text("no-lifetime", "a lifetime of no second", "M28", bytes([12]) + created + bytes(4) + head[-16:] + b"{}")
bad_text("uuid-as-text", "a UUID in lower case is never text", "M12", bytes([0]) + created + b"\x24" + ID + b"{}")
bad_text("empty-id", "an id of no bytes", "M13", bytes([0]) + created + b"\x00" + b"{}{}")
bad_text("id-space", "a space in the id", "M13", bytes([0]) + created + b"\x03a b{}")
bad_text("id-delete", "0x7F in the id", "M13", bytes([0]) + created + b"\x02a\x7f{}")
bad_text("id-high", "0x80 in the id", "M13", bytes([0]) + created + b"\x02a\x80{}")
for name, comment, must, data in [
    ("data-none", "no data", "M27", b""),
    ("data-array", "an array", "M27", b"[1]"),
    ("data-number", "a number", "M27", b"42"),
    ("data-null", "null", "M27", b"null"),
    ("data-string", "a string", "M27", b'"a"'),
    ("data-more", "text after the object", "M27", b"{}x"),
    ("data-nul", "a NUL after the object", "M27", b"{}\0"),
    ("data-unclosed-string", "a string that does not end", "M27", b'{"a":"'),
    ("data-unclosed", "an object that does not end", "M27", b'{"a":1'),
    ("data-invalid-utf-8", "a byte that UTF-8 does not have", "M27", b'{"a":"\xff"}'),
    ("data-cut-utf-8", "a character that ends too early", "M27", b'{"a":"\xe2\x82"}'),
    ("data-beyond-unicode", "beyond U+10FFFF", "M27", b'{"a":"\xf4\x90\x80\x80"}'),
    ("data-overlong", "UTF-8 that is longer than need be", "M27", b'{"a":"\xc0\xaf"}'),
    ("data-surrogate", "a surrogate in UTF-8", "M27", b'{"a":"\xed\xa0\x80"}'),
    ("data-bom", "a byte order mark", "M27", b"\xef\xbb\xbf{}"),
    ("data-control", "a control character in a string", "M27", b'{"a":"\x01"}'),
    ("data-tab", "a tab in a string", "M27", b'{"a":"\t"}'),
    ("data-space-after", "white space after it", "M27", b"{} "),
    ("data-space-before", "white space before it", "M27", b" {}"),
    ("data-line-feed", "a line feed between members", "M27", b'{"a":1,\n"b":2}'),
    ("data-one-brace", "a single brace", "M27", b"{"),
]:
    bad_data(name, comment, must, data)

bad_time("future-created", "made more than ten minutes from now", "M19", record(created=NOW + 600_001), "malformed")
bad_time("future-seen", "seen more than ten minutes from now", "M19", record(seen=NOW + 600_001), "malformed")
bad_time("revoked", "made before notBefore", "M20", record(created=NOW - 1), "revoked", notBefore=NOW)
bad_time(
    "revoked-first",
    "revoked is said before expired",
    "M20 M24",
    record(created=NOW - 60_001),
    "revoked",
    notBefore=NOW,
    maxAge=60,
)
bad_time(
    "revoked-although-ahead",
    "made ahead of now, which counts as now, and that is before notBefore",
    "M20 M26",
    record(created=NOW + 8_000),
    "revoked",
    notBefore=NOW + 5_000,
)
bad_time(
    "idle-although-made-later",
    "lastSeenAt counts, also where it is before createdAt",
    "M22",
    record(created=NOW - 1_000, seen=NOW - 60_001),
    "idle",
    idleTimeout=60,
)
bad_time("lifetime-over", "older than its lifetime", "M21 M28", record(created=NOW - 1_001, lifetime=1), "expired")
bad_time(
    "max-age-over",
    "older than maxAge, although not than its lifetime",
    "M21 M28",
    record(created=NOW - 60_001, lifetime=61),
    "expired",
    maxAge=60,
)
bad_time("max-age", "older than maxAge", "M21", record(created=NOW - 60_001, seen=NOW), "expired", maxAge=60)
bad_time(
    "expired-first",
    "expired is said before idle",
    "M21 M24",
    record(created=NOW - 60_001),
    "expired",
    maxAge=60,
    idleTimeout=60,
)
bad_time(
    "idle",
    "not seen for longer than idleTimeout",
    "M22",
    record(created=NOW - 90_000, seen=NOW - 60_001),
    "idle",
    idleTimeout=60,
)
bad_time("idle-by-created", "never seen since it was made", "M22", record(created=NOW - 60_001), "idle", idleTimeout=60)
bad_time(
    "idle-before-own-end",
    "idle is said before its own end",
    "M22 M24",
    record(created=NOW - 60_001, end=NOW - 1),
    "idle",
    idleTimeout=60,
)
bad_time("own-end", "past its own end", "M23", record(created=NOW - 9, end=NOW - 1), "expired")

bad_time(
    "future-first",
    "malformed is said before revoked",
    "M19 M24",
    record(created=NOW + 600_001),
    "malformed",
    notBefore=NOW + 700_000,
)
bad_time(
    "malformed-first",
    "and so it is of the plaintext",
    "M24 M27",
    record("[]", created=NOW - 1),
    "malformed",
    notBefore=NOW,
)
refused(
    "bad-seal-first",
    "the seal is checked before the plaintext",
    "M8 M24",
    flipped(sealed("bad-seal-first", b"\xff" * 32), -1),
    "bad_seal",
)

IDLE: Options = {**PLAIN, "idleTimeout": 3600}
AGO = NOW - 3_000_000
LONG_AGO = NOW - 5_000_000
young = record(created=AGO, session_id=b"user!~42")
old = record(created=LONG_AGO)
seen = reference.seal_seen(IDLE, old, AGO)
slides("seen-absent", "by the token alone it is idle", "M22", old, [], None, "idle")
slides("seen", "seen later than the token says", "M30 M31", old, [seen], AGO)
slides("seen-text-id", "an id that is no UUID", "M30", young, [reference.seal_seen(IDLE, young, NOW - 1)], NOW - 1)
slides("seen-now", "at this very moment", "M31", old, [reference.seal_seen(IDLE, old, NOW)], NOW)
slides(
    "seen-older",
    "older than what the token says",
    "M31",
    record(created=LONG_AGO, seen=AGO),
    [reference.seal_seen(IDLE, old, AGO - 1)],
    AGO,
)
slides(
    "seen-forged",
    "a bit of the mac",
    "M30",
    old,
    [seen[:-2] + ("B" if seen[-2] == "A" else "A") + seen[-1]],
    None,
    "idle",
)
slides(
    "seen-moved",
    "another time under the same mac",
    "M30",
    old,
    [seen[:7] + ("B" if seen[7] == "A" else "A") + seen[8:]],
    None,
    "idle",
)
slides(
    "seen-of-another-id",
    "that of another session",
    "M30",
    old,
    [reference.seal_seen(IDLE, record(created=LONG_AGO, session_id=b"other"), AGO)],
    None,
    "idle",
)
slides(
    "seen-of-another-time",
    "that of the session with another createdAt",
    "M30",
    old,
    [reference.seal_seen(IDLE, record(created=LONG_AGO - 1), AGO)],
    None,
    "idle",
)
slides(
    "seen-of-another-name",
    "that of another cookie",
    "M30",
    old,
    [reference.seal_seen({**IDLE, "name": "other"}, old, AGO)],
    None,
    "idle",
)
slides(
    "seen-of-another-password",
    "by the key of another password than the token's",
    "M30",
    old,
    [reference.seal_seen({**IDLE, "password": "another password of at least 32 characters"}, old, AGO)],
    None,
    "idle",
)
TWO: Options = {**IDLE, "password": {"k1": PASSWORD, "k2": "another password of at least 32 characters"}}
slides(
    "seen-of-another-of-two-passwords",
    "by the key of a password that opens tokens, but has not opened this one",
    "M30",
    old,
    [reference.seal_seen(TWO, old, AGO, "k2")],
    None,
    "idle",
    options=TWO,
)
slides(
    "seen-of-one-of-two-passwords",
    "the other way round",
    "M30",
    old,
    [reference.seal_seen(TWO, old, AGO, "k1")],
    AGO,
    options=TWO,
)
last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
assert last.index(seen[-1]) % 16 == 0, "so that it has stray bits"
slides(
    "seen-stray-bits",
    "bits of the last character that no byte has",
    "M30",
    old,
    [seen[:-1] + last[last.index(seen[-1]) + 1]],
    None,
    "idle",
)
ahead = record(created=NOW + 300_000)
slides(
    "seen-created-ahead",
    "of a token that is ahead: with its createdAt as it stands there",
    "M26 M30",
    ahead,
    [reference.seal_seen(IDLE, ahead, NOW + 400_000)],
    NOW,
)
slides(
    "seen-created-now",
    "and not as it counts",
    "M26 M30",
    ahead,
    [reference.seal_seen(IDLE, record(created=NOW), NOW + 400_000)],
    None,
)
slides("seen-unlimited", "also without an idleTimeout", "M31", old, [seen], AGO, options=PLAIN)
slides("seen-short", "29 characters", "M30", old, [seen[:-1]], None, "idle")
slides("seen-long", "more than 30 characters", "M30", old, [seen + "A"], None, "idle")
slides("seen-padded", "with padding", "M30", old, [seen + "=="], None, "idle")
slides(
    "seen-ten-minutes-ahead",
    "clocks differ, and what is ahead counts as now",
    "M26 M30",
    old,
    [reference.seal_seen(IDLE, old, NOW + 600_000)],
    NOW,
)
slides(
    "seen-in-the-future",
    "more than ten minutes from now",
    "M30",
    old,
    [reference.seal_seen(IDLE, old, NOW + 600_001)],
    None,
    "idle",
)
slides(
    "seen-by-several",
    "the latest of four",
    "M31",
    old,
    [seen, "A" * 30, reference.seal_seen(IDLE, old, AGO + 2), reference.seal_seen(IDLE, old, AGO + 1)],
    AGO + 2,
)
slides("seen-beside-a-header", "a token in the header", "M32", old, [seen], None, "idle", header=True)
slides(
    "seen-and-expired",
    "what ends by maxAge does not live on",
    "M21 M31",
    old,
    [seen],
    None,
    "expired",
    options={**IDLE, "maxAge": 4999},
)
slides(
    "seen-under-a-prefix",
    "a name with a prefix",
    "M30",
    old,
    [reference.seal_seen({**IDLE, "name": "__Host-session"}, old, AGO)],
    AGO,
    options={**IDLE, "name": "__Host-session"},
)

for name, comment, must, data, left in [
    (
        "spaces",
        "white space goes, but for that in strings",
        "M15",
        b' {\t" a " :\r\n[ 1 , " " ] }\n',
        '{" a ":[1," "]}',
    ),
    ("only-spaces", "white space in an empty object", "M15", b" { } ", "{}"),
    (
        "as-written",
        "what a number or a string says stays as it is written",
        "M18",
        b'{"f":1.0e5,"z":-0.0,"\\u0061":"\\u0041\\/"}',
        r'{"f":1.0e5,"z":-0.0,"\u0061":"\u0041\/"}',
    ),
    ("unpaired", "an escape of an unpaired surrogate", "M14", b'{"a":"\\ud800"}', r'{"a":"\ud800"}'),
    (
        "names-apart",
        "the same name in different objects, and in another case",
        "M17",
        b'{"a":{"a":1},"A":[{"a":1},{"a":2}]}',
        '{"a":{"a":1},"A":[{"a":1},{"a":2}]}',
    ),
    ("deep", "128 levels", "M16", nested(128).encode(), nested(128)),
    ("deep-arrays", "127 levels of arrays in an object", "M16", nested_arrays(128).encode(), nested_arrays(128)),
]:
    writes(name, comment, must, data, left)
for name, comment, must, data in [
    ("none", "no data", "M14", b""),
    ("array", "an array", "M14", b"[1]"),
    ("number", "a number", "M14", b"42"),
    ("null", "null", "M14", b"null"),
    ("string", "a string", "M14", b'"a"'),
    ("more", "text after the object", "M14", b"{}x"),
    ("two", "two objects", "M14", b"{}{}"),
    ("nul", "a NUL after the object", "M14 M15", b"{}\0"),
    ("unclosed-string", "a string that does not end", "M14", b'{"a":"'),
    ("unclosed", "an object that does not end", "M14", b'{"a":1'),
    ("trailing-comma", "a comma at the end", "M14", b'{"a":1,}'),
    ("leading-zero", "a number with a leading zero", "M14", b'{"a":01}'),
    ("plus", "a number with a plus", "M14", b'{"a":+1}'),
    ("no-fraction", "a point without digits", "M14", b'{"a":1.}'),
    ("no-integer", "a point without digits before it", "M14", b'{"a":.5}'),
    ("no-exponent", "an exponent without digits", "M14", b'{"a":1e+}'),
    ("minus", "a minus without digits", "M14", b'{"a":-}'),
    ("infinity", "Infinity", "M14", b'{"a":-Infinity}'),
    ("nan", "NaN", "M14", b'{"a":NaN}'),
    ("literal", "a literal in upper case", "M14", b'{"a":True}'),
    ("bad-escape", "an unknown escape", "M14", b'{"a":"\\x41"}'),
    ("short-escape", "an escape with three digits", "M14", b'{"a":"\\u004"}'),
    ("single-quotes", "single quotes", "M14", b"{'a':1}"),
    ("no-name", "a name that is no string", "M14", b"{1:1}"),
    ("invalid-utf-8", "a byte that UTF-8 does not have", "M14", b'{"a":"\xff"}'),
    ("cut-utf-8", "a character that ends too early", "M14", b'{"a":"\xe2\x82"}'),
    ("beyond-unicode", "beyond U+10FFFF", "M14", b'{"a":"\xf4\x90\x80\x80"}'),
    ("overlong", "UTF-8 that is longer than need be", "M14", b'{"a":"\xc0\xaf"}'),
    ("surrogate", "a surrogate in UTF-8", "M14", b'{"a":"\xed\xa0\x80"}'),
    ("bom", "a byte order mark", "M14", b"\xef\xbb\xbf{}"),
    ("control", "a control character in a string", "M15", b'{"a":"\x01"}'),
    ("tab", "a tab in a string", "M15", b'{"a":"\t"}'),
    ("too-deep", "129 levels", "M16", nested(129).encode()),
    ("too-deep-arrays", "129 levels, most of them arrays", "M16", nested_arrays(129).encode()),
    ("twice", "a name twice", "M17", b'{"a":1,"b":2,"a":3}'),
    ("twice-escaped", "a name twice, once escaped", "M17", b'{"a":1,"\\u0061":2}'),
    (
        "twice-pair",
        "a name twice, once as a surrogate pair",
        "M17",
        '{"\U0001f98a":1,"\\ud83e\\udd8a":2}'.encode(),
    ),
    ("twice-surrogate", "an unpaired surrogate twice, in two cases", "M17", b'{"\\ud80a":1,"\\uD80A":2}'),
    ("twice-inside", "a name twice in an inner object", "M17", b'{"o":[{"a":1,"a":2}]}'),
]:
    writes_not(name, comment, must, data)

for file, vectors in (
    ("h3s1-open.json", opening),
    ("h3s1-refuse.json", refusing),
    ("h3s1-seen.json", sliding),
    ("h3s1-write.json", writing),
    ("revocation-open.json", revocation_vectors.opening),
    ("revocation-refuse.json", revocation_vectors.refusing),
    ("revocation-table.json", revocation_vectors.tables),
):
    (HERE / file).write_text(json.dumps(vectors, indent=2) + "\n")
    print(f"{file}: {len(vectors)} vectors")
