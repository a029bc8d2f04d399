"""How the document of a part is kept: as text that goes into the file as it is, and where in it each section stands.

A download then parses nothing: neither here, where it would hold up everybody's requests, nor in the database.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

_ACTOR = "actor_id"


class Section(NamedTuple):
    """`length` characters from `start`, counted from 1 as PostgreSQL does; of a list its rows, without the brackets."""

    name: str
    is_list: bool
    start: int
    length: int


class DocumentText(NamedTuple):
    """The JSON of a document, and its sections."""

    text: str
    sections: list[Section]


def written(document: Mapping[str, Any]) -> DocumentText:
    """Write a document, with a line for each row."""
    text, sections = "{", list[Section]()
    for name, value in document.items():
        is_list = isinstance(value, list)
        body = ",\n".join(map(_json, value)) if is_list else _json(value)
        text += f"{', ' if sections else ''}{_json(name)}: {'[' if is_list else ''}"
        sections.append(Section(name, is_list, len(text) + 1, len(body)))
        text += body + ("]" if is_list else "")
    return DocumentText(text + "}", sections)


def actors_of(document: Mapping[str, Any]) -> set[UUID]:
    """Give whom the rows of a document name as those who did something; not what stands in texts."""
    found: set[UUID] = set()
    for value in document.values():
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                found.update(_ids([row.get(_ACTOR)]))
    return found


def _ids(values: Iterable[object]) -> Iterable[UUID]:
    for value in values:
        if isinstance(value, str):
            try:
                yield UUID(value)
            except ValueError:
                continue


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
