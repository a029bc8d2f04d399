"""Ask every service for what it holds about a person."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from task_service.commands.errors import SessionOverError, TooManyExportsError
from task_service.commands.export_progress import ExportState, export_progress
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.user_events import user_export_requested
from task_service.commands.withdraw_exports import withdraw_exports_of
from task_service.models import Export, User

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """How long a file is kept, how many a person may ask for in a day, and when a service is said to be missing."""

    life: timedelta = timedelta(hours=24)
    a_day: int = 5
    patience: timedelta = timedelta(minutes=5)


async def request_export(unit_of_work: UnitOfWork, user_id: UUID, limits: ExportLimits) -> Export:
    """Begin an export, or give the one that is being gathered; the files of older ones go.

    Raises:
        SessionOverError: the person is gone.
        TooManyExportsError: they have asked for as many as a day allows.
    """
    async with unit_of_work.begin() as work:
        # Of two requests at once the second sees what the first has begun; and an erasure waits, or was before.
        user = await work.session.scalar(
            select(User).where(User.id == user_id, User.erased_at.is_(None)).with_for_update(key_share=True)
        )
        if user is None:
            raise SessionOverError
        now = datetime.now(UTC)
        recent = (
            await work.session.scalars(
                select(Export)
                .where(Export.user_id == user_id, Export.requested_at > now - _DAY)
                .order_by(Export.requested_at.desc())
                .limit(limits.a_day)
            )
        ).all()
        if recent:
            progress = await export_progress(work.session, recent[0], now, limits.patience)
            if progress.state is ExportState.GATHERING:
                return recent[0]
        if len(recent) == limits.a_day:
            raise TooManyExportsError(math.ceil((recent[-1].requested_at + _DAY - now).total_seconds()))
        await withdraw_exports_of(work.session, user_id)
        export = Export(id=uuid7(), user_id=user_id, requested_at=now, expires_at=now + limits.life)
        work.session.add(export)
        await work.record(user_export_requested(export))
    return export
