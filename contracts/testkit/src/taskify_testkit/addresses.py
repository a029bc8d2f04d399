"""Where a running Taskify is."""

import json
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from taskify_testkit.errors import NotStartedError

_ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """`api` and `notifications` are origins without a path, `socket` the whole address of the socket.

    `administrator` is the AMQP address of a broker user that may do everything in Taskify's virtual host, `management`
    the origin of RabbitMQ's HTTP API, at which the same user may make others.
    """

    api: str
    notifications: str
    socket: str
    administrator: str
    management: str

    @property
    def virtual_host(self) -> str:
        return virtual_host(self.administrator)


def virtual_host(amqp_url: str) -> str:
    """Give the virtual host of an AMQP address."""
    return urlsplit(amqp_url).path.removeprefix("/") or "/"


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
