"""The bridge: OCPP-S charge points on an OCPP-J central system, nothing lost."""
