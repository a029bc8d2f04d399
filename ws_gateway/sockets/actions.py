"""What a session decides is to be done; see `session`."""

from dataclasses import dataclass

from contracts.socket.close_codes import CloseCode
from contracts.tokens import Principal


@dataclass(frozen=True, slots=True)
class Send:
    """Send a text frame, encoded."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class Verify:
    """Find out for whom a token stands, then tell the session."""

    token: str


@dataclass(frozen=True, slots=True)
class Join:
    """Wait until the stream is read, join the hub, then tell the session."""

    principal: Principal


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection; the session has nothing more to say."""

    code: CloseCode
    reason: str


Action = Send | Verify | Join | Close
Actions = tuple[Action, ...]
