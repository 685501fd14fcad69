"""The folder of a central system's files: firmware to be fetched, and what charge points sent.

    firmware/NAME           an image, by the operator's name for it
    firmware/NAME.signed    who signed it, and how
    uploads/NUMBER          what came of a job, by its number

Nothing that a charge point sends is ever part of a path: its name for a file is data, in the store.
A file is written beside its place, and moved there once it is whole and on the disk. What is there
already is seen at the next request; what is half written when the process dies goes at the next
start. Blocks: run it in a thread.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import attrs

NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,99})", re.ASCII)
"""What an image may be called: a version that charge points know, and no path anywhere."""
SIGNED: Final = ".signed"
CHUNK: Final = 1024 * 1024
_PART: Final = ".part-"


class TooLarge(Exception):
    """A file is larger than it may be."""


@attrs.frozen
class Signature:
    """How an image was signed, and the certificate of who did."""

    signature: str
    """Base64."""
    certificate: str
    """PEM."""


@attrs.frozen(kw_only=True)
class Image:
    """A firmware image."""

    name: str
    size: int
    modified: datetime
    signature: Signature | None


@attrs.frozen
class Written:
    """A file that was written."""

    size: int
    sha256: str


class NewFile:
    """A file that is being written: it is there once `keep` has returned, and not before.

    Args:
        target: Where it is to be.
        limit: How many bytes it may have.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, target: Path, limit: int) -> None:
        self._target = target
        self._left = self._limit = limit
        self._hash = hashlib.sha256()
        self._part = target.with_name(f"{_PART}{secrets.token_hex(8)}")
        self._file: BinaryIO = self._part.open("xb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()

    def write(self, data: bytes) -> None:
        """Append.

        Raises:
            TooLarge: It is beyond the limit.
            OSError: The disk takes no more.
        """
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge(f"a file here has {self._limit} bytes at most")
        self._hash.update(data)
        self._file.write(data)

    def keep(self) -> Written:
        """Put it in its place, in place of what is there.

        Raises:
            OSError: It is not there.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._target)
        _sync_folder(self._target.parent)
        return Written(self._limit - self._left, self._hash.hexdigest())

    def discard(self) -> None:
        """Leave nothing of it, unless it was kept."""
        try:
            self._file.close()
        except OSError:
            pass  # A disk that is full says so once more; what was written goes all the same.
        finally:
            self._part.unlink(missing_ok=True)


class SiteFiles:
    """The files in a folder.

    Args:
        folder: The folder; it is made where there is none.

    Raises:
        OSError: It cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._firmware = folder / "firmware"
        self._uploads = folder / "uploads"
        for each in (self._firmware, self._uploads):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
            for part in each.glob(f"{_PART}*"):
                part.unlink(missing_ok=True)

    # Firmware

    def new_image(self, name: str, limit: int) -> NewFile:
        """Begin an image, which replaces the one of its name, and ends its signature.

        Raises:
            ValueError: An image cannot be called so.
            OSError: It cannot be written.
        """
        return NewFile(self._place(name), limit)

    def keep_image(self, name: str, file: NewFile) -> Written:
        """Put an image in its place; the signature of the one before is gone first."""
        self._signature_place(name).unlink(missing_ok=True)
        return file.keep()

    def sign_image(self, name: str, signature: Signature) -> None:
        """Keep how an image was signed.

        Raises:
            FileNotFoundError: There is no such image.
            OSError: It cannot be written.
        """
        self.image(name)
        with NewFile(self._signature_place(name), CHUNK) as file:
            file.write(json.dumps(attrs.asdict(signature)).encode())
            file.keep()

    def remove_image(self, name: str) -> None:
        """Remove an image.

        Raises:
            FileNotFoundError: There is no such image.
        """
        place = self._known(name)
        self._signature_place(name).unlink(missing_ok=True)
        place.unlink()

    def image_path(self, name: str) -> Path:
        """Return where an image is.

        Raises:
            FileNotFoundError: There is no such image.
        """
        return self._known(name)

    def image(self, name: str) -> Image:
        """Return an image.

        Raises:
            FileNotFoundError: There is no such image.
        """
        found = self._known(name).stat()
        return Image(
            name=name,
            size=found.st_size,
            modified=datetime.fromtimestamp(int(found.st_mtime), UTC),
            signature=self._signature(name),
        )

    def images(self) -> list[Image]:
        """Return the images, by name."""
        return list(self._images())

    def _images(self) -> Iterator[Image]:
        for path in sorted(self._firmware.iterdir()):
            try:
                yield self.image(path.name)
            except FileNotFoundError:
                continue  # A signature, a part, something of the operator's own, or just removed.

    def _signature(self, name: str) -> Signature | None:
        try:
            found = json.loads(self._signature_place(name).read_bytes())
            return Signature(str(found["signature"]), str(found["certificate"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def _signature_place(self, name: str) -> Path:
        return self._place(name).with_name(f"{name}{SIGNED}")

    def _place(self, name: str) -> Path:
        if not is_image_name(name):
            raise ValueError("an image is called by 1 to 100 letters, digits and ._-, no dot first")
        return self._firmware / name

    def _known(self, name: str) -> Path:
        if not is_image_name(name):
            raise FileNotFoundError(name)
        place = self._firmware / name
        # A link could lead out of the folder.
        if place.is_symlink() or not place.is_file():
            raise FileNotFoundError(name)
        return place

    # Uploads

    def new_upload(self, number: int, limit: int) -> NewFile:
        """Begin what comes of a job.

        Raises:
            OSError: It cannot be written.
        """
        return NewFile(self._uploads / str(number), limit)

    def upload_path(self, number: int) -> Path:
        """Return where the file of a job is.

        Raises:
            FileNotFoundError: There is none.
        """
        place = self._uploads / str(number)
        if place.is_symlink() or not place.is_file():
            raise FileNotFoundError(number)
        return place

    def remove_upload(self, number: int) -> None:
        """Remove the file of a job, if there is one."""
        (self._uploads / str(number)).unlink(missing_ok=True)


def is_image_name(name: str) -> bool:
    """Tell whether an image can be called so."""
    return NAME.fullmatch(name) is not None and not name.endswith(SIGNED)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
