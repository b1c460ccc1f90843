"""From which network a request comes, as far as that is known."""

from __future__ import annotations

import ipaddress

from django.http import HttpRequest

from visual_search.conf import conf

IPV6_PREFIX = 64  # A household has all addresses of such a network, and may ask with another one each time.


def address_of(request: HttpRequest) -> str:
    """The address of the client, behind as many trusted proxies as the shop says; "" where a server passes none on."""
    proxies = conf.PROXIES or 0
    # Each trusted proxy appends the address that it saw. The client may have made up what stands further left.
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))


def network_of(request: HttpRequest) -> str:
    """What the limits of an address count: an IPv4 address, or an IPv6 network. "" where nobody knows whose it is.

    While the shop doesn't say how many proxies it has, an address that may be a proxy's isn't counted: all shoppers would share
    one limit, and one of them could use it up for the others.
    """
    try:
        address = ipaddress.ip_address(address_of(request).split("%")[0])
    except ValueError:
        return ""
    # The same client counts as one whether the socket speaks IPv4 or IPv4 inside IPv6.
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if conf.PROXIES is None and (_names_a_proxy(request) or not address.is_global):
        return ""
    prefix = 32 if address.version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))


def _names_a_proxy(request: HttpRequest) -> bool:
    return bool(request.META.get("HTTP_X_FORWARDED_FOR") or request.META.get("HTTP_FORWARDED"))
