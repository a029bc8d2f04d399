"""What all answers have in common: security headers, and who may read them from another origin.

Sources: Content Security Policy Level 3, Fetch (CORS), OWASP Secure Headers Project.
"""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.http.body_limit import BodyLimit
from infra.http.rate_limit import AddressLimit, RequestLimits
from task_service.api.schemas import PublicAddresses

_PREFLIGHT_SECONDS = 600


def security_headers(addresses: PublicAddresses) -> dict[str, str]:
    """Give the headers of every answer; the page may load only itself and talk only to our three addresses."""
    connect = " ".join(dict.fromkeys([addresses.api_url, addresses.notifications_url, addresses.socket_url]))
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "connect-src": f"'self' {connect}",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if addresses.api_url.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


class DefaultHeaders:
    """ASGI middleware: adds headers that an answer does not have; answers of the API are never cached."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        more = {"Cache-Control": "no-store"} if scope["path"].startswith("/api/") else {}

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**self._headers, **more}.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


def wrap(app: ASGIApp, addresses: PublicAddresses, origins: Sequence[str], limits: RequestLimits) -> ASGIApp:
    """Put the application into its middleware, outside of which nothing answers: failures get these headers too."""
    limited = AddressLimit(BodyLimit(app), limits)
    shared = CORSMiddleware(
        limited,
        allow_origins=origins,
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "If-Match", "traceparent"],
        expose_headers=["ETag", "Link", "Location", "Retry-After"],
        max_age=_PREFLIGHT_SECONDS,
    )
    return DefaultHeaders(shared, security_headers(addresses))
