"""`status` itself: one picture, or one after the other in the same place."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import httpx

from infra.local.leftovers import running
from infra.local.lock import is_held
from infra.local.processes import PROCESSES
from infra.local.settings import LaunchSettings
from infra.local.status.figures import Status, as_json, figures
from infra.local.status.picture import picture
from infra.local.status.reading import Reader, Reading
from infra.settings import BrokerUrls, broker_addresses
from infra.telemetry.logging import quiet_broker_libraries

BETWEEN_SECONDS = 1.0
"""Between the two readings of a single picture: what passes meanwhile is the rate."""

WATCH_SECONDS = 2.0

# xterm's other screen, without a cursor, and back; ECMA-48's corner, and clearing of the rest.
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_CORNER, _REST_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"


class StatusSettings(LaunchSettings):
    """Where the running system is, as its launcher wrote it down; a system of one's own may name the same variables."""

    operator_broker_url: BrokerUrls | None = None

    def named_ports(self) -> dict[str, int]:
        """Give the ports by the names of the processes."""
        return {process.name: self.ports[process.port_variable] for process in PROCESSES}


@dataclass(frozen=True, slots=True)
class Wanted:
    watch: bool = False
    json: bool = False


def status(home: Path, wanted: Wanted) -> int:
    """Show how the system on a folder is; 0 when it is healthy, 1 when it is not."""
    if not (home / "environment").exists():
        starts = is_held(home)
        heading = f"Taskify {'starts' if starts else 'does not run'} on {home}."
        sys.stdout.write(json.dumps({"healthy": False, "trouble": [heading]}) + "\n" if wanted.json else f"{heading}\n")
        return 1
    quiet_broker_libraries()
    shown: list[Status] = []
    # Ctrl-C ends a picture that is kept up to date also where who started us has told its children to ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        asyncio.run(_show(StatusSettings(), home, wanted, shown.append))
    return 0 if shown and shown[-1].healthy else 1


async def _show(settings: StatusSettings, home: Path, wanted: Wanted, show: Callable[[Status], None]) -> None:
    urls = broker_addresses(settings.operator_broker_url or "")
    # Every question has a bound of its own; addresses of our own never go through a proxy.
    async with (
        httpx.AsyncClient(timeout=None, trust_env=False) as http,  # noqa: S113 (see above)
        Reader(settings.reachable_host, settings.named_ports(), urls, http) as reader,
    ):
        before = await reader.read()
        if wanted.watch:
            await _watch(reader, before, home, wanted, show)
        await asyncio.sleep(BETWEEN_SECONDS)
        found = figures(before, await reader.read())
    show(found)
    sys.stdout.write("\n".join(_lines(found, home, wanted)) + "\n")


async def _watch(
    reader: Reader, before: Reading, home: Path, wanted: Wanted, show: Callable[[Status], None]
) -> NoReturn:
    """Draw again and again, until Ctrl-C; in the same place on a terminal, one below the other elsewhere."""
    on_terminal = sys.stdout.isatty() and not wanted.json
    sys.stdout.write(_ENTER if on_terminal else "")
    try:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = await reader.read()
            found = figures(before, now)
            show(found)
            lines = _lines(found, home, wanted)
            apart = [""] if wanted.json else ["", ""]
            # In one piece: what is half drawn flickers.
            sys.stdout.write(frame(lines, shutil.get_terminal_size()) if on_terminal else "\n".join(lines + apart))
            sys.stdout.flush()
            before = now
    finally:
        sys.stdout.write(_LEAVE if on_terminal else "")
        sys.stdout.flush()


def frame(lines: Sequence[str], size: os.terminal_size) -> str:
    """Give what puts these lines over the ones before, cut to the terminal, without clearing it first."""
    shown = [line[: size.columns] + _REST_OF_LINE for line in lines[: size.lines - 1]]
    return _CORNER + "\r\n".join(shown) + _REST


def _lines(found: Status, home: Path, wanted: Wanted) -> list[str]:
    return [json.dumps(as_json(found))] if wanted.json else picture(found, _heading(home))


def _heading(home: Path) -> str:
    if is_held(home):
        return f"Taskify runs on {home}"
    if left := running(home):
        names = ", ".join(process.name for process in left)
        return f"Taskify does not run on {home}; left over from a launcher that was killed: {names}"
    return f"Taskify does not run on {home}"
