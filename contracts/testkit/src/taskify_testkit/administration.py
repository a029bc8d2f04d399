"""What an operator does at the broker: give a service its user, with the rights that it has in production."""

import hmac
from urllib.parse import quote, unquote, urlsplit

import httpx

from taskify_testkit.addresses import Addresses, as_user
from taskify_testkit.errors import NotStartedError
from taskify_testkit.facts import broker


async def service_user(http: httpx.AsyncClient, addresses: Addresses, service: str) -> str:
    """Make the broker user of a service, or give the one that is there its password; give its AMQP address.

    The password is the same each time, so that runs beside each other do not lock each other out.

    Raises:
        NotStartedError: RabbitMQ's HTTP API does not answer, or refuses.
    """
    rights = broker().rights
    secret = urlsplit(addresses.administrator).password or ""
    password = hmac.digest(secret.encode(), service.encode(), "sha256").hex()
    where = f"{quote(addresses.virtual_host, safe='')}/{quote(service, safe='')}"
    topic = {
        "exchange": broker().events_exchange,
        "write": rights.topic_write.replace(rights.template_name, service),
        "read": rights.topic_read,
    }
    await _put(http, addresses, f"users/{quote(service, safe='')}", {"password": password, "tags": ""})
    allowed = {"configure": rights.configure, "write": rights.write, "read": rights.read}
    await _put(http, addresses, f"permissions/{where}", allowed)
    await _put(http, addresses, f"topic-permissions/{where}", topic)
    return as_user(addresses.administrator, service, password)


async def _put(http: httpx.AsyncClient, addresses: Addresses, path: str, content: dict[str, str]) -> None:
    user = urlsplit(addresses.administrator)
    credentials = unquote(user.username or ""), unquote(user.password or "")
    try:
        answer = await http.put(f"{addresses.management}/api/{path}", json=content, auth=credentials)
    except httpx.TransportError as error:
        raise NotStartedError(f"RabbitMQ's HTTP API at {addresses.management} has no answer: {error!r}") from error
    if not answer.is_success:
        raise NotStartedError(f"RabbitMQ's HTTP API refuses {path} with {answer.status_code}: {answer.text}")
