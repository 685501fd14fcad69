"""A charger as somebody may have written it; its tests are beside it."""

from ocpp16 import ChargePoint, enums, messages


def make_charger(clock=None):
    charger = ChargePoint("CP1", clock=clock)
    charger.resets = 0

    @charger.on(messages.ResetRequest)
    async def reset(backend, request):
        charger.resets += 1
        return messages.ResetResponse(status=enums.ResetStatus.ACCEPTED)

    return charger
