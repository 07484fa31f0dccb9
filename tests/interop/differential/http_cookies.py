"""Python's own Cookie parser, for the tests in JavaScript.

Each line of input is a JSON list of headers. Each answer is a list of what `http.cookies` reads in
them, as pairs of a name and a value.
"""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie


def parsed(header: str) -> list[tuple[str, str]]:
    try:
        return [(name, morsel.value) for name, morsel in SimpleCookie(header).items()]
    except CookieError:
        return []


# Most headers are made of the same few cookies.
cookie = lru_cache(maxsize=50_000)(parsed)

for line in sys.stdin:
    print(json.dumps([parsed(text) if ";" in text else cookie(text) for text in json.loads(line)]), flush=True)
