"""One connection: carries out what its session decides."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from contracts.socket.close_codes import CloseCode
from contracts.tokens import Principal
from infra.auth import TokenError
from infra.errors import UnavailableError
from infra.telemetry.logging import get_logger
from ws_gateway.hub.directory import Directory, Joining
from ws_gateway.sockets.actions import Actions, Close, Join, Send, Verify
from ws_gateway.sockets.connection import GatewayConnection
from ws_gateway.sockets.session import Session, State

log = get_logger("socket")


class TokenVerifier(Protocol):
    """What knows the published keys."""

    async def verify(self, token: str) -> Principal:
        """Say for whom a token stands, or raise a `TokenError`, or `UnavailableError` if that cannot be known now."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all windows of a gateway share.

    A frame of `usual_bytes` at most fits beside what a connection holds that is not paused: `buffer_bytes` together.
    """

    directory: Directory
    verifier: TokenVerifier
    stream_is_read: asyncio.Event
    stream_wait_seconds: float
    buffer_bytes: int
    usual_bytes: int
    slow_seconds: float
    authenticated: Callable[[GatewayConnection], None]
    close: Callable[[GatewayConnection, CloseCode, str], None]


class Window:
    __slots__ = ("_connection", "_session", "_surroundings", "_timer")

    def __init__(self, connection: GatewayConnection, session: Session, surroundings: Surroundings) -> None:
        self._connection = connection
        self._session = session
        self._surroundings = surroundings
        self._timer: asyncio.TimerHandle | None = None
        self._set_timer()

    @property
    def buffered_bytes(self) -> int:
        """How much of what was sent the kernel has not taken yet."""
        return self._connection.transport.get_write_buffer_size()

    async def receive(self, frame: str | bytes) -> None:
        """Take a frame of the page; returns when all that follows from it is done."""
        if isinstance(frame, str):
            await self._carry_out(self._session.text_frame(frame, self._now()))
        else:
            await self._carry_out(self._session.binary_frame())
        self._set_timer()

    def push(self, seq: int, frame: bytes, age: float | None) -> None:
        """Send a frame that changes the person's inbox to `seq`; `age` is that of the change in seconds, if known."""
        if self._session.delivery(seq, self._connection.loop.time(), age) and not self._send(frame):
            self._perform(self._session.too_slow())

    def end_session(self) -> None:
        """Close: the session of its token has ended."""
        self._perform(self._session.session_ended())

    def resync(self) -> None:
        """Ask the page to call `sync`."""
        self._perform(self._session.resync())

    def drain(self, after_ms: int) -> None:
        """Ask the page to connect anew after a time."""
        self._perform(self._session.drain(after_ms))

    def restart(self) -> None:
        """Close what has not gone by itself."""
        self._perform(self._session.restart())

    def lost(self) -> None:
        """Let go of everything: the connection is gone."""
        self._session.lost()
        self._let_go()

    async def _carry_out(self, actions: Actions) -> None:
        """Perform actions, and ask and answer until the session has no more questions."""
        while actions:
            question = actions[-1]
            if isinstance(question, Verify):
                actions = await self._verify(question.token)
            elif isinstance(question, Join):
                actions = await self._join(question.principal)
            else:
                self._perform(actions)
                return

    async def _verify(self, token: str) -> Actions:
        try:
            principal = await self._surroundings.verifier.verify(token)
        except TokenError:
            return self._session.token_refused()
        except UnavailableError as error:
            log.warning("token_not_verifiable", connection_id=str(self._connection.id), error=str(error))
            return self._session.unavailable()
        seconds_left = principal.expires_at.timestamp() - time.time()
        return self._session.token_verified(principal, seconds_left, self._now())

    async def _join(self, principal: Principal) -> Actions:
        """Join the hub and say READY in one go: no delivery comes between."""
        if self._session.state is State.JOINING and not await self._stream_is_read():
            return self._session.unavailable()
        if self._session.state is State.CLOSED:
            return ()
        joining = self._surroundings.directory.join(self, principal.user_id, principal.session_id)
        actions = self._session.joined(joining, self._now())
        if joining is Joining.JOINED:
            self._surroundings.authenticated(self._connection)
        return actions

    async def _stream_is_read(self) -> bool:
        if self._surroundings.stream_is_read.is_set():
            return True
        try:
            async with asyncio.timeout(self._surroundings.stream_wait_seconds):
                return await self._surroundings.stream_is_read.wait()
        except TimeoutError:
            return False

    def _perform(self, actions: Actions) -> None:
        for action in actions:
            if isinstance(action, Send):
                if not self._send(action.frame):
                    self._perform(self._session.too_slow())
                    return
            elif isinstance(action, Close):
                self._let_go()
                self._surroundings.close(self._connection, action.code, action.reason)

    def _send(self, frame: bytes) -> bool:
        """Write without waiting, unless the page is too slow: the transport's buffer is the only one, and bounded."""
        connection = self._connection
        paused_since = connection.paused_since
        if paused_since is not None or len(frame) > self._surroundings.usual_bytes:
            buffered = connection.transport.get_write_buffer_size() + len(frame)
            if buffered > self._surroundings.buffer_bytes or (
                paused_since is not None and self._now() - paused_since > self._surroundings.slow_seconds
            ):
                log.info("window_too_slow", connection_id=str(connection.id), buffered_bytes=buffered)
                return False
        connection.send_whole(frame)
        return True

    def _set_timer(self) -> None:
        """Have one timer at most, and move it only to an earlier time: a later deadline is seen when it fires.

        Only frames of the page and the timer itself move the deadline; what is sent does not.
        """
        deadline = self._session.deadline
        if deadline is None:
            self._cancel_timer()
        elif self._timer is None or deadline < self._timer.when():
            self._cancel_timer()
            self._timer = self._connection.loop.call_at(deadline, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        self._perform(self._session.tick(self._now()))
        self._set_timer()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _let_go(self) -> None:
        self._cancel_timer()
        self._surroundings.directory.leave(self)

    def _now(self) -> float:
        return self._connection.loop.time()
