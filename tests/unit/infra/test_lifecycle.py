"""How a process starts, ends, and notices that a part of it died."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra import lifecycle
from infra.lifecycle import run_services

ROOT = Path(__file__).parents[3]


async def until_stop(stop: asyncio.Event) -> None:
    await stop.wait()


async def test_services_that_end_after_the_stop_give_exit_code_zero() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_soon(stop.set)

    assert await run_services({"one": until_stop, "two": until_stop}, stop) == 0


async def test_a_service_that_fails_stops_the_others_and_the_process_fails() -> None:
    finished = []

    async def fail(_: asyncio.Event) -> None:
        raise ValueError("broken")

    async def finish(stop: asyncio.Event) -> None:
        await stop.wait()
        finished.append("finished")

    assert await run_services({"failing": fail, "other": finish}, asyncio.Event()) == 1
    assert finished == ["finished"]


async def test_a_service_that_returns_too_early_fails_the_process() -> None:
    async def leave(_: asyncio.Event) -> None:
        return

    assert await run_services({"leaving": leave, "other": until_stop}, asyncio.Event()) == 1


async def test_a_service_that_fails_while_it_stops_fails_the_process() -> None:
    stop = asyncio.Event()

    async def fail_at_the_end(stop: asyncio.Event) -> None:
        await stop.wait()
        raise ValueError("broken")

    asyncio.get_running_loop().call_soon(stop.set)

    assert await run_services({"failing": fail_at_the_end, "other": until_stop}, stop) == 1


async def test_a_service_that_does_not_stop_is_cancelled_after_its_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "GRACE_SECONDS", 0.05)
    stop, cancelled = asyncio.Event(), []

    async def stubborn(_: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append("stubborn")
            raise

    stop.set()
    await run_services({"stubborn": stubborn}, stop)

    assert cancelled == ["stubborn"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_process_cleanly(number: signal.Signals) -> None:
    program = """
import sys
from infra.lifecycle import run_process, run_services

async def serve(stop):
    print("serving", flush=True)
    await stop.wait()
    print("stopped", flush=True)

sys.exit(run_process(lambda stop: run_services({"one": serve}, stop)))
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "serving\n"
        os.kill(process.pid, number)
        assert process.stdout.readline() == "stopped\n"
        assert process.wait(timeout=30) == 0
