"""Writes the reference of the bridge's settings from their table: `python -m tests.apps...`.

The file is compared with it by a test, so that it says what the code does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ocpp16.apps.bridge_table import (
    BRIDGE,
    CHARGER,
    CHARGERS_VARIABLE,
    CONFIG_VARIABLE,
    ROLES,
    Entry,
)

PLACE = Path(__file__).parents[2] / "docs" / "reference" / "bridge-settings.md"
HEAD = f"""\
# Settings of the bridge

<!-- Written by python -m tests.apps.bridge_reference; a test compares it with the code. -->

Each setting has a key in the TOML file (`--config FILE` or `{CONFIG_VARIABLE}`), an
environment variable, and a flag of `ocpp16 bridge`. The first of flag, environment variable, file
and default that has a value decides. A list in a variable has commas between its items; a flag for
a list may be repeated. An empty variable is as good as none. Unknown keys, and unknown variables
that begin with `OCPP16_BRIDGE_`, are errors. `ocpp16 bridge check-config FILE` tells all faults at
once.

In Python these are the attributes of `ocpp16.bridge.settings.BridgeSettings`, where durations are
`timedelta`.
"""
ROLES_HEAD = """\
## Limits and timers of the roles

The table `[protocol]` of the file: `ocpp16.Settings`, see [Settings](settings.md) for what each is,
as far as the bridge does not set it by a setting of its own. Durations are seconds.
"""
CHARGER_HEAD = f"""\
## Charge points

A table `[chargers.IDENTITY]` of the file for each, which may be empty; `--charge-point IDENTITY` is
an empty one. `{CHARGERS_VARIABLE}` holds an inline table of them:
`{{CP1 = {{}}, CP2 = {{}}}}`. What is not set is as for all charge points.
"""
SECRETS_TEXT = """\
`authorization_key`
: What the charge point is let in with upstream, as hex digits (the standard's `AuthorizationKey`):
  the password of HTTP Basic, whose user is the identity.

`authorization_password`
: The same as text, for backends that have passwords.

`authorization_key_file`, `authorization_password_file`
: A file that holds one or the other, its path relative to the configuration file. Exactly one of
  the four is given, or none.

The store's URL may be in a file, too: `store_file`, `OCPP16_BRIDGE_STORE_FILE`.
"""


def reference() -> str:
    """Return the page."""
    return "\n".join(
        (
            HEAD,
            *_table(("Key", "Variable", "Flag", "Value", "Default"), map(_cells, BRIDGE)),
            "",
            *_meanings(BRIDGE),
            CHARGER_HEAD,
            *_table(("Key", "Value"), ((f"`{each.key}`", each.kind.form) for each in CHARGER)),
            "",
            *_meanings(CHARGER),
            SECRETS_TEXT,
            ROLES_HEAD,
            *_table(("Key", "Variable", "Value", "Default"), map(_role_cells, ROLES)),
            "",
        )
    )


def _cells(entry: Entry) -> tuple[str, ...]:
    return (
        f"`{entry.key}`",
        f"`{entry.variable}`",
        f"`{entry.flag}`",
        entry.kind.form.replace("|", "or"),
        f"`{entry.default}`" if entry.default else "",
    )


def _role_cells(entry: Entry) -> tuple[str, ...]:
    return f"`{entry.name}`", f"`{entry.variable}`", entry.kind.form, f"`{entry.default}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _meanings(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield f"`{entry.key}`\n: {entry.about}\n"


if __name__ == "__main__":
    PLACE.write_text(reference())
