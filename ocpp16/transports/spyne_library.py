"""The spyne library, made importable: what `ocpp16.transports.spyne` takes from it.

Knows what spyne 2.14 needs on which Python, and nothing of OCPP. Needs the extra `spyne`.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from email.message import Message
from pathlib import Path
from types import ModuleType
from typing import Any, Final

__all__ = ["ProtocolBase", "WsgiApplication", "spyne"]


def _make_importable() -> None:
    """Let spyne 2.14 be imported on Python 3.12 and later, and without a warning before.

    Its copy of `six` has an importer of modules from before PEP 451: Python 3.12 does not ask it
    any more, and 3.11 warns at each import that follows, whoever does it. The importer gets the
    method that is missing. `cgi` is gone from 3.13; `_without_cgi` stands in for it.
    """
    if "spyne" in sys.modules:
        return
    package = importlib.util.find_spec("spyne")
    if package is None or package.submodule_search_locations is None:
        return  # The import that follows tells what is missing.
    path = Path(package.submodule_search_locations[0]) / "util" / "six.py"
    spec = importlib.util.spec_from_file_location("spyne.util.six", path)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    importer: Any = type(module._importer)  # noqa: SLF001 - there is no other way to it
    if hasattr(importer, "find_spec"):
        return

    def find_spec(self: Any, name: str, path: object = None, target: object = None) -> Any:
        del path, target
        return importlib.util.spec_from_loader(name, self) if name in self.known_modules else None

    importer.find_spec = find_spec
    importer.create_module = lambda self, spec: self.load_module(spec.name)
    importer.exec_module = lambda self, module: None


def _without_cgi() -> ModuleType:
    """Return the one function of `cgi` that spyne calls (PEP 594 says how it is replaced)."""

    def parse_header(line: str) -> tuple[str, dict[str, str]]:
        message = Message()
        message["Content-Type"] = line
        first, *others = message.get_params() or [("", "")]
        return first[0], dict(others)

    module = ModuleType("cgi")
    vars(module)["parse_header"] = parse_header
    return module


_make_importable()
_has_cgi: Final = "cgi" in sys.modules or importlib.util.find_spec("cgi") is not None
if not _has_cgi:
    sys.modules["cgi"] = _without_cgi()

with warnings.catch_warnings():
    # Nobody who imports spyne can do anything about it.
    warnings.filterwarnings("ignore", "'cgi' is deprecated", DeprecationWarning)
    import spyne as _spyne
    import spyne.protocol as _protocol
    import spyne.server.wsgi as _wsgi

if not _has_cgi:
    del sys.modules["cgi"]

# It has no types, and what checkers find out by themselves is wrong: its classes are made at run
# time.
spyne: Any = _spyne
ProtocolBase: Any = _protocol.ProtocolBase
WsgiApplication: Any = _wsgi.WsgiApplication
