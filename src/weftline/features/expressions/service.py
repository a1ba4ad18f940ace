"""Looking at places in definitions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Set
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import select

from weftline.authoring import ActionRegistry, registry
from weftline.authoring.integrations import integrations
from weftline.features.access.caller import Caller
from weftline.features.access.errors import PermissionDenied
from weftline.features.access.gate import Gate
from weftline.features.database import Database
from weftline.features.errors import FieldError
from weftline.features.http.errors import InvalidRequest
from weftline.features.integrations.permissions import READ_INTEGRATIONS
from weftline.features.variables.models import Variable
from weftline.features.variables.permissions import READ as SEE_VARIABLES
from weftline.features.variables.service import TENANT
from weftline.language.expression_checks import Path
from weftline.language.scopes import Checked, Known, Scope, VariableFact, check_expression, scope_at
from weftline.store.integrations import imported_outputs
from weftline.store.variables import SYSTEM_VARIABLES

MAX_IMPORTED = 500
"""Imported actions of a definition whose outputs are looked up."""

_INDEX = re.compile(r"0|[1-9][0-9]{0,5}")


class ExpressionService:
    """Tells what expressions can use, and what is wrong with them.

    Args:
        database: where variables are.
        gate: knows who may see them.
        known: what there is to say of actions.
    """

    def __init__(self, database: Database, gate: Gate, known: ActionRegistry = registry) -> None:
        self._database = database
        self._gate = gate
        self._actions = known

    async def scope(self, caller: Caller, document: dict[str, Any], pointer: str) -> Scope:
        """What an expression at a place can use.

        Raises:
            InvalidRequest: ``pointer`` is no JSON pointer.
        """
        path = read_pointer(pointer, document)
        known = await self._known(caller, document)
        # in a thread, for a large graph takes its time
        return await asyncio.to_thread(scope_at, document, path, known)

    async def check(
        self,
        caller: Caller,
        document: dict[str, Any],
        pointer: str,
        text: str,
        syntax: Literal["expression", "template"] | None,
    ) -> Checked:
        """What is wrong with an expression, were it to stand at a place.

        Args:
            caller: who asks.
            document: the definition around it.
            pointer: JSON pointer to the place.
            text: the expression.
            syntax: how it is written; None: as the place has it, and bare where that has none.

        Raises:
            InvalidRequest: ``pointer`` is no JSON pointer.
        """
        scope = await self.scope(caller, document, pointer)
        return await asyncio.to_thread(check_expression, text, scope, syntax or scope.syntax or "expression")

    async def _known(self, caller: Caller, document: Mapping[str, Any]) -> Known:
        outputs: dict[str, Mapping[str, Any]] = {
            each.name: each.facts.output for each in self._actions if each.facts.output is not None
        }
        outputs |= await self._imported(caller, actions_of(document) - outputs.keys())
        try:
            await self._gate.allow(caller, SEE_VARIABLES, {})
        except PermissionDenied:
            return Known(None, outputs)
        workflow_id = document.get("id")
        return Known(await self._variables(caller.tenant_id, workflow_id), outputs)

    async def _imported(self, caller: Caller, names: Set[str]) -> Mapping[str, Mapping[str, Any]]:
        """What actions give that the tenant has imported: of those that the definition names, for there may be
        ten thousand."""
        # integrations that this process has cannot be imported
        wanted = sorted(name for name in names if "." in name and integrations.get(name.partition(".")[0]) is None)
        if not wanted:
            return {}
        try:
            await self._gate.allow(caller, READ_INTEGRATIONS, {})
        except PermissionDenied:
            return {}
        async with self._database.reading(caller.tenant_id) as connection:
            return await imported_outputs(connection, caller.tenant_id, wanted[:MAX_IMPORTED])

    async def _variables(self, tenant_id: UUID, workflow_id: object) -> list[VariableFact]:
        """Those that a workflow sees, its own before its tenant's."""
        scopes = [TENANT, workflow_id] if isinstance(workflow_id, str) else [TENANT]
        columns = (Variable.key, Variable.type, Variable.description)
        statement = (
            select(*columns)
            .where(Variable.tenant_id == tenant_id, Variable.workflow_id.in_(scopes))
            .order_by(Variable.workflow_id, Variable.key)
        )
        found = {key: VariableFact(key, "STRING", told) for key, told in SYSTEM_VARIABLES.items()}
        async with self._database.transaction(tenant_id) as session:
            for key, type, description in await session.execute(statement):
                found[key] = VariableFact(key, type, description)
        return [found[key] for key in sorted(found)]


def actions_of(document: object) -> set[str]:
    """The names of all actions that a definition calls, also an unfinished one.

    Args:
        document: JSON.
    """
    found: set[str] = set()
    unread: list[object] = [document]
    while unread:
        each = unread.pop()
        if isinstance(each, dict):
            fields = cast("dict[str, object]", each)
            if isinstance(name := fields.get("action"), str):
                found.add(name)
            unread += fields.values()
        elif isinstance(each, list):
            unread += cast("list[object]", each)
    return found


def read_pointer(pointer: str, document: object) -> Path:
    """The keys and indexes that a JSON pointer (RFC 6901) names.

    Args:
        pointer: where to.
        document: from where; its parts need not be there.

    Raises:
        InvalidRequest: it is no pointer.
    """
    if pointer and not pointer.startswith("/"):
        message = "a JSON pointer is empty or begins with `/`, like `/nodes/0/when`"
        raise InvalidRequest([FieldError("/pointer", message, "invalid_value")])
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    path: list[str | int] = []
    place: Any = document
    for part in parts:
        key: str | int = int(part) if isinstance(place, list) and _INDEX.fullmatch(part) else part
        path.append(key)
        place = _below(place, key)
    return tuple(path)


def _below(place: Any, key: str | int) -> Any:
    try:
        return place[key]
    except (KeyError, IndexError, TypeError):
        return None
