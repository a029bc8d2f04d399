"""When an event joins the row of earlier ones, or takes an earlier one back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.notification_types import NotificationType, Reason
from notification_worker.audience.watching import in_order
from notification_worker.audience.wording import Parts

WITHDRAWN_WITHIN = timedelta(seconds=60)
"""How young a row must be for its event to be taken back."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What one event says, and when it happened."""

    parts: Parts
    time: datetime


def reverses(earlier: Happening, later: Happening) -> bool:
    """Say whether the later change of a task's status brings back what the earlier one left.

    An old event that comes again late takes nothing back that came after it; and what lay apart, but was applied
    together after an outage, was no passing mistake.
    """
    before, after = earlier.parts, later.parts
    return (
        before.type == after.type == NotificationType.STATUS_CHANGED
        and before.task_id == after.task_id
        and before.old_status is not None
        and before.old_status != before.new_status
        and (before.old_status, before.new_status) == (after.new_status, after.old_status)
        and timedelta(0) <= later.time - earlier.time < WITHDRAWN_WITHIN
    )


def joined(row: Parts, later: Parts, *, known: bool) -> Parts:
    """Give what a row says after one more event has joined it.

    `known` says that the later actor is one of the row's already. Whatever does not name the actor stays that of the
    first event: reading begins there.
    """
    return replace(
        row,
        actor_id=later.actor_id,
        actor_name=later.actor_name,
        other_actors=row.other_actors + (0 if known else 1),
    )


def all_reasons(stored: Iterable[str], more: Iterable[Reason]) -> tuple[str, ...]:
    """Give the reasons of a row and of what joins it, the strongest first.

    As text, since a row may hold one that only a newer release knows.
    """
    return in_order([*stored, *(reason.value for reason in more)])
