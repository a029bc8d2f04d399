"""What a use case refuses to do.

CommandError
├── UnknownThingError
│   ├── UnknownTaskError
│   ├── UnknownCommentError
│   ├── UnknownUserError            nobody, or somebody who was erased
│   ├── UnknownExportError          none of the person's, or expired
│   └── UnknownErasureError
├── ForbiddenError
│   ├── NotYoursError               only the creator, the author or an administrator may
│   ├── NotAdministratorError
│   ├── OwnAccountError             one's own account takes the password
│   ├── NotConfirmedError           the password, when one erases oneself
│   ├── ForeignPageError
│   └── RegistrationClosedError
├── NotSignedInError
│   ├── WrongCredentialsError       the e-mail or the password; never says which
│   └── SessionOverError            logged out, expired, or ended: its password changed, an old cookie came again
├── TooManyAttemptsError            wrong passwords, for one account or from one address
├── TooManyExportsError             of one person in a day
├── EmailTakenError
├── LastAdministratorError          others would be left without one
├── ExportNotReadyError             some service has not answered yet
├── VersionConflictError            the task is not as the client saw it last
└── InvalidValueError               well formed, and yet impossible
    ├── UnknownAssigneeError
    └── WrongPasswordError          the old password, when it is changed

The text of each is meant for whoever sent the request. What each is over HTTP stands in `task_service.api.errors`.
"""


class CommandError(Exception):
    """A use case was refused; the class's docstring is the default text."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").removesuffix("."))


class UnknownThingError(CommandError):
    """There is no such thing."""


class UnknownTaskError(UnknownThingError):
    """There is no such task."""


class UnknownCommentError(UnknownThingError):
    """There is no such comment on this task."""


class UnknownUserError(UnknownThingError):
    """There is no such person."""


class UnknownExportError(UnknownThingError):
    """There is no such export (any more)."""


class UnknownErasureError(UnknownThingError):
    """There is no such receipt (any more)."""


class ForbiddenError(CommandError):
    """You may not do this."""


class NotYoursError(ForbiddenError):
    """Only whoever made it, or an administrator, may delete it."""


class NotAdministratorError(ForbiddenError):
    """Only an administrator may do this."""


class OwnAccountError(ForbiddenError):
    """Your own account is erased with your password, by DELETE /api/users/me."""


class NotConfirmedError(ForbiddenError):
    """This is not your password."""


class ForeignPageError(ForbiddenError):
    """Only Taskify's own page may do this."""


class RegistrationClosedError(ForbiddenError):
    """Registration is closed."""


class NotSignedInError(CommandError):
    """You are not signed in."""


class WrongCredentialsError(NotSignedInError):
    """The e-mail address or the password is wrong."""


class SessionOverError(NotSignedInError):
    """The session is over; log in again."""


class TooManyAttemptsError(CommandError):
    """There were too many wrong passwords; wait before the next one."""

    def __init__(self, retry_after_seconds: int = 1) -> None:
        super().__init__()
        self.retry_after_seconds = retry_after_seconds


class TooManyExportsError(CommandError):
    """You have asked for as many exports as a day allows."""

    def __init__(self, retry_after_seconds: int = 1) -> None:
        super().__init__()
        self.retry_after_seconds = retry_after_seconds


class LastAdministratorError(CommandError):
    """You are the only administrator; make somebody else one first."""


class ExportNotReadyError(CommandError):
    """The export is not ready yet; ask how far it is."""


class EmailTakenError(CommandError):
    """Somebody has registered with this e-mail address already."""


class VersionConflictError(CommandError):
    """The task was changed in the meantime."""


class InvalidValueError(CommandError):
    """A value of the request cannot be."""


class UnknownAssigneeError(InvalidValueError):
    """There is no such person."""


class WrongPasswordError(InvalidValueError):
    """This is not your password."""
