"""Tags that are shown: whom they start, stop or free, asking the central system where it has to be.

Spec: C 3.5, 4.1, 5.11; SPEC 4, 8. What decides is in `authorization`; what follows in `charging`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ocpp16.datatypes import ChargingProfile, IdTagInfo
from ocpp16.enums import Reason
from ocpp16.errors import CallNotAllowed, CallTimeout, SessionClosed
from ocpp16.messages import AuthorizeRequest, AuthorizeResponse
from ocpp16.station.action import Refused
from ocpp16.station.authorization import (
    Authorizer,
    Decision,
    Starter,
    Verdict,
    is_of_group,
    is_starter,
)
from ocpp16.station.bay import Bay
from ocpp16.station.charging import Charging
from ocpp16.station.context import Context
from ocpp16.station.courier import Outcome
from ocpp16.station.status_board import StatusBoard
from ocpp16.storage import StorageFailed

Told: TypeAlias = Callable[[bool | StorageFailed], None]
"""Is told whether a tag was accepted, or why what it brings about cannot be kept."""


def _nobody(result: bool | StorageFailed) -> None:
    """Take no notice."""


def _tell(told: Told, work: Callable[[], bool]) -> None:
    """Tell what work comes to, its failure included."""
    try:
        is_accepted = work()
    except StorageFailed as error:
        told(error)
        raise
    told(is_accepted)


class Reader:
    """The tag readers of one station.

    Args:
        context: The station.
        board: Its statuses.
        authorizer: Decides on tags.
        charging: Its connectors.
    """

    def __init__(
        self,
        context: Context,
        *,
        board: StatusBoard,
        authorizer: Authorizer,
        charging: Charging,
    ) -> None:
        self._context = context
        self._board = board
        self._authorizer = authorizer
        self._charging = charging

    def present(self, number: int, id_tag: str, told: Told = _nobody) -> None:
        """Take it that a tag is shown at a connector.

        Args:
            number: Where.
            id_tag: The tag.
            told: Is told, sooner or later, whether it was accepted.

        Raises:
            StorageFailed: What it brings about could not be stored, and does not happen.
        """
        AuthorizeRequest(id_tag=id_tag)  # refuses what is no tag
        bay = self._charging.bays[number]
        owner = bay.transaction.starter if bay.transaction is not None else bay.held_for
        if owner is not None and is_starter(owner, id_tag):
            # C 4.1: the tag that started stops, and Authorize must not be sent for that.
            self._release(bay, id_tag)
            told(True)
        elif bay.waiting is not None and is_starter(bay.waiting, id_tag):
            bay.forget_user()
            self._charging.settle(number)
            told(False)
        elif bay.waiting is not None:
            told(False)
        elif owner is not None:
            self._authorize(
                id_tag,
                lambda decision: _tell(told, lambda: self._come_for(bay, id_tag, decision)),
            )
        elif not self._charging.is_usable(number):
            told(False)
        else:
            self._authorize(
                id_tag,
                lambda decision: _tell(
                    told,
                    lambda: (
                        decision.verdict is Verdict.ACCEPT
                        and self._charging.prepare(number, Starter(id_tag, decision.parent))
                    ),
                ),
            )

    def _come_for(self, bay: Bay, id_tag: str, decision: Decision) -> bool:
        """Let somebody of the starter's group stop the transaction, or take the cable."""
        owner = bay.transaction.starter if bay.transaction is not None else bay.held_for
        if owner is None or decision.verdict is not Verdict.ACCEPT:
            return False
        if not is_of_group(owner, decision.parent):
            return False
        self._release(bay, id_tag)
        return True

    def _release(self, bay: Bay, id_tag: str) -> None:
        if bay.transaction is not None:
            self._charging.stop(bay.number, Reason.LOCAL, id_tag=id_tag)
            return
        bay.held_for = None
        self._context.equipment.unlock(bay.number)
        if not bay.is_plugged:
            bay.is_finishing = False
        self._charging.settle(bay.number)

    def _authorize(self, id_tag: str, then: Callable[[Decision], None]) -> None:
        context = self._context
        decision = self._authorizer.decide(id_tag, context.now, is_online=context.is_online)
        if decision.verdict is not Verdict.ASK:
            then(decision)
            return

        def answered(outcome: Outcome) -> None:
            match outcome:
                case AuthorizeResponse(id_tag_info=info):
                    self.learn(id_tag, info)
                    then(self._authorizer.answered(info))
                case SessionClosed() | CallTimeout() | CallNotAllowed():
                    # Nobody could be asked, so it counts as offline.
                    then(self._authorizer.decide(id_tag, context.now, is_online=False))
                case _:
                    then(Decision(Verdict.REFUSE))

        context.courier.post(AuthorizeRequest(id_tag=id_tag), answered, is_urgent=True)

    def learn(self, id_tag: str, info: IdTagInfo) -> None:
        """Take what the central system said of a tag."""
        try:
            if self._authorizer.learn(id_tag, info, self._context.now):
                self._board.tell_conflict()
        except StorageFailed as error:
            # A cache that cannot be written keeps nobody from charging.
            self._context.act(Refused(error))

    def authorize_remote_start(
        self, number: int, id_tag: str, profile: ChargingProfile | None
    ) -> None:
        """Do what an accepted RemoteStartTransaction asks for (C 5.11)."""

        def decided(decision: Decision) -> None:
            if decision.verdict is Verdict.ACCEPT and self._charging.is_usable(number):
                self._charging.prepare(number, Starter(id_tag, decision.parent), profile)

        if self._context.configuration.is_on("AuthorizeRemoteTxRequests"):
            self._authorize(id_tag, decided)
        else:
            known = self._authorizer.known(id_tag, self._context.now)
            decided(Decision(Verdict.ACCEPT, known))
