"""One message in many JSON texts: order, white space, escapes, numbers, timestamps, repeats.

Most texts say the same as the plain one, some break a rule; which is which is for the slow path to
say. Every choice is drawn, so that hypothesis can shrink to the one that matters.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

SPACES = ["", "", "", "", " ", "\n", "\t", "\r", "  "]
FORMS_OF_ZULU = [
    "Z",
    "z",
    "+00:00",
    "-00:00",
    "+0000",
    "-0000",
    "+00",
    "+02:00",
    "-05:30",
    "+01",
    "",
]
NUMBERS = [
    *("0", "-0", "1", "1.0", "1e0", "1E2", "-1", "1e-1", "0.10", "16.15", "01"),
    *("1.00000000000000001", "170000000000000002e-17", "1e400", "1e-400", "900000000000000.1"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809"),
    *("9007199254740993", "18446744073709551616", "NaN", "true", "null", '"1"'),
]
TEXTS = ['":', ":", '\\"', "\\u0022:", "a", "", "\u00e9", "\U0001f600", "\x7f", "1.25", "1e-5",
         "-01 12:", '0000"', "2024-01-01T00:00:00+0000", "x" * 60, "\\", "/"]  # fmt: skip


class Speller:
    """Writes a payload, drawing how."""

    def __init__(self, data: Any) -> None:
        self._draw = data.draw

    def pick(self, choices: list[str]) -> str:
        chosen: str = self._draw(st.sampled_from(choices))
        return chosen

    def rarely(self) -> bool:
        return bool(self._draw(st.integers(0, 15)) == 15)

    def space(self) -> str:
        return self.pick(SPACES)

    def value(self, value: Any) -> str:
        if isinstance(value, dict):
            return self.object(value)
        if isinstance(value, list):
            return f"[{self.space()}{','.join(self.value(item) for item in value)}{self.space()}]"
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bool) or value is None or not self.rarely():
            return json.dumps(value)
        return self.pick(NUMBERS)

    def object(self, value: dict[str, Any]) -> str:
        members = list(value.items())
        if self.rarely():
            members = self._draw(st.permutations(members))
        if members and self.rarely():
            members.insert(
                self._draw(st.integers(0, len(members))), self._draw(st.sampled_from(members))
            )
        return "{" + ",".join(self.member(name, one) for name, one in members) + "}"

    def member(self, name: str, value: Any) -> str:
        before, colon, after = (self.space(), self.space(), self.space())
        return f"{before}{self.text(name)}{colon}:{after}{self.value(value)}"

    def text(self, text: str) -> str:
        if self.rarely():
            return json.dumps(self.pick(TEXTS))
        if text.endswith("Z") and text[4:5] == "-" and self.rarely():
            text = self.timestamp(text)
        if not self.rarely() or not text:
            return json.dumps(text, ensure_ascii=self.rarely())
        place = self._draw(st.integers(0, len(text) - 1))
        escaped = "".join(
            f"\\u{ord(one):04x}" for one in text[place : place + 1] if ord(one) < 2**16
        )
        inside = json.dumps(text[:place])[1:-1] + escaped + json.dumps(text[place + 1 :])[1:-1]
        return f'"{inside}"'

    def timestamp(self, text: str) -> str:
        date, _, time = text.removesuffix("Z").partition("T")
        whole = time.partition(".")[0]
        fraction = self.pick(["", "", ".0", ".5", ".000", ".123456", ".1234567", ".", ",5"])
        return f"{date}{self.pick(['T', 't', ' ', '_'])}{whole}{fraction}{self.pick(FORMS_OF_ZULU)}"


def spellings(data: Any, payload: bytes) -> bytes:
    """Return a text for a plain one."""
    speller = Speller(data)
    text = f"{speller.space()}{speller.value(json.loads(payload))}{speller.space()}"
    return text.encode("utf-8", "surrogatepass")
