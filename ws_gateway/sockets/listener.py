"""The socket that pages connect to. What the kernel is to know of a connection, it knows before anybody connects.

Linux gives each connection these options of the socket that it came to. To set them on each one would be three more
calls of the kernel, and the event loop's way there costs more than those: a fourteenth of a connect.
"""

import socket

from infra.http.server import Option, listen

_USER_TIMEOUT_MS = 20_000
"""After this time without an answer to what was sent, the kernel takes the peer for dead (RFC 5482)."""

_SEND_BUFFER_BYTES = 64 * 1024
"""Of the kernel, which would otherwise take up to four MiB for a page that reads nothing."""

_SENT_AT_ONCE = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
_LITTLE_KEPT = (socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)


def listen_for_pages(host: str, port: int) -> socket.socket:
    """Open the address of a gateway: each frame is sent at once, and what the kernel keeps for a client is bounded.

    Raises:
        AddressInUseError: another process has it.
    """
    options: list[Option] = [_SENT_AT_ONCE, _LITTLE_KEPT]
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS))
    return listen(host, port, options)
