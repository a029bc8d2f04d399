"""A command of ours on somebody's terminal: what keeps it from its work is a line that says so, not a traceback."""

import sys
from collections.abc import Callable

from pydantic import ValidationError
from pydantic_settings import SettingsError

from infra.database.errors import is_database_away
from infra.errors import InfraError


def run_command(name: str, command: Callable[[], int], *expected: type[Exception]) -> int:
    """Run a command, and give its exit code; 1 after settings that are wrong, or trouble with a machine.

    `expected` are further errors whose text is meant for whoever started the command.
    """
    try:
        return command()
    except Exception as error:
        explanation = _explain(error, expected)
        if explanation is None:
            raise
        sys.stderr.write(f"{name}: {explanation}\n")
        return 1


def _explain(error: Exception, expected: tuple[type[Exception], ...]) -> str | None:
    """Say what is wrong in words for whoever started the command; None for a mistake of ours."""
    if isinstance(error, ValidationError):
        return explain_settings(error)
    if isinstance(error, (SettingsError, InfraError, *expected)):
        return str(error)
    return f"the database cannot be used: {error}" if is_database_away(error) else None


def explain_settings(error: ValidationError) -> str:
    """Name each wrong setting by its variable, and say what is wrong; never its value, which may be a password."""
    return "; ".join(
        f"TASKIFY_{str(problem['loc'][0]).upper() if problem['loc'] else 'settings'}: {problem['msg']}"
        for problem in error.errors(include_input=False)
    )
