"""Checks the vectors with the second implementation, and the specifications with the vectors."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import check_formats
import reference
import revocation_reference as revocation
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from reference import Record, Refused

HERE = Path(__file__).parent
FORMAT = (HERE / "../../docs/FORMAT.md").read_text(encoding="utf-8")
REVOCATION = (HERE / "../../docs/REVOCATION.md").read_text(encoding="utf-8")
Vectors = list[dict[str, Any]]
FIELDS = {
    "open": "name comment must options now_ms token id created_at last_seen_at expires_at lifetime"
    " ends_with_browser data master key nonce derived_key aad plaintext",
    "refuse": "name comment must options now_ms token rejection",
    "seen": "name comment must options now_ms cookie header seen_key last_seen_at rejection",
    "write": "name comment must given data",
    "entry": "name comment must options now_ms line kind text before until created_at token master key"
    " nonce derived_key aad plaintext",
    "no entry": "name comment must options now_ms line reason",
    "table": "name comment must steps sessions",
    "step": "options now_ms text heard",
    "session": "options now_ms token subject rejection stale",
}
OPEN: Vectors = json.loads((HERE / "h3s1-open.json").read_text())
REFUSE: Vectors = json.loads((HERE / "h3s1-refuse.json").read_text())
SEEN: Vectors = json.loads((HERE / "h3s1-seen.json").read_text())
WRITE: Vectors = json.loads((HERE / "h3s1-write.json").read_text())
ENTRIES: Vectors = json.loads((HERE / "revocation-open.json").read_text())
NO_ENTRIES: Vectors = json.loads((HERE / "revocation-refuse.json").read_text())
TABLES: Vectors = json.loads((HERE / "revocation-table.json").read_text())
PUBLISHED = [
    (1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
    (3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
]


def opens(vector: dict[str, Any]) -> None:
    assert list(vector) == FIELDS["open"].split()
    found = reference.open(vector["options"], vector["token"], vector["now_ms"])
    wanted = Record(
        vector["id"].encode(),
        vector["created_at"],
        vector["last_seen_at"],
        vector["expires_at"],
        vector["data"].encode(),
        vector["lifetime"],
        vector["ends_with_browser"],
    )
    assert found == wanted, found
    was_sealed = reference.parse(bytes.fromhex(vector["plaintext"]))
    assert reference.plaintext(was_sealed).hex() == vector["plaintext"]
    assert reference.brought_back(was_sealed, vector["now_ms"]) == wanted
    options, key_id = vector["options"], vector["token"].split(".")[1]
    passwords = reference.passwords(options)
    nonce, key = bytes.fromhex(vector["nonce"]), bytes.fromhex(vector["key"])
    masters = {reference.master_key(each).hex(): each for each in reference.candidates(options, key_id)}
    master = bytes.fromhex(vector["master"])
    # What it was sealed under: an id that means several here, or none, meant one there.
    password = masters[vector["master"]]
    sealing = {**options, "password": {key_id: password} if key_id else password}
    assert reference.session_key(master, options.get("name", "h3")) == key
    assert reference.xaes_key(key, nonce).hex() == vector["derived_key"]
    assert f"h3s1.{key_id}.".encode().hex() == vector["aad"]
    sealed = reference.seal_plaintext(sealing, reference.plaintext(was_sealed), nonce, key_id)
    assert sealed == vector["token"], sealed
    if key_id == next(iter(passwords)):
        assert reference.seal(options, was_sealed, nonce) == sealed, "the first password seals"


def refuses(vector: dict[str, Any]) -> None:
    assert list(vector) == FIELDS["refuse"].split()
    try:
        reference.open(vector["options"], vector["token"], vector["now_ms"])
    except Refused as refused:
        assert refused.args == (vector["rejection"],), refused
    else:
        raise AssertionError("it opened")


def slides(vector: dict[str, Any]) -> None:
    assert list(vector) == FIELDS["seen"].split()
    options, now_ms = vector["options"], vector["now_ms"]
    master = reference.master_key(next(iter(reference.passwords(options).values())))
    assert reference.seen_key(master, options.get("name", "h3")).hex() == vector["seen_key"]
    try:
        if vector["header"]:
            found = reference.open(options, vector["header"], now_ms)
        else:
            found = reference.open_cookies(options, vector["cookie"], now_ms)
    except Refused as refused:
        assert refused.args == (vector["rejection"],), refused
    else:
        assert vector["rejection"] is None
        assert found.last_seen_at == vector["last_seen_at"], found


def writes(vector: dict[str, Any]) -> None:
    assert list(vector) == FIELDS["write"].split()
    try:
        data = reference.written(bytes.fromhex(vector["given"])).decode()
    except ValueError:
        assert vector["data"] is None
    else:
        assert data == vector["data"], data


def entry_opens(vector: dict[str, Any]) -> None:
    assert list(vector) == FIELDS["entry"].split()
    options, now_ms, line = vector["options"], vector["now_ms"], vector["line"]
    found = revocation.open(options, line)
    kind = revocation.KINDS.index(vector["kind"])
    wanted = revocation.Entry(kind, vector["before"], vector["text"].encode(), vector["until"])
    assert found == wanted, found
    if "R14" in vector["must"]:
        ends = revocation.until(options, kind, now_ms, vector["before"], vector["created_at"])
        assert ends == vector["until"], ends
    key_id, written = line.split(".")[1:3]
    master, nonce = bytes.fromhex(vector["master"]), bytes.fromhex(vector["nonce"])
    masters = {reference.master_key(each).hex(): each for each in reference.candidates(options, key_id)}
    password = masters[vector["master"]]
    key = revocation.entry_key(master, options.get("name", "h3"))
    assert key.hex() == vector["key"]
    assert reference.xaes_key(key, nonce).hex() == vector["derived_key"]
    assert f"h3r1.{key_id}.{written}.".encode().hex() == vector["aad"]
    assert revocation.plaintext(found).hex() == vector["plaintext"]
    sealing = {**options, "password": {key_id: password} if key_id else password}
    assert revocation.seal(sealing, found, nonce) == line
    if key_id == next(iter(reference.passwords(options))):
        assert revocation.seal(options, found, nonce) == line, "the first password seals"
    # The session that it is about opens before, and is refused after.
    replica = revocation.Replica()
    revocation.open_token(options, vector["token"], now_ms, replica)
    replica.apply(options, line, now_ms)
    try:
        revocation.open_token(options, vector["token"], now_ms, replica)
    except Refused as refused:
        assert refused.args == ("revoked",), refused
    else:
        raise AssertionError("it is not refused")


def no_entry(vector: dict[str, Any]) -> None:
    assert list(vector) == FIELDS["no entry"].split()
    try:
        revocation.open(vector["options"], vector["line"].removesuffix("\r"))
    except Refused as refused:
        assert refused.args == (vector["reason"],), refused
    else:
        raise AssertionError("it opened")
    replica = revocation.Replica()
    replica.apply(vector["options"], vector["line"], vector["now_ms"])
    assert not replica.entries


def tables(vector: dict[str, Any]) -> None:
    """In the order of the vector; and each step's lines in others, and each of them twice."""
    assert list(vector) == FIELDS["table"].split()
    orders = [[step["text"] for step in vector["steps"]]]
    for index, step in enumerate(vector["steps"]):
        # From the last order on, which is the reverse.
        lines = step["text"].split("\n")[::-1]
        for order in islice(permutations(lines), 100):
            orders.append([*orders[0][:index], "\n".join([*order, *lines]), *orders[0][index + 1 :]])
    for texts in orders:
        replica = revocation.Replica()
        for step, text in zip(vector["steps"], texts, strict=True):
            assert list(step) == FIELDS["step"].split()
            replica.apply(step["options"], text, step["now_ms"])
            if step["heard"]:
                replica.heard(step["now_ms"])
        for session in vector["sessions"]:
            becomes(session, replica)


