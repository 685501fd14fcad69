"""Two bridges on one PostgreSQL: the second stands by, says so, and takes over."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

pytest.importorskip("typer")
pytest.importorskip("lxml")
pytest.importorskip("psycopg")

from tests.apps.processes import COMMAND, PATIENCE, read_until, started
from tests.ports import free_ports
from tests.store.postgres import PostgresServer, postgres

__all__ = ["postgres"]


def readiness(port: int) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def command(store: str, port: int) -> list[str]:
    return [
        *COMMAND, "bridge", "--soap", "127.0.0.1:0", "--upstream", "ws://127.0.0.1:9/ocpp",
        "--open", "--store", store, "--metrics", f"127.0.0.1:{port}",
    ]  # fmt: skip


def test_a_hot_standby_takes_over(postgres: PostgresServer) -> None:
    store, ports = postgres.url(), (free_ports(1)[0], free_ports(1)[0])
    with started(*command(store, ports[0])) as first:
        read_until(first, "/metrics")
        assert readiness(ports[0]) == (200, "ready\n")
        with started(*command(store, ports[1])) as second:
            assert second.stderr is not None
            # The server of the tests may be warned of first: it does not sync.
            lines = iter(second.stderr.readline, "")
            assert "another process leads the store: standing by\n" in lines
            assert readiness(ports[1]) == (503, "not ready: another process leads the store\n")
            first.kill()
            first.wait(PATIENCE)
            read_until(second, "/metrics")
            assert readiness(ports[1]) == (200, "ready\n")
