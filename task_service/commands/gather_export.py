"""Keep what the services answer to an export, this one among them."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.events.user import EXPORT_PART_BYTES, EXPORT_PARTS, UserExportedData, UserExportRequestedData
from contracts.topology import TASK_SERVICE
from infra.telemetry.logging import get_logger
from task_service.commands.held_data import LISTS, account_of, rows_of
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.withdraw_exports import withdraw_export
from task_service.export_text import actors_of, written
from task_service.models import Export, ExportPart, User

Document = dict[str, Any]

log = get_logger("exports")


async def keep_part(unit_of_work: UnitOfWork, part: UserExportedData) -> bool:
    """Keep another service's part; one that is there already, or whose export is gone, changes nothing.

    One that was read before somebody was erased, and still names them, is not kept: the export is taken back.
    """
    text, sections = written(part.document)
    async with unit_of_work.begin() as work:
        if await _open_export(work.session, part.export_id, part.user_id) is None:
            return False
        if await _names_an_erased_person(work.session, part.document):
            await withdraw_export(work.session, part.export_id)
            return True
        row = {"export_id": part.export_id, "service": part.service, "part": part.part, "parts": part.parts}
        kept = insert_or_leave(ExportPart).values(**row, document=text, sections=sections)
        done = await work.session.execute(kept.on_conflict_do_nothing().returning(1))
        return done.first() is not None


async def gather_own_parts(
    unit_of_work: UnitOfWork,
    requested: UserExportRequestedData,
    part_bytes: int = EXPORT_PART_BYTES,
    most_parts: int = EXPORT_PARTS,
) -> bool:
    """Write down what this service holds about the person, as it is in one moment; a second time changes nothing.

    What does not go into `most_parts` is left out, and an error is logged.
    """
    async with unit_of_work.begin() as work:
        session, export_id = work.session, requested.export_id
        if await _open_export(session, export_id, requested.user_id) is None:
            return False
        own = (ExportPart.export_id == export_id, ExportPart.service == TASK_SERVICE)
        if await session.scalar(select(exists().where(*own))):
            return False
        parts = 0
        async with aclosing(_documents(session, requested.user_id, part_bytes)) as documents:
            async for document in documents:
                if parts == most_parts:
                    log.error("export_cut_off", kept=most_parts)
                    break
                parts += 1
                row = {"export_id": export_id, "service": TASK_SERVICE, "part": parts, "parts": 0}
                text, sections = written(document)
                await session.execute(insert(ExportPart).values(**row, document=text, sections=sections))
        await session.execute(update(ExportPart).where(*own).values(parts=parts))
    return True


async def _open_export(session: AsyncSession, export_id: UUID, user_id: UUID) -> Export | None:
    """Hold the row of an export that takes parts; the locks of one export's parts are taken one after the other."""
    return await session.scalar(
        select(Export)
        .where(Export.id == export_id, Export.user_id == user_id, Export.expires_at > datetime.now(UTC))
        .with_for_update()
    )


async def _names_an_erased_person(session: AsyncSession, document: Mapping[str, Any]) -> bool:
    erased = exists().where(User.id.in_(actors_of(document)), User.erased_at.is_not(None))
    return bool(await session.scalar(select(erased)))


async def _documents(session: AsyncSession, user_id: UUID, part_bytes: int) -> AsyncGenerator[Document]:
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
