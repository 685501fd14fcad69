"""Standard output, and what to do when it takes no more: it is full, or its reader has gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TextIO, TypeVar, cast

T = TypeVar("T")


class OutputFailed(Exception):
    """Standard output takes no more. No `OSError`: it is not to be taken for a file's or a port's.

    Args:
        reason: What the system said.
    """

    def __init__(self, reason: OSError) -> None:
        super().__init__(reason.strerror or str(reason))
        self.reason = reason


class _Guarded:
    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        try:
            return self._file.write(text)
        except OSError as error:
            raise OutputFailed(error) from error

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            raise OutputFailed(error) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def guarded(file: TextIO) -> TextIO:
    """Return a file that raises `OutputFailed` where the given one raises `OSError`."""
    return cast("TextIO", _Guarded(file))


class Watch(Generic[T]):
    """Shows what happens, inside of callbacks that must not raise: a failure waits for `check`.

    Args:
        show: Shows one event.
        failed: Is called once, when no more can be shown.
    """

    def __init__(self, show: Callable[[T], object], failed: Callable[[], object]) -> None:
        self._show = show
        self._failed = failed
        self._failure: OutputFailed | None = None

    def __call__(self, event: T) -> None:
        """Show one event, as long as that is possible."""
        if self._failure is not None:
            return
        try:
            self._show(event)
        except OutputFailed as error:
            self._failure = error
            self._failed()

    def check(self) -> None:
        """Raise what prevented showing.

        Raises:
            OutputFailed: Something could not be shown.
        """
        if self._failure is not None:
            raise self._failure
