"""Keys, and the profiles that charge points have reached, in the store."""

import asyncio

from ocpp16 import CallFailed, CentralSystem, ChargePoint, ServerSecurity, StationSecurity, messages
from ocpp16.store.database import Database
from ocpp16.store.security import tables
from ocpp16.store.security.keys import StoredCredentials
from ocpp16.store.security.reached import StoredReachedProfiles

KEY = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"


async def main() -> None:
    async with await Database.open("sqlite:///keys.db", schemas=[tables.SCHEMA]) as database:
        await database.lead()
        credentials = await StoredCredentials.load(database)
        await credentials.add("CP1", KEY)
        central = CentralSystem(
            security=ServerSecurity(profiles=1, credentials=credentials),
            reached=await StoredReachedProfiles.load(database),
        )
        async with central.serve(json="ws://127.0.0.1:0/ocpp") as server:
            security = StationSecurity(profile=1, authorization_key=KEY)
            station = ChargePoint("CP1")
            async with station.connect(server.urls.json, security=security) as backend:
                try:
                    await backend.call(messages.HeartbeatRequest())
                except CallFailed as error:
                    print("CP1 is let in;", error)
        print("profiles reached:", dict((await StoredReachedProfiles.load(database)).known))


asyncio.run(main())
