"""Puts what `certificates` decides into the security of a link, with the keys of a `KeyStore`.

Knows files, `security` and threads; no role and no event loop. Spec: W A02, M05.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import attrs

from ocpp16 import log
from ocpp16.certificate import Certificate
from ocpp16.errors import ConnectionRefused, OcppError
from ocpp16.security.configuration import KeyPair, StationSecurity
from ocpp16.security.key_store import KeyStore
from ocpp16.station.action import KeepKeys, MakeRequest
from ocpp16.station.certificates import Certificates, Plan
from ocpp16.station.examiner import Examiner
from ocpp16.station.own_certificate import Held
from ocpp16.transports.task import run_in_thread

logger = logging.getLogger(__name__)
Tell: TypeAlias = Callable[[Callable[[Certificates], object]], object]
"""Tells the certificates of the station at work something; what cannot be stored is for the log."""
NOT_WANTED = frozenset({401, 403})
"""HTTP statuses by which a central system says that it does not know who we are."""
SHOWING = 3
"""The security profile in which a charge point shows a certificate."""


class Wallet:
    """What one station shows, and whom it trusts.

    Args:
        keys: Its private keys.
        tell: Tells the certificates of the station at work something.
    """

    def __init__(self, keys: KeyStore, tell: Tell) -> None:
        self._keys = keys
        self._tell = tell
        self._plan: Plan | None = None
        self._is_told = False

    # The link; `roles.station_link.Wallet`

    def equip(self, security: StationSecurity) -> StationSecurity:
        """Return the security of the next attempt.

        Raises:
            ValueError: A file that the station was given cannot be read.
            OSError: A file of ours cannot be written.
        """
        self._plan = None
        if not security.is_tls:
            return security
        self._provision(security)
        plan, pair = self._planned(security), None
        if plan is not None and plan.held is not None:
            held = plan.held
            pair = self._keys.pair(held.name, held.chain)
            if not pair.key.exists():
                self._tell(lambda certificates: certificates.key_lost(held))
                return self.equip(security) if self._is_gone(held) else security
        if plan is not None and plan.root is not None:
            security = attrs.evolve(security, roots=self._keys.root(plan.root.certificate.pem))
        return security if pair is None else attrs.evolve(security, certificate=pair)

    def _planned(self, security: StationSecurity) -> Plan | None:
        self._tell(lambda certificates: self._take(certificates, security.profile == SHOWING))
        return self._plan

    def _is_gone(self, held: Held) -> bool:
        found: list[Held | None] = []
        self._tell(lambda certificates: found.append(certificates.held))
        return bool(found) and (found[0] is None or found[0].name != held.name)

    def failed(self, error: OcppError) -> bool:
        """Take it that the attempt failed; return whether another one is to follow at once."""
        plan, again = self._plan, []
        if plan is None:
            return False
        event = error.security_event if isinstance(error, ConnectionRefused) else None
        is_refused = isinstance(error, ConnectionRefused) and error.status in NOT_WANTED
        self._tell(
            lambda certificates: again.append(
                certificates.link_failed(plan, event, is_refused=is_refused)
            )
        )
        return any(again)

    def worked(self) -> None:
        """Take it that the attempt was good."""
        plan = self._plan
        if plan is not None:
            self._tell(lambda certificates: certificates.link_worked(plan))

    def raised(self, security: StationSecurity, profile: int) -> StationSecurity:
        """Return the security of a link with a higher profile, with the certificate that is held.

        For `Station(security_for=...)`, and for a station that was raised in an earlier run.

        Raises:
            ValueError: Something that the profile needs is missing.
        """
        pairs: list[KeyPair] = []

        def find(certificates: Certificates) -> None:
            held = certificates.held
            if held is not None:
                pairs.append(self._keys.pair(held.name, held.chain))

        self._tell(find)
        certificate = pairs[0] if pairs else security.certificate
        return attrs.evolve(security, profile=profile, certificate=certificate)

    def _take(self, certificates: Certificates, shows: bool) -> None:
        self._plan = certificates.plan(shows=shows)

    def _provision(self, security: StationSecurity) -> None:
        from ocpp16.security.certificate_reader import read  # noqa: PLC0415 - heavy, an extra

        roots = () if security.roots is None else self._manageable(security.roots)
        pair, own = security.certificate, None
        if pair is not None:
            own, *between = read(_text(pair.certificate))
            # Its issuer may be a root.
            issuers = [each for each in (*between, *roots) if each.subject == own.issuer]
            own = read(own.pem + "".join(each.pem for each in issuers))[0]
        self._tell(lambda certificates: certificates.provision(roots, own))

    def _manageable(self, path: Path) -> tuple[Certificate, ...]:
        """Return the roots of a file; none where there are too many to be tried one at a time.

        Those of a whole machine, say: they are trusted as they are until one is installed.
        """
        from ocpp16.security.certificate_reader import read  # noqa: PLC0415 - heavy, an extra

        text = _text(path)
        try:
            return read(text)
        except ValueError as error:
            if not self._is_told:
                self._is_told = True
                logger.warning("%s is trusted as it is: %s", path, log.one_line(str(error), 500))
            return ()

    # Actions

    def keep(self, action: KeepKeys) -> None:
        """Destroy keys that are not needed any more."""
        try:
            self._keys.keep_only(action.names)
        except OSError as error:
            log.failure(logger, "keys could not be destroyed", error)

    async def make_request(self, action: MakeRequest) -> None:
        """Make a key and a request, and tell what came of it."""
        try:
            csr, key = await run_in_thread(
                self._keys.make_request, action.name, action.common_name, action.organization
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no request
            failure = error
            self._tell(lambda certificates: certificates.request_failed(action.name, failure))
            return
        self._tell(lambda certificates: certificates.request_made(action.name, csr, key))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None


def examiner_of_certificates() -> Examiner:
    """Return who reads certificates.

    Raises:
        ModuleNotFoundError: `cryptography` is not installed.
    """
    from ocpp16.security.certificate_reader import CertificateReader  # noqa: PLC0415 - an extra

    return CertificateReader()
