"""Where a charge point may be called on SOAP: its `From`, judged. Pure functions.

A central system learns a charge point's address from a header that anyone can write. Without rules
it would post wherever it is told to: into the operator's own network, or to a cloud's metadata
service. A name is not looked up to be judged, since it can stand for something else a moment later:
names have to be listed. Spec: S 3, 7.1; house rules, SOAP.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

LENGTH_LIMIT: Final = 1024
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
FORBIDDEN: Final[tuple[Network, ...]] = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "169.254.0.0/16",  # link-local, the metadata service of most clouds in it
        "100.100.100.200/32",  # metadata at Alibaba
        "168.63.129.16/32",  # the host's own services at Azure
        "192.0.0.192/32",  # metadata at Oracle
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fe80::/10",
        "fd00:ec2::254/128",  # metadata at Amazon
        "fd20:ce::254/128",  # metadata at Google
        "ff00::/8",
        "64:ff9b:1::/48",  # RFC 8215: any IPv4 address may be in it, at any place
    )
)
"""Never called, whatever a setting says."""
_NAT64: Final = ip_network("64:ff9b::/96")
_UNFIT: Final = re.compile(r"[^\x21-\x7e]|[\\@#]")


def choose_callback(
    claim: str | None,
    source: str | None,
    *,
    stored: str | None = None,
    may_move: bool = True,
    listed: Sequence[str] = (),
    networks: Collection[Network] = (),
) -> str | None:
    """Return where to call a charge point from now on; None if it names no place.

    Args:
        claim: What the request says in `From`.
        source: Address that the request came from.
        stored: The address that counts until now.
        may_move: Whether the request is one that tells of another address: BootNotification (S 7.1)
            or Heartbeat (S 5). With any other, what was learnt once stays.
        listed: Addresses that the operator has listed for this charge point. Then it is one of them
            or none, wherever the request came from; the first stands in for whatever is not listed.
        networks: Networks where charge points may be although they are private or loopback.

    Raises:
        ValueError: The claim is unacceptable; what counted before goes on to count.
    """
    if listed:
        if claim in listed:
            return claim
        if claim is not None and stored not in listed:
            return listed[0]
        return stored if stored in listed else listed[0]
    if claim is None or claim == stored:
        return stored
    if stored is not None and not may_move:
        raise ValueError(f"it is not {stored}, and this message tells of no other")
    check_callback(claim, source, stored=stored, networks=networks)
    return claim


def check_callback(
    claim: str,
    source: str | None,
    *,
    stored: str | None = None,
    networks: Collection[Network] = (),
) -> None:
    """Check an address that is not listed for its charge point; see `choose_callback`.

    Raises:
        ValueError: It cannot be accepted, and why.
    """
    parts, address, port = _read(claim)
    if address is None:
        raise ValueError(f"the host {parts.hostname!r} is a name, and not listed")
    if any(address in network for network in FORBIDDEN):
        raise ValueError("it is link-local, a metadata service, or no address of a host")
    is_allowed = any(address in network for network in networks)
    if not address.is_global and not is_allowed:
        raise ValueError("it is private or loopback, in a network that is not allowed")
    if source is None or parse_address(source) != address:
        raise ValueError(f"it is not where the request came from ({source}), and not listed")
    if stored is not None and not is_allowed:
        # Who shares an address with others could turn our calls against a neighbour's port.
        _, _, stored_port = _read(stored)
        if port != stored_port:
            raise ValueError(f"it names another port than {stored_port}, and is not listed")


def parse_address(text: str) -> Address | None:
    """Return an IP address, an IPv4 one that stands in an IPv6 one as such; None if it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    # RFC 4291 2.5.5.1: an old form, which `is_global` takes for a host of the internet.
    is_compatible = 0xFFFF < int(address) <= 0xFFFFFFFF
    if is_compatible or address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    # A zone says by which interface; it is the same host.
    return IPv6Address(int(address))


def check_listed(url: str) -> None:
    """Check an address that an operator lists: its form, and that nobody could want it.

    Raises:
        ValueError: It has another form, or is link-local or a metadata service.
    """
    host = check_url(url).hostname
    address = parse_address(host or "")
    # Where a name leads is the operator's to answer for.
    if address is not None and any(address in network for network in FORBIDDEN):
        raise ValueError("it is link-local, a metadata service, or no address of a host")


def check_url(url: str) -> SplitResult:
    """Check the form of an address: http or https, a host, no user, no fragment.

    Raises:
        ValueError: It has another one.
    """
    if len(url) > LENGTH_LIMIT:
        raise ValueError(f"it has more than {LENGTH_LIMIT} characters")
    if _UNFIT.search(url):
        raise ValueError("it holds a character that an address here has not")
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError("it is neither http nor https")
    if not parts.hostname:
        raise ValueError("it names no host")
    if parts.port == 0:
        raise ValueError("port 0 is none")
    return parts


def _read(url: str) -> tuple[SplitResult, Address | None, int]:
    parts = check_url(url)
    port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    return parts, parse_address(parts.hostname or ""), port
