"""The members of the workspace, and one's own account."""

from fastapi import APIRouter, status

from task_service.api.dependencies import Address, Caller, MemberRoute, Wired
from task_service.api.schemas import OwnAccount, PasswordRequest, Person, RenameRequest
from task_service.commands import change_password as passwords
from task_service.commands.rename_user import rename_user
from task_service.queries.users import all_users

routes = APIRouter(prefix="/api/users", tags=["users"], route_class=MemberRoute)


@routes.get("")
async def list_users(services: Wired, _: Caller) -> list[Person]:
    """List everybody, by name."""
    async with services.sessions() as database:
        return [Person.of(user) for user in await all_users(database)]


@routes.get("/me")
async def get_own_account(caller: Caller) -> OwnAccount:
    """Say who one is."""
    return OwnAccount.of(caller.user)


@routes.patch("/me")
async def rename(body: RenameRequest, services: Wired, caller: Caller) -> OwnAccount:
    """Change one's name; tasks and later notifications show the new one."""
    return OwnAccount.of(await rename_user(services.unit_of_work, caller.id, body.name))


@routes.put("/me/password", status_code=status.HTTP_204_NO_CONTENT)
async def change_password(body: PasswordRequest, services: Wired, caller: Caller, address: Address) -> None:
    """Change one's password; all other sessions of the person end."""
    await passwords.change_password(
        services.unit_of_work,
        services.passwords,
        services.throttle,
        user_id=caller.id,
        session_id=caller.session_id,
        old=body.old,
        new=body.new,
        address=address,
    )
