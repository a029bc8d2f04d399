"""A place in a list that is sorted by `(created_at, id)`, which never change: paging neither skips nor repeats."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Position(NamedTuple):
    """The last row of the page before."""

    created_at: datetime
    id: UUID
