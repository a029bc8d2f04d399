"""Bring PostgreSQL and RabbitMQ to what the services expect: `python -m infra.containers.prepare`.

Roles and databases, broker users and rights, topology, and on RabbitMQ 4 the policy that quorum queues need. What is
there stays, and the passwords become those of `first_start`: after a rotation this is what makes them true.
"""

import asyncio
import sys
from pathlib import Path

from pydantic import ValidationError

from infra.broker.definitions import ADMINISTRATOR
from infra.command_line import explain_settings
from infra.local.databases import create_service_databases
from infra.local.errors import LaunchError
from infra.local.existing_broker import set_up_broker
from infra.local.passwords import load_passwords
from infra.local.steps import step
from infra.settings import BrokerUrls, PostgresUrl, Settings, home_folder


class OperatorSettings(Settings):
    """The addresses of both servers, as their administrator."""

    postgres_url: PostgresUrl
    rabbitmq_url: BrokerUrls
    rabbitmq_management_url: str | None = None


def prepare(settings: OperatorSettings, home: Path) -> None:
    """Do it, with a line for each server.

    Raises:
        LaunchError: a server does not answer, refuses, or has what differs.
    """
    passwords = load_passwords(home)
    with step("PostgreSQL"):
        asyncio.run(create_service_databases(settings.postgres_url, passwords.roles))
    with step("RabbitMQ"):
        services = {user: password for user, password in passwords.broker.items() if user != ADMINISTRATOR}
        set_up_broker(settings.rabbitmq_url, settings.rabbitmq_management_url, services)


def main() -> int:
    """Prepare; a failure is one message."""
    try:
        prepare(OperatorSettings(), home_folder())
    except ValidationError as error:
        sys.stderr.write(f"{explain_settings(error)}\n")
    except LaunchError as error:
        sys.stderr.write(f"{error}\n")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
