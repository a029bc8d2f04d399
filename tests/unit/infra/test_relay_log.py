"""What a relay writes into the log of a trouble that lasts."""

from structlog.testing import capture_logs

from infra.outbox.observer import NACKS_TOLD_SECONDS, LoggingObserver


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nacks_are_told_at_once_in_one_line_and_then_summed_up_from_time_to_time() -> None:
    clock = Clock()
    observer = LoggingObserver("test", clock)

    with capture_logs() as lines:
        observer.nacked(range(500))
        for _ in range(20):
            clock.now += NACKS_TOLD_SECONDS / 20
            observer.nacked(range(10))

    assert [(line["event"], line["log_level"], line["nacks"]) for line in lines] == [
        ("rows_nacked", "warning", 500),
        ("rows_nacked", "warning", 200),
    ]


def test_an_interruption_is_told_when_it_begins_when_its_reason_changes_and_when_it_ends() -> None:
    observer = LoggingObserver("test")

    with capture_logs() as lines:
        for _ in range(1_000):
            observer.interrupted("blocked")
        for _ in range(1_000):
            observer.interrupted("away")
        observer.resumed()
        observer.interrupted("away")

    assert [(line["event"], line.get("reason")) for line in lines] == [
        ("relay_interrupted", "blocked"),
        ("relay_interrupted", "away"),
        ("relay_resumed", None),
        ("relay_interrupted", "away"),
    ]
