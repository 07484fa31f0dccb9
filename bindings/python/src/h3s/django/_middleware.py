"""In place of Django's own session middleware."""

from __future__ import annotations

from typing import Any, Callable, Optional

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware as Stock
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.cookie import SimpleCookie
from django.http.response import HttpResponseBase, ResponseHeaders

from .._http import REFUSALS, REFUSED, additions, status_of
from ..errors import Busy, H3sError, StaleError, TooLarge
from ._cookie import SetCookie
from ._opening import of_request
from ._settings import MAIN, configured
from ._store import SessionStore

__all__ = ["SessionMiddleware", "session_of"]


def session_of(request: HttpRequest, name: str = MAIN) -> SessionStore:
    """`request.session` (or `request.cart`, of H3S_SESSIONS), with the type that it has."""
    store = getattr(request, name)
    if not isinstance(store, SessionStore):
        raise TypeError(f"request.{name} is not a session of h3s.django")
    return store


class SessionMiddleware(Stock):
    """In place of `django.contrib.sessions.middleware.SessionMiddleware`, of which it is one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        engine = self.SessionStore
        if not issubclass(engine, SessionStore):
            raise ImproperlyConfigured(
                'SESSION_ENGINE: set it to "h3s.django", which h3s.django.SessionMiddleware needs'
            )
        self._engine = engine
        # Wrong settings are errors at start, not at the first request.
        configured()

    def process_request(self, request: HttpRequest) -> None:
        for name, kind in configured().items():
            store = self._engine()
            store.open_by(of_request(kind, request), may_exist=False, tells_at_once=False)
            setattr(request, name, store)

    def process_response(  # type: ignore[override]
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        found = [getattr(request, name, None) for name in configured()]
        stores = [store for store in found if isinstance(store, SessionStore)]
        refused = [store.refused for store in stores if store.refused is not None]
        # All that was revoked, before the first cookie.
        refused = refused or [store.refused for store in stores if not store.make_known() and store.refused]
        if refused:
            # Whatever was made of the exception on its way, also by the middlewares in between.
            response = _refused(refused[0], response)
        else:
            for store in stores:
                response = _sent(store, response)
        for store in stores:
            store.headers_went()
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> Optional[HttpResponse]:
        return _refused(exception) if isinstance(exception, REFUSALS) else None


def _refused(error: H3sError, response: Optional[HttpResponseBase] = None) -> HttpResponse:
    """The answer to who has to wait, in place of another, with which it closes
    what that has opened."""
    refused = HttpResponse(status=status_of(error), headers=dict(REFUSED))
    if response is not None:
        refused._resource_closers += response._resource_closers  # type: ignore[attr-defined]
    return refused


def _sent(store: SessionStore, response: HttpResponseBase) -> HttpResponseBase:
    """The response with the session's cookies."""
    accessed = store.accessed
    if settings.SESSION_SAVE_EVERY_REQUEST and response.status_code < 500:
        accessed = _renew(store) or accessed
    if not accessed:
        return response
    response = _copy(response, _End(store))
    headers = response.headers
    ours = additions(
        store.sessions,
        store.h3s,
        _lines(headers.get("Vary")),
        _lines(headers.get("Cache-Control")),
    )
    for name in [name for name in headers if ours.removed(name)]:
        del headers[name]
    for name, value in ours.headers.items():
        headers[name] = value
    for value in ours.cookies:
        cookie = SetCookie(value)
        response.cookies[cookie.key] = cookie
    return response


def _lines(value: Optional[str]) -> list[str]:
    return [value] if value else []


class _End:
    """What a response calls when it is closed; nothing, where it comes out of a cache."""

    def __init__(self, store: Optional[SessionStore] = None) -> None:
        self._store = store

    def __call__(self) -> None:
        if self._store is not None:
            self._store.end()

    def __reduce__(self) -> Any:
        return _End, ()


def _copy(response: HttpResponseBase, end: _End) -> HttpResponseBase:
    """One of its own, since a view may return a constant response to all visitors."""
    copy = object.__new__(type(response))
    copy.__dict__.update(response.__dict__)
    # With the response are closed, e.g., a file that it sends, and the session.
    copy._resource_closers = [*response._resource_closers, end]  # type: ignore[attr-defined]
    copy.headers = ResponseHeaders(dict(response.headers.items()))
    copy.cookies = SimpleCookie()
    dict.update(copy.cookies, response.cookies)
    return copy


def _renew(store: SessionStore) -> bool:
    """Seals a session again that the cookie brought, whether or not anybody has used it."""
    try:
        if store.h3s.source != "cookie" or not store.h3s.id:
            return False
        store.renew()
    except (Busy, StaleError, TooLarge):
        # The page did without it.
        return False
    return True
