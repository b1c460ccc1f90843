"""Which address limits count, and which they don't, because nobody knows whose it is."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from visual_search.access.addresses import network_of

FACTORY = RequestFactory()


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "network"),
    [
        (None, "198.51.101.7", "", "198.51.101.7/32"),
        (None, "198.51.101.7", "203.0.113.9", ""),  # It may be a proxy's, and then all shoppers have it.
        (None, "10.0.0.3", "", ""),
        (None, "127.0.0.1", "", ""),
        (None, "::1", "", ""),
        (None, "", "", ""),
        (0, "10.0.0.3", "", "10.0.0.3/32"),
        (0, "10.0.0.3", "203.0.113.9", "10.0.0.3/32"),
        (1, "10.0.0.3", "203.0.113.9", "203.0.113.9/32"),
        (1, "10.0.0.3", "6.6.6.6, 203.0.113.9", "203.0.113.9/32"),  # What stands further left may be made up.
        (2, "10.0.0.3", "6.6.6.6, 203.0.113.9, 10.0.0.4", "203.0.113.9/32"),
        (1, "10.0.0.3", "", "10.0.0.3/32"),
        (1, "10.0.0.3", "no address", ""),
        (0, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        (0, "2001:db8:1:2:ffff::", "", "2001:db8:1:2::/64"),
        (0, "2001:db8:1:3::1", "", "2001:db8:1:3::/64"),
        (0, "fe80::1%eth0", "", "fe80::/64"),
        (0, "::ffff:203.0.113.9", "", "203.0.113.9/32"),
    ],
)
def test_networks(use, proxies, remote, forwarded, network) -> None:
    use(PROXIES=proxies)
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert network_of(FACTORY.get("/", REMOTE_ADDR=remote, headers=headers)) == network


def test_another_header_names_a_proxy_too(use) -> None:
    use(PROXIES=None)
    request = FACTORY.get("/", REMOTE_ADDR="198.51.101.7", headers={"Forwarded": "for=203.0.113.9"})
    assert network_of(request) == ""
