"""Which plugins are to run, and what tenants have set for them, as it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from weftline.store.errors import translated
from weftline.store.keyring import Connection, Keyring, TenantCipher
from weftline.store.queries import queries
from weftline.store.resealing import reseal

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class PluginSwitches:
    """What is switched off and on.

    Attributes:
        stopped: plugins that are not to run at all.
        disabled: tenants and the plugins that they have switched off.
        enabled: tenants and those that they have switched on, of the plugins that are off until then.
    """

    stopped: frozenset[str] = frozenset()
    disabled: frozenset[tuple[UUID, str]] = frozenset()
    enabled: frozenset[tuple[UUID, str]] = frozenset()


async def plugin_switches(connection: Connection, on: Sequence[str], off: Sequence[str]) -> PluginSwitches:
    """What is switched of some plugins.

    Args:
        connection: sees every tenant's rows.
        on: ids of those that are there for a tenant until it switches them off.
        off: ids of those that are not until it switches them on.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with translated():
        stopped = await connection.fetch(_SQL["unwanted"])
        disabled = await connection.fetch(_SQL["disabled"], list(on))
        enabled = await connection.fetch(_SQL["enabled"], list(off)) if off else []
    return PluginSwitches(frozenset(row["id"] for row in stopped), _switched(disabled), _switched(enabled))


async def plugin_configuration(
    connection: Connection, keyring: Keyring, tenant_id: UUID, plugin_id: str
) -> dict[str, Any]:
    """What a tenant has set for a plugin, secrets among it.

    Args:
        connection: sees the tenant's rows.
        keyring: holds the keys.
        tenant_id, plugin_id: whose, for which.

    Raises:
        WrongMasterKey, CannotOpen: secrets cannot be opened.
        StoreUnavailable: the database does not answer.
    """
    with translated():
        row = await connection.fetchrow(_SQL["settings"], tenant_id, plugin_id)
    if row is None:
        return {}
    secrets: dict[str, Any] = {}
    if row["sealed"] is not None:
        cipher = await keyring.cipher(connection, tenant_id)
        secrets = orjson.loads(cipher.open(row["sealed"], plugin_context(plugin_id)))
    return {**orjson.loads(row["configuration"]), **secrets}


async def reseal_plugins(connection: Connection, keyring: Keyring, tenant_id: UUID, limit: int) -> int:
    """Seal the secrets that a tenant has set for plugins with its newest data key, where another one did.

    Args:
        connection: in a transaction.
        keyring: holds the keys.
        tenant_id: whose.
        limit: at most so many plugins.

    Returns:
        How many there were.

    Raises:
        WrongMasterKey, CannotOpen: one cannot be opened.
        StoreUnavailable: the database does not answer.
    """

    def anew(cipher: TenantCipher, row: asyncpg.Record) -> Sequence[Any]:
        plugin_id, sealed = row["plugin_id"], row["sealed"]
        return plugin_id, sealed, cipher.sealed_anew(sealed, plugin_context(plugin_id))

    return await reseal(connection, keyring, tenant_id, limit, _SQL, anew)


def _switched(rows: Iterable[asyncpg.Record]) -> frozenset[tuple[UUID, str]]:
    # the driver has a class of its own for ids
    return frozenset((UUID(bytes=row["tenant_id"].bytes), row["plugin_id"]) for row in rows)


def plugin_context(plugin_id: str) -> str:
    """What the secrets for a plugin are to whoever seals them."""
    return f"plugin {plugin_id}"


_SQL = queries("plugins")
