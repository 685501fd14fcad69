"""What must outlive a connection, and may outlive a process: protocols, and in-memory ones.

Knows what is kept and for how long, and no database (see `ocpp16.store`) and no wire.
"""
