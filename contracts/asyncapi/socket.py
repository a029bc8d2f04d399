"""The socket, as a gateway sees it: the frames both ways, in which order they come, and what ends it."""

from contracts.asyncapi.parts import (
    ASYNCAPI_VERSION,
    DOCUMENT_VERSION,
    Document,
    camel,
    own_description,
    reference,
    schemas_of,
)
from contracts.model import ContractModel
from contracts.socket.close_codes import CLOSE_RULES
from contracts.socket.frames import (
    FRAME_BYTES,
    Auth,
    Error,
    NotificationFrame,
    Ping,
    Pong,
    Read,
    Ready,
    Reconnect,
    Removed,
    Resync,
    Unread,
)

CLIENT_FRAMES: tuple[type[ContractModel], ...] = (Auth, Ping)
SERVER_FRAMES: tuple[type[ContractModel], ...] = (
    Ready,
    NotificationFrame,
    Read,
    Unread,
    Removed,
    Pong,
    Resync,
    Reconnect,
    Error,
)

_REPLIES: dict[type[ContractModel], type[ContractModel]] = {Auth: Ready, Ping: Pong}
_CHANNEL = "socket"
_ORDER = (
    "The client's first frame is AUTH, within the gateway's time; whatever else closes with 4400 or 4408.",
    "READY answers every good AUTH; before the first READY the gateway sends nothing else.",
    "After READY every change of the inbox follows in the order of `seq`: NOTIFICATION, READ, UNREAD, REMOVED.",
    "PONG answers every PING; RESYNC goes with it when the PING's `seq` stays behind what was sent.",
    "ERROR answers a renewal that cannot be checked now; the socket and the earlier token stay good.",
    "RECONNECT may come at any time after READY; 1012 closes a socket that stays.",
)


def socket_document() -> Document:
    """Give the whole document of the socket."""
    frames = (*CLIENT_FRAMES, *SERVER_FRAMES)
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {
            "title": "Taskify: the socket",
            "version": DOCUMENT_VERSION,
            "description": "Frames are JSON texts. Ignore fields and server frames that you do not know. How to write "
            "a client: docs/protocol.md.",
        },
        "defaultContentType": "application/json",
        "servers": {"gateway": {"host": "localhost:8002", "protocol": "ws"}},
        "channels": {
            _CHANNEL: {
                "address": "/ws",
                "messages": {
                    frame_type(frame): reference("components", "messages", frame.__name__) for frame in frames
                },
                "bindings": {"ws": {"method": "GET", "headers": _handshake(), "bindingVersion": "0.1.0"}},
                "x-largest-client-frame-bytes": FRAME_BYTES,
                "x-order": list(_ORDER),
                "x-close-codes": {
                    str(code.value): {"name": code.name, "meaning": rule.meaning, "come_back": rule.come_back.value}
                    for code, rule in CLOSE_RULES.items()
                },
            }
        },
        "operations": {
            **{f"gateway.takes.{frame_type(frame)}": _taken(frame) for frame in CLIENT_FRAMES},
            **{f"gateway.sends.{frame_type(frame)}": _operation("send", frame) for frame in SERVER_FRAMES},
        },
        "components": {
            "messages": {frame.__name__: _message(frame) for frame in frames},
            "schemas": schemas_of(
                (
                    *((frame, "validation") for frame in CLIENT_FRAMES),
                    *((frame, "serialization") for frame in SERVER_FRAMES),
                )
            ),
        },
    }


def frame_type(frame: type[ContractModel]) -> str:
    """Give the `type` of a class of frames."""
    return str(frame.model_fields["type"].default)


def _handshake() -> Document:
    origin = "one of the allowed origins; a client that is no browser sends none, a foreign one is refused with 403"
    return {"type": "object", "properties": {"Origin": {"type": "string", "description": origin}}}


def _taken(frame: type[ContractModel]) -> Document:
    reply = {"messages": [_in_channel(_REPLIES[frame])], "channel": reference("channels", _CHANNEL)}
    return {**_operation("receive", frame), "reply": reply}


def _operation(action: str, frame: type[ContractModel]) -> Document:
    return {"action": action, "channel": reference("channels", _CHANNEL), "messages": [_in_channel(frame)]}


def _in_channel(frame: type[ContractModel]) -> Document:
    return reference("channels", _CHANNEL, "messages", frame_type(frame))


def _message(frame: type[ContractModel]) -> Document:
    return {
        "name": frame_type(frame),
        "title": camel(frame.__name__),
        "summary": own_description(frame),
        "contentType": "application/json",
        "payload": reference("components", "schemas", frame.__name__),
    }
