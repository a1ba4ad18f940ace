"""The database roles, and how they come to exist.

``weft_api`` serves people: it sees the one tenant named by ``app.current_tenant`` and nothing without it, and knows no
password, session or key. ``weft_identity`` signs people in: it holds those, and reads who belongs to which tenant.
``weft_operator`` serves the platform's operators: it reads every tenant and keeps the list of them. ``weft_worker``
runs executions of every tenant. None can log in, own anything or bypass row-level security; the login role of the
database URL assumes one of them per connection (``server_settings={"role": API_ROLE}``).

Roles belong to the whole cluster, so several databases may be migrated into it at once: whoever comes
second finds them made. From PostgreSQL 16 on, a role with CREATEROLE administers only the roles it has
made itself, and membership alone no longer implies SET ROLE; hence the check before, and the explicit
grant.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

API_ROLE = "weft_api"
WORKER_ROLE = "weft_worker"
IDENTITY_ROLE = "weft_identity"
OPERATOR_ROLE = "weft_operator"
ROLES = (API_ROLE, WORKER_ROLE, IDENTITY_ROLE, OPERATOR_ROLE)

_ATTRIBUTES = "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
_POSTGRES_16 = 160000


class RoleSetupError(Exception):
    """The login role may not create or assume the roles; ``statements`` are for a DBA to run."""

    def __init__(self, login: str, reason: str, statements: tuple[str, ...]) -> None:
        script = "\n".join(f"    {statement};" for statement in statements)
        super().__init__(
            f"the role {login} could not set up Weftline's database roles ({reason}). "
            f"Ask an administrator of the server to run:\n{script}"
        )
        self.login = login
        self.statements = statements


async def ensure_roles(connection: AsyncConnection) -> None:
    """Makes the roles that are missing and lets the login role assume them.

    Args:
        connection: in autocommit mode, so that a lost race spoils nothing else.

    Raises:
        RoleSetupError: the login role lacks the rights for it.
    """
    login = (await connection.execute(text("SELECT quote_ident(current_user)"))).scalar_one()
    version = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
    options = " WITH INHERIT FALSE, SET TRUE" if version >= _POSTGRES_16 else ""
    statements = tuple(
        statement
        for role in ROLES
        for statement in (f"CREATE ROLE {role} {_ATTRIBUTES}", f"GRANT {role} TO {login}{options}")
    )
    for role in ROLES:
        reason = await _ensure_role(connection, role, options, login, version)
        if reason is not None:
            raise RoleSetupError(login, reason, statements)


async def _ensure_role(connection: AsyncConnection, role: str, options: str, login: str, version: int) -> str | None:
    """None once ``role`` exists and can be assumed, else why not."""
    reason = None
    if not await _exists(connection, role):
        reason = await _attempt(connection, f"CREATE ROLE {role} {_ATTRIBUTES}")
        if not await _exists(connection, role):
            return reason
    if not await _assumable(connection, role, version):
        reason = await _attempt(connection, f"GRANT {role} TO {login}{options}")
        if not await _assumable(connection, role, version):
            return reason
    return None


async def _attempt(connection: AsyncConnection, statement: str) -> str:
    """Runs ``statement``; what the server objected to, for the caller to weigh against what then is."""
    try:
        await connection.execute(text(statement))
    except DBAPIError as error:
        return str(error.orig).rpartition(": ")[2]
    return "it had no effect"


async def _exists(connection: AsyncConnection, role: str) -> bool:
    query = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
    return (await connection.execute(query, {"role": role})).scalar_one()


async def _assumable(connection: AsyncConnection, role: str, version: int) -> bool:
    privilege = "SET" if version >= _POSTGRES_16 else "MEMBER"
    query = text("SELECT pg_has_role(:role, :privilege)")
    return (await connection.execute(query, {"role": role, "privilege": privilege})).scalar_one()
