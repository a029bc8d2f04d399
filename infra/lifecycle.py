"""How a process runs: its services side by side until a signal, and no longer than the first that dies.

A service is a coroutine function that works until the given event is set, then finishes what it has begun and
returns. One that ends earlier, by an error or by returning, takes its process down: a process that has lost a part
must not look alive.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import uvloop

from infra.telemetry import tracing
from infra.telemetry.logging import get_logger

Service = Callable[[asyncio.Event], Awaitable[None]]

GRACE_SECONDS = 8.0

log = get_logger("lifecycle")


async def run_services(services: Mapping[str, Service], stop: asyncio.Event) -> int:
    """Run all services until `stop` is set or one of them ends; give the exit code of the process.

    After the stop every service has `GRACE_SECONDS` to finish, then it is cancelled.
    """
    async with asyncio.TaskGroup() as group:
        tasks = {
            group.create_task(_guarded(name, service, stop), name=name): name for name, service in services.items()
        }
        stopping = group.create_task(stop.wait(), name="stop")
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        died = not stop.is_set()
        stop.set()
        _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
        for task in late:
            log.warning("service_cancelled", service=tasks[task], after_seconds=GRACE_SECONDS)
            task.cancel()
    failed = any(not task.cancelled() and not task.result() for task in tasks)
    return 1 if died or failed else 0


async def _guarded(name: str, service: Service, stop: asyncio.Event) -> bool:
    """Run one service; its error is logged here, so that the others still get their time to finish."""
    try:
        await service(stop)
    except Exception:
        log.exception("service_died", service=name)
        return False
    if not stop.is_set():
        log.error("service_ended_early", service=name)
    return True


def _tell_of_lost_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an error that nobody waits for; asyncio itself would write out what the error and its task hold."""
    log.error("error_lost", where=context["message"], exc_info=context.get("exception"))


def run_process(main: Callable[[asyncio.Event], Coroutine[Any, Any, int]]) -> int:
    """Run a whole process on uvloop; SIGTERM and SIGINT set the event that `main` is given."""

    async def with_signals() -> int:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_tell_of_lost_error)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        return await main(stop)

    try:
        return uvloop.run(with_signals())
    finally:
        tracing.stop()
