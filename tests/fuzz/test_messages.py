"""Whatever a message holds, its reader takes it or says in its own words that it does not."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.examples import examples
from tests.fuzz.effort import Effort
from tests.fuzz.readers import SECRET, read_as_anything

effort = Effort()

GOOD = [json.loads(event.model_dump_json()) for event in examples().values()]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """Give a good event with some places bent: another value, none, or one more."""
    event: Any = json.loads(json.dumps(draw(st.sampled_from(GOOD))))
    for _ in range(draw(st.integers(0, 3))):
        place = event
        while True:
            name = draw(st.sampled_from(sorted(place)) if place else st.text(max_size=5))
            if isinstance(place.get(name), dict) and draw(st.booleans()):
                place = place[name]
                continue
            break
        if draw(st.booleans()):
            place[name] = draw(VALUES)
        else:
            place.pop(name, None)
    text = json.dumps(event).encode()
    at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 3))
    return text if draw(st.booleans()) else text[:at] + draw(st.binary(max_size=4)) + text[at + length :]


@effort.settings(400)
@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()) | bent())
def test_no_message_breaks_a_reader_or_is_repeated_in_an_error(body: bytes) -> None:
    read_as_anything(body)


def test_the_good_ones_are_read() -> None:
    assert all(read_as_anything(json.dumps(event).encode()) for event in GOOD)
    effort.report("hypothesis: messages", 400 * (effort.times or 1))
