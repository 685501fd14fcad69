"""A central system that is open for connections: its listeners, their URLs, the graceful stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Protocol, Self

from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.roles.driver import Driver
from ocpp16.roles.stack import stack_for
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.settings import Settings
from ocpp16.transports.connection import Connection, Listener, Restoring


class Host(Protocol):
    """The central system, as far as a server needs it."""

    settings: Settings
    clock: Clock

    async def admit(self, handshake: Handshake) -> PeerInfo | Refusal:
        """Let a peer in or refuse it."""
        raise NotImplementedError

    def welcome(self, connection: Connection, house: set[Driver[Any]] | None = None) -> None:
        """Take a new connection, and keep its driver in `house` while it is open."""
        ...

    async def disconnect(self, house: set[Driver[Any]] | None = None) -> None:
        """Let running handlers end, then close the connections."""
        ...


class Urls(Mapping[str, str]):
    """Where a server listens, by the name of the wire: `json`, `soap`."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls

    @property
    def json(self) -> str:
        """The OCPP-J endpoint (`ws://...`); KeyError if it is not served."""
        return self["json"]

    @property
    def soap(self) -> str:
        """The OCPP-S endpoint (`http://...`); KeyError if it is not served."""
        return self["soap"]

    def __getitem__(self, wire: str) -> str:
        return self._urls[wire]

    def __iter__(self) -> Iterator[str]:
        return iter(self._urls)

    def __len__(self) -> int:
        return len(self._urls)

    def __repr__(self) -> str:
        return f"Urls({dict(self._urls)})"


class Server:
    """The listeners of a central system; as `async with`, or with `start` and `stop`.

    It can be started again after it was stopped.

    Args:
        host: The central system.
        urls: Where to listen, by the name of the wire.
    """

    def __init__(self, host: Host, urls: Mapping[str, str]) -> None:
        if not urls:
            raise ValueError("serve(json=..., soap=...) needs at least one URL")
        self._host = host
        self._wanted = {wire: (url, stack_for(url)) for wire, url in urls.items()}
        self._listeners: dict[str, Listener] = {}
        self._house: set[Driver[Any]] = set()

    @property
    def urls(self) -> Urls:
        """Where it listens, with the ports that were really bound; empty while it does not."""
        return Urls({wire: listener.url for wire, listener in self._listeners.items()})

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: An address is not ours, or taken; then nothing listens.
        """
        if self._listeners:
            raise RuntimeError("the server has been started already")
        try:
            for wire, (url, stack) in self._wanted.items():
                self._listeners[wire] = await stack.listen(
                    url,
                    admission=self._host.admit,
                    welcome=partial(self._host.welcome, house=self._house),
                    settings=self._host.settings,
                    clock=self._host.clock,
                )
        except BaseException:
            self._close_listeners()
            self._listeners.clear()
            raise

    def restore(self, info: PeerInfo, *, is_fixed: bool = False) -> None:
        """Go on with a charge point that was let in before this server was started.

        On SOAP it can then be called where it listens, before it makes a request. Elsewhere there
        is nothing to go on with.

        Args:
            info: Who it is; its callback address is the last one that was accepted, and is judged
                again.
            is_fixed: Whether it is called there whatever it names, as an admission can decide.
        """
        for listener in self._listeners.values():
            if isinstance(listener, Restoring):
                listener.restore(info, is_fixed=is_fixed)

    async def stop(self) -> None:
        """Stop gracefully: nobody is let in, handlers get their time, then all is closed."""
        self._close_listeners()
        try:
            await self._host.disconnect(self._house)
            for listener in self._listeners.values():
                await listener.wait_closed()
        finally:
            self._listeners.clear()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _close_listeners(self) -> None:
        for listener in self._listeners.values():
            listener.stop()
