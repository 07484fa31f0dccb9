"""Django's `request.session`, in the cookie of h3, Nuxt and Nitro. In settings.py:

    SESSION_ENGINE = "h3s.django"
    H3S_OPTIONS = {"password": os.environ["SESSION_PASSWORD"]}
    MIDDLEWARE = [..., "h3s.django.SessionMiddleware", ...]    # in place of Django's own

`H3S_OPTIONS` are the arguments of h3s.Sessions. Where it does not say otherwise, name, lifetime and attributes of the cookie
are Django's SESSION_COOKIE_NAME, _AGE, _PATH, _DOMAIN, _SECURE, _HTTPONLY and _SAMESITE. `cycle_key` rotates, `flush` clears.

The engine also works under Django's own session middleware, but then cookies are not split, nothing slides, and no cookie goes
out with a 5xx.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import datetime, timezone
from functools import lru_cache
from http.cookies import Morsel
from typing import Any, Callable, Optional

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from ._http import RequestSession, owed
from .cross_site import is_cross_site
from .errors import Busy, ConfigError
from .session import Session
from .sessions import Sessions

__all__ = ["SessionMiddleware", "SessionStore", "sessions"]


@lru_cache(maxsize=1)
def sessions() -> Sessions:
    """What opens the sessions of this project's settings."""
    given = getattr(settings, "H3S_OPTIONS", None)
    if not isinstance(given, dict) or "password" not in given:
        raise ImproperlyConfigured('H3S_OPTIONS: missing; set it to {"password": os.environ["SESSION_PASSWORD"]}')
    options = {"name": settings.SESSION_COOKIE_NAME, "max_age": settings.SESSION_COOKIE_AGE, **given}
    if options.get("cookie") is not False:
        django = {
            "path": settings.SESSION_COOKIE_PATH,
            "domain": settings.SESSION_COOKIE_DOMAIN,
            "secure": settings.SESSION_COOKIE_SECURE,
            "http_only": settings.SESSION_COOKIE_HTTPONLY,
            "same_site": settings.SESSION_COOKIE_SAMESITE,
        }
        own = options.get("cookie") or {}
        if isinstance(django["same_site"], str):
            django["same_site"] = django["same_site"].lower()
        options["cookie"] = {**django, **own}
    if options["name"] != settings.SESSION_COOKIE_NAME:
        raise ImproperlyConfigured("H3S_OPTIONS: name differs from SESSION_COOKIE_NAME; set only the latter")
    try:
        return Sessions(**options)
    except (ConfigError, TypeError) as error:
        raise ImproperlyConfigured(f"H3S_OPTIONS: {error}") from None


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "H3S_OPTIONS" or setting.startswith("SESSION_COOKIE_"):
        sessions.cache_clear()


# For override_settings in tests.
setting_changed.connect(_forget)


