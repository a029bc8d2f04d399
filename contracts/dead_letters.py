"""What a dead letter says of itself, in AMQP headers beside those of the original message; all of them are text.

The body is the original's, byte for byte, and so are `message_id`, `type` and `content_type`; `user_id` is the broker
user who could not handle it.
"""

from typing import Annotated

from pydantic import ConfigDict, Field

from contracts.model import ContractModel, Moment


class DeadLetterHeaders(ContractModel):
    """Why, where and how often handling failed; `x-user-id` is who sent the original."""

    model_config = ConfigDict(title="DeadLetterHeaders")

    reason: Annotated[str, Field(alias="x-reason", description="a stable word for each kind of failure")]
    error: Annotated[str, Field(alias="x-error", description="for people; repeats nothing of the content")]
    queue: Annotated[str, Field(alias="x-queue", description="where the message lay")]
    exchange: Annotated[str, Field(alias="x-exchange", description="where the original was sent")]
    routing_key: Annotated[str, Field(alias="x-routing-key", description="with what it was sent")]
    user_id: Annotated[str, Field(alias="x-user-id", description="the broker user who sent it; empty if none was set")]
    first_failed_at: Annotated[Moment, Field(alias="x-first-failed-at")]
    last_failed_at: Annotated[Moment, Field(alias="x-last-failed-at")]
    attempts: Annotated[str, Field(alias="x-attempts", pattern=r"^\d+$", description="of all replays together")]
