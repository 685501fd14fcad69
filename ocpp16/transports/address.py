"""Network addresses as texts."""

from __future__ import annotations


def format_address(address: object) -> str | None:
    """Return a socket address as `host:port`, None where it is of another kind."""
    if not isinstance(address, tuple) or len(address) < 2:
        return None
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
