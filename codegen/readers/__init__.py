"""Readers: a folder of contract documents to their facts.

Knows where the documents of a set are. What they say is read by `wsdl` and `json_schema`.
"""

from __future__ import annotations

from pathlib import Path

from codegen.conventions import JSON_FORMS, SERVICES
from codegen.readers.errors import ContractError, Origin
from codegen.readers.facts import Documents, JsonMessage, SoapService
from codegen.readers.json_schema import read_json_schema
from codegen.readers.wsdl import read_wsdl

__all__ = ["ContractError", "Documents", "Origin", "read_documents"]


def read_documents(folder: Path, shown: str | None = None) -> Documents:
    """Read both WSDLs and all JSON schemas of a set.

    The WSDLs are in the folder itself or in its sub-folder `wsdl`, the schemas in `json` and
    `json-security`.

    Args:
        folder: the set.
        shown: how messages name the folder, where that differs.

    Raises:
        ContractError: a folder or file is missing, or a document is not of OCPP 1.6.
    """
    shown = str(folder) if shown is None else shown
    if not folder.is_dir():
        raise ContractError(Origin(shown), "no such folder", "a folder of contract documents")
    return Documents(_read_services(folder, shown), _read_messages(folder, shown))


def _read_services(folder: Path, shown: str) -> tuple[SoapService, ...]:
    if (folder / "wsdl").is_dir():
        folder, shown = folder / "wsdl", f"{shown}/wsdl"
    found: dict[str, SoapService] = {}
    for path in sorted(folder.glob("*.wsdl")):
        service = read_wsdl(path, f"{shown}/{path.name}")
        if service.name in found:
            raise ContractError(
                service.origin,
                f"a second WSDL of {service.name}",
                f"one (the first is {found[service.name].origin.file})",
            )
        found[service.name] = service
    for name in SERVICES:
        if name not in found:
            raise ContractError(Origin(shown), f"no WSDL of {name}", "one *.wsdl file with it")
    return tuple(found[name] for name in SERVICES)


def _read_messages(folder: Path, shown: str) -> tuple[JsonMessage, ...]:
    messages: list[JsonMessage] = []
    for name in JSON_FORMS:
        paths = sorted((folder / name).glob("*.json"))
        if not paths:
            raise ContractError(Origin(f"{shown}/{name}"), "no *.json file", "the JSON schemas")
        stems = {path.stem for path in paths}
        for path in paths:
            partner = (
                path.stem.removesuffix("Response")
                if path.stem.endswith("Response")
                else f"{path.stem}Response"
            )
            if partner not in stems:
                raise ContractError(
                    Origin(f"{shown}/{name}/{partner}.json"),
                    "no such file",
                    f"one, to go with {path.name}",
                )
            messages.append(read_json_schema(path, name, f"{shown}/{name}/{path.name}"))
    return tuple(messages)
