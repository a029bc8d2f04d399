"""How far an export is."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.events.user import HOLDERS
from task_service.models import Export, ExportPart


class ExportState(StrEnum):
    GATHERING = "gathering"
    READY = "ready"
    EXPIRED = "expired"


class HolderState(StrEnum):
    """`missing` is a service that has not answered wholly in good time; it may still."""

    GATHERING = "gathering"
    COMPLETE = "complete"
    MISSING = "missing"


class ExportProgress(NamedTuple):
    export: Export
    state: ExportState
    services: dict[str, HolderState]


async def find_export(session: AsyncSession, export_id: UUID, user_id: UUID) -> Export | None:
    """Find somebody's own export."""
    return await session.scalar(select(Export).where(Export.id == export_id, Export.user_id == user_id))


async def export_progress(session: AsyncSession, export: Export, now: datetime, patience: timedelta) -> ExportProgress:
    """Say how far an export is; a service that has not answered wholly after `patience` is missing."""
    answered = await session.execute(
        select(ExportPart.service, func.count(), func.max(ExportPart.parts))
        .where(ExportPart.export_id == export.id)
        .group_by(ExportPart.service)
    )
    complete = {service for service, count, parts in answered if count >= parts}
    waiting = HolderState.MISSING if now > export.requested_at + patience else HolderState.GATHERING
    services = {service: HolderState.COMPLETE if service in complete else waiting for service in HOLDERS}
    if now >= export.expires_at:
        return ExportProgress(export, ExportState.EXPIRED, services)
    ready = complete.issuperset(HOLDERS)
    return ExportProgress(export, ExportState.READY if ready else ExportState.GATHERING, services)
