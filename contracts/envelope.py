"""The CloudEvents 1.0 envelope of every domain event, in structured mode: the message body is the whole JSON.

Source: CloudEvents 1.0.2, its JSON event format, and its extensions `partitioning`, `sequence` and `distributed
tracing`.
"""

from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from contracts.model import ContractModel, Moment

CONTENT_TYPE = "application/cloudevents+json"

SEQUENCE_DIGITS = 20

Data = TypeVar("Data", bound=ContractModel)


class EnvelopeAttributes(ContractModel):
    """The attributes of an event without its data, enough to say where it came from and whether it was seen before."""

    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1, max_length=255)]
    type: Annotated[str, Field(min_length=1, max_length=255)]
    source: Annotated[str, Field(min_length=1, max_length=255)]
    subject: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    time: Moment
    datacontenttype: Literal["application/json"] = "application/json"
    partitionkey: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    sequence: Annotated[str, Field(pattern=rf"^\d{{{SEQUENCE_DIGITS}}}$")] | None = None
    traceparent: Annotated[str, Field(max_length=255)] | None = None


class Event(EnvelopeAttributes, Generic[Data]):
    """A whole event. Each type of event is one subclass, which fixes `type` and the shape of `data`."""

    routing_key: ClassVar[str]
    """Where the event goes in `domain.events`; events of a task get their lane behind it."""

    specversion: Literal["1.0"] = "1.0"
    data: Data

    @model_serializer(mode="wrap")
    def _leave_out_absent_attributes(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """CloudEvents has no null attributes: what is absent is left out."""
        return {name: value for name, value in handler(self).items() if value is not None}


def sequence_text(number: int) -> str:
    """Write a number so that it sorts as text, as the `sequence` extension asks."""
    return f"{number:0{SEQUENCE_DIGITS}d}"


def source_belongs_to(source: str, broker_user: str) -> bool:
    """Say whether an event's source is that of the broker user who sent it: `/billing` or below, for `billing`."""
    own = f"/{broker_user}"
    return source == own or source.startswith(f"{own}/")
