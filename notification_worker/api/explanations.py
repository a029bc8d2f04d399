"""The routes that say why somebody was told, and why not."""

from uuid import UUID

from fastapi import APIRouter

from notification_worker.api.context import Asker, Context
from notification_worker.api.parameters import PATH
from notification_worker.api.schemas import JudgedEvents
from notification_worker.commands.why import Why, why, why_not

routes = APIRouter(prefix=PATH, tags=["why"])


@routes.get("/why-not", operation_id="whyNot")
async def say_why_not(asker: Asker, context: Context, task_id: UUID) -> JudgedEvents:
    """Say of a task's latest events, newest first, what became of each for the asker."""
    return JudgedEvents(items=await why_not(context.database, asker.user_id, task_id, history=context.history))


@routes.get("/{notification_id}/why", operation_id="why")
async def say_why(asker: Asker, context: Context, notification_id: UUID) -> Why:
    """Say which event and which reasons a notification, or a member of one, came from."""
    return await why(context.database, asker.user_id, notification_id)
