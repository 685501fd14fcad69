"""The layers: who may import whom, where sockets may be, and what `import ocpp16` loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ocpp16"

ROWS = [
    {"errors", "_version"},
    {
        "primitives",
        "spec",
        "envelope",
        "storage",
        "settings",
        "structure",
        "clock",
        "log",
        "security_event",
    },
    {"_generated"},
    {"enums", "datatypes", "messages", "catalog", "certificate"},
    {"bindings", "dispatch", "security"},
    {"session"},
    {"transports", "store"},
    {"roles"},
    {"station", "bridge", "telemetry"},
    {"apps", "testing"},
    {"pytest_plugin"},
    {"cli"},
    {"__main__"},
]
"""Rows of the architecture, lowest first; a module imports rows above its own, or its own."""

MAY_DO_IO = ("transports/", "roles/driver.py", "roles/asgi.py", "station/station.py", "store/",
             "bridge/", "apps/", "testing/", "cli.py")  # fmt: skip
SOCKETS = {"asyncio", "socket", "selectors", "threading", "websockets", "httpx", "uvicorn"}
HEAVY = {"lxml", "zeep", "spyne", "httpx", "uvicorn", "sqlalchemy", "typer", "rich", "starlette",
         "cryptography", "matplotlib", "opentelemetry"}  # fmt: skip


def row(module: str) -> int:
    for number, names in enumerate(ROWS):
        if module in names:
            return number
    raise AssertionError(f"ocpp16.{module} has no row: give it one in DESIGN's order")


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> list[str]:
    """Return the full names that a file imports, at any depth, TYPE_CHECKING included."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            found += [f"{module}.{alias.name}" for alias in node.names]
    return found


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def own_row(path: Path) -> int | None:
    top = relative(path).split("/")[0].removesuffix(".py")
    return None if top == "__init__" else row(top)


@pytest.mark.parametrize("path", sources(), ids=relative)
def test_a_file_imports_only_rows_above_its_own(path: Path) -> None:
    mine = own_row(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "ocpp16" or mine is None or len(parts) < 2:
            continue
        assert row(parts[1]) <= mine, f"{relative(path)} imports {name}"


def test_no_import_cycle() -> None:
    modules = {module_name(path): path for path in sources()}
    graph = {
        name: {target for imported in imports(path) if (target := _resolve(imported, modules))}
        - {name}
        for name, path in modules.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for target in sorted(graph[name]):
                visit(target, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _resolve(imported: str, modules: dict[str, Path]) -> str | None:
    if imported in modules:
        return imported
    parent = imported.rpartition(".")[0]
    return parent if parent in modules else None


@pytest.mark.parametrize("path", sources(), ids=relative)
def test_sockets_and_asyncio_only_where_they_belong(path: Path) -> None:
    if relative(path).startswith(MAY_DO_IO):
        return
    assert not SOCKETS & {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("path", sources(), ids=relative)
def test_tls_only_in_its_module(path: Path) -> None:
    if relative(path) != "security/tls.py":
        assert "ssl" not in {name.split(".")[0] for name in imports(path)}


def test_the_bindings_do_not_know_each_other() -> None:
    for path in sources():
        for one, other in (("ocppj", "ocpps"), ("ocpps", "ocppj")):
            if relative(path).startswith(f"bindings/{one}/"):
                assert not [name for name in imports(path) if f".{other}" in name], path


def test_roles_do_not_know_station_or_store() -> None:
    for path in sources():
        if relative(path).startswith("roles/"):
            assert not [
                name
                for name in imports(path)
                if name.startswith(("ocpp16.station", "ocpp16.store."))
            ], path


def test_codegen_does_not_import_what_it_generates() -> None:
    for path in sorted((ROOT / "codegen").rglob("*.py")):
        assert not [name for name in imports(path) if name.split(".")[0] == "ocpp16"], path


def test_import_ocpp16_loads_nothing_heavy() -> None:
    script = f"import sys, ocpp16; print(sorted({HEAVY!r} & set(sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert loaded.stdout.strip() == "[]"


def test_no_file_is_larger_than_it_should_be() -> None:
    large = {
        str(path.relative_to(ROOT)): lines
        for folder in ("ocpp16", "codegen", "tests")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "_generated" not in path.parts and (lines := len(path.read_text().splitlines())) > 500
    }
    assert not large
