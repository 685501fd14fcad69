"""Checks passwords against the keys that are kept, cheaply for those who come again, and new keys.

A password that was right before is known by a digest that is keyed with a secret of this process,
so that a reconnecting charge point costs no slow hash; it counts only as long as the hash that it
matched is still kept. Slow hashes run in threads that are given, so many at a time. Spec: W A01.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, Final, Protocol

import attrs

from ocpp16.errors import CallNotAllowed
from ocpp16.security.auth import hash_key, matches, plain_password
from ocpp16.security.credentials import Credentials

KEYS_OF_ONE: Final = 4
"""How many keys of one charge point may be valid while outcomes of changes are unknown."""


class InThread(Protocol):
    """Runs a function that computes for long where it stops nobody else."""

    def __call__(self, function: Callable[[], Any], /) -> Awaitable[Any]:
        """Run it and return what it returns."""
        ...


class TooBusy(Exception):
    """So many passwords wait to be checked that another one would not be in time."""


@attrs.frozen
class _Verified:
    stored: str
    digest: bytes = attrs.field(repr=False)


class KeyRing:
    """The keys of the charge points of one central system.

    Args:
        credentials: Where their hashes are kept.
        in_thread: Runs a slow hash.
        waiting: How many passwords may wait for their check; one more is TooBusy.
        verified: How many passwords that were right are known by their digest.
    """

    def __init__(
        self, credentials: Credentials, in_thread: InThread, *, waiting: int, verified: int
    ) -> None:
        self.credentials = credentials
        self._in_thread = in_thread
        self._waiting_limit = waiting
        self._waiting = 0
        self._verified_limit = verified
        self._verified: OrderedDict[str, _Verified] = OrderedDict()
        self._secret = secrets.token_bytes(32)
        self._changing: set[str] = set()

    async def knows(self, identity: str) -> bool:
        """Tell whether a charge point has a key."""
        return bool(await self.credentials.find(identity))

    async def remembers(self, identity: str, password: bytes) -> bool:
        """Tell, without a slow hash, whether a password was right before and still is."""
        known = self._verified.get(identity)
        if known is None or not hmac.compare_digest(known.digest, self._digest(identity, password)):
            return False
        stored = await self.credentials.find(identity) or ()
        if known.stored not in stored:
            return False
        await self._settle(identity, known.stored)
        return True

    async def check(self, identity: str, password: bytes) -> bool:
        """Tell whether a password is right; takes as long where there is nothing to compare with.

        Raises:
            TooBusy: Too many others wait.
        """
        if self._waiting >= self._waiting_limit:
            raise TooBusy
        self._waiting += 1
        try:
            stored = await self.credentials.find(identity) or ()
            found = await self._in_thread(lambda: _find(stored, password))
        finally:
            self._waiting -= 1
        # Asked again: the key may have been changed while the hash was computed.
        if found is None or found not in (await self.credentials.find(identity) or ()):
            return False
        self._verified.pop(identity, None)
        self._verified[identity] = _Verified(found, self._digest(identity, password))
        if len(self._verified) > self._verified_limit:
            self._verified.popitem(last=False)
        await self._settle(identity, found)
        return True

    # Changing a key

    async def begin_change(self, identity: str, key: bytes) -> Change:
        """Let a new key be valid beside the present one, before the charge point hears of it.

        Raises:
            CallNotAllowed: Another change is under way, or too many had no known outcome.
        """
        before = await self.credentials.find(identity) or ()
        if identity in self._changing:
            raise CallNotAllowed("the key of this charge point is being changed already")
        if len(before) >= KEYS_OF_ONE:
            reason = f"{len(before)} keys may be this charge point's by now: it has to connect"
            raise CallNotAllowed(reason)
        self._changing.add(identity)
        try:
            fresh = await self._in_thread(lambda: hash_key(key))
            # Asked again: who was given another key meanwhile has no older one any more.
            before = await self.credentials.find(identity) or ()
            # A change whose outcome is still unknown leaves two: either may be the charge point's.
            await self.credentials.keep(identity, (*before, fresh))
        except BaseException:
            self._changing.discard(identity)
            raise
        return Change(identity, before, fresh)

    async def end_change(self, change: Change, *, taken: bool | None) -> None:
        """Let one of the keys be valid, as the charge point has answered.

        Args:
            change: The change.
            taken: Whether it has taken the new key; None if nobody knows: then both are valid until
                it connects with one.
        """
        self._changing.discard(change.identity)
        if taken is None:
            return
        stored = await self.credentials.find(change.identity) or ()
        # Else somebody has given it a key meanwhile, or none: that is later, and holds.
        if change.fresh in stored:
            kept = (change.fresh,) if taken else change.before
            await self.credentials.keep(change.identity, kept)

    async def _settle(self, identity: str, used: str) -> None:
        stored = await self.credentials.find(identity) or ()
        # While a change is under way, the old key proves nothing: the new one may be accepted yet.
        if len(stored) > 1 and used in stored and identity not in self._changing:
            await self.credentials.keep(identity, (used,))

    def _digest(self, identity: str, password: bytes) -> bytes:
        text = identity.encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, text + b"\0" + plain_password(password), "sha256")


@attrs.frozen
class Change:
    """A change of a key that is under way."""

    identity: str
    before: tuple[str, ...]
    fresh: str


def _find(stored: tuple[str, ...], password: bytes) -> str | None:
    found = None
    for each in stored or (_dummy(),):
        if matches(each, password) and stored:
            found = each
    return found


@cache
def _dummy() -> str:
    """Return a hash to compare with where there is none, so that this takes as long."""
    return hash_key(secrets.token_bytes(20))
