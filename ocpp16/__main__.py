"""`python -m ocpp16`."""

from __future__ import annotations

from ocpp16.cli import main

if __name__ == "__main__":
    main()
