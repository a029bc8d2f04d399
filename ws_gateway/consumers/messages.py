"""What a message of the stream means for the windows of this gateway."""

import time

import orjson

from contracts.deliveries import MESSAGE_TYPE
from contracts.events import UnreadableEventError, parse_event, type_of
from contracts.events.user import SessionEnded
from infra.telemetry.logging import get_logger
from ws_gateway.consumers.feed import StreamMessage
from ws_gateway.hub.directory import Directory

SESSION_ENDED = type_of(SessionEnded)

log = get_logger("stream")


class Applier:
    """Applies messages to the hub. One that cannot be read is logged without its content, and skipped."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def apply(self, message: StreamMessage) -> None:
        """Apply a message of any kind; unknown kinds are those of a later version, and are skipped."""
        if message.type == MESSAGE_TYPE:
            self._deliver(message)
        elif message.type == SESSION_ENDED:
            self.apply_history(message)
        else:
            _skip(message, f"type '{message.type[:100]}' is not known")

    def apply_history(self, message: StreamMessage) -> None:
        """Apply a message from before there were windows: only sessions that have ended still matter."""
        if message.type != SESSION_ENDED:
            return
        try:
            event = parse_event(message.body)
        except UnreadableEventError as error:
            _skip(message, str(error))
            return
        if isinstance(event, SessionEnded):
            self._directory.end_session(event.data.session_id, time.monotonic())

    def _deliver(self, message: StreamMessage) -> None:
        """Read only for whom each frame is, and its number. The whole message is read before any of it is sent."""
        try:
            frames = [_personal_frame(frame) for frame in orjson.loads(message.body)["frames"]]
        except (ValueError, TypeError, KeyError) as error:
            _skip(message, type(error).__name__)
            return
        for user_id, seq, frame in frames:
            self._directory.publish(user_id, seq, frame)


def _personal_frame(frame: dict[str, object]) -> tuple[str, int, str]:
    user_id, seq, text = frame["user_id"], frame["seq"], frame["frame"]
    if isinstance(user_id, str) and isinstance(seq, int) and isinstance(text, str):
        return user_id, seq, text
    raise TypeError("a personal frame has a user, a number and a text")


def _skip(message: StreamMessage, reason: str) -> None:
    log.error("stream_message_skipped", offset=message.offset, type=message.type[:100], reason=reason)
