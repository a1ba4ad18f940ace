"""What went wrong with parts of plugins in a tenant: of each part, how it failed last, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.plugins.models import PluginFault

REMEMBERED_DAYS = 30
"""A fault that was not seen for so long is forgotten."""

MAX_MESSAGE = 500

# what was not seen for long begins anew
_NOTE = text(
    """
    INSERT INTO plugin_faults AS f (tenant_id, plugin_id, part, message)
    VALUES (:tenant, :plugin, :part, :message)
    ON CONFLICT (tenant_id, plugin_id, part) DO UPDATE SET
        message = excluded.message,
        times = CASE WHEN f.last_at < now() - make_interval(days => :days) THEN 1 ELSE f.times + 1 END,
        first_at = CASE WHEN f.last_at < now() - make_interval(days => :days) THEN now() ELSE f.first_at END,
        last_at = now()
    """
)
_SEEN = text("last_at > now() - make_interval(days => :days)")


async def note_fault(session: AsyncSession, tenant_id: UUID, plugin_id: str, part: str, message: str) -> None:
    """Tell of a fault.

    Args:
        session: the transaction; under any role that sees the tenant.
        tenant_id, plugin_id: in which tenant, of which plugin.
        part: which of its parts, such as ``policy seals.night``.
        message: what went wrong; nothing that somebody entered.
    """
    bound = {"tenant": tenant_id, "plugin": plugin_id, "part": part, "days": REMEMBERED_DAYS}
    await session.execute(_NOTE, {**bound, "message": message.replace("\0", "")[:MAX_MESSAGE]})


async def faults_of(session: AsyncSession, tenant_id: UUID, plugin_id: str) -> Sequence[PluginFault]:
    """The faults of a plugin in a tenant, the latest first."""
    statement = (
        select(PluginFault)
        .where(PluginFault.tenant_id == tenant_id, PluginFault.plugin_id == plugin_id, _SEEN)
        .order_by(PluginFault.last_at.desc(), PluginFault.part)
    )
    return (await session.scalars(statement, {"days": REMEMBERED_DAYS})).all()
