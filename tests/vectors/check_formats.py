"""What check.py does with the vectors of docs/FORMATS.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import formats_reference as formats
from reference import Refused

HERE = Path(__file__).parent
FIELDS = {
    "open": "name comment format by options now_ms cookie token key header plaintext id created_at expires_at data",
    "refuse": "name comment format options now_ms token rejection theirs",
}
OPEN: list[dict[str, Any]] = json.loads((HERE / "formats-open.json").read_text())
REFUSE: list[dict[str, Any]] = json.loads((HERE / "formats-refuse.json").read_text())


def opens(vector: dict[str, Any]) -> None:
    assert list(vector) == FIELDS["open"].split()
    found = formats.open(vector["format"], vector["options"], vector["token"], vector["now_ms"])
    wanted = formats.Session(vector["id"], vector["created_at"], vector["expires_at"], json.loads(vector["data"]))
    assert found == wanted, found
    assert json.dumps(found.data, ensure_ascii=False, separators=(",", ":")) == vector["data"]
    # The cookie is the token, whole or in chunks that stand in their order.
    pairs = [pair.split("=", 1) for pair in vector["cookie"].split("; ")]
    assert "".join(value for _, value in pairs) == vector["token"]
    assert all(name.startswith(vector["options"]["name"]) for name, _ in pairs)


def key_and_header_are_its_own(vector: dict[str, Any]) -> None:
    key, form = bytes.fromhex(vector["key"]), vector["format"]
    name = vector["options"]["name"]
    derived = [formats.derive_key(form, each, name, len(key)) for each in formats.secrets(vector["options"]).values()]
    assert key in derived
    token = vector["token"].split(".")
    assert formats.base64url(vector["header"].encode()) == token[0]
    kid = json.loads(vector["header"]).get("kid", formats.thumbprint(form, key))
    assert kid == formats.thumbprint(form, key), kid
    enc = json.loads(vector["header"])["enc"]
    iv, ciphertext, tag = (formats.decode(part) for part in token[2:])
    plaintext = formats.unseal(enc, key, token[0].encode(), iv, ciphertext, tag)
    assert plaintext == vector["plaintext"].encode(), plaintext


def is_refused(vector: dict[str, Any]) -> None:
    assert list(vector) == FIELDS["refuse"].split()
    assert vector["theirs"] in ("refused", "opens")
    try:
        formats.open(vector["format"], vector["options"], vector["token"], vector["now_ms"])
    except Refused as refused:
        assert refused.args == (vector["rejection"],), refused
    else:
        raise AssertionError("it opened")


def none_is_missing() -> None:
    assert len(OPEN) >= 50 and len(REFUSE) >= 350, (len(OPEN), len(REFUSE))


def names_are_unique() -> None:
    names = [vector["name"] for vector in OPEN + REFUSE]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, twice


def tests() -> Iterator[tuple[str, Callable[[], None]]]:
    for vector in OPEN:
        yield f"{vector['name']} opens", partial(opens, vector)
        if vector["key"] is not None:
            yield f"{vector['name']} has its key and header", partial(key_and_header_are_its_own, vector)
    for vector in REFUSE:
        yield f"{vector['name']} is refused", partial(is_refused, vector)
    yield "the names of the formats' vectors are unique", names_are_unique
    yield "none of the formats' vectors is missing", none_is_missing
