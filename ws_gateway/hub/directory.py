"""The windows that are connected to this gateway, by person and by session."""

from enum import StrEnum
from typing import Protocol, TypeVar
from uuid import UUID

from ws_gateway.hub.ended_sessions import EndedSessions

Key = TypeVar("Key")


class Window(Protocol):
    """What the hub knows of a connection. None of these waits, and none raises, whatever the state of the socket."""

    def push(self, seq: int, frame: bytes, age: float | None) -> None:
        """Send a frame that changes the person's inbox to `seq`; `age` is that of the change in seconds, if known."""

    def end_session(self) -> None:
        """Close: the session of its token has ended."""

    def resync(self) -> None:
        """Ask the page to call `sync`."""


class Joining(StrEnum):
    """What came of the wish to join."""

    JOINED = "joined"
    SESSION_ENDED = "session_ended"
    TOO_MANY_CONNECTIONS = "too_many_connections"


class Directory:
    """Windows are kept in tuples: one that closes while frames are handed out does not disturb the loop.

    People are known by the text of their id, since that is what deliveries carry and most of them are not here.
    `pushes` counts frames, once for each window that one was handed to.
    """

    def __init__(self, ended_sessions: EndedSessions, connections_a_person: int) -> None:
        self._ended_sessions = ended_sessions
        self._connections_a_person = connections_a_person
        self._by_person: dict[str, tuple[Window, ...]] = {}
        self._by_session: dict[UUID, tuple[Window, ...]] = {}
        self._places: dict[Window, tuple[str, UUID]] = {}
        self.pushes = 0

    def join(self, window: Window, user_id: UUID, session_id: UUID) -> Joining:
        """Let a window receive what is pushed to its person; again with another session when its token is renewed."""
        if session_id in self._ended_sessions:
            return Joining.SESSION_ENDED
        person = str(user_id)
        others = self._by_person.get(person, ())
        if window not in self._places and len(others) >= self._connections_a_person:
            return Joining.TOO_MANY_CONNECTIONS
        self.leave(window)
        self._places[window] = (person, session_id)
        self._by_person[person] = (*self._by_person.get(person, ()), window)
        self._by_session[session_id] = (*self._by_session.get(session_id, ()), window)
        return Joining.JOINED

    def leave(self, window: Window) -> None:
        """Forget a window; one that is not here is none of our business."""
        place = self._places.pop(window, None)
        if place is not None:
            person, session_id = place
            _take_out(self._by_person, person, window)
            _take_out(self._by_session, session_id, window)

    def publish(self, user_id: str, seq: int, frame: str, age: float | None = None) -> int:
        """Hand a frame to all windows of a person, and say how many those were.

        `age` says how many seconds ago the change was made that the frame tells of, if that is known.
        """
        windows = self._by_person.get(user_id)
        if windows is None:
            return 0
        encoded = frame.encode()
        for window in windows:
            window.push(seq, encoded, age)
        self.pushes += len(windows)
        return len(windows)

    def end_session(self, session_id: UUID, now: float) -> None:
        """Close the windows of a session and keep its tokens out from now on."""
        self._ended_sessions.add(session_id, now)
        for window in self._by_session.get(session_id, ()):
            window.end_session()

    def windows(self) -> tuple[Window, ...]:
        """Give all windows that have joined."""
        return tuple(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _take_out(index: dict[Key, tuple[Window, ...]], key: Key, window: Window) -> None:
    remaining = tuple(other for other in index[key] if other is not window)
    if remaining:
        index[key] = remaining
    else:
        del index[key]
