"""Network connections for httpcore that refuse private addresses and observe a deadline."""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from contentsvc.channels.special_networks import is_globally_reachable
from contentsvc.messages import Message

__all__ = ["GuardedBackend", "PrivateAddressError", "is_public"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: RFC 6052: an IPv4 address behind a translator.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddressError(Exception):
    """Raised if a host has only IP addresses in private networks or on this machine."""


def _embedded(address: _Address) -> Iterable[_Address]:
    """Yield the IPv4 addresses that *address* contains, if it is an IPv6 transition address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            yield address.ipv4_mapped
        if address.sixtofour:
            yield address.sixtofour
        if address.teredo:
            yield address.teredo[1]
        if address in _NAT64:
            yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)


def is_public(text: str) -> bool:
    """Return True if an IP address is public. If an IPv6 address embeds an IPv4 one, check that."""
    address = ipaddress.ip_address(text.partition("%")[0])
    inner = tuple(_embedded(address))
    if inner:
        return all(is_public(str(one)) for one in inner)
    return is_globally_reachable(address)


class GuardedBackend(httpcore.NetworkBackend):
    """An httpcore network backend for one call, with a deadline and a ban on private hosts.

    It resolves the host's name once and connects to the addresses that it has checked, so that a
    name server cannot return a public address for the check and a private one for the connection.
    """

    def __init__(
        self,
        seconds: float,
        *,
        allow_private: bool,
        resolve: Callable[[str, int], list[str]] | None = None,
    ) -> None:
        """Create a backend for one call, which must end within *seconds* seconds.

        Private addresses are allowed if *allow_private* is true.
        """
        self._ends = time.monotonic() + seconds
        self._allow_private = allow_private
        self._resolve = resolve or _lookup
        #: Whether a byte of the request may have been sent. While false, nothing was published.
        self.began = False

    def remaining(self) -> float:
        """Return the seconds left until the deadline. Raise ReadTimeout if it has passed."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout(Message("call-deadline-over"))
        return left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline of the call replaces it
        local_address: str | None = None,  # noqa: ARG002 - part of httpcore's signature
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - part of httpcore's signature
    ) -> httpcore.NetworkStream:
        """Connect to the first allowed IP address of *host* that accepts a connection."""
        trouble: OSError | None = None
        addresses = self._checked(host, port)
        for position, address in enumerate(addresses):
            # An address that does not respond must leave time for the others.
            share = self.remaining() / (len(addresses) - position)
            try:
                sock = socket.create_connection((address, port), timeout=share)
            except OSError as error:
                trouble = error
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return _Stream(sock, self)
        raise httpcore.ConnectError(str(trouble)) from trouble

    def _checked(self, host: str, port: int) -> list[str]:
        addresses = self._addresses(host, port)
        if self._allow_private:
            return addresses
        public = [address for address in addresses if is_public(address)]
        if not public:
            raise PrivateAddressError(host)
        return public

    def _addresses(self, host: str, port: int) -> list[str]:
        """Look up the IP addresses of *host*, in a thread so that the lookup can time out."""
        if _is_address(host):
            return [host]
        results: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

        def resolve() -> None:
            try:
                results.put(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                results.put(error)

        threading.Thread(target=resolve, name="resolve", daemon=True).start()
        try:
            result = results.get(timeout=self.remaining())
        except queue.Empty:
            raise httpcore.ConnectTimeout(Message("name-server-too-slow")) from None
        if isinstance(result, Exception):
            raise httpcore.ConnectError(Message("host-name-unknown")) from result
        return result


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _lookup(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Stream(httpcore.NetworkStream):
    """A socket whose reads and writes all end at the deadline of the call."""

    def __init__(self, sock: socket.socket, call: GuardedBackend) -> None:
        self._sock = sock
        self._call = call

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        try:
            self._sock.settimeout(self._call.remaining())
            return self._sock.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(Message("response-too-slow")) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        view = memoryview(buffer)
        try:
            while view:
                self._sock.settimeout(self._call.remaining())
                self._call.began = True
                view = view[self._sock.send(view) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(Message("request-too-slow")) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline of the call replaces it
    ) -> httpcore.NetworkStream:
        try:
            self._sock.settimeout(self._call.remaining())
            secured = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except TimeoutError as error:
            self.close()
            raise httpcore.ConnectTimeout(Message("tls-too-slow")) from error
        except OSError as error:
            self.close()
            raise httpcore.ConnectError(str(error)) from error
        return _Stream(secured, self._call)

    def get_extra_info(self, info: str) -> Any:
        return self._sock if info == "socket" else None
