"""Where and with what was measured."""

import os
import platform
import resource
from importlib.metadata import version
from pathlib import Path

import psutil

from tests.load.results import Machine
from tests.load.scene.stage import Stage

LIBRARIES = (
    "websockets",
    "uvloop",
    "aio-pika",
    "faststream",
    "asyncpg",
    "sqlalchemy",
    "fastapi",
    "uvicorn",
    "pydantic",
)


def machine() -> Machine:
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 0,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        kernel=platform.release(),
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        load_before=psutil.getloadavg()[0],
    )


def versions(stage: Stage) -> dict[str, str]:
    """Give the versions of Python, of both servers and of the libraries that count."""
    overview = stage.broker.management.get("/api/overview").raise_for_status().json()
    data = (stage.folder / "postgres" / "PG_VERSION").read_text().strip()
    return {
        "python": platform.python_version(),
        "postgresql": data,
        "rabbitmq": overview["rabbitmq_version"],
        "erlang": overview["erlang_version"],
        **{name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
