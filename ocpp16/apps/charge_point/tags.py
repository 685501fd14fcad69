"""Whom a simulated charge point lets charge: local list, cache, or the central system. Spec: C 3.5.

Not simulated: offline starts of tags that nobody knows.
"""

from __future__ import annotations

from datetime import datetime

from ocpp16.apps.charge_point.configuration import Configuration
from ocpp16.apps.charge_point.local_list import LocalList
from ocpp16.apps.charge_point.outbox import Outbox
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus
from ocpp16.errors import CallTimeout, OcppError, SessionClosed
from ocpp16.messages import AuthorizeRequest

CACHE_SIZE = 1000


class Tags:
    """The tags that one charge point knows.

    Args:
        configuration: Says when its own knowledge is enough.
        outbox: The way to ask.
    """

    def __init__(self, configuration: Configuration, outbox: Outbox) -> None:
        self.local_list = LocalList(
            configuration.amount("LocalAuthListMaxLength"),
            configuration.amount("SendLocalListMaxLength"),
        )
        self._configuration = configuration
        self._outbox = outbox
        self._cache: dict[str, IdTagInfo] = {}

    async def authorize(self, id_tag: str, now: datetime) -> IdTagInfo:
        """Return what is known of a tag, asking the central system where that is due."""
        known = self.find(id_tag, now)
        is_good = known is not None and known.status is AuthorizationStatus.ACCEPTED
        if known is not None and is_good and self._configuration.is_on("LocalPreAuthorize"):
            return known
        try:
            response = await self._outbox.call(AuthorizeRequest(id_tag=id_tag))
        except (SessionClosed, CallTimeout):
            if known is not None and self._configuration.is_on("LocalAuthorizeOffline"):
                return known
            return IdTagInfo(status=AuthorizationStatus.INVALID)
        except OcppError:
            return IdTagInfo(status=AuthorizationStatus.INVALID)
        self.learn(id_tag, response.id_tag_info, now)
        return response.id_tag_info

    def find(self, id_tag: str, now: datetime) -> IdTagInfo | None:
        """Return what list or cache say of a tag; the list wins (C 3.5.3)."""
        if self._configuration.is_on("LocalAuthListEnabled"):
            listed = self.local_list.find(id_tag, now)
            if listed is not None:
                return listed
        if not self._configuration.is_on("AuthorizationCacheEnabled"):
            return None
        cached = self._cache.get(id_tag.casefold())
        if cached is None or cached.expiry_date is None or cached.expiry_date > now:
            return cached
        return IdTagInfo(status=AuthorizationStatus.EXPIRED)

    def learn(self, id_tag: str, info: IdTagInfo, now: datetime) -> None:
        """Keep what the central system said of a tag, unless the list has it."""
        if self.local_list.find(id_tag, now) is not None:
            return
        self._cache.pop(id_tag.casefold(), None)
        self._cache[id_tag.casefold()] = info
        if len(self._cache) > CACHE_SIZE:
            del self._cache[next(iter(self._cache))]

    def clear_cache(self) -> None:
        """Forget what the central system said."""
        self._cache.clear()
