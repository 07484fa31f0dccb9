"""Django's `request.session`, in the cookie of h3, Nuxt and Nitro. In settings.py:

    SESSION_ENGINE = "h3s.django"
    H3S_OPTIONS = {"password": os.environ["SESSION_PASSWORD"]}
    MIDDLEWARE = [..., "h3s.django.SessionMiddleware", ...]    # in place of Django's own

    H3S_OPTIONS    the arguments of h3s.Sessions. Where it does not say otherwise, name, lifetime
                   and attributes of the cookie are Django's SESSION_COOKIE_*.
    H3S_SESSIONS   more sessions, by the request's attribute for each: {"cart": {...}}.
    H3S_PEER       a function (or its dotted path) from a request to the client's address.
    H3S_CLOCK      for tests: a function that tells the time.

`cycle_key` rotates, `flush` clears; where H3S_OPTIONS has `revocation`, it revokes. `session_key`
is the session's id: short, and the same until the session is rotated. It opens nothing; what the
cookie holds is `request.session.h3s.seal()`.
"""

from ._middleware import SessionMiddleware, session_of
from ._settings import sessions
from ._store import SessionStore

__all__ = ["SessionMiddleware", "SessionStore", "session_of", "sessions"]
