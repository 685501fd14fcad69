"""How a store can fail, each with what to do about it. Knows no database."""

from __future__ import annotations

from ocpp16.errors import OcppError


class StoreError(OcppError):
    """Base of what goes wrong with a store. What a failed write was to keep is not kept."""


class StoreNotSupported(StoreError, ValueError):
    """The URL names no database that a store can be kept on, or a package for it is missing."""


class StoreVersionTooNew(StoreError):
    """A newer version of this software wrote the store; this one would damage it."""


class StoreVersionTooOld(StoreError):
    """The store awaits its migration, which another process that leads it stands in the way of."""


class StoreMigrationFailed(StoreError):
    """The tables could not be brought to this version; they are what they were before."""


class StoreCorrupted(StoreError):
    """The database found its own files damaged, or they are not a database at all."""


class StoreUnavailable(StoreError, ConnectionError):
    """The database cannot be reached or does not work now; the next attempt may succeed."""


class StoreBusy(StoreUnavailable):
    """Someone else holds the database, or more is waiting to be written than the limit allows."""


class StoreFull(StoreUnavailable):
    """There is no room left to write to."""


class StoreReadOnly(StoreUnavailable):
    """The database may be read and not written."""


class StoreOutcomeUnknown(StoreUnavailable):
    """The commit was cut off: whether it took place is unknown, so nothing counts as stored."""


class StoreInUse(StoreError):
    """Another process leads this store."""


class LeadershipLost(StoreError):
    """Another process has led this store since: nothing more is written by this one.

    Whatever was read before may be out of date. `Database.lead` may be called again.
    """


class StoreClosed(StoreError):
    """The store was closed before."""
