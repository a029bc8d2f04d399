from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from uuid_utils.compat import uuid7

from contracts.events import TASK_EVENTS, AnyEvent, UnreadableEventError
from contracts.events.refusals import REASONS, ForeignSourceError, UnexpectedEventTypeError
from contracts.events.user import SessionEnded, SessionEndedData
from notification_worker.consumers import reading
from notification_worker.consumers.reading import read_event
from tests.support.notification_events import TaskStory, person, registered, requested

ANN = person("Ann")


@dataclass(frozen=True)
class Message:
    body: bytes
    user_id: str | None
    routing_key: str | None


def sent(event: AnyEvent, user: str | None, routing_key: str | None = None) -> Message:
    return Message(event.model_dump_json().encode(), user, routing_key or event.routing_key)


@pytest.mark.parametrize(
    ("event", "user"),
    [
        (TaskStory().created(ANN), "task-service"),
        (registered(ANN), "task-service"),
        (requested([ANN.id], source="/billing"), "billing"),
        (requested([ANN.id], source="/billing/invoices"), "billing"),
        (requested([ANN.id], source="/task-service"), "task-service"),
    ],
)
def test_an_event_of_its_own_source_is_read(event: AnyEvent, user: str) -> None:
    assert read_event(sent(event, user)) == event


@pytest.mark.parametrize(
    ("event", "user"),
    [
        (TaskStory().created(ANN), None),
        (TaskStory().created(ANN), "billing"),
        (TaskStory().created(ANN).model_copy(update={"source": "/billing"}), "billing"),
        (registered(ANN).model_copy(update={"source": "/billing"}), "billing"),
        (requested([ANN.id], source="/task-service"), "billing"),
        (requested([ANN.id], source="/billing-evil"), "billing"),
        (requested([ANN.id], source="billing"), "billing"),
    ],
)
def test_an_event_of_a_foreign_source_is_refused(event: AnyEvent, user: str | None) -> None:
    with pytest.raises(ForeignSourceError):
        read_event(sent(event, user))


def test_a_service_s_own_routing_key_says_who_sent_a_request() -> None:
    event = requested([ANN.id], source="/billing/invoices")

    assert read_event(sent(event, None, "billing.notification.requested")) == event


@pytest.mark.parametrize(
    ("event", "routing_key"),
    [
        (requested([ANN.id], source="/billing"), "notification.requested"),
        (requested([ANN.id], source="/billing"), "search.notification.requested"),
        (requested([ANN.id], source="/billing"), "billing.x.notification.requested"),
        (TaskStory().created(ANN).model_copy(update={"source": "/billing"}), "billing.notification.requested"),
        (TaskStory().created(ANN), "billing.notification.requested"),
    ],
)
def test_a_routing_key_proves_nothing_beyond_a_request_of_its_own_service(event: AnyEvent, routing_key: str) -> None:
    with pytest.raises(ForeignSourceError):
        read_event(sent(event, None, routing_key))


def test_who_is_said_to_have_sent_it_goes_before_the_routing_key() -> None:
    with pytest.raises(ForeignSourceError):
        read_event(sent(requested([ANN.id], source="/billing"), "search", "billing.notification.requested"))


def test_only_the_task_service_ends_sessions() -> None:
    data = SessionEndedData(user_id=ANN.id, session_id=uuid7())
    ended = SessionEnded(id="1", source="/billing", time=datetime.now(UTC), data=data)
    with pytest.raises(ForeignSourceError):
        read_event(sent(ended, "billing"))


def test_an_event_that_is_not_for_this_worker_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "APPLIED", TASK_EVENTS)
    with pytest.raises(UnexpectedEventTypeError):
        read_event(sent(registered(ANN), "task-service"))


def test_fields_that_this_version_does_not_know_are_ignored() -> None:
    event = requested([ANN.id])
    later = event.model_dump_json().replace('"data":{', '"colour":"red","data":{"urgency":3,')
    assert read_event(Message(later.encode(), "billing", event.routing_key)) == event


def test_every_error_of_reading_has_a_reason_of_its_own() -> None:
    errors = {error for error in UnreadableEventError.__subclasses__() if "tests" not in error.__module__}
    assert set(REASONS) == errors
    assert len(set(REASONS.values())) == len(errors)
