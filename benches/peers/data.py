"""The data of the sessions that are measured: three forms of JSON, of exactly so many bytes."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable

#: No member is longer on average, so that they stay short in a large session.
MEMBER = 34
LETTERS = string.ascii_letters + string.digits

Text = Callable[[int], str]


def make_data(form: str, size: int, last: bool) -> str:
    """An object of `size` bytes, with the `count` that a request edits as its first or its last
    member. Texts compress no better than identifiers do."""
    random_text = random.Random(size)

    def text(length: int) -> str:
        return "".join(random_text.choices(LETTERS, k=length))

    count = '"count":1'
    rest = FORMS[form](size - len(f"{{{count},}}"), text)
    data = f"{{{rest},{count}}}" if last else f"{{{count},{rest}}}"
    if len(data) != size or json.loads(data)["count"] != 1:
        raise AssertionError(f"{form} of {size} bytes: {data!r}")
    return data


def strings(room: int, text: Text) -> str:
    """Four strings: what a session holds with access tokens in it."""
    names = ("user", "access_token", "refresh_token", "scope")
    left = room - len(",".join(f'"{name}":""' for name in names))
    lengths = [left // 4 + (i < left % 4) for i in range(4)]
    return ",".join(f'"{name}":"{text(length)}"' for name, length in zip(names, lengths))


def members(room: int, text: Text) -> str:
    """29 members, with `count` 30: strings, numbers, true and false. From 1 KiB on there are more,
    so that they stay short; at 200 B each has one letter and one digit."""
    number = max(29, room // MEMBER)
    if room < number * 16:
        values = {string.ascii_letters[i]: str(i % 10) for i in range(number - 1)}
        last = '"last":""'
        found = [*(f'"{name}":{value}' for name, value in values.items()), last]
        return ",".join(found)[:-1] + text(room - len(",".join(found))) + '"'
    kinds = [("", str(1000 + i), "true", "")[i % 4] for i in range(number)]
    names = [f"member_{i:03}" for i in range(number)]
    left = room - len(",".join(f'"{name}":{value or "__"}' for name, value in zip(names, kinds)))
    texts = kinds.count("")
    found = []
    for name, value in zip(names, kinds):
        if not value:
            length = left // texts
            left, texts = left - length, texts - 1
            value = f'"{text(length)}"'
        found.append(f'"{name}":{value}')
    return ",".join(found)


def nested(room: int, text: Text) -> str:
    """A cart: an array of objects, with arrays of numbers in them, and one of numbers."""
    items: list[str] = []

    def whole(numbers: str) -> str:
        return f'"cart":[{",".join(items)}],"seen":[{numbers}]'

    while True:
        i = len(items)
        item = f'{{"id":{4211 + i},"price":{i % 90 + 10}.5,"at":[{i % 10},[{i % 7},2.5]],"size":{{"w":{i % 9 + 1},"h":40}}}}'
        if len(whole("1,2,3")) + len(item) + 1 > room:
            break
        items.append(item)
    left = room - len(whole(""))
    # A number and a comma are two characters; the first has two digits where one is left over.
    numbers = [str(i % 10) for i in range((left + 1) // 2)]
    if left % 2 == 0:
        numbers[0] = "42"
    return whole(",".join(numbers))


FORMS: dict[str, Callable[[int, Text], str]] = {"strings": strings, "members": members, "nested": nested}
