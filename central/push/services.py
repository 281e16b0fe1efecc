"""Which addresses may be asked: a browser says where its messages go, and who plays one may say anything.

https, a host of the list in `[push] services`, and nothing but public addresses behind its name, unless the list names
that address itself. A name is resolved once, and what was looked at is what is connected to.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

PORT = 443
LONGEST = 1000  # characters of an address
UNICAST, NAT64 = ip_network("2000::/3"), ip_network("64:ff9b::/96")  # RFC 4291, RFC 6052


class Forbidden(Exception):
    """The message says why, without the address: it is a secret of its device."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is asked: `target` with its path, `origin` without it."""

    host: str
    port: int
    target: str
    origin: str


def service(endpoint: str, allowed: Sequence[str]) -> Service:
    """`allowed`: «host», «*.host» (names below it), «host:port». Raises Forbidden."""
    if len(endpoint) > LONGEST or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        raise Forbidden("no address")
    try:
        parts = urlsplit(endpoint)
        port = parts.port or PORT
    except ValueError:
        raise Forbidden("no address") from None
    host = parts.hostname or ""
    if parts.scheme != "https":
        raise Forbidden("not https")
    if "@" in parts.netloc or "\\" in endpoint or parts.fragment:
        raise Forbidden("an address with more than host and path")
    if not any(_fits(host, port, one) for one in allowed):
        raise Forbidden("a host that is not in [push] services")
    return Service(host, port, _target(parts), f"https://{parts.netloc.lower()}")


def resolved(asked: Service, allowed: Sequence[str]) -> str:
    """An address of the host, as digits. Raises Forbidden, OSError: the name is not known."""
    found = [info[4][0] for info in socket.getaddrinfo(asked.host, asked.port, type=socket.SOCK_STREAM)]
    named = {_host(one) for one in allowed}
    for one in found:
        if not _public(str(one)) and one not in named:
            raise Forbidden("a host that stands for an address of an inner network")
    return str(found[0])


def _public(digits: str) -> bool:
    """An address of IPv6 that stands for one of IPv4 is as public as that: a mapped one, one of NAT64. One of 6to4 is
    none, whatever it stands for."""
    address = ip_address(digits.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None or address in NAT64:
            return _public(str(IPv4Address(int(address) & 0xFFFFFFFF)))
        if address not in UNICAST or address.sixtofour is not None:
            return False
    return address.is_global and not address.is_multicast


def _fits(host: str, port: int, rule: str) -> bool:
    name, its_port = _host(rule), _port(rule)
    if port != its_port:
        return False
    return host.endswith(name[1:]) and len(host) >= len(name) if name.startswith("*.") else host == name


def _host(rule: str) -> str:
    return (rule.rpartition(":")[0] if _has_port(rule) else rule).lower()


def _port(rule: str) -> int:
    return int(rule.rpartition(":")[2]) if _has_port(rule) else PORT


def _has_port(rule: str) -> bool:
    return rule.rpartition(":")[2].isdecimal() and ":" in rule


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
