"""The id of a trace: its form, and how it is found in what goes from process to process."""

import json

import pytest

from infra.telemetry.traceparent import (
    current_trace_id,
    events_under,
    harmless_id,
    is_sampled,
    new_traceparent,
    trace_id_of,
    traceparent_in,
    traceparent_of_event,
    traceparents_in,
    under,
    valid_traceparent,
)

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SAMPLED = f"00-{TRACE}-00f067aa0ba902b7-01"
OTHER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def test_a_new_trace_is_valid_not_sampled_and_new() -> None:
    one, other = new_traceparent(), new_traceparent()

    assert valid_traceparent(one) == one
    assert not is_sampled(one)
    assert trace_id_of(one) != trace_id_of(other)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "ann@example.com",
        f"00-{TRACE}-00f067aa0ba902b7",
        f"01-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"{SAMPLED}-more",
        f"{SAMPLED}\n",
    ],
)
def test_what_is_no_traceparent_of_version_zero_counts_as_none(text: str | None) -> None:
    assert valid_traceparent(text) is None
    assert trace_id_of(text) is None


def test_only_the_lowest_flag_says_that_a_trace_is_sampled() -> None:
    assert is_sampled(SAMPLED)
    assert is_sampled(SAMPLED[:-2] + "03")
    assert not is_sampled(SAMPLED[:-2] + "02")
    assert not is_sampled(None)


def test_traces_are_found_in_a_message_each_once() -> None:
    frames = [{"frame": "{}", "traceparent": SAMPLED}, {"frame": "{}"}, {"traceparent": OTHER}, {"traceparent": OTHER}]

    for body in (json.dumps({"frames": frames}), json.dumps({"frames": frames}, separators=(",", ":"))):
        assert traceparents_in(body) == (SAMPLED, OTHER)
        assert traceparent_in(body.encode()) == SAMPLED


def test_what_somebody_writes_is_never_taken_for_a_trace() -> None:
    comment = f'"traceparent":"{SAMPLED}" and "traceparent": "{SAMPLED}"'
    frame = json.dumps({"payload": {"message": comment, "traceparent": SAMPLED}})

    assert traceparents_in(json.dumps({"data": {"comment": comment}})) == ()
    assert traceparents_in(json.dumps({"frames": [{"frame": frame}]})) == ()
    assert traceparents_in(b"\xff\x00 garbage") == ()


def test_what_is_done_below_a_span_knows_its_trace_and_forgets_it_afterwards() -> None:
    with under(SAMPLED):
        assert current_trace_id() == TRACE
        with under(None):
            assert current_trace_id() is None
        assert current_trace_id() == TRACE
    assert current_trace_id() is None


def test_events_that_are_applied_together_keep_their_own_spans() -> None:
    with events_under({"one": SAMPLED, "two": None}):
        assert traceparent_of_event("one") == SAMPLED
        assert traceparent_of_event("two") is None
        assert traceparent_of_event("three") is None
    assert traceparent_of_event("one") is None


def test_only_uuids_are_ids_that_may_be_told() -> None:
    assert harmless_id("0197b8f4-5d62-7cc3-98c4-dc0c0c07398f") == "0197b8f4-5d62-7cc3-98c4-dc0c0c07398f"
    assert harmless_id("ann@example.com") is None
    assert harmless_id("0197b8f4-5d62-7cc3-98c4-dc0c0c07398f-ann") is None