def becomes(session: dict[str, Any], replica: revocation.Replica) -> None:
    assert list(session) == FIELDS["session"].split()
    options, now_ms = session["options"], session["now_ms"]
    assert replica.is_stale(options, now_ms) is session["stale"], "stale"
    data = reference.open(
        {"password": options["password"], "name": options.get("name", "h3")}, session["token"], now_ms
    ).data
    subject = revocation.subject_of(options, data)
    assert (subject.decode() if subject is not None else None) == session["subject"], subject
    try:
        revocation.open_token(options, session["token"], now_ms, replica)
    except Refused as refused:
        assert refused.args == (session["rejection"],), refused
    else:
        assert session["rejection"] is None, session


def published(number: int, aad: str, expected: str) -> None:
    """The test vectors of C2SP's XAES-256-GCM specification."""
    nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX"
    key = reference.xaes_key(bytes([number]) * 32, nonce)
    sealed = AESGCM(key).encrypt(nonce[12:], b"XAES-256-GCM", aad.encode())
    assert sealed.hex() == expected, sealed.hex()


def every_must_has_a_vector(page: str, letter: str, vectors: Vectors) -> None:
    stated = re.findall(rf"\*\*\[({letter}\d+)\]\*\*", page)
    assert stated and len(set(stated)) == len(stated), "each MUST is stated once"
    named = {must for vector in vectors for must in vector["must"]}
    assert set(stated) == named, f"only on one side: {sorted(set(stated) ^ named)}"


