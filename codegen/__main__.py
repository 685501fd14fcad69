"""The command: `python -m codegen`.

Knows arguments, exit codes and where messages go. The work is in `readers`, `merge`, `contracts`,
`generate` and `output`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from codegen.contracts import FOLDER, contract_files
from codegen.difference import changed_facts
from codegen.generate import generated_files
from codegen.merge import merge
from codegen.names import check_names
from codegen.output import compare, write
from codegen.overlay import load_overlay
from codegen.prose import ProseError
from codegen.readers import ContractError, Documents, read_documents

ROOT: Final = Path(__file__).resolve().parent.parent
SAME, DRIFT, BROKEN = 0, 1, 2

EPILOG: Final = f"""\
Without --from, the contracts in {FOLDER}/ are read. With it, DIR is read: a folder with the
published WSDLs (in DIR or DIR/wsdl) and JSON schemas (in DIR/json and DIR/json-security).

  python -m codegen                       write all generated files from {FOLDER}/
  python -m codegen --check               see that they are what {FOLDER}/ makes them
  python -m codegen contracts --from DIR  write {FOLDER}/ from the published documents
  python -m codegen --from DIR --check    prove that DIR gives {FOLDER}/ and all generated files

Exit code: 0 done or no difference, 1 a difference, 2 a broken document or wrong usage.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    if options.what == "contracts" and options.source is None:
        _parser().error("contracts needs --from DIR")
    try:
        return _run(options.root, options.source, options.what == "contracts", options.check)
    except (ContractError, ProseError) as error:
        return _report(BROKEN, str(error))
    except OSError as error:
        return _report(BROKEN, f"{error.filename}: {error.strerror}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m codegen",
        description="Contracts of OCPP 1.6 to the code of ocpp16.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=("contracts",),
        help=f"write or check {FOLDER}/ only, not the generated code",
    )
    parser.add_argument(
        "--from", dest="source", metavar="DIR", type=Path, help="read the contracts in DIR"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; name the first difference"
    )
    parser.add_argument(
        "--root",
        metavar="DIR",
        type=Path,
        default=ROOT,
        help="the repository to write to or compare with (default: the one of this command)",
    )
    return parser


def _run(root: Path, source: Path | None, contracts_only: bool, check: bool) -> int:
    documents = _own(root) if source is None else read_documents(source)
    if not check:
        expected = _expected(documents, contracts_only)
        changed = write(expected, root)
        sys.stdout.write("".join(f"{path}\n" for path in changed))
        sys.stdout.write(f"{len(changed)} of {len(expected)} files changed\n")
        return SAME
    facts = _changed_facts(documents, root) if source is not None else []
    if len(facts) > 1:
        facts = [f"{facts[0]} (and {len(facts) - 1} more)"]
    try:
        expected = _expected(documents, contracts_only)
    except (ContractError, ProseError) as error:
        if not facts:
            raise
        return _report(DRIFT, *facts, str(error))
    difference = compare(expected, root)
    if difference is not None:
        return _report(DRIFT, *facts, str(difference), difference.excerpt)
    sys.stdout.write(f"{len(expected)} files are as generated\n")
    return SAME


def _own(root: Path) -> Documents:
    return read_documents(root / FOLDER, FOLDER)


def _changed_facts(documents: Documents, root: Path) -> list[str]:
    """The facts in which the repository's contracts differ from those of DIR."""
    try:
        return changed_facts(_own(root), documents)
    except ContractError as error:
        return [str(error)]


def _expected(documents: Documents, contracts_only: bool) -> dict[str, str]:
    contract = merge(documents, load_overlay())
    check_names(contract)
    files = contract_files(contract)
    return files if contracts_only else files | generated_files(contract)


def _report(code: int, *lines: str) -> int:
    for line in lines:
        if line:
            sys.stderr.write(f"{line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
