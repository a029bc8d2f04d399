"""Which workers run, so that they can share out the lanes."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from notification_worker.models import worker_heartbeats

ALIVE = timedelta(seconds=5)
"""How long a worker counts as running after its last beat; its lanes pass on at once all the same, to a standby."""

_FORGOTTEN = timedelta(minutes=5)


async def beat(database: AsyncEngine, worker_id: UUID) -> tuple[UUID, ...]:
    """Say that this worker runs; give all that run, in an order on which they all agree."""
    rows = worker_heartbeats.c
    async with database.begin() as connection:
        await connection.execute(
            insert(worker_heartbeats)
            .values(worker_id=worker_id, beat_at=func.clock_timestamp())
            .on_conflict_do_update(index_elements=["worker_id"], set_={"beat_at": func.clock_timestamp()})
        )
        await connection.execute(delete(worker_heartbeats).where(rows.beat_at < func.clock_timestamp() - _FORGOTTEN))
        alive = await connection.execute(
            select(rows.worker_id).where(rows.beat_at > func.clock_timestamp() - ALIVE).order_by(rows.worker_id)
        )
        return tuple(alive.scalars())


async def leave(database: AsyncEngine, worker_id: UUID) -> None:
    """Say that this worker stops, so that the others need not wait for it to be missed."""
    async with database.begin() as connection:
        await connection.execute(delete(worker_heartbeats).where(worker_heartbeats.c.worker_id == worker_id))
