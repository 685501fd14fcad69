"""What goes wrong with a request to the control API, in one form: problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ocpp16.log import one_line

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:ocpp16:problem:"
DETAIL_LIMIT = 500
KINDS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "invalid-parameter": (400, "A parameter of the URL is not right"),
        "no-token": (401, "A bearer token is needed"),
        "scope": (403, "The token is not good for this"),
        "not-found": (404, "There is nothing of this name"),
        "unknown-action": (404, "No central system sends this"),
        "unknown-charge-point": (404, "There is no such charge point"),
        "not-connected": (404, "The charge point is not connected"),
        "unknown-id-tag": (404, "There is no such identifier"),
        "unknown-key": (404, "The charge point has no key"),
        "unknown-firmware": (404, "There is no such firmware image"),
        "unknown-job": (404, "There is no such job, or no file of it"),
        "method": (405, "The method is not offered here"),
        "too-slow": (408, "The body did not come in time"),
        "not-allowed": (409, "The call is not allowed now; nothing was sent"),
        "no-files": (409, "The central system was started without a folder for files"),
        "too-large": (413, "The body is too large"),
        "invalid-request": (422, "The body is not right"),
        "unknown-kind": (422, "There is no such kind of event"),
        "internal": (500, "The server failed"),
        "not-installed": (501, "A package that this needs is not installed"),
        "refused-by-charge-point": (502, "The charge point answered with an error"),
        "invalid-answer": (502, "The charge point answered what OCPP 1.6 forbids"),
        "store": (503, "The store does not work now"),
        "too-many": (503, "There are too many of these"),
        "timeout": (504, "No answer came in time"),
        "connection-lost": (504, "The connection ended before the answer came"),
        "disk": (507, "The disk takes no more"),
    }
)
"""Each kind of problem, with the HTTP status and the title that it always has."""


class Problem(Exception):
    """A request cannot be answered as it was meant to be.

    Args:
        kind: What is wrong, of `KINDS`.
        detail: The same for this request; what a peer sent in it is escaped and cut.
        path: JSON pointer to what is wrong.
        code: The error code that a charge point answered with.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        path: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status, self.title = KINDS[kind]
        self._detail = detail
        self._path = path
        self._code = code

    def to_json(self) -> dict[str, object]:
        """Return it as an object."""
        found: dict[str, object] = {
            "type": f"{PREFIX}{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": one_line(self._detail, DETAIL_LIMIT),
        }
        if self._path is not None:
            found["path"] = self._path
        if self._code is not None:
            found["code"] = one_line(self._code, 100)
        return found
