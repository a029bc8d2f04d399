"""The routes of a person's own notifications."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response, status

from contracts.socket.frames import Notification
from notification_worker.api.context import Asker, Context
from notification_worker.api.cursors import CursorQuery, cursor_of, position_of
from notification_worker.api.schemas import InboxChanges, KnownSeq, Marks, ReadAll
from notification_worker.commands.list_unread import list_unread
from notification_worker.commands.mark import Seen, mark_all_read, mark_read, mark_unread
from notification_worker.commands.sync_inbox import sync_inbox

PAGE = 50
LARGEST_PAGE = 100
PATH = "/api/notifications"

routes = APIRouter(prefix=PATH, tags=["notifications"])

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
_LINK_HEADER = {"Link": {"description": '`rel="next"` is the next page', "schema": {"type": "string"}}}


@routes.get("", operation_id="listUnread", responses={200: {"headers": _LINK_HEADER}})
async def list_unread_notifications(
    asker: Asker, context: Context, response: Response, limit: Limit = PAGE, cursor: CursorQuery = None
) -> tuple[Notification, ...]:
    """List the unread notifications, newest first."""
    after = None if cursor is None else position_of(cursor)
    page = await list_unread(context.database, asker.user_id, limit, after)
    if page.next is not None:
        query = urlencode({"limit": limit, "cursor": cursor_of(page.next)})
        response.headers["Link"] = f'<{PATH}?{query}>; rel="next"'
    return page.items


@routes.get("/sync", operation_id="sync")
async def sync(asker: Asker, context: Context, after_seq: Annotated[KnownSeq | None, Query()] = None) -> InboxChanges:
    """Tell what changed after a number of the inbox, or give a new start without one."""
    changes = await sync_inbox(context.database, asker.user_id, after_seq)
    return InboxChanges(
        items=changes.items,
        removed_ids=changes.removed_ids,
        latest_seq=changes.latest_seq,
        unread_count=changes.unread_count,
        reset=changes.reset,
    )


@routes.post("/read", operation_id="markRead", status_code=status.HTTP_204_NO_CONTENT)
async def read(asker: Asker, context: Context, marks: Marks) -> None:
    """Mark as read; an id that is not the asker's refuses the whole request."""
    if await mark_read(context.database, asker.user_id, _seen(marks)):
        context.notify_relay()


@routes.post("/unread", operation_id="markUnread", status_code=status.HTTP_204_NO_CONTENT)
async def unread(asker: Asker, context: Context, marks: Marks) -> None:
    """Mark as unread again; an id that is not the asker's refuses the whole request."""
    if await mark_unread(context.database, asker.user_id, _seen(marks)):
        context.notify_relay()


@routes.post("/read-all", operation_id="markAllRead", status_code=status.HTTP_204_NO_CONTENT)
async def read_all(asker: Asker, context: Context, body: ReadAll) -> None:
    """Mark as read all that changed last at or before `up_to_seq`."""
    if await mark_all_read(context.database, asker.user_id, body.up_to_seq):
        context.notify_relay()


def _seen(marks: Marks) -> list[Seen]:
    return [Seen(one.id, one.seq) for one in marks.seen()]
