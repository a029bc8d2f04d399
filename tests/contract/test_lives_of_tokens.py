"""For how long an access token lives, and what has to be remembered for longer than that."""

from datetime import timedelta

from annotated_types import Le

from contracts.topology import DELIVERIES_AGE
from infra.auth.verify import LEEWAY_SECONDS
from notification_worker.commands.ended_sessions import KEPT
from task_service.settings import KeySettings
from ws_gateway.settings import GatewaySettings

(LONGEST,) = [
    timedelta(seconds=bound.le.total_seconds())
    for bound in KeySettings.model_fields["access_token_life"].metadata
    if isinstance(bound, Le) and isinstance(bound.le, timedelta)
]
LOOKED_BACK = timedelta(seconds=GatewaySettings.model_fields["access_token_seconds"].default)


def test_ended_sessions_are_remembered_for_longer_than_a_token_is_taken() -> None:
    taken = LONGEST + timedelta(seconds=LEEWAY_SECONDS)

    assert taken < LOOKED_BACK
    assert taken < KEPT


def test_the_stream_is_kept_for_longer_than_a_gateway_that_starts_looks_back() -> None:
    assert LOOKED_BACK < DELIVERIES_AGE
