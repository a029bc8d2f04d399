import pytest

from contracts.notification_types import Outcome
from taskify_testkit.errors import SettingsError
from taskify_testkit.settings import OPTIONS, read_settings
from taskify_testkit.stopped import _OUTCOMES


class Options(dict[str, str]):
    def getini(self, name: str) -> object:
        return self.get(name, "")


@pytest.fixture(autouse=True)
def nothing_is_set_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OPTIONS:
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_service_s_name_is_all_that_has_to_be_set() -> None:
    settings = read_settings(Options(taskify_service="billing"))

    assert (settings.service, settings.running) == ("billing", None)
    assert settings.images.taskify == "taskify:latest"
    with pytest.raises(SettingsError, match=r"taskify_service = billing"):
        read_settings(Options())


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKIFY_IMAGE", "taskify:2")

    assert read_settings(Options(taskify_service="billing", taskify_image="taskify:1")).images.taskify == "taskify:2"


def test_a_taskify_that_runs_already_needs_its_broker_s_addresses_too() -> None:
    with pytest.raises(SettingsError, match="TASKIFY_ADMINISTRATOR_URL"):
        read_settings(Options(taskify_service="billing", taskify_url="http://localhost:8080"))


def test_a_time_that_is_no_number_is_told() -> None:
    with pytest.raises(SettingsError, match="taskify_start_seconds"):
        read_settings(Options(taskify_service="billing", taskify_start_seconds="long"))


def test_every_outcome_that_holds_back_has_its_explanation() -> None:
    assert {outcome.value for outcome in Outcome} - {Outcome.TOLD} == set(_OUTCOMES)
