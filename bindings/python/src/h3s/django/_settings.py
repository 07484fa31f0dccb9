"""What the project's settings say, checked when the server starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Callable, Optional

from django.conf import global_settings, settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http import HttpRequest
from django.utils.module_loading import import_string

from .._finding import Clock, time_of
from .._http import for_threads
from ..errors import ConfigError, H3sError
from ..options import Moment
from ..sessions import Sessions

__all__ = ["MAIN", "clock", "configured", "largest", "moment", "now", "only_one", "peer_of", "sessions"]

#: The attribute of a request that is Django's own session.
MAIN = "session"

#: Options of the cookie, and Django's settings of the same meaning.
_ATTRIBUTES = {
    "path": "SESSION_COOKIE_PATH",
    "domain": "SESSION_COOKIE_DOMAIN",
    "secure": "SESSION_COOKIE_SECURE",
    "http_only": "SESSION_COOKIE_HTTPONLY",
    "same_site": "SESSION_COOKIE_SAMESITE",
}
#: Settings of Django's other engines.
_WITHOUT_EFFECT = {
    "SESSION_SERIALIZER": "the data is JSON, always",
    "SESSION_CACHE_ALIAS": "no cache holds the sessions",
    "SESSION_FILE_PATH": "no file holds the sessions",
}
#: What other middlewares of Django make of a request.
_TAKEN = {MAIN, "user", "auser", "site", "csp_nonce"}


def sessions(name: str = MAIN) -> Sessions:
    """What opens the sessions of H3S_OPTIONS, or of H3S_SESSIONS by their name."""
    return configured()[name]


def largest() -> int:
    """The longest token that goes into one cookie."""
    length: int = (settings.H3S_OPTIONS.get("cookie") or {}).get("chunk_max_length", 4000)
    return length


@lru_cache(maxsize=1)
def configured() -> Mapping[str, Sessions]:
    """All kinds of sessions, by the attribute of the request; Django's own is the first."""
    for setting, reason in _WITHOUT_EFFECT.items():
        if getattr(settings, setting) != getattr(global_settings, setting):
            raise ImproperlyConfigured(
                f'{setting}: without effect under SESSION_ENGINE = "h3s.django": {reason}; remove it'
            )
    _function("H3S_PEER")
    _function("H3S_CLOCK")
    given = getattr(settings, "H3S_OPTIONS", None)
    if not isinstance(given, dict) or "password" not in given:
        raise ImproperlyConfigured('H3S_OPTIONS: missing; set it to {"password": os.environ["SESSION_PASSWORD"]}')
    found = {MAIN: _sessions("H3S_OPTIONS", given)}
    for name, options in _more().items():
        found[name] = _sessions(f"H3S_SESSIONS[{name!r}]", options)
    for names in ([kind.cookie_name for kind in found.values()], [kind.header_name for kind in found.values()]):
        twice = {name for name in names if name and names.count(name) > 1}
        if twice:
            raise ImproperlyConfigured(f"H3S_SESSIONS: {twice.pop()} is the name of two; give each a `name` of its own")
    return found


def _more() -> Mapping[str, Mapping[str, Any]]:
    given = getattr(settings, "H3S_SESSIONS", None) or {}
    if not isinstance(given, dict):
        raise ImproperlyConfigured('H3S_SESSIONS: an object of objects: {"cart": {"name": "cart", "password": ...}}')
    request = HttpRequest()
    for name, options in given.items():
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
            raise ImproperlyConfigured("H3S_SESSIONS: each key becomes an attribute of the request, e.g. request.cart")
        if name in _TAKEN or hasattr(request, name):
            raise ImproperlyConfigured(f"H3S_SESSIONS: request.{name} is Django's own; choose another name")
        if not isinstance(options, dict) or "password" not in options or "name" not in options:
            raise ImproperlyConfigured(f"H3S_SESSIONS[{name!r}]: give it a `name`, for its cookie, and a `password`")
    return given


