"""Importing integrations from OpenAPI documents."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import orjson

from weftline.authoring.builtin import HttpSettings
from weftline.authoring.integrations import IntegrationRegistry, integrations
from weftline.features.access.caller import Caller
from weftline.features.audit.trail import record
from weftline.features.database import Database, driver
from weftline.features.integrations import importing_source, importing_store
from weftline.features.integrations.errors import IntegrationNotFound
from weftline.features.integrations.importing_errors import (
    IntegrationExists,
    IntegrationInUse,
    InvalidDocument,
    TooManyIntegrations,
)
from weftline.features.integrations.importing_store import Former
from weftline.openapi import ConvertedIntegration, DocumentError, convert, read_document

MAX_INTEGRATIONS = 200
"""That a tenant has imported."""

NAMED = 10
"""Workflows that are named where an integration is in use."""

CATEGORY = "imported"

Change = Literal["ADDED", "KEPT", "REMOVED"]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What somebody wants to import.

    Attributes:
        document: its text, or the object that it is.
        url: where it is, in place of that.
        name: what the integration is to be called; by its title where absent.
        title, category: for people; the document's title and ``imported`` where absent.
        base_url: where the system is, in place of what the document says.
    """

    document: str | dict[str, Any] | None = None
    url: str | None = None
    name: str | None = None
    title: str | None = None
    category: str | None = None
    base_url: str | None = None


class ImportedOperation(NamedTuple):
    """An action, and what an import makes of it."""

    name: str
    title: str
    method: str
    path: str
    tags: Sequence[str]
    is_deprecated: bool
    change: Change


@dataclass(frozen=True, slots=True)
class Import:
    """What an import comes to.

    Attributes:
        name: of the integration.
        found: what the document says.
        source_url: where it was fetched.
        is_new: there was none of this name.
        actions: those of the document, then those that it has no longer.
        warnings: what whoever imports should know, a sentence each.
    """

    name: str
    found: ConvertedIntegration
    source_url: str | None
    is_new: bool
    actions: Sequence[ImportedOperation]
    warnings: Sequence[str]


class ImportService:
    """Imports integrations.

    Args:
        database: where they are.
        http: what may be reached for documents.
        known: those that come with the platform.
    """

    def __init__(self, database: Database, http: HttpSettings, known: IntegrationRegistry = integrations) -> None:
        self._database = database
        self._http = http
        self._known = known

    async def run(self, caller: Caller, request: ImportRequest, *, is_dry: bool) -> Import:
        """Import an integration, or bring one up to date.

        Args:
            caller: whose tenant gets it.
            request: what to import.
            is_dry: tell what it comes to, and store nothing.

        Raises:
            InvalidDocument: there is no document, or it cannot be read.
            IntegrationExists: one of this name comes with the platform.
            TooManyIntegrations: there is no room for another.
        """
        content, source_url = await self._content(request)
        root = await _read(content, "/url" if source_url else "/document")
        # what it is called may rest on what it says
        found = None if request.name else await _converted(root, source_url, {}, request)
        name = request.name or (found.name if found else "")
        if self._known.get(name) is not None:
            raise IntegrationExists(name)
        async with self._database.transaction(caller.tenant_id) as session:
            former = await importing_store.former_actions(await driver(session), caller.tenant_id, name)
        if found is None or former:
            names = {(each.method, each.path): each.name for each in former}
            found = await _converted(root, source_url, names, request)
        async with self._database.transaction(caller.tenant_id) as session:
            connection = await driver(session)
            is_new = not await importing_store.lock(connection, caller.tenant_id, name)
            if is_new and await importing_store.count(connection, caller.tenant_id) >= MAX_INTEGRATIONS:
                raise TooManyIntegrations(MAX_INTEGRATIONS)
            callers = {} if is_new else await importing_store.callers(connection, caller.tenant_id, name)
            former = await importing_store.former_actions(connection, caller.tenant_id, name)
            gone = _gone(former, found)
            shown = None if source_url is None else importing_source.shown(source_url)
            came_to = Import(
                name, found, shown, is_new, _operations(found, former, gone), list(_warnings(found, gone, callers))
            )
            if not is_dry:
                await importing_store.save(
                    connection,
                    caller.tenant_id,
                    name,
                    found,
                    category=request.category or CATEGORY,
                    source_url=shown,
                    digest=hashlib.sha256(content).hexdigest(),
                    actor=caller.name,
                    kept=[each.name for each in gone if each.name in callers],
                )
                act = "integration.imported" if is_new else "integration.updated"
                await record(session, act, "integration", name, after=_facts(came_to))
        return came_to

    async def remove(self, caller: Caller, name: str, *, is_forced: bool) -> None:
        """Remove an imported integration. Connections to it stay, and serve it when it is imported again.

        Args:
            caller: whose tenant has it.
            name: of the integration.
            is_forced: even where published workflows call its actions.

        Raises:
            IntegrationNotFound: the tenant has imported none of this name.
            IntegrationInUse: published workflows call its actions.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            connection = await driver(session)
            if not await importing_store.lock(connection, caller.tenant_id, name):
                raise IntegrationNotFound(name)
            if not is_forced:
                callers = await importing_store.callers(connection, caller.tenant_id, name)
                workflows = sorted({workflow for each in callers.values() for workflow in each})
                if workflows:
                    raise IntegrationInUse(name, workflows[:NAMED])
            await importing_store.remove(connection, caller.tenant_id, name)
            await record(session, "integration.removed", "integration", name, before={"name": name})

    async def _content(self, request: ImportRequest) -> tuple[bytes, str | None]:
        """The document's text, and where it was fetched."""
        if request.url is not None:
            return await importing_source.fetch(request.url, self._http), request.url
        if isinstance(request.document, str):
            return request.document.encode("utf-8", "replace"), None
        return orjson.dumps(request.document), None


