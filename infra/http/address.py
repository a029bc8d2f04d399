"""Whose address a connection has. Source: the `X-Forwarded-For` header as proxies write it."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

Networks = Sequence[IPv4Network | IPv6Network]

_SUBSCRIBER_PREFIX = 64


def client_address(peer: str, forwarded_for: Sequence[str], trusted_proxies: Networks) -> str:
    """Give the address by which a client is counted.

    Each proxy adds at the end whom it speaks for. So the entries are read from the end, for as long as the one who
    wrote them is trusted; what stands before is the client's own invention. An IPv6 client is counted by its network,
    since it may choose among as many addresses as it likes.
    """
    address = peer
    entries = [entry.strip() for header in forwarded_for for entry in header.split(",")]
    while entries and _is_trusted(address, trusted_proxies):
        address = entries.pop()
    return _subscriber(address)


def address_of(scope: Scope, trusted_proxies: Networks) -> str:
    """Give the address by which the client of an HTTP request is counted."""
    peer, _ = scope.get("client") or ("", 0)
    return client_address(peer, Headers(scope=scope).getlist("X-Forwarded-For"), trusted_proxies)


def _is_trusted(address: str, proxies: Networks) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in proxies)


def _subscriber(address: str) -> str:
    try:
        # That it is one is all that is to be known of an IPv4 address, which has one way of being written.
        socket.inet_pton(socket.AF_INET, address)
    except (OSError, ValueError):
        return _subscriber_of_ipv6(address)
    return address


def _subscriber_of_ipv6(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unreadable"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Network((parsed, _SUBSCRIBER_PREFIX), strict=False))
    return str(parsed)
