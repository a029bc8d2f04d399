"""Frames of notifications as text. A model of each, made only to be written, would cost more than all rules together.

The frames of one event differ in who gets them and in their numbers; what they say is the same, and is written once.
"""

from operator import itemgetter
from typing import Any

from pydantic_core import to_json

from contracts.model import rfc3339
from contracts.socket.frames import Change
from notification_worker.audience.wording import Parts, link_of, message_of
from notification_worker.commands.notification_rows import PARTS, Columns, actor_of, parts_of

_MOMENTS = ("created_at", "updated_at", "read_at")
_said_by = itemgetter(*PARTS)
_state_of = itemgetter("count", *_MOMENTS)


class FrameTexts:
    """Writes the frames of one transaction, and forgets with it what they say."""

    __slots__ = ("_said", "_states")

    def __init__(self) -> None:
        self._said: dict[tuple[Any, ...], str] = {}
        self._states: dict[tuple[Any, ...], str] = {}

    def frame(self, columns: Columns, change: Change, unread_count: int) -> str:
        """Write what `notification_rows.frame_of` gives for a whole row of `notifications` after a change of it."""
        said = _said_by(columns)
        said_text = self._said.get(said)
        if said_text is None:
            said_text = self._said[said] = _say(parts_of(columns))
        state = (*columns["reasons"], *_state_of(columns))
        state_text = self._states.get(state)
        if state_text is None:
            state_text = self._states[state] = _state(columns)
        return (
            f'{{"type":"NOTIFICATION","payload":{{"id":"{columns["id"]}","seq":{columns["seq"]},{said_text},'
            f'{state_text},"change":"{change.value}","unread_count":{unread_count}}}}}'
        )


def _say(parts: Parts) -> str:
    actor = actor_of(parts)
    return _fields(
        type=parts.type,
        message=message_of(parts),
        task_id=parts.task_id,
        link=link_of(parts),
        actor=None if actor is None else {"id": actor.id, "name": actor.name},
    )


def _state(columns: Columns) -> str:
    moments = {name: None if columns[name] is None else rfc3339(columns[name]) for name in _MOMENTS}
    return _fields(reasons=columns["reasons"], count=columns["count"], **moments)


def _fields(**values: object) -> str:
    """Write the fields of an object, without its braces."""
    return to_json(values).decode()[1:-1]
