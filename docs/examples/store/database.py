"""A table of one's own in the store: opened, led, written and read."""

import asyncio

import sqlalchemy as sa

from ocpp16.store.database import Database
from ocpp16.store.schema import Schema, new_tables

METADATA = sa.MetaData()
PRICES = sa.Table(
    "example_price",
    METADATA,
    sa.Column("tariff", sa.Text, primary_key=True),
    sa.Column("cents", sa.Integer, nullable=False),
)
SCHEMA = Schema("example", (new_tables(METADATA),))


async def main() -> None:
    async with await Database.open("sqlite:///site.db", schemas=[SCHEMA]) as database:
        await database.lead()
        await database.write(
            lambda connection: connection.execute(
                sa.insert(PRICES).values(tariff="night", cents=29)
            ).close()
        )
        rows = await database.read(lambda connection: connection.execute(sa.select(PRICES)).all())
        print(rows)


asyncio.run(main())
