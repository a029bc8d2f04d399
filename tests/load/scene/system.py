"""The whole product on fresh databases and a fresh virtual host, with as many gateways as wanted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.local.ports import free_ports
from infra.local.processes import PROCESSES
from tests.load.scene.process import Measured
from tests.load.scene.stage import Stage
from tests.support.people import Addresses
from tests.support.servers import Vhost
from tests.support.tokens import Signer


@dataclass
class System:
    """`admin_broker_url` is an administrator's, for those who listen in."""

    stage: Stage
    vhost: Vhost
    task_url: str
    notification_url: str
    ports: dict[str, int]
    environment: dict[str, str]
    processes: dict[str, Measured] = field(default_factory=dict)
    gateway_ports: list[int] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def started(cls, stage: Stage) -> AsyncIterator[Self]:
        """Start all six processes, and wait until each is ready."""
        async with AsyncExitStack() as stack:
            vhost = stack.enter_context(stage.broker.vhost())
            task_url = await stack.enter_async_context(stage.postgres.database("task_service"))
            notification_url = await stack.enter_async_context(stage.postgres.database("notification_worker"))
            ports = dict(zip((one.port_variable for one in PROCESSES), free_ports(len(PROCESSES)), strict=True))
            keys = signing_keys(stage.folder, stage.signer)
            api, notifications = ports["TASKIFY_API_PORT"], ports["TASKIFY_NOTIFICATIONS_PORT"]
            environment = stage.environment(
                task_database_url=task_url,
                notification_database_url=notification_url,
                task_broker_url=vhost.task_service,
                notification_broker_url=vhost.notification_worker,
                gateway_broker_url=vhost.gateway,
                jwks_url=f"http://127.0.0.1:{api}/.well-known/jwks.json",
                signing_keys=keys,
                public_api_url=f"http://127.0.0.1:{api}",
                public_notifications_url=f"http://127.0.0.1:{notifications}",
                public_socket_url=f"ws://127.0.0.1:{ports['TASKIFY_SOCKET_PORT']}/ws",
                allowed_origins=f'["http://127.0.0.1:{api}"]',
                web_directory=stage.folder,
            ) | {variable: str(port) for variable, port in ports.items()}
            system = cls(stage, vhost, task_url, notification_url, ports, environment)
            for one in PROCESSES:
                system.processes[one.name] = await stack.enter_async_context(
                    Measured.started(
                        one.name, one.module, *one.arguments, log=stage.log(one.name), environment=environment
                    )
                )
            system.gateway_ports = [ports["TASKIFY_SOCKET_PORT"]]
            await asyncio.gather(
                *(system.processes[one.name].until_ready(ports[one.port_variable]) for one in PROCESSES)
            )
            yield system

    @asynccontextmanager
    async def another_gateway(self) -> AsyncIterator[None]:
        """Run one more gateway until the block ends."""
        (port,) = free_ports(1)
        name = f"gateway-{len(self.gateway_ports) + 1}"
        own = self.environment | {"TASKIFY_SOCKET_PORT": str(port)}
        async with Measured.started(name, "ws_gateway", log=self.stage.log(name), environment=own) as gateway:
            await gateway.until_ready(port)
            self.gateway_ports.append(port)
            self.processes[name] = gateway
            try:
                yield
            finally:
                self.gateway_ports.remove(port)
                del self.processes[name]

    @property
    def signer(self) -> Signer:
        return self.stage.signer

    @property
    def addresses(self) -> Addresses:
        own = self.environment
        return Addresses(
            api=own["TASKIFY_PUBLIC_API_URL"],
            notifications=own["TASKIFY_PUBLIC_NOTIFICATIONS_URL"],
            socket=own["TASKIFY_PUBLIC_SOCKET_URL"],
        )

    @property
    def admin_broker_url(self) -> str:
        return self.vhost.administrator


@asynccontextmanager
async def running_system(stage: Stage) -> AsyncIterator[System]:
    """Give a fresh system; in a quick run all rows share one, since starting takes longer than measuring."""
    if not stage.quick:
        async with System.started(stage) as system:
            yield system
        return
    if stage.shared_system is None:
        stage.shared_system = await stage.kept.enter_async_context(System.started(stage))
    yield stage.shared_system


def signing_keys(folder: Path, signer: Signer) -> Path:
    """Give the task service the key that signs our tokens: logging thousands in would take minutes."""
    keys = folder / "signing-keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    content = signer._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (keys / f"{signer.key_id}.pem").write_bytes(content)
    return keys
