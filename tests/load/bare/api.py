"""Bare FastAPI and asyncpg: the same work in SQL and about the same answers, and nothing else.

No tokens, no look at the session, no limits, no watching, no wake-up of a relay.
"""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel
from uuid_utils.compat import uuid7

_CONNECTIONS = 10
_TASKS = """
SELECT t.id, t.title, t.description, t.status, t.version, t.created_at, t.updated_at,
       c.id AS creator_id, c.name AS creator_name, a.id AS assignee_id, a.name AS assignee_name
FROM tasks t JOIN users c ON c.id = t.creator_id LEFT JOIN users a ON a.id = t.assignee_id
ORDER BY t.created_at DESC, t.id DESC LIMIT 51
"""
_LOCK = "SELECT title, event_sequence FROM tasks WHERE id = $1 FOR UPDATE"
_AUTHOR = """
SELECT u.name, w.reasons, w.stopped
FROM users u LEFT JOIN watchers w ON w.user_id = u.id AND w.task_id = $1 WHERE u.id = $2
"""
_MOVE_ON = "UPDATE tasks SET event_sequence = $2 WHERE id = $1"
_COMMENT = "INSERT INTO comments (id, task_id, author_id, body, created_at) VALUES ($1, $2, $3, $4, $5)"
_OUTBOX = """
INSERT INTO outbox (message_id, type, content_type, routing_key, order_key, body) VALUES ($1, $2, $3, $4, $5, $6)
"""
_HEAD = "SELECT last_seq, unread_count FROM inboxes WHERE user_id = $1"
_CHANGED = "SELECT * FROM notifications WHERE user_id = $1 AND seq > $2 ORDER BY seq, id LIMIT 501"
_REMOVED = "SELECT notification_id FROM removed_notifications WHERE user_id = $1 AND seq > $2 LIMIT 501"


class Task(BaseModel):
    id: UUID
    title: str
    description: str
    status: str
    version: int
    created_at: datetime
    updated_at: datetime
    creator_id: UUID
    creator_name: str
    assignee_id: UUID | None
    assignee_name: str | None


class Tasks(BaseModel):
    items: list[Task]


class NewComment(BaseModel):
    body: str


class Comment(BaseModel):
    id: UUID
    task_id: UUID
    author_id: UUID
    body: str
    created_at: datetime


class Notification(BaseModel):
    id: UUID
    seq: int
    type: str
    message: str
    task_id: UUID | None
    link: str | None
    actor_id: UUID | None
    actor_name: str | None
    reasons: list[str]
    count: int
    created_at: datetime
    updated_at: datetime
    read_at: datetime | None


class Sync(BaseModel):
    items: list[Notification]
    removed_ids: list[UUID]
    latest_seq: int
    unread_count: int


def application(tasks_url: str, notifications_url: str) -> FastAPI:
    @asynccontextmanager
    async def pools(app: FastAPI) -> AsyncIterator[None]:
        async with (
            asyncpg.create_pool(tasks_url, min_size=_CONNECTIONS, max_size=_CONNECTIONS) as tasks,
            asyncpg.create_pool(notifications_url, min_size=_CONNECTIONS, max_size=_CONNECTIONS) as notifications,
        ):
            app.state.tasks, app.state.notifications = tasks, notifications
            yield

    app = FastAPI(lifespan=pools)

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.get("/api/tasks")
    async def list_tasks(request: Request) -> Tasks:
        rows = await request.app.state.tasks.fetch(_TASKS)
        return Tasks(items=[Task(**row) for row in rows[:50]])

    @app.post("/api/tasks/{task_id}/comments", status_code=201)
    async def comment(task_id: UUID, author_id: UUID, new: NewComment, request: Request) -> Comment:
        made = Comment(id=uuid7(), task_id=task_id, author_id=author_id, body=new.body, created_at=datetime.now(UTC))
        async with request.app.state.tasks.acquire() as connection, connection.transaction():
            task = await connection.fetchrow(_LOCK, task_id)
            await connection.fetchrow(_AUTHOR, task_id, author_id)
            await connection.execute(_COMMENT, made.id, task_id, author_id, new.body, made.created_at)
            await connection.execute(_MOVE_ON, task_id, task["event_sequence"] + 1)
            event = made.model_dump_json()
            await connection.execute(_OUTBOX, str(uuid7()), "t", "application/json", "task.t.0", str(task_id), event)
        return made

    @app.get("/api/notifications/sync")
    async def sync(user_id: UUID, after_seq: int, request: Request) -> Sync:
        async with (
            request.app.state.notifications.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            head = await connection.fetchrow(_HEAD, user_id)
            rows = await connection.fetch(_CHANGED, user_id, after_seq)
            removed = await connection.fetch(_REMOVED, user_id, after_seq)
        return Sync(
            items=[_notification(row) for row in rows],
            removed_ids=[row[0] for row in removed],
            latest_seq=head["last_seq"],
            unread_count=head["unread_count"],
        )

    return app


def _notification(row: Any) -> Notification:
    return Notification(**{"message": f"{row['actor_name']} did something to {row['task_title']}", **_given(row)})


def _given(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "message" or value is not None}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("tasks")
    parser.add_argument("notifications")
    chosen = parser.parse_args()
    uvicorn.run(
        application(chosen.tasks, chosen.notifications),
        host="127.0.0.1",
        port=chosen.port,
        access_log=False,
        log_level="warning",
    )
