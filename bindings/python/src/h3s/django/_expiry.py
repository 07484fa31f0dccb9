"""How long one session lives, as Django counts it: from the last write, where the library counts
from when the session was made or last rotated."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Any, Callable, Optional, Union

from django.conf import settings
from django.utils import timezone

from .._http import RequestSession, age_at
from ..errors import DataError
from ..options import MAX_SECONDS
from ._opening import Opening
from ._settings import now

__all__ = ["EXPIRY", "ExpiringSession", "aware", "read", "stored"]

#: Where Django keeps what `set_expiry` was told: seconds since the last write, 0, or a time.
EXPIRY = "_session_expiry"
#: As it counts: None is as the settings say.
Expiry = Union[int, datetime, None]

_SECOND = timedelta(seconds=1)


class ExpiringSession(RequestSession):
    """Each write moves its end, if `set_expiry` was told seconds."""

    __slots__ = ("_holds_lifetimes", "_is_written")

    #: Whether it was written to, other than by the library itself, since its end was moved.
    _is_written: bool

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening, opening.method, opening.path)
        self._holds_lifetimes = opening.sessions._holds_lifetimes
        self._is_written = False

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self._is_written = True

    def _write(self, function: Callable[..., int], *arguments: Any, key: Optional[str] = None) -> None:
        super()._write(function, *arguments, key=key)
        self._is_written = True

    def _before_sealing(self) -> None:
        self.move_end()

    @property
    def expiry(self) -> Expiry:
        return read(self.get(EXPIRY))

    def move_end(self) -> None:
        """Gives it the lifetime that Django says it has since the last write.

        A session that was only read stays as it is, also where the library seals it again.
        """
        self._flush()
        if not self._is_written:
            return
        if self.id and self._holds_lifetimes():
            expiry, lifetime, until_closed = self.expiry, self.lifetime, self.ends_with_browser
            if expiry is None:
                # What another service has set stays.
                until_closed = until_closed or bool(settings.SESSION_EXPIRE_AT_BROWSER_CLOSE)
            elif expiry == 0:
                until_closed = True
            else:
                lifetime = self._age_of(expiry)
            if (lifetime, until_closed) != (self.lifetime, self.ends_with_browser):
                self.set_lifetime(lifetime, ends_with_browser=until_closed)
        self._is_written = False

    def set_expiry(self, expiry: Union[int, str]) -> None:
        """expiry: as `stored` gives it."""
        before = self.get(EXPIRY)
        self[EXPIRY] = expiry
        try:
            told = self.expiry
            self.set_lifetime(self._age_of(told) if told else None, ends_with_browser=told == 0)
        except Exception:
            if before is None:
                del self[EXPIRY]
            else:
                self[EXPIRY] = before
            raise

    def forget_expiry(self) -> None:
        """From now on it lives as the settings say."""
        until_closed = bool(settings.SESSION_EXPIRE_AT_BROWSER_CLOSE)
        if self.lifetime is not None or (self.ends_with_browser and not until_closed):
            self.set_lifetime(None, ends_with_browser=until_closed)
        self.pop(EXPIRY, None)

    def renew(self) -> None:
        """Seals it again, as a write does."""
        if not self.is_dirty or self.only_slides or (not self._is_written and self.get(EXPIRY)):
            self.update()

    def _age_of(self, expiry: Union[int, datetime]) -> timedelta:
        """The lifetime by which it ends then, or, where that is over, within a second."""
        time = now()
        end = expiry if isinstance(expiry, datetime) else time + timedelta(seconds=min(expiry, MAX_SECONDS))
        return timedelta(seconds=age_at(self, max(end, time + _SECOND)))


def stored(value: Any) -> Union[int, str, None]:
    """What the session keeps of a value of `set_expiry`, or DataError."""
    if value is None:
        return None
    if isinstance(value, timedelta):
        value = now() + min(value, timedelta(seconds=MAX_SECONDS)) if value > timedelta(0) else now()
    if isinstance(value, datetime):
        end = aware(value)
        if end <= now():
            raise DataError("it is in the past; flush() ends a session", key="value")
        return end.isoformat()
    if isinstance(value, (int, float)) and 0 <= value <= MAX_SECONDS:
        return ceil(value)
    if isinstance(value, (int, float)) and value < 0:
        raise DataError("it is in the past; flush() ends a session", key="value")
    raise DataError(f"set_expiry takes 0 to {MAX_SECONDS} seconds, None, a datetime or a timedelta", key="value")


def read(value: Any) -> Expiry:
    """What a session has kept. Another service may have written anything there."""
    if isinstance(value, str):
        try:
            return aware(datetime.fromisoformat(value))
        except ValueError:
            return None
    if isinstance(value, (int, float)):
        return ceil(min(max(value, -MAX_SECONDS), MAX_SECONDS))
    return None


def aware(time: datetime) -> datetime:
    """A time of Django's, which has no time zone where USE_TZ is off."""
    if time.tzinfo is not None:
        return time
    if settings.USE_TZ:
        raise DataError("a datetime needs a time zone, as that of django.utils.timezone.now() has", key="value")
    return timezone.make_aware(time, timezone.get_default_timezone())
