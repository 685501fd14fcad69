"""Who may charge, and who may stop: list, cache, online, offline, groups. Spec: C 3.5, 4.1; SPEC 4.

Decides; asking the central system is for whoever holds the link. Tags compare without case.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, unique

import attrs

from ocpp16.datatypes import AuthorizationData, IdTagInfo
from ocpp16.enums import AuthorizationStatus, UpdateStatus, UpdateType
from ocpp16.primitives import same_text
from ocpp16.station.cache import AuthorizationCache
from ocpp16.station.configuration import Configuration
from ocpp16.station.local_list import VALID, LocalList


@unique
class Verdict(Enum):
    """What is to be done with a tag that was shown."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    ASK = "ask the central system"


@attrs.frozen
class Decision:
    """A verdict, and what is known of the tag that it rests on."""

    verdict: Verdict
    info: IdTagInfo | None = None

    @property
    def parent(self) -> str | None:
        """The group of the tag, if it is known."""
        return None if self.info is None else self.info.parent_id_tag


@attrs.frozen
class Starter:
    """Who started a transaction."""

    id_tag: str
    parent_id_tag: str | None = None


class Authorizer:
    """The authorization of one charge point.

    Args:
        configuration: Its keys.
        local_list: Its list; None where the profile is not supported.
        cache: What the central system said before.
    """

    __slots__ = ("_cache", "_configuration", "_list")

    def __init__(
        self,
        configuration: Configuration,
        local_list: LocalList | None,
        cache: AuthorizationCache,
    ) -> None:
        self._configuration = configuration
        self._list = local_list
        self._cache = cache

    # What is known

    def listed(self, id_tag: str, now: datetime) -> IdTagInfo | None:
        """Return what the local list says of a tag, if it is in use."""
        if self._list is None or not self._configuration.is_on("LocalAuthListEnabled"):
            return None
        return self._list.find(id_tag, now)

    def known(self, id_tag: str, now: datetime) -> IdTagInfo | None:
        """Return what list or cache say of a tag; the list wins (C 3.5.3)."""
        listed = self.listed(id_tag, now)
        if listed is not None or not self._configuration.is_on("AuthorizationCacheEnabled"):
            return listed
        return self._cache.find(id_tag, now)

    def learn(self, id_tag: str, info: IdTagInfo, now: datetime) -> bool:
        """Take an IdTagInfo of the central system; return whether it contradicts the list.

        Then a StatusNotification with LocalListConflict is due (C 3.5.3). A tag of the list never
        enters the cache.
        """
        listed = self.listed(id_tag, now)
        if listed is None:
            if self._configuration.is_on("AuthorizationCacheEnabled"):
                self._cache.learn(id_tag, info, now)
            return False
        return (listed.status in VALID) != (info.status in VALID)

    def update_list(
        self, type: UpdateType, version: int, entries: tuple[AuthorizationData, ...]
    ) -> UpdateStatus:
        """Take a SendLocalList."""
        if self._list is None or not self._configuration.is_on("LocalAuthListEnabled"):
            return UpdateStatus.NOT_SUPPORTED
        status = self._list.update(type, version, entries)
        if status is UpdateStatus.ACCEPTED:
            for entry in entries:
                if entry.id_tag_info is not None:
                    self._cache.forget(entry.id_tag)
        return status

    def clear_cache(self) -> bool:
        """Empty the cache; return False where there is none (CE 3.23)."""
        if not self._configuration.is_on("AuthorizationCacheEnabled"):
            return False
        self._cache.clear()
        return True

    # Decisions

    def decide(self, id_tag: str, now: datetime, *, is_online: bool) -> Decision:
        """Decide on a tag that wants to start, or that comes from somebody else than the starter.

        Args:
            id_tag: The tag.
            now: The time of day.
            is_online: Whether the central system can be asked.
        """
        known = self.known(id_tag, now)
        is_valid = known is not None and known.status in VALID
        if is_online:
            if is_valid and self._configuration.is_on("LocalPreAuthorize"):
                return Decision(Verdict.ACCEPT, known)
            # A tag cached or listed as invalid may have become valid meanwhile.
            return Decision(Verdict.ASK, known)
        return self._decide_offline(known)

    def _decide_offline(self, known: IdTagInfo | None) -> Decision:
        if known is not None and known.status not in VALID:
            # C 3.5.2: not even with AllowOfflineTxForUnknownId.
            return Decision(Verdict.REFUSE, known)
        if known is not None and self._configuration.is_on("LocalAuthorizeOffline"):
            return Decision(Verdict.ACCEPT, known)
        if known is None and self._configuration.is_on("AllowOfflineTxForUnknownId"):
            return Decision(Verdict.ACCEPT)
        return Decision(Verdict.REFUSE, known)

    def answered(self, info: IdTagInfo) -> Decision:
        """Decide by the answer to Authorize: ConcurrentTx says nothing there (SPEC 4)."""
        is_good = info.status is AuthorizationStatus.ACCEPTED
        return Decision(Verdict.ACCEPT if is_good else Verdict.REFUSE, info)


def is_starter(starter: Starter, id_tag: str) -> bool:
    """Tell whether a tag started a transaction: it stops it, and Authorize must not be sent."""
    return same_text(starter.id_tag, id_tag)


def is_of_group(starter: Starter, parent_id_tag: str | None) -> bool:
    """Tell whether a tag with this parent belongs to the group of the starter (C 3.10)."""
    if starter.parent_id_tag is None or parent_id_tag is None:
        return False
    return same_text(starter.parent_id_tag, parent_id_tag)
