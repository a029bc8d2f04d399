import pytest

from contracts.deliveries import PADDING_TYPE
from ws_gateway.consumers.feed import StreamMessage
from ws_gateway.consumers.messages import Applier
from ws_gateway.hub.directory import Directory
from ws_gateway.hub.ended_sessions import EndedSessions


def message(message_type: str) -> StreamMessage:
    return StreamMessage(offset=7, type=message_type, body=b" " * 250_000, delivery_tag=1, message_id="1")


@pytest.mark.parametrize(("message_type", "told"), [(PADDING_TYPE, False), ("taskify.of_later.v1", True)])
def test_padding_is_passed_over_in_silence_and_what_is_unknown_is_told(
    message_type: str, capfd: pytest.CaptureFixture[str], *, told: bool
) -> None:
    applier = Applier(Directory(EndedSessions(remember_seconds=60), connections_a_person=10))
    applier.apply(message(message_type))
    applier.apply_history(message(message_type))
    output = capfd.readouterr()
    assert ("stream_message_skipped" in output.out + output.err) is told
    assert sum(applier.lag_seconds.counts) == 0
