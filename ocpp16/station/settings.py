"""The configuration of a station as its model has it. Spec: C 9, W 5.1, W A05; SPEC 10.

With the rules that keys follow beyond their types.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ocpp16.station.ability import Ability
from ocpp16.station.configuration import Configuration
from ocpp16.station.meter import can_measure
from ocpp16.station.model import Equipment, Model
from ocpp16.storage import StationStorage

MEASURAND_KEYS = (
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "StopTxnAlignedData",
    "StopTxnSampledData",
)
CERTIFICATE_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "AdditionalRootCertificateCheck": "false",
        "CertificateSignedMaxChainSize": "10000",
        "CertificateStoreMaxLength": "16",
    }
)
"""Keys of a station whose certificates can be managed, where its model says nothing of them."""


def make_configuration(model: Model, storage: StationStorage, ability: Ability) -> Configuration:
    """Return the keys of a station, with what it has kept of them.

    Raises:
        ValueError: A key of the model does not take its value.
    """
    has_certificates = model.has_security_extension and ability.examiner is not None
    values = {
        "NumberOfConnectors": str(model.connectors),
        "SupportedFeatureProfiles": ",".join(model.profiles),
        "ConnectorPhaseRotationMaxLength": str(model.connectors + 1),
        **(CERTIFICATE_KEYS if has_certificates else {}),
        **model.configuration,
    }
    absent = [*model.absent_keys]
    if not model.has_security_extension:
        absent += ["SecurityProfile"]
    return Configuration(
        storage,
        values=values,
        absent=absent,
        vendor_keys=model.vendor_keys,
        profiles=model.profiles,
    )


def forbid(configuration: Configuration, equipment: Equipment, ability: Ability) -> None:
    """Refuse values of keys that this charge point cannot follow."""
    measurands = equipment.measurands()
    for name in MEASURAND_KEYS:
        configuration.forbid(name, lambda value: not can_measure(_items(value), measurands))

    def is_of_no_connector(value: str) -> bool:
        numbers = [int(item.partition(".")[0]) for item in _items(value)]
        is_beyond = any(each > configuration.integer("NumberOfConnectors") for each in numbers)
        return is_beyond or len(set(numbers)) < len(numbers)

    configuration.forbid("ConnectorPhaseRotation", is_of_no_connector)

    def is_no_next_profile(value: str) -> bool:
        wanted, present = int(value), configuration.integer("SecurityProfile")
        has_key = configuration.text("AuthorizationKey") is not None or ability.has_key()
        # A05.FR.01 to 04.
        return (
            not ability.can_change_profile
            or wanted <= present
            or (wanted in {1, 2} and not has_key)
            or (wanted in {2, 3} and not ability.has_system_root())
            or (wanted == 3 and not ability.has_certificate())
        )

    configuration.forbid("SecurityProfile", is_no_next_profile)


def _items(value: str) -> list[str]:
    return [item for part in value.split(",") if (item := part.strip())]
