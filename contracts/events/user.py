"""The events of people and of their sessions."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from contracts.envelope import Event
from contracts.events.task import Person
from contracts.model import ContractModel, Moment
from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE

HOLDERS = (TASK_SERVICE, NOTIFICATION_WORKER)
"""The services that hold data about people: an export or an erasure is complete when each of them has answered."""

EXPORT_PART_BYTES = 1_000_000
"""The most that the document of one part takes as JSON; more rows go into further parts."""

EXPORT_PARTS = 1_000

Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
ServiceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class UserData(ContractModel):
    user: Person


class UserRegistered(Event[UserData]):
    routing_key = "user.registered"
    type: Literal["taskify.user.registered.v1"] = "taskify.user.registered.v1"


class UserRenamed(Event[UserData]):
    routing_key = "user.renamed"
    type: Literal["taskify.user.renamed.v1"] = "taskify.user.renamed.v1"


class UserExportRequestedData(ContractModel):
    export_id: UUID
    user_id: UUID


class UserExportRequested(Event[UserExportRequestedData]):
    """Every service that holds data about the person answers with all of it, in `user.exported`."""

    routing_key = "user.export_requested"
    type: Literal["taskify.user.export_requested.v1"] = "taskify.user.export_requested.v1"


class UserExportedData(ContractModel):
    """A part of what one service holds about a person.

    `document` has sections by name. A section that is a list goes on in further parts; any other stands in one part.
    """

    export_id: UUID
    user_id: UUID
    service: ServiceName
    part: Annotated[int, Field(ge=1, le=EXPORT_PARTS)]
    parts: Annotated[int, Field(ge=1, le=EXPORT_PARTS)]
    document: dict[str, JsonValue]


class UserExported(Event[UserExportedData]):
    """One of `parts` answers of a service; the export takes them in any order, and each once."""

    routing_key = "user.exported"
    type: Literal["taskify.user.exported.v1"] = "taskify.user.exported.v1"


class UserErasedData(ContractModel):
    """`erasure_id` is the receipt that each service's `user.erasure_completed` is for; null if there is none."""

    user_id: UUID
    erasure_id: UUID | None = None


class UserErased(Event[UserErasedData]):
    """Everything held about the person goes; the name is taken out of what others hold."""

    routing_key = "user.erased"
    type: Literal["taskify.user.erased.v1"] = "taskify.user.erased.v1"


class Removed(ContractModel):
    """`what` names a kind of data, and never anything of its content."""

    what: Word
    count: Annotated[int, Field(ge=0)]


class Pending(ContractModel):
    what: Word
    gone_by: Moment


class UserErasureCompletedData(ContractModel):
    """What one service has removed, in all so far, and what leaves it later by itself."""

    erasure_id: UUID
    user_id: UUID
    service: ServiceName
    removed: tuple[Removed, ...]
    pending: tuple[Pending, ...]


class UserErasureCompleted(Event[UserErasureCompletedData]):
    """A service has erased a person. While something is pending another one follows, which replaces it."""

    routing_key = "user.erasure_completed"
    type: Literal["taskify.user.erasure_completed.v1"] = "taskify.user.erasure_completed.v1"


class SessionEndedData(ContractModel):
    user_id: UUID
    session_id: UUID


class SessionEnded(Event[SessionEndedData]):
    """The session's tokens are worth nothing any more, whatever their expiry says; gateways close its sockets."""

    routing_key = "session.ended"
    type: Literal["taskify.session.ended.v1"] = "taskify.session.ended.v1"
