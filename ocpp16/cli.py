"""The command `ocpp16`: runs a command; what goes wrong becomes one line and an exit code.

Imports nothing beyond the standard library until it runs, so that it can say what is missing. The
commands are in `apps.commands`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from ocpp16.apps.output import OutputFailed

INTERRUPTED = 130
CALLED_WRONGLY = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code. It takes SIGINT over: the process is its own.

    Args:
        arguments: The words after `ocpp16`; None takes those of the process.
    """
    _let_interrupts_end_it()
    try:
        code = _run(arguments)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except (OutputFailed, OSError) as error:
        reason = error.reason if isinstance(error, OutputFailed) else error
        _drop_output()
        # Whoever read our output may have seen enough (`ocpp16 inspect ... | head`).
        if not isinstance(reason, BrokenPipeError):
            where = "cannot write to standard output: " if reason is not error else ""
            _say(f"{where}{reason.strerror or reason}")
        code = 1
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    if sys.stdout is None:
        _exit("there is no standard output", "it was closed", 1)
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
    except typer.Abort:
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _let_interrupts_end_it() -> None:
    """Let Ctrl-C end the process at once and silently, until a command handles it otherwise."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Another thread than the main one may not.
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))


def _drop_output() -> None:
    """Let what is still to be written vanish; Python would complain when it flushes at the end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _exit(what: str, hint: str, code: int) -> NoReturn:
    _say(f"{what.rstrip('.')} ({hint})")
    sys.exit(code)


def _say(text: str) -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"ocpp16: {text}\n")
