"""The connection of the websockets library, with what a gateway needs to know of it besides."""

from collections.abc import Callable

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.protocol import State

from contracts.socket.close_codes import CloseCode

_CODES = frozenset(CloseCode)
_NO_REQUEST = Request("", Headers())
_NO_RESPONSE = Response(0, "", Headers())


class GatewayConnection(ServerConnection):
    """Says since when it does not take what is written to it, and to whoever let it in, that it is gone."""

    address = ""
    authenticated = False
    release: Callable[["GatewayConnection"], None] | None = None
    paused_since: float | None = None

    @property
    def closed_by_us_with(self) -> CloseCode | None:
        """The code with which this side began to close, or None if the page went, or the connection broke."""
        sent = self.protocol.close_sent
        if sent is None or self.protocol.close_rcvd_then_sent or sent.code not in _CODES:
            return None
        return CloseCode(sent.code)

    def forget_handshake(self) -> None:
        """Let go of the headers of the handshake, two to four KiB from a browser behind a proxy."""
        self.request = _NO_REQUEST
        self.response = _NO_RESPONSE

    def say_goodbye(self, code: CloseCode, reason: str) -> None:
        """Begin the closing handshake and do not wait for its end: that costs a task, and a stop has thousands."""
        if self.protocol.state is State.OPEN and self.send_in_progress is None:
            self.protocol.send_close(code, reason)
            self.send_data()

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
        self.protocol.parser.close()
        if self.protocol.parser_exc is not None:
            self.protocol.parser_exc.__traceback__ = None
        if self.release is not None:
            self.release(self)
            self.release = None
