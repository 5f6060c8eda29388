"""Taking the port before anything else happens, so that a port in use is found first."""

import errno
import socket

BACKLOG = 2048


class CannotListen(Exception):
    """There is no listening at this address; the message says why."""


def listen_at(host: str, port: int) -> list[socket.socket]:
    """Listen at every address of the host; who connects waits until the server is ready. Raises CannotListen."""
    listening: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
            chosen = listening[0].getsockname()[1] if listening else port  # of port 0, all take the first one's
            listening.append(_listen(family, (address[0], chosen, *address[2:])))
    except OSError as error:
        for opened in listening:
            opened.close()
        raise CannotListen(_reason(host, port, error)) from error
    return listening


def _listen(family: int, address: tuple[object, ...]) -> socket.socket:
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for old connections
        if family == socket.AF_INET6:
            taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        taken.bind(address)
        taken.listen(BACKLOG)
    except OSError:
        taken.close()
        raise
    return taken


def _reason(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: stop what uses it, or choose another with --port"
    return f"cannot listen at port {port} of {host}: {error.strerror or error}"
