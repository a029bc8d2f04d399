"""`python -m ws_gateway`: the socket gateway."""

import asyncio
import sys

from infra.errors import AddressInUseError
from infra.lifecycle import run_process
from infra.telemetry.logging import configure_logging
from ws_gateway.app import run
from ws_gateway.settings import GatewaySettings


def main() -> int:
    """Run the gateway with the settings of the environment."""
    settings = GatewaySettings()
    configure_logging("ws-gateway", settings.log_level)

    async def gateway(stop: asyncio.Event) -> int:
        return await run(settings, stop)

    try:
        return run_process(gateway)
    except AddressInUseError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
