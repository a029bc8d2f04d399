"""WebSocket frames as a client sends and gets them. Source: RFC 6455, section 5."""

from collections.abc import Iterator

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA

_FIN = 0x80
_MASKED = 0x80
_NO_MASK = b"\x00\x00\x00\x00"
_SHORT = 126
_LONG = 127
_SHORT_LIMIT = 0x10000


class Reader:
    """Cuts a stream of bytes into frames; what is not whole yet waits for the rest."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def frames(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Give opcode and content of each whole frame."""
        if self._rest:
            data = self._rest + data
        position, available = 0, len(data)
        while available - position >= 2:
            length, start = data[position + 1], position + 2
            if length == _SHORT:
                length, start = int.from_bytes(data[start : start + 2], "big"), start + 2
            elif length == _LONG:
                length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
            end = start + length
            if end > available:
                break
            yield data[position] & 0x0F, data[start:end]
            position = end
        self._rest = data[position:]


def frame(opcode: int, content: bytes) -> bytes:
    """Make one whole frame of a client."""
    length = len(content)
    head = bytes((_FIN | opcode,))
    if length < _SHORT:
        head += bytes((_MASKED | length,))
    elif length < _SHORT_LIMIT:
        head += bytes((_MASKED | _SHORT,)) + length.to_bytes(2, "big")
    else:
        head += bytes((_MASKED | _LONG,)) + length.to_bytes(8, "big")
    return head + _NO_MASK + content


def handshake(host: str, port: int, path: str) -> bytes:
    """Make the request that opens a connection; all may use the same key, which proves nothing here."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
