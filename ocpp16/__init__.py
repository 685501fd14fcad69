"""OCPP 1.6 in Python: both wires, both roles, one typed core."""
