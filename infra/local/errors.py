"""The errors of the launcher: each is one message for the person who started it.

LaunchError
├── AlreadyRunningError   another `make up` works on the same TASKIFY_HOME
├── PortTakenError        somebody listens where we are to listen
├── BrokenDataError       a folder in TASKIFY_HOME cannot be used
├── MissingProgramError   a program is not installed, and we cannot install it
└── ChildError            a process that we started did not get ready, or died
"""


class LaunchError(Exception):
    """The system could not be started, or could not go on."""


class AlreadyRunningError(LaunchError):
    """Another launcher works on the same folder."""


class PortTakenError(LaunchError):
    """A port that we need is taken by another process."""


class BrokenDataError(LaunchError):
    """A data folder is damaged, or was written by another version."""


class MissingProgramError(LaunchError):
    """A program that we need is not installed."""


class ChildError(LaunchError):
    """A process that we started failed; its last log lines are in the message."""
