"""Which events must be applied in the order in which they came, and which may pass one another."""

from collections.abc import Collection
from uuid import UUID

from contracts.events import AnyEvent
from contracts.events.notification import NotificationRequested

NOBODY = UUID(int=0)
DRAINED = "drained"
"""The kind of a request for nobody that marks a place in a queue: once it is applied, so is all that came before it."""


def order_key(event: AnyEvent) -> str:
    """Give what an event has in common with those that must be applied in their order: its task, or its person."""
    return event.partitionkey or event.id


def is_behind(event: AnyEvent, waiting: Collection[str]) -> bool:
    """Say whether an event has to wait for earlier ones that wait, given by their order keys."""
    return order_key(event) in waiting or (bool(waiting) and marks_a_place(event))


def marks_a_place(event: AnyEvent) -> bool:
    """Say whether an event does nothing, and only marks a place in its queue."""
    return (
        isinstance(event, NotificationRequested) and event.data.kind == DRAINED and event.data.recipients == (NOBODY,)
    )
