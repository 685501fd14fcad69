"""`python -m fuzz`: 1,000,000 mutations of JSON, 200,000 of SOAP, and some of both by socket."""

from __future__ import annotations

import argparse
from pathlib import Path

from fuzz.run import again, run_json, run_soap, run_wires, say


def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--json", type=int, default=1_000_000, help="inputs for OCPP-J")
    parser.add_argument("--soap", type=int, default=200_000, help="inputs for OCPP-S")
    parser.add_argument("--wires", type=int, default=20_000, help="inputs over real sockets")
    parser.add_argument("--seed", default="1", help="any text; the same gives the same inputs")
    parser.add_argument("--again", type=Path, help="a kept input, to try once more")
    options = parser.parse_args()
    if options.again is not None:
        again(options.again)
        return
    say(f"seed {options.seed!r}")
    run_soap(options.soap, options.seed, say)
    run_json(options.json, options.seed, say)
    run_wires(options.wires, options.seed, say)


if __name__ == "__main__":
    main()
