"""A simulated charge point whose certificates its central system manages: on JSON over TLS.

It has the security extension then: a central system may renew its certificate, install roots, and
update its firmware by signed messages only (L01.20). Without `cryptography` it has none of that.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from urllib.parse import quote, urlsplit

import attrs

from ocpp16.apps.charge_point.simulator import Hardware
from ocpp16.apps.pki import Pki
from ocpp16.security.configuration import StationSecurity
from ocpp16.security.key_store import FileKeyStore, KeyStore, MemoryKeyStore


def is_managed(url: str, security: StationSecurity | None) -> bool:
    """Tell whether a charge point with this link has its certificates managed."""
    is_installed = importlib.util.find_spec("cryptography") is not None
    is_secure = security is not None and security.is_tls
    return is_secure and is_installed and urlsplit(url).scheme == "wss"


def key_store(state: Path | None, identity: str) -> KeyStore:
    """Return where a charge point keeps its keys: in the folder of its state, if it has one."""
    if state is None:
        return MemoryKeyStore()
    return FileKeyStore(state / f"{quote(identity, safe='')}-keys")


def managed(hardware: Hardware, security: StationSecurity, pki: Path | None) -> Hardware:
    """Return a charge point as it is, with what it needs to ask for certificates.

    Args:
        hardware: The charge point.
        security: Its link.
        pki: The folder that tells the operator's name and serial numbers; None knows neither.
    """
    configuration = {"SecurityProfile": str(security.profile)}
    serial = None
    if pki is not None:
        try:
            configuration["CpoName"] = Pki(pki).owner
            serials = Pki(pki).serial_numbers
        except ValueError:
            # A folder that `ocpp16 pki` has not made: CpoName can be set by the central system.
            serials = {}
        serial = next((each for each, who in serials.items() if who == hardware.identity), None)
    return attrs.evolve(
        hardware, has_extension=True, serial_number=serial, configuration=configuration
    )
