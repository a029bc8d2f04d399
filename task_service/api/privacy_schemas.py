"""The bodies of exports and erasures."""

from typing import Literal, Self
from uuid import UUID

from contracts.model import Moment
from task_service import models
from task_service.api.schemas import Answer, GivenPassword, RequestBody
from task_service.commands import export_progress as exports


class ExportService(Answer):
    service: str
    state: exports.HolderState


class ExportStatus(Answer):
    """`file` is where the file is once the export is `ready`, until `expires_at`."""

    id: UUID
    state: exports.ExportState
    requested_at: Moment
    expires_at: Moment
    services: list[ExportService]
    file: str | None

    @classmethod
    def of(cls, progress: exports.ExportProgress) -> Self:
        export = progress.export
        ready = progress.state is exports.ExportState.READY
        return cls(
            id=export.id,
            state=progress.state,
            requested_at=export.requested_at,
            expires_at=export.expires_at,
            services=[ExportService(service=service, state=state) for service, state in progress.services.items()],
            file=f"/api/users/me/export/{export.id}/file" if ready else None,
        )


class ErasureRequest(RequestBody):
    password: GivenPassword


class Removed(Answer):
    what: str
    count: int


class Pending(Answer):
    what: str
    gone_by: Moment


class ErasedService(Answer):
    """`waiting` has not answered yet, `pending` has erased all but what goes by itself, by the times given."""

    service: str
    state: Literal["waiting", "pending", "complete"]
    completed_at: Moment | None
    removed: list[Removed]
    pending: list[Pending]


class ErasureReceipt(Answer):
    """What was erased where. It names nobody; whoever knows `id` may read it."""

    id: UUID
    requested_at: Moment
    completed_at: Moment | None
    services: list[ErasedService]

    @classmethod
    def of(cls, receipt: models.Receipt) -> Self:
        return cls(
            id=receipt.erasure.id,
            requested_at=receipt.erasure.requested_at,
            completed_at=receipt.erasure.completed_at,
            services=[
                ErasedService(
                    service=one.service,
                    state="complete" if one.completed_at else "pending" if one.answered_at else "waiting",
                    completed_at=one.completed_at,
                    removed=[Removed.model_validate(each) for each in one.removed],
                    pending=[Pending.model_validate(each) for each in one.pending],
                )
                for one in receipt.services
            ],
        )
