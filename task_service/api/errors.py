"""What each error of the service is over HTTP."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from starlette.responses import Response

from contracts.problems import FieldProblem, ProblemType
from infra.http.problems import ProblemTable, install_problems, problem_response
from task_service.api.cursor import InvalidCursorError
from task_service.commands.errors import (
    EmailTakenError,
    ExportNotReadyError,
    ForbiddenError,
    LastAdministratorError,
    NotSignedInError,
    TooManyAttemptsError,
    TooManyExportsError,
    UnknownAssigneeError,
    UnknownThingError,
    VersionConflictError,
    WrongPasswordError,
)

PROBLEMS: ProblemTable = {
    UnknownThingError: (HTTPStatus.NOT_FOUND, ProblemType.NOT_FOUND),
    ForbiddenError: (HTTPStatus.FORBIDDEN, ProblemType.FORBIDDEN),
    NotSignedInError: (HTTPStatus.UNAUTHORIZED, ProblemType.UNAUTHENTICATED),
    TooManyAttemptsError: (HTTPStatus.TOO_MANY_REQUESTS, ProblemType.TOO_MANY_REQUESTS),
    TooManyExportsError: (HTTPStatus.TOO_MANY_REQUESTS, ProblemType.TOO_MANY_REQUESTS),
    LastAdministratorError: (HTTPStatus.CONFLICT, ProblemType.LAST_ADMINISTRATOR),
    ExportNotReadyError: (HTTPStatus.CONFLICT, ProblemType.NOT_READY),
    EmailTakenError: (HTTPStatus.CONFLICT, ProblemType.EMAIL_TAKEN),
    VersionConflictError: (HTTPStatus.PRECONDITION_FAILED, ProblemType.VERSION_CONFLICT),
}

WRONG_FIELDS: dict[type[Exception], str] = {
    UnknownAssigneeError: "body.assignee_id",
    WrongPasswordError: "body.old",
    InvalidCursorError: "query.cursor",
}
"""Errors of one value of the request, answered like any other invalid one, and where that value is."""


def install_errors(app: FastAPI) -> None:
    """Have every error answered with its problem."""
    install_problems(app, PROBLEMS)
    for error in WRONG_FIELDS:
        app.add_exception_handler(error, _wrong_field)


def _wrong_field(_: Request, error: Exception) -> Response:
    problem = FieldProblem(where=WRONG_FIELDS[type(error)], message=str(error))
    return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, "the request is not valid", errors=(problem,))
