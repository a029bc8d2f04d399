"""What the routes have in common: where they are, and how long a page is."""

from typing import Annotated

from fastapi import Query

PATH = "/api/notifications"
PAGE = 50
LARGEST_PAGE = 100

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
