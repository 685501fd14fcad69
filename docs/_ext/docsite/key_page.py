"""The configuration keys: what `ocpp16.station` knows of them, and what they are for."""

from __future__ import annotations

from itertools import groupby

from docsite import markdown
from ocpp16.station.configuration_key import KEYS, KeySpec, KeyType

SECTIONS = {
    "Core": "C 9.1; CE 3.80 to 3.84, 3.91",
    "LocalAuthListManagement": "C 9.2",
    "Reservation": "C 9.3",
    "SmartCharging": "C 9.4",
    "FirmwareManagement": "CE 3.90",
    "Security": "W 5.1",
}
MEANINGS = {
    "AllowOfflineTxForUnknownId": "Offline, a tag that neither list nor cache knows may charge.",
    "AuthorizationCacheEnabled": "Answers about tags are kept and used again.",
    "AuthorizeRemoteTxRequests": "A remote start is authorized first, as if a card had been shown.",
    "BlinkRepeat": "How often the lights blink when they signal something.",
    "ClockAlignedDataInterval": "From one clock-aligned reading to the next, counted from midnight; "
        "0 turns them off.",
    "ConnectionTimeOut": "How long an authorized driver has to plug in before the start is given up.",
    "ConnectorPhaseRotation": "How the phases of each connector are wired to the meter; items are "
        "`connector.rotation` (`1.RST`).",
    "ConnectorPhaseRotationMaxLength": "Most items of ConnectorPhaseRotation.",
    "GetConfigurationMaxKeys": "Most keys of one GetConfiguration.",
    "HeartbeatInterval": "Silence after which a Heartbeat is sent; set by the answer to "
        "BootNotification.",
    "LightIntensity": "Brightness of the lights.",
    "LocalAuthorizeOffline": "Offline, a tag on the local list or in the cache may charge.",
    "LocalPreAuthorize": "Online, a tag on the local list or in the cache may charge before the "
        "central system is asked.",
    "MaxEnergyOnInvalidId": "Energy that is still given after the central system has found the tag "
        "invalid.",
    "MessageTimeout": "How long the charge point waits for an answer to its own calls.",
    "MeterValuesAlignedData": "What is measured for clock-aligned MeterValues.",
    "MeterValuesAlignedDataMaxLength": "Most items of MeterValuesAlignedData.",
    "MeterValuesSampledData": "What is measured for periodic MeterValues during a transaction.",
    "MeterValuesSampledDataMaxLength": "Most items of MeterValuesSampledData.",
    "MeterValueSampleInterval": "From one periodic reading of a transaction to the next; 0 turns them "
        "off.",
    "MinimumStatusDuration": "A status is reported once it has lasted so long.",
    "NumberOfConnectors": "How many connectors there are; they are numbered from 1.",
    "ResetRetries": "How often a reset that failed is tried again.",
    "StopTransactionMaxMeterValues": "Most readings within one StopTransaction.",
    "StopTransactionOnEVSideDisconnect": "A transaction ends when the cable is unplugged at the car.",
    "StopTransactionOnInvalidId": "A transaction ends when the answer to StartTransaction finds the "
        "tag invalid.",
    "StopTxnAlignedData": "What of the clock-aligned readings goes into StopTransaction.",
    "StopTxnAlignedDataMaxLength": "Most items of StopTxnAlignedData.",
    "StopTxnSampledData": "What of the periodic readings goes into StopTransaction.",
    "StopTxnSampledDataMaxLength": "Most items of StopTxnSampledData.",
    "SupportedFeatureProfiles": "Which feature profiles the charge point has.",
    "SupportedFeatureProfilesMaxLength": "Most items of SupportedFeatureProfiles.",
    "TransactionMessageAttempts": "How often a message about a transaction is sent if it is answered "
        "with an error.",
    "TransactionMessageRetryInterval": "Wait after such an error, times the number of attempts before.",
    "UnlockConnectorOnEVSideDisconnect": "The cable is unlocked here when it is unplugged at the car.",
    "WebSocketPingInterval": "From one ping of the charge point to the next; 0 turns them off. JSON "
        "only.",
    "LocalAuthListEnabled": "The local list is used.",
    "LocalAuthListMaxLength": "Most entries of the local list.",
    "SendLocalListMaxLength": "Most entries of one SendLocalList.",
    "ReserveConnectorZeroSupported": "Whichever connector is free can be reserved.",
    "ChargeProfileMaxStackLevel": "Highest stackLevel of a charging profile.",
    "ChargingScheduleAllowedChargingRateUnit": "Units of limits that are taken: `Current` (A), `Power` "
        "(W).",
    "ChargingScheduleMaxPeriods": "Most periods of one schedule.",
    "ConnectorSwitch3to1PhaseSupported": "It can switch from three phases to one while charging.",
    "MaxChargingProfilesInstalled": "Most charging profiles at a time.",
    "SupportedFileTransferProtocols": "How files are fetched and delivered: `FTP`, `FTPS`, `HTTP`, "
        "`HTTPS`.",
    "AdditionalRootCertificateCheck": "A new root certificate of the central system has to be signed "
        "by the one before.",
    "AuthorizationKey": "The password for HTTP Basic, as hex digits; never read back. A change makes "
        "the charge point reconnect.",
    "CertificateSignedMaxChainSize": "Longest certificate chain of CertificateSigned.",
    "CertificateStoreMaxLength": "Most root certificates.",
    "CpoName": "Name of the operator; it goes into the request for a certificate.",
    "SecurityProfile": "The security profile in use; it can be raised, never lowered.",
}  # fmt: skip
"""What each key is for."""


def keys() -> str:
    """Return one table for every feature profile."""
    parts = []
    for profile, group in groupby(KEYS, key=lambda key: key.profile):
        rows = ((f"`{key.name}`", _type(key), _access(key), _meaning(key)) for key in group)
        head = ["Key", "Type, unit", "Access", "Meaning, default"]
        parts += [f"## {profile}\n", f"Spec: {SECTIONS[profile]}.\n", markdown.table(head, rows)]
    return "\n".join(parts)


def _type(key: KeySpec) -> str:
    words = ["list" if key.type is KeyType.LIST else key.type.value]
    if key.type is KeyType.INTEGER:
        has_most = key.most < KeySpec(name="", type=KeyType.INTEGER).most
        if has_most:
            words.append(f"{key.least:,} to {key.most:,}")
        elif key.least:
            words.append(f"at least {key.least:,}")
    if key.unit:
        words.append(key.unit)
    return ", ".join(words)


def _access(key: KeySpec) -> str:
    return f"{key.access.value}, required" if key.required else key.access.value


def _meaning(key: KeySpec) -> str:
    if key.default is None:
        return MEANINGS[key.name]
    default = f"`{key.default}`" if key.default else "empty"
    return f"{MEANINGS[key.name]} Default: {default}."
