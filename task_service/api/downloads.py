"""How often a person may download their data: one file at a time, and some in an hour.

Each process counts for itself, and in memory.
"""

from uuid import UUID

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from infra.errors import TooManyRequestsError
from infra.http.rate_limit import Rate, TokenBuckets

AN_HOUR = 10
_ASK_AGAIN_SECONDS = 10


class Downloads:
    def __init__(self, an_hour: int = AN_HOUR) -> None:
        self._under_way = set[UUID]()
        self._begun = TokenBuckets(Rate(an_hour / 3600, an_hour))

    def begin(self, user_id: UUID) -> None:
        """Count a download, which `end` has to follow.

        Raises:
            TooManyRequestsError: one of the person is under way, or the hour has had its number; nothing was counted.
        """
        if user_id in self._under_way:
            raise TooManyRequestsError("a download of yours is under way", _ASK_AGAIN_SECONDS)
        self._begun.take(str(user_id))
        self._under_way.add(user_id)

    def end(self, user_id: UUID) -> None:
        """Say that it is over, whether it was finished or broken off."""
        self._under_way.discard(user_id)


class Download(StreamingResponse):
    """An answer that is a person's one download until it is sent, or its client has gone."""

    downloads: Downloads
    user_id: UUID

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.downloads.end(self.user_id)
