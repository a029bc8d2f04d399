"""A notification, as a person sees it."""

from dataclasses import dataclass
from typing import Self

from taskify_testkit.facts import Json


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is None for somebody whom Taskify does not know."""

    id: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Notification:
    """`kind` is the event's, or one of Taskify's own types; `count` is how many events it stands for."""

    id: str
    seq: int
    kind: str
    message: str
    link: str | None
    task_id: str | None
    actor: Actor | None
    reasons: tuple[str, ...]
    count: int
    read: bool

    @classmethod
    def of(cls, payload: Json) -> Self:
        """Read what an API or a frame says; fields that are not known are ignored."""
        actor = payload["actor"]
        return cls(
            id=payload["id"],
            seq=payload["seq"],
            kind=payload["type"],
            message=payload["message"],
            link=payload["link"],
            task_id=payload["task_id"],
            actor=None if actor is None else Actor(actor["id"], actor["name"]),
            reasons=tuple(payload["reasons"]),
            count=payload["count"],
            read=payload["read_at"] is not None,
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.message!r}"
