"""A folder of certificates and keys for trying security profiles: where what is, and its use.

`pki_maker` makes one. For tests and first steps: an operator's root key does not belong on the
machine of its central system.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ocpp16.security.configuration import KeyPair, ServerSecurity, StationSecurity
from ocpp16.security.credentials import Credentials

OWNER_FILE: Final = "owner.txt"
SERIALS_FILE: Final = "serial-numbers.json"


class Pki:
    """The files of one folder.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def root(self) -> KeyPair:
        """The operator's root, for certificates of the central system and of charge points."""
        return self._pair("root")

    @property
    def central_system(self) -> tuple[KeyPair, KeyPair]:
        """The central system's RSA and ECDSA certificates."""
        return self._pair("central-system-rsa"), self._pair("central-system-ecdsa")

    @property
    def manufacturer_root(self) -> KeyPair:
        """The manufacturer's root, for firmware."""
        return self._pair("manufacturer-root")

    @property
    def firmware_signing(self) -> KeyPair:
        """What firmware is signed with."""
        return self._pair("firmware-signing")

    def charge_point(self, identity: str) -> KeyPair:
        """Return the certificate of a charge point; its CN is the serial number."""
        return self._pair(f"charge-point-{quote(identity, safe=' ')}")

    @property
    def serial_numbers(self) -> dict[str, str]:
        """Identity of each serial number.

        Raises:
            ValueError: The file is none.
        """
        path = self.folder / SERIALS_FILE
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise ValueError(f"{path} cannot be read; `ocpp16 pki` makes it") from None
        if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
            raise ValueError(f"{path} does not name identities by serial number")
        return found

    @property
    def owner(self) -> str:
        """The operator's name, O in its certificates.

        Raises:
            ValueError: The file cannot be read.
        """
        path = self.folder / OWNER_FILE
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            raise ValueError(f"{path} cannot be read; `ocpp16 pki` makes it") from None

    def server_security(
        self, profiles: Collection[int], credentials: Credentials | None = None
    ) -> ServerSecurity:
        """Return the security of a central system that uses this folder.

        Raises:
            ValueError: Something is missing, or contradicts the profiles.
        """
        is_third = 3 in profiles
        return ServerSecurity(
            profiles=profiles,
            credentials=credentials,
            certificates=self.central_system,
            client_roots=self.root.certificate if is_third else None,
            owners=self.owner if is_third else (),
            serial_numbers=self.serial_numbers if is_third else None,
        )

    def station_security(
        self, identity: str, profile: int, authorization_key: str | bytes | None = None
    ) -> StationSecurity:
        """Return the security of a charge point that uses this folder.

        Raises:
            ValueError: Something is missing.
        """
        return StationSecurity(
            profile=profile,
            authorization_key=authorization_key,
            roots=self.root.certificate,
            certificate=self.charge_point(identity) if profile == 3 else None,
        )

    def _pair(self, name: str) -> KeyPair:
        return KeyPair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
