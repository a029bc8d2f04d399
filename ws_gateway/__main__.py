"""`python -m ws_gateway`: the socket gateway."""

import asyncio
import gc
import resource
import sys

from infra.command_line import run_command
from infra.lifecycle import run_process
from infra.telemetry.process import configure_telemetry
from ws_gateway.app import run
from ws_gateway.settings import GatewaySettings


def allow_as_many_sockets_as_the_system_does() -> None:
    """Raise the soft limit of open files, which is often 1,024, to the hard one: every socket is a file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run_gateway() -> int:
    """Run the gateway with the settings of the environment."""
    settings = GatewaySettings()
    allow_as_many_sockets_as_the_system_does()
    configure_telemetry("ws-gateway", settings)

    async def gateway(stop: asyncio.Event) -> int:
        return await run(settings, stop)

    code = run_process(gateway)
    # Python's last collection would look at everything that thousands of connections have left; it all goes anyway.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(run_command("ws_gateway", run_gateway))
