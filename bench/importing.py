"""Goal 13: how long importing takes, against importing mobilityhouse `ocpp`."""

from __future__ import annotations

import subprocess
import sys

from bench.measure import Row, row

PROGRAM = """
import time
started = time.perf_counter()
{}
print(time.perf_counter() - started)
"""
IMPORTS = {
    "messages": "import ocpp16.messages",
    "server": "import ocpp16; ocpp16.CentralSystem",
    "mobilityhouse": "import ocpp.v16, ocpp.v16.call, ocpp.v16.call_result, ocpp.routing",
}


def importing(rounds: int) -> list[Row]:
    """Import in fresh processes, one after the other."""
    figures: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(rounds + 1):
        for name, statement in IMPORTS.items():
            program = [sys.executable, "-c", PROGRAM.format(statement)]
            found = subprocess.run(program, check=True, capture_output=True, text=True).stdout
            figures[name].append(float(found) * 1000)
    # The first round reads from the disk, and may have to compile.
    messages, server, theirs = (figures[name][1:] for name in IMPORTS)
    return [
        row(13, "import of messages", "mobilityhouse", messages, theirs, limit="<= 0.6", unit="ms"),
        row(13, "import with the server", "mobilityhouse", server, theirs, limit="<= 0.9",
            unit="ms"),
    ]  # fmt: skip