class SessionStore(SessionBase):
    """Django's interface to a session. Changes are noticed, nested ones too."""

    # What SessionBase edits is the session itself, so there is nothing to load or to save.
    _session_cache: RequestSession

    def __init__(self, session_key: Optional[str] = None, *, opened: Optional[RequestSession] = None) -> None:
        super().__init__(session_key)
        if opened is None:
            token = f"{sessions().cookie_name}={session_key}" if session_key else None
            opened = RequestSession(lambda: sessions().get(token), "", "")
        self._session_cache = opened

    @property
    def h3s(self) -> Session:
        """The session itself: its times, `rejection`, `log_id`."""
        return self._session_cache

    @property
    def accessed(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._session_cache.touched

    @accessed.setter
    def accessed(self, value: bool) -> None:
        pass

    @property
    def modified(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._session_cache.touched and self._session_cache.is_dirty

    @modified.setter
    def modified(self, value: bool) -> None:
        # SessionBase sets it with each write, which the library has noticed; only who sets it to True where nothing was
        # written wants the session sealed again.
        if value and not self.modified:
            self._session_cache.update()

    @property
    def session_key(self) -> Optional[str]:
        """The sealed session: what the cookie holds."""
        return self._session_cache.seal() if not self.is_empty() else None

    def is_empty(self) -> bool:
        if not self._session_cache.touched and self._session_key:
            return False
        return not self._session_cache.id or (
            self._session_cache.is_new and not self._session_cache and not self._session_cache.is_dirty
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._session_cache)

    def clear(self) -> None:
        """No data; the session goes on. (`flush` ends it.)"""
        self._session_cache.replace()

    def flush(self) -> None:
        self._session_cache.clear()

    async def aflush(self) -> None:
        self.flush()

    def cycle_key(self) -> None:
        # After a flush the next write brings a new id anyway.
        if self._session_cache.id:
            self._session_cache.rotate()

    async def acycle_key(self) -> None:
        self.cycle_key()

    def exists(self, session_key: str) -> bool:
        return False

    def create(self) -> None:
        self._session_cache.update()

    def save(self, must_create: bool = False) -> None:
        """Makes a cookie owed even where there is no data; everything else was noticed as it was written."""
        if self.is_empty():
            self.create()

    def delete(self, session_key: Optional[str] = None) -> None:
        if session_key is None or session_key == self.session_key:
            self._session_cache.clear()

    def set_expiry(self, value: Any) -> None:
        """0: the cookie ends with the browser; None: as the settings say. Lifetimes are those of the options alone."""
        if value not in (0, None):
            raise NotImplementedError(
                "set max_age or idle_timeout in H3S_OPTIONS; a session has no lifetime of its own"
            )
        super().set_expiry(value)

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """When it ends if nothing more comes."""
        return self._session_cache.expires_at or datetime.max.replace(tzinfo=timezone.utc)

    def get_expiry_age(self, **kwargs: Any) -> int:
        """The seconds until then."""
        return int((self.get_expiry_date() - datetime.now(timezone.utc)).total_seconds())

    def load(self) -> dict[str, Any]:
        return dict(self._session_cache)

    @classmethod
    def clear_expired(cls) -> None:
        """Nothing is kept that would have to be cleared."""


class SessionMiddleware(MiddlewareMixin):
    """In place of `django.contrib.sessions.middleware.SessionMiddleware`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        # Wrong settings are errors at start, not at the first request.
        sessions()

    def process_request(self, request: HttpRequest) -> None:
        cookie = request.META.get("HTTP_COOKIE")
        name = sessions().header_name
        header = request.headers.get(name) if name else None

        def open() -> Session:
            return sessions().get(cookie, header, cross_site=is_cross_site(request.headers.get))

        request.session = SessionStore(opened=RequestSession(open, request.method or "", request.path))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        store = getattr(request, "session", None)
        if not isinstance(store, SessionStore) or not store.accessed:
            return response
        if settings.SESSION_SAVE_EVERY_REQUEST and not store.is_empty():
            store.modified = True
        until_closed = store.get_expire_at_browser_close()
        headers = response.headers
        vary, cache_control = headers.get("Vary"), headers.get("Cache-Control")
        ours = owed(
            sessions(),
            store.h3s,
            [vary] if vary else [],
            [cache_control] if cache_control else [],
            until_closed=until_closed,
        )
        for name in [name for name in headers if ours.removed(name)]:
            del headers[name]
        for name, value in ours.headers.items():
            headers[name] = value
        for value in ours.cookies:
            cookie = _SetCookie(value)
            response.cookies[cookie.key] = cookie
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> Optional[HttpResponse]:
        return HttpResponse(status=429) if isinstance(exception, Busy) else None


class _SetCookie(Morsel[str]):
    """A Set-Cookie value as it is: Morsel does not know every attribute in every version."""

    def __init__(self, value: str) -> None:
        super().__init__()
        name, _, rest = value.partition("=")
        content = rest.partition(";")[0]
        self.set(name, content, content)
        self._text = value

    def OutputString(self, attrs: Optional[Container[str]] = None) -> str:
        return self._text
