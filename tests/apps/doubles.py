"""What tests of the apps need: a central system that notes what it is sent, and short names."""

from __future__ import annotations

from datetime import UTC, datetime

from ocpp16.apps.exchange import Exchange, Remark
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACCEPTED = IdTagInfo(status=AuthorizationStatus.ACCEPTED)
BLOCKED = IdTagInfo(status=AuthorizationStatus.BLOCKED)
FAMILY = IdTagInfo(status=AuthorizationStatus.ACCEPTED, parent_id_tag="FAMILY")


class Ears:
    """Listens to an app."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.remarks: list[Remark] = []

    def __call__(self, event: object) -> None:
        if isinstance(event, Exchange):
            self.exchanges.append(event)
        elif isinstance(event, Remark):
            self.remarks.append(event)

    @property
    def warnings(self) -> list[str]:
        return [remark.text for remark in self.remarks if remark.is_warning]
