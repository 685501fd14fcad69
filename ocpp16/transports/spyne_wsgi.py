"""HTTP as spyne and WSGI see it: heads, bodies, addresses, and what happens once an answer is out.

Knows no envelope and no message. Needs the extra `spyne`. Spec: PEP 3333.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from ocpp16.bindings.ocpps.content import ACCEPTED_TYPES, ContentError
from ocpp16.transports.spyne_library import WsgiApplication, spyne

HOOKS: Final = "ocpp16.hooks"
"""Key of the WSGI environment: what is to be done once the answer has left."""


class WsgiServer(WsgiApplication):  # type: ignore[misc]
    """spyne's WSGI application, which runs `after` hooks once the answer has left.

    WSGI tells when that is by `close()` (PEP 3333). spyne's own class says nothing of the kind; a
    hook may then run while the answer is still on its way.
    """

    def handle_rpc(
        self, req_env: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        hooks: list[Callable[[], object]] = []
        req_env[HOOKS] = hooks
        body = _Body((), hooks)
        try:
            body.chunks = super().handle_rpc(req_env, start_response)
        except BaseException:
            body.close()
            raise
        return body


class _Body:
    """The chunks of one answer, and what is to be done after them."""

    def __init__(self, chunks: Iterable[bytes], hooks: list[Callable[[], object]]) -> None:
        self.chunks = chunks
        self._hooks = hooks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)

    def close(self) -> None:
        """Do what follows the answer, once."""
        while self._hooks:
            self._hooks.pop(0)()


def when_left(ctx: Any, hook: Callable[[], object]) -> None:
    """Call a function once the answer has left; at once where `WsgiServer` does not serve."""
    hooks = ctx.transport.req_env.get(HOOKS)
    if hooks is None:
        hook()
    else:
        hooks.append(hook)


def addresses(ctx: Any) -> tuple[str | None, str | None]:
    """Return the address that a request came from, and the same with the port."""
    # Not spyne's `get_peer`: it believes the headers that a proxy would have set.
    host = ctx.transport.req_env.get("REMOTE_ADDR")
    port = ctx.transport.req_env.get("REMOTE_PORT")
    if not host:
        return None, None
    shown = f"[{host}]" if ":" in host else host
    return host, f"{shown}:{port}" if port else shown


def endpoint_url(ctx: Any) -> str:
    """Return the URL of the endpoint as the server has it, whatever the Host header says."""
    environment = ctx.transport.req_env
    scheme, host = environment["wsgi.url_scheme"], environment["SERVER_NAME"]
    port = "" if environment["SERVER_PORT"] in {"80", "443"} else f":{environment['SERVER_PORT']}"
    path = f"{environment.get('SCRIPT_NAME', '')}{environment.get('PATH_INFO', '')}"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}{port}{quote(path)}"


def check_head(transport: Any) -> None:
    """Check that a request can hold an envelope.

    Raises:
        ContentError: It cannot, and why.
    """
    if transport.get_request_method() != "POST":
        raise ContentError(405, "a message is sent by POST")
    content_type = (transport.get_request_content_type() or "").partition(";")[0]
    if content_type.strip().lower() not in ACCEPTED_TYPES:
        raise ContentError(415, "Content-Type is not application/soap+xml")


def read_body(chunks: Iterable[bytes], limit: int) -> bytes:
    """Return a body, or one byte more than the limit allows.

    Raises:
        ContentError: What the head says of its length cannot be.
    """
    body = bytearray()
    try:
        for chunk in chunks:
            body += chunk
            if len(body) > limit:
                break
    except spyne.Fault:  # Its own limit of Content-Length.
        raise ContentError(413, f"the body has more than {limit} bytes") from None
    except ValueError:
        raise ContentError(400, "Content-Length is not a number") from None
    return bytes(body[: limit + 1])


def http_status(status: int) -> str:
    """Return an HTTP status as spyne and WSGI write it."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} "
