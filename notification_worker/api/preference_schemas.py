"""A person's preferences as the API takes and gives them."""

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from contracts.events.notification import Kind
from contracts.model import ContractModel
from contracts.notification_types import Frequency
from notification_worker.commands.preferences import KINDS, OWN_TYPES

_OF_THE_MACHINE = {"Factory", "localtime", "posixrules"}
"""Names that mean another zone on another machine, or none."""

_kind = TypeAdapter[str](Kind)


@cache
def _timezones() -> frozenset[str]:
    """Give the IANA names; reading them takes some hundredths of a second, so it is done once."""
    return frozenset(available_timezones() - _OF_THE_MACHINE)


def _is_timezone(name: str) -> str:
    if name not in _timezones():
        raise ValueError("not the name of a time zone in the IANA database, like Europe/Berlin")
    return name


def _is_decidable(name: str) -> str:
    if name not in OWN_TYPES:
        try:
            _kind.validate_python(name)
        except ValidationError as error:
            raise ValueError("neither a type that one can decide on nor the kind of another service") from error
    return name


def _of_few_kinds(types: dict[str, Frequency]) -> dict[str, Frequency]:
    if len(types.keys() - set(OWN_TYPES)) > KINDS:
        raise ValueError(f"of more than {KINDS} kinds")
    return types


Timezone = Annotated[str, AfterValidator(_is_timezone)]
DecidableType = Annotated[str, AfterValidator(_is_decidable)]


class NotificationPreferences(ContractModel):
    """How often each type is told: Taskify's own but `digest`, and kinds of other services.

    `timezone` is a name of the IANA database, `daily_at` the time of that zone's clocks at which the daily digest
    comes.
    """

    timezone: str
    daily_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    types: dict[str, Frequency]


class WantedPreferences(NotificationPreferences):
    """What is to hold from now on; a type that is not named is told at once, and a kind need not have been seen."""

    timezone: Timezone
    types: Annotated[dict[DecidableType, Frequency], AfterValidator(_of_few_kinds)]
