"""Django's interface to a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from math import ceil
from typing import Any, Callable, Optional

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils.timezone import get_default_timezone, make_naive

from .._http import REFUSALS, make_known
from ..errors import H3sError, StateError, TooLarge
from ..session import Session
from ..sessions import Sessions
from ._cookie import SetCookie
from ._expiry import ExpiringSession, aware, stored
from ._opening import Opening, asked_for_the_cookie, caller, of_client, of_request, of_scope, of_token
from ._settings import largest, now, only_one, sessions

__all__ = ["SessionStore"]

_NOT_HERE = "a session in a cookie can only be ended by a request that carries it"


class SessionStore(SessionBase):
    """What `request.session` is. Changes are noticed, nested ones too.

    session_key: what the session's cookie holds. (The `session_key` of another store opens none.)
    """

    # What SessionBase edits is the session itself, so there is nothing to load or to save.
    _session_cache: ExpiringSession

    def __init__(self, session_key: Optional[str] = None) -> None:
        super().__init__(session_key)
        own = caller()
        if own.request is not None:
            only_one()
            opening = of_request(sessions(), own.request)
        elif own.scope is not None:
            opening = of_scope(sessions(), own.scope)
        elif own.client is not None:
            opening = of_client(sessions(), own.client)
        else:
            opening = of_token(sessions(), session_key)
        self.open_by(opening, may_exist=bool(session_key))
        self._client = own.client
        if own.scope is not None and own.scope.get("type") == "websocket":
            self._session_cache.socket_opened()

    def open_by(self, opening: Opening, *, may_exist: bool, tells_at_once: bool = True) -> None:
        """Opens the session anew, once it is touched.

        may_exist: whether there may be one. tells_at_once: whether what is revoked is made known by
        itself, where no middleware does so before the response goes.
        """
        self._opening = opening
        self._session_cache = ExpiringSession(opening)
        revocations = opening.sessions.revocations
        if tells_at_once and revocations is not None:
            self._session_cache._revocations = revocations
        self._may_exist = may_exist
        self._created = False

    @property
    def h3s(self) -> Session:
        """The session itself: its times, `rejection`, `log_id`, `rotate()`, `seal()`."""
        return self._session_cache

    @property
    def sessions(self) -> Sessions:
        """What opens it."""
        return self._opening.sessions

    @property
    def refused(self) -> Optional[H3sError]:
        """Why it cannot be opened now, or what it has revoked not be made known."""
        return self._session_cache.refused

    def make_known(self) -> bool:
        """Publishes what was revoked. False: it cannot be, see `refused`."""
        return make_known(self.sessions, self._session_cache)

    def headers_went(self) -> None:
        """From now on a write is lost, and reported."""
        self._opening.sent = True
        self._session_cache.headers_went(self.sessions.revocations)

    def end(self) -> None:
        """The request is over: reports what was changed in place since."""
        self._session_cache.end()

    # ---- What Django's middleware asks -----------------------------------------------------------

    @property
    def accessed(self) -> bool:
        return self._session_cache.touched

    @accessed.setter
    def accessed(self, value: bool) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        pass

    @property
    def modified(self) -> bool:
        # A slide is no write: Django's own middleware would send the whole session for it, and an
        # answer that comes late would take back a logout.
        session = self._session_cache
        return session.touched and session.refused is None and session.is_dirty and not session.only_slides

    @modified.setter
    def modified(self, value: bool) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        # SessionBase sets it with each write, which the library has noticed; only who sets it to
        # True where nothing was written wants it sealed again. After a flush there is none.
        if value:
            self._seal_again()

    def _seal_again(self) -> None:
        if not self.modified and not self.is_empty():
            self._session_cache.update()

    def renew(self) -> None:
        """Seals it again, as Django's save does, whether or not anything was written."""
        self._session_cache.renew()

    def is_empty(self) -> bool:
        session = self._session_cache
        if (not session.touched and self._may_exist) or session.refused is not None:
            # What cannot be opened, or has not been revoked, keeps its cookie.
            return False
        return not session.id or not (session or self._created or not session.is_new or session.is_dirty)

    @property
    def session_key(self) -> Optional[str]:
        """The session's id, the same until it is rotated; it opens nothing.

        None without a session.
        """
        if asked_for_the_cookie(self):
            return self._in_the_cookie()
        return (self._session_cache.id or None) if not self._is_none() else None

    @property
    def _session_key(self) -> Optional[str]:
        return self.session_key

    @_session_key.setter
    def _session_key(self, value: Optional[str]) -> None:
        pass

    # ---- Its contents ----------------------------------------------------------------------------

    async def _aget_session(self, no_load: bool = False) -> ExpiringSession:
        # All of Django's asynchronous methods begin with it.
        if not self._session_cache.touched:
            try:
                await self._opening.ahead()
            except REFUSALS as error:
                self._session_cache.refused = error
                raise
        return self._session_cache

    def __iter__(self) -> Iterator[str]:
        return iter(self._session_cache)

    def clear(self) -> None:
        """No data; the session goes on. (`flush` ends it.)"""
        self._session_cache.replace()

    def load(self) -> dict[str, Any]:
        return dict(self._session_cache)

    # ---- Its life --------------------------------------------------------------------------------

    def flush(self) -> None:
        """Ends the session: a logout. Where sessions can be revoked, this one is."""
        session, self._created = self._session_cache, False
        if self.sessions.revocations is not None:
            # It has ended already, by `clear`.
            with suppress(StateError):
                session.revoke()
                return
        session.clear()

    async def aflush(self) -> None:
        await self._aget_session()
        await self._aside(self.flush)

    def revoke_everywhere(self) -> None:
        """Ends all sessions of this one's subject: whom `revocation.subject` finds in the data.

        Raises StateError where it has none.
        """
        self._session_cache.revoke_everywhere()
        self._created = False

    async def arevoke_everywhere(self) -> None:
        await self._aget_session()
        await self._aside(self.revoke_everywhere)

    def cycle_key(self) -> None:
        # After a flush the next write brings a new id anyway.
        if self._session_cache.id:
            self._session_cache.rotate()

    async def acycle_key(self) -> None:
        await self._aget_session()
        await self._aside(self.cycle_key)

    async def _aside(self, deed: Callable[[], None]) -> None:
        """Does what may wait for a store in a thread, where it does."""
        if self.sessions.revocations is None:
            deed()
        else:
            await sync_to_async(deed)()

    def exists(self, session_key: Optional[str]) -> bool:
        """Whether it is this session's; of others nothing is known."""
        return bool(session_key) and session_key == self.session_key

    async def aexists(self, session_key: Optional[str]) -> bool:
        await self._aget_session()
        return self.exists(session_key)

    def create(self) -> None:
        """A session even where there is no data; in place of one that is there, a new id."""
        if not self._is_none():
            self.cycle_key()
        else:
            self._session_cache.update()
        self._created = True

    async def acreate(self) -> None:
        await self._aget_session()
        self.create()

    def save(self, must_create: bool = False) -> None:
        """Makes a session where there is none. What was written needs no save."""
        if self._is_none():
            self.create()
        if self._client is not None:
            self._put_into(self._client)
        else:
            # What was changed in place counts as written; who does so too late is told.
            self._session_cache.save()

    async def asave(self, must_create: bool = False) -> None:
        await self._aget_session()
        self.save(must_create)

    def delete(self, session_key: Optional[str] = None) -> None:
        if session_key is not None and session_key != self.session_key:
            raise NotImplementedError(_NOT_HERE)
        self.flush()

    async def adelete(self, session_key: Optional[str] = None) -> None:
        await self._aget_session()
        self.delete(session_key)

    # ---- How long it lives -----------------------------------------------------------------------

    def set_expiry(self, value: Any) -> None:
        """When this session ends, but never later than the settings say.

        value: seconds from its last write; a timedelta from now, or a datetime; 0: with the
            browser; None: as the settings say.

        Raises DataError where it is none of these, or in the past, and StateError where sessions
        are sealed in Fe26.2, which has no place for it.
        """
        session, expiry = self._session_cache, stored(value)
        if expiry is not None and not self.sessions._holds_lifetimes():
            age = self.sessions._age()
            if not isinstance(expiry, int) or age is None or expiry < age.total_seconds():
                raise StateError(
                    "set_expiry: Fe26.2, in which H3S_OPTIONS seals sessions, has no place for a lifetime of one"
                    " session; only None can be kept, and seconds that are no fewer than SESSION_COOKIE_AGE"
                )
            # So it ends without any further ado.
            expiry = None
        if expiry is None:
            session.forget_expiry()
        else:
            session.set_expiry(expiry)

    async def aset_expiry(self, value: Any) -> None:
        await self._aget_session()
        self.set_expiry(value)

    def get_session_cookie_age(self) -> int:
        """How many seconds a session lives that has no expiry of its own."""
        age = self.sessions._age()
        return settings.SESSION_COOKIE_AGE if age is None else ceil(age.total_seconds())

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """When it ends if nothing more comes.

        modification, expiry: as Django's own; an `expiry` is counted, whatever the session has.
        """
        if "expiry" in kwargs:
            return super().get_expiry_date(**{"modification": _djangos(now()), **kwargs})
        return _djangos(self._end(**kwargs))

    async def aget_expiry_date(self, **kwargs: Any) -> datetime:
        await self._aget_session()
        return self.get_expiry_date(**kwargs)

    def get_expiry_age(self, **kwargs: Any) -> int:
        """The seconds until then. modification, expiry: as of `get_expiry_date`."""
        if settings.SESSION_SAVE_EVERY_REQUEST and asked_for_the_cookie(self) and not self.is_empty():
            # It is about to be saved, and counts from then.
            self.renew()
        if "expiry" in kwargs:
            return super().get_expiry_age(**{"modification": _djangos(now()), **kwargs})
        end = self._end(**kwargs)
        # The clock comes last: a moment more would round up to another second.
        since = aware(kwargs["modification"]) if "modification" in kwargs else now()
        return ceil((end - since).total_seconds())

    async def aget_expiry_age(self, **kwargs: Any) -> int:
        await self._aget_session()
        return self.get_expiry_age(**kwargs)

    def get_expire_at_browser_close(self) -> bool:
        """Whether its cookie ends with the browser, or would at the next write."""
        session = self._session_cache
        if session.ends_with_browser:
            return True
        expiry = session.expiry
        return expiry == 0 if expiry is not None else bool(settings.SESSION_EXPIRE_AT_BROWSER_CLOSE)

    async def aget_expire_at_browser_close(self) -> bool:
        await self._aget_session()
        return self.get_expire_at_browser_close()

    def _end(self, modification: Optional[datetime] = None) -> datetime:
        """When it ends, if it was last written at that time: by its expiry or by the settings."""
        session = self._session_cache
        session.move_end()
        end, expiry = session.expires_at, session.expiry
        since = now() if modification is None else aware(modification)
        told: Optional[datetime] = None
        if isinstance(expiry, datetime):
            told = expiry
        elif expiry:
            told = since + timedelta(seconds=expiry)
        elif modification is not None:
            age = self.sessions._age()
            told = None if age is None else since + age
        # The library counts in whole seconds.
        if told is not None and (end is None or told - end < timedelta(seconds=1)):
            return told
        return end or datetime.max.replace(tzinfo=timezone.utc)

    @classmethod
    def clear_expired(cls) -> None:
        """Nothing is kept that would have to be cleared."""

    @classmethod
    async def aclear_expired(cls) -> None:
        pass

    # ---- Its cookies -----------------------------------------------------------------------------

    def _is_none(self) -> bool:
        """As is_empty, but of what was opened."""
        self._session_cache.id  # noqa: B018
        return self.is_empty()

    def _in_the_cookie(self) -> Optional[str]:
        if self._client is not None:
            found = self._client.cookies.get(self._opening.sessions.cookie_name)
            if found is not None and not self.modified:
                value: str = found.value
                return value
        if self._is_none():
            return None
        token = self._session_cache.seal()
        if len(token) > largest():
            raise TooLarge(
                "the session needs several cookies; put h3s.django.SessionMiddleware in the place of Django's"
            )
        return token

    def _put_into(self, client: Any) -> None:
        for value in self._session_cache.set_cookies():
            cookie = SetCookie(value)
            if cookie.value:
                client.cookies[cookie.key] = cookie
            else:
                client.cookies.pop(cookie.key, None)


def _djangos(time: datetime) -> datetime:
    """A time as Django has it: without a time zone where USE_TZ is off."""
    if settings.USE_TZ:
        return time
    try:
        return make_naive(time, get_default_timezone())
    except OverflowError:
        return time.replace(tzinfo=None)
