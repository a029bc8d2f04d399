"""An engine for tests in which many wait for one another, on a machine that may be slow."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database.engine import create_engine

_SECONDS = 60


def patient_engine(url: str, *, application_name: str = "test", by_index: bool = False) -> AsyncEngine:
    """Make a pool like a service's, but for what ends a wait: the server's limits and the pool's are far away.

    A service that meets one of them tries again, or says 503. A test that calls a command does neither: how long it
    waits for a lock says how busy the machine is, and nothing of the command.
    """
    engine = create_engine(url, application_name=application_name, pool_wait_seconds=_SECONDS, by_index=by_index)
    event.listen(engine.sync_engine, "connect", _wait_longer)
    return engine


def _wait_longer(connection: Any, _: object) -> None:
    # Straight to the driver: what SQLAlchemy sends is in a transaction, which is taken back with the connection.
    limits = ("lock_timeout", "idle_in_transaction_session_timeout")
    connection.run_async(lambda driver: driver.execute("; ".join(f"SET {name} = '{_SECONDS}s'" for name in limits)))
