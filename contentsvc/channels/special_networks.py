"""The networks that IANA lists as special, and whether their addresses are reached from anywhere.

Python's `ipaddress` has a list too, but it depends on the version of Python, and older ones call
some of these networks global. The sources are the IANA IPv4 and IPv6 Special-Purpose Address
Registries (RFC 6890), read in November 2026.
"""

from __future__ import annotations

import ipaddress

__all__ = ["is_globally_reachable"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Networks whose addresses are not reached from anywhere.
_NOT_GLOBAL = (
    "0.0.0.0/8",  # this network, RFC 791
    "10.0.0.0/8",  # private, RFC 1918
    "100.64.0.0/10",  # shared by carriers, RFC 6598
    "127.0.0.0/8",  # loopback, RFC 1122
    "169.254.0.0/16",  # link local, RFC 3927
    "172.16.0.0/12",  # private, RFC 1918
    "192.0.0.0/24",  # protocol assignments, RFC 6890; exceptions below
    "192.0.2.0/24",  # documentation, RFC 5737
    "192.88.99.0/24",  # 6to4 relays, deprecated by RFC 7526
    "192.168.0.0/16",  # private, RFC 1918
    "198.18.0.0/15",  # benchmarks, RFC 2544
    "198.51.100.0/24",  # documentation, RFC 5737
    "203.0.113.0/24",  # documentation, RFC 5737
    "224.0.0.0/4",  # multicast, RFC 5771
    "240.0.0.0/4",  # reserved, RFC 1112, and broadcast
    # Nothing outside 2000::/3 has been allocated to hosts, RFC 4291 §2.4. This covers loopback,
    # unique local (fc00::/7), link local (fe80::/10), site local (fec0::/10), multicast (ff00::/8),
    # discard-only (100::/64), local NAT64 (64:ff9b:1::/48) and segment routing (5f00::/16).
    "::/0",
    "2001::/23",  # protocol assignments, RFC 2928; exceptions below
    "2001:db8::/32",  # documentation, RFC 3849
    "3fff::/20",  # documentation, RFC 9637
)
#: Networks inside those whose addresses are reached from anywhere.
_GLOBAL = (
    "192.0.0.9/32",  # port control protocol, RFC 7723
    "192.0.0.10/32",  # TURN, RFC 8155
    "2000::/3",  # global unicast, RFC 4291
    "2001:1::1/128",  # port control protocol, RFC 7723
    "2001:1::2/128",  # TURN, RFC 8155
    "2001:1::3/128",  # service registration, RFC 9665
    "2001:3::/32",  # AMT, RFC 7450
    "2001:4:112::/48",  # AS112, RFC 7535
    "2001:20::/28",  # ORCHIDv2, RFC 7343
    "2001:30::/28",  # drone remote identification, RFC 9374
)


def _by_length() -> list[tuple[_Network, bool]]:
    listed = [(text, False) for text in _NOT_GLOBAL] + [(text, True) for text in _GLOBAL]
    networks = [(ipaddress.ip_network(text), is_global) for text, is_global in listed]
    return sorted(networks, key=lambda item: item[0].prefixlen, reverse=True)


#: The longest prefix first, which decides.
_NETWORKS = _by_length()


def is_globally_reachable(address: _Address) -> bool:
    """Return whether hosts anywhere on the internet can have this IP address."""
    for network, is_global in _NETWORKS:
        if address.version == network.version and address in network:
            return is_global
    return True
