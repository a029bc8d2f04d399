"""Why a socket was closed, and for each reason whether and when a page comes back.

Source: RFC 6455 section 7.4 and the IANA registry for 1009, 1012 and 1013; 4000 to 4999 are the application's own.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class CloseCode(IntEnum):
    FRAME_TOO_BIG = 1009
    RESTARTING = 1012
    OVERLOADED = 1013
    TOO_SLOW = 4002
    MALFORMED = 4400
    UNAUTHENTICATED = 4401
    NO_TOKEN_IN_TIME = 4408
    TOO_MANY_CONNECTIONS = 4409
    TOO_MANY_MESSAGES = 4429


class ComeBack(StrEnum):
    WITH_BACKOFF = "with_backoff"
    WITH_NEW_TOKEN = "with_new_token"  # noqa: S105 (a rule's name)
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class CloseRule:
    meaning: str
    come_back: ComeBack


CLOSE_RULES: dict[CloseCode, CloseRule] = {
    CloseCode.FRAME_TOO_BIG: CloseRule("a frame was larger than 16 KiB", ComeBack.NEVER),
    CloseCode.RESTARTING: CloseRule("this gateway is restarting", ComeBack.WITH_BACKOFF),
    CloseCode.OVERLOADED: CloseRule("this gateway takes no more connections now", ComeBack.WITH_BACKOFF),
    CloseCode.TOO_SLOW: CloseRule("the window did not read what was sent to it", ComeBack.WITH_BACKOFF),
    CloseCode.MALFORMED: CloseRule("a frame was not JSON, binary, unknown or untimely", ComeBack.NEVER),
    CloseCode.UNAUTHENTICATED: CloseRule("the token is bad, expired, or its session ended", ComeBack.WITH_NEW_TOKEN),
    CloseCode.NO_TOKEN_IN_TIME: CloseRule("no token came in time", ComeBack.WITH_BACKOFF),
    CloseCode.TOO_MANY_CONNECTIONS: CloseRule("one person has too many connections", ComeBack.NEVER),
    CloseCode.TOO_MANY_MESSAGES: CloseRule("the window sent too many messages", ComeBack.WITH_BACKOFF),
}
