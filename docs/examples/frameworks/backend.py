"""The central system that every framework here mounts: nothing in it knows of one."""

from datetime import UTC, datetime

from ocpp16 import CentralSystem, Settings, enums, messages

# SOAP charge points are called at an address that they name: here it may be on this machine.
central = CentralSystem(settings=Settings(callback_networks=["127.0.0.0/8"]))


@central.on(messages.BootNotificationRequest)
async def boot(peer, request):
    return messages.BootNotificationResponse(
        status=enums.RegistrationStatus.ACCEPTED, current_time=datetime.now(UTC), interval=300
    )


@central.on(messages.HeartbeatRequest)
async def heartbeat(peer, request):
    return messages.HeartbeatResponse(current_time=datetime.now(UTC))


def connected():
    """Return who is connected, as a page may show it."""
    return {identity: peer.binding for identity, peer in central.peers.items()}


async def reset(identity):
    """Ask a charge point to reset, and return its answer; KeyError if it is not connected."""
    peer = central.peers[identity]
    answer = await peer.call(messages.ResetRequest(type=enums.ResetType.SOFT))
    return answer.status.value
