"""A central system that is open for connections: its listeners, their URLs, the graceful stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.roles.driver import Driver
from ocpp16.roles.stack import stack_for
from ocpp16.security.activity import Trouble
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.security.configuration import ServerSecurity
from ocpp16.security.tls import ServerTls
from ocpp16.settings import Settings
from ocpp16.transports.connection import Connection, Listener, Restoring


class Host(Protocol):
    """The central system, as far as a server needs it."""

    settings: Settings
    clock: Clock

    async def admit(
        self, handshake: Handshake, security: ServerSecurity | None = None
    ) -> PeerInfo | Refusal:
        """Let a peer in or refuse it, by the rules of a listener."""
        raise NotImplementedError

    def watch(self, trouble: Trouble) -> None:
        """Take what went wrong before a peer had a name."""
        ...

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
        security: Which links to take there; None takes any that has no TLS.

    Raises:
        ValueError: A URL is none, or does not fit the security.
    """

    def __init__(
        self, host: Host, urls: Mapping[str, str], security: ServerSecurity | None = None
    ) -> None:
        if not urls:
            raise ValueError("serve(json=..., soap=...) needs at least one URL")
        for url in urls.values():
            _check_fit(url, security)
        self._host = host
        self._security = security
        self._tls: ServerTls | None = None
        self._wanted = {wire: (url, stack_for(url)) for wire, url in urls.items()}
        for wire, (_, stack) in self._wanted.items():
            if stack.wire != wire:
                raise ValueError(f"serve({wire}=...) was given a URL for {stack.wire}=")
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
            ValueError: A certificate, key or root cannot be read.
        """
        if self._listeners:
            raise RuntimeError("the server has been started already")
        if self._security is not None and self._security.is_tls:
            self._tls = ServerTls(self._security)
        try:
            for wire, (url, stack) in self._wanted.items():
                self._listeners[wire] = await stack.listen(
                    url,
                    admission=partial(self._host.admit, security=self._security),
                    welcome=partial(self._host.welcome, house=self._house),
                    watch=self._host.watch,
                    settings=self._host.settings,
                    clock=self._host.clock,
                    tls=self._tls,
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

    def reload_certificates(self) -> None:
        """Read certificates, keys, roots and revocation lists again, for connections from now on.

        A certificate of a central system may live for a day only (W A00.701).

        Raises:
            ValueError: One cannot be read; then nothing has changed.
        """
        if self._tls is not None:
            self._tls.reload()

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


def _check_fit(url: str, security: ServerSecurity | None) -> None:
    is_tls = urlsplit(url).scheme in {"wss", "https"}
    if is_tls and (security is None or not security.is_tls):
        raise ValueError(f"{url!r}: TLS needs `security` with profile 2 or 3 and certificates")
    if not is_tls and security is not None and security.is_tls:
        raise ValueError(f"{url!r}: profiles 2 and 3 need wss:// or https://")
