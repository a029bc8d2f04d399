"""Whether the server says what the judge says, and windows show what the server says."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from notification_worker.commands import sync_inbox
from tests.stateful.server import Books, Server
from tests.stateful.windows import Window
from tests.support.expected import HISTORY, Entry, Inbox, Json, Judge, Key, Row

RECENT_EVENTS = 50


def ids_of(rows: Iterable[Row], user_id: UUID, books: Books) -> list[UUID]:
    """Give the ids of the server's rows that stand for the same events."""
    by_events = {frozenset(events): row_id for row_id, events in books.events.items() if books.owner[row_id] == user_id}
    return [by_events[_keys(row.entries)] for row in rows]


def rows_of(inbox: Inbox, books: Books, ids: Iterable[UUID]) -> list[Row]:
    """Give the judge's rows of this inbox that stand for the same events as the server's."""
    wanted = {frozenset(books.events[row_id]) for row_id in ids if row_id in books.events}
    return [row for row in inbox.rows if _keys(row.entries) in wanted]


def books_hold(server: Server, judge: Judge) -> None:
    """Every event is told once, to whom it must be, and in the row that it must be in; and counts are right."""
    assert server.run(server.differences()) == []
    books = server.books()
    for person in map(str, {*map(str, server.frames), *judge.inboxes} - judge.erased):
        inbox, user_id = judge.inboxes[person], UUID(person)
        rows = [events for row_id, events in books.events.items() if books.owner[row_id] == user_id]
        assert sorted(map(sorted, rows)) == sorted(sorted(_keys(row.entries)) for row in inbox.rows)
        waiting = {entry.key: (entry.frequency, entry.due) for entry in inbox.waiting}
        assert books.waiting.get(user_id, {}) == waiting
        assert [seq for seq, _ in server.frames[user_id]] == list(range(1, len(inbox.log) + 1))
    owners = {str(owner) for owner in books.owner.values()}
    assert not owners & judge.erased


def windows_hold(server: Server, judge: Judge, windows: Sequence[Window]) -> None:
    """What is shown is what must be shown, and every window that is caught up shows just that."""
    books = server.books()
    for person, inbox in judge.inboxes.items():
        user_id = UUID(person)
        shown, head = server.shown(user_id), books.heads.get(user_id, (0, 0))
        assert _as_told(shown.values(), books) == _as_judged(inbox.shown(server.now))
        assert head == (len(inbox.log), sum(not row.read for row in inbox.rows))
        for window in windows:
            if window.user_id == user_id and window.is_caught_up(server):
                assert (window.inbox.latest_seq, window.inbox.unread_count) == head
                _shows(server, window)


def _shows(server: Server, window: Window) -> None:
    shown, held = server.shown(window.user_id), window.inbox.shown(server.now, HISTORY)
    # A window that starts is given the newest rows, and all that are unread.
    if server.most_shown[window.user_id] > sync_inbox.NEWEST:
        shown = {row_id: row for row_id, row in shown.items() if row_id in held or row["read_at"] is None}
    assert held == shown


def lists_and_reasons_hold(server: Server, judge: Judge, user_id: UUID) -> None:
    """History and list hold each row once; each row leads to its members, and each event to its reason."""
    inbox, books = judge.inboxes[str(user_id)], server.books()
    history = server.run(server.history(user_id))
    assert _as_told(history, books) == _as_judged(inbox.shown(server.now))
    assert len({item["id"] for item in history}) == len(history)
    places = [(item["created_at"], item["id"]) for item in history]
    assert places == sorted(places, reverse=True)
    assert server.run(server.unread_list(user_id)) == [item for item in history if item["read_at"] is None]
    for row, row_id in zip(inbox.rows, ids_of(inbox.rows, user_id, books), strict=True):
        _members_hold(server, user_id, row, row_id)
    for task in judge.tasks:
        _outcomes_hold(server, judge, user_id, task, books)


def _members_hold(server: Server, user_id: UUID, row: Row, row_id: UUID) -> None:
    members = server.run(server.members(user_id, row_id))
    told = {server.run(server.event_of(user_id, UUID(member["id"]))): _member_as_told(member) for member in members}
    assert len(members) == len(row.entries)
    assert told == {entry.key: _member_as_judged(entry) for entry in row.entries}
    places = [(member["created_at"], member["id"]) for member in members]
    assert places == sorted(places, reverse=True)
    assert server.run(server.event_of(user_id, row_id)) == (None if row.digest else row.entries[0].key)


def _outcomes_hold(server: Server, judge: Judge, user_id: UUID, task: str, books: Books) -> None:
    inbox = judge.inboxes[str(user_id)]
    recent = {
        key: event
        for key, (event, heard_at) in judge.heard.items()
        if event["subject"] == task and heard_at > server.now - HISTORY
    }
    answers = server.run(server.why_not(user_id, UUID(task)))
    assert list(answers) == list(recent)[::-1][:RECENT_EVENTS]
    rows = {key: row_id for row_id, events in books.events.items() if books.owner[row_id] == user_id for key in events}
    for key, (outcome, row_id) in answers.items():
        expected = inbox.outcomes.get(key) or _nothing_to_tell(recent[key], str(user_id))
        # Nobody can say of a row that is gone by whom it was read.
        assert outcome in ({"told", "not_watching"} if expected == "forgotten" else {expected}), key
        assert row_id == (rows[key] if expected == "told" else None), key


def _nothing_to_tell(event: Json, person: str) -> str:
    if event["data"]["actor"]["id"] == person:
        return "own_action"
    return "not_the_assignee" if "assignee" in event["data"] else "not_watching"


def _keys(entries: Iterable[Entry]) -> frozenset[Key]:
    return frozenset(entry.key for entry in entries)


def _as_told(items: Iterable[Json], books: Books) -> list[tuple[object, ...]]:
    return sorted(
        (
            sorted(books.events[UUID(item["id"])]),
            item["type"],
            item["message"],
            item["link"] or "",
            (item["actor"] or {"name": ""})["name"],
            item["reasons"],
            item["count"],
            item["task_id"] or "",
            datetime.fromisoformat(item["created_at"]),
            datetime.fromisoformat(item["updated_at"]),
            item["read_at"] is not None,
        )
        for item in items
    )


def _as_judged(rows: Iterable[Row]) -> list[tuple[object, ...]]:
    return sorted(
        (
            sorted(_keys(row.entries)),
            row.type,
            row.message,
            row.link or "",
            row.actor or "",
            row.reasons,
            len(row.entries),
            row.task or "",
            row.created,
            row.updated,
            row.read,
        )
        for row in rows
    )


def _member_as_told(member: Json) -> tuple[object, ...]:
    actor = (member["actor"] or {"name": None})["name"]
    return member["type"], member["message"], member["link"], actor, member["task_id"], set(member["reasons"])


def _member_as_judged(entry: Entry) -> tuple[object, ...]:
    return entry.type, entry.message, entry.link, entry.shown_actor, entry.task, entry.reasons
