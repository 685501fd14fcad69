"""Writes docs/reference/attacks.md out of the corpus: `python -m tests.security.attacks.table`."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.security.attacks import (
    http_attacks,
    json_attacks,
    log_attacks,
    path_attacks,
    ssrf_attacks,
    tls_attacks,
    websocket_attacks,
    xml_attacks,
)
from tests.security.attacks.attack import Attack

PAGE: Final = Path(__file__).parents[3] / "docs" / "reference" / "attacks.md"
HERE: Final = Path(__file__).parent
INTRODUCTION: Final = """\
# Attacks that are tested

Every attack here is sent over a real socket, by code that shares nothing with the library, to a
central system in a process of its own. Meanwhile another charge point sends one Heartbeat after
the other, each of which has to be answered within a second, and the server may use no more than a
second or two of processor time and 32 MiB of memory for one attack. What stands under *answer* is
all that may come back. *Goes on* means that the connection serves the next message as if nothing
had been.

This page is written by `python -m tests.security.attacks.table` from the corpus in
`tests/security/attacks`.
"""
SECTIONS: Final = {
    "Text messages on a WebSocket": json_attacks.ALL,
    "Frames and messages of WebSocket": websocket_attacks.FRAMES,
    "Handshakes of WebSocket": websocket_attacks.HANDSHAKES,
    "HTTP requests": http_attacks.ALL,
    "XML": xml_attacks.XML,
    "SOAP and OCPP-S": xml_attacks.SOAP_ATTACKS,
    "Passwords": [each.attack for each in tls_attacks.LOGINS],
    "TLS and certificates": [each.attack for each in tls_attacks.LINKS],
}
LISTS: Final[dict[str, tuple[str, list[tuple[str, str, object]]]]] = {
    "Callback addresses": (
        "What an envelope names as `From`; nothing is ever sent there (`test_ssrf`).",
        [(each.id, each.tries, each.expected) for each in ssrf_attacks.CLAIMS],
    ),
    "Locations of files": (
        (
            "What a central system gives a charge point, at once or by a redirect, where"
            " `files.example` is the one host that is listed; nothing is fetched from there or sent"
            " there (`test_ssrf`). What a name stands for is looked up once for each hop, and the"
            " connection goes to what was judged."
        ),
        [(each.id, each.tries, each.expected) for each in ssrf_attacks.PLACES],
    ),
    "Names of files that charge points send": (
        (
            "The last part of a location of the central system (`test_paths`). 201 is for a name"
            " that is one: it is kept with the job, and is no part of any path."
        ),
        [(each.id, each.tries, f"HTTP {each.expected}") for each in path_attacks.UPLOADS],
    ),
    "Paths where files are sent": (
        "Targets of requests to that listener (`test_paths`).",
        [(each.id, each.tries, f"HTTP {each.expected}") for each in path_attacks.TARGETS],
    ),
    "Names of firmware images": (
        "By the control API (`test_paths`).",
        [(each.id, each.tries, f"HTTP {each.expected}") for each in path_attacks.IMAGES],
    ),
    "Names under which a charge point would send a file": (
        "Over HTTP and FTP; nothing is sent (`test_paths`).",
        [(each.id, each.tries, "refused") for each in path_attacks.SENT],
    ),
    "Files that are named by identities": (
        "State and certificates of charge points (`test_paths`).",
        [(each.id, each.tries, "within its folder") for each in path_attacks.IDENTITIES],
    ),
    "Lines of logs": (
        (
            "A text with line ends, colours and turns of direction, wherever a peer can put one"
            " (`test_log_injection`). Every line of the log, of the terminal and of `--output json`"
            " is one line, printable, and at most 2 kB."
        ),
        [(each.id, each.tries, "one line") for each in log_attacks.ALL],
    ),
}
FLOODS: Final = {
    "test_500_that_are_half_open": "500 connections that never finish what they begin, in 7 ways",
    "test_500_handshakes_of_tls_that_are_half_open": "likewise within TLS, on both wires",
    "test_500_that_trickle_are_cut_in_time": "500 connections that send byte by byte, in 6 ways",
    "test_500_that_do_not_read": "500 charge points that call and read no answer",
    "test_who_does_not_read_is_cut_before_it_costs_memory": "one that calls without end, likewise",
}


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for title, attacks in SECTIONS.items():
        parts.append(f"\n## {title}\n\n{_table(attacks)}")
    for title, (about, rows) in LISTS.items():
        parts.append(f"\n## {title}\n\n{about}\n\n{_rows(rows)}")
    parts.append(
        "\n## In numbers\n\nA real charge point connects meanwhile, by both wires, in less than two"
        " seconds, and each connection costs the server less than 64 KiB.\n\n"
        "| attack | test |\n| --- | --- |\n"
    )
    parts += [f"| {what} | `{name}` |\n" for name, what in FLOODS.items()]
    parts.append(
        "\n## Published vulnerabilities of other implementations\n\n| CVE | test |\n| --- | --- |\n"
    )
    for name in cve_tests():
        _, _, year, number, rest = name.split("_", 4)
        parts.append(f"| CVE-{year}-{number} | {rest.replace('_', ' ')} |\n")
    return "".join(parts)


def cve_tests() -> list[str]:
    """Return the names of the tests of vulnerabilities."""
    tree = ast.parse((HERE / "test_cve.py").read_text())
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return sorted(name for name in names if name.startswith("test_cve_"))


def _table(attacks: Iterable[Attack]) -> str:
    return _rows([(each.id, each.tries, each.expected) for each in attacks])


def _rows(attacks: Iterable[tuple[str, str, object]]) -> str:
    rows = [f"| `{name}` | {_cell(tries)} | {expected} |\n" for name, tries, expected in attacks]
    return "| id | what it tries | answer |\n| --- | --- | --- |\n" + "".join(rows)


def _cell(text: str) -> str:
    shown = text.replace("|", "\\|")
    return shown.replace("<", "\\<") if "`" not in shown else shown


if __name__ == "__main__":
    PAGE.write_text(page())
