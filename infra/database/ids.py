"""New ids for rows, in the driver's own kind of UUID.

It is one of Python's UUIDs, made, compared, hashed and written by C: where an id goes through many hands, Python's own
costs several times as much.
"""

from uuid import UUID

from asyncpg.pgproto import pgproto
from uuid_utils import uuid7


def new_id() -> UUID:
    """Give an id, version 7: later ones are greater."""
    return pgproto.UUID(uuid7().bytes)
