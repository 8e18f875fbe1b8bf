"""Ports: taken before anything is begun, so that one that cannot be had is said at the start."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from mgcds.errors import SettingsError

_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
Sockets = list[socket.socket]


@contextmanager
def taken(host: str, port: int, which: str) -> Iterator[Sockets]:
    """A socket for each address of the host, so that nobody else has the port; `listen` lets calls in. `which` is the setting of the port,
    for the SettingsError where it cannot be had.
    """
    with ExitStack() as stack:
        with _said(which, port):
            found = list(_bound(host, port, stack))
        yield found


def listen(sockets: Iterable[socket.socket], port: int, which: str) -> None:
    """From here on calls come in. SettingsError as of `taken`: somebody else may have been quicker."""
    with _said(which, port):
        for each in sockets:
            each.listen(2048)


def _bound(host: str, port: int, stack: ExitStack) -> Iterator[socket.socket]:
    """A name such as localhost may have an address of a kind that this machine does not: then the others do. OSError where none does."""
    fault, found = OSError(errno.EADDRNOTAVAIL, "no address of this machine"), 0
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, address in dict.fromkeys((family, address) for family, _, _, _, address in addresses):
        try:
            made = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind(address)
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
            fault = error
        else:
            found += 1
            yield made
    if not found:
        raise fault


@contextmanager
def _said(which: str, port: int) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "no address"
        host = which.replace("port", "host")
        raise SettingsError(
            f"{which} {port} cannot be listened on ({why}): end what listens there, or set another {which} or {host}"
        ) from None
