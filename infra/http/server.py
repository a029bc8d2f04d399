"""An HTTP server as a service of `infra.lifecycle`."""

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Iterator

import uvicorn
from starlette.types import ASGIApp

from infra.errors import AddressInUseError
from infra.lifecycle import Service

_BACKLOG = 4_096
"""As many as Linux keeps by default; who finds it full tries again after a second."""

Option = tuple[int, int, int]
"""Level, name and value of a socket's option, as `setsockopt` takes them."""

_KEEP_ALIVE_SECONDS = 20
_DRAIN_SECONDS = 5


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: signals belong to `infra.lifecycle`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int, options: Iterable[Option] = ()) -> socket.socket:
    """Open the address of a server before anything else is started.

    Every connection has those of the `options` that a system lets it inherit from the socket that it came to, whoever
    accepts it and however early it came: they are set before anybody can come.

    Raises:
        AddressInUseError: another process has it.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for option in options:
            listener.setsockopt(*option)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressInUseError(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    return listener


def http_service(app: ASGIApp, listener: socket.socket) -> Service:
    """Serve an application until the stop; requests under way then have some seconds to finish."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        # Uvicorn would believe `X-Forwarded-For` of everybody on this machine; whom we believe is `infra.http.address`.
        proxy_headers=False,
        lifespan="off",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )

    async def serve(stop: asyncio.Event) -> None:
        server = _Server(config)

        async def ask_to_exit() -> None:
            await stop.wait()
            server.should_exit = True

        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(ask_to_exit())
            await server.serve(sockets=[listener])
            waiting.cancel()

    return serve
