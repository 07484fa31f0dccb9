"""The sessions of h3 (Nuxt, Nitro) in Python: a mapping that lives in an encrypted cookie.

    >>> import h3s
    >>> sessions = h3s.Sessions(password="an example of 32 characters or more", max_age=604800)
    >>> session = sessions.use(cookie="theme=dark")
    >>> session["count"] = session.get("count", 0) + 1
    >>> len(session.set_cookies())
    1

The rest of a web application is in `h3s.wsgi`, `h3s.asgi`, `h3s.flask` and `h3s.django`.
"""

from ._core import backend
from ._http import RequestSession
from .counts import Counts
from .cross_site import is_cross_site
from .errors import (
    Busy,
    Cold,
    ConfigError,
    DataError,
    Expired,
    FullError,
    H3sError,
    LateWriteWarning,
    LibraryError,
    Rejected,
    StaleError,
    StateError,
    StoreError,
    TooLarge,
)
from .options import CookieOptions, Derivation, RevocationOptions, SealOptions
from .revocations import AsyncFeed, AsyncStore, Feed, FileStore, MemoryStore, Revocations, Store
from .session import Session
from .sessions import Sessions

__all__ = [
    "AsyncFeed",
    "AsyncStore",
    "Busy",
    "Cold",
    "ConfigError",
    "CookieOptions",
    "Counts",
    "DataError",
    "Derivation",
    "Expired",
    "Feed",
    "FileStore",
    "FullError",
    "H3sError",
    "LateWriteWarning",
    "LibraryError",
    "MemoryStore",
    "Rejected",
    "RequestSession",
    "RevocationOptions",
    "Revocations",
    "SealOptions",
    "Session",
    "Sessions",
    "StaleError",
    "StateError",
    "Store",
    "StoreError",
    "TooLarge",
    "backend",
    "is_cross_site",
]
__version__ = "0.2.0"
