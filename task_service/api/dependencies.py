"""What routes need, handed to them by FastAPI: in coroutines, since it runs plain functions in threads."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import HTTPBearer
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from contracts.tokens import Principal
from infra.http.address import address_of
from infra.http.member_route import member_route
from infra.http.rate_limit import RequestLimits
from task_service.api.cursor import decode_cursor
from task_service.api.downloads import Downloads
from task_service.api.entity_tag import wanted_versions
from task_service.commands.errors import ForeignPageError, SessionOverError
from task_service.commands.login_throttle import LoginThrottle
from task_service.commands.request_export import ExportLimits
from task_service.commands.unit_of_work import UnitOfWork
from task_service.credentials.access_tokens import AccessTokens
from task_service.credentials.passwords import Passwords
from task_service.queries.pages import Position
from task_service.queries.sessions import Member, member_of_session

PAGE_LENGTH = 50
PAGE_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Services:
    """What the API is built upon. `database` is what every request asks, `sessions` reads whole objects."""

    database: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    unit_of_work: UnitOfWork
    access_tokens: AccessTokens
    passwords: Passwords
    throttle: LoginThrottle
    limits: RequestLimits
    session_life: timedelta
    refresh_grace: timedelta
    secure_cookie: bool
    page_origins: frozenset[str]
    registration_open: bool
    exports: ExportLimits = field(default_factory=ExportLimits)
    downloads: Downloads = field(default_factory=Downloads)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who makes a request, as the database knows them now."""

    user: Member
    session_id: UUID

    @property
    def id(self) -> UUID:
        """The person's id."""
        return self.user.id


async def services_of(request: Request) -> Services:
    """Give what the application was made with."""
    services: Services = request.app.state.services
    return services


Wired = Annotated[Services, Depends(services_of)]


async def _address(request: Request, services: Wired) -> str:
    return address_of(request.scope, services.limits.trusted_proxies)


async def _identify(request: Request) -> Principal:
    services = await services_of(request)
    return await services.limits.principal_of(request, services.access_tokens)


MemberRoute = member_route(_identify)


async def signed_in(
    request: Request,
    services: Wired,
    _: Annotated[object, Security(HTTPBearer(auto_error=False, bearerFormat="JWT"))],
) -> SignedIn:
    """Let in whoever brings a good token of a session that goes on.

    Raises:
        TokenError: no token, or not a good one.
        TooManyRequestsError: the person has sent too many requests.
        SessionOverError: its session has ended.
    """
    principal = await _identify(request)
    now = datetime.now(UTC)
    member = await member_of_session(services.database, principal.session_id, principal.user_id, now)
    if member is None:
        raise SessionOverError
    return SignedIn(member, principal.session_id)


async def from_our_page(request: Request, services: Wired) -> None:
    """Refuse what the page of another origin sends, which `SameSite` does not when its site is the same.

    Raises:
        ForeignPageError: a browser says so. What sends no `Origin` is no page.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin not in services.page_origins:
        raise ForeignPageError


async def _position(cursor: Annotated[str | None, Query(max_length=100)] = None) -> Position | None:
    return decode_cursor(cursor) if cursor is not None else None


async def _versions(
    if_match: Annotated[str | None, Header(description="`ETag` of the task as it was seen")] = None,
) -> frozenset[int] | None:
    return wanted_versions(if_match)


Address = Annotated[str, Depends(_address)]
"""By which the client is counted."""

Caller = Annotated[SignedIn, Depends(signed_in)]
From = Annotated[Position | None, Depends(_position)]
Limit = Annotated[int, Query(ge=1, le=PAGE_LONGEST)]
IfMatch = Annotated[frozenset[int] | None, Depends(_versions)]
