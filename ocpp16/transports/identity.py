"""A charge point's identity and its place in a URL: the last path segment, percent-encoded.

Pure functions. Spec: J 3.1.1; RFC 3986. An encoded `/` is data and never splits a path.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, unquote_to_bytes, urlsplit, urlunsplit

IDENTITY_LENGTH = 48
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def check_identity(identity: str) -> None:
    """Check that a text can be an identity.

    Raises:
        ValueError: It cannot, and why.
    """
    if not 1 <= len(identity) <= IDENTITY_LENGTH:
        raise ValueError(f"an identity has 1 to {IDENTITY_LENGTH} characters, not {len(identity)}")
    # Some intermediary would resolve them as "here" and "one up" (RFC 3986, 5.2.4).
    if identity in {".", ".."}:
        raise ValueError("an identity is never '.' or '..'")
    if identity.isascii() and identity.isprintable():
        return
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in identity):
        raise ValueError("an identity holds no control characters")


def identity_in(target: str, endpoint: str, *, allow_slash: bool = True) -> str:
    """Return the identity that the target of an HTTP request names.

    Args:
        target: Path and query of the request; the query is ignored.
        endpoint: Path of the endpoint (`/ocpp`).
        allow_slash: Whether an identity may hold an (encoded) `/`.

    Raises:
        ValueError: The target is not the endpoint's path and one segment that is an identity.
    """
    base, slash, segment = target.partition("?")[0].rpartition("/")
    if not slash or _decoded(base) != _decoded(endpoint.rstrip("/")):
        raise ValueError("the path is not that of the endpoint and one segment")
    identity = unescape(segment)
    if "/" in identity and not allow_slash:
        raise ValueError("an encoded '/' in an identity is not taken here")
    check_identity(identity)
    return identity


def url_for(endpoint: str, identity: str) -> str:
    """Return the URL under which a charge point connects."""
    parts = urlsplit(endpoint)
    path = f"{parts.path.rstrip('/')}/{quote(identity, safe='')}"
    return urlunsplit(parts._replace(path=path))


def check_base(url: str) -> str:
    """Return what stands before the path in locations.

    Raises:
        ValueError: It is no URL that charge points can use.
    """
    parts = urlsplit(url)
    is_plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= 200
    if (
        not is_plain
        or parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.port == 0
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
    ):
        raise ValueError(f"{url!r} is not http://HOST[:PORT][/PATH], nor https://")
    return url.rstrip("/")


def without_secrets(url: str) -> str:
    """Return a URL without user, password, query and fragment, fit for logs and events."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def unescape(text: str) -> str:
    """Decode percent-encoding strictly: every `%` with two hex digits, the whole UTF-8.

    Raises:
        ValueError: It is neither.
    """
    return unescape_bytes(text).decode()


def unescape_bytes(text: str) -> bytes:
    """Decode percent-encoding strictly, whatever bytes it stands for.

    Raises:
        ValueError: There is a `%` without two hex digits.
    """
    if _BROKEN_ESCAPE.search(text):
        raise ValueError("a '%' without two hex digits")
    return unquote_to_bytes(text)


def _decoded(path: str) -> list[str]:
    # Segment by segment, so that an encoded '/' of the path is not taken for a separator.
    return [unescape(segment) for segment in path.split("/")]
