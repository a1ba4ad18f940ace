"""Workflows on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.paging import MAX_NUMBER, ShapeQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.workflows.changing import Workflow
from weftline.features.workflows.publishing import Publication
from weftline.features.workflows.repository import ORDER, VERSIONS
from weftline.features.workflows.service import Comparison
from weftline.language.dialects import AUTO, Fate
from weftline.language.diff import DefinitionDiff
from weftline.model.status import TemplateStatus


class WorkflowSummary(Wire):
    """A workflow in a list."""

    id: str
    name: str
    description: str | None
    status: TemplateStatus
    is_active: Annotated[bool, Field(description="False for what is archived: it starts no executions.")]
    latest_version: int
    published_version: int | None
    created_at: datetime
    updated_at: datetime
    template_id: Annotated[str, Field(validation_alias="id", description="The same as `id`.")]


class DialectNote(Wire):
    """What became of a construct that two dialects do not say alike."""

    pointer: Annotated[str, Field(description="Where it stands in what was converted.")]
    construct_: Annotated[str, Field(alias="construct", description="What it is called there.")]
    fate: Fate
    message: str


class WorkflowDetail(WorkflowSummary):
    """A workflow with one of its versions."""

    version_number: Annotated[int, Field(description="The version that `definition` is of.")]
    definition: Annotated[dict[str, Any], Field(description="In the dialect that was asked for.")]
    dialect_notes: Annotated[
        list[DialectNote], Field(description="Where a dialect was asked for: what it does not say alike.")
    ] = Field(default_factory=list[DialectNote])

    @classmethod
    def of(cls, workflow: Workflow) -> WorkflowDetail:
        """Template and version as one."""
        summary = WorkflowSummary.model_validate(workflow.template)
        return cls(
            **summary.model_dump(exclude={"template_id"}),
            version_number=workflow.version.version_number,
            definition=workflow.version.definition,
        )


class VersionSummary(Wire):
    """A version in a list."""

    template_id: str
    version_number: int
    label: str | None
    status: TemplateStatus
    is_active: Annotated[bool, Field(description="True for the version that new executions run.")]
    change_description: str | None
    is_rollback_version: Annotated[bool, Field(description="It was made to go back to an earlier one.")]
    rollback_of: Annotated[int | None, Field(description="The number of that one.")]
    published_at: datetime | None
    created_at: datetime


class VersionDetail(VersionSummary):
    """A version with its definition."""

    definition: dict[str, Any]


class ProblemOut(Wire):
    """One thing that is wrong with a definition."""

    pointer: str
    message: str
    hint: str | None
    code: str


class PublishedVersion(VersionDetail):
    """The version that new executions run from now on."""

    warnings: Annotated[list[ProblemOut], Field(description="What does not hinder it, but may not work yet.")]

    @classmethod
    def of(cls, publication: Publication) -> PublishedVersion:
        """The version with what is to be said of it."""
        version = VersionDetail.model_validate(publication.version)
        warnings = [ProblemOut.model_validate(problem) for problem in publication.warnings]
        return cls(**version.model_dump(), warnings=warnings)


class ValidationOut(Wire):
    """What is wrong with a definition."""

    valid: bool
    problems: list[ProblemOut]


class ConversionOut(Wire):
    """A document in another dialect."""

    source: Annotated[str, Field(alias="from", description="The dialect that it was written in.")]
    target: Annotated[str, Field(alias="to", description="The dialect of `definition`.")]
    definition: dict[str, Any]
    notes: Annotated[
        list[DialectNote],
        Field(description="All that is not the same; what is `unsupported` only with `partial`."),
    ]
    problems: Annotated[
        list[ProblemOut],
        Field(description="What keeps it from being valid, with places in what was sent; only with `partial`."),
    ]


class FieldChangeOut(Wire):
    """A place that differs."""

    path: Annotated[str, Field(description="JSON pointer to it, from the node, the settings or the definition.")]
    change: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class NodeChangeOut(Wire):
    """A node that both versions have."""

    id: str
    fields: list[FieldChangeOut]


class RenamingOut(Wire):
    """A node of which only the id differs."""

    before: str
    after: str


class NodesDiffOut(Wire):
    """What differs among the nodes; their order means nothing."""

    added: Annotated[list[str], Field(description="Ids of nodes that only the later version has.")]
    removed: Annotated[list[str], Field(description="Ids of nodes that only the earlier version has.")]
    renamed: list[RenamingOut]
    changed: list[NodeChangeOut]


class DiffOut(Wire):
    """What differs between two versions. What the designer keeps in `ui` is not looked at."""

    from_: Annotated[int, Field(alias="from")]
    to: int
    is_empty: Annotated[bool, Field(description="Nothing differs.")]
    nodes: NodesDiffOut
    settings: list[FieldChangeOut]
    other: list[FieldChangeOut]

    @classmethod
    def of(cls, comparison: Comparison) -> DiffOut:
        """The versions' numbers with what differs."""
        diff: DefinitionDiff = comparison.diff
        return cls(
            from_=comparison.before,
            to=comparison.after,
            is_empty=diff.is_empty,
            nodes=NodesDiffOut.model_validate(diff.nodes),
            settings=[FieldChangeOut.model_validate(change) for change in diff.settings],
            other=[FieldChangeOut.model_validate(change) for change in diff.other],
        )


