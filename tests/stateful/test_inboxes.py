"""Any sequence of events, marks, choices and time leaves every inbox and every window as rules written anew say.

By default the same examples run every time. `TEST_STATEFUL_EXAMPLES=2000 TEST_STATEFUL_STEPS=60` runs so many others,
different ones each time, and prints how to repeat one that fails.
"""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.database.engine import create_engine
from notification_worker.commands import sync_inbox
from tests.stateful.machine import InboxMachine
from tests.stateful.server import Server
from tests.support.servers import Postgres

EXAMPLES = 25
STEPS = 25

MUST_HAVE_BEEN_TRIED = {
    *("told", "waits_for_digest", "muted", "preference", "withdrawn", "comment_added of several"),
    *("NOTIFICATION applied", "NOTIFICATION old", "NOTIFICATION gap", "REMOVED applied", "READ applied", "left alone"),
}


class Effort(BaseSettings):
    """How long to search; without `examples` as every run of the tests does."""

    model_config = SettingsConfigDict(env_prefix="TEST_STATEFUL_")

    examples: int | None = None
    steps: int = STEPS


@pytest.fixture
def server(postgres: Postgres) -> Iterator[Server]:
    """One database for all examples, and one event loop, which is not that of the other tests."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        made = postgres.database("notification_worker")
        engine = create_engine(runner.run(made.__aenter__()), application_name="test")
        try:
            yield Server(runner, engine)
        finally:
            runner.run(engine.dispose())
            runner.run(made.__aexit__(None, None, None))


@pytest.mark.timeout(0)
@pytest.mark.parametrize(
    ("newest", "changes"), [(50, 500), (2, 4)], ids=["windows that hold all", "windows that hold little"]
)
def test_inboxes_and_windows_are_as_judged_whatever_happens(
    server: Server, monkeypatch: pytest.MonkeyPatch, newest: int, changes: int
) -> None:
    """With small bounds a window starts without most of what was read, and often starts anew."""
    monkeypatch.setattr(sync_inbox, "NEWEST", newest)
    monkeypatch.setattr(sync_inbox, "CHANGES", changes)
    effort = Effort()

    class Machine(InboxMachine):
        def __init__(self) -> None:
            super().__init__(server)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=effort.examples or EXAMPLES,
            stateful_step_count=effort.steps,
            derandomize=effort.examples is None,
            deadline=None,
            database=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )

    # What never came about was not tested; a short search is somebody's own business.
    tried = {kind for kind, times in server.seen.items() if times}
    assert effort.examples is not None or tried >= MUST_HAVE_BEEN_TRIED
