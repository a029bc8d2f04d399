"""What an access token says. Source: RFC 7519 (JWT), RFC 8037 (EdDSA)."""

from uuid import UUID

from contracts.model import ContractModel, Moment

ALGORITHM = "EdDSA"
ISSUER = "taskify"
AUDIENCE = "taskify"


class Principal(ContractModel):
    """Who a verified token stands for: `sub`, `name`, `sid` and `exp` of its claims."""

    user_id: UUID
    name: str
    session_id: UUID
    expires_at: Moment
