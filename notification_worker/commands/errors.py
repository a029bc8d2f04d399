"""The errors of commands.

CommandError
├── NotificationNotFoundError   an id that is unknown, too old, or somebody else's
└── PersonErasedError           the token is still good, its person is gone
"""


class CommandError(Exception):
    """A command refused; nothing was changed."""


class NotificationNotFoundError(CommandError):
    """There is no such notification in this inbox."""


class PersonErasedError(CommandError):
    """The person is erased, and nothing more is kept about them."""
