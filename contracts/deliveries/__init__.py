"""What the notification worker hands to every gateway: finished frames, and for whom they are.

A gateway parses only for whom a frame is and its `seq`; the frame itself passes through as text.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.model import ContractModel

CONTENT_TYPE = "application/json"
MESSAGE_TYPE = "taskify.delivery.v1"
"""The AMQP `type` property; the stream also carries `SessionEnded`, whose type is the event's."""

PADDING_TYPE = "taskify.padding.v1"
"""Spaces, and nothing to deliver: they fill the stream's segment, so that what is too old goes. Readers skip them."""

PADDING_CONTENT_TYPE = "text/plain"

PEOPLE_PER_DELIVERY = 100


def _is_absent(value: object) -> bool:
    return value is None


class PersonalFrame(ContractModel):
    """One frame for one person; frames of one person come in the order of their `seq`.

    `traceparent` is there if somebody records the trace of the change that the frame came of. `changed_at` is when that
    change was made, the time of its event; a frame that came of no event has none. It is Unix time in seconds, since
    gateways read very many of them and only measure by them.
    """

    user_id: UUID
    seq: Annotated[int, Field(ge=1)]
    frame: str
    traceparent: Annotated[str, Field(max_length=255)] | None = Field(default=None, exclude_if=_is_absent)
    changed_at: Annotated[float, Field(ge=0)] | None = Field(default=None, exclude_if=_is_absent)


class Delivery(ContractModel):
    frames: Annotated[tuple[PersonalFrame, ...], Field(min_length=1, max_length=PEOPLE_PER_DELIVERY)]
