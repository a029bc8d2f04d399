"""A bound on what a request may send."""

import asyncio
from contextlib import suppress
from http import HTTPStatus

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.http.problems import problem_response

BODY_BYTES = 1024 * 1024
DISCARDED_BYTES = 16 * 1024 * 1024
DISCARD_SECONDS = 5.0


class BodyLimit:
    """ASGI middleware: a body over the limit is answered with 413, and the application sees none of what is over it.

    What the client still sends is thrown away first, up to `DISCARDED_BYTES` and for `DISCARD_SECONDS`: a connection
    that is closed with unread bytes is reset, and the client would never see the answer.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int = BODY_BYTES) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        self._detail = f"the body is larger than {limit_bytes} bytes"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self._limit_bytes:
            await discard_body(receive, await receive())
            await self._refuse(scope, receive, send)
            return
        received, answered = 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit_bytes:
                await discard_body(receive, message)
                raise _BodyTooLargeError(self._detail)
            return message

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except _BodyTooLargeError:
            if answered:
                raise
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = problem_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._detail, {"Connection": "close"})
        await answer(scope, receive, send)


async def discard_body(receive: Receive, message: Message) -> None:
    """Read the rest of a body, within bounds, and forget it."""
    discarded = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_SECONDS):
            while message.get("more_body", False) and discarded < DISCARDED_BYTES:
                message = await receive()
                discarded += len(message.get("body", b""))


class _BodyTooLargeError(HTTPException):
    """Raised into the application while it reads; FastAPI lets pass only exceptions of this kind there."""

    def __init__(self, detail: str) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, {"Connection": "close"})
