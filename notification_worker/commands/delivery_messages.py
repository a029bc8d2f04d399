"""From frames to the messages that gateways read.

They are written as text: a model of each, made only to be written, costs as much as all else that is done for a frame.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_json
from uuid_utils.compat import uuid7

from contracts.deliveries import CONTENT_TYPE, MESSAGE_TYPE, PEOPLE_PER_DELIVERY
from infra.outbox.message import OutboxMessage
from infra.telemetry.traceparent import is_sampled

_ROUTING_KEY = ""
"""The exchange is a fanout: whoever reads deliveries reads all of them."""

_ORDER_KEY = "deliveries"


def personal_frame(
    user_id: UUID,
    seq: int,
    frame: BaseModel | str,
    traceparent: str | None = None,
    changed_at: datetime | None = None,
) -> str:
    """Finish a frame as the text that goes over the socket, in the text of the `PersonalFrame` that says whose it is.

    It carries on a trace that somebody records. `changed_at` is the time of the event that it tells of.
    """
    text = frame if isinstance(frame, str) else frame.model_dump_json()
    carried = f',"traceparent":{_quoted(traceparent)}' if is_sampled(traceparent) else ""
    changed = "" if changed_at is None else f',"changed_at":{changed_at.timestamp()}'
    return f'{{"user_id":"{user_id}","seq":{seq},"frame":{_quoted(text)}{carried}{changed}}}'


def _quoted(text: str | None) -> str:
    return to_json(text).decode()


def delivery_messages(frames: Sequence[str]) -> list[OutboxMessage]:
    """Pack personal frames in their order, so many a message that a gateway's read stays small."""
    return [
        OutboxMessage(
            message_id=str(uuid7()),
            type=MESSAGE_TYPE,
            content_type=CONTENT_TYPE,
            routing_key=_ROUTING_KEY,
            order_key=_ORDER_KEY,
            body=f'{{"frames":[{",".join(frames[first : first + PEOPLE_PER_DELIVERY])}]}}',
        )
        for first in range(0, len(frames), PEOPLE_PER_DELIVERY)
    ]
