"""The files that settings of a bridge name: can the TLS links upstream be made with them."""

from __future__ import annotations

from collections.abc import Iterator

from ocpp16.apps.bridge_configuration import Fault
from ocpp16.bridge.settings import BridgeSettings, ChargerSettings
from ocpp16.bridge.upstream import tls_for

ADVICE = "give PEM files that belong together and that this user may read"


def faults_of_files(settings: BridgeSettings) -> tuple[Fault, ...]:
    """Return what would keep a bridge with these settings from making its TLS links."""
    return tuple(_faults(settings))


def _faults(settings: BridgeSettings) -> Iterator[Fault]:
    roots = settings.upstream_roots
    if roots is not None:
        try:
            tls_for("wss://HOST", ChargerSettings(), roots)
        except ValueError as error:
            yield Fault("upstream_roots", str(error), ADVICE)
            roots = None
    for identity, charger in settings.chargers.items():
        if charger.client_certificate is None:
            continue
        try:
            tls_for(settings.upstream_for(identity), charger, roots)
        except ValueError as error:
            yield Fault(f"chargers.{identity}", str(error), ADVICE)
