"""Properties and headers as nobody should write them; brokers differ in which of them they pass on."""

from collections.abc import Iterator
from typing import Any

import pamqp.decode
import pamqp.frame
import pytest
from aio_pika import IncomingMessage
from aiormq.abc import DeliveredMessage
from hypothesis import given
from hypothesis import strategies as st
from pamqp.base import BasicProperties
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from infra.broker.strangers import UNREAD, read_strangers
from tests.support.raw_messages import ODD, field, frame, header_payload, long, nested, short

HEADER = 2


@pytest.fixture(autouse=True, scope="module")
def _reading() -> Iterator[None]:
    """Leave the library as it was found: another test may already read strangers, and others look at it alone."""
    unmarshal, text = Basic.Properties.unmarshal, pamqp.decode.METHODS["shortstr"]
    read_strangers()
    yield
    Basic.Properties.unmarshal = unmarshal  # type: ignore[method-assign]  # (the only way back)
    pamqp.decode.METHODS["shortstr"] = text


def read(**encoded: bytes) -> Basic.Properties:
    _, _, header = pamqp.frame.unmarshal(frame(HEADER, 1, header_payload(0, encoded)))
    assert isinstance(header, ContentHeader)
    return header.properties


def message(properties: Basic.Properties) -> IncomingMessage:
    delivery = Basic.Deliver("tag", 1, exchange="", routing_key="key")
    no_channel: Any = None
    return IncomingMessage(DeliveredMessage(delivery, ContentHeader(properties=properties), b"", no_channel))


def headers(content: bytes) -> Any:
    return read(headers=long(content), message_type=short(b"behind")).headers


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_the_properties_beside_an_odd_one_are_read(odd: dict[str, bytes]) -> None:
    properties = read(**{"content_type": short(b"text/plain"), "user_id": short(b"ann"), **odd})
    assert (properties.content_type, properties.user_id) == ("text/plain", "ann")


def test_a_time_that_is_none_is_none() -> None:
    assert read(timestamp=b"\xff" * 8).timestamp is None
    assert headers(field(b"at", b"T", b"\x7f" * 8) + field(b"n", b"b", b"\5")) == {"at": None, "n": 5}


def test_a_text_that_is_no_text_keeps_what_can_be_read_and_gets_no_longer() -> None:
    assert read(message_id=short(b"caf\xe9-1")).message_id == "caf?-1"
    assert len((read(message_id=short(b"\xff" * 255)).message_id or "").encode()) == 255
    assert headers(field(b"caf\xe9", b"S", long(b"x"))) == {"caf?": "x"}


def test_a_field_of_an_unknown_kind_costs_the_rest_of_its_own_table_only() -> None:
    rest = field(b"odd", b"Z", b"ann") + field(b"two", b"S", long(b"2"))
    inner = field(b"one", b"S", long(b"1")) + rest
    content = field(b"inner", b"F", long(inner)) + field(b"n", b"I", b"\0\0\0\7")
    properties = read(headers=long(content), user_id=short(b"u"))
    assert properties.headers == {"inner": {"one": "1", UNREAD: rest}, "n": 7}
    assert properties.user_id == "u"


def test_an_array_is_read_up_to_what_is_unknown() -> None:
    assert headers(field(b"list", b"A", long(b"t\1" + b"Zrest"))) == {"list": [True, b"Zrest"]}


def test_a_field_that_is_longer_than_its_table_is_kept_as_bytes() -> None:
    no_time, too_long = field(b"at", b"T", b"\xff" * 8), b"\3oddS\xff\xff\xff\xff"
    assert headers(no_time + too_long) == {"at": None, UNREAD: too_long}
    assert headers(b"\xffodd") == {UNREAD: b"\xffodd"}


def test_what_is_cut_off_is_kept_as_bytes() -> None:
    properties = read(content_type=short(b"text/plain"), message_id=b"\x09cut")
    assert (properties.content_type, properties.headers) == ("text/plain", {UNREAD: b"\x09cut"})


def test_what_nests_too_deeply_stays_bytes() -> None:
    inner: Any = read(headers=nested(5_000), user_id=short(b"u")).headers
    for _ in range(15):
        inner = inner[""]
    assert isinstance(inner[""], bytes)


@pytest.mark.parametrize(
    "odd",
    [{"delivery_mode": b"\7"}, {"delivery_mode": b"\0"}, {"expiration": short(b"")}, {"expiration": short(b"soon")}],
    ids=str,
)
def test_a_property_that_means_nothing_is_none(odd: dict[str, bytes]) -> None:
    (name,) = odd
    properties = read(**odd)
    assert getattr(properties, name) is None
    assert message(properties).expiration is None


def test_an_ordinary_message_is_read_as_the_library_does() -> None:
    ordinary = Basic.Properties(
        content_type="text/plain",
        headers={"a": "b", "n": [1, {"x": None}]},
        delivery_mode=2,
        priority=3,
        expiration="60000",
        message_id="1",
        message_type="t",
        user_id="u",
    )
    _, _, header = pamqp.frame.unmarshal(pamqp.frame.marshal(ContentHeader(body_size=0, properties=ordinary), 1))
    assert isinstance(header, ContentHeader)
    assert header.properties == ordinary
    assert message(header.properties).expiration == 60


@given(flags=st.integers(0, 0xFFFE).map(lambda flags: flags & 0xFFFC), data=st.binary(max_size=200))
def test_no_bytes_raise(flags: int, data: bytes) -> None:
    properties = Basic.Properties()
    properties.unmarshal(flags, data)
    message(properties)


@given(data=st.binary(max_size=200))
def test_no_table_raises(data: bytes) -> None:
    message(read(headers=long(data), user_id=short(b"u")))


def test_a_routing_key_that_is_no_text_is_read() -> None:
    delivery = Basic.Deliver()
    delivery.unmarshal(short(b"tag") + bytes(8) + b"\0" + short(b"exchange") + short(b"caf\xe9"))
    assert delivery.routing_key == "caf?"


def test_reading_twice_is_reading_once() -> None:
    before = Basic.Properties.unmarshal
    read_strangers()
    assert Basic.Properties.unmarshal is before
    assert BasicProperties.unmarshal is not before
