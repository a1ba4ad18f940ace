"""Secrets in the inputs of jobs: markers become values when a worker fetches, and values are hidden in its answer."""

from __future__ import annotations

from uuid import UUID

import orjson

from weftline.model.masking import Masker
from weftline.store.connect import keyring_of
from weftline.store.keyring import Connection
from weftline.store.sealing import NotReadable
from weftline.store.variables import VariableSet, load_variables


async def reveal(
    connection: Connection, tenant_id: UUID, workflow_id: str, execution_id: UUID, input: str | bytes
) -> bytes:
    """A job's input with the secrets' values in the place of their markers.

    Args:
        connection: bound to the tenant, with its keys.
        tenant_id, workflow_id, execution_id: whose input.
        input: JSON text with markers.

    Returns:
        JSON text.

    Raises:
        UnknownSecret: a secret is gone by now.
        NotReadable, WrongMasterKey, CannotOpen: the secrets cannot be read here.
        StoreUnavailable: the database does not answer.
    """
    variables = await _variables(connection, tenant_id, workflow_id)
    return orjson.dumps(variables.revealed(orjson.loads(input), str(execution_id)))


async def masker_of(
    connection: Connection, tenant_id: UUID, workflow_id: str, execution_id: UUID, input: str | bytes
) -> Masker:
    """What hides the secrets that a job's input names, as far as they are still there.

    Args:
        connection, tenant_id, workflow_id, execution_id, input: see :func:`reveal`.

    Raises:
        NotReadable, WrongMasterKey, CannotOpen, StoreUnavailable: see :func:`reveal`.
    """
    variables = await _variables(connection, tenant_id, workflow_id)
    values: set[str] = set()

    def find(name: str) -> str:
        if name in variables.sealed:
            values.add(variables.secret(name))
        return ""

    variables.revealed(orjson.loads(input), str(execution_id), find)
    return Masker(values)


async def _variables(connection: Connection, tenant_id: UUID, workflow_id: str) -> VariableSet:
    keyring = keyring_of(connection)
    if keyring is None:
        raise NotReadable
    return await load_variables(connection, keyring, tenant_id, workflow_id)
