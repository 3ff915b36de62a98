"""Which addresses are reached from anywhere, by the registries of IANA."""

from __future__ import annotations

import ipaddress

import pytest

from contentsvc.channels.network import is_public

#: Address block and column "Globally Reachable" of the IANA registries of special addresses, read
#: in November 2026. "N/A" means that an address inside decides (6to4, Teredo) or that the block is
#: deprecated.
_REGISTRY = """
0.0.0.0/8            False
0.0.0.0/32           False
10.0.0.0/8           False
100.64.0.0/10        False
127.0.0.0/8          False
169.254.0.0/16       False
172.16.0.0/12        False
192.0.0.0/29         False
192.0.0.8/32         False
192.0.0.9/32         True
192.0.0.10/32        True
192.0.0.170/32       False
192.0.0.171/32       False
192.0.2.0/24         False
192.31.196.0/24      True
192.52.193.0/24      True
192.88.99.0/24       N/A
192.88.99.2/32       False
192.168.0.0/16       False
192.175.48.0/24      True
198.18.0.0/15        False
198.51.100.0/24      False
203.0.113.0/24       False
240.0.0.0/4          False
255.255.255.255/32   False
::1/128              False
::/128               False
64:ff9b:1::/48       False
100::/64             False
100:0:0:1::/64       False
2001:1::1/128        True
2001:1::2/128        True
2001:1::3/128        True
2001:2::/48          False
2001:3::/32          True
2001:4:112::/48      True
2001:10::/28         N/A
2001:20::/28         True
2001:30::/28         True
2001:db8::/32        False
2620:4f:8000::/48    True
3fff::/20            False
5f00::/16            False
fc00::/7             False
fe80::/10            False
"""
#: Blocks of other registries: multicast, site local (RFC 3879), and what is left of 192.0.0.0/24.
_OTHERS = (
    *("224.0.0.0/4", "ff00::/8", "fec0::/10"),
    *("192.0.0.11/32", "192.0.0.255/32", "::7f00:1/128"),
)


def _ends(block: str) -> tuple[str, str]:
    network = ipaddress.ip_network(block)
    return str(network[0]), str(network[-1])


def _rows() -> list[tuple[str, bool]]:
    rows = [line.split() for line in _REGISTRY.split("\n") if line]
    return [(block, text == "True") for block, text in rows] + [(block, False) for block in _OTHERS]


@pytest.mark.parametrize(("block", "is_reachable"), _rows())
def test_the_ends_of_each_block_are_as_the_registry_says(block: str, *, is_reachable: bool) -> None:
    """The first and the last address of a block are public if the registry says so."""
    assert [is_public(address) for address in _ends(block)] == [is_reachable, is_reachable]


@pytest.mark.parametrize("block", [block for block, is_reachable in _rows() if not is_reachable])
def test_an_ipv4_address_inside_an_ipv6_one_decides(block: str) -> None:
    """A private IPv4 address is private as a mapped, translated, 6to4 or Teredo address, too."""
    for text in _ends(block):
        address = ipaddress.ip_address(text)
        if isinstance(address, ipaddress.IPv6Address):
            continue
        number, flipped = int(address), int(address) ^ 0xFFFFFFFF
        inside = [0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]
        inside.append(0x20010000 << 96 | flipped)
        assert not any(is_public(str(ipaddress.IPv6Address(each))) for each in inside), text


@pytest.mark.parametrize("address", ["192.88.98.255", "198.20.0.0", "2002:808:808::", "4000::1"])
def test_neighbours_of_the_blocks(address: str) -> None:
    """Addresses just outside of a block are public, and those that nobody may have are not."""
    assert is_public(address) is (address != "4000::1")
