"""What clients and other services ask first: the published keys, and where everything is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Response

from task_service.api.schemas import KeySet, PublicAddresses, PublishedKey

KEYS_MAX_AGE_SECONDS = 15
"""Shorter than a new key is published before it signs: no cache keeps a set without it for longer."""

Published = Callable[[], Sequence[Mapping[str, Any]]]


def discovery_routes(published: Published, addresses: PublicAddresses) -> APIRouter:
    """Give the two pages, which need no token."""
    routes = APIRouter(tags=["discovery"])

    @routes.get("/.well-known/jwks.json")
    async def get_keys(response: Response) -> KeySet:
        """Give the keys that verify access tokens (RFC 7517)."""
        response.headers["Cache-Control"] = f"public, max-age={KEYS_MAX_AGE_SECONDS}"
        return KeySet(keys=[PublishedKey.model_validate(key) for key in published()])

    @routes.get("/config.json")
    async def get_config(response: Response) -> PublicAddresses:
        """Say where the page finds the two APIs and the socket."""
        response.headers["Cache-Control"] = "no-cache"
        return addresses

    return routes
