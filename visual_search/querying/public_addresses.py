"""Which addresses belong to the public internet, as far as a server may ask them for a stranger."""

from __future__ import annotations

import ipaddress

# Beside what `ipaddress` calls not global, whose list differs between versions of Python. All from the IANA registries of
# special-purpose addresses (RFC 6890); each leads into somebody's own network, to a relay, or nowhere.
_DENIED_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
# All unicast addresses that were ever given out. Outside stand loopback, addresses that hold an IPv4 one (::/96, ::ffff:0:0/96,
# 64:ff9b::/96, 64:ff9b:1::/48), link-local and unique local ones, and multicast.
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
_DENIED_6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocol assignments, with Teredo (2001::/32), which holds an IPv4 address
            "2001:db8::/32",
            "2002::/16",  # 6to4, which holds an IPv4 address, too
            "2620:4f:8000::/48",
            "3fff::/20",
        ),
    )
)


def is_public(address: str) -> bool:
    """Whether this IPv4 or IPv6 address belongs to a server that anybody may ask. False for what is no address.

    >>> is_public("93.184.216.34"), is_public("192.168.0.1"), is_public("64:ff9b::a00:1"), is_public("fe80::1%eth0")
    (True, False, False, False)
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    if not known.is_global or known.is_multicast:
        return False
    if isinstance(known, ipaddress.IPv4Address):
        return not any(known in network for network in _DENIED_4)
    if known.scope_id is not None or known not in _UNICAST_6:
        return False
    return not any(known in network for network in _DENIED_6)
