"""A simulated charge point, in small parts; `Simulator` puts them together.

Kept small on purpose: what `ocpp16 charge-point` and `ocpp16 demo` need, not all that a charge
point does. `configuration`, `connector`, `charging_profile`, `local_list` and `reservation` are
pure.
"""
