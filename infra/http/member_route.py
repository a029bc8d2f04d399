"""Routes whose bodies are read for those alone who bring a good token."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response


def member_route(identify: Callable[[Request], Awaitable[object]]) -> type[APIRoute]:
    """Give the class of routes that ask who it is, by `identify`, before anything of a body is parsed.

    FastAPI parses a body before it asks any dependency: whoever sends a broken one would never come to be asked for a
    token, nor be counted. The body is received first nevertheless, within its limit, since an answer to a connection
    with unread bytes may never be seen.
    """

    class MemberRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Any]:
            handle = super().get_route_handler()
            if self.body_field is None:
                return handle

            async def handle_who_it_is(request: Request) -> Response:
                with suppress(ClientDisconnect):
                    await request.body()
                await identify(request)
                answer: Response = await handle(request)
                return answer

            return handle_who_it_is

    return MemberRoute
