"""What the notification API takes and gives, beside the notification itself (`contracts.socket.frames`)."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from contracts.model import ContractModel, Moment
from contracts.socket.frames import Notification, Seq, UnreadCount
from notification_worker.commands.list_members import Member
from notification_worker.commands.why import JudgedEvent

MARKS = 500
"""The most notifications that one request may mark."""

_LARGEST = 2**53 - 1
"""The largest whole number that JavaScript counts exactly."""

KnownSeq = Annotated[int, Field(ge=0, le=_LARGEST)]
SentSeq = Annotated[KnownSeq, Field(strict=True)]
"""The same in a body, which has numbers of its own: neither a truth value nor a text is one."""


class SeenNotification(ContractModel):
    """A notification as it was seen: with `seq`, one that has changed since is left as it is."""

    id: UUID
    seq: SentSeq | None = None


class Marks(ContractModel):
    """Either `id`, perhaps with the `seq` that was seen, or `ids`."""

    id: UUID | None = None
    seq: SentSeq | None = None
    ids: Annotated[tuple[UUID | SeenNotification, ...], Field(min_length=1, max_length=MARKS)] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.id is None) == (self.ids is None):
            raise ValueError("give either id or ids")
        if self.ids is not None and self.seq is not None:
            raise ValueError("with ids, each has its own seq")
        return self

    def seen(self) -> tuple[SeenNotification, ...]:
        """Give both forms as one."""
        if self.id is not None:
            return (SeenNotification(id=self.id, seq=self.seq),)
        return tuple(one if isinstance(one, SeenNotification) else SeenNotification(id=one) for one in self.ids or ())


class ReadAll(ContractModel):
    """What changed after `up_to_seq` stays unread."""

    up_to_seq: SentSeq


class InboxChanges(ContractModel):
    """What changed in an inbox; with `reset`, a whole new start that replaces what was held before.

    `items` come in the order of `(seq, id)`. What was read is shown for `history_days` after its creation.
    """

    items: tuple[Notification, ...]
    removed_ids: tuple[UUID, ...]
    latest_seq: Seq
    unread_count: UnreadCount
    reset: bool
    history_days: Annotated[int, Field(ge=1)]


class HistoryPage(ContractModel):
    """`next_cursor` is null on the last page."""

    items: tuple[Notification, ...]
    next_cursor: str | None


class MembersPage(ContractModel):
    """`next_cursor` is null on the last page."""

    items: tuple[Member, ...]
    next_cursor: str | None


class JudgedEvents(ContractModel):
    items: tuple[JudgedEvent, ...]


class MutedTask(ContractModel):
    task_id: UUID
    muted_at: Moment


class TaskMuting(ContractModel):
    """`muted_at` is null for a task that is not muted: most are not, and to ask is no mistake."""

    task_id: UUID
    muted_at: Moment | None


class MutedTasksPage(ContractModel):
    """`next_cursor` is null on the last page."""

    items: tuple[MutedTask, ...]
    next_cursor: str | None
