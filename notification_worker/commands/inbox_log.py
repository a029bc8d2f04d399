"""The heads of people's logs: locked first, moved on with every change, written back last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Integer, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.database.direct import Statement, within
from notification_worker.models import inboxes


@dataclass(slots=True)
class Head:
    """The head of one locked inbox, as it will be written back."""

    last_seq: int
    unread_count: int
    moved: bool = False

    def move_on(self, unread: int = 0) -> int:
        """Take the next number for a change that makes so many more notifications unread."""
        self.last_seq += 1
        self.unread_count += unread
        self.moved = True
        return self.last_seq


_WANTED = bindparam("user_ids", type_=ARRAY(Uuid))
_MAKE = Statement(
    insert(inboxes)
    .from_select(["user_id"], select(func.unnest(_WANTED)), include_defaults=False)
    .on_conflict_do_nothing()
)
_LOCK = Statement(
    select(inboxes).where(inboxes.c.user_id == func.any(_WANTED)).order_by(inboxes.c.user_id).with_for_update()
)
_HEADS = (
    func.unnest(
        bindparam("user_ids", type_=ARRAY(Uuid)),
        bindparam("last_seqs", type_=ARRAY(BigInteger)),
        bindparam("unread_counts", type_=ARRAY(Integer)),
    )
    .table_valued("user_id", "last_seq", "unread_count")
    .render_derived()
)
_WRITE = Statement(
    update(inboxes)
    .where(inboxes.c.user_id == _HEADS.c.user_id)
    .values(last_seq=_HEADS.c.last_seq, unread_count=_HEADS.c.unread_count)
)


async def lock_inboxes(connection: AsyncConnection, user_ids: Iterable[UUID]) -> dict[UUID, Head]:
    """Lock the inboxes of these people, made where there are none, always in the order of the ids.

    Whoever locks several does it in this order, so that no two transactions wait for each other.
    """
    people = sorted(set(user_ids))
    await within(connection, _MAKE, user_ids=people)
    return await lock_inboxes_left(connection, people)


async def lock_inboxes_left(connection: AsyncConnection, user_ids: Iterable[UUID]) -> dict[UUID, Head]:
    """Lock those that there are, and make none: whoever is erased has none any more."""
    locked = await within(connection, _LOCK, user_ids=sorted(set(user_ids)))
    return {row["user_id"]: Head(row["last_seq"], row["unread_count"]) for row in locked}


async def write_heads(connection: AsyncConnection, heads: Mapping[UUID, Head]) -> None:
    """Write back the heads that moved."""
    moved = [(user_id, head.last_seq, head.unread_count) for user_id, head in heads.items() if head.moved]
    if moved:
        user_ids, last_seqs, unread_counts = zip(*moved, strict=True)
        await within(connection, _WRITE, user_ids=user_ids, last_seqs=last_seqs, unread_counts=unread_counts)
