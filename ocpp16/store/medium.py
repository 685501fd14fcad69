"""What a store asks of the kind of database that it is kept on."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from ocpp16.store.error import StoreError


class Medium(Protocol):
    """A database, as the writer and the readers use it. Every method may block."""

    name: str
    """Its URL without a password, for messages."""
    is_remote: bool
    """Whether it is a server: the connection can be lost, and a second process may stand by."""

    def connect(self) -> Connection:
        """Return a new connection to write by, no transaction begun."""
        raise NotImplementedError

    def reader(self) -> Connection:
        """Return a connection to read by: each transaction sees one state, and changes nothing."""
        raise NotImplementedError

    def explain(self, error: BaseException) -> StoreError | None:
        """Return what failed of the store; None where it did its work and the statement is bad."""
        ...

    def is_undecided(self, error: BaseException) -> bool:
        """Tell whether a commit that failed so may have taken place."""
        raise NotImplementedError

    def renew_savepoint(self, connection: Connection) -> None:
        """Release the savepoint `work`, and set it again."""
        ...

    def guard_migration(self, connection: Connection) -> None:
        """Keep others from migrating until the transaction ends."""
        ...

    def lock(self, connection: Connection, names: tuple[str, ...]) -> bool:
        """Take the locks of a leader, all or none; none is waited for."""
        raise NotImplementedError

    def unlock(self, connection: Connection) -> None:
        """Give up the locks of a leader."""
        ...

    def reign(self, connection: Connection) -> None:
        """Begin to lead, the locks being held, within the transaction that is open."""
        ...

    def resume(self, connection: Connection) -> None:
        """Go on leading by a new connection.

        Raises:
            LeadershipLost: Another process has led since.
            StoreUnavailable: It cannot be told now.
        """
        ...

    def dispose(self) -> None:
        """Close what is open."""
        ...
