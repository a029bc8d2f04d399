"""The frames of the socket, JSON text `{"type": …, "payload": {…}}`; unknown fields are ignored on both sides."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from contracts.model import ContractModel, Moment

FRAME_BYTES = 16 * 1024
"""The largest frame a page may send; a larger one is closed with 1009."""

Seq = Annotated[int, Field(ge=0)]
UnreadCount = Annotated[int, Field(ge=0)]
TOKEN_LENGTH = 8_192


class Actor(ContractModel):
    """`id` is None where another service named nobody we know; `name` says "a former member" after an erasure."""

    id: UUID | None
    name: str


class Notification(ContractModel):
    """A notification as people see it; `seq` is the number of its latest change in their inbox."""

    id: UUID
    seq: Seq
    type: str
    message: str
    task_id: UUID | None
    link: str | None
    actor: Actor | None
    reasons: tuple[str, ...]
    count: Annotated[int, Field(ge=1)]
    created_at: Moment
    updated_at: Moment
    read_at: Moment | None


class Change(StrEnum):
    ADDED = "added"
    UPDATED = "updated"


class AuthPayload(ContractModel):
    token: Annotated[str, Field(min_length=1, max_length=TOKEN_LENGTH)]


class Auth(ContractModel):
    """The first frame of a page; again later to renew the token on the open socket."""

    type: Literal["AUTH"] = "AUTH"
    payload: AuthPayload


class PingPayload(ContractModel):
    seq: Annotated[Seq, Field(strict=True)]


class Ping(ContractModel):
    """The page's heartbeat; `seq` is the last one it applied, which proves delivery."""

    type: Literal["PING"] = "PING"
    payload: PingPayload


ClientFrame = Annotated[Auth | Ping, Field(discriminator="type")]
client_frame: TypeAdapter[Auth | Ping] = TypeAdapter(ClientFrame)


class ReadyPayload(ContractModel):
    connection_id: UUID
    user_id: UUID
    heartbeat_s: Annotated[float, Field(gt=0)]
    expires_at: Moment


class Ready(ContractModel):
    """The first frame after a good `AUTH`: from here on nothing of this person passes by. Answers a renewal too."""

    type: Literal["READY"] = "READY"
    payload: ReadyPayload


class NotificationPayload(Notification):
    change: Change
    unread_count: UnreadCount


class NotificationFrame(ContractModel):
    """Insert the notification, or replace the one with its id."""

    type: Literal["NOTIFICATION"] = "NOTIFICATION"
    payload: NotificationPayload


class ReadPayload(ContractModel):
    """Either `ids`, or `up_to_seq`: every row whose latest change is at or below it."""

    seq: Seq
    ids: tuple[UUID, ...] | None = None
    up_to_seq: Seq | None = None
    read_at: Moment
    unread_count: UnreadCount


class Read(ContractModel):
    type: Literal["READ"] = "READ"
    payload: ReadPayload


class IdsPayload(ContractModel):
    seq: Seq
    ids: tuple[UUID, ...]
    unread_count: UnreadCount


class Unread(ContractModel):
    type: Literal["UNREAD"] = "UNREAD"
    payload: IdsPayload


class Removed(ContractModel):
    type: Literal["REMOVED"] = "REMOVED"
    payload: IdsPayload


class EmptyPayload(ContractModel):
    pass


class Pong(ContractModel):
    type: Literal["PONG"] = "PONG"
    payload: EmptyPayload = EmptyPayload()


class Resync(ContractModel):
    """Call `sync`: something may have been missed."""

    type: Literal["RESYNC"] = "RESYNC"
    payload: EmptyPayload = EmptyPayload()


class ReconnectPayload(ContractModel):
    after_ms: Annotated[int, Field(ge=0)]


class Reconnect(ContractModel):
    """This gateway is going: connect anew after this time."""

    type: Literal["RECONNECT"] = "RECONNECT"
    payload: ReconnectPayload


class ErrorPayload(ContractModel):
    code: str
    message: str


class Error(ContractModel):
    type: Literal["ERROR"] = "ERROR"
    payload: ErrorPayload


ServerFrame = Annotated[
    Ready | NotificationFrame | Read | Unread | Removed | Pong | Resync | Reconnect | Error,
    Field(discriminator="type"),
]
server_frame: TypeAdapter[Ready | NotificationFrame | Read | Unread | Removed | Pong | Resync | Reconnect | Error] = (
    TypeAdapter(ServerFrame)
)
