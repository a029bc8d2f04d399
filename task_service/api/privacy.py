"""What a person may ask about their own data: a copy of all of it, and that it is erased."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response, status
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from task_service.api.dependencies import Address, Caller, MemberRoute, Services, Wired
from task_service.api.downloads import Download
from task_service.api.privacy_schemas import ErasureReceipt, ErasureRequest, ExportStatus
from task_service.commands import erase_user as erasing
from task_service.commands import roles
from task_service.commands.errors import ExportNotReadyError, UnknownErasureError, UnknownExportError
from task_service.commands.export_progress import ExportProgress, ExportState, export_progress, find_export
from task_service.commands.request_export import request_export as begin_export
from task_service.queries.erasures import find_receipt
from task_service.queries.export_file import file_of

routes = APIRouter(tags=["privacy"], route_class=MemberRoute)

_FILE: dict[int | str, dict[str, Any]] = {
    status.HTTP_200_OK: {
        "description": "The file, as an attachment",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@routes.post("/api/users/me/export", status_code=status.HTTP_202_ACCEPTED)
async def request_export(services: Wired, caller: Caller, response: Response) -> ExportStatus:
    """Ask for a copy of everything held about oneself; while one is being gathered, it is that one."""
    export = await begin_export(services.unit_of_work, caller.id, services.exports)
    response.headers["Location"] = f"/api/users/me/export/{export.id}"
    return ExportStatus.of(await _progress(services, export.id, caller.id))


@routes.get("/api/users/me/export/{export_id}")
async def get_export(export_id: UUID, services: Wired, caller: Caller) -> ExportStatus:
    """Say how far an export is, service by service."""
    return ExportStatus.of(await _progress(services, export_id, caller.id))


@routes.get("/api/users/me/export/{export_id}/file", response_class=StreamingResponse, responses=_FILE)
async def get_export_file(export_id: UUID, services: Wired, caller: Caller) -> Response:
    """Download the file, once the export is ready and until it expires; one at a time, and some in an hour."""
    progress = await _progress(services, export_id, caller.id)
    if progress.state is ExportState.EXPIRED:
        raise UnknownExportError
    if progress.state is not ExportState.READY:
        raise ExportNotReadyError
    name = f"taskify-export-{progress.export.requested_at:%Y-%m-%d}.json"

    @asynccontextmanager
    async def session() -> AsyncIterator[AsyncSession]:
        async with services.unit_of_work.begin() as work:
            yield work.session

    download = Download(
        file_of(session, progress.export),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    download.downloads, download.user_id = services.downloads, caller.id
    services.downloads.begin(caller.id)
    return download


@routes.delete("/api/users/me", status_code=status.HTTP_202_ACCEPTED)
async def erase_own_account(
    body: ErasureRequest, services: Wired, caller: Caller, address: Address, response: Response
) -> ErasureReceipt:
    """Erase oneself everywhere, with one's password. Nobody is signed in as this person any more; keep the receipt."""
    receipt = await erasing.erase_oneself(
        services.unit_of_work,
        services.passwords,
        services.throttle,
        user_id=caller.id,
        password=body.password,
        address=address,
    )
    response.headers["Location"] = f"/api/erasures/{receipt.erasure.id}"
    return ErasureReceipt.of(receipt)


@routes.delete("/api/users/{user_id}", status_code=status.HTTP_202_ACCEPTED)
async def erase_account(user_id: UUID, services: Wired, caller: Caller, response: Response) -> ErasureReceipt:
    """Erase another person; administrators may."""
    receipt = await erasing.erase_another(services.unit_of_work, caller.id, user_id)
    response.headers["Location"] = f"/api/erasures/{receipt.erasure.id}"
    return ErasureReceipt.of(receipt)


@routes.get("/api/erasures/{receipt_id}")
async def get_erasure(receipt_id: UUID, services: Wired) -> ErasureReceipt:
    """Read the receipt of an erasure. It takes no token, since nobody is left to have one, and names nobody."""
    async with services.unit_of_work.begin() as work:
        receipt = await find_receipt(work.session, receipt_id)
    if receipt is None:
        raise UnknownErasureError
    return ErasureReceipt.of(receipt)


@routes.put("/api/users/{user_id}/role", status_code=status.HTTP_204_NO_CONTENT)
async def make_administrator(user_id: UUID, services: Wired, caller: Caller) -> None:
    """Make a member an administrator; administrators may."""
    await roles.change_role(services.unit_of_work, caller.id, user_id, administrator=True)


@routes.delete("/api/users/{user_id}/role", status_code=status.HTTP_204_NO_CONTENT)
async def make_member(user_id: UUID, services: Wired, caller: Caller) -> None:
    """Make an administrator a plain member again; administrators may, as long as one is left."""
    await roles.change_role(services.unit_of_work, caller.id, user_id, administrator=False)


async def _progress(services: Services, export_id: UUID, user_id: UUID) -> ExportProgress:
    async with services.unit_of_work.begin() as work:
        export = await find_export(work.session, export_id, user_id)
        if export is None:
            raise UnknownExportError
        return await export_progress(work.session, export, datetime.now(UTC), services.exports.patience)
