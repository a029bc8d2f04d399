"""The pool of connections to a service's own database."""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

POOL_CONNECTIONS = 10
POOL_WAIT_SECONDS = 5
CONNECT_SECONDS = 5
COMMAND_SECONDS = 30


def sqlalchemy_url(url: str) -> URL:
    """Give a `postgresql://` address as SQLAlchemy wants it, with asyncpg as the driver."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def create_engine(url: str, *, application_name: str, pool_connections: int = POOL_CONNECTIONS) -> AsyncEngine:
    """Make a pool that opens its connections when they are first needed.

    A transaction that idles for 5 s is ended by the server, and a lock is waited for 2 s at most, so that one stuck
    request cannot hold up the others for longer. Whoever finds the pool empty waits `POOL_WAIT_SECONDS`, then fails.
    The text of an error does not hold the values of its statement, which may be personal.
    """
    return create_async_engine(
        sqlalchemy_url(url),
        pool_size=pool_connections,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": COMMAND_SECONDS,
            "server_settings": {
                "application_name": application_name,
                "idle_in_transaction_session_timeout": "5s",
                "lock_timeout": "2s",
            },
        },
    )
