"""The topology as RabbitMQ reads it: `python -m infra.broker.definitions [--check]`.

The command writes `infra/deploy/rabbitmq/definitions.json` from `contracts.topology`; with `--check` it writes nothing
and fails when the file is stale. The file names the users and their rights, and holds no password and no hash of one:
a broker loads the private copy that `with_passwords` makes of it.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aio_pika

from contracts.topology import BINDINGS, EXCHANGES, QUEUES, USERS, BrokerUser

Definitions = dict[str, list[dict[str, Any]]]

FILE = Path(__file__).parent.parent / "deploy" / "rabbitmq" / "definitions.json"
VHOST = "taskify"
ADMINISTRATOR = "taskify-administrator"

_HASHING = "rabbit_password_hashing_sha256"
_SALT_BYTES = 4
_FIRST_WITH_DELIVERY_LIMIT = 4
_CONNECT_SECONDS = 10


def render(vhost: str = VHOST, *, users: tuple[BrokerUser, ...] = USERS, rabbitmq_major: int = 3) -> Definitions:
    """Give the definitions of one virtual host.

    RabbitMQ 4 dead-letters after 20 deliveries unless told otherwise, and counts lost connections as deliveries; 3.x
    knows no `-1` for "without limit", and needs none. Source: RabbitMQ's documentation, "Quorum Queues".
    """
    return {
        "vhosts": [{"name": vhost}],
        "users": [{"name": user.name, "tags": []} for user in users],
        **rights(vhost, users=users),
        "policies": policies(vhost) if rabbitmq_major >= _FIRST_WITH_DELIVERY_LIMIT else [],
        "exchanges": [
            {
                "vhost": vhost,
                "name": exchange.name,
                "type": exchange.kind.value,
                "durable": True,
                "auto_delete": False,
                "internal": False,
                "arguments": exchange.arguments,
            }
            for exchange in EXCHANGES
        ],
        "queues": [
            {"vhost": vhost, "name": queue.name, "durable": True, "auto_delete": False, "arguments": queue.arguments}
            for queue in QUEUES
        ],
        "bindings": [
            {
                "vhost": vhost,
                "source": binding.exchange,
                "destination": binding.queue,
                "destination_type": "queue",
                "routing_key": binding.routing_key,
                "arguments": {},
            }
            for binding in BINDINGS
        ],
    }


def rights(vhost: str, *, users: tuple[BrokerUser, ...] = USERS) -> Definitions:
    """Give what each user may do in one virtual host."""
    return {
        "permissions": [
            {"user": user.name, "vhost": vhost, "configure": user.configure, "write": user.write, "read": user.read}
            for user in users
        ],
        "topic_permissions": [
            {"user": user.name, "vhost": vhost, "exchange": topic.exchange, "write": topic.write, "read": topic.read}
            for user in users
            for topic in user.topics
        ],
    }


def policies(vhost: str) -> list[dict[str, Any]]:
    """Take RabbitMQ 4's delivery limit off our quorum queues: the worker itself dead-letters what it cannot handle."""
    return [
        {
            "vhost": vhost,
            "name": "no-delivery-limit",
            "pattern": f"^({'|'.join(queue.name.replace('.', '[.]') for queue in QUEUES)})$",
            "apply-to": "quorum_queues",
            "priority": 0,
            "definition": {"delivery-limit": -1},
        }
    ]


def with_passwords(definitions: Definitions, passwords: Mapping[str, str]) -> Definitions:
    """Make a loadable, private copy: each user with a salted hash of its password.

    Raises:
        KeyError: a user has no password.
    """
    return {
        **definitions,
        "users": [
            {**user, "password_hash": password_hash(passwords[user["name"]]), "hashing_algorithm": _HASHING}
            for user in definitions["users"]
        ],
    }


def with_administrator(definitions: Definitions) -> Definitions:
    """Add the user that may do everything in the virtual hosts of the definitions, for set-up, operators and tests.

    `impersonator` lets it send a dead letter again in the name of whom it came from.
    """
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    return {
        **definitions,
        "users": [*definitions["users"], {"name": ADMINISTRATOR, "tags": ["administrator", "impersonator"]}],
        "permissions": [
            *definitions["permissions"],
            *({"user": ADMINISTRATOR, "vhost": vhost["name"], **everything} for vhost in definitions["vhosts"]),
        ],
    }


def password_hash(password: str, salt: bytes | None = None) -> str:
    """Hash a password as RabbitMQ stores it: base64 of the salt and of SHA-256 over salt and password.

    Source: RabbitMQ's documentation, "Credentials and Passwords", "Computing Password Hash".
    """
    salt = os.urandom(_SALT_BYTES) if salt is None else salt
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


async def apply_topology(administrator_url: str) -> None:
    """Declare exchanges, queues and bindings over AMQP; what is there already stays as it is.

    Raises:
        aio_pika.exceptions.AMQPError: the broker refuses, for example because a queue of that name differs.
    """
    connection = await aio_pika.connect(administrator_url, timeout=_CONNECT_SECONDS)
    async with connection, connection.channel() as channel:
        for exchange in EXCHANGES:
            await channel.declare_exchange(
                exchange.name, exchange.kind.value, durable=True, arguments=dict(exchange.arguments)
            )
        queues = {
            queue.name: await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments))
            for queue in QUEUES
        }
        for binding in BINDINGS:
            await queues[binding.queue].bind(binding.exchange, binding.routing_key)


def major_version(version: str) -> int:
    """Read the first number of a version such as `3.10.8`."""
    number = re.match(r"\d+", version)
    if number is None:
        raise ValueError(f"not a version of RabbitMQ: {version!r}")
    return int(number.group())


def text(definitions: Definitions) -> str:
    """Write definitions the same way every time, so that a difference is a difference."""
    return json.dumps(definitions, indent=2) + "\n"


def main() -> int:
    """Write the checked-in file, or say that it is stale."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="write nothing; fail when the file is stale")
    expected = text(render())
    if arguments.parse_args().check:
        if FILE.is_file() and FILE.read_text() == expected:
            return 0
        sys.stderr.write("infra/deploy/rabbitmq/definitions.json is stale: run `make contracts`\n")
        return 1
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(expected)
    return 0


if __name__ == "__main__":
    sys.exit(main())
