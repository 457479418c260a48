"""No connection beyond loopback, and each attempt is told.

An audit hook sees every connect and every look-up, of C code too, and cannot be taken back. The attempt fails in the
process and is written to the file that SOCKET_GUARD names, so that the test fails though the process lived on.
"""

import os
import socket
import sys

LOOPBACK = ("127.", "::1", "localhost", "::ffff:127.")


def outside(event: str, arguments: tuple) -> str:
    """Whom an event reaches beyond this machine; empty for nobody."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) and address else ""
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0] or ""
    else:
        return ""
    host = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    return host if isinstance(host, str) and host and not host.startswith(LOOPBACK) else ""


def guard(event: str, arguments: tuple) -> None:
    """The audit hook: refuses, and writes it down."""
    host = outside(event, arguments)
    if not host:
        return
    told = os.environ.get("SOCKET_GUARD")
    if told:
        with open(told, "a", encoding="utf-8") as file:  # noqa: PTH123 - as little as can be is imported here
            file.write(f"{event} {host} by {' '.join(sys.argv[:3])}\n")
    reason = f"a test reaches for {host} ({event})"
    if event.startswith("socket.get"):
        raise socket.gaierror(socket.EAI_NONAME, reason)
    raise PermissionError(reason)


def install_here() -> None:
    """Guard this process, for good."""
    sys.addaudithook(guard)
