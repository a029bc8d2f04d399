"""The errors of commands.

CommandError
├── NotificationNotFoundError   an id that is unknown, too old, or somebody else's
├── TaskNotMutedError           the person has not muted this task
└── PersonErasedError           the token is still good, its person is gone
"""


class CommandError(Exception):
    """A command refused; nothing was changed."""


class NotificationNotFoundError(CommandError):
    """There is no such notification in this inbox."""


class TaskNotMutedError(CommandError):
    """The person has not muted this task."""


class PersonErasedError(CommandError):
    """The person is erased, and nothing more is kept about them."""
