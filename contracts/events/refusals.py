"""Why a consumer will not apply a message, and what each reason is called in the header `x-reason` of a dead letter."""

from contracts.events import (
    InvalidEventDataError,
    NotAnEnvelopeError,
    UnknownEventTypeError,
    UnreadableEventError,
)


class ForeignSourceError(UnreadableEventError):
    """The event says that it comes from somebody else than who sent it, or than who may send it."""


class UnexpectedEventTypeError(UnreadableEventError):
    """An event that is not for who got it."""


REASONS: dict[type[UnreadableEventError], str] = {
    NotAnEnvelopeError: "not_an_envelope",
    UnknownEventTypeError: "unknown_event_type",
    InvalidEventDataError: "invalid_event_data",
    ForeignSourceError: "foreign_source",
    UnexpectedEventTypeError: "unexpected_event_type",
}

NOT_APPLICABLE = "not_applicable"
"""The reason of an event that was read, and then could not be applied."""
