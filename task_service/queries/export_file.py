"""The file of an export, put together from the parts of all services.

Nothing is parsed: each part knows where in its text every section stands, and the text is handed out as it is.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.events.user import HOLDERS
from contracts.model import rfc3339
from task_service.export_text import Section, written
from task_service.models import Export, ExportPart

FILE_VERSION = "taskify.export.v1"

README = (
    "Everything that Taskify holds about you, by the service that holds it. Each section says what it is by its name; "
    "times are in UTC. Tasks and comments that you wrote are here in full; of what others wrote only what was sent to "
    "you. Passwords and tokens are stored as hashes only, and are left out."
)

Sessions = Callable[[], AbstractAsyncContextManager[AsyncSession]]


class _Piece(NamedTuple):
    """A section of one part."""

    part: int
    section: Section


async def file_of(sessions: Sessions, export: Export) -> AsyncIterator[str]:
    """Give the file piece by piece, of which none is larger than a part.

    Each piece is read by itself: whoever downloads slowly holds no transaction open. An export that is removed
    meanwhile breaks the download off.
    """
    about = {"schema": FILE_VERSION, "readme": README, "requested_at": rfc3339(export.requested_at)}
    yield _json(about).removesuffix("}") + ',\n"services": {'
    for number, service in enumerate(HOLDERS):
        yield f"{',' if number else ''}\n{_json(service)}: {{"
        pieces = await _pieces(sessions, export, service)
        for place, (name, of_section) in enumerate(pieces.items()):
            is_list = of_section[0].section.is_list
            yield f"{',' if place else ''}\n{_json(name)}: {'[' if is_list else ''}"
            first = True
            for piece in of_section:
                if piece.section.length:
                    yield f"{'' if first else ','}\n" + await _text(sessions, export, service, piece)
                    first = False
            yield "\n]" if is_list else ""
        yield "\n}"
    yield "\n}\n}\n"


async def _pieces(sessions: Sessions, export: Export, service: str) -> dict[str, Sequence[_Piece]]:
    """Say in which parts each section stands."""
    own = (ExportPart.export_id == export.id, ExportPart.service == service)
    async with sessions() as session:
        parts = (
            await session.execute(select(ExportPart.part, ExportPart.sections).where(*own).order_by(ExportPart.part))
        ).all()
    found: dict[str, list[_Piece]] = {}
    for part, kept in parts:
        for section in kept or await _written_anew(sessions, export, service, part):
            piece = _Piece(part, Section(*section))
            found.setdefault(piece.section.name, []).append(piece)
    return {name: pieces if pieces[0].section.is_list else pieces[:1] for name, pieces in found.items()}


async def _written_anew(sessions: Sessions, export: Export, service: str, part: int) -> Sequence[Section]:
    """Write a part as the present code does that the code of before has kept; once, and beside the event loop."""
    async with sessions() as session:
        kept = await session.get_one(ExportPart, (export.id, service, part))
        kept.document, sections = await asyncio.to_thread(lambda: written(json.loads(kept.document)))
        kept.sections = [list(section) for section in sections]
        await session.flush()
    return sections


async def _text(sessions: Sessions, export: Export, service: str, piece: _Piece) -> str:
    wanted = func.substr(ExportPart.document, piece.section.start, piece.section.length)
    this = (ExportPart.export_id == export.id, ExportPart.service == service, ExportPart.part == piece.part)
    async with sessions() as session:
        return str((await session.execute(select(wanted).where(*this))).scalar_one())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
