"""Roles and databases of the services, made with an administrator's address."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from infra.local.errors import LaunchError

# Each service's role owns the database of the same name.
SERVICE_ROLES = ("task_service", "notification_worker")

_CONNECT_SECONDS = 60


async def create_service_databases(administrator_url: str, passwords: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    """Make each service's role and database where missing, and set the role's password.

    Gives the databases' URLs by role, and whether any database is new.

    Raises:
        LaunchError: the server does not answer, or refuses.
    """
    try:
        connection = await asyncpg.connect(administrator_url, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise LaunchError(f"PostgreSQL does not let us in as administrator: {error}") from error
    try:
        new = False
        for role in SERVICE_ROLES:
            await create_role(connection, role, passwords[role])
            new |= await create_database(connection, role, owner=role)
    except asyncpg.PostgresError as error:
        raise LaunchError(f"PostgreSQL refused to make the services' databases: {error}") from error
    finally:
        await connection.close()
    return {role: database_url(administrator_url, role, passwords[role], role) for role in SERVICE_ROLES}, new


async def create_role(connection: asyncpg.Connection, role: str, password: str) -> None:
    """Make a role that may log in, where missing, and set its password."""
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
        await _execute(connection, "CREATE ROLE %I LOGIN", role)
        # Only members of a role may make databases for it, unless they are superusers.
        await _execute(connection, "GRANT %I TO CURRENT_USER", role)
    await _execute(connection, "ALTER ROLE %I LOGIN PASSWORD %L", role, password)


async def create_database(
    connection: asyncpg.Connection, name: str, *, owner: str, template: str = "template1"
) -> bool:
    """Make a database that only its owner may connect to, where missing; say whether it was."""
    if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        return False
    await _execute(connection, "CREATE DATABASE %I OWNER %I TEMPLATE %I", name, owner, template)
    await _execute(connection, "REVOKE ALL ON DATABASE %I FROM PUBLIC", name)
    return True


async def drop_database(connection: asyncpg.Connection, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    await _execute(connection, "DROP DATABASE IF EXISTS %I WITH (FORCE)", name)


def database_url(administrator_url: str, role: str, password: str, database: str) -> str:
    """Give the address of a database on the administrator's server, for another role."""
    parts = urlsplit(administrator_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(
        ("postgresql", f"{quote(role)}:{quote(password, safe='')}@{host}", f"/{database}", parts.query, "")
    )


async def _execute(connection: asyncpg.Connection, template: str, *names: str) -> None:
    """Run a statement that takes no parameters: the server itself quotes the names (`%I`) and texts (`%L`)."""
    statement = await connection.fetchval("SELECT format($1::text, VARIADIC $2::text[])", template, list(names))
    await connection.execute(statement)
