"""The events of people and of their sessions."""

from typing import Literal
from uuid import UUID

from contracts.envelope import Event
from contracts.events.task import Person
from contracts.model import ContractModel


class UserData(ContractModel):
    user: Person


class UserRegistered(Event[UserData]):
    routing_key = "user.registered"
    type: Literal["taskify.user.registered.v1"] = "taskify.user.registered.v1"


class UserRenamed(Event[UserData]):
    routing_key = "user.renamed"
    type: Literal["taskify.user.renamed.v1"] = "taskify.user.renamed.v1"


class UserErasedData(ContractModel):
    user_id: UUID


class UserErased(Event[UserErasedData]):
    """Everything held about the person goes; the name is taken out of what others hold."""

    routing_key = "user.erased"
    type: Literal["taskify.user.erased.v1"] = "taskify.user.erased.v1"


class SessionEndedData(ContractModel):
    user_id: UUID
    session_id: UUID


class SessionEnded(Event[SessionEndedData]):
    """The session's tokens are worth nothing any more, whatever their expiry says; gateways close its sockets."""

    routing_key = "session.ended"
    type: Literal["taskify.session.ended.v1"] = "taskify.session.ended.v1"
