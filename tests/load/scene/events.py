"""Task events as the task service writes them, for rows that need them without it."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from contracts.events.task import Comment as EventComment
from contracts.events.task import Person, TaskCommentAdded, TaskCommentAddedData
from contracts.topology import task_routing_key
from infra.outbox.message import OutboxMessage, event_message
from tests.support.notification_events import TaskStory, person

WATCHERS = 3
TEXT = "Looks good to me; one thing is left to do before this can be called done, see the last line of the description."
_CHUNK = 10_000


@dataclass
class Comments:
    """One comment on each of many tasks, and who watches each task."""

    messages: list[OutboxMessage]
    watchers: list[tuple[UUID, UUID]]


def comments(count: int, people: int, watchers: int = WATCHERS) -> Comments:
    """Make comments, each on a task of its own, by somebody who does not watch it before."""
    known = [person(f"Person {number}") for number in range(people)]
    made = Comments([], [])
    for number in range(count):
        story = TaskStory(f"Task {number}")
        made.messages.append(_comment(story, known[number % people]))
        made.watchers += [(story.task.id, known[(number + place + 1) % people].id) for place in range(watchers)]
    return made


def _comment(story: TaskStory, actor: Person) -> OutboxMessage:
    """The actor watches the task by an earlier event, so that the event adds nobody."""
    story.sequence = 1
    template = story.commented(actor, TEXT)
    data = TaskCommentAddedData(
        actor=actor, task=story.task, watchers_added=(), comment=EventComment(id=uuid7(), body=TEXT)
    )
    event = TaskCommentAdded(**{**dict(template), "data": data})
    return event_message(event, task_routing_key("task.comment_added", story.task.id))


async def write_watchers(url: str, watchers: list[tuple[UUID, UUID]]) -> None:
    """Let the notification worker know who watches what."""
    connection = await asyncpg.connect(url)
    await connection.copy_records_to_table(
        "watchers",
        records=[(task_id, user_id, ["manual"], 1, 0) for task_id, user_id in watchers],
        columns=["task_id", "user_id", "reasons", "watched_sequence", "stopped_sequence"],
    )
    await connection.execute("ANALYZE watchers")
    await connection.close()


async def write_outbox(url: str, channel: str, messages: list[OutboxMessage]) -> float:
    """Commit messages to an outbox at once, and wake its relay; give the moment of the commit (monotonic)."""
    columns = ["message_id", "type", "content_type", "routing_key", "order_key", "body"]
    records = [tuple(getattr(message, column) for column in columns) for message in messages]
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.copy_records_to_table("outbox", records=records, columns=columns)
        await connection.execute(f"NOTIFY {channel}")
    moment = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    await connection.close()
    return float(moment)
