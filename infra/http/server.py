"""An HTTP server as a service of `infra.lifecycle`."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from infra.errors import AddressInUseError
from infra.lifecycle import Service

_BACKLOG = 4_096
"""As many as Linux keeps by default; who finds it full tries again after a second."""

_KEEP_ALIVE_SECONDS = 20
_DRAIN_SECONDS = 5


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: signals belong to `infra.lifecycle`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Open the address of a server before anything else is started.

    Raises:
        AddressInUseError: another process has it.
    """
    try:
        return socket.create_server((host, port), backlog=_BACKLOG, reuse_port=False)
    except OSError as error:
        raise AddressInUseError(f"{host}:{port} cannot be listened on: {error.strerror}") from error


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
