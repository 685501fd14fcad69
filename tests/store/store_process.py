"""A process that writes what it is told to, and tells what became of it. Run by a test.

    python -m tests.store.store_process URL

Each line of input is the texts of works that are handed in at once; each line of output tells of
each whether it was `stored`, or which error there was. `?` asks for what is in the store.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from ocpp16.store.database import Database
from ocpp16.store.error import StoreError
from tests.store.tables import SCHEMA, insert, texts


async def write(database: Database, text: str) -> str:
    try:
        await database.write(insert(text))
    except StoreError as error:
        return type(error).__name__
    return "stored"


async def main(url: str) -> None:
    try:
        database = await Database.open(url, schemas=[SCHEMA], busy_timeout=timedelta(seconds=0.2))
    except StoreError as error:
        print(type(error).__name__, error, flush=True)
        return
    print("open", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.strip() == "?":
            print(*await database.read(texts), flush=True)
        else:
            works = (write(database, text) for text in line.split())
            print(*await asyncio.gather(*works), flush=True)
    await database.close()


asyncio.run(main(sys.argv[1]))
