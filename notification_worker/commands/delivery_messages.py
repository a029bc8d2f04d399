"""From personal frames to the messages that gateways read."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from uuid_utils.compat import uuid7

from contracts.deliveries import CONTENT_TYPE, MESSAGE_TYPE, PEOPLE_PER_DELIVERY, Delivery, PersonalFrame
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
) -> PersonalFrame:
    """Finish a frame as the text that goes over the socket; it carries on a trace that somebody records.

    `changed_at` is the time of the event that it tells of.
    """
    return PersonalFrame(
        user_id=user_id,
        seq=seq,
        frame=frame if isinstance(frame, str) else frame.model_dump_json(),
        traceparent=traceparent if is_sampled(traceparent) else None,
        changed_at=None if changed_at is None else changed_at.timestamp(),
    )


def delivery_messages(frames: Sequence[PersonalFrame]) -> list[OutboxMessage]:
    """Pack frames in their order, so many a message that a gateway's read stays small."""
    return [
        OutboxMessage(
            message_id=str(uuid7()),
            type=MESSAGE_TYPE,
            content_type=CONTENT_TYPE,
            routing_key=_ROUTING_KEY,
            order_key=_ORDER_KEY,
            body=Delivery(frames=tuple(frames[first : first + PEOPLE_PER_DELIVERY])).model_dump_json(),
        )
        for first in range(0, len(frames), PEOPLE_PER_DELIVERY)
    ]
