"""A back office as somebody may have written it; its tests are beside it."""

from ocpp16 import CentralSystem, datatypes, enums, messages


def make_office(known_tags, clock=None):
    office = CentralSystem(clock=clock)

    @office.on(messages.BootNotificationRequest)
    async def boot(peer, request):
        return messages.BootNotificationResponse(
            status=enums.RegistrationStatus.ACCEPTED,
            current_time=office.clock.now(),
            interval=300,
        )

    @office.on(messages.AuthorizeRequest)
    async def authorize(peer, request):
        known = request.id_tag in known_tags
        status = enums.AuthorizationStatus.ACCEPTED if known else enums.AuthorizationStatus.INVALID
        return messages.AuthorizeResponse(id_tag_info=datatypes.IdTagInfo(status=status))

    return office
