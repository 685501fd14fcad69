"""A charge point's AuthorizationKey, changed by its central system. Spec: W A01."""

from __future__ import annotations

from ocpp16.enums import ConfigurationStatus
from ocpp16.errors import CallNotAllowed
from ocpp16.messages import ChangeConfigurationRequest
from ocpp16.roles.peer import Duration, Peer
from ocpp16.security.auth import KEY_BYTES, new_key
from ocpp16.security.keyring import KeyRing
from ocpp16.security.profile_change import AUTHORIZATION_KEY

_VERDICTS = {
    ConfigurationStatus.ACCEPTED: True,
    ConfigurationStatus.REJECTED: False,
    ConfigurationStatus.NOT_SUPPORTED: False,
    # It will connect with the new key, nobody knows when.
    ConfigurationStatus.REBOOT_REQUIRED: None,
}


async def change_key(
    peer: Peer,
    keys: KeyRing,
    key: bytes | None,
    timeout: Duration | None,  # noqa: ASYNC109 - the session keeps it, not a task
) -> ConfigurationStatus:
    """Give a charge point another key; see `CentralSystem.rotate_key`.

    Args:
        peer: The charge point.
        keys: Where its keys are.
        key: The new key; None makes a random one.
        timeout: How long the answer may take; None is as the settings have it.
    """
    fresh = new_key() if key is None else key
    if len(fresh) not in KEY_BYTES:
        raise ValueError(f"an AuthorizationKey has 16 to 20 bytes, not {len(fresh)}")
    change = await keys.begin_change(peer.identity, fresh)
    taken = None
    try:
        answer = await peer.call(
            ChangeConfigurationRequest(key=AUTHORIZATION_KEY, value=fresh.hex().upper()),
            timeout=timeout,
        )
        taken = _VERDICTS.get(answer.status)
    except CallNotAllowed:
        taken = False  # Nothing was sent.
        raise
    finally:
        await keys.end_change(change, taken=taken)
    if taken and peer.binding == "ocpps":
        # There a link outlives the requests that it was let in with; the next is judged anew.
        peer.close(reason="the key has changed")
    return answer.status
