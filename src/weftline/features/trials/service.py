"""Trying definitions out."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from weftline.authoring import ActionRegistry, registry
from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.access.errors import PermissionDenied
from weftline.features.access.gate import Gate
from weftline.features.database import Database
from weftline.features.errors import FieldError
from weftline.features.executions.errors import InvalidInput
from weftline.features.trials.errors import InvalidTrial, TrialTooLarge
from weftline.features.trials.helpers import TrialHelpers
from weftline.features.trials.variables import variables_of
from weftline.features.variables.permissions import READ as SEE_VARIABLES
from weftline.features.workflows.checking import DefinitionChecker
from weftline.language.plugin_nodes import PluginParts
from weftline.language.validators import without_named_checks
from weftline.plugins.running import no_action, no_parts

SECONDS = 2.0
"""That a trial may take."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried out; see :class:`weftline.testing.trial.TrialPlan`."""

    definition: dict[str, Any]
    input: dict[str, Any]
    mocks: dict[str, Any] = field(default_factory=dict[str, Any])
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, Any])
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    max_steps: int = 1_000
    until: float | None = None
    starts_at: float | None = None


class TrialService:
    """Tries definitions out: nothing is stored, and nothing outside is touched.

    Args:
        database: where variables are.
        actions: names that definitions may call; None accepts any.
        cache: knows tenants.
        gate: knows who may see variables.
        known: what there is to say of actions.
        hidden: names of those that are not there for a tenant.
        parts: what of plugins a tenant's definitions may use.
    """

    def __init__(
        self,
        database: Database,
        actions: Collection[str] | None,
        cache: AccessCache,
        gate: Gate,
        known: ActionRegistry = registry,
        *,
        hidden: Callable[[UUID], Collection[str]] = no_action,
        parts: Callable[[UUID], Awaitable[PluginParts]] = no_parts,
    ) -> None:
        self._database = database
        self._cache = cache
        self._gate = gate
        self._checker = DefinitionChecker(database, actions, hidden, parts)
        self._known = known
        self._helpers = TrialHelpers()

    async def close(self) -> None:
        """End the processes in which trials run."""
        await self._helpers.close()

    async def run(self, caller: Caller, trial: Trial) -> dict[str, Any]:
        """What a trial comes to; see :func:`weftline.testing.trial.run_trial`.

        Raises:
            InvalidDefinition: the definition is not valid.
            InvalidInput: its input does not satisfy the workflow's schema.
            InvalidTrial: what is to happen cannot happen.
            TrialTooLarge: it takes more time or memory than it may.
        """
        definition, document = await self._checker.check(caller.tenant_id, trial.definition)
        rules = await self._cache.rules(caller.tenant_id)
        plain, secrets = await self._variables(caller, definition.id)
        plan: dict[str, Any] = {
            "input": trial.input,
            "mocks": trial.mocks,
            "answers": trial.answers,
            "events": trial.events,
            "outputs": {each.name: each.facts.output for each in self._known if each.facts.output is not None},
            "variables": {**plain, **trial.variables},
            "secrets": [name for name in secrets if name not in trial.variables],
            "tenant": {"id": str(caller.tenant_id), "slug": "" if rules is None else rules.slug},
            "started_by": caller.name,
            "starts_at": time.time() if trial.starts_at is None else trial.starts_at,
            "until": trial.until,
            "max_steps": trial.max_steps,
            "deadline": SECONDS,
        }
        # plugins do not run where trials do
        document = without_named_checks(document)
        answer = await self._helpers.run({"definition": document, "plan": plan}, SECONDS)
        match answer.get("refused"):
            case None:
                return answer
            case "input":
                errors = [FieldError(f"/input{pointer}", message, "schema") for pointer, message in answer["errors"]]
                raise InvalidInput(definition.id, errors)
            case "memory":
                raise TrialTooLarge("The trial takes more memory than it may.")
            case _:
                raise InvalidTrial(f"The trial cannot be carried out: {answer['message']}.")

    async def _variables(self, caller: Caller, workflow_id: str) -> tuple[dict[str, Any], list[str]]:
        """The values of the variables that are no secrets, and the names of those that are."""
        try:
            await self._gate.allow(caller, SEE_VARIABLES, {})
        except PermissionDenied:
            return {}, []
        async with self._database.transaction(caller.tenant_id) as session:
            return await variables_of(session, caller.tenant_id, workflow_id)
