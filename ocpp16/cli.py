"""The command `ocpp16`: runs a command; what goes wrong becomes one line and an exit code.

Imports nothing beyond the standard library until it runs, so that it can say what is missing. The
commands are in `apps.commands`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

INTERRUPTED = 130
CALLED_WRONGLY = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code.

    Args:
        arguments: The words after `ocpp16`; None takes those of the process.
    """
    try:
        import rich  # noqa: F401, PLC0415 - an extra
        import typer  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        _exit(f"the command line needs {error.name}", "pip install 'ocpp16[cli]'", CALLED_WRONGLY)
    from ocpp16.apps.commands import app  # noqa: PLC0415 - needs typer

    # typer brings its own copy of click by now, and used to depend on click before: the base class
    # of its errors is found through one that it has always had.
    usage_error: type[typer.BadParameter] = typer.BadParameter.__bases__[0]
    try:
        code = app(arguments, prog_name="ocpp16", standalone_mode=False)
    except usage_error as error:
        context = getattr(error, "ctx", None)
        command = "ocpp16" if context is None else context.command_path
        what = error.format_message().removeprefix("Invalid value: ")
        _exit(what, f"see: {command} --help", CALLED_WRONGLY)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has seen enough (`ocpp16 inspect ... | head`). Python would
        # complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _exit(what: str, hint: str, code: int) -> NoReturn:
    sys.stderr.write(f"ocpp16: {what.rstrip('.')} ({hint})\n")
    sys.exit(code)
