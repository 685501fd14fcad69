"""What may go wrong with files at the worst moment, and by the worst charge point."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from ocpp16.apps.central_system_books import Books
from tests.apps.central_app import problem
from tests.apps.file_desk import IMAGE, ONE, desk, left
from tests.parties import run, until


@pytest.mark.parametrize("signed", [[], {}, [True], 0, 1, 1.5, "true"])
def test_signed_is_true_or_false_and_nothing_else(tmp_path: Path, signed: Any) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            await site.app.ask("PUT", "/firmware/a.bin", IMAGE)
            body = {"image": "a.bin", "signed": signed}
            answer = await site.app.ask("POST", f"{ONE}/firmware", body)
            assert problem(answer) == (422, "invalid-request")
            assert answer.json()["path"] == "/signed"
            assert site.given.requests == []

    run(main)


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59Z", "9999-12-25T00:00:00Z"])
def test_a_date_after_which_there_is_none(tmp_path: Path, date: str) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            await site.app.ask("PUT", "/firmware/a.bin", IMAGE)
            body = {"image": "a.bin", "retrieveDate": date}
            answer = await site.app.ask("POST", f"{ONE}/firmware", body)
            assert problem(answer) == (422, "invalid-request")
            assert answer.json()["path"] == "/retrieveDate"
            assert (await site.app.get("/jobs"))["jobs"] == []

    run(main)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\\b", "C:x", "..", "a\nb", "/x"])
def test_a_name_that_was_announced_is_no_path(tmp_path: Path, name: str) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            site.given.diagnostics = name
            asked = await site.ask("/diagnostics")
            assert (await site.client.put(site.given.location, content=IMAGE)).status_code == 201
            found = await site.job(asked["job"])
            assert (found["announcedFile"], found["file"]) == (name, None)
            fetched = await site.app.ask("GET", f"/jobs/{asked['job']}/file")
            shown = fetched.headers["content-disposition"]
            assert shown == f'attachment; filename="job-{asked["job"]}"'
            assert fetched.content == IMAGE

    run(main)


def test_a_job_that_is_removed_while_its_file_comes_leaves_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            asked = await site.ask("/diagnostics")
            is_removed = asyncio.Event()

            async def slowly() -> AsyncIterator[bytes]:
                yield b"x" * 300_000
                await is_removed.wait()
                yield b"x"

            sending = asyncio.create_task(site.client.put(site.given.location, content=slowly()))
            await until(lambda: left(tmp_path) != [], 20)
            answer = await site.app.ask("DELETE", f"/jobs/{asked['job']}")
            assert answer.status_code == 204
            is_removed.set()
            assert (await sending).status_code == 404
            assert left(tmp_path) == []

    run(main)


def test_a_file_that_has_come_is_not_replaced_by_one_who_looked_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Books.read
    looked, may_go_on = asyncio.Event(), asyncio.Event()

    async def late(self: Books, work: Callable[[Any], Any]) -> Any:
        found = await real(self, work)
        if not looked.is_set() and getattr(found, "kind", None) == "diagnostics":
            looked.set()
            await may_go_on.wait()
        return found

    async def main() -> None:
        async with desk(tmp_path) as site:
            asked = await site.ask("/diagnostics")
            with monkeypatch.context() as patched:
                patched.setattr(Books, "read", late)
                second = asyncio.create_task(
                    site.client.put(site.given.location, content=b"second")
                )
                await looked.wait()
                first = await site.client.put(site.given.location, content=b"first")
                assert first.status_code == 201
                may_go_on.set()
                assert (await second).status_code == 404
            fetched = await site.app.ask("GET", f"/jobs/{asked['job']}/file")
            assert fetched.content == b"first"

    run(main)
