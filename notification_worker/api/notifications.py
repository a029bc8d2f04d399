"""The routes of a person's own notifications: lists, changes, marks."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from contracts.socket.frames import Notification
from notification_worker.api.context import Asker, AskerRoute, Context
from notification_worker.api.cursors import CursorQuery, after_of, next_cursor_of
from notification_worker.api.parameters import PAGE, PATH, Limit
from notification_worker.api.schemas import HistoryPage, InboxChanges, KnownSeq, Marks, MembersPage, ReadAll
from notification_worker.commands.list_history import list_history
from notification_worker.commands.list_members import list_members
from notification_worker.commands.list_unread import list_unread
from notification_worker.commands.mark import Seen, mark_all_read, mark_read, mark_unread
from notification_worker.commands.sync_inbox import sync_inbox

routes = APIRouter(prefix=PATH, tags=["notifications"], route_class=AskerRoute)

_LINK_HEADER = {"Link": {"description": '`rel="next"` is the next page', "schema": {"type": "string"}}}


@routes.get("", operation_id="listUnread", responses={200: {"headers": _LINK_HEADER}})
async def list_unread_notifications(
    asker: Asker, context: Context, response: Response, limit: Limit = PAGE, cursor: CursorQuery = None
) -> tuple[Notification, ...]:
    """List the unread notifications, newest first."""
    page = await list_unread(context.database, asker.user_id, limit, after_of(cursor))
    following = next_cursor_of(page)
    if following is not None:
        response.headers["Link"] = f'<{PATH}?{urlencode({"limit": limit, "cursor": following})}>; rel="next"'
    return page.items


@routes.get("/history", operation_id="listHistory")
async def history(asker: Asker, context: Context, limit: Limit = PAGE, cursor: CursorQuery = None) -> HistoryPage:
    """List what was created within the history and what is older and unread, newest first."""
    page = await list_history(context.database, asker.user_id, limit, after_of(cursor), history=context.history)
    return HistoryPage(items=page.items, next_cursor=next_cursor_of(page))


@routes.get("/sync", operation_id="sync")
async def sync(asker: Asker, context: Context, after_seq: Annotated[KnownSeq | None, Query()] = None) -> InboxChanges:
    """Tell what changed after a number of the inbox, or give a new start without one."""
    changes = await sync_inbox(context.database, asker.user_id, after_seq, history=context.history)
    return InboxChanges(
        items=changes.items,
        removed_ids=changes.removed_ids,
        latest_seq=changes.latest_seq,
        unread_count=changes.unread_count,
        reset=changes.reset,
        history_days=context.history.days,
    )


@routes.post("/read", operation_id="markRead", status_code=status.HTTP_204_NO_CONTENT)
async def read(asker: Asker, context: Context, marks: Marks) -> None:
    """Mark as read; an id that is not the asker's refuses the whole request."""
    if await mark_read(context.database, asker.user_id, _seen(marks)):
        context.notify_relay()


@routes.post("/unread", operation_id="markUnread", status_code=status.HTTP_204_NO_CONTENT)
async def unread(asker: Asker, context: Context, marks: Marks) -> None:
    """Mark as unread again; an id that is not the asker's, or too old to be shown, refuses the whole request."""
    if await mark_unread(context.database, asker.user_id, _seen(marks), history=context.history):
        context.notify_relay()


@routes.post("/read-all", operation_id="markAllRead", status_code=status.HTTP_204_NO_CONTENT)
async def read_all(asker: Asker, context: Context, body: ReadAll) -> None:
    """Mark as read all that changed last at or before `up_to_seq`."""
    if await mark_all_read(context.database, asker.user_id, body.up_to_seq):
        context.notify_relay()


@routes.get("/{notification_id}/members", operation_id="listMembers")
async def members(
    asker: Asker, context: Context, notification_id: UUID, limit: Limit = PAGE, cursor: CursorQuery = None
) -> MembersPage:
    """List the events that a notification stands for, newest first; one of a single event is its own member."""
    page = await list_members(context.database, asker.user_id, notification_id, limit, after_of(cursor))
    return MembersPage(items=page.items, next_cursor=next_cursor_of(page))


def _seen(marks: Marks) -> list[Seen]:
    return [Seen(one.id, one.seq) for one in marks.seen()]
