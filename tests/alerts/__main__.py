"""Break a running system in each way that an alert tells of, and see it fire: `python -m tests.alerts`.

A real Prometheus reads the real processes and RabbitMQ once a second, with the shipped rules; their waits are one
second, their rates of 20 seconds, and a few bounds lowered (`prometheus.LOWERED`). Before that nothing may fire while
people work, and every query of the dashboard has to have an answer. Takes about ten minutes.

Exit codes: 0 each alert fired by its cause and none in health, 1 it was not so, 2 the command line is wrong.
"""

import argparse
import asyncio
import json
import logging
import math
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx

from infra.local.ports import free_ports
from infra.local.settings import REPOSITORY
from tests.alerts.causes import CAUSES, Cause
from tests.alerts.prometheus import LOWERED, Prometheus, alerts
from tests.alerts.scene import Scene
from tests.faults.system import System
from tests.support.people import Addresses, Person

DASHBOARD = REPOSITORY / "infra" / "containers" / "grafana" / "dashboards" / "taskify.json"
FIRE_SECONDS = 120.0
HEALTH_SECONDS = 180.0
QUIET_SECONDS = 10.0
_POLL_SECONDS = 0.5


def say(text: str) -> None:
    print(text, flush=True)


async def main(home: Path, only: list[str]) -> int:
    async with AsyncExitStack() as stack:
        own, broker = free_ports(2)
        system = await stack.enter_async_context(System.started(home, metrics_port=broker))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=10))
        targets = {f"127.0.0.1:{part.port}": {"service": part.kind} for part in system.parts}
        reading = Prometheus.reading(home / "prometheus", own, targets, f"127.0.0.1:{broker}", http)
        prometheus = await stack.enter_async_context(reading)
        addresses = Addresses(system.api, system.notifications, system.socket)
        ann, john = [await Person.register(http, addresses, name) for name in ("Ann", "John")]
        scene = Scene(system, http, ann, john)
        task = await ann.create_task("Break things")
        async with asyncio.TaskGroup() as group, john.window() as window:
            going_on = [
                group.create_task(scene.keep_changing(task["id"])),
                group.create_task(scene.keep_proving(window)),
            ]
            try:
                return await _judge(scene, prometheus, only)
            finally:
                for one in going_on:
                    one.cancel()


async def _judge(scene: Scene, prometheus: Prometheus, only: list[str]) -> int:
    wrong = await _in_health(prometheus)
    wrong += await _dashboard(prometheus)
    say(f"\n{'alert':<28}{'fired after':>12}  cause")
    for cause in CAUSES:
        if not only or set(only) & {*cause.alerts, *cause.later}:
            wrong += await _fired(scene, prometheus, cause)
    unnamed = set(alerts()) - {name for cause in CAUSES for name in (*cause.alerts, *cause.later)}
    wrong += [f"{name} has no cause here" for name in sorted(unnamed)]
    say(f"\n{scene.changes} changes were made meanwhile. " + ("\n".join(["WRONG:", *wrong]) if wrong else "All fired."))
    return 1 if wrong else 0


async def _in_health(prometheus: Prometheus) -> list[str]:
    """Wait until nothing fires for a while; what begins as an alert of the start has to end."""
    began, quiet_since, firing = time.monotonic(), time.monotonic(), {}
    while time.monotonic() - quiet_since < QUIET_SECONDS:
        firing = {name: labels for name, labels in (await prometheus.firing()).items() if name != "TaskifyMemory"}
        if firing:
            quiet_since = time.monotonic()
        if time.monotonic() - began > HEALTH_SECONDS:
            return [f"in health: {name} {labels}" for name, labels in firing.items()]
        await asyncio.sleep(_POLL_SECONDS)
    say(f"Nothing fires in health (quiet after {time.monotonic() - began - QUIET_SECONDS:.0f} s).")
    return []


async def _dashboard(prometheus: Prometheus) -> list[str]:
    """Ask every query of the dashboard; each has to have an answer, and one of them a figure."""
    panels: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    wrong, asked = [], 0
    for panel in panels:
        for target in panel["targets"]:
            asked += 1
            found = await prometheus.query(target["expr"].replace("$__rate_interval", "20s"))
            if not any(not math.isnan(float(series["value"][1])) for series in found):
                wrong.append(f"panel {panel['title']!r} shows nothing: {target['expr']}")
    say(f"Dashboard: {asked - len(wrong)} of {asked} queries of {len(panels)} panels show figures.")
    return wrong


async def _fired(scene: Scene, prometheus: Prometheus, cause: Cause) -> list[str]:
    """Break something and wait for its alerts, then mend it and wait for those of what is left."""
    wrong = []
    if cause.what != CAUSES[0].what:
        wrong += [f"{name} does not end" for name in await _until(prometheus, cause, cause.alerts, fire=False)]
    async with cause.begin(scene):
        wrong += [f"{name} did not fire" for name in await _until(prometheus, cause, cause.alerts, fire=True)]
    wrong += [
        f"{name} did not fire" for name in await _until(prometheus, cause, cause.later, fire=True, after="after: ")
    ]
    return wrong


async def _until(
    prometheus: Prometheus, cause: Cause, names: tuple[str, ...], *, fire: bool, after: str = ""
) -> list[str]:
    """Wait until all of these fire, or none does; give those that are otherwise when the time is up."""
    began, left = time.monotonic(), list(names)
    while left and time.monotonic() - began < FIRE_SECONDS:
        firing = await prometheus.firing()
        for name in [one for one in left if (one in firing) is fire]:
            left.remove(name)
            if fire:
                bound = " *" if name in LOWERED else ""
                say(f"{name:<28}{time.monotonic() - began:>10.1f} s  {after}{cause.what}{bound}")
        await asyncio.sleep(_POLL_SECONDS)
    return left


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.alerts", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="alerts to try, with commas; health and dashboard always")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="taskify-alerts-") as folder:
        # As root, PostgreSQL runs as a user of its own, which has to pass here.
        Path(folder).chmod(0o755)
        sys.exit(asyncio.run(main(Path(folder) / "home", [name for name in chosen.only.split(",") if name])))
