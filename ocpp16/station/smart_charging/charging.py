"""A transaction, as far as charging profiles ask for it."""

from __future__ import annotations

from datetime import datetime

import attrs


@attrs.frozen
class Charging:
    """A transaction that runs on a connector."""

    started: datetime
    """What relative schedules count from: the start of the transaction."""
    transaction_id: int | None = None
    """None until the central system has given it."""
