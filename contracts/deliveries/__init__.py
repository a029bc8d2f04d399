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

PEOPLE_PER_DELIVERY = 100


class PersonalFrame(ContractModel):
    """One frame for one person; frames of one person come in the order of their `seq`."""

    user_id: UUID
    seq: Annotated[int, Field(ge=1)]
    frame: str


class Delivery(ContractModel):
    frames: Annotated[tuple[PersonalFrame, ...], Field(min_length=1, max_length=PEOPLE_PER_DELIVERY)]
