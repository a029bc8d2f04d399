"""What an operator does at the broker: give a service its user, with the rights that it has in production."""

import hmac
from urllib.parse import quote, unquote, urlsplit

import httpx

from taskify_testkit.addresses import Addresses, as_user
from taskify_testkit.errors import NotStartedError, SettingsError
from taskify_testkit.facts import MARKER_SENDER, Json, broker


async def service_user(http: httpx.AsyncClient, addresses: Addresses, service: str) -> str:
    """Make the broker user of a service, and give its AMQP address.

    The password is the same each time, so that runs beside each other do not lock each other out. A tag says whose the
    user is: one that somebody else has made is left alone.

    Raises:
        SettingsError: there is such a user, which the test kit has not made.
        NotStartedError: RabbitMQ's HTTP API does not answer, or refuses.
    """
    rights, user = broker().rights, f"users/{quote(service, safe='')}"
    if service == unquote(urlsplit(addresses.administrator).username or ""):
        raise SettingsError(f"the name {service!r} is the broker's administrator's; a service has a user of its own")
    there = await _ask(http, addresses, "GET", user)
    if there is not None and MARKER_SENDER not in there["tags"]:
        raise SettingsError(
            f"the broker has a user {service!r} already, which the test kit has not made and does not change: "
            "give its address by taskify_amqp_url (or TASKIFY_AMQP_URL in the environment)"
        )
    secret = urlsplit(addresses.administrator).password or ""
    password = hmac.digest(secret.encode(), service.encode(), "sha256").hex()
    where = f"{quote(addresses.virtual_host, safe='')}/{quote(service, safe='')}"
    topic = {
        "exchange": broker().events_exchange,
        "write": rights.topic_write.replace(rights.template_name, service),
        "read": rights.topic_read,
    }
    await _ask(http, addresses, "PUT", user, {"password": password, "tags": MARKER_SENDER})
    allowed = {"configure": rights.configure, "write": rights.write, "read": rights.read}
    await _ask(http, addresses, "PUT", f"permissions/{where}", allowed)
    await _ask(http, addresses, "PUT", f"topic-permissions/{where}", topic)
    return as_user(addresses.administrator, service, password)


async def _ask(
    http: httpx.AsyncClient, addresses: Addresses, method: str, path: str, content: dict[str, str] | None = None
) -> Json | None:
    """Give what the answer holds, if anything; None for what is not there."""
    user = urlsplit(addresses.administrator)
    credentials = unquote(user.username or ""), unquote(user.password or "")
    try:
        answer = await http.request(method, f"{addresses.management}/api/{path}", json=content, auth=credentials)
    except httpx.TransportError as error:
        raise NotStartedError(f"RabbitMQ's HTTP API at {addresses.management} has no answer: {error!r}") from error
    if method == "GET" and answer.status_code == httpx.codes.NOT_FOUND:
        return None
    if not answer.is_success:
        raise NotStartedError(f"RabbitMQ's HTTP API refuses {path} with {answer.status_code}: {answer.text}")
    read: Json | None = answer.json() if answer.content else None
    return read
