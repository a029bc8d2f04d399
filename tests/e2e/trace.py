"""`make trace`: one change in a system of its own, drawn as a tree into docs/tracing.md."""

import asyncio
import re
import sys
import tempfile
from functools import partial
from pathlib import Path

import httpx

from tests.support.collector import Collector, Span, collecting
from tests.support.people import Person, Window
from tests.support.system import REPOSITORY, System
from tests.support.trace_tree import tree_lines

PAGE = REPOSITORY / "docs" / "tracing.md"
_DRAWN = re.compile(r"(?<=<!-- written by `make trace` -->\n)```text\n.*?```(?=\n<!-- end -->)", re.DOTALL)
_SPANS = 7
"""A request, two events published and applied, one delivery published and pushed."""


def whole(collector: Collector) -> list[Span]:
    """Give the first trace that has come wholly, or nothing."""
    for root in collector.spans:
        spans = collector.of_trace(root.trace_id)
        if root.name == "POST /api/tasks" and len(spans) == _SPANS:
            return spans
    return []


def has_unread(count: int, window: Window) -> bool:
    return window.unread_count == count


async def one_change(system: System, collector: Collector) -> list[Span]:
    """Let Ann assign a task to John, who has a window open; the first time warms everything up."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        ann, john = [await Person.register(http, system.addresses, name) for name in ("Ann", "John")]
        async with john.window() as window:
            for count in (1, 2):
                collector.spans.clear()
                await ann.create_task("Fix login bug", assignee_id=john.id)
                await window.until(partial(has_unread, count), "the assignment")
                await asyncio.to_thread(collector.until, lambda seen: bool(whole(seen)), "whole trace")
    return whole(collector)


async def main() -> int:
    """Write the page anew."""
    with collecting() as collector, tempfile.TemporaryDirectory(prefix="taskify-trace-") as folder:
        settings = {"TASKIFY_TRACES_ENDPOINT": collector.endpoint}
        async with System.started(Path(folder), settings=settings) as system:
            drawn = "\n".join(tree_lines(await one_change(system, collector)))
    sys.stdout.write(f"{drawn}\n")
    PAGE.write_text(_DRAWN.sub(lambda _: f"```text\n{drawn}\n```", PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
