"""The one format of errors of both APIs. Source: RFC 9457, Problem Details for HTTP APIs."""

from enum import StrEnum

from contracts.model import ContractModel

MEDIA_TYPE = "application/problem+json"


class ProblemType(StrEnum):
    """A stable word for each kind of problem; a client decides by it, never by the text."""

    INVALID_REQUEST = "invalid_request"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    EMAIL_TAKEN = "email_taken"
    LAST_ADMINISTRATOR = "last_administrator"
    NOT_READY = "not_ready"
    VERSION_CONFLICT = "version_conflict"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TOO_MANY_REQUESTS = "too_many_requests"
    INTERNAL_ERROR = "internal_error"
    UNAVAILABLE = "unavailable"


class FieldProblem(ContractModel):
    """`where` is a path into the request, like `body.title` or `query.limit`."""

    where: str
    message: str


class Problem(ContractModel):
    type: ProblemType
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...] = ()
