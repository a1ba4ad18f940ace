"""Migrations on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field

from weftline.features.executions.migrating.service import Migrated, Migration
from weftline.features.executions.operating.schemas import DryRun, StepId
from weftline.features.executions.schemas import Reason
from weftline.features.http.paging import MAX_NUMBER
from weftline.features.http.wire import Demand, Wire
from weftline.machine.migration import Problem
from weftline.model.status import ExecutionStatus

MAX_SHOWN = 100
"""Executions whose problems one answer tells."""

VersionNumber = Annotated[int, Field(ge=1, le=MAX_NUMBER)]
Nodes = Annotated[
    dict[StepId, StepId],
    Field(max_length=10_000, description="From a node's id now to its id there; others keep theirs."),
]


class MigrateBody(Demand):
    """To which version an execution is migrated."""

    version: VersionNumber
    nodes: Nodes = Field(default_factory=dict[str, str])
    reason: Reason = None
    dry_run: DryRun = False

    def migration(self) -> Migration:
        """As the service takes it."""
        return Migration(self.version, self.nodes, self.reason)


class ProblemOut(Wire):
    """Why an execution cannot be migrated."""

    code: str
    step_id: str
    message: str

    @classmethod
    def of(cls, problem: Problem) -> ProblemOut:
        """One problem."""
        return cls(code=problem.code, step_id=problem.node, message=problem.message)


class MigrationCheck(Wire):
    """Whether an execution can be migrated."""

    possible: bool
    problems: list[ProblemOut]

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> MigrationCheck:
        """What was found."""
        return cls(possible=not problems, problems=[ProblemOut.of(problem) for problem in problems])


class MigrationBody(Demand):
    """Which executions of a workflow are migrated, and to which version."""

    from_version: Annotated[VersionNumber, Field(description="The version that they run.")]
    to_version: VersionNumber
    nodes: Nodes = Field(default_factory=dict[str, str])
    statuses: Annotated[
        list[ExecutionStatus], Field(description="Only those that stand so; empty: all that have not ended.")
    ] = Field(default_factory=list[ExecutionStatus])
    reason: Reason = None
    dry_run: DryRun = False

    def migration(self) -> Migration:
        """As the service takes it."""
        return Migration(self.to_version, self.nodes, self.reason)


class HindranceOut(Wire):
    """Why one execution of many is not migrated."""

    execution_id: UUID
    problems: list[ProblemOut]


class MigrationOut(Wire):
    """What comes of migrating many executions."""

    total: Annotated[int, Field(description="Executions that run the version.")]
    possible: Annotated[
        int, Field(description="How many can go on with the other; they were asked to, but for a dry run.")
    ]
    refused: Annotated[int, Field(description="How many would lose state, and stay as they are.")]
    problems: Annotated[list[HindranceOut], Field(description=f"Of the first {MAX_SHOWN} of those.")]

    @classmethod
    def of(cls, result: Migrated) -> MigrationOut:
        """What came of it."""
        return cls(
            total=result.total,
            possible=result.possible,
            refused=len(result.hindered),
            problems=[
                HindranceOut(execution_id=id, problems=[ProblemOut.of(problem) for problem in problems])
                for id, problems in result.hindered[:MAX_SHOWN]
            ],
        )
