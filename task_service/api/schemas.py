"""The bodies of requests and answers. Requests are strict; answers may gain fields, so clients ignore unknown ones."""

import re
from typing import Annotated, Literal, Self, cast
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from contracts.events.task import TEXT_LENGTH, TITLE_LENGTH, TaskStatus, WatchReason
from contracts.model import Moment
from task_service import models
from task_service.commands.change_task import TaskChanges
from task_service.commands.comments import AddedComment
from task_service.commands.watching import strongest
from task_service.queries.sessions import Member

PASSWORD_SHORTEST = 8
PASSWORD_LENGTH = 200

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def _storable(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("not_storable", "Must not contain the character NUL")
    return text


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise PydanticCustomError("not_an_email", "Must be an e-mail address")
    return text


def _not_erased(email: str) -> str:
    if email.rpartition("@")[2].casefold() == models.ERASED_DOMAIN:
        raise PydanticCustomError("not_an_email", "Must be an e-mail address of somebody")
    return email


Storable = AfterValidator(_storable)
"""PostgreSQL keeps every character but NUL."""

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LENGTH), Storable]
Description = Annotated[str, StringConstraints(max_length=TEXT_LENGTH), Storable]
CommentBody = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_LENGTH), Storable]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=models.NAME_LENGTH), Storable]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=models.EMAIL_LENGTH),
    AfterValidator(_email),
    Storable,
]
"""Nothing is sent to it, so any domain will do, one without a dot or known only inside the company too."""

NewPassword = Annotated[str, Field(min_length=PASSWORD_SHORTEST, max_length=PASSWORD_LENGTH)]
GivenPassword = Annotated[str, Field(max_length=PASSWORD_LENGTH)]


class RequestBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class RegisterRequest(RequestBody):
    email: Annotated[Email, AfterValidator(_not_erased)]
    name: Name
    password: NewPassword


class LoginRequest(RequestBody):
    email: Email
    password: GivenPassword


class PasswordRequest(RequestBody):
    old: GivenPassword
    new: NewPassword


class RenameRequest(RequestBody):
    name: Name


class CreateTaskRequest(RequestBody):
    title: Title
    description: Description = ""
    status: TaskStatus = TaskStatus.TODO
    assignee_id: UUID | None = None


class ChangeTaskRequest(RequestBody):
    """Only what is named is changed; `null` is a value of `assignee_id` alone."""

    # Factories make a field optional without allowing null and without a default in the schema.
    title: Title = Field(default_factory=str)
    description: Description = Field(default_factory=str)
    status: TaskStatus = Field(default_factory=lambda: TaskStatus.TODO)
    assignee_id: UUID | None = Field(default_factory=lambda: None)

    def changes(self) -> TaskChanges:
        """Give what was named, and only that."""
        return cast("TaskChanges", self.model_dump(exclude_unset=True))


class CommentRequest(RequestBody):
    body: CommentBody


class AccessToken(Answer):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (the kind of token, RFC 6750)
    expires_in: Annotated[int, Field(description="Seconds")]


class Person(Answer):
    id: UUID
    name: str

    @classmethod
    def of(cls, user: models.User) -> Self:
        return cls(id=user.id, name=user.name)


class Account(Person):
    email: str

    @classmethod
    def of(cls, user: models.User) -> Self:
        return cls(id=user.id, name=user.name, email=user.email)


class OwnAccount(Account):
    role: Literal["member", "administrator"]

    @classmethod
    def of(cls, user: models.User | Member) -> Self:
        return cls.model_validate({"id": user.id, "name": user.name, "email": user.email, "role": user.role})


class Task(Answer):
    id: UUID
    title: str
    description: str
    status: TaskStatus
    assignee: Person | None
    creator: Person
    version: int
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, found: models.TaskWithPeople) -> Self:
        task, creator, assignee = found
        return cls(
            id=task.id,
            title=task.title,
            description=task.description,
            status=TaskStatus(task.status),
            assignee=Person.of(assignee) if assignee else None,
            creator=Person.of(creator),
            version=task.version,
            created_at=task.created_at,
            updated_at=task.updated_at,
        )


class TaskPage(Answer):
    items: list[Task]
    next_cursor: str | None


class Comment(Answer):
    id: UUID
    author: Person
    body: str
    created_at: Moment

    @classmethod
    def of(cls, found: models.CommentWithAuthor) -> Self:
        comment, author = found
        return cls(id=comment.id, author=Person.of(author), body=comment.body, created_at=comment.created_at)

    @classmethod
    def added(cls, comment: AddedComment) -> Self:
        author = Person(id=comment.author_id, name=comment.author_name)
        return cls(id=comment.id, author=author, body=comment.body, created_at=comment.created_at)


class CommentPage(Answer):
    items: list[Comment]
    next_cursor: str | None


class Watcher(Person):
    """`reason` is the strongest of the watcher's reasons."""

    reason: WatchReason

    @classmethod
    def watching(cls, user: models.User, watcher: models.Watcher) -> Self:
        return cls(id=user.id, name=user.name, reason=strongest(watcher.reasons))


class PublicAddresses(Answer):
    """Where the page finds the APIs (origins without a path) and the socket (its whole address)."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    api_url: Annotated[str, Field(alias="apiUrl")]
    notifications_url: Annotated[str, Field(alias="notificationsUrl")]
    socket_url: Annotated[str, Field(alias="socketUrl")]


class PublishedKey(Answer):
    """A public Ed25519 key. Source: RFC 8037, section 2."""

    kid: str
    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    use: Literal["sig"]
    alg: Literal["EdDSA"]


class KeySet(Answer):
    keys: list[PublishedKey]