async def _read(content: bytes, place: str) -> dict[str, Any]:
    try:
        # in a thread, as large documents take seconds
        return await asyncio.to_thread(read_document, content)
    except DocumentError as error:
        raise InvalidDocument(place, str(error), "invalid_document") from None


async def _converted(
    root: dict[str, Any], source_url: str | None, known: dict[tuple[str, str], str], request: ImportRequest
) -> ConvertedIntegration:
    try:
        found = await asyncio.to_thread(convert, root, source_url=source_url, base_url=request.base_url, known=known)
    except DocumentError as error:
        raise InvalidDocument("/url" if source_url else "/document", str(error), "invalid_document") from None
    return replace(found, title=request.title) if request.title else found


def _gone(former: Sequence[Former], found: ConvertedIntegration) -> list[Former]:
    names = {each.name for each in found.actions}
    return [each for each in former if each.name not in names]


def _operations(
    found: ConvertedIntegration, former: Sequence[Former], gone: Sequence[Former]
) -> list[ImportedOperation]:
    known = {each.name for each in former if not each.is_removed}
    operations = [
        ImportedOperation(
            each.name,
            each.title,
            each.method,
            each.path,
            each.tags,
            each.is_deprecated,
            "KEPT" if each.name in known else "ADDED",
        )
        for each in found.actions
    ]
    operations += [
        ImportedOperation(each.name, each.title, each.method, each.path, (), True, "REMOVED") for each in gone
    ]
    return operations


def _warnings(found: ConvertedIntegration, gone: Sequence[Former], callers: dict[str, list[str]]) -> list[str]:
    warnings = [] if found.actions else ["The document has no operation that could be called."]
    for each in gone:
        workflows = callers.get(each.name)
        if workflows:
            named = ", ".join(f"'{workflow}'" for workflow in workflows[:NAMED])
            warnings.append(
                f"The document has no '{each.name}' any more, but published workflows call it: {named}. It stays, and"
                " is offered to nobody else."
            )
    return warnings


def _facts(came_to: Import) -> dict[str, Any]:
    """What the audit log keeps of it."""
    found = came_to.found
    return {
        "name": came_to.name,
        "title": found.title,
        "version": found.version,
        "baseUrl": found.base_url,
        "sourceUrl": came_to.source_url,
        "actions": len(found.actions),
        "added": sum(each.change == "ADDED" for each in came_to.actions),
        "removed": sum(each.change == "REMOVED" for each in came_to.actions),
    }
