"""The certificate that a charge point authenticates with: what it says, and whose it has to be.

Its path was verified by TLS before (`tls`). Here: O has to be the operator's name or that of an
organization that it trusts, and CN is the charge point's serial number, which need not be its
identity. Spec: W A00.403-.407, .509, .511.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import TypeAlias

import attrs


@attrs.frozen(kw_only=True)
class ClientCertificate:
    """What a verified client certificate says; texts as they stand in it, whatever they hold."""

    common_names: tuple[str, ...]
    organizations: tuple[str, ...]
    serial_number: str
    """Its own serial number, in hex (not the charge point's)."""
    issuer: str
    """The issuer's name, for people."""
    not_after: datetime
    """When it expires."""
    fingerprint: str
    """SHA-256 of the certificate, in hex."""
    host_names: tuple[str, ...] = ()
    """The dNSName entries of its subjectAltName."""
    addresses: tuple[str, ...] = ()
    """The iPAddress entries of its subjectAltName."""

    @property
    def charge_point_serial(self) -> str | None:
        """The charge point's serial number; None if it does not name exactly one."""
        return self.common_names[0] if len(self.common_names) == 1 else None

    def is_of_host(self, host: str) -> bool:
        """Tell whether it is that of a central system at a host.

        A name is looked for among the dNSName entries, without any in CN, and an address among the
        iPAddress entries. There are no wildcards: the whitepaper has the full name (A00.510).
        """
        try:
            address = ip_address(host)
        except ValueError:
            pass
        else:
            return address in map(ip_address, self.addresses)
        names = self.host_names or self.common_names
        return host.lower().removesuffix(".") in {name.lower() for name in names}

    def why_not_owned_by(self, owners: Collection[str]) -> str | None:
        """Return why none of these organizations owns it; None if one does."""
        if len(self.organizations) == 1 and self.organizations[0] in owners:
            return None
        if not self.organizations:
            return "the certificate has no organization"
        return "the certificate is of an organization that is not trusted here"


SerialNumbers: TypeAlias = Mapping[str, str] | Callable[[str], str | Awaitable[str | None] | None]
"""Gives the identity of the charge point that has a serial number; None if none has."""


async def identity_of(table: SerialNumbers | None, serial: str) -> str | None:
    """Return the identity of a serial number; without a table they are the same."""
    if table is None:
        return serial
    if not callable(table):
        return table.get(serial)
    found = table(serial)
    return await found if inspect.isawaitable(found) else found
