"""The routes of what a person wants to be told of, and when."""

from datetime import time

from fastapi import APIRouter

from notification_worker.api.context import Asker, AskerRoute, Context
from notification_worker.api.parameters import PATH
from notification_worker.api.preference_schemas import NotificationPreferences, WantedPreferences
from notification_worker.audience.preferences import Preferences
from notification_worker.commands.preferences import read_preferences, write_preferences

routes = APIRouter(prefix=f"{PATH}/preferences", tags=["preferences"], route_class=AskerRoute)


@routes.get("", operation_id="getPreferences")
async def get_preferences(asker: Asker, context: Context) -> NotificationPreferences:
    """Tell how often each type is told: Taskify's own, every kind that other services have sent, and all decided on."""
    return _body(*await read_preferences(context.database, asker.user_id))


@routes.put("", operation_id="putPreferences")
async def put_preferences(asker: Asker, context: Context, body: WantedPreferences) -> NotificationPreferences:
    """Replace all of them; a type that is not named is instant. What waits for a digest follows at once."""
    wanted = Preferences(body.timezone, time.fromisoformat(body.daily_at), dict(body.types))
    return _body(*await write_preferences(context.database, asker.user_id, wanted))


def _body(held: Preferences, types: tuple[str, ...]) -> NotificationPreferences:
    return NotificationPreferences(
        timezone=held.timezone,
        daily_at=held.daily_at.strftime("%H:%M"),
        types={name: held.frequency_of(name) for name in types},
    )
