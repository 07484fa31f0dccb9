"""Checks the vectors with the second implementation, and that docs/FORMAT.md and they go together."""

import json
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import reference
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from reference import Record, Refused

HERE = Path(__file__).parent
FORMAT = (HERE / "../../docs/FORMAT.md").read_text()
OPEN: list[dict[str, Any]] = json.loads((HERE / "h3s1-open.json").read_text())
REFUSE: list[dict[str, Any]] = json.loads((HERE / "h3s1-refuse.json").read_text())
PUBLISHED = [
    (1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
    (3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
]


def opens(vector: dict[str, Any]) -> None:
    found = reference.open(vector["options"], vector["token"], vector["now_ms"])
    wanted = Record(
        vector["id"].encode(),
        vector["created_at"],
        vector["last_seen_at"],
        vector["expires_at"],
        vector["data"].encode(),
    )
    assert found == wanted, found
    assert reference.plaintext(wanted).hex() == vector["plaintext"]
    nonce, key = bytes.fromhex(vector["nonce"]), bytes.fromhex(vector["key"])
    assert reference.session_key(bytes.fromhex(vector["master"]), vector["options"].get("name", "h3")) == key
    assert reference.xaes_key(key, nonce).hex() == vector["derived_key"]
    key_id = vector["token"].split(".")[1]
    assert f"h3s1.{key_id}.".encode().hex() == vector["aad"]
    sealed = reference.seal_plaintext(vector["options"], reference.plaintext(wanted), nonce, key_id)
    assert sealed == vector["token"], sealed


def refuses(vector: dict[str, Any]) -> None:
    try:
        reference.open(vector["options"], vector["token"], vector["now_ms"])
    except Refused as refused:
        assert refused.args == (vector["rejection"],), refused
    else:
        raise AssertionError("it opened")


def published(number: int, aad: str, expected: str) -> None:
    """The test vectors of C2SP's XAES-256-GCM specification."""
    nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX"
    key = reference.xaes_key(bytes([number]) * 32, nonce)
    sealed = AESGCM(key).encrypt(nonce[12:], b"XAES-256-GCM", aad.encode())
    assert sealed.hex() == expected, sealed.hex()


def every_must_has_a_vector() -> None:
    stated = re.findall(r"\*\*\[(M\d+)\]\*\*", FORMAT)
    assert stated and len(set(stated)) == len(stated), "each MUST is stated once"
    assert set(stated) == {must for vector in OPEN + REFUSE for must in vector["must"]}


def worked_examples_are_vectors() -> None:
    """What stands inline in the specification stands in the files as well."""
    strings = {value for vector in OPEN for value in vector.values() if isinstance(value, str)}
    inline = re.findall(r"^    \w+ +([0-9a-f]{10,}|h3s1\.\S+)$", FORMAT, re.MULTILINE)
    assert len(inline) >= 12
    for value in inline:
        assert value in strings, value


def names_are_unique() -> None:
    names = [vector["name"] for vector in OPEN + REFUSE]
    assert len(set(names)) == len(names)


def main() -> int:
    tests: list[tuple[str, Callable[[], None]]] = []
    tests += [(f"{vector['name']} opens", partial(opens, vector)) for vector in OPEN]
    tests += [(f"{vector['name']} is refused", partial(refuses, vector)) for vector in REFUSE]
    tests += [(f"XAES-256-GCM, key {case[0]}", partial(published, *case)) for case in PUBLISHED]
    tests += [
        (test.__name__.replace("_", " "), test)
        for test in (every_must_has_a_vector, worked_examples_are_vectors, names_are_unique)
    ]
    failed = 0
    for name, test in tests:
        try:
            test()
        except (AssertionError, KeyError, Refused, ValueError) as error:
            failed += 1
            print(f"FAIL {name}: {type(error).__name__}: {error}")
    print(f"vectors: {len(tests) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
