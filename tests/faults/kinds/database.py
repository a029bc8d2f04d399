"""PostgreSQL killed and frozen, its sessions ended, a table locked, no connection left."""

import asyncio
import random
import signal

from tests.faults.kinds import World, fault

_ROLES = ("task_service", "notification_worker")
_TABLES = {
    "task_service": ("tasks", "outbox", "users"),
    "notification_worker": ("inboxes", "notifications", "outbox", "processed_events", "watchers"),
}
_LOCKED_SECONDS = 30.0
_FEW_CONNECTIONS = 3


@fault("postgres.kill")
async def _kill(world: World, choice: random.Random) -> str:
    away = choice.uniform(0, 5)
    await world.system.servers.kill_postgres()
    await asyncio.sleep(away)
    await world.system.servers.start_postgres()
    return f"PostgreSQL killed, started again after {away:.1f} s"


@fault("postgres.freeze")
async def _freeze(world: World, choice: random.Random) -> str:
    seconds = choice.uniform(2, 12)
    world.system.servers.signal_all("postgres", signal.SIGSTOP)
    await asyncio.sleep(seconds)
    world.system.servers.signal_all("postgres", signal.SIGCONT)
    return f"PostgreSQL frozen for {seconds:.1f} s"


@fault("postgres.terminate")
async def _terminate(world: World, _: random.Random) -> str:
    return f"{await _end_sessions(world)} sessions ended"


@fault("postgres.lock")
async def _lock(world: World, choice: random.Random) -> str:
    database = choice.choice(_ROLES)
    table = choice.choice(_TABLES[database])
    async with world.system.servers.administrator(database) as connection, connection.transaction():
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(_LOCKED_SECONDS)
    return f"{database}.{table} locked for {_LOCKED_SECONDS:g} s"


@fault("postgres.connections")
async def _connections(world: World, choice: random.Random) -> str:
    """Leave each service a few connections, for all its processes together."""
    seconds = choice.uniform(5, 12)
    try:
        async with world.system.servers.administrator() as connection:
            for role in _ROLES:
                await connection.execute(f"ALTER ROLE {role} CONNECTION LIMIT {_FEW_CONNECTIONS}")
        await _end_sessions(world)
        await asyncio.sleep(seconds)
    finally:
        async with world.system.servers.administrator() as connection:
            for role in _ROLES:
                await connection.execute(f"ALTER ROLE {role} CONNECTION LIMIT -1")
    return f"{_FEW_CONNECTIONS} connections for each service for {seconds:.1f} s"


async def _end_sessions(world: World) -> int:
    async with world.system.servers.administrator() as connection:
        return int(
            await connection.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = ANY($1)", list(_ROLES)
            )
        )
