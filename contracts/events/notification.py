"""What another service sends to have people told."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from contracts.envelope import Event
from contracts.events.task import Person
from contracts.model import ContractModel
from contracts.notification_types import NotificationType
from contracts.topology import REQUESTS

MESSAGE_LENGTH = 500
RECIPIENTS = 1_000


def _kind_of_another_service(kind: str) -> str:
    if kind in set(NotificationType):
        raise ValueError(f"'{kind}' is one of Taskify's own types")
    return kind


Kind = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,49}$",
        json_schema_extra={"not": {"enum": [each.value for each in NotificationType]}},
    ),
    AfterValidator(_kind_of_another_service),
]
Link = Annotated[str, Field(max_length=2_000, pattern=r"^(/|/[^/\\\s]\S*|https://\S+)$")]


class NotificationRequestedData(ContractModel):
    """`recipients` are user ids: those unknown are reported, the others get theirs."""

    recipients: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=RECIPIENTS)]
    kind: Kind
    message: Annotated[str, Field(min_length=1, max_length=MESSAGE_LENGTH)]
    link: Link | None = None
    actor: Person | None = None


class NotificationRequested(Event[NotificationRequestedData]):
    routing_key = REQUESTS
    type: Literal["taskify.notification.requested.v1"] = "taskify.notification.requested.v1"
