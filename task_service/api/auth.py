"""Registering, logging in and out, and a new access token for the cookie of a session."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Request, Response, status

from infra.auth import TokenError
from infra.auth.bearer import principal_of
from task_service.api.dependencies import Address, Services, Wired, from_our_page
from task_service.api.schemas import AccessToken, Account, LoginRequest, RegisterRequest
from task_service.commands.errors import RegistrationClosedError, SessionOverError
from task_service.commands.log_in import log_in as begin_session
from task_service.commands.log_out import log_out as end_session
from task_service.commands.refresh_session import refresh_session
from task_service.commands.register import register as make_account
from task_service.credentials.access_tokens import Bearer
from task_service.models import Session, User
from task_service.queries.sessions import session_of_cookie

COOKIE = "taskify_refresh"
COOKIE_PATH = "/api/auth"

RefreshCookie = Annotated[str | None, Cookie(alias=COOKIE, max_length=200)]

routes = APIRouter(prefix="/api/auth", tags=["auth"], dependencies=[Depends(from_our_page)])


@routes.post("/register", status_code=status.HTTP_201_CREATED)
async def register(body: RegisterRequest, services: Wired) -> Account:
    """Make an account; the first of all is the administrator's."""
    if not services.registration_open:
        raise RegistrationClosedError
    user = await make_account(
        services.unit_of_work, services.passwords, email=body.email, name=body.name, password=body.password
    )
    return Account.of(user)


@routes.post("/login")
async def log_in(body: LoginRequest, services: Wired, address: Address, response: Response) -> AccessToken:
    """Begin a session: a short-lived access token in the body, a long-lived refresh token in a cookie."""
    begun = await begin_session(
        services.unit_of_work,
        services.passwords,
        services.throttle,
        email=body.email,
        password=body.password,
        address=address,
        life=services.session_life,
    )
    _set_cookie(services, response, begun.refresh_token, begun.session.expires_at)
    return _access_token(services, begun.session, begun.user)


@routes.post("/refresh")
async def refresh(services: Wired, response: Response, refresh_token: RefreshCookie = None) -> AccessToken:
    """Give a new access token to the session of the cookie, and a new cookie, which replaces the one before.

    A cookie that was replaced before ends the session, except within a minute: its answer may have been lost.
    """
    if refresh_token is None:
        raise SessionOverError
    refreshed = await refresh_session(services.unit_of_work, refresh_token, services.refresh_grace)
    _set_cookie(services, response, refreshed.refresh_token, refreshed.session.expires_at)
    return _access_token(services, refreshed.session, refreshed.user)


@routes.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def log_out(request: Request, services: Wired, response: Response, refresh_token: RefreshCookie = None) -> None:
    """End the session of the cookie and that of the access token, which may differ after logging in twice.

    One of the two is enough. A session that is over is fine.
    """
    try:
        principal = await principal_of(request, services.access_tokens)
    except TokenError:
        if refresh_token is None:
            raise
    else:
        await end_session(services.unit_of_work, principal.session_id)
    if refresh_token is None:
        return
    async with services.sessions() as database:
        session_id = await session_of_cookie(database, refresh_token)
    if session_id is not None:
        await end_session(services.unit_of_work, session_id)
    response.delete_cookie(COOKIE, path=COOKIE_PATH, secure=services.secure_cookie, httponly=True, samesite="strict")


def _access_token(services: Services, session: Session, user: User) -> AccessToken:
    tokens, now = services.access_tokens, datetime.now(UTC)
    bearer = Bearer(user.id, user.name, session.id, session.expires_at)
    return AccessToken(
        access_token=tokens.issue(bearer, now), expires_in=int(tokens.life_of(bearer, now).total_seconds())
    )


def _set_cookie(services: Services, response: Response, token: str, expires_at: datetime) -> None:
    """Hide the refresh token from scripts, from other sites, and from every path but these."""
    response.set_cookie(
        COOKIE,
        token,
        expires=expires_at,
        path=COOKIE_PATH,
        secure=services.secure_cookie,
        httponly=True,
        samesite="strict",
    )
