"""Transports: what carries frames between two sessions. Sockets and the event loop live here."""
