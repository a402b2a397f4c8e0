"""Where requests may go: to public addresses by https, unless the host's settings allow more.

A name is resolved once, what it resolved to is judged, and the connection goes to that very
address: a name server that answers otherwise a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

import httpx2

from launchopt.conf import launchopt_settings
from launchopt.operations.errors import InvalidInput

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]

PORTS = {"https": 443, "http": 80}
UNICAST = ip_network("2000::/3")  # of IPv6 only this is given out to hosts of the internet
# Global by the registry, and yet no stranger's server: they lead into IPv4, or to the machinery of
# a cloud.
NOT_FOR_US = (
    ip_network("2001::/23"),  # protocol assignments, Teredo among them (RFC 2928)
    ip_network("2002::/16"),  # 6to4, with an IPv4 address inside (RFC 3056)
    ip_network("192.0.0.0/24"),  # protocol assignments; metadata of a cloud (RFC 6890)
    ip_network("192.88.99.0/24"),  # relays of 6to4 (RFC 7526)
    ip_network("168.63.129.16/32"),  # the host of a virtual machine at Azure
)


class AddressRefused(Exception):
    """The place may not be asked, with the reason for a person."""


def check_url(url: str, *, resolve: Resolver | None = None) -> None:
    """Raise InvalidInput at `/url` where nothing may be sent to it."""
    try:
        parsed = parse(url)
        addresses_for(parsed.host, port_of(parsed), resolve=resolve)
    except AddressRefused as refusal:
        raise InvalidInput.at("/url", str(refusal)) from refusal


def parse(url: str) -> httpx2.URL:
    """The parts of an address. Raises AddressRefused for a wrong form or scheme."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError) as error:
        raise AddressRefused(f"{url[:80]!r} is no address: {error}.") from error
    schemes = ("https", "http") if launchopt_settings().webhook_allow_http else ("https",)
    if parsed.scheme not in schemes:
        raise AddressRefused(f"The address must begin with {' or '.join(schemes)}://.")
    if not parsed.host:
        raise AddressRefused("The address names no host.")
    if parsed.userinfo:
        raise AddressRefused("The address must not hold a user name or password.")
    return parsed


def port_of(url: httpx2.URL) -> int:
    """The port that it names, else that of its scheme."""
    return url.port or PORTS[url.scheme]


def addresses_for(host: str, port: int, *, resolve: Resolver | None = None) -> list[str]:
    """The IP addresses to connect to. Raises AddressRefused unless all of them are allowed."""
    try:
        found = [ip_address(each) for each in (resolve or resolved)(host, port)]
    except (OSError, UnicodeError) as error:
        raise AddressRefused(f"The name {host!r} has no address.") from error
    networks = [ip_network(each) for each in launchopt_settings().webhook_networks]
    for address in found:
        if not is_allowed(address, networks=networks):
            raise AddressRefused(
                f"{host} leads to {address}, which is not on the public internet; the setting "
                "WEBHOOK_NETWORKS may allow it."
            )
    return [str(address) for address in found]


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name, by the system's resolver, in its order."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def is_allowed(address: Address, *, networks: Sequence[Network] = ()) -> bool:
    """Whether an address is public, or in a network that the host allows.

    An IPv4 address inside an IPv6 one is never looked at: such an address is refused as it stands.

    >>> [is_allowed(ip_address(a)) for a in ("8.8.8.8", "10.0.0.1", "::ffff:8.8.8.8")]
    [True, False, False]
    """
    return is_public(address) or any(address in network for network in networks)


def is_public(address: Address) -> bool:
    """Whether it is a unicast address of the internet."""
    if address.version == 6 and address not in UNICAST:
        return False
    is_special = address.is_multicast or address.is_reserved or not address.is_global
    return not is_special and not any(address in network for network in NOT_FOR_US)
