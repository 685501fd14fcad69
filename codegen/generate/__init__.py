"""The model of facts to Python source: every generated file, as a mapping of path to text.

Each module here writes one kind of file. All of them are pure functions of the contract and the
prose; the banner carries a digest of both, and no date.
"""

from __future__ import annotations

import hashlib

from codegen import prose
from codegen.generate import (
    catalog,
    datatypes,
    drafts,
    enums,
    json_codec,
    messages,
    public,
    soap_codec,
)
from codegen.generate.source import Banner
from codegen.model import Contract

__all__ = ["generated_files"]


def generated_files(contract: Contract) -> dict[str, str]:
    """Return every generated Python file.

    Raises:
        prose.ProseError: The prose lacks something, or has something that no contract has.
    """
    texts = prose.load()
    differences = texts.check(contract)
    if differences:
        raise prose.ProseError(f"the prose does not fit the contracts:\n{differences}")
    banner = Banner(digest(contract, texts))
    files: dict[str, str] = {}
    for write in (
        enums.files,
        datatypes.files,
        messages.files,
        drafts.files,
        catalog.files,
        json_codec.files,
        public.files,
        soap_codec.files,
    ):
        files.update(write(contract, texts, banner))
    return files


def digest(contract: Contract, texts: prose.Prose) -> str:
    """Return a short digest of all that generated code depends on."""
    return hashlib.sha256(repr((contract, texts)).encode()).hexdigest()[:16]
