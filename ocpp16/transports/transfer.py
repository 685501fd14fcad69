"""What transfers of files have in common: how one fails, its place, its limits, its end.

No text here holds credentials, a path or a query: any of them can be the right to a file.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum, unique
from typing import Final, TypeAlias

import attrs

CHUNK: Final = 64 * 1024
Progress: TypeAlias = Callable[[int], object]
"""Takes how many bytes were transferred by now."""


@unique
class Failure(Enum):
    """Why a transfer failed."""

    BAD_LOCATION = "the location is none"
    NOT_ALLOWED = "the location is not allowed"
    DENIED = "the server does not let us"
    NOT_SUPPORTED = "the server does not know the operation"
    TOO_LARGE = "the file is too large"
    BROKEN = "the transfer broke"


class TransferFailed(Exception):
    """A file did not arrive.

    Args:
        failure: What kind of failure it is.
        reason: What happened, without credentials.
    """

    def __init__(self, failure: Failure, reason: str) -> None:
        super().__init__(f"{failure.value}: {reason}")
        self.failure = failure


@attrs.frozen
class Place:
    """A location that was judged, and the address it stands for."""

    scheme: str
    host: str
    address: str
    port: int
    user: str | None
    password: str
    path: str

    @property
    def origin(self) -> str:
        """The server, fit for logs."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def url(self) -> str:
        """The location without credentials."""
        return self.origin + self.path


class TransferLimit:
    """Counts the bytes of one transfer, and stops it from another thread.

    Args:
        size: How many bytes it may have.
        progress: Is told how many there are.
    """

    def __init__(self, size: int, progress: Progress) -> None:
        self._size = size
        self._progress = progress
        self._done = 0
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._reason: TransferFailed | None = None
        self.is_final = False
        """Whether nobody wants it any more."""

    def begin(self) -> None:
        """Count from the beginning."""
        self._done = 0

    def count(self, size: int) -> None:
        """Take it that so many bytes came.

        Raises:
            TransferFailed: They are too many, or it was stopped.
        """
        self.check()
        self._done += size
        if self._done > self._size:
            raise TransferFailed(Failure.TOO_LARGE, "it goes on beyond the limit")
        self._progress(self._done)

    def pieces(self, content: bytes) -> Iterator[bytes]:
        """Return what is to be sent, and count it."""
        for start in range(0, len(content), CHUNK):
            piece = content[start : start + CHUNK]
            self.count(len(piece))
            yield piece

    def check(self) -> None:
        """See to it that it was not stopped.

        Raises:
            TransferFailed: It was, and why.
        """
        if self._reason is not None:
            raise self._reason

    def watch(self, link: socket.socket) -> None:
        """Take a connection that is to be cut when it is stopped.

        Raises:
            TransferFailed: It was stopped before.
        """
        with self._lock:
            self._sockets.append(link)
        self.check()

    def stop(self, reason: TransferFailed, *, is_final: bool = False) -> None:
        """Stop it; whoever waits for the other side wakes up."""
        with self._lock:
            self.is_final = self.is_final or is_final
            self._reason = self._reason or reason
            for link in self._sockets:
                # Not by TLS, which would wait for the other side once more.
                with suppress(OSError):
                    socket.socket.shutdown(link, socket.SHUT_RDWR)


def why(error: BaseException) -> str:
    """Return what went wrong, without a text of the other side."""
    text = error.strerror if isinstance(error, OSError) else None
    return text or type(error).__name__