def _sessions(where: str, given: Mapping[str, Any]) -> Sessions:
    """Django's settings, and what the options say otherwise."""
    options: dict[str, Any] = {"name": settings.SESSION_COOKIE_NAME, **given}
    origin = {"name": "SESSION_COOKIE_NAME"} if "name" not in given else {}
    if "max_age" not in given and not (settings.SESSION_SAVE_EVERY_REQUEST and "idle_timeout" in given):
        # Django counts from when a session was last saved. Where that is at each request, its age
        # is how long a visitor may be away.
        key = "idle_timeout" if settings.SESSION_SAVE_EVERY_REQUEST else "max_age"
        options[key] = settings.SESSION_COOKIE_AGE
        origin[key] = "SESSION_COOKIE_AGE"
    if options.get("cookie") is not False:
        own = options.get("cookie") or {}
        attributes = {option: getattr(settings, setting) for option, setting in _ATTRIBUTES.items()}
        attributes["domain"] = attributes["domain"] or None
        attributes["secure"] = bool(attributes["secure"])
        attributes["http_only"] = bool(attributes["http_only"])
        attributes["same_site"] = _same_site(attributes["same_site"])
        options["cookie"] = {**attributes, **own}
        origin.update({f"cookie.{option}": setting for option, setting in _ATTRIBUTES.items() if option not in own})
        if where == "H3S_OPTIONS":
            for option, setting in _ATTRIBUTES.items():
                _agree(f"cookie.{option}", own.get(option, attributes[option]), attributes[option], setting)
    if where == "H3S_OPTIONS":
        _agree("name", options["name"], settings.SESSION_COOKIE_NAME, "SESSION_COOKIE_NAME", always=True)
        age = given.get("max_age", settings.SESSION_COOKIE_AGE)
        seconds = age.total_seconds() if isinstance(age, timedelta) else age
        _agree("max_age", seconds, settings.SESSION_COOKIE_AGE, "SESSION_COOKIE_AGE")
    try:
        found = for_threads(Sessions(**options))
    except (ConfigError, TypeError) as error:
        raise ImproperlyConfigured(_in_djangos_words(where, error, origin)) from None
    if found.cookie_name != options["name"]:
        key = origin.get("name", where)
        raise ImproperlyConfigured(f"{key}: under `development` the name is {found.cookie_name}; set it to that")
    if settings.SESSION_EXPIRE_AT_BROWSER_CLOSE and not found._holds_lifetimes():
        raise ImproperlyConfigured(
            f"SESSION_EXPIRE_AT_BROWSER_CLOSE: Fe26.2, in which {where} seals sessions, has no place for it; remove it"
        )
    return found


def _same_site(value: Any) -> Any:
    """Django's None and False are no attribute; its "None" is SameSite=None."""
    if not value:
        return False
    if not isinstance(value, str):
        raise ImproperlyConfigured('SESSION_COOKIE_SAMESITE: "Lax", "Strict", "None", or False for no attribute')
    return value.lower()


def _agree(key: str, ours: Any, djangos: Any, setting: str, *, always: bool = False) -> None:
    """Of two that differ, one would be without effect."""
    if ours != djangos and (always or settings.is_overridden(setting)):
        raise ImproperlyConfigured(f"H3S_OPTIONS: {key} differs from {setting}; set only the latter")


def _in_djangos_words(where: str, error: Exception, origin: Mapping[str, str]) -> str:
    """The error, with the names of the settings that the values are of."""
    message = str(error)
    if isinstance(error, H3sError) and error.key is not None and error.key in origin:
        where, message = origin[error.key], error.message
    for option, name in origin.items():
        if option.startswith("cookie."):
            message = message.replace(option, name)
    return f"{where}: {message}"


def _function(setting: str) -> Optional[Callable[..., Any]]:
    given = getattr(settings, setting, None)
    if isinstance(given, str):
        try:
            given = import_string(given)
        except ImportError as error:
            raise ImproperlyConfigured(f"{setting}: {error}") from None
    if given is not None and not callable(given):
        raise ImproperlyConfigured(f"{setting}: a function, or its dotted path")
    return given


@lru_cache(maxsize=1)
def _peer() -> Callable[[HttpRequest], Optional[str]]:
    return _function("H3S_PEER") or (_remote_address if not hasattr(settings, "H3S_PEER") else lambda _: None)


def peer_of(request: HttpRequest) -> Optional[str]:
    """Who asks, so that one that forges Fe26.2 tokens is limited and nobody else."""
    return _peer()(request)


def _remote_address(request: HttpRequest) -> Optional[str]:
    """The client's address, if it is public. A private one is most often a proxy's."""
    address: str = request.META.get("REMOTE_ADDR") or ""
    return address if _is_public(address) else None


@lru_cache(maxsize=1024)
def _is_public(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        return False


@lru_cache(maxsize=1)
def clock() -> Optional[Clock]:
    """H3S_CLOCK; None: the time as it is."""
    return _function("H3S_CLOCK")


def moment() -> Optional[Moment]:
    tell = clock()
    return tell() if tell is not None else None


def now() -> datetime:
    return time_of(clock())


def _forget(*, setting: str, **_: Any) -> None:
    if setting.startswith(("H3S_", "SESSION_")):
        for cached in (configured, _peer, clock):
            cached.cache_clear()


# For override_settings in tests.
setting_changed.connect(_forget)


def only_one() -> None:
    """Under Django's own middleware, which opens no others."""
    if len(configured()) > 1:
        raise ImproperlyConfigured(
            "H3S_SESSIONS: needs h3s.django.SessionMiddleware in the place of Django's own in MIDDLEWARE"
        )
    options = settings.H3S_OPTIONS
    if options.get("idle_timeout") and options.get("seal") in (None, "h3s1"):
        # Django's sets one cookie, the whole session's, and a read that slides shall not.
        raise ImproperlyConfigured(
            "H3S_OPTIONS: idle_timeout needs h3s.django.SessionMiddleware in the place of Django's own in MIDDLEWARE"
        )
