"""Cursors of pages: opaque to clients, a position to us."""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator

from contracts.model import rfc3339
from notification_worker.commands.pages import Page, Position

CURSOR_LENGTH = 200


def cursor_of(position: Position) -> str:
    """Write a position as a cursor, safe in a URL."""
    text = json.dumps([rfc3339(position.created_at), str(position.id)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_of(cursor: str) -> Position:
    """Read a cursor of ours.

    Raises:
        ValueError: it is none.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        created_at, notification_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        moment = datetime.fromisoformat(created_at)
        # A moment without a zone, or one that is out of range in UTC, was not given out by us.
        position = Position(moment.astimezone(UTC), UUID(notification_id))
    except (binascii.Error, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError("not a cursor that was given out") from error
    if moment.tzinfo is None:
        raise ValueError("not a cursor that was given out")
    return position


def _is_cursor(cursor: str) -> str:
    position_of(cursor)
    return cursor


CursorQuery = Annotated[
    str | None,
    Query(max_length=CURSOR_LENGTH, description="where the page begins, as the page before it said; opaque"),
    AfterValidator(lambda cursor: cursor if cursor is None else _is_cursor(cursor)),
]


def after_of(cursor: str | None) -> Position | None:
    """Give the position that a page begins after, None for the first page."""
    return None if cursor is None else position_of(cursor)


def next_cursor_of(page: Page[Any]) -> str | None:
    """Give the cursor of the next page, None at the end."""
    return None if page.next is None else cursor_of(page.next)
