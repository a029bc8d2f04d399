"""What a message of the stream means for the windows of this gateway."""

import time
from collections.abc import Sequence

import orjson

from contracts.deliveries import MESSAGE_TYPE, PADDING_TYPE
from contracts.events import UnreadableEventError, parse_event, type_of
from contracts.events.user import SessionEnded
from infra.metrics.tallies import Distribution
from infra.telemetry.logging import get_logger
from infra.telemetry.traceparent import traceparent_in, under
from ws_gateway.consumers.feed import StreamMessage
from ws_gateway.consumers.tracing import trace_pushed
from ws_gateway.hub.directory import Directory

SESSION_ENDED = type_of(SessionEnded)

_PersonalFrame = tuple[str, int, str, float | None]
"""For whom it is, its number, its text, and when the change was made that it tells of, as Unix time."""

log = get_logger("stream")


class Applier:
    """Applies messages to the hub. One that cannot be read is logged without its content, and skipped.

    `lag_seconds` says how old deliveries were when they were handed out, `change_seconds` how old the changes were that
    their frames tell of, once for each window.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.lag_seconds = Distribution()
        self.change_seconds = Distribution()

    def apply(self, message: StreamMessage) -> None:
        """Apply a message of any kind; padding is nothing, and unknown kinds, of a later version, are skipped."""
        if message.type == MESSAGE_TYPE:
            self._deliver(message)
        elif message.type == SESSION_ENDED:
            self.apply_history(message)
        elif message.type != PADDING_TYPE:
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
            frames = _personal_frames(orjson.loads(message.body)["frames"])
        except (ValueError, TypeError, KeyError) as error:
            _skip(message, type(error).__name__)
            return
        began_at, now = time.monotonic(), time.time()
        publish = self._directory.publish
        pushed = [
            publish(user_id, seq, text, None if changed_at is None else now - changed_at)
            for user_id, seq, text, changed_at in frames
        ]
        trace_pushed(message, pushed, time.monotonic() - began_at)
        now = time.time()
        # Most deliveries are for nobody here.
        if any(pushed):
            self.change_seconds.observe_all(
                [
                    now - changed_at
                    for (_, _, _, changed_at), windows in zip(frames, pushed, strict=True)
                    if changed_at is not None
                    for _ in range(windows)
                ]
            )
        written_at = _moment_in(message.message_id)
        if written_at is not None:
            self.lag_seconds.observe(now - written_at)


def _personal_frames(frames: Sequence[dict[str, object]]) -> list[_PersonalFrame]:
    found: list[_PersonalFrame] = []
    for frame in frames:
        user_id, seq, text, changed_at = frame["user_id"], frame["seq"], frame["frame"], frame.get("changed_at")
        if not (isinstance(user_id, str) and isinstance(seq, int) and isinstance(text, str)):
            raise TypeError("a personal frame has a user, a number and a text")
        found.append((user_id, seq, text, changed_at if isinstance(changed_at, float) else None))
    return found


def _moment_in(message_id: str) -> float | None:
    """Read when a UUIDv7 was made, in seconds of the system's clock (RFC 9562 section 5.7); None for any other id.

    The worker makes the id of a delivery in the transaction that writes it.
    """
    if message_id[14:15] != "7":
        return None
    try:
        return int(message_id[:8] + message_id[9:13], 16) / 1_000
    except ValueError:
        return None


def _skip(message: StreamMessage, reason: str) -> None:
    with under(traceparent_in(message.body)):
        log.error("stream_message_skipped", offset=message.offset, type=message.type[:100], reason=reason)
