"""Roles: the charge point and the central system, whichever wire carries them."""
