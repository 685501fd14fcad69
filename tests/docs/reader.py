"""A reader who follows pages to the letter: saves the files, types the commands, compares.

Everything happens in one folder, with programs that really run. Ports of the pages are replaced by
free ones, and the installation by what is installed already, unless told otherwise.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.docs.page import KEYS, Excerpt, File, Step, blocks
from tests.ports import free_ports

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 90.0
"""Seconds that a program may take to say what the page says."""
PORTS = ("9000", "9001", "9002", "9003", "9464", "8080")
PORT = re.compile(rf"(?<=[:\s])({'|'.join(PORTS)})\b")
CHANGING = frozenset({"time", "date", "ms", "port", "id", "number", "w", "wh"})
"""Placeholders that may stand for something else each time; others stand for one thing a page."""
INSTALL = re.compile(r"pip install 'ocpp16(\[[a-z,]+\])?'")


class Mismatch(AssertionError):
    """A program does not say what the page says."""


class Program:
    """A command in a terminal."""

    def __init__(self, command: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.command = command
        self.may_say_more = False
        """Whether the page leaves out what it says at the end."""
        self.codes: Sequence[int] = (0,)
        """Exit codes that are right."""
        self._lines: list[str] = []
        self._seen = 0
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self._lines.append(" ".join(line.split()))
                self._changed.notify_all()

    def type(self, line: str) -> None:
        """Type a line into it, or press a key."""
        key = KEYS.get(line)
        if key is not None:
            self.codes = {signal.SIGINT: (0, 130), signal.SIGQUIT: (-signal.SIGQUIT, 131)}[key]
            os.killpg(self._process.pid, key)
            return
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def show(self, expected: Sequence[str], known: dict[str, str]) -> None:
        """Wait until it has said what is expected, in order.

        Raises:
            Mismatch: It says something else, or nothing.
        """
        may_skip = False
        for line in expected:
            text = " ".join(line.split())
            if text == "...":
                may_skip = True
            elif text or not may_skip:
                self._find(text, known, may_skip=may_skip)
                may_skip = False
        if expected:
            self.may_say_more = may_skip
        if may_skip:
            self._seen = len(self._lines)

    def _find(self, expected: str, known: dict[str, str], *, may_skip: bool) -> None:
        deadline = time.monotonic() + PATIENCE
        at = self._seen
        while True:
            line = self._line(at, deadline)
            if line is None:
                raise self._mismatch(f"never said: {expected}")
            at += 1
            if matches(expected, line, known):
                self._seen = at
                return
            if not may_skip:
                raise self._mismatch(f"was to say: {expected}\nbut it said: {line}")

    def _line(self, number: int, deadline: float) -> str | None:
        """Return a line as soon as it is there; None if it will not be."""
        while True:
            is_over = not self._listening.is_alive() or time.monotonic() >= deadline
            with self._changed:
                if number < len(self._lines):
                    return self._lines[number]
                if is_over:
                    return None
                self._changed.wait(0.2)

    def end(self) -> None:
        """Wait until it ends.

        Raises:
            Mismatch: It does not, or with another code, or says what the page does not show.
        """
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise self._mismatch("does not end") from None
        self._listening.join(PATIENCE)
        if code not in self.codes:
            raise self._mismatch(f"ended with {code}")
        if self._lines[self._seen :] and not self.may_say_more:
            raise self._mismatch(f"said as well: {self._lines[self._seen :]}")

    def kill(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._listening.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def _mismatch(self, what: str) -> Mismatch:
        said = "\n".join(self._lines)
        return Mismatch(f"$ {self.command}\n{what}\nall that it said:\n{said}")


def matches(expected: str, line: str, known: dict[str, str]) -> bool:
    """Tell whether a line is the expected one; learns what its placeholders stand for."""
    parts = re.split(r"<([a-z-]+)>", expected)
    regex, names = "", []
    for index, part in enumerate(parts):
        if not index % 2:
            regex += re.escape(part).replace(re.escape("..."), ".*")
        elif part in known:
            regex += re.escape(known[part])
        else:
            regex += r"([^\s<]+)"
            names.append(part)
    found = re.fullmatch(regex, line)
    if found is None:
        return False
    learnt = zip(names, found.groups(), strict=True)
    known.update({name: value for name, value in learnt if name not in CHANGING})
    return True


class Reader:
    """Somebody who follows pages, in one folder.

    Args:
        folder: An empty folder.
        installing: What `pip install 'ocpp16[...]'` installs in a fresh environment; None: the
            environment that runs the tests stands for it.
    """

    def __init__(self, folder: Path, installing: str | None = None) -> None:
        self.folder = folder
        self._installing = installing
        ports = map(str, free_ports(len(PORTS)))
        self._ports = dict(zip(PORTS, ports, strict=True))
        self._programs: dict[str, Program] = {}
        self._ended: list[Program] = []
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "VIRTUAL_ENV", "OCPP16"))
        } | {
            "PATH": f"{folder}/.venv/bin{os.pathsep}{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
        }
        if installing is None:
            self._pretend_to_install()

    def follow(self, page: Path) -> None:
        """Do all that a page says.

        Raises:
            Mismatch: What happens is not what the page says.
        """
        known: dict[str, str] = {}
        for block in blocks(page):
            if isinstance(block, File):
                target = self.folder / block.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(self._with_ports(block.source.read_text()))
            elif isinstance(block, Excerpt):
                assert block.source.is_file(), (
                    f"{page.name} shows {block.source}, which is not there"
                )
            else:
                for step in block.steps:
                    self._do(block.name, step, known)
        for terminal in list(self._programs):
            self._wait_for(terminal)

    def close(self) -> None:
        """End whatever still runs."""
        for program in (*self._programs.values(), *self._ended):
            program.kill()

    def _do(self, terminal: str, step: Step, known: dict[str, str]) -> None:
        if step.is_command and step.typed is not None:
            self._wait_for(terminal)
            command = self._installed(self._with_ports(step.typed))
            self._programs[terminal] = Program(command, self.folder, self._environment)
        elif step.typed is not None:
            self._programs[terminal].type(step.typed)
        program = self._programs[terminal]
        program.show([self._with_ports(line) for line in step.shown], known)
        if step.typed in KEYS:
            self._wait_for(terminal)

    def _wait_for(self, terminal: str) -> None:
        program = self._programs.pop(terminal, None)
        if program is not None:
            self._ended.append(program)
            program.end()

    def _with_ports(self, text: str) -> str:
        return PORT.sub(lambda match: self._ports[match[1]], text)

    def _installed(self, command: str) -> str:
        install = INSTALL.fullmatch(command)
        is_making_environment = command == "python3 -m venv .venv"
        if self._installing is None:
            return "true" if install or is_making_environment else command
        if install:
            return f"pip install {shlex.quote(self._installing + (install[1] or ''))}"
        return f"{sys.executable} -m venv .venv" if is_making_environment else command

    def _pretend_to_install(self) -> None:
        environment = self.folder / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        (packages,) = (environment / "lib").glob("python*/site-packages")
        paths = [str(ROOT), *(path for path in sys.path if "site-packages" in path)]
        (packages / "installed.pth").write_text("\n".join(paths) + "\n")
        script = environment / "bin" / "ocpp16"
        program = "import sys\nfrom ocpp16.cli import main\nsys.exit(main())\n"
        script.write_text(f"#!{environment / 'bin' / 'python'}\n{program}")
        script.chmod(0o755)
