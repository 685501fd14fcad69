"""Ports for programs that have to be told one beforehand.

A port that the system gives for 0 may be given again, to any connection that goes out, between the
moment it is free and the moment a program listens there. So these are from below that range.
"""

from __future__ import annotations

import random
import socket

RANGE = range(20_000, 32_000)
"""Below the ports that Linux (32768) and macOS (49152) give by themselves."""


def free_ports(count: int) -> list[int]:
    """Return ports on which nobody listens, each another one."""
    probes: list[socket.socket] = []
    try:
        for port in random.sample(RANGE, len(RANGE)):
            if len(probes) == count:
                break
            probe = socket.socket()
            try:
                probe.bind(("", port))
            except OSError:
                probe.close()
            else:
                probes.append(probe)
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
