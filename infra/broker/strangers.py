"""Properties and headers of messages, read however strangers wrote them.

The client library decodes what comes in where it reads the connection: a property that it cannot decode ends the
connection, with every channel on it. The message was not acknowledged, so the broker gives it to the next who asks,
whose connection ends too: one odd header of one sender stops all who read, for ever, and never becomes a dead letter.
The broker checks little of this: a time in nanoseconds, a name that is no UTF-8, and a table in a table two thousand
times over pass, and what else does depends on its version, and on the protocol that the message came by.

The library has no hook for it: it calls its decoders by name, from tables that hold them by value. Here the smallest
part is replaced that sees every property of every message and no frame of the broker's own: the method that decodes
the properties of a content header, and besides the decoder of short texts, for routing keys. The library's own method
goes first; only where it fails, or where the next layer would, what is written here reads the bytes again:

- A time that is no time is None, in a property and in a header.
- A text that is no UTF-8 has question marks where it is none. It never gets longer by that, so it can be sent on.
- A field of a kind that nobody knows has no known end: the rest of its table, or array, is kept as bytes, in a table
  under the name `UNREAD`. So whoever searches a message for somebody's id still finds it there.
- What nests too deeply stays bytes.
- A delivery mode or an expiration that means nothing is None.

What was decoded in part is then judged like everything else: who needs a property looks at it, and the event itself
stands in the body. `read_strangers` changes the library for the whole process, once, when a connection is made.

Source: AMQP 0-9-1, sections 2.3.5.2 and 4.2.5; the field types as in RabbitMQ's errata, section 3.
"""

from typing import Final

import pamqp.decode
from pamqp.base import BasicProperties
from pamqp.commands import Basic
from pamqp.common import FieldArray, FieldTable, FieldValue

UNREAD: Final = "x-unread"

_DEEPEST = 16
"""How deeply tables and arrays nest at most: the broker allows as many as fit a frame."""

_LENGTH_BYTES = 4
_SIZES = {b"tbB": 1, b"su": 2, b"Iif": 4, b"D": 5, b"lLdT": 8, b"V\0": 0}
_FIXED = {bytes((kind,)): size for kinds, size in _SIZES.items() for kind in kinds}
_WITH_LENGTH = frozenset({b"S", b"x", b"A", b"F"})

_library = BasicProperties.unmarshal


class _UnreadableError(ValueError):
    """The value is of an unknown kind, or longer than what it stands in."""


def read_strangers() -> None:
    """Let the client library read whatever the broker passes on, in this process, from now on."""
    Basic.Properties.unmarshal = _unmarshal  # type: ignore[assignment, method-assign]  # (no hook; see above)
    pamqp.decode.METHODS["shortstr"] = _short_text


def _unmarshal(self: Basic.Properties, flags: int, data: bytes) -> None:
    try:
        _library(self, flags, data)
    except Exception:  # noqa: BLE001 (whatever it is: raised further, it ends the connection)
        _read(self, flags, data)
    if self.delivery_mode not in {None, 1, 2}:
        self.delivery_mode = None
    if self.expiration is not None and not _is_number(self.expiration):
        self.expiration = None


def _read(properties: Basic.Properties, flags: int, data: bytes) -> None:
    at = 0
    for name in properties.attributes():
        if not flags & properties.flags[name]:
            continue
        kind = properties.amqp_type(name)
        end = at + _size_of_property(kind, data, at)
        encoded = data[at:end]
        if end > len(data):
            properties.headers = {**(properties.headers or {}), UNREAD: encoded}
            return
        setattr(properties, name, _property(kind, encoded))
        at = end


def _size_of_property(kind: str, data: bytes, at: int) -> int:
    match kind:
        case "shortstr":
            return 1 + int.from_bytes(data[at : at + 1], "big")
        case "table":
            return _LENGTH_BYTES + _length(data, at)
        case "timestamp":
            return _FIXED[b"T"]
        case _:
            return 1


def _property(kind: str, encoded: bytes) -> FieldValue:
    match kind:
        case "shortstr":
            return _text(encoded[1:])
        case "table":
            return _table(encoded[_LENGTH_BYTES:], 1)
        case "timestamp":
            return _time(encoded)
        case _:
            return encoded[0]


def _table(content: bytes, depth: int) -> FieldTable:
    table: dict[str, FieldValue] = {}
    at = 0
    while at < len(content):
        start, name_end = at, at + 1 + content[at]
        try:
            value, at = _value(content, name_end, depth)
        except _UnreadableError:
            table[UNREAD] = content[start:]
            break
        table[_text(content[start + 1 : name_end])] = value
    return table


def _array(content: bytes, depth: int) -> FieldArray:
    array: list[FieldValue] = []
    at = 0
    while at < len(content):
        try:
            value, at = _value(content, at, depth)
        except _UnreadableError:
            array.append(content[at:])
            break
        array.append(value)
    return array


def _value(content: bytes, at: int, depth: int) -> tuple[FieldValue, int]:
    """Decode a value with its kind before it; give the value and where the next begins."""
    kind, start = content[at : at + 1], at + 1
    size = _LENGTH_BYTES + _length(content, start) if kind in _WITH_LENGTH else _FIXED.get(kind)
    if size is None or start + size > len(content):
        raise _UnreadableError(kind)
    encoded = content[start : start + size]
    if kind in {b"A", b"F"}:
        inner = encoded[_LENGTH_BYTES:]
        if depth == _DEEPEST:
            return inner, start + size
        return (_table if kind == b"F" else _array)(inner, depth + 1), start + size
    if kind == b"T":
        return _time(encoded), start + size
    return pamqp.decode.TABLE_MAPPING[kind](encoded)[1], start + size


def _length(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + _LENGTH_BYTES], "big")


def _time(encoded: bytes) -> FieldValue:
    try:
        return pamqp.decode.timestamp(encoded)[1]
    except (ValueError, OverflowError, OSError):
        return None


def _short_text(value: bytes) -> tuple[int, str]:
    end = 1 + int.from_bytes(value[:1], "big")
    if not value or end > len(value):
        raise ValueError("a text is longer than what it stands in")
    return end, _text(value[1:end])


def _text(encoded: bytes) -> str:
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return encoded.decode(errors="replace").replace("\N{REPLACEMENT CHARACTER}", "?")


def _is_number(expiration: str) -> bool:
    try:
        float(expiration)
    except ValueError:
        return False
    return True
