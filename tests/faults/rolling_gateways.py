"""All gateways restarted, one after the other, with 5,000 windows open: `python -m tests.faults.rolling_gateways`.

The windows go elsewhere and come back as the page does. Printed: how many were without a connection at once, for how
long one was at most, how many saw anything that a page would show its person, how each gateway stopped, and who had the
processors. The exit code is not zero when a promise is broken. The windows choose a gateway themselves, as a balancer
would for them: one that copied every byte would take the cores that the gateways need.
"""

import argparse
import asyncio
import gc
import logging
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import uvloop

from contracts.topology import WS_GATEWAY
from infra.local.ports import free_ports
from tests.faults.bare_windows import SHOWN_SECONDS, Crowd, Window
from tests.faults.parts import START_SECONDS, Part, Watch
from tests.faults.processor_time import ProcessorTime
from tests.faults.schedule import say
from tests.faults.servers import Servers
from tests.support.tokens import Signer, published

GATEWAYS = 3
ALLOWED_SHARE = 0.1
ALLOWED_STOP_SECONDS = 10.0

_AT_ONCE = 50
_SAMPLE_SECONDS = 0.02
_REST_SECONDS = 2.0


async def main(count: int, home: Path, balance: str) -> int:
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(Servers.started(home))
        signer = Signer()
        jwks = stack.enter_context(published(signer))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        gateways = [_gateway(number, servers, home, jwks, count) for number in range(1, GATEWAYS + 1)]
        watch = Watch(gateways)
        crowd = Crowd(lambda crowd: _BALANCES[balance](watch, crowd))
        async with asyncio.TaskGroup() as group:
            supervised = [group.create_task(gateway.supervise()) for gateway in gateways]
            for gateway in gateways:
                await gateway.until_ready(http, seconds=START_SECONDS)
            live = [group.create_task(watch.run())]
            turn, windows = asyncio.Semaphore(_AT_ONCE), [Window(crowd, signer.token(uuid4())) for _ in range(count)]
            live += [group.create_task(window.run(turn)) for window in windows]
            began = time.monotonic()
            for window in windows:
                await window.joined.wait()
            say(f"{count} windows joined, {count / (time.monotonic() - began):.0f} a second")
            processor_time = ProcessorTime(gateways)
            live += [group.create_task(crowd.watch(count)), group.create_task(processor_time.run())]
            complaints = await _restart_all(gateways, http, crowd)
            say(f"processors: {processor_time}")
            while crowd.live < count:
                await asyncio.sleep(_SAMPLE_SECONDS)
            for task in live:
                task.cancel()
            for window in windows:
                window.abort()
            await asyncio.gather(*(gateway.stop() for gateway in gateways))
            for task in supervised:
                task.cancel()
    share = crowd.most_without / count
    say(f"most without a connection at once: {crowd.most_without} of {count} windows ({share:.1%})")
    say(f"longest without one: {crowd.longest_without:.1f} s")
    say(f"errors shown: {crowd.shown} (a page shows that it is offline after {SHOWN_SECONDS:g} s)")
    say(f"ends of connections: {dict(crowd.ends)}")
    if share > ALLOWED_SHARE:
        complaints.append(f"more than {ALLOWED_SHARE:.0%} were without a connection at once")
    if crowd.shown:
        complaints.append(f"{crowd.shown} windows showed an error")
    say("\n".join(complaints) or "every promise was kept")
    return 1 if complaints else 0


async def _restart_all(gateways: list[Part], http: httpx.AsyncClient, crowd: Crowd) -> list[str]:
    complaints = []
    for gateway in gateways:
        handed_over, began = crowd.ends["handed over"], time.monotonic()
        complaint = await gateway.restart()
        seconds = time.monotonic() - began
        handed_over = crowd.ends["handed over"] - handed_over
        say(f"{gateway.name} stopped in {seconds:.1f} s, {handed_over} windows left it before: {complaint or 'exit 0'}")
        if complaint is None and seconds > ALLOWED_STOP_SECONDS:
            complaint = f"{gateway.name} took {seconds:.1f} s to stop"
        complaints += [complaint] if complaint else []
        await gateway.until_ready(http, since=began)
        await asyncio.sleep(_REST_SECONDS)
    return complaints


def _in_turn(watch: Watch, _: Crowd) -> list[int]:
    return watch.ports("gateway")


def _least_connections(watch: Watch, crowd: Crowd) -> list[int]:
    ready = watch.ready("gateway")
    return sorted(ready, key=crowd.open.__getitem__) or watch.ports("gateway")


_BALANCES = {"least-connections": _least_connections, "in-turn": _in_turn}


def _gateway(number: int, servers: Servers, home: Path, jwks: str, count: int) -> Part:
    (port,) = free_ports(1)
    environment = {
        "TASKIFY_HOME": str(home / "no-settings-here"),
        "TASKIFY_SOCKET_PORT": str(port),
        "TASKIFY_JWKS_URL": jwks,
        "TASKIFY_GATEWAY_BROKER_URL": servers.broker_url(WS_GATEWAY),
        # All of them come from this machine.
        "TASKIFY_SOCKET_CONNECTIONS_AN_ADDRESS": str(2 * count),
    }
    return Part(f"gateway-{number}", "gateway", ("ws_gateway",), port, environment, home / f"gateway-{number}.log")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults.rolling_gateways", description=__doc__)
    parser.add_argument("--windows", type=int, default=5_000)
    parser.add_argument("--balance", choices=_BALANCES, default="least-connections")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    gc.disable()  # Looking through all the windows again and again would take time from the gateways.
    with tempfile.TemporaryDirectory(prefix="taskify-rolling-") as folder:
        Path(folder).chmod(0o755)
        sys.exit(uvloop.run(main(chosen.windows, Path(folder) / "home", chosen.balance)))
