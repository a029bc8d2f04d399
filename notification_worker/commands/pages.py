"""Pages of lists that are ordered by a moment and an id, newest first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, tuple_

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ends; nothing ever changes its place, since neither part ever changes."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """`next` is where the next page begins, or None at the end."""

    items: tuple[Item, ...]
    next: Position | None


def newest_first(
    query: Select[Any], moment: ColumnElement[datetime], key: ColumnElement[UUID], after: Position | None, limit: int
) -> Select[Any]:
    """Order a query, begin it after a position, and take one row more than a page: it says whether there is more."""
    ordered = query.order_by(moment.desc(), key.desc()).limit(limit + 1)
    return ordered if after is None else ordered.where(tuple_(moment, key) < (after.created_at, after.id))


def page_of(
    rows: Sequence[Row[Any]],
    limit: int,
    item_of: Callable[[Row[Any]], Item],
    position_of: Callable[[Row[Any]], Position] = lambda row: Position(row.created_at, row.id),
) -> Page[Item]:
    """Make a page of what `newest_first` found."""
    shown = rows[:limit]
    return Page(tuple(item_of(row) for row in shown), position_of(shown[-1]) if len(rows) > limit else None)
