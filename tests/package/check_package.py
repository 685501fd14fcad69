"""Build and look into what is published; run the README's set-up commands from nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
COMMAND = re.compile(r"```sh\n(.*?)\n```", re.DOTALL)


def main() -> None:
    """Check all of it; any failure ends the program."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        check_wheel(work)
        demo, tests = COMMAND.findall((ROOT / "README.md").read_text())
        run_in_clone(work / "demo", demo)
        # The whole of tox would run this check again, without end.
        run_in_clone(work / "tests", tests, TOXENV="minimal,codegen")


def check_wheel(work: Path) -> None:
    """See that the wheel has what it must, and the commands work when installed from it."""
    clone = copy_of_tree(work / "wheel")
    dist = work / "dist"
    run([sys.executable, "-m", "build", "--outdir", str(dist), str(clone)])
    (wheel,), (source,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    run([sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(source)])
    names = set(zipfile.ZipFile(wheel).namelist())
    missing = shipped() - names
    assert not missing, f"the wheel lacks {sorted(missing)}"
    strangers = {name.split("/")[0] for name in names if not name.startswith("ocpp16")}
    assert not strangers, f"the wheel holds {sorted(strangers)}, too"
    with tarfile.open(source) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    missing = (shipped() | {"LICENSE", "README.md", "pyproject.toml", "setup.cfg"}) - held
    assert not missing, f"the source distribution lacks {sorted(missing)}"
    run([sys.executable, "-m", "venv", str(work / "venv")])
    python = work / "venv" / "bin" / "python"
    run([str(python), "-m", "pip", "install", "--quiet", f"{wheel}[all]"])
    run([str(python), "-m", "ocpp16", "--version"], cwd=work)
    run([str(python), "-m", "ocpp16", "demo", "--quiet"], cwd=work)


def shipped() -> set[str]:
    """Return the files that an installed package has."""
    package = ROOT / "ocpp16"
    kept = (*package.rglob("*.py"), *package.rglob("*.wsdl"), package / "py.typed")
    return {path.relative_to(ROOT).as_posix() for path in kept}


def run_in_clone(place: Path, command: str, **variables: str) -> None:
    """Run a command of the README, word for word, in a clean copy."""
    print(f"$ {command}", flush=True)
    clone = copy_of_tree(place)
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TOX", "VIRTUAL_ENV", "PYTHON"))
    }
    folders = environment["PATH"].split(os.pathsep)
    # The commands must not find what tox has installed for this check.
    environment["PATH"] = os.pathsep.join(part for part in folders if ".tox" not in part)
    subprocess.run(command, shell=True, check=True, cwd=clone, env={**environment, **variables})


def copy_of_tree(place: Path) -> Path:
    """Copy the files that git knows, as they are."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    return place


def run(command: list[str], cwd: Path | None = None) -> None:
    """Run a command that must succeed."""
    print("$", *command, flush=True)
    subprocess.run(command, check=True, cwd=cwd)


if __name__ == "__main__":
    main()
