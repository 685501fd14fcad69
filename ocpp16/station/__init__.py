"""What a charge point does beside talking, as pure parts; `Station` puts them behind a role.

Each part is a state machine of its own: events and time go in, decisions come out. None knows a
wire, a role, a socket or an event loop; `core` composes them, and `station` alone knows a role and
the clock. Spec: SPEC 1 to 8, 10, 13.
"""
