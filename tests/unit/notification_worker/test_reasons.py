from contracts.events import UnreadableEventError
from notification_worker.consumers.reading import REASONS


def test_every_error_of_reading_has_a_reason_of_its_own() -> None:
    errors = {error for error in UnreadableEventError.__subclasses__() if "tests" not in error.__module__}
    assert set(REASONS) == errors
    assert len(set(REASONS.values())) == len(errors)
