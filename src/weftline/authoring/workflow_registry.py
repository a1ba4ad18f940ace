"""The workflows of a process that are written as classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from weftline.authoring.steps import InvalidWorkflow

if TYPE_CHECKING:
    from weftline.authoring.workflow import Workflow


class WorkflowRegistry:
    """Workflows by id."""

    def __init__(self) -> None:
        self._classes: dict[str, type[Workflow]] = {}

    def add(self, workflow: type[Workflow]) -> None:
        """Add a class. One that was imported again takes the place of itself.

        Raises:
            InvalidWorkflow: another class has its id.
        """
        known = self._classes.get(workflow.id)
        if known is not None and _origin(known) != _origin(workflow):
            raise InvalidWorkflow(
                f"workflow '{workflow.id}' is defined twice: by {_origin(known)} and by {_origin(workflow)}"
            )
        self._classes[workflow.id] = workflow

    def get(self, id: str) -> type[Workflow] | None:
        """The class of this id, or None where there is none."""
        return self._classes.get(id)

    def __iter__(self) -> Iterator[type[Workflow]]:
        return iter(self._classes.values())


workflows = WorkflowRegistry()
"""Where classes register."""


def _origin(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
