"""Generated files are what the contracts say: what `tox -e codegen` runs.

With OCPP16_OFFICIAL set, everything is reproduced from the official files; without, from `wsdl/`.
"""

from __future__ import annotations

import os
import subprocess
import sys


def main() -> int:
    """Return the exit code of the comparison."""
    official = os.environ.get("OCPP16_OFFICIAL")
    source = ["--from", official] if official else []
    if not official:
        print("OCPP16_OFFICIAL is not set: comparing with wsdl/ only", flush=True)
    command = [sys.executable, "-m", "codegen", *source, "--check"]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
