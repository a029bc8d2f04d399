"""The OpenAPI description of the notification API, checked in for the page and for comparison with the last release."""

import json
from pathlib import Path

from notification_worker.api.application import notification_api

FILE = Path(__file__).parent.parent / "contracts" / "schemas" / "openapi" / "notification_worker.json"


def render() -> str:
    """Write the description the same way every time, so that a difference is a difference."""
    return json.dumps(notification_api().openapi(), indent=2, ensure_ascii=False) + "\n"


def is_stale() -> bool:
    """Say whether the checked-in file is not what the API says."""
    return not FILE.is_file() or FILE.read_text() != render()


def write() -> None:
    """Write the checked-in file."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(render())
