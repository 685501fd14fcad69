"""A PostgreSQL server for tests: of the machine's package, thrown away in the end.

Use: `from tests.store.postgres import postgres` in a conftest, then the fixture `postgres`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

NEEDED = ("initdb", "pg_ctl", "psql")


def _programs() -> Path | None:
    """Return where the server's programs are; Debian has them beside the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        places.insert(0, Path(found).resolve().parent)
    for place in places:
        if all((place / name).exists() for name in NEEDED):
            return place
    return None


@attrs.define
class PostgresServer:
    """A server that listens on a Unix socket in its own directory."""

    programs: Path
    place: Path
    user: str

    def url(self) -> str:
        """Make an empty schema, which costs less than a database, and return its URL."""
        name = f"t{uuid.uuid4().hex}"
        self.sql(f"CREATE SCHEMA {name}")
        options = f"host={self.place}&application_name={name}&options=-csearch_path%3D{name}"
        return f"postgresql+psycopg://postgres@/postgres?{options}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as somebody else would, and return what it prints."""
        return self._run(
            "psql", "-h", str(self.place), "-U", "postgres", "-XAtq", "-c", statement, database
        )

    def end_sessions(self, url: str) -> None:
        """Cut all connections that were made by a URL, as a fault of the network would."""
        name = parse_qs(urlsplit(url).query)["application_name"][0]
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE application_name = '{name}'"
        )

    def start(self) -> None:
        """Start the server, and wait until it serves."""
        # A crash of the server is played here, not of the machine: its disk is not waited for.
        options = f"-k {self.place} -c listen_addresses='' -c max_connections=200 -c fsync=off"
        log = str(self.place / "log")
        self._run("pg_ctl", "-D", str(self.place / "data"), "-w", "-l", log, "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; `immediate` is what a crash looks like."""
        self._run("pg_ctl", "-D", str(self.place / "data"), "-w", "-m", mode, "stop")

    def freeze(self) -> None:
        """Stop every process of the server in its tracks, connections staying open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        first = int((self.place / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for process in (first, *map(int, children)):
            os.kill(process, number)

    def make(self) -> None:
        """Make the files of the server, and start it."""
        place = str(self.place / "data")
        self._run("initdb", "-N", "-D", place, "-U", "postgres", "-A", "trust", "-E", "UTF8")
        self.start()

    def _run(self, program: str, *arguments: str) -> str:
        # Output goes to a file: the server inherits what pg_ctl has, and would keep a pipe open.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [self.programs / program, *arguments],
                user=self.user if os.geteuid() == 0 else None,
                group=pwd.getpwnam(self.user).pw_gid if os.geteuid() == 0 else None,
                extra_groups=[] if os.geteuid() == 0 else None,
                cwd=self.place,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
            output.seek(0)
            text = output.read()
        assert done.returncode == 0, text
        return text


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running server; skips where there is none on the machine."""
    pytest.importorskip("psycopg")
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql")
    user = pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        # The server refuses to run as root; its package makes a user.
        user = "postgres"
        if user not in {each.pw_name for each in pwd.getpwall()}:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    # Not pytest's own directory: others must be able to enter it, and a socket's path is short.
    with tempfile.TemporaryDirectory(prefix="ocpp16-pg-") as name:
        place = Path(name)
        if os.geteuid() == 0:
            shutil.chown(place, user)
        server = PostgresServer(programs, place, user)
        server.make()
        try:
            yield server
        finally:
            server.stop("immediate")