def every_must_has_an_id(page: str, letter: str) -> None:
    rules = re.split(r"^(?=\d+\. |#|$)", page, flags=re.MULTILINE)
    without = [rule for rule in rules if "MUST" in rule and not re.match(rf"\d+\. \*\*\[{letter}\d+\]\*\*", rule)]
    assert not without, without


def worked_examples_are_vectors(page: str, opening: Vectors, times: str) -> None:
    """What stands inline in the specification stands in the files as well."""
    vectors = {vector["name"]: vector for vector in opening}
    examples = re.findall(r"^\*\*([a-z-]+)\*\*: ((?:.+\n)+)\n((?:    .*\n?)+)", page, re.MULTILINE)
    assert len(examples) >= 2
    for name, prose, lines in examples:
        vector = vectors[name]
        # A value that is too long for a line goes on in the next, under its beginning.
        inline = dict(line.split() for line in re.sub(r"\n {5,}", "", lines).splitlines())
        whole = "line" if "line" in vector else "token"
        assert list(inline) == ["master", "key", "nonce", "derived_key", "aad", "plaintext", whole], name
        assert all(vector[field] == value for field, value in inline.items()), name
        given = {int(time.replace(",", "")) for time in re.findall(r"\d(?:,\d{3}){3,4}", prose)}
        assert given <= {vector[field] for field in times.split()}, name
        text = vector["text"] if "text" in vector else vector["data"]
        assert f"`{text}`" in prose or not text, name


def openssl_derives_the_master_key_under_its_check_of_sp_800_132() -> None:
    """By the command in the specification; a salt of 13 bytes, for one, it refuses."""
    command = re.search(r"^    (openssl kdf .*\n.*)", FORMAT, re.MULTILINE)
    assert command
    vector = OPEN[0]
    environment = {**os.environ, "SESSION_PASSWORD": vector["options"]["password"]}

    def derived(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", text], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    master = derived(command[1])
    assert master.stdout.replace(":", "").strip().lower() == vector["master"], master
    short = command[1].replace("libh3s h3s1 password", "h3s1 password")
    assert short != command[1] and derived(short).returncode != 0


def tokens_of_one_prefix_have_one_derived_key_and_nonces_of_their_own() -> None:
    pair = [vector for vector in OPEN if vector["name"].startswith("same-prefix")]
    for field, count in (("derived_key", 1), ("nonce", 2), ("plaintext", 1), ("token", 2)):
        assert len({vector[field] for vector in pair}) == count, field


def names_are_unique() -> None:
    for vectors in (OPEN + REFUSE + SEEN, WRITE, ENTRIES + NO_ENTRIES + TABLES):
        names = [vector["name"] for vector in vectors]
        assert len(set(names)) == len(names)


def main() -> int:
    tests: list[tuple[str, Callable[[], None]]] = []
    tests += [(f"{vector['name']} opens", partial(opens, vector)) for vector in OPEN]
    tests += [(f"{vector['name']} is refused", partial(refuses, vector)) for vector in REFUSE]
    tests += [(f"{vector['name']} slides, or does not", partial(slides, vector)) for vector in SEEN]
    tests += [(f"{vector['name']} is written, or refused", partial(writes, vector)) for vector in WRITE]
    tests += [(f"the entry {vector['name']} opens", partial(entry_opens, vector)) for vector in ENTRIES]
    tests += [(f"the entry {vector['name']} is refused", partial(no_entry, vector)) for vector in NO_ENTRIES]
    tests += [(f"the table {vector['name']}, in any order", partial(tables, vector)) for vector in TABLES]
    tests += [(f"XAES-256-GCM, key {case[0]}", partial(published, *case)) for case in PUBLISHED]
    for page, letter, vectors, opening, times in (
        (FORMAT, "M", OPEN + REFUSE + SEEN + WRITE, OPEN, "created_at last_seen_at expires_at"),
        (REVOCATION, "R", ENTRIES + NO_ENTRIES + TABLES, ENTRIES, "created_at before until now_ms"),
    ):
        tests += [
            (f"every MUST of {letter} has a vector", partial(every_must_has_a_vector, page, letter, vectors)),
            (f"every MUST of {letter} has an id", partial(every_must_has_an_id, page, letter)),
            (f"examples of {letter} are vectors", partial(worked_examples_are_vectors, page, opening, times)),
        ]
    tests += [
        (test.__name__.replace("_", " "), test)
        for test in (
            openssl_derives_the_master_key_under_its_check_of_sp_800_132,
            tokens_of_one_prefix_have_one_derived_key_and_nonces_of_their_own,
            names_are_unique,
        )
    ]
    tests += check_formats.tests()
    failed = 0
    for name, test in tests:
        try:
            test()
        except (AssertionError, LookupError, InvalidTag, Refused, TypeError, ValueError) as error:
            failed += 1
            print(f"FAIL {name}: {type(error).__name__}: {error}")
    print(f"vectors: {len(tests) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
