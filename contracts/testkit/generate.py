"""Write what the test kit knows of Taskify: `python -m contracts.testkit.generate [--check]`.

Its folder `data` holds the JSON Schemas of all events, the golden samples of every version that was released, and what
of the topology a service has to know. With `--check` nothing is written, and the command fails when a file is stale.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from contracts.compatibility.released import RELEASED, SCHEMAS
from contracts.envelope import CONTENT_TYPE
from contracts.events import EVENTS, TASK_EVENTS, type_of
from contracts.events.notification import NotificationRequested
from contracts.generate import stale
from contracts.topology import (
    BINDINGS,
    DEAD_LETTERS,
    DOMAIN_EVENTS,
    NOTIFICATION_WORKER,
    REQUESTS,
    TASK_SERVICE,
    UNROUTED,
    USERS,
    WORKER_REQUESTS,
    user_of_another_service,
)

DATA = Path(__file__).parent / "src" / "taskify_testkit" / "data"
_TEMPLATE = "service-name"
_LATEST_EVENTS = "events"
_SAMPLES = "samples"


def generated() -> dict[str, str]:
    """Give each file's path below `data/` with its text."""
    schemas = {f"{_LATEST_EVENTS}/{path.name}": path.read_text() for path in (SCHEMAS / "events").glob("*.json")}
    samples = {
        f"{_SAMPLES}/{path.parent.name}/{path.name}": path.read_text()
        for path in (RELEASED / "samples").glob("*/*.json")
    }
    return {**schemas, **samples, "broker.json": json.dumps(_broker(), indent=2) + "\n"}


def _broker() -> dict[str, Any]:
    rights = user_of_another_service(_TEMPLATE)
    (topic,) = rights.topics
    return {
        "content_type": CONTENT_TYPE,
        "events_exchange": DOMAIN_EVENTS,
        "unrouted_exchange": UNROUTED,
        "dead_letters_exchange": DEAD_LETTERS,
        "dead_letters_routing_key": NOTIFICATION_WORKER,
        "task_service": TASK_SERVICE,
        "request_type": type_of(NotificationRequested),
        "request_routing_key": REQUESTS,
        "request_queue": WORKER_REQUESTS,
        "bound_routing_keys": sorted({each.routing_key for each in BINDINGS if each.exchange == DOMAIN_EVENTS}),
        "routing_keys": {
            type_of(event): f"{event.routing_key}.*" if event in TASK_EVENTS else event.routing_key for event in EVENTS
        },
        "taken_names": sorted(
            {*(user.name for user in USERS), *(event.routing_key.partition(".")[0] for event in EVENTS)}
        ),
        "rights": {
            "template_name": _TEMPLATE,
            "configure": rights.configure,
            "write": rights.write,
            "read": rights.read,
            "topic_write": topic.write,
            "topic_read": topic.read,
        },
    }


def main() -> int:
    """Write the files, or say which are stale."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    check = arguments.parse_args().check
    expected = generated()
    different = stale(expected, DATA)
    for name in different:
        path, text = DATA / name, expected.get(name)
        if check:
            sys.stderr.write(f"contracts/testkit: {name} is stale: run `make contracts`\n")
        elif text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return 1 if check and different else 0


if __name__ == "__main__":
    sys.exit(main())
