"""A real Prometheus that reads a system with our rules, in seconds instead of minutes."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from infra.local.children import die_with_us
from infra.local.ports import LOOPBACK
from infra.local.prometheus import program
from infra.local.settings import REPOSITORY

RULES = REPOSITORY / "infra" / "containers" / "alerts.yml"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
_POLL_SECONDS = 0.3

LOWERED = {
    "TaskifyOutboxOld": (("> 30", "> 3"),),
    "TaskifyLaneLags": (("> 1000", "> 5"),),
    "TaskifyBatchesFail": (("> 5", "> 0"),),
    "TaskifyManyResyncs": (("> 20", "> 1"), ("> 2 *", "> 0.1 *")),
    "TaskifySlowWindows": (("> 10", "> 0"),),
    "TaskifyMemory": (("0.85 * 384", "0.05 * 384"), ("0.85 * 768", "0.05 * 768")),
}
"""Bounds that a trial of seconds does not reach; all others are as they are shipped."""

Targets = Mapping[str, Mapping[str, str]]
"""Addresses with their labels."""


def alerts() -> list[str]:
    """Name all alerts, in the order of the file."""
    return re.findall(r"^      - alert: (\w+)$", RULES.read_text(), re.MULTILINE)


def in_seconds() -> str:
    """Give the rules with waits of a second, rates of 20 seconds, and some bounds lowered."""
    text = re.sub(r"for: \w+", "for: 1s", RULES.read_text())
    text = re.sub(r"\[(5|10)m\]", "[20s]", text)
    parts = re.split(r"^(      - alert: \w+\n)", text, flags=re.MULTILINE)
    for number in range(1, len(parts), 2):
        for old, new in LOWERED.get(parts[number].split()[-1], ()):
            assert old in parts[number + 1], parts[number]
            parts[number + 1] = parts[number + 1].replace(old, new)
    return "".join(parts)


@dataclass(frozen=True)
class Prometheus:
    address: str
    http: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def reading(
        cls, folder: Path, port: int, processes: Targets, broker: str, http: httpx.AsyncClient
    ) -> AsyncIterator["Prometheus"]:
        """Start it on some targets, each read every second; `broker` is the address of RabbitMQ's own metrics."""
        folder.mkdir()
        (folder / "alerts.yml").write_text(in_seconds())
        (folder / "prometheus.yml").write_text(_configuration(processes, broker))
        tool = program("prometheus")
        assert tool is not None, "prometheus is missing: make setup"
        arguments = (
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
            "--log.level=warn",
        )
        with (folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *die_with_us(signal.SIGTERM), tool, *arguments, env={"PATH": os.defpath}, stdout=log, stderr=log
            )
        prometheus = cls(f"http://{LOOPBACK}:{port}", http)
        try:
            await prometheus._until_ready()
            yield prometheus
        finally:
            process.terminate()
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()

    async def firing(self) -> dict[str, list[dict[str, str]]]:
        """Give the labels of all alerts that fire, by name."""
        found: dict[str, list[dict[str, str]]] = {}
        for alert in (await self._data("/api/v1/alerts"))["alerts"]:
            if alert["state"] == "firing":
                found.setdefault(alert["labels"]["alertname"], []).append(alert["labels"])
        return found

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """Ask as a dashboard does; a query that is wrong fails."""
        found: list[dict[str, Any]] = (await self._data("/api/v1/query", query=expression))["result"]
        return found

    async def _data(self, path: str, **query: str) -> dict[str, Any]:
        answer = (await self.http.get(f"{self.address}{path}", params=query)).raise_for_status().json()
        assert answer["status"] == "success", answer
        data: dict[str, Any] = answer["data"]
        return data

    async def _until_ready(self) -> None:
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    if (await self.http.get(f"{self.address}/-/ready")).is_success:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(_POLL_SECONDS)


def _configuration(processes: Targets, broker: str) -> str:
    """Give a configuration as JSON, which YAML contains."""
    queues = {
        "metrics_path": "/metrics/detailed",
        "params": {"family": ["queue_coarse_metrics", "queue_consumer_count"]},
    }
    servers: list[dict[str, Any]] = [{"targets": [broker]}]
    return json.dumps(
        {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["alerts.yml"],
            "scrape_configs": [
                {
                    "job_name": "taskify",
                    "static_configs": [{"targets": [one], "labels": dict(own)} for one, own in processes.items()],
                },
                {"job_name": "rabbitmq", "static_configs": servers},
                {"job_name": "rabbitmq-queues", "static_configs": servers, **queues},
            ],
        }
    )
