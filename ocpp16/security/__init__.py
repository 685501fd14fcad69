"""Security: who is let in, by data and pure functions. No sockets here."""
