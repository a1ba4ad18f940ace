"""Where the templates of the library come from: Weftline, its plugins, the tenant itself, and other tenants.

Where two have one id, the tenant's own stands before what ships with Weftline, that before a plugin's, and that before
what other tenants have published.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from weftline.features.database import Database
from weftline.features.library.models import Publication, PublicationVersion, PublicTemplate, TemplateFacts
from weftline.features.rows import Connection, Statement
from weftline.library import Category, TemplateEntry, read_entry, shipped_entries

Source = Literal["BUILT_IN", "PLUGIN", "TENANT", "PUBLIC"]

KEPT = 1_000
"""Entries that are kept once they were read."""


class PluginTemplate(NamedTuple):
    """A template that a plugin brings.

    Attributes:
        plugin_id: which.
        entry: the template.
    """

    plugin_id: str
    entry: TemplateEntry


PluginTemplates = Callable[[UUID], Awaitable[Iterable[PluginTemplate]]]
"""The templates of the plugins that are there for a tenant."""


async def no_templates(tenant_id: UUID) -> Iterable[PluginTemplate]:
    """Those of no plugin at all."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template as it stands in the library for one tenant.

    Attributes:
        entry: what it is.
        source: where it comes from.
        version: of the entry.
        author: who made it; None: Weftline's makers.
        plugin_id: the plugin that brings it.
        is_featured: it is shown first.
        is_premium: it takes a licence.
        usage_count: how often it was installed.
    """

    entry: TemplateEntry
    source: Source
    version: int = 1
    author: str | None = None
    plugin_id: str | None = None
    is_featured: bool = False
    is_premium: bool = False
    usage_count: int = 0

    @property
    def id(self) -> str:
        """Unique in the library."""
        return self.entry.id

    @property
    def category(self) -> Category:
        """Where people look for it."""
        return self.entry.category


class _Ref(NamedTuple):
    """Which version of a template: of a tenant's by number, of a public one by the version's own id."""

    owner: UUID
    id: str = ""
    number: int = 0


_OWN = (
    select(
        Publication.id.label("id"),
        Publication.latest_version.label("version"),
        Publication.author.label("author"),
        Publication.usage_count.label("usage_count"),
    )
    .where(Publication.tenant_id == bindparam("tenant_id"), Publication.is_published)
    .order_by(Publication.id)
)
_PUBLIC = select(PublicTemplate.id, PublicTemplate.version_id, PublicTemplate.version, PublicTemplate.author).order_by(
    PublicTemplate.id
)
_FACTS = select(
    TemplateFacts.id, TemplateFacts.is_featured, TemplateFacts.is_premium, TemplateFacts.usage_count
).order_by(TemplateFacts.id)
_OWN_ENTRY = select(PublicationVersion.entry).where(
    PublicationVersion.tenant_id == bindparam("tenant_id"),
    PublicationVersion.publication_id == bindparam("id"),
    PublicationVersion.number == bindparam("version"),
)
_PUBLIC_ENTRY = select(PublicTemplate.entry).where(
    PublicTemplate.id == bindparam("id"), PublicTemplate.version_id == bindparam("version_id")
)


def _statement(select: Select[*tuple[Any, ...]]) -> Statement[Any]:
    return Statement(select)


class Shelves:
    """Finds templates.

    Args:
        database: where what tenants publish is kept.
        plugins: the templates of plugins.
        shipped: those that come with Weftline.
    """

    def __init__(
        self,
        database: Database,
        plugins: PluginTemplates = no_templates,
        shipped: Callable[[], Mapping[str, TemplateEntry]] = shipped_entries,
    ) -> None:
        self._database = database
        self._plugins = plugins
        self._shipped = shipped
        self._own, self._public, self._facts = _statement(_OWN), _statement(_PUBLIC), _statement(_FACTS)
        self._own_entry, self._public_entry = _statement(_OWN_ENTRY), _statement(_PUBLIC_ENTRY)
        # what was published is never changed
        self._entries: OrderedDict[_Ref, TemplateEntry] = OrderedDict()

    async def all(self, tenant_id: UUID) -> Sequence[Template]:
        """Every template that a tenant sees, by id."""
        brought = await self._plugins(tenant_id)
        async with self._database.reading(tenant_id) as connection:
            found = {each.id: each for each in await self._public_ones(connection)}
            found |= {
                each.entry.id: Template(entry=each.entry, source="PLUGIN", plugin_id=each.plugin_id) for each in brought
            }
            found |= {each.id: Template(entry=each, source="BUILT_IN") for each in self._shipped().values()}
            known = {row.id: row for row in await self._facts.all(connection, {})}
            own = await self._own_ones(connection, tenant_id)
        shared = {id: _with(template, known.get(id)) for id, template in found.items()}
        return sorted((shared | {each.id: each for each in own}).values(), key=lambda each: each.id)

    def is_shipped(self, id: str) -> bool:
        """Whether a template comes with Weftline."""
        return id in self._shipped()

    async def is_for_everybody(self, tenant_id: UUID, id: str) -> bool:
        """Whether there is a template of this id that is not one of the tenant's own alone."""
        if self.is_shipped(id) or any(each.entry.id == id for each in await self._plugins(tenant_id)):
            return True
        async with self._database.reading(tenant_id) as connection:
            return any(row.id == id for row in await self._public.all(connection, {}))

    async def _public_ones(self, connection: Connection) -> list[Template]:
        found: list[Template] = []
        for row in await self._public.all(connection, {}):
            values = {"id": row.id, "version_id": row.version_id}
            entry = await self._entry(connection, _Ref(row.version_id), self._public_entry, values)
            if entry is not None:
                found.append(Template(entry=entry, source="PUBLIC", version=row.version, author=row.author))
        return found

    async def _own_ones(self, connection: Connection, tenant_id: UUID) -> list[Template]:
        found: list[Template] = []
        for row in await self._own.all(connection, {"tenant_id": tenant_id}):
            values = {"tenant_id": tenant_id, "id": row.id, "version": row.version}
            entry = await self._entry(connection, _Ref(tenant_id, row.id, row.version), self._own_entry, values)
            if entry is not None:
                template = Template(entry=entry, source="TENANT", version=row.version, author=row.author)
                found.append(replace(template, usage_count=row.usage_count))
        return found

    async def _entry(
        self, connection: Connection, ref: _Ref, statement: Statement[Any], values: Mapping[str, Any]
    ) -> TemplateEntry | None:
        """The entry; None where it was taken back since it was listed."""
        kept = self._entries.get(ref)
        if kept is not None:
            self._entries.move_to_end(ref)
            return kept
        row = await statement.first(connection, values)
        if row is None:
            return None
        entry = self._entries[ref] = read_entry(row.entry)
        if len(self._entries) > KEPT:
            self._entries.popitem(last=False)
        return entry


def _with(template: Template, facts: Any) -> Template:
    """A template that everybody sees, as operators have marked it."""
    featured = None if facts is None else facts.is_featured
    premium = None if facts is None else facts.is_premium
    return replace(
        template,
        is_featured=template.entry.is_featured if featured is None else featured,
        is_premium=template.entry.is_premium if premium is None else premium,
        usage_count=0 if facts is None else facts.usage_count,
    )
