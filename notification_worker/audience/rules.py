"""Who is told of an event, why, when, and what the notification says."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.events import AnyEvent
from contracts.events.notification import NotificationRequested, NotificationRequestedData
from contracts.events.task import TaskAssigned, TaskCommentAdded, TaskEventData, TaskStatus, TaskStatusChanged
from contracts.notification_types import Frequency, NotificationType, Outcome, Reason
from notification_worker.audience.former_names import without_name
from notification_worker.audience.preferences import AT_ONCE, Preferences
from notification_worker.audience.watching import Watching, in_order
from notification_worker.audience.wording import Parts


@dataclass(frozen=True, slots=True)
class Told:
    """One person who is told at once, and all reasons, the strongest first."""

    user_id: UUID
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """One person who is told with the next digest of a frequency, and all reasons, the strongest first."""

    user_id: UUID
    reasons: tuple[Reason, ...]
    frequency: Frequency
    preferences: Preferences

    def due_at(self, now: datetime) -> datetime:
        """Give the moment of that digest."""
        return self.preferences.next_digest(self.frequency, now)


@dataclass(frozen=True, slots=True)
class HeldBack:
    """One person whom the event concerns and who is not told of it, and the rule that decided so."""

    user_id: UUID
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Telling:
    """What one event says and to whom; nobody is in two of the three, and each is in the order of the ids."""

    event_source: str
    event_id: str
    event_time: datetime
    parts: Parts
    told: tuple[Told, ...] = ()
    held: tuple[Held, ...] = ()
    held_back: tuple[HeldBack, ...] = ()

    @property
    def people(self) -> tuple[UUID, ...]:
        """Everybody whom the event concerns, told or not."""
        return tuple(one.user_id for group in (self.told, self.held, self.held_back) for one in group)

    def only(self, people: AbstractSet[UUID]) -> "Telling":
        """Leave out everybody else."""
        if people >= set(self.people):
            return self
        return replace(
            self,
            told=tuple(one for one in self.told if one.user_id in people),
            held=tuple(one for one in self.held if one.user_id in people),
            held_back=tuple(one for one in self.held_back if one.user_id in people),
        )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else decides about an event: who watches its task after it, and what people have chosen.

    `muted` are those who want to hear nothing of the task. Who is not in `preferences` is told of everything at once.
    """

    watchers: Mapping[UUID, Watching]
    erased: AbstractSet[UUID] = frozenset()
    task_deleted: bool = False
    muted: AbstractSet[UUID] = frozenset()
    preferences: Mapping[UUID, Preferences] = field(default_factory=dict)


def telling_of(event: AnyEvent, around: Surroundings) -> Telling | None:
    """Say whom an event tells of what, or None if it is of a kind that tells nobody.

    The recipients of a request are taken as they are: whether they are known is for the caller to find out.
    """
    reasons: dict[UUID, tuple[Reason, ...]] = {}
    match event:
        case TaskAssigned(data=data):
            parts = _of_task(NotificationType.TASK_ASSIGNED, data, around)
            reasons[data.assignee.id] = (Reason.ASSIGNED,)
        case TaskStatusChanged(data=data):
            parts = _of_task(
                NotificationType.STATUS_CHANGED, data, around, old_status=data.old_status, new_status=data.new_status
            )
            reasons.update(_of_watchers(around))
        case TaskCommentAdded(data=data):
            parts = _of_task(NotificationType.COMMENT_ADDED, data, around, comment_id=data.comment.id)
            reasons.update(_of_watchers(around))
        case NotificationRequested(data=data):
            parts = _of_request(data, around)
            reasons.update(dict.fromkeys(data.recipients, (Reason.REQUESTED,)))
        case _:
            return None
    # Nobody is told of their own act, not even of one that another service reports.
    not_told = {*around.erased, *(() if data.actor is None else (data.actor.id,))}
    verdicts = [_verdict(user_id, reasons[user_id], parts, around) for user_id in sorted(reasons.keys() - not_told)]
    return Telling(
        event.source,
        event.id,
        event.time,
        parts,
        told=tuple(one for one in verdicts if isinstance(one, Told)),
        held=tuple(one for one in verdicts if isinstance(one, Held)),
        held_back=tuple(one for one in verdicts if isinstance(one, HeldBack)),
    )


def rule_against(notification_type: str, preferences: Preferences, *, muted: bool) -> Outcome | None:
    """Say which rule holds back a notification of a type from somebody, or None; `muted` is of its task.

    Being assigned is told of a muted task too: somebody counts on the person.
    """
    if muted and notification_type != NotificationType.TASK_ASSIGNED:
        return Outcome.MUTED
    return Outcome.PREFERENCE if preferences.frequency_of(notification_type) is Frequency.OFF else None


def _verdict(user_id: UUID, reasons: tuple[Reason, ...], parts: Parts, around: Surroundings) -> Told | Held | HeldBack:
    preferences = around.preferences.get(user_id, AT_ONCE)
    outcome = rule_against(parts.type, preferences, muted=user_id in around.muted)
    if outcome is not None:
        return HeldBack(user_id, outcome)
    frequency = preferences.frequency_of(parts.type)
    if frequency is Frequency.INSTANT:
        return Told(user_id, reasons)
    return Held(user_id, reasons, frequency, preferences)


def _of_watchers(around: Surroundings) -> dict[UUID, tuple[Reason, ...]]:
    return {user_id: in_order(watching.reasons) for user_id, watching in around.watchers.items() if watching.now}


def _of_task(
    notification_type: NotificationType,
    data: TaskEventData,
    around: Surroundings,
    *,
    old_status: TaskStatus | None = None,
    new_status: TaskStatus | None = None,
    comment_id: UUID | None = None,
) -> Parts:
    actor = None if data.actor.id in around.erased else data.actor
    return Parts(
        type=notification_type.value,
        actor_id=actor.id if actor else None,
        actor_name=actor.name if actor else None,
        task_id=data.task.id,
        task_title=data.task.title,
        old_status=old_status,
        new_status=new_status,
        comment_id=comment_id,
        task_deleted=around.task_deleted,
    )


def _of_request(data: NotificationRequestedData, around: Surroundings) -> Parts:
    actor, message = data.actor, data.message
    if actor is not None and actor.id in around.erased:
        message = without_name(message, actor.name)
        actor = None
    return Parts(
        type=data.kind,
        actor_id=actor.id if actor else None,
        actor_name=actor.name if actor else None,
        message=message,
        link=data.link,
    )
