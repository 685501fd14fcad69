"""Goal 13: how long importing takes, against importing mobilityhouse `ocpp`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from bench.measure import Row, row

PROGRAM = """
import time
started = time.process_time()
{}
print(time.process_time() - started)
"""
IMPORTS = {
    "messages": "import ocpp16.messages",
    "server": "import ocpp16; ocpp16.CentralSystem",
    "mobilityhouse": "import ocpp.v16, ocpp.v16.call, ocpp.v16.call_result, ocpp.routing",
}


def importing(rounds: int) -> list[Row]:
    """Import in fresh processes, one after the other."""
    figures: dict[str, list[float]] = {name: [] for name in IMPORTS}
    with tempfile.TemporaryDirectory() as folder:
        # Some environments forbid to write compiled code; then what is installed has it, and a
        # checkout has not.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for _ in range(rounds + 1):
            for name, statement in IMPORTS.items():
                program = [sys.executable, "-c", PROGRAM.format(statement)]
                found = subprocess.run(
                    program, check=True, capture_output=True, text=True, env=environment
                )
                figures[name].append(float(found.stdout) * 1000)
    # The first round reads from the disk, and has to compile.
    messages, server, theirs = (figures[name][1:] for name in IMPORTS)
    return [
        row(13, "import of messages", "mobilityhouse", messages, theirs, limit="<= 0.6", unit="ms"),
        row(13, "import with the server", "mobilityhouse", server, theirs, limit="<= 0.9",
            unit="ms"),
    ]  # fmt: skip
