from datetime import timedelta

import pytest
from pydantic import ValidationError

from notification_worker.settings import ApiSettings, HistorySettings, WorkerSettings

DATABASE = "postgresql://worker:secret@localhost/notifications"


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKIFY_HOME", "/nonexistent")
    monkeypatch.setenv("TASKIFY_NOTIFICATION_DATABASE_URL", DATABASE)


def test_what_was_read_is_shown_for_thirty_days_unless_it_is_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert HistorySettings().history == timedelta(days=30)
    monkeypatch.setenv("TASKIFY_HISTORY_DAYS", "7")
    assert HistorySettings().history == timedelta(days=7)


@pytest.mark.parametrize("days", ["0", "3651", "-1", "a month", "1.5"])
def test_a_history_that_is_no_number_of_days_from_one_to_ten_years_is_refused(
    monkeypatch: pytest.MonkeyPatch, days: str
) -> None:
    monkeypatch.setenv("TASKIFY_HISTORY_DAYS", days)
    with pytest.raises(ValidationError, match="history_days"):
        HistorySettings()


def test_the_worker_and_the_api_read_the_same_history() -> None:
    assert issubclass(WorkerSettings, HistorySettings)
    assert issubclass(ApiSettings, HistorySettings)