IN_USE = tuple(status for status in TemplateStatus if status is not TemplateStatus.ARCHIVED)


class WorkflowQuery(ListQuery):
    """Which workflows to list."""

    order: ClassVar = ORDER

    status: Annotated[
        list[TemplateStatus], Field(description="May be given several times; all but `ARCHIVED` where absent.")
    ] = Field(default_factory=lambda: list(IN_USE))
    q: Annotated[str | None, Field(max_length=200, description="Text within the id or the name.")] = None
    id: Annotated[
        list[Annotated[str, Field(max_length=128)]],
        Field(max_length=100, description="May be given several times; any where absent."),
    ] = Field(default_factory=list[str])

    def ids_within(self, allowed: frozenset[str] | None) -> frozenset[str] | None:
        """The only ids that may be listed; None for any.

        Args:
            allowed: those of the workflows that the caller may see; None where nothing limits them.
        """
        if not self.id:
            return allowed
        wanted = frozenset(self.id)
        return wanted if allowed is None else wanted & allowed


class VersionPageQuery(ListQuery):
    """Which part of a workflow's versions."""

    order: ClassVar = VERSIONS


class DialectQuery(Demand):
    """Which dialect a definition is written in."""

    dialect: Annotated[
        str | None,
        Field(max_length=64, description="`nodes`, `designer`, `steps` or `market`; Weftline's own where absent."),
    ] = None


class ConvertQuery(Demand):
    """From which dialect into which."""

    source: Annotated[
        str,
        Field(alias="from", max_length=64, description="What the document is written in; `auto`: what it shows."),
    ] = AUTO
    target: Annotated[str, Field(alias="to", max_length=64, description="`native` is Weftline's own dialect.")] = (
        "native"
    )
    partial: Annotated[
        bool,
        Field(
            description="Convert the rest where something is unsupported: a placeholder stands for it, a note tells. "
            "What becomes one of Weftline's own definitions may also be invalid still."
        ),
    ] = False


class VersionQuery(DialectQuery, ShapeQuery):
    """Which version to show, and how."""

    version: Annotated[int | None, Field(ge=1, le=MAX_NUMBER, description="The latest where absent.")] = None


class DiffQuery(Demand):
    """Which versions to compare."""

    from_: Annotated[
        int | None, Field(alias="from", ge=1, le=MAX_NUMBER, description="The version before `to` where absent.")
    ] = None
    to: Annotated[int | None, Field(ge=1, le=MAX_NUMBER, description="The latest where absent.")] = None


class PublishBody(Demand):
    """How to publish."""

    change_description: Annotated[str | None, Field(max_length=2000)] = None


class MoveBody(Demand):
    """Why a workflow is moved to another status."""

    reason: Annotated[str | None, Field(max_length=2000, description="The audit log keeps it.")] = None
