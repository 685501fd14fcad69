"""A stranger who calls itself CP1, knows the central system's root, and has no certificate."""

import asyncio

from ocpp16 import ChargePoint, ConnectionRefused, SessionClosed, StationSecurity

URL = "wss://localhost:9000/ocpp"
stranger = ChargePoint("CP1")
security = StationSecurity(
    profile=2,
    roots="certificates/root.pem",
    authorization_key="0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF",
)


async def main() -> None:
    try:
        async with stranger.connect(URL, security=security):
            print("we are in!")
    except (ConnectionRefused, SessionClosed):
        print("the door stays shut")


asyncio.run(main())
