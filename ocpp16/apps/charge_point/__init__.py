"""What a simulated charge point remembers: pure state, one module for each concern.

No module here knows a role, a wire or a clock: time comes in, decisions come out. Kept small on
purpose; it is what `ocpp16 charge-point` and `ocpp16 demo` need, not all that a charge point does.
"""
