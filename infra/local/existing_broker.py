"""Set up a RabbitMQ that exists already, with an administrator's address: one node or several."""

import asyncio
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

import httpx
from aio_pika.exceptions import AMQPException

from infra.broker.definitions import apply_topology, major_version, policies, render, rights, with_passwords
from infra.local.errors import LaunchError
from infra.settings import broker_addresses

_MANAGEMENT_PORT = 15_672
_HTTP_SECONDS = 30


def set_up_broker(urls: str, management_url: str | None, passwords: Mapping[str, str]) -> dict[str, str]:
    """Make users, rights and topology in the virtual host of the address; give each user's addresses.

    What is there already stays, and the passwords become ours.

    Raises:
        LaunchError: no node answers, or what is there differs from the topology.
    """
    addresses = broker_addresses(urls)
    vhost = _vhost(addresses[0])
    _load_users(addresses[0], management_url, vhost, passwords)
    _declare(addresses)
    return {
        user: ",".join(_for_user(address, user, password, vhost) for address in addresses)
        for user, password in passwords.items()
    }


def _load_users(address: str, management_url: str | None, vhost: str, passwords: Mapping[str, str]) -> None:
    parts = urlsplit(address)
    url = management_url or f"http://{parts.hostname}:{_MANAGEMENT_PORT}"
    credentials = (unquote(parts.username or "guest"), unquote(parts.password or "guest"))
    try:
        with httpx.Client(base_url=url, auth=credentials, timeout=_HTTP_SECONDS, trust_env=False) as client:
            version = client.get("/api/overview").raise_for_status().json()["rabbitmq_version"]
            wanted = render(vhost, rabbitmq_major=major_version(version))
            users = {"vhosts": wanted["vhosts"], "users": wanted["users"], **rights(vhost)}
            # The administrator of the address need not have rights in a virtual host that is new.
            users["permissions"] = [
                *users["permissions"],
                {"user": credentials[0], "vhost": vhost, "configure": ".*", "write": ".*", "read": ".*"},
            ]
            users["policies"] = policies(vhost) if wanted["policies"] else []
            client.post("/api/definitions", json=with_passwords(users, passwords)).raise_for_status()
    except httpx.HTTPStatusError as error:
        raise LaunchError(
            f"RabbitMQ's management API at {url} refused ({error.response.status_code}): {error.response.text}"
        ) from error
    except httpx.TransportError as error:
        raise LaunchError(
            f"RabbitMQ's management API at {url} does not answer ({error}). "
            "Set TASKIFY_RABBITMQ_MANAGEMENT_URL to its address."
        ) from error


def _declare(addresses: tuple[str, ...]) -> None:
    failures = []
    for address in addresses:
        try:
            asyncio.run(apply_topology(address))
        except (AMQPException, OSError, TimeoutError) as error:
            failures.append(f"{urlsplit(address).netloc.rpartition('@')[2]}: {error}")
        else:
            return
    raise LaunchError(f"The topology could not be declared. {'; '.join(failures)}")


def _vhost(address: str) -> str:
    return unquote(urlsplit(address).path.removeprefix("/")) or "/"


def _for_user(address: str, user: str, password: str, vhost: str) -> str:
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{quote(user)}:{quote(password, safe='')}@{host}/{quote(vhost, safe='')}{query}"
