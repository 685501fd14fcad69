"""Which texts are an xs:anyURI: those of RFC 3986, as libxml2 reads it.

XML Schema 1.0 lets nearly every text be one; validators do not. What we send has to pass the one
that most have, so its reading counts, with what it does not take (an empty port) and what it does
(any character that no URI has: it would be escaped).
Spec: XML Schema 1.0 part 2, 3.2.17; RFC 3986, appendix A.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from ocpp16.bindings.ocpps.xml import SPACE

_PORT_LIMIT: Final = 2**31 - 1
# Escaped before a URI is looked for.
_ESCAPED: Final = re.compile(r"[^\x21-\x7e]|[<>\"{}|\\^`]")

_PLAIN: Final = r"A-Za-z0-9\-._~!$&'()*+,;="
_PERCENT: Final = r"%[0-9A-Fa-f]{2}"
_NAME: Final = rf"(?:[{_PLAIN}]|{_PERCENT})"
_USER: Final = rf"(?:[{_PLAIN}:]|{_PERCENT})"
_CHARACTER: Final = rf"(?:[{_PLAIN}:@]|{_PERCENT})"
_HOST: Final = rf"(?:\[[^\]]*+\]|{_NAME}*+)"
_AUTHORITY: Final = rf"//(?:{_USER}*+@)?{_HOST}(?::(?P<port>[0-9]++))?(?:/{_CHARACTER}*+)*+"
_ABSOLUTE: Final = rf"/(?:{_CHARACTER}++(?:/{_CHARACTER}*+)*+)?"
_ROOTLESS: Final = rf"{_CHARACTER}++(?:/{_CHARACTER}*+)*+"
_NO_SCHEME: Final = rf"(?:[{_PLAIN}@]|{_PERCENT})++(?:/{_CHARACTER}*+)*+"
_END: Final = rf"(?:\?(?:{_CHARACTER}|[/?])*+)?(?:\#(?:{_CHARACTER}|[/?\[\]])*+)?"
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+\-.]*+:"


@cache
def _forms() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of absolute and of relative references; few messages need them."""
    return (
        re.compile(rf"{_SCHEME}(?:{_AUTHORITY}|{_ABSOLUTE}|{_ROOTLESS}|){_END}"),
        re.compile(rf"(?:{_AUTHORITY}|{_ABSOLUTE}|{_NO_SCHEME}|){_END}"),
    )


def is_uri(text: str) -> bool:
    """Tell whether a text is an xs:anyURI."""
    escaped = _ESCAPED.sub("_", text.strip(SPACE))
    for form in _forms():
        match = form.fullmatch(escaped)
        if match is not None:
            port = (match["port"] or "0").lstrip("0")
            if len(port) < 11 and int(port or "0") <= _PORT_LIMIT:
                return True
    return False
