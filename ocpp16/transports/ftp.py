"""Files from and to FTP servers, with TLS or without; passive only, by the address that was judged.

Where the server says that data is to be had is not believed: it is had from the server itself, and
at no port of another service (below 1024). Nothing ever listens here for a server to connect to.
"""

from __future__ import annotations

import ftplib
import io
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from ocpp16.transports.transfer import CHUNK, Failure, Place, TransferFailed, TransferLimit, why

DENIED = frozenset({"530", "532", "550", "553"})
UNKNOWN = frozenset({"500", "502", "504"})
FULL = frozenset({"452", "552"})
FIRST_PORT = 1024


class FtpServer:
    """A server that we are logged in at.

    Args:
        server: The connection.
        place: What it is for.
        limit: Counts, and stops.
    """

    def __init__(self, server: ftplib.FTP, place: Place, limit: TransferLimit) -> None:
        self._server = server
        self._place = place
        self._limit = limit

    def fetch(self, path: str, file: BinaryIO) -> None:
        """Append the rest of a file to what is there of it."""
        start = file.tell()
        self._limit.count(start)

        def take(data: bytes) -> None:
            self._limit.count(len(data))
            file.write(data)

        self.do(lambda: self._server.retrbinary(f"RETR {path}", take, CHUNK, start or None))

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Send a file into a folder."""
        if folder:
            self.do(lambda: self._server.cwd(folder))
        source = io.BytesIO(content)

        def count(data: bytes) -> None:
            self._limit.count(len(data))

        self.do(lambda: self._server.storbinary(f"STOR {name}", source, CHUNK, count))

    def do(self, work: Callable[[], object]) -> None:
        """Do a piece of work.

        Raises:
            TransferFailed: The server refused, or the connection broke.
        """
        try:
            work()
        except (ftplib.Error, OSError, EOFError, ValueError) as error:
            self._limit.check()
            # What the server says may repeat what we have told it.
            text = str(error)[:3]
            code = text if isinstance(error, ftplib.Error) and text.isdecimal() else None
            failure = Failure.BROKEN
            if code in DENIED:
                failure = Failure.DENIED
            elif code in UNKNOWN:
                failure = Failure.NOT_SUPPORTED
            elif code in FULL:
                failure = Failure.TOO_LARGE
            reason = why(error) if code is None else f"FTP {code}"
            raise TransferFailed(failure, f"{self._place.origin}: {reason}") from None


@contextmanager
def ftp_server(
    place: Place, context: Any, silence: float, limit: TransferLimit
) -> Iterator[FtpServer]:
    """Log in at a server.

    Args:
        place: Where it is, and who we are.
        context: The TLS context; None is without TLS.
        silence: Seconds that the server may keep silent.
        limit: Counts, and stops.

    Raises:
        TransferFailed: It does not let us in.
    """
    server: _Passive
    # Plain FTP: the standard advises it (C 5.9); `schemes` can leave it out.
    if context is None:
        server = _Plain(timeout=silence)
    else:
        server = _Secure(timeout=silence, context=context)
    server.limit = limit
    session = FtpServer(server, place, limit)

    def enter() -> None:
        server.connect(place.address, place.port)
        if server.sock is not None:
            limit.watch(server.sock)
        # The certificate is for the name; passive connections go to the same address.
        server.host = place.host
        server.login(place.user or "anonymous", place.password)
        if isinstance(server, ftplib.FTP_TLS):
            if server.sock is not None:
                limit.watch(server.sock)
            server.prot_p()

    try:
        session.do(enter)
        yield session
    finally:
        server.close()


class _Passive(ftplib.FTP):
    """Takes data from the server that it is connected to, whatever address that one tells."""

    trust_server_pasv_ipv4_address = False
    limit: TransferLimit

    def makepasv(self) -> tuple[str, int]:
        """Return where the data is to be had."""
        host, port = super().makepasv()
        if port < FIRST_PORT:
            raise ConnectionRefusedError("the data port is one of another service")
        return host, port

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int]:
        """Open the connection for data, which can be cut like the other one."""
        link, size = super().ntransfercmd(cmd, rest)
        self.limit.watch(link)
        return link, size or 0


class _Plain(_Passive):
    pass


class _Secure(_Passive, ftplib.FTP_TLS):
    pass
