"""The contract documents in `wsdl/`, written from the model.

Knows which document is written where. They are our own plain rendering of the facts, not copies:
the published files belong to the Open Charge Alliance and may not be changed, and these state the
same facts without their texts and their accidents of layout.
"""

from __future__ import annotations

from typing import Final

from codegen.contract_json import json_schema_text
from codegen.contract_wsdl import wsdl_text
from codegen.model import Contract

FOLDER: Final = "wsdl"


def wsdl_files(contract: Contract) -> dict[str, str]:
    """Return the WSDLs by file name."""
    return {service.file: wsdl_text(contract, service) for service in contract.services}


def contract_files(contract: Contract) -> dict[str, str]:
    """Return every contract document by its path in the repository."""
    files = {f"{FOLDER}/{name}": text for name, text in wsdl_files(contract).items()}
    for action in contract.actions:
        for message in (action.request, action.response):
            path = f"{FOLDER}/{message.json.folder}/{message.json.file}"
            files[path] = json_schema_text(contract, message)
    return files
