"""Keep what the services answer to an export, this one among them."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.events.user import EXPORT_PART_BYTES, UserExportedData, UserExportRequestedData
from contracts.topology import TASK_SERVICE
from task_service.commands.held_data import LISTS, account_of, rows_of
from task_service.commands.unit_of_work import UnitOfWork
from task_service.models import Export, ExportPart

Document = dict[str, Any]


async def keep_part(unit_of_work: UnitOfWork, part: UserExportedData) -> bool:
    """Keep another service's part; one that is there already, or whose export is gone, changes nothing."""
    async with unit_of_work.begin() as work:
        if await _open_export(work.session, part.export_id, part.user_id) is None:
            return False
        document = json.dumps(part.document, ensure_ascii=False)
        row = {"export_id": part.export_id, "service": part.service, "part": part.part, "parts": part.parts}
        done = await work.session.execute(
            insert_or_leave(ExportPart).values(**row, document=document).on_conflict_do_nothing().returning(1)
        )
        return done.first() is not None


async def gather_own_parts(
    unit_of_work: UnitOfWork, requested: UserExportRequestedData, part_bytes: int = EXPORT_PART_BYTES
) -> bool:
    """Write down what this service holds about the person, as it is in one moment; a second time changes nothing."""
    async with unit_of_work.begin() as work:
        session, export_id = work.session, requested.export_id
        if await _open_export(session, export_id, requested.user_id) is None:
            return False
        own = (ExportPart.export_id == export_id, ExportPart.service == TASK_SERVICE)
        if await session.scalar(select(exists().where(*own))):
            return False
        parts = 0
        async for document in _documents(session, requested.user_id, part_bytes):
            parts += 1
            row = {"export_id": export_id, "service": TASK_SERVICE, "part": parts, "parts": 0}
            await session.execute(insert(ExportPart).values(**row, document=json.dumps(document, ensure_ascii=False)))
        await session.execute(update(ExportPart).where(*own).values(parts=parts))
    return True


async def _open_export(session: AsyncSession, export_id: UUID, user_id: UUID) -> Export | None:
    """Hold the row of an export that takes parts; the locks of one export's parts are taken one after the other."""
    return await session.scalar(
        select(Export)
        .where(Export.id == export_id, Export.user_id == user_id, Export.expires_at > datetime.now(UTC))
        .with_for_update()
    )


async def _documents(session: AsyncSession, user_id: UUID, part_bytes: int) -> AsyncIterator[Document]:
    """Give all that is held in documents of about `part_bytes`; the first has every section, also the empty ones."""
    document: Document = {"account": await account_of(session, user_id), **{section: [] for section in LISTS}}
    size = _size(document)
    async for section, row in rows_of(session, user_id):
        row_size = _size(row)
        if size + row_size > part_bytes:
            yield document
            document, size = {}, 0
        document.setdefault(section, []).append(row)
        size += row_size
    yield document


def _size(value: Mapping[str, Any]) -> int:
    """Say about how many bytes of JSON this takes."""
    return len(json.dumps(value, ensure_ascii=False).encode()) + 50
