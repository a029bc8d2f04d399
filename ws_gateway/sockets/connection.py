"""The connection of the websockets library, with what a gateway needs to know of it besides."""

import struct
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import uuid_utils.compat
from websockets.asyncio.server import Server, ServerConnection
from websockets.datastructures import Headers
from websockets.frames import CloseCode as StandardCode
from websockets.http11 import Request, Response
from websockets.protocol import Event, State
from websockets.server import ServerProtocol

from contracts.socket.close_codes import CloseCode
from infra.telemetry.logging import get_logger

log = get_logger("connection")

ProcessRequest = Callable[[ServerConnection, Request], Awaitable[Response | None] | Response | None]
ProcessResponse = Callable[[ServerConnection, Request, Response], Awaitable[Response | None] | Response | None]

_WHOLE_TEXT = 0x81
_SHORT, _MEDIUM = 125, 0xFFFF
_MEDIUM_HEADER, _LONG_HEADER = struct.Struct(">BBH"), struct.Struct(">BBQ")

_OPEN = State.OPEN
"""What is done with each frame has no time to look a member of an enumeration up."""

_CODES = frozenset(CloseCode)
_NO_REQUEST = Request("", Headers())
_NO_RESPONSE = Response(0, "", Headers())

_SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
_END_OF_HEADERS = b"\r\n\r\n"


def _header(length: int) -> bytes:
    """Begin a frame that is whole, is text, and is not masked, as a server's are."""
    if length <= _SHORT:
        return bytes((_WHOLE_TEXT, length))
    if length <= _MEDIUM:
        return _MEDIUM_HEADER.pack(_WHOLE_TEXT, _SHORT + 1, length)
    return _LONG_HEADER.pack(_WHOLE_TEXT, _SHORT + 2, length)


class GatewayConnection(ServerConnection):
    """Says since when it does not take what is written to it, and to whoever let it in, that it is gone.

    Its `id` is the one that READY tells the page and that all log lines of the connection carry as `connection_id`.

    What it has besides the library's attributes is in slots: of those there are so many that one more would make
    Python give each connection a dictionary of its own for them, 1.6 KiB, instead of one with shared keys.
    """

    __slots__ = ("address", "authenticated", "paused_since", "release")

    def __init__(
        self,
        protocol: ServerProtocol,
        server: Server,
        **limits: Any,  # noqa: ANN401 (the library's, handed on as they come)
    ) -> None:
        protocol.id = uuid_utils.compat.uuid7()
        super().__init__(protocol, server, **limits)
        self.address = ""
        self.authenticated = False
        self.release: Callable[[GatewayConnection], None] | None = None
        self.paused_since: float | None = None

    @property
    def closed_by_us_with(self) -> CloseCode | None:
        """The code with which this side began to close, or None if the page went, or the connection broke."""
        sent = self.protocol.close_sent
        if sent is None or self.protocol.close_rcvd_then_sent or sent.code not in _CODES:
            return None
        return CloseCode(sent.code)

    @property
    def ending(self) -> Mapping[str, object]:
        """How it ended, for the log: who began, with which code, and why if that was us: a page's reason is its own."""
        sent, received = self.protocol.close_sent, self.protocol.close_rcvd
        if received is not None and self.protocol.close_rcvd_then_sent:
            return {"by": "page", "code": received.code}
        if sent is None:
            return {"by": "nobody", "code": int(StandardCode.ABNORMAL_CLOSURE)}
        return {"by": "gateway", "code": sent.code, "reason": sent.reason}

    async def handshake(
        self,
        process_request: ProcessRequest | None = None,
        process_response: ProcessResponse | None = None,  # noqa: ARG002 (the library's, which we do not use)
        server_header: str | None = None,  # noqa: ARG002 (as above)
    ) -> None:
        """Do what the library does, in half of the time: a request that is welcome waits for nothing but itself."""
        # Not with `asyncio.wait`, which costs a tenth of a connect: `connection_lost` ends this wait too.
        await self.request_rcvd
        if self.request is None:
            return
        response = await self._refusal(process_request, self.request)
        if self.protocol.state is not State.CONNECTING:
            return
        if response is None:
            response = self._let_in(self.request)
        if response is not None:
            async with self.send_context(expected_state=State.CONNECTING):
                self.protocol.send_response(response)

    def _let_in(self, request: Request) -> Response | None:
        """Answer a request as it must be, or give the response to another one.

        The library looks at the request, and has the first and the last word on one that is not in order. Its objects
        for an answer that is always the same cost a tenth of a connect.
        """
        try:
            key, _, _ = self.protocol.process_request(request)
        except Exception:  # noqa: BLE001 (the library finds it once more, and knows what to say)
            return self.protocol.accept(request)
        if not self.server.is_serving():
            return self.protocol.reject(HTTPStatus.SERVICE_UNAVAILABLE, "Server is shutting down.\n")
        self.protocol.state = State.OPEN
        self.transport.write(_SWITCHING + key.encode() + _END_OF_HEADERS)
        return None

    async def _refusal(self, process_request: ProcessRequest | None, request: Request) -> Response | None:
        try:
            refusal = None if process_request is None else process_request(self, request)
            return await refusal if isinstance(refusal, Awaitable) else refusal
        except Exception:
            log.exception("handshake_failed")
            return self.protocol.reject(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong.\n")

    def process_event(self, event: Event) -> None:
        """Take no request any more when its time is over."""
        if self.request is not None or not self.request_rcvd.done():
            super().process_event(event)

    def forget_handshake(self) -> None:
        """Let go of the headers of the handshake, two to four KiB from a browser behind a proxy.

        They are taken out of the request too, which the protocol's parser keeps.
        """
        if self.request is not None:
            self.request.headers.clear()
        self.request = _NO_REQUEST
        self.response = _NO_RESPONSE

    def say_goodbye(self, code: CloseCode, reason: str) -> None:
        """Begin the closing handshake and do not wait for its end: that costs a task, and a stop has thousands."""
        if self.protocol.state is State.OPEN and self.send_in_progress is None:
            self.protocol.send_close(code, reason)
            self.send_data()

    def send_whole(self, text: bytes) -> None:
        """Write a text message as one frame, encoded, or nothing to a connection that is not open.

        No connection has an extension, and none is ever in the middle of a message in parts, so a frame is its header
        and the text (RFC 6455 section 5.2). The library's way there makes objects that cost more than the write.
        """
        if self.protocol.state is _OPEN:
            try:
                self.transport.write(_header(len(text)) + text)
            except (OSError, RuntimeError):
                return  # A transport that was aborted may refuse, before the library knows that it is gone.

    def pause_writing(self) -> None:
        """Note that the client does not take what is written to it."""
        super().pause_writing()
        self.paused_since = self.loop.time()

    def resume_writing(self) -> None:
        """Note that it does again."""
        super().resume_writing()
        self.paused_since = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever let it in; this is called once, however the connection ends.

        The protocol's parser, a generator, keeps the protocol alive, and so does the error with which a connection
        broke off. Without them all of it goes at once, and the garbage collector has nothing to do with it.
        """
        super().connection_lost(exc)
        if not self.request_rcvd.done():
            self.request_rcvd.set_result(None)
        self.protocol.parser.close()
        if self.protocol.parser_exc is not None:
            self.protocol.parser_exc.__traceback__ = None
        if self.release is not None:
            self.release(self)
            self.release = None
