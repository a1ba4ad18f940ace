"""Durable functions in a worker: finds the one that an execution runs, and what it gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from weftline.authoring.action import ActionRegistry
from weftline.authoring.function_context import FunctionContext
from weftline.machine.driver import Driver

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from weftline.engine.run import Run

log = structlog.get_logger(__name__)


class Functions:
    """The durable functions that this worker has.

    Args:
        registry: where they are registered.
    """

    def __init__(self, registry: ActionRegistry) -> None:
        self._registry = registry
        self._missed: set[tuple[str, str]] = set()

    def attach(self, run: Run) -> bool:
        """Give a run the function that it runs; False where this worker does not have it."""
        wanted = run.program.function
        if wanted is None:
            run.driver = None
            return True
        function = self._registry.function(wanted.name, wanted.version)
        if function is None:
            self._miss(wanted.name, wanted.version)
            return False
        context = FunctionContext(run.id, run.workflow_id, run.tenant, _logger_of(run))
        run.driver = Driver(function, context)
        return True

    def _miss(self, name: str, version: str) -> None:
        if (name, version) not in self._missed:
            self._missed.add((name, version))
            log.warning(
                "a durable function is unknown here; its executions are left to other workers",
                function=name,
                version=version,
                hint="start this worker with the module that defines it (--actions)",
            )


def _logger_of(run: Run) -> Callable[[], FilteringBoundLogger]:
    # which must not hold the run: the two would wait for the garbage collector
    facts = {"tenant": run.tenant.slug, "execution_id": run.id_text, "workflow_id": run.workflow_id}
    origin = run.origin
    return lambda: structlog.get_logger("weftline.workflow").bind(**facts, **origin.log_fields())
