"""The protocol of one connection as a state machine: frames, answers and moments in, actions out.

It knows no socket, no clock and no key. Moments are seconds of a clock that never goes back, given with every input
that depends on them. An input that comes too late, such as a delivery to a closed session, has no effect.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError

from contracts.socket.close_codes import CloseCode
from contracts.socket.frames import (
    Auth,
    Error,
    ErrorPayload,
    Ping,
    Pong,
    Ready,
    ReadyPayload,
    Reconnect,
    ReconnectPayload,
    Resync,
    client_frame,
)
from contracts.tokens import Principal
from ws_gateway.hub.directory import Joining
from ws_gateway.sockets.actions import Action, Actions, Close, Join, Send, Verify

_PONG = Pong().model_dump_json().encode()
_RESYNC = Resync().model_dump_json().encode()

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class SessionLimits:
    auth_seconds: float = 5
    heartbeat_seconds: float = 25
    idle_seconds: float = 75
    frames_a_minute: int = 60
    unproven_seconds: float = 5
    """How long a page may say that it has not applied what was sent to it, before it is asked to call `sync`."""
    resync_seconds: float = 30
    """A page that stays behind is asked again after this time, not with every `PING`."""


class SessionObserver(Protocol):
    """Told what no action shows; must not block and must not fail."""

    def resynced(self) -> None:
        """The page is asked to call `sync`."""

    def acknowledged(self, seconds: float) -> None:
        """The page has proved that all is applied that was sent to it, so long after the first of it was sent."""

    def change_acknowledged(self, seconds: float) -> None:
        """The page has proved that it applied a change that was made so long ago."""


class State(Enum):
    AWAITING_TOKEN = auto()
    VERIFYING = auto()
    JOINING = auto()
    READY = auto()
    CLOSED = auto()


_READY = State.READY  # What is done with each frame has no time to look a member of an enumeration up.


class Session:
    __slots__ = (
        "_allowance",
        "_connection_id",
        "_expires_at",
        "_heard_at",
        "_limits",
        "_observer",
        "_once_ready",
        "_principal",
        "_renewing",
        "_resynced_at",
        "_sent_seq",
        "_token_due_at",
        "_token_ends_at",
        "_unproven_age",
        "_unproven_at",
        "_unproven_seq",
        "_user_id",
        "state",
    )

    def __init__(self, connection_id: UUID, limits: SessionLimits, now: float, observer: SessionObserver) -> None:
        self.state = State.AWAITING_TOKEN
        self._connection_id = connection_id
        self._limits = limits
        self._observer = observer
        self._user_id: UUID | None = None
        self._principal: Principal | None = None
        self._renewing = False
        self._once_ready: Actions = ()
        self._token_due_at = now + limits.auth_seconds
        self._token_ends_at = 0.0
        self._expires_at = 0.0
        self._heard_at = now
        self._allowance = float(limits.frames_a_minute)
        self._sent_seq = 0
        self._unproven_seq = 0
        self._unproven_at = now
        self._unproven_age: float | None = None
        self._resynced_at: float | None = None

    @property
    def deadline(self) -> float | None:
        """When `tick` is wanted next; it may be called earlier or later, and more often."""
        if self.state is State.CLOSED:
            return None
        if self.state is State.AWAITING_TOKEN:
            return self._token_due_at
        idle_at = self._heard_at + self._limits.idle_seconds
        return min(idle_at, self._expires_at) if self.state is State.READY else idle_at

    def text_frame(self, text: str, now: float) -> Actions:
        """Take a text frame of the page."""
        if self.state is State.CLOSED:
            return ()
        if not self._may_speak(now):
            return self._close(CloseCode.TOO_MANY_MESSAGES, "too many messages")
        try:
            frame = client_frame.validate_json(text, extra="ignore")
        except ValidationError:
            return self._close(CloseCode.MALFORMED, "malformed frame")
        match frame:
            case Auth():
                return self._take_token(frame.payload.token)
            case Ping():
                return self._take_ping(frame.payload.seq, now)

    def binary_frame(self) -> Actions:
        """Take a binary frame, which no page of ours sends."""
        return self._close(CloseCode.MALFORMED, "binary frame")

    def token_verified(self, principal: Principal, seconds_left: float, now: float) -> Actions:
        """Take the answer to `Verify`: for whom the token stands, and how long it still does."""
        if self.state is State.CLOSED:
            return ()
        if seconds_left <= 0:
            return self.token_refused()
        if self._user_id is not None and principal.user_id != self._user_id:
            return self._close(CloseCode.UNAUTHENTICATED, "the token is another person's")
        self._user_id = principal.user_id
        self._principal = principal
        self._token_ends_at = now + seconds_left
        if self.state is State.VERIFYING:
            self.state = State.JOINING
        return (Join(principal),)

    def token_refused(self) -> Actions:
        """Take the answer to `Verify`: the token does not let its bearer in."""
        return self._close(CloseCode.UNAUTHENTICATED, "the token is not valid")

    def unavailable(self) -> Actions:
        """Take the answer to `Verify` or `Join`: we cannot tell now, through no fault of the page.

        A window that is ready stays so until its earlier token expires.
        """
        if self._renewing:
            self._renewing = False
            error = ErrorPayload(code="unavailable", message="the token cannot be renewed now, try again")
            return (Send(Error(payload=error).model_dump_json().encode()),)
        return self._close(CloseCode.OVERLOADED, "try again later")

    def joined(self, joining: Joining, now: float) -> Actions:
        """Take the answer to `Join`."""
        principal, self._principal = self._principal, None
        if self.state is State.CLOSED or principal is None:
            return ()
        match joining:
            case Joining.SESSION_ENDED:
                return self.session_ended()
            case Joining.TOO_MANY_CONNECTIONS:
                return self._close(CloseCode.TOO_MANY_CONNECTIONS, "too many connections of this person")
            case Joining.JOINED:
                self.state = State.READY
                self._renewing = False
                self._heard_at = now
                self._expires_at = self._token_ends_at
                ready = ReadyPayload(
                    connection_id=self._connection_id,
                    user_id=principal.user_id,
                    heartbeat_s=self._limits.heartbeat_seconds,
                    expires_at=principal.expires_at,
                )
                following, self._once_ready = self._once_ready, ()
                return (Send(Ready(payload=ready).model_dump_json().encode()), *following)

    def delivery(self, seq: int, now: float, age: float | None = None) -> bool:
        """Say whether a finished frame is to be sent that changes the inbox to `seq`; it tells of what is `age` s old.

        No action, which would be made anew for each frame. Of all that waits for proof only the first is remembered.
        """
        if self.state is not _READY:
            return False
        if self._unproven_seq == 0:
            self._unproven_seq, self._unproven_at, self._unproven_age = seq, now, age
        if seq > self._sent_seq:  # noqa: PLR1730 (`max` takes three times as long, for each frame)
            self._sent_seq = seq
        return True

    def resync(self) -> Actions:
        """Ask the page to call `sync`."""
        if self.state is not State.READY:
            return ()
        self._observer.resynced()
        return (Send(_RESYNC),)

    def session_ended(self) -> Actions:
        """Take the news that the session of the token has ended."""
        return self._close(CloseCode.UNAUTHENTICATED, "the session has ended")

    def too_slow(self) -> Actions:
        """Take the news that the page does not read what is sent to it."""
        return self._close(CloseCode.TOO_SLOW, "too slow")

    def drain(self, after_ms: int) -> Actions:
        """Ask the page to connect anew after a time, since this gateway is going; one that joins now, when it has."""
        reconnect = (Send(Reconnect(payload=ReconnectPayload(after_ms=after_ms)).model_dump_json().encode()),)
        if self.state is State.READY:
            return reconnect
        self._once_ready = reconnect
        return ()

    def restart(self) -> Actions:
        """Close what has not gone by itself."""
        return self._close(CloseCode.RESTARTING, "restarting")

    def tick(self, now: float) -> Actions:
        """Close when a time is up."""
        if self.state is State.AWAITING_TOKEN and now >= self._token_due_at:
            return self._close(CloseCode.NO_TOKEN_IN_TIME, "no token in time")
        if self.state is State.READY and now >= self._expires_at:
            return self._close(CloseCode.UNAUTHENTICATED, "the token has expired")
        if now >= self._heard_at + self._limits.idle_seconds:
            return self._close(CloseCode.TOO_SLOW, "nothing heard")
        return ()

    def lost(self) -> None:
        """Take the news that the connection is gone."""
        self.state = State.CLOSED

    def _take_token(self, token: str) -> Actions:
        if self.state is State.AWAITING_TOKEN:
            self.state = State.VERIFYING
        elif self.state is State.READY and not self._renewing:
            self._renewing = True
        else:
            return self._close(CloseCode.MALFORMED, "untimely AUTH")
        return (Verify(token),)

    def _take_ping(self, seq: int, now: float) -> Actions:
        """Answer a heartbeat; `seq` proves what the page has applied, and it may know more than was sent here."""
        if self.state is not State.READY:
            return self._close(CloseCode.MALFORMED, "AUTH comes first")
        if self._unproven_age is not None and seq >= self._unproven_seq:
            self._observer.change_acknowledged(self._unproven_age + now - self._unproven_at)
            self._unproven_age = None
        if seq >= self._sent_seq:
            if self._unproven_seq:
                self._observer.acknowledged(now - self._unproven_at)
            self._unproven_seq = 0
        elif seq >= self._unproven_seq:
            # Part of it has arrived. When the rest was sent is not remembered: its time starts anew.
            self._unproven_seq, self._unproven_at = self._sent_seq, now
        elif now >= self._unproven_at + self._limits.unproven_seconds and self._may_resync(now):
            self._resynced_at = now
            self._observer.resynced()
            return (Send(_PONG), Send(_RESYNC))
        return (Send(_PONG),)

    def _may_resync(self, now: float) -> bool:
        return self._resynced_at is None or now >= self._resynced_at + self._limits.resync_seconds

    def _may_speak(self, now: float) -> bool:
        """Count a frame against an allowance that refills steadily, so that a minute's worth may come at once."""
        refill = (now - self._heard_at) * self._limits.frames_a_minute / _MINUTE
        self._allowance = min(self._allowance + refill, float(self._limits.frames_a_minute))
        self._heard_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def _close(self, code: CloseCode, reason: str) -> tuple[Action, ...]:
        if self.state is State.CLOSED:
            return ()
        self.state = State.CLOSED
        return (Close(code, reason),)
