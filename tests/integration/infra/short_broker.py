"""A broker that can be made short of memory."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from contracts.topology import USERS
from infra.broker.definitions import ADMINISTRATOR, VHOST
from infra.local.children import Children
from infra.local.rabbitmq import NODE, find_rabbitmq, start_rabbitmq

_PASSWORD = "a-password-for-tests-only"
_COMMAND_SECONDS = 60
_HIGH_WATERMARK = "0.4"


@dataclass(frozen=True)
class ShortBroker:
    """`url` is an administrator's."""

    url: str
    pid: int

    @asynccontextmanager
    async def memory_alarm(self) -> AsyncIterator[None]:
        """Let the broker be short of memory until the end of the block."""
        await self._set_high_watermark("0.000001")
        try:
            yield
        finally:
            await self._set_high_watermark(_HIGH_WATERMARK)

    async def _set_high_watermark(self, fraction: str) -> None:
        scripts = find_rabbitmq()
        assert scripts is not None
        command = [str(scripts / "rabbitmqctl"), "--node", NODE, "set_vm_memory_high_watermark", fraction]
        environment = psutil.Process(self.pid).environ()
        await asyncio.to_thread(
            subprocess.run, command, env=environment, check=True, capture_output=True, timeout=_COMMAND_SECONDS
        )


def started_broker(children: Children, folder: Path) -> ShortBroker:
    before = set(psutil.Process().children(recursive=True))
    passwords = dict.fromkeys((*(user.name for user in USERS), ADMINISTRATOR), _PASSWORD)
    node = start_rabbitmq(children, folder, passwords=passwords, stage=0, durable=False)
    started = set(psutil.Process().children(recursive=True)) - before
    (pid,) = (process.pid for process in started if "beam" in process.name())
    return ShortBroker(node.url(VHOST), pid)
