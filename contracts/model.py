"""The one base of all contract models."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer, WithJsonSchema


def rfc3339(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC with microseconds, so that written times sort as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


Moment = Annotated[
    AwareDatetime,
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class ContractModel(BaseModel):
    """Strict to those who build one, tolerant to those who read one."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)

    @classmethod
    def parse(cls, body: bytes | str) -> Self:
        """Read a message of another process; fields that this version does not know are ignored.

        Raises:
            pydantic.ValidationError: a field that this version needs is missing or wrong.
        """
        return cls.model_validate_json(body, extra="ignore")
