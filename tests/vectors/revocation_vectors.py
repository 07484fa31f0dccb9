"""The vectors of docs/REVOCATION.md, which generate.py writes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import reference
import revocation_reference as revocation
from altering import flipped, nonce_of, raw, truncated, with_raw
from reference import Options, Record
from revocation_reference import EVERYBODY, KINDS, SESSION, SUBJECT, Entry

NOW = 1_800_000_000_000
HOUR = 3_600_000
PASSWORD = "correct horse battery staple, and more of it"
NEW, OLD = "a new password of at least 32 characters", "an old password of at least 32 characters"
REVOCATION: Options = {"revocation": {"subject": "/sub"}}
DAY: Options = {"password": PASSWORD, "maxAge": 86_400, **REVOCATION}
KEYED: Options = {**DAY, "password": {"k2": NEW, "k1": OLD}}
IDLE: Options = {"password": PASSWORD, "idleTimeout": 3600, **REVOCATION}
ID = "0b5e7a3c-91d4-4f0e-8a67-3c2d1e0f9b8a"
OTHER_ID = "ffffffff-0000-4000-8000-000000000000"
FILE_HEAD = "h3s revocations 1 0123456789abcdef0123456789abcdef 0000000000 0000000000000079"
opening: list[dict[str, Any]] = []
refusing: list[dict[str, Any]] = []
tables: list[dict[str, Any]] = []


def entry_until(kind: int, text: str = "", before: int = 0, until: int = NOW // 1000 + 86_400) -> Entry:
    return Entry(kind, before, text.encode(), until)


def token(
    name: str, options: Options, session_id: str = ID, created: int = NOW, data: str = "{}", key_id: str | None = None
) -> str:
    record = Record(session_id.encode(), created, None, None, data.encode())
    return reference.seal_plaintext(options, reference.plaintext(record), nonce_of(f"{name}, the session"), key_id)


def by_subject(subject: str | None) -> str:
    return "{}" if subject is None else json.dumps({"sub": subject}, ensure_ascii=False, separators=(",", ":"))


def opens(
    name: str,
    comment: str,
    must: str,
    kind: int,
    text: str = "",
    before: int = 0,
    created: int | None = None,
    until: int | None = None,
    options: Options = DAY,
    now: int = NOW,
    key_id: str | None = None,
    sealing: Options | None = None,
) -> None:
    """An entry, and the token of a session that it refuses.

    until: where it is not that of rule R14.
    sealing: the options that both were sealed under, if not those that they are opened under.
    """
    sealing = options if sealing is None else sealing
    ends = revocation.until(sealing, kind, now, before, created) if until is None else until
    entry, nonce = Entry(kind, before, text.encode(), ends), nonce_of(name)
    line = revocation.seal(sealing, entry, nonce, key_id)
    prefix, used, written, _ = line.split(".")
    (password,) = reference.candidates(sealing, used)
    key = revocation.key_of(options, password)
    refused_token = token(
        name,
        sealing,
        text if kind == SESSION else OTHER_ID,
        (now if created is None else created) if kind == SESSION else min(before, now) - 1,
        by_subject(text if kind == SUBJECT else None),
        key_id,
    )
    opening.append(
        {
            "name": name,
            "comment": comment,
            "must": must.split(),
            "options": options,
            "now_ms": now,
            "line": line,
            "kind": KINDS[kind],
            "text": text,
            "before": before,
            "until": ends,
            "created_at": created,
            "token": refused_token,
            "master": reference.master_key(password).hex(),
            "key": key.hex(),
            "nonce": nonce.hex(),
            "derived_key": reference.xaes_key(key, nonce).hex(),
            "aad": f"{prefix}.{used}.{written}.".encode().hex(),
            "plaintext": revocation.plaintext(entry).hex(),
        }
    )


def refused(name: str, comment: str, must: str, line: str, reason: str = "malformed", options: Options = DAY) -> None:
    refusing.append(
        {
            "name": name,
            "comment": comment,
            "must": must.split(),
            "options": options,
            "now_ms": NOW,
            "line": line,
            "reason": reason,
        }
    )


def bad_text(name: str, comment: str, must: str, text: bytes) -> None:
    """Authentic, but its plaintext is not well-formed."""
    until = str(good_entry.until)
    refused(name, comment, must, revocation.seal_plaintext(DAY, until, text, nonce_of(name)))


def text_of(kind: int, before: int, text: bytes, length: int | None = None, blocks: int | None = None) -> bytes:
    """A plaintext; length and blocks where they are not those of the text."""
    length = len(text) if length is None else length
    head = bytes([kind]) + before.to_bytes(6, "big") + length.to_bytes(2, "big") + text
    size = -(-len(head) // 32) if blocks is None else blocks
    return head.ljust(size * 32, b"\0")


def step(lines: Sequence[str] | str, now: int = NOW, options: Options = DAY, heard: bool = True) -> dict[str, Any]:
    """heard: whether the store was read to its end with this."""
    text = lines if isinstance(lines, str) else "".join(f"{line}\n" for line in lines)
    return {"options": options, "now_ms": now, "text": text, "heard": heard}


def table(name: str, comment: str, must: str, steps: list[dict[str, Any]], *sessions: dict[str, Any]) -> None:
    for number, session in enumerate(sessions):
        options = session["options"]
        session["token"] = token(f"{name} {number}", options, *session.pop("record"))
    tables.append({"name": name, "comment": comment, "must": must.split(), "steps": steps, "sessions": list(sessions)})


def session(
    rejection: str | None,
    session_id: str = OTHER_ID,
    created: int = NOW - HOUR,
    data: str = "{}",
    subject: str | None = None,
    now: int = NOW,
    options: Options = DAY,
    stale: bool = False,
) -> dict[str, Any]:
    """A session and what becomes of it; subject: what is found in its data."""
    return {
        "options": options,
        "now_ms": now,
        "token": "",
        "subject": subject,
        "rejection": rejection,
        "stale": stale,
        "record": (session_id, created, data),
    }


def of(subject: str, rejection: str | None, created: int = NOW - HOUR, **more: Any) -> dict[str, Any]:
    """A session of a subject."""
    return session(rejection, created=created, data=by_subject(subject), subject=subject, **more)


def line(name: str, entry: Entry, options: Options = DAY, key_id: str | None = None) -> str:
    return revocation.seal(options, entry, nonce_of(name), key_id)


opens("session", "a session, by its id", "R1 R2 R3 R4 R5 R7 R8 R9 R14", SESSION, ID, created=NOW - HOUR)
opens("session-of-no-time", "by its id alone: it may be as new as now", "R14", SESSION, ID)
opens("session-text-id", "an id that is no UUID", "R9", SESSION, "user!~42", created=NOW)
opens("session-short-id", "an id of one byte", "R9", SESSION, "!", created=NOW)
opens("session-long-id", "an id of 255 bytes", "R9", SESSION, "x" * 255, created=NOW)
opens("session-upper-case", "an id in upper case is another one", "R9", SESSION, ID.upper(), created=NOW)
opens("subject", "a subject", "R1 R2 R3 R4 R5 R7 R8 R10 R14", SUBJECT, "42", before=NOW)
opens("subject-of-32", "a plaintext without padding", "R8", SUBJECT, "x" * 23, before=NOW)
opens("subject-of-33", "one with as much as there can be", "R8", SUBJECT, "x" * 24, before=NOW)
opens("subject-short", "one byte", "R10", SUBJECT, "a", before=NOW)
opens("subject-long", "1,024 bytes", "R10", SUBJECT, "x" * 1024, before=NOW)
opens("subject-non-ascii", "characters outside ASCII", "R10", SUBJECT, "Zoë 🦊", before=NOW)
opens("subject-controls", "any character, a NUL too", "R10", SUBJECT, "a b\n\0", before=NOW)
opens("everybody", "every session", "R1 R2 R3 R4 R5 R7 R8 R11 R14", EVERYBODY, before=NOW)
opens("before-past", "those made before an hour ago", "R14", EVERYBODY, before=NOW - HOUR)
opens("before-ahead", "by a clock that is five minutes ahead", "R14", SUBJECT, "42", before=NOW + 300_000)
opens("before-greatest", "the greatest time there is", "R10", SUBJECT, "42", before=2**48 - 1, until=NOW // 1000)
opens("until-rounded", "a millisecond more, and it is another minute", "R2 R14", SESSION, ID, created=NOW - HOUR + 1)
opens("until-short", "in the first minutes of 1970", "R2", SUBJECT, "a", before=30_000, until=120, now=120_000)
opens("until-longest", "12 digits", "R2", SUBJECT, "42", before=NOW, until=999_999_999_960)
opens("idle-timeout", "it may slide as long again", "R14", SESSION, ID, created=NOW - 9 * HOUR + HOUR * 8, options=IDLE)
opens("idle-timeout-subject", "the same for a subject", "R14", SUBJECT, "42", before=NOW - 60_000, options=IDLE)
opens(
    "max-age-and-idle-timeout",
    "where there is a maxAge, no session slides beyond it",
    "R14",
    SESSION,
    ID,
    created=NOW - HOUR,
    options={**IDLE, "maxAge": 7200},
)
opens("first-password", "of several passwords the first seals", "R1 R6", SUBJECT, "42", before=NOW, options=KEYED)
opens("older-password", "an older one opens", "R1 R6", SUBJECT, "42", before=NOW, options=KEYED, key_id="k1")
opens(
    "longest-key-id",
    "a key id of 32 characters",
    "R1",
    SUBJECT,
    "42",
    before=NOW,
    options={**DAY, "password": {"Az09_" * 6 + "xx": PASSWORD}},
)
opens(
    "default",
    "an empty key id is the password called default",
    "R6",
    SUBJECT,
    "42",
    before=NOW,
    options={**DAY, "password": {"k2": NEW, "default": PASSWORD}},
    sealing=DAY,
)
opens(
    "no-key-id-among-several",
    "where no password is called default, it is the one that opens it",
    "R6",
    SUBJECT,
    "42",
    before=NOW,
    options={**DAY, "password": {"k2": NEW, "k1": PASSWORD}},
    sealing=DAY,
)
opens(
    "any-key-id-under-a-string",
    "a password without an id opens entries of any",
    "R6",
    SUBJECT,
    "42",
    before=NOW,
    sealing={**DAY, "password": {"k1": PASSWORD}},
)
opens(
    "highest-number",
    "of ids that are all numbers the highest seals",
    "R6",
    SUBJECT,
    "42",
    before=NOW,
    options={**DAY, "password": {"9": NEW, "10": PASSWORD}},
)
opens(
    "other-name",
    "another cookie name",
    "R4",
    SUBJECT,
    "42",
    before=NOW,
    options={**DAY, "name": "__Host-session"},
)

good_entry = entry_until(SESSION, ID)
good = line("good", good_entry)
head, _, body = good.rpartition(".")
fields = good.split(".")


def with_until(until: str) -> str:
    """The line with another end, under its own seal."""
    return revocation.seal_plaintext(DAY, until, revocation.plaintext(good_entry), nonce_of(f"until {until}"))


refused("text", "no entry at all", "R1", "hello")
refused("upper-case-prefix", "the prefix is in lower case", "R1", "H3R1" + good[4:])
refused("next-version", "a later version of this format", "R1", "h3r2" + good[4:])
refused("session-token", "a session's token", "R1", token("session-token", DAY))
refused("leading-space", "nothing stands before the prefix", "R1", " " + good)
refused("file-head", "the first line of a file", "R1", FILE_HEAD)
refused("prefix-alone", "nothing after the prefix", "R1", "h3r1.")
refused("no-key-id", "no key id, and not even its dot", "R1", f"h3r1.{fields[2]}.{fields[3]}")
refused("long-key-id", "a key id of 33 characters", "R1", f"h3r1.{'a' * 33}.{fields[2]}.{fields[3]}")
refused("key-id-hyphen", "a hyphen in the key id", "R1", f"h3r1.a-b.{fields[2]}.{fields[3]}")
refused("key-id-non-ascii", "a letter outside ASCII in the key id", "R1", f"h3r1.é.{fields[2]}.{fields[3]}")
refused("until-nothing", "no digit", "R2", with_until(""))
refused("until-13-digits", "13 digits", "R2", with_until("1000000000020"))
refused("until-20-digits", "more than 64 bits hold", "R2", with_until("18446744073709551660"))
refused("until-zero", "0", "R2", with_until("0"))
refused("until-leading-zero", "a leading zero", "R2", with_until(f"0{good_entry.until}"))
refused("until-plus", "a plus sign", "R2", with_until(f"+{good_entry.until}"))
refused("until-minus", "a minus sign", "R2", with_until("-60"))
refused("until-space", "a space", "R2", with_until(f" {good_entry.until}"))
refused("until-hexadecimal", "a digit that is not decimal", "R2", with_until("18a0086400"))
refused("until-other-digits", "digits outside ASCII", "R2", with_until("١٨٠٠٠٨٦٤٠٠"))
refused("until-second", "a second past the minute", "R2", with_until(str(good_entry.until + 1)))
refused("until-half", "half a minute", "R2", with_until(str(good_entry.until + 30)))
refused("fifth-part", "a dot in the sealed part", "R3", good + ".x")
refused("padded", "padding", "R3", good + "=")
standard = line("standard-alphabet", entry_until(SESSION, "a"))
assert {"-", "_"} < set(standard), standard
refused("standard-alphabet", "+ and / are not in the alphabet", "R3", standard.replace("-", "+").replace("_", "/"))
refused("space-inside", "white space in the sealed part", "R3", good[:60] + " " + good[60:])
refused("trailing-space", "white space at the end", "R3", good + " ")
refused("two-carriage-returns", "of which one is passed over", "R3 R16", good + "\r\r")
assert len(body) % 4 == 3, "so that the last character has two stray bits"
refused("stray-bits", "bits of the last character that no byte has", "R3", good[:-1] + chr(ord(good[-1]) + 1))
refused("one-character-more", "a length that no bytes have", "R3", good + "AA")
refused("no-sealed-part", "nothing after the last dot", "R3", head + ".")
refused("too-short", "71 bytes", "R3", f"{head}.{base64.urlsafe_b64encode(bytes(71)).decode().rstrip('=')}")
refused(
    "nothing-sealed",
    "no plaintext at all, under the right key",
    "R3",
    revocation.seal_plaintext(DAY, fields[2], b"", nonce_of("nothing-sealed")),
)
refused(
    "one-sealed-byte",
    "31 bytes of plaintext",
    "R3",
    revocation.seal_plaintext(DAY, fields[2], bytes(31), nonce_of("one-sealed-byte")),
)
refused(
    "too-long",
    "more than any entry has",
    "R3",
    revocation.seal_plaintext(DAY, fields[2], text_of(SUBJECT, NOW, b"x" * 1500), nonce_of("too-long")),
)
refused("too-short-and-unknown", "the syntax is checked before the key", "R3 R12", "h3r1.zz.60.AAAA")
refused(
    "unknown-key",
    "no such password",
    "R6",
    line("unknown-key", good_entry, KEYED, "k1"),
    "unknown_key",
    {**DAY, "password": {"k2": NEW}},
)
refused(
    "key-id-under-a-string",
    "one of another password",
    "R6",
    line("key-id-under-a-string", good_entry, KEYED),
    "unknown_key",
)
refused("no-key-id-under-an-object", "no password is called default", "R6", good, "unknown_key", KEYED)
refused(
    "default-and-another",
    "where a password is called default, no other is tried",
    "R6",
    good,
    "bad_seal",
    {**DAY, "password": {"default": NEW, "k1": PASSWORD}},
)
refused(
    "unknown-before-seal",
    "the key is chosen before the seal is checked",
    "R6 R12",
    f"h3r1.zz.60.{base64.urlsafe_b64encode(bytes(72)).decode()}",
    "unknown_key",
    KEYED,
)
refused("flipped-nonce", "a bit of the first half of the nonce", "R5", flipped(good, 0), "bad_seal")
refused("flipped-nonce-2", "a bit of the second half of the nonce", "R5", flipped(good, 23), "bad_seal")
refused("flipped-ciphertext", "a bit of the ciphertext", "R5", flipped(good, 24), "bad_seal")
refused("flipped-tag", "the last bit of the tag", "R5", flipped(good, len(raw(good)) - 1), "bad_seal")
refused("truncated", "a block is missing", "R5", truncated(good, 32), "bad_seal")
refused("truncated-by-three", "three bytes are missing", "R5", truncated(good, 3), "bad_seal")
refused("longer", "a block too many", "R5", with_raw(good, raw(good) + bytes(32)), "bad_seal")
refused(
    "changed-until",
    "the end is authenticated",
    "R5",
    good.replace(f".{good_entry.until}.", f".{good_entry.until + 60}."),
    "bad_seal",
)
same: Options = {**DAY, "password": {"a": PASSWORD, "b": PASSWORD}}
refused(
    "swapped-key-id",
    "so is the key id, even where both are one password",
    "R5",
    line("swapped-key-id", good_entry, same).replace(".a.", ".b."),
    "bad_seal",
    same,
)
refused("other-cookie-name", "the entry of another cookie", "R4", good, "bad_seal", {**DAY, "name": "other"})
refused(
    "other-password",
    "another password",
    "R4",
    good,
    "bad_seal",
    {**DAY, "password": "another password of at least 32 characters"},
)
refused(
    "the-key-of-tokens",
    "sealed under the key of the sessions' tokens",
    "R4",
    f"{head}."
    + reference.seal_plaintext(DAY, revocation.plaintext(good_entry), nonce_of("the-key-of-tokens")).rpartition(".")[2],
    "bad_seal",
)
bad_text("kind-3", "an unknown kind", "R7", text_of(3, 0, ID.encode()))
bad_text("kind-255", "an unknown kind", "R7", text_of(255, NOW, b""))
bad_text("kind-unknown-and-before", "an unknown kind with a time", "R7", text_of(4, NOW, b"42"))
bad_text("length-beyond", "longer than what is there", "R8", text_of(SESSION, 0, ID.encode(), length=56))
bad_text("length-greatest", "the greatest length", "R8", text_of(SUBJECT, NOW, b"42", length=65_535))
bad_text("length-short", "text after the text", "R8", text_of(SUBJECT, NOW, b"42", length=1))
bad_text("padding-not-zero", "a byte of padding that is not 0", "R8", text_of(SUBJECT, NOW, b"42")[:-1] + b"\x01")
bad_text("padding-too-long", "a block of padding", "R8", text_of(SUBJECT, NOW, b"42", blocks=2))
bad_text("padding-whole-block", "a block where none is missing", "R8", text_of(SUBJECT, NOW, b"x" * 23, blocks=2))
bad_text("padding-too-short", "not a multiple of 32 bytes", "R8", text_of(SUBJECT, NOW, b"42" * 20)[:-1])
bad_text("padding-none", "nor without padding at all", "R8", text_of(SUBJECT, NOW, b"42" * 20)[: 9 + 40])
bad_text("session-empty", "an id of no bytes", "R9", text_of(SESSION, 0, b""))
bad_text("session-space", "a space in the id", "R9", text_of(SESSION, 0, b"a b"))
bad_text("session-line-feed", "a line feed at its end", "R9", text_of(SESSION, 0, b"ab\n"))
bad_text("session-delete", "0x7F in the id", "R9", text_of(SESSION, 0, b"a\x7f"))
bad_text("session-high", "0x80 in the id", "R9", text_of(SESSION, 0, b"a\x80"))
bad_text("session-too-long", "an id of 256 bytes", "R9", text_of(SESSION, 0, b"x" * 256))
bad_text("session-before", "a session with a time", "R9", text_of(SESSION, NOW, ID.encode()))
bad_text("subject-empty", "a subject of no bytes", "R10", text_of(SUBJECT, NOW, b""))
bad_text("subject-too-long", "1,025 bytes", "R10", text_of(SUBJECT, NOW, b"x" * 1025))
bad_text("subject-invalid-utf-8", "a byte that UTF-8 does not have", "R10", text_of(SUBJECT, NOW, b"a\xff"))
bad_text("subject-cut-utf-8", "a character that ends too early", "R10", text_of(SUBJECT, NOW, b"\xe2\x82"))
bad_text("subject-surrogate", "a surrogate in UTF-8", "R10", text_of(SUBJECT, NOW, b"\xed\xa0\x80"))
bad_text("subject-overlong", "UTF-8 that is longer than need be", "R10", text_of(SUBJECT, NOW, b"\xc0\xaf"))
bad_text("everybody-text", "everybody with a text", "R11", text_of(EVERYBODY, NOW, b"42"))
refused(
    "bad-seal-first",
    "the seal is checked before the plaintext",
    "R5 R12",
    flipped(revocation.seal_plaintext(DAY, fields[2], b"\xff" * 32, nonce_of("bad-seal-first")), -1),
    "bad_seal",
)

this = line("this session", entry_until(SESSION, ID))
user = line("this user", entry_until(SUBJECT, "42", NOW))
earlier = line("this user, earlier", entry_until(SUBJECT, "42", NOW - 2 * HOUR))
whole = line("everybody, just now", entry_until(EVERYBODY, "", NOW))
wholly_earlier = line("everybody, earlier", entry_until(EVERYBODY, "", NOW - 2 * HOUR))

table("nothing", "no entry, nothing refused", "R20", [step([])], session(None, ID), of("42", None))
table(
    "a-session",
    "its id is refused, whenever it was made, and no other",
    "R20",
    [step([this])],
    session("revoked", ID),
    session("revoked", ID, created=NOW),
    session("revoked", ID, created=NOW + HOUR, now=NOW + HOUR, stale=True),
    session(None, OTHER_ID),
    session(None, ID.upper()),
)
table(
    "a-session-for-ever",
    "also one whose id is used again decades later",
    "R19 R20",
    [step([line("for decades", entry_until(SESSION, ID, until=5_000_000_040))])],
    session("revoked", ID, created=4_999_999_999_000, now=5_000_000_000_000, stale=True),
    session(None, OTHER_ID, created=4_999_999_999_000, now=5_000_000_000_000, stale=True),
)
table(
    "a-subject",
    "what was made before, and what was made at that very moment or later",
    "R20",
    [step([user])],
    of("42", "revoked"),
    of("42", "revoked", created=NOW - 1),
    of("42", None, created=NOW),
    of("42", None, created=NOW + 1, now=NOW + HOUR, stale=True),
    of("421", None),
    of("4", None),
    session(None),
)
table(
    "all-sessions",
    "of any subject, or of none",
    "R20",
    [step([whole])],
    of("42", "revoked"),
    session("revoked", created=NOW - 1),
    session(None, created=NOW),
)
table(
    "a-new-login",
    "the former session and its copies are refused, and the new one passes",
    "R20",
    [step([this, user])],
    session("revoked", ID, data=by_subject("42"), subject="42"),
    of("42", "revoked", created=NOW - 9),
    of("42", None, created=NOW),
)
table(
    "no-kind-for-another",
    "the id of a session that is the name of a user",
    "R20",
    [step([line("a session called 42", entry_until(SESSION, "42"))])],
    session("revoked", "42"),
    of("42", None),
)
table(
    "no-kind-for-another-either",
    "and the other way round",
    "R20",
    [step([user])],
    session(None, "42"),
    of("42", "revoked"),
)
table(
    "merged-by-before",
    "the latest of several",
    "R19",
    [step([earlier, user, wholly_earlier])],
    of("42", "revoked", created=NOW - 1),
    of("42", None, created=NOW),
    session("revoked", created=NOW - 2 * HOUR - 1),
    session(None, created=NOW - 2 * HOUR),
)
table(
    "merged-by-until",
    "of two ends the later one, also where the earlier one has passed",
    "R19",
    [
        step(
            [
                line("ends soon", entry_until(SUBJECT, "42", NOW, NOW // 1000 + 60)),
                line("ends later", entry_until(SUBJECT, "42", NOW - 2 * HOUR, NOW // 1000 + 3600)),
            ]
        )
    ],
    of("42", "revoked", created=NOW - 1, now=NOW + HOUR, stale=True),
    of("42", None, created=NOW, now=NOW + HOUR, stale=True),
)
table(
    "merged-by-steps",
    "what comes later does not take anything back",
    "R19",
    [step([user, this]), step([earlier], now=NOW + 1000), step([user, user], now=NOW + 2000)],
    of("42", "revoked", created=NOW - 1, now=NOW + 3000),
    session("revoked", ID, now=NOW + 3000),
)
table(
    "at-its-end",
    "an entry counts at the very moment of its end",
    "R17 R20",
    [step([line("at its end", entry_until(SESSION, ID, until=NOW // 1000))])],
    session("revoked", ID),
)
table(
    "ended",
    "an entry that has ended is skipped",
    "R17",
    [step([line("has ended", entry_until(SESSION, ID, until=NOW // 1000 - 60)), user])],
    session(None, ID),
    of("42", "revoked"),
)
table(
    "ended-by-a-millisecond",
    "so it is a millisecond later",
    "R17",
    [step([line("has just ended", entry_until(SESSION, ID, until=NOW // 1000))], now=NOW + 1)],
    session(None, ID, now=NOW),
    session(None, ID, now=NOW + 1),
)
table(
    "ten-minutes-ahead",
    "clocks differ",
    "R18",
    [step([line("ten minutes ahead", entry_until(SUBJECT, "42", NOW + 600_000))])],
    of("42", "revoked", created=NOW + 599_999, now=NOW + 600_000, stale=True),
    of("42", None, created=NOW + 600_000, now=NOW + 600_000, stale=True),
)
table(
    "farther-ahead",
    "but not by more than ten minutes: a wrong clock does not lock a user out",
    "R18",
    [
        step(
            [
                line("farther ahead", entry_until(SUBJECT, "42", NOW + 600_001)),
                line("far ahead", entry_until(EVERYBODY, "", 2**48 - 1)),
            ]
        )
    ],
    of("42", "revoked", created=NOW + 599_999, now=NOW + 600_000, stale=True),
    of("42", None, created=NOW + 600_000, now=NOW + 600_000, stale=True),
    session("revoked", created=NOW + 599_999, now=NOW + 600_000, stale=True),
    session(None, created=NOW + 600_000, now=NOW + 600_000, stale=True),
)
table(
    "made-ahead",
    "a session from ahead counts as made now",
    "R20",
    [step([line("a moment ahead", entry_until(SUBJECT, "42", NOW + 1))])],
    of("42", "revoked", created=NOW + 5000),
    of("42", None, created=NOW + 5000, now=NOW + 1),
)
table(
    "lines",
    "empty ones, some with a carriage return, and one without an end",
    "R16",
    [step(f"\n\r\n{user}\r\n\n{this}")],
    of("42", "revoked"),
    session("revoked", ID),
)
table(
    "lines-that-are-refused",
    "keep no other line from being applied",
    "R16",
    [
        step(
            [
                FILE_HEAD,
                "é",
                flipped(this, -1),
                user,
                f"{this} {this}",
                "A" * 4000,
                line("of another cookie", entry_until(SESSION, ID), {**DAY, "name": "other"}),
                whole,
            ]
        )
    ],
    of("42", "revoked"),
    session("revoked", ID, created=NOW - 1),
    session(None, ID, created=NOW),
)
OTHER: Options = {**DAY, "name": "other"}
table(
    "two-cookies",
    "one replica for the sessions of two cookies",
    "R15",
    [step([this, line("a user there", entry_until(SUBJECT, "7", NOW), OTHER)]), step([this], options=OTHER)],
    session("revoked", ID),
    session(None, ID, options=OTHER),
    of("7", None),
    of("42", None, options=OTHER),
)
table(
    "two-cookies-of-one-store",
    "both read all of it, and each takes what is its own",
    "R15",
    [
        step([this, line("a user there", entry_until(SUBJECT, "7", NOW), OTHER)]),
        step([this, line("a user there", entry_until(SUBJECT, "7", NOW), OTHER)], options=OTHER),
    ],
    session("revoked", ID),
    session(None, ID, options=OTHER),
    of("7", None),
    of("7", "revoked", options=OTHER),
)
table(
    "two-passwords",
    "while the password is being changed",
    "R6",
    [
        step(
            [
                line("by the new one", entry_until(SUBJECT, "42", NOW), KEYED),
                line("by the old one", entry_until(SUBJECT, "7", NOW), KEYED, "k1"),
            ],
            options=KEYED,
        )
    ],
    of("42", "revoked", options=KEYED),
    of("7", "revoked", options={**DAY, "password": {"k1": OLD}}),
)


def subjects(name: str, comment: str, pointer: str | None, *found: tuple[str, str | None]) -> None:
    """Sessions of data in which a pointer finds a subject, which was revoked, or finds none."""
    options: Options = {**DAY, "revocation": {} if pointer is None else {"subject": pointer}}
    wanted = sorted({subject for _, subject in found if subject is not None} | {"42"})
    lines = [line(f"{name} {subject}", entry_until(SUBJECT, subject, NOW)) for subject in wanted]
    cases = (
        session("revoked" if subject is not None else None, data=data, subject=subject, options=options)
        for data, subject in found
    )
    table(name, comment, "R13 R20", [step(lines, options=options)], *cases)


subjects(
    "subject-by-pointer",
    "a member of a member",
    "/user/id",
    ('{"user":{"id":"42"}}', "42"),
    ('{"user":{"id":42}}', "42"),
    (r'{"user":{"id":"\u0034\u0032"}}', "42"),
    (r'{"us\u0065r":{"id":"42"}}', "42"),
    ('{"user":{"id":42.0}}', "42.0"),
    ('{"user":{"id":4.2e1}}', "4.2e1"),
    ('{"user":{"id":-0}}', "-0"),
    ('{"user":{"id":"a b"}}', "a b"),
    (r'{"user":{"id":"\ud83e\udd8a"}}', "🦊"),
    ('{"user":{"id":"🦊"}}', "🦊"),
    (r'{"user":{"id":"\ud83e"}}', None),
    ('{"user":{"id":""}}', None),
    ('{"user":{"id":"%s"}}' % ("x" * 1024), "x" * 1024),
    ('{"user":{"id":"%s"}}' % ("x" * 1025), None),
    ('{"user":{"id":["42"]}}', None),
    ('{"user":{"id":{"42":42}}}', None),
    ('{"user":{"id":null}}', None),
    ('{"user":{"id":true}}', None),
    ('{"user":"42"}', None),
    ('{"user":42}', None),
    ('{"id":"42"}', None),
    ("{}", None),
)
subjects(
    "subject-by-escaped-pointer",
    "~0 is ~, and ~1 is /",
    "/a~1b/~0~01/1",
    ('{"a/b":{"~~1":["7","42"]}}', "42"),
    ('{"a/b":{"~~1":["7"]}}', None),
    ('{"a/b":{"~~1":{"1":"42"}}}', "42"),
    ('{"a~1b":{"~0~01":["7","42"]}}', None),
)
subjects("subject-without-a-pointer", "no session has one", None, ('{"sub":"42"}', None), ('{"":"42"}', None))

table(
    "expired-first",
    "what has ended by its time is not revoked",
    "R21",
    [step([this, whole])],
    session("expired", ID, created=NOW - 25 * HOUR),
    session("expired", created=NOW - 25 * HOUR),
)
table(
    "not-before-first",
    "revoked by the options, and by an entry too",
    "R21",
    [step([this])],
    session("revoked", ID, options={**DAY, "notBefore": NOW}),
    session("revoked", OTHER_ID, options={**DAY, "notBefore": NOW}),
)
table(
    "never-heard",
    "what is known counts, and what is not may be missing",
    "R22",
    [step([user], heard=False)],
    of("42", "revoked", stale=True),
    session(None, stale=True),
)
table(
    "heard-lately",
    "60 seconds, where the options do not say how many",
    "R22",
    [step([user])],
    session(None, now=NOW + 60_000, stale=False),
    session(None, now=NOW + 60_001, stale=True),
    of("42", "revoked", now=NOW + 60_001, stale=True),
    session(None, now=NOW + 1000, options={**DAY, "revocation": {"maxStale": 1}}),
    session(None, now=NOW + 1001, options={**DAY, "revocation": {"maxStale": 1}}, stale=True),
)
table(
    "heard-again",
    "the last time counts",
    "R22",
    [step([user]), step([], now=NOW + 50_000), step([], now=NOW + 90_000, heard=False)],
    session(None, now=NOW + 110_000),
    session(None, now=NOW + 110_001, stale=True),
)
table(
    "heard-earlier",
    "the latest time counts, although a clock was set back",
    "R22",
    [step([user], now=NOW + 50_000), step([], now=NOW)],
    session(None, now=NOW + 110_000),
    session(None, now=NOW + 110_001, stale=True),
)
table(
    "heard-ahead",
    "ten minutes ahead, as clocks may differ",
    "R22",
    [step([user], now=NOW + 600_000)],
    session(None),
    session(None, now=NOW + 660_000),
)
table(
    "heard-far-ahead",
    "by a clock that is wrong",
    "R22",
    [step([user], now=NOW + 600_001)],
    session(None, stale=True),
    session(None, now=NOW + 1),
)
table(
    "heard-far-ahead-and-now",
    "what a wrong clock has heard does not stay",
    "R22",
    [step([user], now=NOW + HOUR), step([])],
    session(None),
    session(None, now=NOW + 60_000),
    session(None, now=NOW + 60_001, stale=True),
)
