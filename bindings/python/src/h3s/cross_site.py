"""Whether another site has led the browser here."""

from __future__ import annotations

from typing import Callable, Optional

from . import _core

__all__ = ["is_cross_site"]


def is_cross_site(header: Callable[[str], Optional[str]]) -> bool:
    """Whether another site has led the browser here: `cross_site` of `Sessions.use` and `get`.

    header: the value of a request header by its name, or None, e.g. `request.headers.get`.

    A SameSite cookie stays behind when another site leads the browser here: by a form, and under
    "strict" also by a link. Such a request must not replace or delete the cookie that it came
    without. A false alarm costs nothing, since it matters only to requests without the cookie,
    and what is written still sets it: a login that another site leads back to works.

    Browsers send `Sec-Fetch-Site` over HTTPS and to localhost. Where it is missing, the host in
    `Origin`, else in `Referer`, is compared with `Host`. What is not understood is another site.
    (A link over plain HTTP that sends no `Referer` cannot be told from one of the own site.)
    """
    return _core.is_cross_site(*map(header, HEADERS))


#: In the order in which the library takes them.
HEADERS = ("Sec-Fetch-Site", "Origin", "Referer", "Host")
