"""One window: a connection that counts, or reads, what it gets."""

import asyncio
from typing import Any, Protocol, cast

import orjson

from tests.load.generator.frames import CLOSE, PING, PONG, TEXT, Reader, frame

_END_OF_HEAD = b"\r\n\r\n"
_SWITCHING = b"HTTP/1.1 101"


class Listener(Protocol):
    """Who hears of what happens to a window."""

    request: bytes

    def opened(self, window: "Window") -> None: ...
    def heard(self, window: "Window", text: bytes) -> None: ...
    def refused(self, window: "Window", status: str) -> None: ...
    def lost(self, window: "Window") -> None: ...


class Window(asyncio.Protocol):
    """`seq` is the number of its inbox up to which it knows everything."""

    __slots__ = ("_listener", "_reader", "_transport", "close_code", "failures", "is_live", "number", "seq", "upgraded")

    def __init__(self, listener: Listener, number: int, seq: int = 0) -> None:
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._reader: Reader | None = None
        self.number = number
        self.seq = seq
        self.failures = 0
        self.is_live = False
        self.upgraded = False
        self.close_code = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._reader = Reader()
        self.upgraded = False
        self._transport.write(self._listener.request)

    def data_received(self, data: bytes) -> None:
        if self._reader is None:
            return
        if not self.upgraded:
            # The server's answer to a handshake is small and comes in one piece on a loopback.
            head, found, data = data.partition(_END_OF_HEAD)
            if not found or not head.startswith(_SWITCHING):
                self._listener.refused(self, head[9:12].decode(errors="replace"))
                self.abort()
                return
            self.upgraded = True
            self._listener.opened(self)
        for opcode, content in self._reader.frames(data):
            if opcode == TEXT:
                self._listener.heard(self, content)
            elif opcode == PING:
                self._write(frame(PONG, content))
            elif opcode == CLOSE:
                self.close_code = int.from_bytes(content[:2], "big")
                self._write(frame(CLOSE, content[:2]))

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 (the interface's)
        self._transport = self._reader = None
        self._listener.lost(self)

    def send(self, message: dict[str, Any]) -> None:
        self._write(frame(TEXT, orjson.dumps(message)))

    def abort(self) -> None:
        """Lose the network: no goodbye."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Say goodbye."""
        self._write(frame(CLOSE, (1000).to_bytes(2, "big")))

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
