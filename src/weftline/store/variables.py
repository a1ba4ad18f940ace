"""The variables that a workflow sees, as they are stored: secrets stay sealed until somebody must have their value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from weftline.model.secrets import CODE_BYTES, label, marker, replaced
from weftline.store.errors import translated
from weftline.store.keyring import Connection, Keyring, TenantCipher
from weftline.store.queries import queries
from weftline.store.resealing import reseal

if TYPE_CHECKING:
    import asyncpg

SECRET = "SECRET"  # noqa: S105 - the name of a type
"""The type of variables that are sealed."""


SYSTEM_VARIABLES: Mapping[str, str] = {
    "PLATFORM_URL": "Where people reach the platform.",
    "TENANT_ID": "The tenant's id.",
    "TENANT_SLUG": "The tenant's short name.",
}
"""The variables that every tenant has, and what they are; nobody can set others of these names."""


class UnknownSecret(LookupError):
    """There is no secret variable of this name."""


@dataclass(frozen=True, slots=True)
class VariableSet:
    """A workflow's variables at one moment.

    Attributes:
        number: how often the tenant's variables had been changed by then.
        values: those that are no secrets, by name.
        sealed: the secrets by name: the context, and what is sealed.
        cipher: the tenant's.
    """

    number: int
    values: Mapping[str, Any]
    sealed: Mapping[str, tuple[str, bytes]]
    cipher: TenantCipher

    def secret(self, name: str) -> str:
        """A secret's value.

        Raises:
            UnknownSecret: there is none of this name.
            CannotOpen: it was sealed under another key.
        """
        if name not in self.sealed:
            raise UnknownSecret(f"there is no secret variable '{name}'")
        context, sealed = self.sealed[name]
        return self.cipher.open(sealed, context).decode()

    def marker(self, name: str, execution_id: str) -> str:
        """The stand-in for a secret in the log of an execution."""
        return marker(name, self._code(name, execution_id))

    def revealed(self, value: Any, execution_id: str, reveal: Callable[[str], str] | None = None) -> Any:
        """A JSON value with the secrets' values in the place of their markers, labels in the place of all others.

        Args:
            value: the input of an action.
            execution_id: the execution's; another's markers are worth nothing.
            reveal: gives a secret's value; None: :meth:`secret`.

        Raises:
            UnknownSecret: a secret is gone by now.
            CannotOpen: one was sealed under another key.
        """
        find = reveal or self.secret

        def replace(name: str, code: str) -> str:
            return find(name) if code == self._code(name, execution_id) else label(name)

        return replaced(value, replace)

    def _code(self, name: str, execution_id: str) -> str:
        return self.cipher.mac(f"secret {execution_id} {name}".encode())[:CODE_BYTES].hex()


def system_values(tenant_id: UUID, slug: str, platform_url: str) -> dict[str, str]:
    """The values of ``SYSTEM_VARIABLES``.

    Args:
        tenant_id, slug: the tenant's.
        platform_url: where people reach the platform.
    """
    return {"PLATFORM_URL": platform_url, "TENANT_ID": str(tenant_id), "TENANT_SLUG": slug}


async def load_variables(connection: Connection, keyring: Keyring, tenant_id: UUID, workflow_id: str) -> VariableSet:
    """The variables that a workflow sees, its own before its tenant's.

    Raises:
        WrongMasterKey: the tenant's data keys were wrapped by a master key that is not known here.
        StoreUnavailable: the database does not answer.
    """
    with translated():
        # the number first: what changes in between is looked up again
        numbers = await connection.fetch(_SQL["numbers"], [tenant_id])
        rows = await connection.fetch(_SQL["load"], tenant_id, workflow_id)
    values = {row["key"]: orjson.loads(row["value"]) for row in rows if row["sealed"] is None}
    sealed = {
        row["key"]: (secret_context(row["workflow_id"], row["key"]), row["sealed"])
        for row in rows
        if row["sealed"] is not None
    }
    cipher = await keyring.cipher(connection, tenant_id)
    return VariableSet(numbers[0]["number"] if numbers else 0, values, sealed, cipher)


async def variable_numbers(connection: Connection, tenants: list[UUID]) -> dict[UUID, int]:
    """How often the variables of tenants have been changed."""
    with translated():
        rows = await connection.fetch(_SQL["numbers"], tenants)
    return {row["tenant_id"]: row["number"] for row in rows}


async def reseal_secrets(connection: Connection, keyring: Keyring, tenant_id: UUID, limit: int) -> int:
    """Seal a tenant's secrets with its newest data key, where they are sealed with an older one.

    Args:
        connection: in a transaction.
        keyring: holds the keys.
        tenant_id: whose.
        limit: at most so many.

    Returns:
        How many there were.

    Raises:
        WrongMasterKey, CannotOpen: one cannot be opened.
        StoreUnavailable: the database does not answer.
    """

    def anew(cipher: TenantCipher, row: asyncpg.Record) -> Sequence[Any]:
        workflow_id, key, sealed = row["workflow_id"], row["key"], row["sealed"]
        return workflow_id, key, sealed, cipher.sealed_anew(sealed, secret_context(workflow_id, key))

    return await reseal(connection, keyring, tenant_id, limit, _SQL, anew)


def secret_context(workflow_id: str, key: str) -> str:
    """What a tenant's cipher is told that a sealed variable is.

    Args:
        workflow_id: whose it is; '' for the whole tenant's.
        key: its name.
    """
    return f"variable {workflow_id}/{key}"


_SQL = queries("variables")
