"""The page: files of one folder, and `index.html` for every address that the page's own router knows."""

from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

INDEX = "index.html"
HASHED_ASSETS = "assets/"
_COMPRESSIBLE = (".js", ".css", ".svg")
_WORTH_COMPRESSING_BYTES = 1_000
_NEVER_THE_PAGE = ("api", ".well-known", "health", "config.json", "metrics")


class Page:
    """An ASGI application for what no route has taken.

    Files below `assets/` have a hash in their name and never change; everything else is asked for again each time.
    What is text goes compressed. The API's answers do not: beside what a stranger may choose they hold what is secret
    (BREACH).
    """

    def __init__(self, folder: Path) -> None:
        self._files = StaticFiles(directory=folder, check_dir=False)
        self._compressed = GZipMiddleware(self._answer, minimum_size=_WORTH_COMPRESSING_BYTES, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise HTTPException(HTTPStatus.NOT_FOUND)
        answer = self._compressed if scope["path"].endswith(_COMPRESSIBLE) else self._answer
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(Request(scope))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        path = request.url.path.strip("/")
        if path.split("/")[0] in _NEVER_THE_PAGE or "\0" in path:
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is nothing at this address")
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD", {"Allow": "GET, HEAD"})
        file = path if "." in path.rsplit("/", 1)[-1] else INDEX
        response = await self._file(file, request)
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if file.startswith(HASHED_ASSETS) else "no-cache"
        )
        return response

    async def _file(self, path: str, request: Request) -> Response:
        try:
            return await self._files.get_response(path, request.scope)
        except HTTPException as error:
            missing = "the page has not been built" if path == INDEX else "there is no such file"
            raise HTTPException(HTTPStatus.NOT_FOUND, missing) from error
