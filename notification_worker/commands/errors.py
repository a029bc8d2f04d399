"""The errors of commands.

CommandError
└── NotificationNotFoundError   an id that is unknown, or somebody else's
"""


class CommandError(Exception):
    """A command refused; nothing was changed."""


class NotificationNotFoundError(CommandError):
    """There is no such notification in this inbox."""
