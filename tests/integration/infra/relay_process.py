"""A relay as a process of its own, to be frozen or killed; its arguments are the addresses of database and broker."""

import asyncio
import sys

from infra.lifecycle import run_process, run_services
from infra.outbox.publishing import Ordering
from infra.outbox.relay import Relay
from infra.telemetry.logging import configure_logging
from tests.integration.infra.relays import CHANNEL, EXCHANGE


async def main(stop: asyncio.Event) -> int:
    configure_logging("relay", "INFO")
    relay = Relay(
        "test",
        database_url=sys.argv[1],
        broker_urls=[sys.argv[2]],
        exchange=EXCHANGE,
        ordering=Ordering.PER_KEY,
        wake_up_channel=CHANNEL,
    )
    return await run_services({"relay": relay.run}, stop)


if __name__ == "__main__":
    sys.exit(run_process(main))
