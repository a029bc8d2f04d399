"""The file of an export, put together from the parts of all services."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.events.user import HOLDERS
from contracts.model import rfc3339
from task_service.models import Export

FILE_VERSION = "taskify.export.v1"

README = (
    "Everything that Taskify holds about you, by the service that holds it. Each section says what it is by its name; "
    "times are in UTC. Tasks and comments that you wrote are here in full; of what others wrote only what was sent to "
    "you. Passwords and tokens are stored as hashes only, and are left out."
)


_SECTIONS = text(
    "SELECT key, bool_or(json_typeof(value) = 'array') FROM export_parts, json_each(document::json) "
    "WHERE export_id = :export_id AND service = :service GROUP BY key ORDER BY min(part), key"
)
_PARTS_OF_A_SECTION = text(
    "SELECT part FROM export_parts WHERE export_id = :export_id AND service = :service "
    "AND document::json -> :section IS NOT NULL ORDER BY part"
)
_SECTION = text(
    "SELECT (document::json -> :section)::text FROM export_parts "
    "WHERE export_id = :export_id AND service = :service AND part = :part"
)

Sessions = Callable[[], AbstractAsyncContextManager[AsyncSession]]


async def file_of(sessions: Sessions, export: Export) -> AsyncIterator[str]:
    """Give the file piece by piece, of which none is larger than a part.

    Each piece is read by itself: whoever downloads slowly holds no transaction open. An export that is removed
    meanwhile breaks the download off.
    """
    about = {"schema": FILE_VERSION, "readme": README, "requested_at": rfc3339(export.requested_at)}
    yield _json(about).removesuffix("\n}") + ',\n  "services": {'
    for number, service in enumerate(HOLDERS):
        yield f"{',' if number else ''}\n    {_json(service)}: {{"
        key = {"export_id": export.id, "service": service}
        async with sessions() as session:
            sections = (await session.execute(_SECTIONS, key)).all()
        for place, (section, is_list) in enumerate(sections):
            yield f"{',' if place else ''}\n      {_json(section)}: {'[' if is_list else ''}"
            async for piece in _section(sessions, {**key, "section": section}, is_list=is_list):
                yield piece
            yield "\n      ]" if is_list else ""
        yield "\n    }"
    yield "\n  }\n}\n"


async def _section(sessions: Sessions, key: dict[str, object], *, is_list: bool) -> AsyncIterator[str]:
    async with sessions() as session:
        parts = (await session.scalars(_PARTS_OF_A_SECTION, key)).all()
    first = True
    for part in parts:
        async with sessions() as session:
            found = (await session.execute(_SECTION, {**key, "part": part})).scalar_one()
        if not is_list:
            yield _json(json.loads(found), "      ")
            return
        rows = [f"\n        {_json(row, '        ')}" for row in json.loads(found)]
        if rows:
            yield ("" if first else ",") + ",".join(rows)
            first = False


def _json(value: object, indent: str = "") -> str:
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", f"\n{indent}")
