"""Where pages connect: lets connections in, serves each, and lets them go when the process stops."""

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from contracts.socket.close_codes import CloseCode
from contracts.socket.frames import FRAME_BYTES
from infra.telemetry.logging import get_logger
from infra.waiting import any_set
from ws_gateway.hub.directory import Directory
from ws_gateway.sockets.connection import GatewayConnection, ProcessRequest
from ws_gateway.sockets.drain import LAST_WORD_SECONDS, STEP_SECONDS, Drain, DrainLimits
from ws_gateway.sockets.gate import Gate
from ws_gateway.sockets.session import Session, SessionLimits, SessionObserver
from ws_gateway.sockets.window import Surroundings, TokenVerifier, Window

log = get_logger("endpoint")

_BACKLOG = 4_096
_WRITE_LIMIT_BYTES = 32 * 1024
_QUEUED_FRAMES = 16


@dataclass(frozen=True, slots=True)
class EndpointLimits:
    open_seconds: float
    close_seconds: float
    drain: DrainLimits
    stream_wait_seconds: float
    buffer_bytes: int
    slow_seconds: float


class Endpoint:
    """`closes` counts connections that have ended by the code that we closed them with; None is for all others."""

    def __init__(
        self,
        *,
        listener: socket.socket,
        origins: Sequence[str],
        gate: Gate,
        directory: Directory,
        verifier: TokenVerifier,
        stream_is_read: asyncio.Event,
        session_limits: SessionLimits,
        session_observer: SessionObserver,
        limits: EndpointLimits,
    ) -> None:
        self._listener = listener
        self._origins = origins
        self._gate = gate
        self._session_limits = session_limits
        self._session_observer = session_observer
        self._limits = limits
        self._surroundings = Surroundings(
            directory=directory,
            verifier=verifier,
            stream_is_read=stream_is_read,
            stream_wait_seconds=limits.stream_wait_seconds,
            buffer_bytes=limits.buffer_bytes,
            usual_bytes=limits.buffer_bytes - _WRITE_LIMIT_BYTES,
            slow_seconds=limits.slow_seconds,
            authenticated=gate.authenticated,
            close=self._close,
        )
        self._windows: set[Window] = set()
        self._leaving: set[Window] = set()
        self._draining = False
        self._all_gone = asyncio.Event()
        self._closing: asyncio.TaskGroup | None = None
        self.closes: dict[CloseCode | None, int] = dict.fromkeys((None, *CloseCode), 0)

    @property
    def buffered_bytes(self) -> int:
        """How much of what was sent to all pages together the kernel has not taken yet."""
        return sum(window.buffered_bytes for window in self._windows)

    async def run(self, stop: asyncio.Event, drained: asyncio.Event) -> None:
        """Serve until the stop, then ask all pages to go elsewhere, one after the other, and close the rest.

        `drained` is set as soon as nobody is to get anything any more.
        """
        async with asyncio.TaskGroup() as closing:
            self._closing = closing
            server = await listen_for_sockets(
                self._serve,
                self._listener,
                origins=self._origins,
                answer=self._gate.answer,
                open_seconds=self._limits.open_seconds,
                close_seconds=self._limits.close_seconds,
            )
            await stop.wait()
            server.close(close_connections=False)
            await self._drain()
            drained.set()
            await self._close_the_rest(server)

    async def _serve(self, connection: ServerConnection) -> None:
        if not isinstance(connection, GatewayConnection):
            raise TypeError("the endpoint makes connections of its own kind")
        connection.forget_handshake()
        session = Session(connection.id, self._session_limits, connection.loop.time(), self._session_observer)
        window = Window(connection, session, self._surroundings)
        self._windows.add(window)
        if self._draining:
            self._ask_to_go(window)
        try:
            while True:
                # No name for the frame: a token is half a KiB, and the next frame comes much later.
                await window.receive(await connection.recv())
        except ConnectionClosed:
            pass  # How a page goes is its own business: of that the log tells at DEBUG only, or pages could fill it.
        finally:
            window.lost()
            self._windows.discard(window)
            self._leaving.discard(window)
            self.closes[connection.closed_by_us_with] += 1
            log.debug("connection_closed", connection_id=str(connection.id), **connection.ending)
            if not self._windows:
                self._all_gone.set()

    def _close(self, connection: GatewayConnection, code: CloseCode, reason: str) -> None:
        if code is CloseCode.RESTARTING:
            connection.say_goodbye(code, reason)
        elif self._closing is not None:
            self._closing.create_task(self._close_in_time(connection, code, reason))

    async def _close_in_time(self, connection: GatewayConnection, code: CloseCode, reason: str) -> None:
        """Say goodbye, wait a little for the answer, then cut: who does not read will not answer either."""
        try:
            async with asyncio.timeout(self._limits.close_seconds):
                await connection.close(code, reason)
        except TimeoutError:
            connection.transport.abort()
        except Exception:
            log.exception("close_failed", connection_id=str(connection.id), code=int(code))
            connection.transport.abort()

    async def _drain(self) -> None:
        """Ask all pages to go, at the pace at which they do, and wait for them for a bounded time."""
        now = asyncio.get_running_loop().time
        self._draining = True
        waiting = list(self._windows)
        random.shuffle(waiting)
        drain = Drain(self._limits.drain, len(waiting), now())
        log.info("draining", windows=len(waiting), seconds=self._limits.drain.seconds)
        while not drain.is_over(len(self._windows), now()):
            for _ in range(drain.ask(len(self._leaving), now())):
                self._ask_to_go(waiting.pop())
            await self._until_all_gone(STEP_SECONDS)
        log.info("drained", remaining=len(self._windows), seconds=round(now() - drain.began, 1))

    def _ask_to_go(self, window: Window) -> None:
        if window in self._windows:
            self._leaving.add(window)
            window.drain(random.randrange(round(1_000 * STEP_SECONDS)))  # noqa: S311 (spreads load)

    async def _close_the_rest(self, server: Server) -> None:
        """Say goodbye to all at once, wait a little for their answers, then cut, handshakes under way as well."""
        for window in list(self._windows):
            window.restart()
        await self._until_all_gone(LAST_WORD_SECONDS)
        for connection in list(server.all_connections):
            connection.transport.abort()
        try:
            async with asyncio.timeout(LAST_WORD_SECONDS):
                await server.wait_closed()
        except TimeoutError:
            # One that waits for keys or for the stream does not see that its connection is gone.
            for handler in server.handler_tasks:
                handler.cancel()
            await server.wait_closed()

    async def _until_all_gone(self, seconds: float) -> None:
        if self._windows:
            self._all_gone.clear()
            await any_set(self._all_gone, seconds=seconds)


async def listen_for_sockets(
    serve_one: Callable[[ServerConnection], Awaitable[None]],
    listener: socket.socket,
    *,
    origins: Sequence[str],
    answer: ProcessRequest,
    open_seconds: float,
    close_seconds: float,
    frame_bytes: int = FRAME_BYTES,
) -> Server:
    """Serve sockets in the way of a gateway, whatever is then said on them; `answer` may refuse a handshake."""
    return await serve(
        serve_one,
        sock=listener,
        backlog=_BACKLOG,
        origins=[*(Origin(origin) for origin in origins), None],
        compression=None,
        process_request=answer,
        server_header=None,
        open_timeout=open_seconds,
        # A page sends its own heartbeat, since a browser neither shows pings nor answers for a stuck page.
        ping_interval=None,
        close_timeout=close_seconds,
        max_size=frame_bytes,
        max_queue=_QUEUED_FRAMES,
        write_limit=_WRITE_LIMIT_BYTES,
        create_connection=GatewayConnection,
    )
