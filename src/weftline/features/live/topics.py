"""What somebody wants to follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from weftline.features.live.happenings import Happening
from weftline.features.live.kinds import EVERYTHING, is_wanted

Scope = Literal["execution", "workflow", "tasks", "tenant"]

Key = tuple[Scope, UUID | str | None]


@dataclass(frozen=True, slots=True)
class Topic:
    """What somebody wants to follow.

    Attributes:
        scope: the log of one execution; everything of one workflow; the tasks that one may see; everything in the
            tenant that one may see.
        execution_id, workflow_id: which, where the scope is that.
        kinds: only what fits one of these patterns.
    """

    scope: Scope
    execution_id: UUID | None = None
    workflow_id: str | None = None
    kinds: frozenset[str] = frozenset({EVERYTHING})

    @property
    def key(self) -> Key:
        """By which happenings find it."""
        match self.scope:
            case "execution":
                return self.scope, self.execution_id
            case "workflow":
                return self.scope, self.workflow_id
            case _:
                return self.scope, None

    def asks_for(self, happening: Happening) -> bool:
        """Whether something that happened is of the kinds wanted."""
        return EVERYTHING in self.kinds or is_wanted(happening.kind, self.kinds)


def keys_of(happening: Happening) -> tuple[Key, ...]:
    """The keys of the topics that something belongs to."""
    of_workflow: tuple[Key, ...] = (("workflow", happening.workflow_id), ("tenant", None))
    if happening.task_id is not None:
        return (("tasks", None), *of_workflow)
    if happening.execution_id is not None:
        return (("execution", happening.execution_id), *of_workflow)
    return of_workflow
