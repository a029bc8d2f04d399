"""Where a running Taskify is."""

import json
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import httpx

from taskify_testkit.errors import NotStartedError

_ANSWER_SECONDS = 30.0


class Part(Protocol):
    """What Taskify runs in, where the test kit has started it."""

    name: str

    def ended(self) -> str:
        """Give a sentence with the end of its log if it runs no more, else nothing."""

    def log(self, lines: int) -> str:
        """Give the end of its log."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """`api` and `notifications` are origins without a path, `socket` the whole address of the socket.

    `administrator` is the AMQP address of a broker user that may do everything in Taskify's virtual host, `management`
    the origin of RabbitMQ's HTTP API, at which the same user may make others. `parts` are empty for a Taskify that
    somebody else has started.
    """

    api: str
    notifications: str
    socket: str
    administrator: str
    management: str
    parts: tuple[Part, ...] = field(default=(), repr=False, compare=False)

    def ended(self) -> str:
        """Give the sentences about parts that run no more, to add to a failure; it blocks."""
        return "".join(f"\n{text}" for part in self.parts if (text := part.ended()))

    @property
    def virtual_host(self) -> str:
        return virtual_host(self.administrator)


def virtual_host(amqp_url: str) -> str:
    """Give the virtual host of an AMQP address."""
    return unquote(urlsplit(amqp_url).path.removeprefix("/")) or "/"


def as_user(amqp_url: str, name: str, password: str) -> str:
    """Give the same broker's address for another user."""
    parts = urlsplit(amqp_url)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(name, safe='')}:{quote(password, safe='')}@{address}"))


def addresses_of(url: str, administrator: str, management: str) -> Addresses:
    """Ask a running Taskify where its parts are.

    Raises:
        NotStartedError: it does not answer.
    """
    try:
        answer = httpx.get(f"{url}/config.json", timeout=_ANSWER_SECONDS, trust_env=False)
        told = answer.raise_for_status().json()
        return Addresses(told["apiUrl"], told["notificationsUrl"], told["socketUrl"], administrator, management)
    except (httpx.HTTPError, json.JSONDecodeError, KeyError) as error:
        raise NotStartedError(f"no Taskify answers at {url}: {error!r}") from error
