"""Showing which systems workflows can reach, and what they can do there."""

from __future__ import annotations

from collections.abc import Sequence

from weftline.authoring.integrations.auth import AuthType
from weftline.features.access.caller import Caller
from weftline.features.database import Database, driver
from weftline.features.integrations import repository
from weftline.features.integrations.directory import Directory, KnownAction, KnownIntegration
from weftline.features.integrations.models import ConnectionStatus
from weftline.features.integrations.schemas import FoundAction
from weftline.features.integrations.search import IN_TEXT, found_actions, rank, words_of
from weftline.features.integrations.service import person_of

MAX_FOUND = 500
"""Imported actions that one search ranks: those that have the words in their names, then others."""

MAX_OF_ONE = 20_000
"""Actions of one integration that are listed."""

Statuses = Sequence[ConnectionStatus]


class IntegrationCatalogue:
    """Lists and finds integrations.

    Args:
        database: where connections and imported integrations are.
        directory: the integrations.
    """

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    async def list(
        self,
        caller: Caller,
        *,
        query: str | None = None,
        category: str | None = None,
        auth_types: Sequence[AuthType] = (),
        is_connected: bool | None = None,
    ) -> tuple[list[KnownIntegration], dict[str, list[ConnectionStatus]]]:
        """The integrations that fit, and how the connections stand that the caller sees, by integration."""
        async with self._database.transaction(caller.tenant_id) as session:
            known = await self._directory.all(await driver(session), caller.tenant_id)
            connected = await repository.connected(session, caller.tenant_id, person_of(caller))
        words, wanted = words_of(query), set(auth_types)
        found = [
            each
            for each in known
            if (category is None or each.category == category)
            and (not wanted or any(auth.type in wanted for auth in each.auth))
            and (is_connected is None or (each.name in connected) == is_connected)
            and rank(words, each.name, each.title, f"{each.category} {each.description}") is not None
        ]
        return found, connected

    async def get(self, caller: Caller, name: str) -> tuple[KnownIntegration, Statuses]:
        """An integration, and how the connections to it stand that the caller sees.

        Raises:
            IntegrationNotFound: there is none of this name.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            known = await self._directory.get(await driver(session), caller.tenant_id, name)
            connected = await repository.connected(session, caller.tenant_id, person_of(caller))
        return known, connected.get(name, [])

    async def action(self, caller: Caller, integration: str, name: str) -> KnownAction:
        """An action with its schemas.

        Raises:
            IntegrationNotFound, ActionNotFound: there is none.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            return await self._directory.action(await driver(session), caller.tenant_id, integration, name)

    async def actions(self, caller: Caller, integration: str, query: str | None) -> list[KnownAction]:
        """The actions of an integration that fit.

        Raises:
            IntegrationNotFound: there is none of this name.
        """
        words = words_of(query)
        async with self._database.transaction(caller.tenant_id) as session:
            known = await self._directory.get(await driver(session), caller.tenant_id, integration)
            if not known.is_built_in:
                return list(
                    await self._directory.imported_actions(
                        await driver(session),
                        caller.tenant_id,
                        integration=integration,
                        words=words,
                        limit=MAX_OF_ONE,
                    )
                )
        return [action for _, action in found_actions([known], words)]

    async def search(self, caller: Caller, query: str | None, integration: str | None) -> list[FoundAction]:
        """The actions of all integrations that fit, with how close they are."""
        words = words_of(query)
        built_in = [each for each in self._directory.built_in() if integration in (None, each.name)]
        found = [FoundAction(*each) for each in found_actions(built_in, words)]
        if integration is None or not built_in:
            async with self._database.reading(caller.tenant_id, plan_anew=True) as connection:
                imported = await self._directory.imported_actions(
                    connection, caller.tenant_id, integration=integration, words=words, limit=MAX_FOUND
                )
            for each in imported:
                close = rank(words, each.id, each.title, each.description)
                # a word may be one of its integration's
                found.append(FoundAction(IN_TEXT if close is None else close, each))
        return found
