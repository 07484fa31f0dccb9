"""The options, checked and with their keys derived: one object for the whole process."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Mapping
from ctypes import byref, c_size_t, c_void_p
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Optional, Union

from . import _abi, _json
from ._abi import Error, fast, slow
from ._core import GET, UNSEAL, USE, Text, derive, open, request_of, to_bytes
from ._handle import Handle
from .counts import Counts
from .counts import of as counts_of
from .errors import ConfigError, StateError
from .options import (
    CookieOptions,
    Duration,
    Moment,
    RevocationOptions,
    SealOptions,
    in_python,
    milliseconds,
    read_file,
    snake,
    to_json,
    with_changes,
)
from .revocations import AsyncStore, FileStore, Revocations, Store
from .session import Session

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Sessions", "to_bytes"]

#: See `revocation_room`.
ROOM = 65_536
#: See `max_stale`, in seconds.
MAX_STALE = 60
#: What is no option of the library's.
_OWN = ("self", "__class__", "development", "revocation_store", "revocation_room")


class _Config(c_void_p):
    """Frees itself with its last reference.

    A call that gives up the GIL holds one, so another thread may `close` meanwhile.
    """

    # Here because at the interpreter's end the modules' names may be gone.
    _free = fast.h3s_config_free

    def __del__(self) -> None:
        self._free(self)


class Sessions(Handle):
    """Opens sessions. Make one at start; any number of threads may share it, also across fork.

    To make one takes some 10 ms a password.

    password: at least 32 characters, at random; or {id: password}, of which the first seals and all
        open. If all ids are numbers, the highest seals.
    name: of the cookie; recommended: "__Host-session".
    max_age: how long a session lives from when it was made or last rotated.
    idle_timeout: how long from when it was last seen. A read slides it only once more than half of
        it is used: of an hour, a read after 29 minutes still leaves the session 31.
    not_before: sessions made before then are refused, which logs everybody out.
    refresh: whether reads may seal again, to slide or under today's password.
    max_token_length: of a token in the header.
    session_header: the header's name, or False for none.
    cookie: attributes, see CookieOptions; False: header sessions only.
    seal: the format: its name, e.g. "h3-1", or SealOptions.
    legacy_seal_fallback: whether a Fe26.2 token of h3 1.x opens.
    revocation: whether sessions can be revoked, so that a logout is final: {} or RevocationOptions.
    revocation_store: through which servers tell each other what is revoked, e.g.
        `h3s.valkey.ValkeyStore`, or `AsyncValkeyStore` under ASGI. If not given, the file of
        `revocation`.
    revocation_room: how many sessions may be revoked within the time that they live, at least. Each
        takes 48 to 96 bytes.
    development: whether browsers reach this server by plain HTTP, as they do while one develops.
        They keep a cookie that is `Secure`, or has a name with "__Host-" or a prefix of that kind,
        over HTTPS alone (some: and for localhost). So the cookie then has neither, nor what needs
        them: SameSite=None becomes Lax, and Partitioned goes. Never in production.

    Raises ConfigError, whose `key` names the option.
    """

    _noun = "the Sessions object"

    #: What is revoked; None where `revocation` is off.
    revocations: Optional[Revocations]
    _replica: Optional[c_void_p]

    #: Once it was asked for, see `_holds_lifetimes`.
    _lifetimes: Optional[bool] = None

    def __init__(
        self,
        *,
        password: Union[str, Mapping[str, str]],
        name: Optional[str] = None,
        max_age: Optional[Duration] = None,
        idle_timeout: Optional[Duration] = None,
        not_before: Optional[Moment] = None,
        refresh: Optional[bool] = None,
        max_token_length: Optional[int] = None,
        session_header: Union[str, Literal[False], None] = None,
        cookie: Union[CookieOptions, Literal[False], None] = None,
        seal: Union[str, SealOptions, None] = None,
        legacy_seal_fallback: Optional[bool] = None,
        revocation: Union[RevocationOptions, Literal[False], None] = None,
        revocation_store: Optional[Union[Store, AsyncStore]] = None,
        revocation_room: int = ROOM,
        development: bool = False,
    ) -> None:
        given = {key: value for key, value in locals().items() if key not in _OWN}
        try:
            self._open(to_json(given, development), revocation_store, revocation_room)
        except ConfigError as error:
            raise ConfigError(in_python(error.message), key=snake(error.key) if error.key else None) from None

    @classmethod
    def from_json(
        cls,
        text: str,
        *,
        password: Union[str, Mapping[str, str], None] = None,
        revocation_store: Optional[Union[Store, AsyncStore]] = None,
        revocation_room: int = ROOM,
        development: bool = False,
    ) -> Self:
        """From the JSON text that services in other languages read as well.

        password: goes in place of the text's, which then needs none. The others: as above.
        """
        if not isinstance(text, str):
            raise TypeError(f"from_json takes the JSON text, not {type(text).__name__}; for a file there is from_file")
        sessions = cls.__new__(cls)
        changed = with_changes(text, password, development)
        try:
            sessions._open(changed, revocation_store, revocation_room)
        except ConfigError as error:
            if changed is not text:
                # A place in the text that was made of it.
                error.offset = None
            raise
        return sessions

    @classmethod
    def from_file(
        cls,
        path: Union[str, os.PathLike[str]],
        *,
        password: Union[str, Mapping[str, str], None] = None,
        revocation_store: Optional[Union[Store, AsyncStore]] = None,
        revocation_room: int = ROOM,
        development: bool = False,
    ) -> Self:
        """As `from_json`, from a file, which is in UTF-8."""
        return cls.from_json(
            read_file(path),
            password=password,
            revocation_store=revocation_store,
            revocation_room=revocation_room,
            development=development,
        )

    def _open(self, options: str, store: Optional[Union[Store, AsyncStore]], room: int) -> None:
        text, handle, error = options.encode("utf-8", "surrogatepass"), _Config(), Error()
        status = slow.h3s_config_new(text, len(text), byref(handle), byref(error))
        self._handle = handle
        self._check(status, error)
        flags = fast.h3s_config_flags(handle)
        #: Whether browsers send the session's cookie over HTTPS alone.
        self._is_secure = bool(flags & _abi.CONFIG_SECURE)
        #: Whether opening may take a slow derivation.
        self._may_be_cold = bool(flags & _abi.CONFIG_MAY_BE_COLD)
        #: The session cookie's name.
        self.cookie_name: str = fast.h3s_config_cookie_name(handle).ptr.decode()
        #: The session header's name in lower case; empty where it is off.
        self.header_name: str = fast.h3s_config_header_name(handle).ptr.decode()
        #: The value of a Vary header wherever a session was touched; may be empty.
        self.vary: str = fast.h3s_config_vary(handle).ptr.decode()
        self.revocations = self._replica = None
        if flags & _abi.CONFIG_REVOCATION:
            path = fast.h3s_config_revocation_file(handle).ptr
            if store is None and not path:
                raise ConfigError(
                    "servers need a way to tell each other what is revoked: set file, or revocation_store",
                    key="revocation",
                )
            # The library has read them, and had no fault to find.
            max_stale = json.loads(options)["revocation"].get("maxStale", MAX_STALE)
            store = store or FileStore(os.fsdecode(path))
            self.revocations = Revocations(handle, self.cookie_name, store, room, max_stale)
            self._replica = self.revocations._replica
        elif store is not None:
            raise ConfigError("it needs revocation: set that, {} for the defaults", key="revocation_store")

    # ---- Opening ---------------------------------------------------------------------------------

    def use(
        self,
        cookie: Optional[Text] = None,
        header: Optional[Text] = None,
        *,
        peer: Optional[str] = None,
        cross_site: bool = False,
        now: Optional[Moment] = None,
        warm_only: bool = False,
    ) -> Session:
        """The session of a request, or a new one, with a Set-Cookie at once, if none is valid.

        cookie: the Cookie header's value. Several lines: joined with "; ".
        header: the session header's value, see `header_name`.
        peer: who asks, e.g. the client's address as it is, with or without a port; one that forges
            Fe26.2 tokens too often gets Busy. All that share the first 64 bits of an IPv6 address
            are one peer.
        cross_site: whether another site has led the browser here, see `is_cross_site`. If the
            request has no cookie of the session, `use` is then `get`, and `clear` deletes none: the
            browser may have one, and not send it because it is SameSite.
        now: the time, for tests.
        warm_only: raise Cold instead of deriving a key for milliseconds (Fe26.2 only), so that an
            event loop can repeat the call in a thread.

        A token that is refused is no error: see `Session.rejection`.
        """
        return self._open_session(USE, cookie, header, peer, now, cross_site, warm_only)

    def get(
        self,
        cookie: Optional[Text] = None,
        header: Optional[Text] = None,
        *,
        peer: Optional[str] = None,
        cross_site: bool = False,
        now: Optional[Moment] = None,
        warm_only: bool = False,
    ) -> Session:
        """As `use`, but a new session costs no cookie until something is written."""
        return self._open_session(GET, cookie, header, peer, now, cross_site, warm_only)

    def unseal(
        self,
        token: Text,
        *,
        peer: Optional[str] = None,
        now: Optional[Moment] = None,
        warm_only: bool = False,
    ) -> Session:
        """The session of a bare token. Raises Rejected (Expired, if that is why).

        peer, now, warm_only: as of `use`. A Fe26.2 token without a key id costs a derivation for
            each password that it may be under: name the peer where strangers send tokens.
        """
        return self._open_session(UNSEAL, None, token, peer, now, False, warm_only)

    def _open_session(
        self,
        how: int,
        cookie: Optional[Text],
        header: Optional[Text],
        peer: Optional[str],
        now: Optional[Moment],
        cross_site: bool,
        warm_only: bool,
    ) -> Session:
        moment = 0 if now is None else milliseconds(now)
        replica = self._replica
        opened = open(how, Session, self._handle, cookie, header, peer, moment, cross_site, warm_only, replica)
        if isinstance(opened, Error):
            self._check(opened.status, opened)
        if replica is not None:
            opened._revocations = self.revocations
        return opened  # type: ignore[no-any-return]

    def counts(self) -> Counts:
        """What was opened, made, refused and sealed: for a page of figures."""
        found, error = _abi.Counts(_abi.COUNTS_SIZE), Error()
        self._check(fast.h3s_config_counts(self._handle, byref(found), byref(error)), error)
        return counts_of(found)

    # ---- Revoking from outside a session ---------------------------------------------------------

    def revoke_session(self, id: str) -> None:
        """Revokes the session of an id, wherever it is, at once. Raises StoreError, as all three.

        Each waits for the store. In an event loop: `await sessions.arevoke_session(id)`.
        """
        self._publish(self._session_entry(id))

    async def arevoke_session(self, id: str) -> None:
        """As `revoke_session`, while the event loop goes on."""
        await self._apublish(self._session_entry(id))

    def revoke_subject(self, subject: Union[str, int], before: Optional[Moment] = None) -> None:
        """Revokes all sessions of a subject: whom `revocation.subject` finds in their data.

        before: those that were made before then; if not given, now. Who logs in later is let in.
        """
        self._publish(self._subject_entry(str(subject), before))

    async def arevoke_subject(self, subject: Union[str, int], before: Optional[Moment] = None) -> None:
        """As `revoke_subject`, while the event loop goes on."""
        await self._apublish(self._subject_entry(str(subject), before))

    def revoke_everybody(self, before: Optional[Moment] = None) -> None:
        """Revokes all sessions of this cookie's name that were made before then, or before now."""
        self._publish(self._subject_entry(None, before))

    async def arevoke_everybody(self, before: Optional[Moment] = None) -> None:
        """As `revoke_everybody`, while the event loop goes on."""
        await self._apublish(self._subject_entry(None, before))

    def _session_entry(self, id: str) -> str:
        text = id.encode("utf-8", "surrogatepass")
        return self._entry(fast.h3s_revoke_session, text, len(text), 0)

    def _subject_entry(self, subject: Optional[str], before: Optional[Moment]) -> str:
        text = None if subject is None else subject.encode("utf-8", "surrogatepass")
        return self._entry(fast.h3s_revoke_subject, text, len(text or b""), milliseconds(before), 0)

    def _entry(self, function: Any, *arguments: Any) -> str:
        out, length, error = _room(2048), c_size_t(), Error()
        status = function(self._handle, *arguments, out, len(out), byref(length), byref(error))
        self._check(status, error)
        return out.raw[: length.value].decode("ascii")

    def _publish(self, entry: str) -> None:
        assert self.revocations is not None
        self.revocations.publish([entry])

    async def _apublish(self, entry: str) -> None:
        assert self.revocations is not None
        await self.revocations.apublish([entry])

    # ---- Tokens without a session, and the Cookie header -----------------------------------------

    def iron_seal(self, value: Any, *, as_session: bool = False, now: Optional[Moment] = None) -> str:
        """Any JSON value as a bare Fe26.2 token, as @hapi/iron writes it.

        @hapi/iron, iron-webcrypto, iron-session and h3 1.x open only tokens of one PBKDF2
        iteration: use `seal="h3-1"`, or `iterations` 1. iron-session also wants its password's
        number in the token, `password={"1": ...}`, and "~2" after it.

        as_session: also seal an object with a key "id" or "data". Without it that is a DataError,
            since its token opens as a session of these Sessions: whoever can choose what is sealed
            (the state of a form, the target of a magic link) could choose a session.
        """
        text = _json.text_of("value", value)
        flags = _abi.IRON_SESSION if as_session else 0
        out, length, error = _room(len(text) // 3 * 4 + 512), c_size_t(), Error()
        given = (text, len(text), milliseconds(now), flags)
        status = slow.h3s_iron_seal(self._handle, *given, out, len(out), byref(length), byref(error))
        self._check(status, error)
        return out.raw[: length.value].decode("ascii")

    def iron_unseal(
        self,
        token: Text,
        *,
        peer: Optional[str] = None,
        now: Optional[Moment] = None,
        warm_only: bool = False,
    ) -> Any:
        """The value in a bare Fe26.2 token, iron-session's with its "~2" included.

        peer, now, warm_only: as of `unseal`. Raises Rejected.
        """
        request = request_of(None, token, peer, milliseconds(now))
        out, length, error = _room(request.header_len + 1), c_size_t(), Error()
        status = derive(
            fast.h3s_iron_unseal,
            slow.h3s_iron_unseal,
            self._handle,
            request,
            warm_only,
            out,
            len(out),
            byref(length),
            byref(error),
        )
        self._check(status, error)
        return _json.decode(out.raw[: length.value].decode())

    def strip(self, cookie: str) -> str:
        """A Cookie header without the session's cookies: what may go upstream."""
        self._check_open()
        text = to_bytes(cookie)
        out = _room(len(text) + 1)
        length = fast.h3s_cookie_strip(self._handle, text, len(text), out)
        return out.raw[:length].decode("latin-1")

    # ---- For the frameworks' modules -------------------------------------------------------------

    def _holds_lifetimes(self) -> bool:
        """Whether the tokens have a place for a lifetime of one session."""
        if self._lifetimes is None:
            try:
                self.get().set_lifetime(1)
                self._lifetimes = True
            except StateError:
                self._check_open()
                self._lifetimes = False
        return self._lifetimes

    def _age(self) -> Optional[timedelta]:
        """How long a session lives that has no lifetime of its own and is not seen again."""
        fresh = self.get()
        return fresh.expires_at - fresh.created_at if fresh.expires_at and fresh.created_at else None

    # ---- Its end ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Frees the keys once the last session is freed, and other threads' calls have ended.

        It need not be called.
        """
        if self.revocations is not None:
            self.revocations.close()
        self._handle = self._replica = None

    def __repr__(self) -> str:
        return f"<h3s.Sessions in the cookie {self.cookie_name!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("Sessions hold keys and cannot be pickled; make one in each process")


def _room(size: int) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(size)
