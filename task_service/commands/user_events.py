"""How the events of people and of their sessions are made; they are in order for each person."""

from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.envelope import Event
from contracts.events import type_of
from contracts.events.task import Person
from contracts.events.user import (
    SessionEnded,
    SessionEndedData,
    UserData,
    UserErased,
    UserErasedData,
    UserExportRequested,
    UserExportRequestedData,
    UserRegistered,
    UserRenamed,
)
from contracts.model import ContractModel
from infra.outbox.message import OutboxMessage, event_message
from task_service.commands.task_events import SOURCE
from task_service.models import Export, Session, User

Data = TypeVar("Data", bound=ContractModel)


def user_registered(user: User) -> OutboxMessage:
    return _event(UserRegistered, user.id, UserData(user=Person(id=user.id, name=user.name)))


def user_renamed(user: User) -> OutboxMessage:
    return _event(UserRenamed, user.id, UserData(user=Person(id=user.id, name=user.name)))


def user_export_requested(export: Export) -> OutboxMessage:
    data = UserExportRequestedData(export_id=export.id, user_id=export.user_id)
    return _event(UserExportRequested, export.user_id, data)


def user_erased(user_id: UUID, erasure_id: UUID | None = None) -> OutboxMessage:
    return _event(UserErased, user_id, UserErasedData(user_id=user_id, erasure_id=erasure_id))


def session_ended(session: Session) -> OutboxMessage:
    return _event(SessionEnded, session.user_id, SessionEndedData(user_id=session.user_id, session_id=session.id))


def _event(event: type[Event[Data]], user_id: UUID, data: Data) -> OutboxMessage:
    return event_message(
        event(
            id=str(uuid7()),
            type=type_of(event),
            source=SOURCE,
            subject=str(user_id),
            time=datetime.now(UTC),
            partitionkey=str(user_id),
            data=data,
        ),
        event.routing_key,
    )
