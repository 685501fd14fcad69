"""What outlives a process: one durable database, on SQLite or PostgreSQL, through SQLAlchemy Core.

Knows tables, transactions and the one process that may write; knows no wire and no role. Needs the
extra `store`, and `postgresql` for PostgreSQL. `docs/explanation/store.md` has the reasons.
"""
